# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Builds the shim and kmdlab for a kernel, outside of the source tree, once for each content."""
import fcntl
import hashlib
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import kernels

SOURCES = ('shim', 'include/kmemdump', 'tests/e2e/rig/kmdlab')


def tracked():
    """The source files, without the results of a build in the source tree."""
    for folder in SOURCES:
        for path in sorted((kernels.TOP / folder).rglob('*')):
            if path.is_file() and (path.suffix in ('.c', '.h') or path.name in ('Kbuild', 'Makefile')) \
                    and not path.name.endswith('.mod.c'):
                yield path


def key(kernel):
    digest = hashlib.sha256(kernel.version.encode())
    for path in tracked():
        digest.update(str(path.relative_to(kernels.TOP)).encode() + b'\0' + path.read_bytes())
    return digest.hexdigest()[:16]


def copy_sources(where):
    for path in tracked():
        to = where / path.relative_to(kernels.TOP)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, to)
    shutil.move(where / 'tests/e2e/rig/kmdlab', where / 'kmdlab')


def make(kernel, where, folder, *words):
    done = kernel.build_root.run(['make', '-C', kernel.tree, f'M={where}/{folder}', *kernel.make,
                                  *words, 'modules'], [where, *kernel.tree_folders])
    output = (done.stdout + done.stderr).decode(errors='replace')
    if done.returncode:
        sys.exit(f'make in {folder} for {kernel.version} failed:\n{output}')
    return output


def dkms_modules(kernel, config, headers):
    """The modules that dkms would install; bash reads its configuration."""
    script = 'kernel_source_dir=$2; . "$1"; printf "%s\\n" "${BUILT_MODULE_NAME[@]}"'
    done = kernel.build_root.run(['bash', '-c', script, 'bash', config, headers], [config.parent])
    if done.returncode:
        sys.exit(f'bash cannot read dkms.conf:\n{done.stderr.decode(errors="replace")}')
    return done.stdout.decode().split()


def check_dkms_qcom(kernel, config):
    """The qcom backend is installed for kernels that have the driver it needs, and no others."""
    for line, wanted in (('CONFIG_QCOM_SMEM=m\n', True), ('# CONFIG_QCOM_SMEM is not set\n', False)):
        (config.parent / '.config').write_text(line)
        if ('kmemdump_qcom' in dkms_modules(kernel, config, config.parent)) != wanted:
            sys.exit(f'dkms.conf: kmemdump_qcom with {line.strip()!r}')


def build_as_dkms(kernel, where):
    """Build in the tree that dkms_install makes, which must be complete."""
    shutil.copyfile(kernels.TOP / 'shim/dkms.conf', where / 'shim/dkms.conf')
    done = kernel.build_root.run(['make', '-C', where / 'shim', 'dkms_install', f'DESTDIR={where}/dkms'],
                           [where])
    if done.returncode:
        sys.exit(f'make dkms_install failed:\n{done.stderr.decode(errors="replace")}')
    config, = where.glob('dkms/usr/src/*/dkms.conf')
    made = make(kernel, where, config.parent.relative_to(where))
    for module in dkms_modules(kernel, config, f'/usr/src/linux-headers-{kernel.version}'):
        if not (config.parent / f'{module}.ko').is_file():
            sys.exit(f'dkms.conf names {module}, which is not built')
    check_dkms_qcom(kernel, config)
    return made


def build_in(kernel, where, *words):
    copy_sources(where)
    output = make(kernel, where, 'shim', *words)
    if not kernel.has('TRACEPOINTS'):
        return output  # kmdlab needs them
    return output + make(kernel, where, 'kmdlab', *words,
                       f'KBUILD_EXTRA_SYMBOLS={where}/shim/Module.symvers')


def warnings(output):
    """The complaints of compiler, sparse and modpost."""
    return [line for line in output.splitlines()
            if any(word in line for word in ('warning:', 'error:', 'WARNING:', 'ERROR:'))]


def strip(kernel, module):
    kernel.build_root.run([kernels.CROSS.get(kernel.arch, ('', ''))[1] + 'strip', '--strip-debug', module], [module.parent])


def modules(kernel):
    """A folder of kmemdump.ko and the others, from the cache if nothing changed.

    Its folder debug has kmdlab.ko with debug information.
    """
    cache = kernel.folder / 'modules' / key(kernel)
    cache.parent.mkdir(exist_ok=True)
    with open(cache.parent / 'lock', 'w', encoding='ascii') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not cache.is_dir():
            with tempfile.TemporaryDirectory(prefix='kmd-build-') as where:
                where = pathlib.Path(where)
                build_in(kernel, where)
                found = where / 'found'
                found.mkdir()
                (found / 'debug').mkdir()
                shutil.copyfile(where / 'kmdlab/kmdlab.ko', found / 'debug/kmdlab.ko')
                for module in list(where.rglob('*.ko')):
                    if module.parent.name == 'debug':
                        continue
                    strip(kernel, module)
                    shutil.copyfile(module, found / module.name)
                shutil.copytree(found, cache)
    return cache


def program(kernel, source, folder):
    """A program of the guest, built without a C library."""
    made = folder / source.stem
    compiler = kernels.CROSS.get(kernel.arch, ('', ''))[1] + 'gcc'
    done = kernel.build_root.run([compiler, '-O2', '-Wall', '-Werror', '-static', '-nostdlib', '-ffreestanding',
                                  '-fno-stack-protector', '-o', made, source], [source.parent, folder])
    if done.returncode:
        sys.exit(f'{source.name} cannot be built:\n{done.stderr.decode(errors="replace")}')
    return made.read_bytes()


def check(kernel):
    """Build with all warnings; returns the complaints."""
    with tempfile.TemporaryDirectory(prefix='kmd-build-') as where:
        where = pathlib.Path(where)
        # The qcom backend is built too, although these kernels lack the symbol that it needs.
        # Debian's headers of 7.2 lack the script that C=1 looks for sparse with.
        # The sparse of Debian 13 does not know riscv's -march=.
        sparse = [] if kernel.arch == 'riscv64' else ['C=1', 'KBUILD_CHECKSRC=1']
        output = build_in(kernel, where, 'W=1', *sparse,
                        'CONFIG_QCOM_SMEM=m', 'KBUILD_MODPOST_WARN=1')
        if kernel.flavour != 'small':
            output += build_as_dkms(kernel, where)
    for sign in ('kmemdump_qcom.ko', *(['  CHECK '] if sparse else [])):
        if sign not in output:
            return [f'no {sign.strip()} in the output of make']
    return [line for line in warnings(output) if not re.search(r'\bqcom_smem_get\b.* undefined', line)]


if __name__ == '__main__':
    complaints = check(kernels.kernel(sys.argv[1]))
    print('\n'.join(complaints) or f'{sys.argv[1]}: no complaint with W=1 and sparse')
    sys.exit(bool(complaints))
