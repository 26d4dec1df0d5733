# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The file system of the guest: busybox, the modules, System.map, the case (cpio, newc)."""
import gzip

import kernels

GUEST = kernels.HERE / 'guest'
DIR, FILE, LINK = 0o040755, 0o100755, 0o120777


def record(number, name, mode, data):
    header = [number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
    head = b'070701' + b''.join(b'%08X' % field for field in header) + name.encode() + b'\0'
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


def archive(files):
    """files: path -> bytes; folders are made as needed."""
    folders = {'/'.join(path.split('/')[:depth]) for path in files
               for depth in range(1, path.count('/') + 1)}
    rows = [(folder, DIR, b'') for folder in sorted(folders)]
    rows += [(path, FILE, data) for path, data in sorted(files.items())]
    body = b''.join(record(i, *row) for i, row in enumerate(rows, 1))
    return body + record(0, 'TRAILER!!!', 0, b'')


def write(path, kernel, modules, script, parameters, drivers=(), more=None):
    """modules: their folders, of which a later one replaces what it has; parameters: shell variables for
    the scripts of the guest; drivers: more modules; more: files, path -> bytes."""
    files = {
        'init': (GUEST / 'init').read_bytes(),
        'bin/busybox': kernel.file('busybox').read_bytes(),
        'bin/kmemdump-load': (kernels.TOP / 'scripts/kmemdump-load').read_bytes(),
        'case/script': (GUEST / script).read_bytes(),
        'case/parameters': ''.join(f"{k}='{v}'\n" for k, v in parameters.items()).encode(),
        f'boot/System.map-{kernel.version}': kernel.file('System.map').read_bytes(),
    }
    files.update(more or {})
    for module in [*(file for folder in modules for file in folder.glob('*.ko')), *drivers]:
        files[f'modules/{module.name}'] = module.read_bytes()
    data = archive(files)
    path.write_bytes(gzip.compress(data, 1) if more else data)
