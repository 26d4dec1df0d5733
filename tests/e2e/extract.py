#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The folder that --extract writes gives the same core; --only and --exclude leave memory out."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path


def run(*words, expect):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True)
    if done.returncode not in expect:
        sys.exit('%s: exit code %d\n%s' % (words[1:], done.returncode, done.stderr))
    return done.stdout + done.stderr


def need(truth, what):
    if not truth:
        sys.exit(what)


def check_extract(tool, image, where):
    plain, again, folder = where / 'plain', where / 'again', where / 'folder'
    run(tool, '-q', image, '-o', plain, expect=[0])
    run(tool, '-q', image, '--extract', folder, expect=[0])
    run(tool, '-q', folder, '-o', again, expect=[0])
    need(plain.read_bytes() == again.read_bytes(), 'the folder gives another core')
    before = {p.name: p.stat().st_ino for p in folder.iterdir()}
    need('not empty' in run(tool, image, '--extract', folder, expect=[1]), 'no reason is given')
    need(before == {p.name: p.stat().st_ino for p in folder.iterdir()}, 'files were replaced')
    run(tool, '-q', '-f', image, '--extract', folder, expect=[0])
    need(all(before[p.name] != p.stat().st_ino for p in folder.iterdir()), '-f kept files')
    run(tool, '-q', image, '--extract', where / 'few', '--only', 'Klinux_ba*', expect=[0])
    need(len(list((where / 'few').glob('md_*'))) == 1, '--only is not kept')
    run(tool, '-q', image, '--extract', where / 'none', '--only', 'no-such', expect=[1])
    # A full disk: files may be 64 KiB long.
    run('sh', '-c', 'ulimit -f 64; trap "" XFSZ; exec "$@"', '-', tool, '-q', image, '--extract',
        where / 'full', expect=[1])
    need(sorted(os.listdir(where)) == ['again', 'few', 'folder', 'plain'], 'files are left')


def check_filter(tool, image, where):
    core, name = where / 'filtered', 'Klinux_ba*'
    banner = b'Linux version '
    run(tool, '-q', image, '-o', core, '--only', 'Kjiffies*', expect=[0, 3])
    data = core.read_bytes()
    need(banner not in data, '--only kept another region')
    need(b'only=Kjiffies*\n' in data, 'no note')
    before = run(tool, '-l', image, expect=[0])
    text = run(tool, '-l', '-f', image, '-o', core, '--exclude', name, expect=[0, 3])
    need(any(line.startswith('excluded') for line in text.splitlines()), text)
    need('excluded' not in before, before)
    note = core.read_bytes()
    need(b'exclude=Klinux_ba*\nexcluded=0x' in note, 'no note of the exclusion')
    # A core that is made from this one still has the note.
    run(tool, '-q', core, '-o', where / 'second', expect=[0, 3])
    need(b'exclude=Klinux_ba*\n' in (where / 'second').read_bytes(), 'the note was lost')
    need('no-such' in run(tool, image, '-l', '--exclude', 'no-such', expect=[3]), 'typo not told')


def main():
    tool, dump = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as name:
        where = Path(name)
        image = Path(dump) / 'rawdump.img.zst'
        check_extract(tool, image, where)
        check_filter(tool, image, where)


if __name__ == '__main__':
    main()
