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


class Kernel:
    """A row of kernels.txt."""

    def __init__(self, name, release, arch, flavour):
        # The release of the consumers: bullseye has no drgn.
        self.debian = {'bullseye': 'bookworm'}.get(release, release)
        self.name, self.arch, self.flavour = name, arch, flavour
        self.folder = fetch('fetch-kernel', release, arch, flavour)
        self.build_root = Root(fetch('fetch-root', release))
        self.root = Root(fetch('fetch-root', self.debian))
        self.cpus = 2
        self.version = (self.folder / 'release').read_text().strip()

    def file(self, name):
        return self.folder / name


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


def rows():
    for line in (HERE / 'kernels.txt').read_text(encoding='utf-8').splitlines():
        words = line.split()
        if words and not line.startswith('#'):
            yield words


def kernel(name):
    for words in rows():
        if words[0] == name:
            return Kernel(*words[:4])
    sys.exit(f'no kernel {name!r} in kernels.txt')


if __name__ == '__main__':
    # NAME=CASE,...: the cases that scripts/check runs without --all; NAME=: all of them.
    print(*(row[0] + '=' + ''.join(word.removeprefix('cases=') for word in row[4:])
            for row in rows() if 'by-hand' not in row))
