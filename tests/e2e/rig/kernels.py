# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The kernels of the rig, and the tools of their Debian releases."""
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[2]
SKIPPED = 77


def skip(reason):
    print(f'SKIP: {reason}')
    sys.exit(SKIPPED)


def fetch(script, *words):
    """The path that a fetch script prints.  Downloads only if KMD_FETCH=1."""
    command = [str(TOP / 'scripts' / script)]
    if os.environ.get('KMD_FETCH') != '1':
        command.append('--cached')
    done = subprocess.run(command + list(words), stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode == SKIPPED:
        skip(f'{script} {" ".join(words)}: not available (reason above)')
    if done.returncode:
        sys.exit(f'{script} failed')
    return pathlib.Path(done.stdout.strip())


# ARCH= of the kernel, and what the cross compiler's programs begin with.
CROSS = {'arm64': ('arm64', 'aarch64-linux-gnu-'), 'armhf': ('arm', 'arm-linux-gnueabihf-'),
         'riscv64': ('riscv', 'riscv64-linux-gnu-')}
# Cross compilers that not every root has.
COMPILERS = {'armhf': ('gcc-arm-linux-gnueabihf',), 'riscv64': ('gcc-riscv64-linux-gnu',)}


class Kernel:
    """A row of kernels.txt."""

    def __init__(self, name, release, arch, flavour):
        # The release of the consumers: bullseye has no drgn.
        self.debian = {'bullseye': 'bookworm'}.get(release, release)
        # Before 0.0.31 drgn does not unwind stacks of 32-bit arm.
        if arch == 'armhf' and release == 'bookworm':
            self.debian = 'trixie'
        self.name, self.arch, self.flavour = name, arch, flavour
        self.words = (release, arch, flavour)
        self.folder = fetch('fetch-kernel', *self.words)
        self.build_root = Root(fetch('fetch-root', release, *COMPILERS.get(arch, ())))
        self.root = Root(fetch('fetch-root', self.debian))
        self.cpus = 2
        self.version = (self.folder / 'release').read_text().strip()

        self.tree, self.tree_folders = f'/usr/src/linux-headers-{self.version}', []
        self.make = [f'ARCH={CROSS[arch][0]}', f'CROSS_COMPILE={CROSS[arch][1]}'] if arch in CROSS else []

    def file(self, name):
        return self.folder / name

    def drivers(self, *names):
        """Modules of the kernel's own."""
        folder = fetch('fetch-kernel', *self.words, *names) if names else self.folder
        return [folder / 'drivers' / f'{name}.ko' for name in names]

    def has(self, option):
        return f'CONFIG_{option}=y\n' in self.file('config').read_text()

    def has_vmcoreinfo(self):
        return self.has('CRASH_CORE') or self.has('VMCORE_INFO')


class SmallKernel(Kernel):
    """small-[RELEASE-]ARCH[-OPTION=VALUE]..., built by scripts/small-kernel; RELEASE may be a version."""

    def __init__(self, name):  # pylint: disable=super-init-not-called
        words = name.split('-')[1:]
        release = 'bookworm' if words[0] in ('amd64', 'arm64', 'armhf', 'riscv64') else words.pop(0)
        self.name, self.arch = name, words[0]
        self.flavour = 'small'
        self.folder = fetch('small-kernel', release, *words)
        compilers = (self.folder / 'debian').read_text().strip()
        self.debian = {'bullseye': 'bookworm'}.get(compilers, compilers)
        self.build_root, self.root = Root(fetch('fetch-root', compilers)), Root(fetch('fetch-root', self.debian))
        self.words = (compilers, self.arch, self.flavour)
        self.version = (self.folder / 'release').read_text().strip()
        self.make = (self.folder / 'make').read_text().split()
        self.tree, self.tree_folders = self.folder / 'build', [self.folder.parent]
        self.cpus = 2 if self.has('SMP') else 1


class Root:
    """Runs the programs of a release in its folder."""

    def __init__(self, folder):
        self.folder = folder

    def command(self, words, folders=()):
        """A command line that runs words with the given folders visible at their own paths."""
        mounts = ['/proc', '/dev', *map(str, folders)]
        script = 'root=$1; shift; while [ "$1" != -- ]; do mkdir -p "$root$1"; '\
                 'mount --rbind "$1" "$root$1" || exit 1; shift; done; shift; '\
                 'exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin LC_ALL=C.UTF-8 '\
                 'HOME=/tmp TERM=dumb "$@"'
        own = [] if os.geteuid() == 0 else ['--map-root-user']
        return ['unshare', '--mount', *own, 'sh', '-c', script, 'sh', str(self.folder), *mounts,
                '--', *map(str, words)]

    def run(self, words, folders=(), seconds=600, **options):
        return subprocess.run(['timeout', '-k', '10', str(seconds), *self.command(words, folders)],
                              capture_output=True, check=False, stdin=subprocess.DEVNULL, **options)


def rows_of(path):
    for line in path.read_text(encoding='utf-8').splitlines():
        words = line.split()
        if words and not line.startswith('#'):
            yield words


def rows():
    return rows_of(HERE / 'kernels.txt')


def kernel(name):
    if name.startswith('small-'):
        return SmallKernel(name)
    for words in rows():
        if words[0] == name:
            return Kernel(*words[:4])
    sys.exit(f'no kernel {name!r} in kernels.txt')


if __name__ == '__main__':
    if sys.argv[1:] == ['small']:
        # NAME:CASE; a name may have '='.
        print(*('-'.join(['small', *row[1:]]) + ':' + row[0] for row in rows_of(HERE / 'small/kernels.txt')))
    else:
        # NAME=CASE,...: the cases that scripts/check runs without --all; NAME=: all of them.
        print(*(row[0] + '=' + ''.join(word.removeprefix('cases=') for word in row[4:])
                for row in rows() if 'by-hand' not in row))
