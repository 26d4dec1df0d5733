# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""fleet.py EXAMPLES KMD-REPORT DUMP.zst DUMPS SIGNATURES - examples/fleet on generated dumps, some of them hostile."""
import html.parser
import os
import pathlib
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

import make

EXAMPLES, REPORT, PACKED = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
DUMPS, SIGNATURES = int(sys.argv[4]), int(sys.argv[5])
# Stands before kmd-report: what a defect in it would do.
WRAPPER = '''#!/bin/sh
for last; do :; done
case $last in
*hang*) sleep 1000 ;;
*segv*) kill -SEGV $$ ;;
*hog*) exec {python} -c 'bytearray(3 << 30)' ;;
*chatty*) exec yes ;;
*liar*) echo '{{"kernel": 1'; exit 0 ;;
esac
exec {report} "$@"
'''
HOSTILE = {'hang.img': 'timeout', 'segv.img': 'crashed', 'hog.img': 'failed', 'chatty.img': 'timeout', 'liar.img': 'failed',
           'empty.img': 'failed', 'noise.img': 'failed', 'cut.img.gz': 'failed', '-o.img': 'failed', '<b>&.img': 'failed'}


def make_hostile(folder):
    one = next(folder.glob('0/*.gz')).read_bytes()
    noise = bytes((i * 7919 + (i >> 3)) & 255 for i in range(100000))
    contents = {'empty.img': b'', 'noise.img': noise, 'cut.img.gz': one[:64], '-o.img': b'x', '<b>&.img': b'<script>' * 999}
    for name in HOSTILE:
        (folder / name).write_bytes(contents.get(name, b'z'))
    os.mkfifo(folder / 'fifo')
    (folder / 'gone').symlink_to('/no/such/file')


def fleet(database, dumps, report, *words, kill_after=None):
    command = [EXAMPLES / 'fleet', '-j', '2', database, dumps, '--report', report, '--timeout', '5', '--memory', '1024',
               *words]
    with subprocess.Popen(command, start_new_session=True) as process:
        if kill_after:
            deadline = time.monotonic() + 60
            while rows_of(database) < kill_after and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
            os.killpg(process.pid, signal.SIGKILL)
            # parallel's jobs have groups of their own; they end with their few dumps.
        return process.wait()


def rows_of(database):
    try:
        return sqlite3.connect(database).execute('SELECT count(*) FROM dump').fetchone()[0]
    except sqlite3.Error:
        return 0


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.open, self.rows, self.tags = [], 0, set()
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag not in ('meta', 'br', 'link'):
            self.open.append(tag)
        self.rows += tag == 'tr' and any(name == 'id' for name, _ in attrs)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag


def same(got, want, what):
    if got != want:
        print(f'FAIL: {what}: got {got!r}, want {want!r}')
        sys.exit(1)


def check_contents(database, counts, dumps):
    db = sqlite3.connect(database)
    found = db.execute('SELECT frames, dumps, first_seen FROM signature').fetchall()
    names = {int(frames.split('fleet_bug_')[1][:4]): (n, first) for frames, n, first in found}
    same({variant: n for variant, (n, _) in names.items()}, counts, 'dumps of each signature')
    for variant, (_, first) in names.items():
        number = next(n for n in range(DUMPS) if make.variant_of(n, SIGNATURES) == variant)
        same(first, make.FIRST + 60 * number, f'first seen: {variant}')
    states = dict(db.execute("SELECT path, state FROM dump WHERE state NOT IN ('complete', 'degraded')").fetchall())
    same(states, {str(dumps / name): state for name, state in HOSTILE.items()}, 'hostile dumps')
    errors = db.execute('SELECT path FROM dump WHERE signature IS NULL AND coalesce(error, \'\') = \'\' '
                        "AND state NOT IN ('crashed', 'complete', 'degraded')").fetchall()
    same(errors, [], 'dumps that failed without a sentence')


def main():
    if not all(map(shutil.which, ('parallel', 'zstd'))):
        print('SKIP: no GNU parallel or zstd')
        sys.exit(77)
    with tempfile.TemporaryDirectory(dir='/var/tmp') as scratch:
        where = pathlib.Path(scratch)
        dumps, database, report = where / 'dumps', where / 'fleet.db', where / 'report'
        dumps.mkdir()
        counts = make.make(PACKED, dumps, DUMPS, SIGNATURES)
        same(len(counts), SIGNATURES, 'signatures made')
        make_hostile(dumps)
        report.write_text(WRAPPER.format(python=sys.executable, report=REPORT))
        report.chmod(0o755)

        # Killed in the middle; then it goes on.
        fleet(database, dumps, report, kill_after=DUMPS // 3)
        first = rows_of(database)
        assert 0 < first < DUMPS, first
        began = time.monotonic()
        same(fleet(database, dumps, report), 0, 'the second run')
        wall = time.monotonic() - began
        same(rows_of(database), DUMPS + len(HOSTILE), 'dumps in the database')
        check_contents(database, counts, dumps)
        done = DUMPS + len(HOSTILE) - first
        seconds = sqlite3.connect(database).execute(
            "SELECT sum(seconds) FROM dump WHERE state = 'complete'").fetchone()[0]
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
        print(f'{done} dumps in {wall:.1f} s with 2 jobs (hostile ones take their timeout); '
              f'{DUMPS / seconds:.0f} dumps per second of a worker; largest process {peak} MiB; '
              f'{first} were done before the kill')
        assert peak < 200, peak

        # A third run has nothing to do but those that had timed out; a dump that changed is read again.
        changed = next(dumps.glob('1/*.gz'))
        os.utime(changed, (1, 1))
        seen = dict(sqlite3.connect(database).execute('SELECT path, seen FROM dump'))
        time.sleep(1.1)
        same(fleet(database, dumps, report), 0, 'the third run')
        again = {path for path, when in sqlite3.connect(database).execute('SELECT path, seen FROM dump')
                 if when != seen[path]}
        same(again, {str(changed), str(dumps / 'hang.img'), str(dumps / 'chatty.img')}, 'what is read again')

        text = (where / 'fleet.db.html').read_text()
        page = Page(text)
        same(page.rows, SIGNATURES, 'rows of the page')
        assert 'script' not in page.tags and 'b' in page.tags and '<b>&' not in text
        # The name of a file in a sentence; each dump itself is named where it is the only one of its kind.
        assert '&lt;b&gt;&amp;' in text, text[-3000:]

        # Shards: each dump once, whoever runs them.
        names = '\n'.join(map(str, sorted(dumps.glob('*/*.gz'))[:50]))
        lines = [subprocess.run([EXAMPLES / 'fleet-worker', '--report', REPORT, '--shard', f'{i}/3'], input=names, text=True,
                                check=True, stdout=subprocess.PIPE).stdout.count('\n') for i in range(3)]
        same(lines, [len(names.splitlines()[i::3]) for i in range(3)], 'dumps of each shard')


main()
