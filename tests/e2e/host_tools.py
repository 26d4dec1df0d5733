#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Folders as host tools leave them: QPST's Port_COMn with DDRCS*.BIN, edl's and qdl's, crash collectors of distributions."""
import gzip
import subprocess
import sys

import elfcore
import kit
import ram
from cuts import flattened

sys.path.insert(0, str(kit.ROOT / 'tests' / 'mkdump'))
import foreign  # noqa: E402  pylint: disable=wrong-import-position

LOG = b'[    0.000000] Linux version 6.1.0\n' * 50


class Ram:
    """RAM of a real dump in two images."""

    def __init__(self, program, dump, where):
        folder = dump.form('md.tar', where)
        rows = [(int(r[2], 0), folder / f'md_{r[0]}{r[1]}.BIN') for r in dump.facts['regions']]
        self.regions = [(phys, path.read_bytes()) for phys, path in rows if path.exists()]
        self.base = int(dump.facts['ram']['base'], 0)
        self.size = (max(p + len(d) for p, d in self.regions) - self.base + 0xffff) & ~0xffff
        self.half = self.size // 2 & ~0xfff
        self.middle, self.end = self.base + self.half, self.base + self.size
        self.program, self.where = program, where
        low, high = self.images(where / 'plain')
        self.want = self.memory(f'{low}@{self.base:#x},{high}@{self.middle:#x}')

    def images(self, folder, low='DDRCS0_0.BIN', high='DDRCS0_1.BIN', others=True):
        folder.mkdir(parents=True)
        ram.write_image(folder / low, self.base, self.half, self.regions)
        ram.write_image(folder / high, self.middle, self.size - self.half, self.regions)
        if others:
            (folder / 'OCIMEM.BIN').write_bytes(b'cookie' * 100)
        return folder / low, folder / high

    def run(self, given):
        return subprocess.run([self.program, '-v', '-f', '-o', self.where / 'core', given], capture_output=True, check=False, text=True)

    def memory(self, given):
        done = self.run(given)
        kit.check(done.returncode == 0, f'{given}: exit {done.returncode}: {done.stderr}')
        return ram.memory((self.where / 'core').read_bytes())

    def expect(self, given):
        kit.check(self.memory(given) == self.want, f'{given}: another memory')


def check_ddr(tree, where):
    """In folders below, names in other letter case, each kind of list; archives of all."""
    info = ram.dump_info([(where / 'DDRCS0_0.BIN', tree.base, tree.half), (where / 'DDRCS0_1.BIN', tree.middle, tree.size - tree.half)])
    port = where / 'qpst' / 'Port_COM10'
    tree.images(port)
    (port / 'dump_info.txt').write_bytes(info)
    (where / 'qpst' / 'run.log').write_bytes(b'x')
    tree.expect(where / 'qpst')
    kit.run([kit.tool('bsdtar'), '-c', '-f', 'qpst.zip', '--format', 'zip', 'qpst'], cwd=where)
    tree.expect(where / 'qpst.zip')
    lower = where / 'lower'
    tree.images(lower, 'ddrcs0_0.bin', 'ddrcs0_1.bin')
    (lower / 'DUMP_INFO.TXT').write_bytes(info)
    tree.expect(lower)
    script = where / 'script'
    tree.images(script)
    for text in (f'if OS.FILE(DDRCS0_0.BIN)\r\n(\r\n  d.load.binary DDRCS0_0.BIN {tree.base:#x} /noclear\r\n)\r\n'
                 f'd.load.binary ddrcs0_1.bin {tree.middle:#x} /noclear\r\n',
                 f'Data.LOAD.Binary "C:\\QPST\\Sahara\\Port_COM10\\DDRCS0_0.BIN" {tree.base:#x}--0xffffffff /NoClear /LONG\n'
                 f'DATA.LOAD.BINARY &dir\\DDRCS0_1.BIN A:{tree.middle:#x} /noclear\n'):
        (script / 'LOAD.CMM').write_text(text)
        tree.expect(script)
    (script / 'LOAD.CMM').write_text(f'd.load.binary DDRCS0_0.BIN {tree.base:#x}\n')
    for given in (script, where / 'plain'):
        (given / 'readme.txt').write_bytes(b'x')
        done = tree.run(given)
        kit.check(done.returncode == 3 and '"DDRCS0_1", size' in done.stderr and 'address is not known' in done.stderr, done.stderr)
    tree.images(where / 'qpst' / 'Port_COM9')
    done = tree.run(where / 'qpst')
    kit.check(done.returncode == 1 and 'give one of those: Port_COM10, Port_COM9' in done.stderr, done.stderr)


