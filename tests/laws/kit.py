# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Shared by the tests of the rules in HACKING."""
import re
import subprocess
import sys
from pathlib import Path

SKIP = 77


def root():
    """The source tree: the given one, or that of this file."""
    if len(sys.argv) > 1:
        return Path(sys.argv[1])
    return Path(__file__).resolve().parents[2]


def skip(reason):
    print('skipped:', reason)
    sys.exit(SKIP)


def tracked(top):
    """All files of the tree that git tracks, and new ones that it does not ignore."""
    try:
        # A tarball that was unpacked inside of another checkout is not tracked by that.
        inside = subprocess.run(['git', '-C', top, 'rev-parse', '--show-prefix'],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True).stdout.strip()
        if inside:
            skip('not a git checkout of its own')
        listed = subprocess.run(
            ['git', '-C', top, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        skip('not a git checkout, or no git')
    paths = [top / name.decode() for name in listed.split(b'\0') if name]
    return sorted(path for path in set(paths) if path.is_file() and not path.is_symlink())


def name(path, top):
    return path.relative_to(top).as_posix()


INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^">]+)[">]', re.MULTILINE)


def includes(path):
    """(form, file, line number) of every #include."""
    text = path.read_text()
    for match in INCLUDE.finditer(text):
        yield match[1], match[2], text.count('\n', 0, match.start()) + 1


def conclude(problems, checked):
    """Print the problems, and how many items were checked; zero items are a failure."""
    for problem in problems:
        print(problem)
    print(f'{checked} checked, {len(problems)} against the law')
    sys.exit(1 if problems or not checked else 0)