def check_ranges(tree, where):
    """Names with addresses: only where the length agrees."""
    base, middle, end = tree.base, tree.middle, tree.end
    for name, low, high in (('ends', f'{base:#x}-{middle:#x}.bin', f'{middle:#x}-{end:#x}.bin'),
                            ('lasts', f'ram_{base:#010x}_{middle - 1:#x}.img', f'ram_{middle:#010x}_{end - 1:x}.img')):
        tree.images(where / name / 'memory', low, high, others=False)
        tree.expect(where / name)
        rows = subprocess.run([tree.program, where / name / 'memory' / high, '--list'], capture_output=True, check=False,
                              text=True).stdout.splitlines()
        kit.check(int(rows[1].split()[1], 16) == middle, f'{high}: {rows}')
    wrong = where / 'wrong'
    tree.images(wrong, f'{base:#x}-{middle + 4096:#x}.bin', f'{middle:#x}-{middle:#x}.bin', others=False)
    done = tree.run(wrong)
    kit.check(done.returncode == 1, f'names that do not agree: {done.stderr}')


def kdump(core, arch):
    pages = [(s.paddr & ~4095, bytes(s.paddr & 4095) + s.data + bytes(-(s.paddr + len(s.data)) & 4095))
             for s in sorted(elfcore.segments(core), key=lambda s: s.paddr) if s.paddr < 1 << 33]
    apart = [pages[0]]
    for at, data in pages[1:]:
        if at >= apart[-1][0] + len(apart[-1][1]):
            apart.append((at, data))
    return foreign.kdump(apart, arch)


def check_collectors(tree, where, dump, core):
    """Debian's kdump-tools, Fedora's and SUSE's kdump, each folder and the one above."""
    data = kdump(core, dump.facts['arch'].encode())
    (where / 'kdump').write_bytes(data)
    tree.want = tree.memory(where / 'kdump')
    folders = {
        'debian': {'dump.202611281130': data, 'dmesg.202611281130': LOG},
        'fedora': {'vmcore': data, 'vmcore-dmesg.txt': LOG, 'kexec-dmesg.log': LOG},
        'fedora-ssh': {'vmcore.flat': flattened(data), 'vmcore-dmesg.txt': LOG},
        'suse': {'vmcore': data, 'README.txt': b'Kernel crashdump\n', 'System.map-6.1.0': b'ffffffff81000000 T _text\n' * 200,
                 'vmlinux-6.1.0.gz': gzip.compress(b'\x7fELF\2\1\1' + bytes(9) + b'\2\0\x3e\0' + bytes(9000)), 'dmesg.txt': LOG},
    }
    for name, files in folders.items():
        below = where / name / '127.0.0.1-2026-11-28-11:30:00'
        below.mkdir(parents=True)
        (where / name / 'kexec_cmd').write_bytes(b'/sbin/kexec -p\n')
        for file, content in files.items():
            (below / file).write_bytes(content)
        tree.expect(below)
        tree.expect(where / name)
        kit.run(['tar', '-czf', f'{name}.tgz', name], cwd=where)
        tree.expect(where / f'{name}.tgz')
    below = where / 'incomplete'
    below.mkdir()
    (below / 'vmcore-incomplete').write_bytes(data[:-3000])
    (below / 'vmcore-dmesg-incomplete.txt').write_bytes(LOG)
    done = tree.run(below)
    kit.check(done.returncode in (1, 3) and 'truncated or incomplete' in done.stderr, f'{below}: {done.returncode} {done.stderr}')


def main():
    program, dumps = kit.arguments()
    for dump in dumps:
        with kit.scratch() as where:
            tree = Ram(program, dump, where)
            check_ddr(tree, where)
            check_ranges(tree, where)
            core = kit.assemble(program, dump.form('rawdump.img', where), where / 'raw.core').read_bytes()
            check_collectors(tree, where, dump, core)
    print('what host tools leave gives one memory')


if __name__ == '__main__':
    main()
