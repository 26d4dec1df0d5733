# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""fleet.py EXAMPLES KMD-REPORT DUMP.zst DUMPS SIGNATURES - examples/fleet on generated dumps, some of them hostile."""
import gzip
import html.parser
import io
import json
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
import zipfile

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
*killer*) [ -e {where}/killed ] || {{ : >{where}/killed; kill -9 $PPID; }} ;;
*liar*) echo '{{"kernel": 1'; exit 0 ;;
esac
exec {report} "$@"
'''
HOSTILE = {'hang.img': 'timeout', 'segv.img': 'crashed', 'hog.img': 'failed', 'chatty.img': 'timeout', 'liar.img': 'failed',
           'empty.img': 'failed', 'noise.img': 'failed', 'cut.img.gz': 'failed', '-o.img': 'failed', '<b>&.img': 'failed',
           # Its worker is killed the first time; then it is only no dump.
           'killer.img': 'failed',
           'bomb.img.zst': 'failed', 'deep.img.gz': 'failed', 'many.zip': 'failed', 'sparse.img': 'failed', 'unreadable.img': 'failed',
           'two\nlines.img': 'failed', ' spaces  .img': 'failed', 'no-utf-8-\udcff.img': 'failed', "quote's\"$(exit).img": 'failed',
           'future.img': 'failed'}


def make_hostile(folder):
    one = next(folder.glob('0/*.gz')).read_bytes()
    noise = bytes((i * 7919 + (i >> 3)) & 255 for i in range(100000))
    contents = {'empty.img': b'', 'noise.img': noise, 'cut.img.gz': one[:64], '-o.img': b'x', '<b>&.img': b'<script>' * 999}
    contents |= packed_bombs(folder)
    for name in HOSTILE:
        (folder / name).write_bytes(contents.get(name, b'z'))
    os.truncate(folder / 'sparse.img', 1 << 40)
    os.utime(folder / 'future.img', (1 << 33, 1 << 33))
    (folder / 'unreadable.img').chmod(0)
    # What is no file is no dump.
    os.mkfifo(folder / 'fifo')
    (folder / 'gone').symlink_to('/no/such/file')
    (folder / 'loop').symlink_to('loop')
    (folder / 'up').symlink_to('..')
    (folder / 'empty-folder.img').mkdir()


def packed_bombs(folder):
    """4 GiB of zeroes, twelve times packed, 70000 files."""
    with open(folder / 'zeroes', 'wb') as zeroes:
        zeroes.truncate(4 << 30)
    bomb = subprocess.run(['zstd', '-qc1', folder / 'zeroes'], check=True, stdout=subprocess.PIPE).stdout
    (folder / 'zeroes').unlink()
    deep = b'x'
    for _ in range(12):
        deep = gzip.compress(deep, mtime=0)
    many = io.BytesIO()
    with zipfile.ZipFile(many, 'w') as archive:
        for number in range(70000):
            archive.writestr(str(number), '')
    return {'bomb.img.zst': bomb, 'deep.img.gz': deep, 'many.zip': many.getvalue()}


def fleet(database, dumps, report, *words, kill_after=None):
    command = [EXAMPLES / 'fleet', '-j', '2', database, dumps, '--report', report, '--timeout', '15', '--memory', '1024',
               '--unpacked', '256M', *words]
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


def shown(path):
    return os.fsencode(path).decode('utf-8', 'backslashreplace')


def check_contents(database, counts, dumps):
    db = sqlite3.connect(database)
    found = db.execute('SELECT frames, dumps, first_seen FROM signature').fetchall()
    names = {int(frames.split('fleet_bug_')[1][:4]): (n, first) for frames, n, first in found}
    same({variant: n for variant, (n, _) in names.items()}, counts, 'dumps of each signature')
    for variant, (_, first) in names.items():
        number = next(n for n in range(DUMPS) if make.variant_of(n, SIGNATURES) == variant)
        same(first, make.FIRST + 60 * number, f'first seen: {variant}')
    states = dict(db.execute("SELECT path, state FROM dump WHERE state NOT IN ('complete', 'degraded')").fetchall())
    same(states, {shown(dumps / name): state for name, state in HOSTILE.items()}, 'hostile dumps')
    why = dict(db.execute('SELECT path, error FROM dump WHERE error IS NOT NULL').fetchall())
    for name, word in (('bomb.img.zst', 'limit of 268435456 bytes'), ('deep.img.gz', 'packed more than'), ('many.zip', 'more than 65536 files'),
                       ('sparse.img', 'not a kernel minidump')):
        if word not in why[shown(dumps / name)]:
            same(why[shown(dumps / name)], word, name)
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
        report.write_text(WRAPPER.format(where=where, python=sys.executable, report=REPORT))
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
        assert (where / 'killed').exists(), 'no worker was killed'

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

        # Names that no listing gives: pipes, loops, folders, what is gone.  Nobody waits for a pipe.
        odd = [dumps / name for name in ('fifo', 'gone', 'loop', 'empty-folder.img')] + ['/dev/zero', '']
        began = time.monotonic()
        lines = subprocess.run([EXAMPLES / 'fleet-worker', '--report', REPORT, '--timeout', '50', '--null'], text=True, check=True,
                               input='\0'.join(map(str, odd)), stdout=subprocess.PIPE).stdout.splitlines()
        same([json.loads(line)['state'] for line in lines], ['failed'] * 5, 'odd names')
        assert all(json.loads(line)['error'] for line in lines) and time.monotonic() - began < 40

        # Lines that no worker prints cost themselves only.
        rubbish = '5\n[]\n{"path": ["a"]}\n{"path": "\\ud800", "bytes": 1}\n{"path": "large", "bytes": 99999999999999999999}\n\udcff\n{"path": "good"}\n'
        subprocess.run([EXAMPLES / 'fleet-store', where / 'rubbish.db'], input=os.fsencode(rubbish), check=True, stderr=subprocess.DEVNULL)
        same(sorted(row[0] for row in sqlite3.connect(where / 'rubbish.db').execute('SELECT path FROM dump')), ['\\ud800', 'good'], 'rubbish')

        # Shards: each dump once, whoever runs them.
        names = '\n'.join(map(str, sorted(dumps.glob('*/*.gz'))[:50]))
        lines = [subprocess.run([EXAMPLES / 'fleet-worker', '--report', REPORT, '--shard', f'{i}/3'], input=names, text=True,
                                check=True, stdout=subprocess.PIPE).stdout.count('\n') for i in range(3)]
        same(lines, [len(names.splitlines()[i::3]) for i in range(3)], 'dumps of each shard')


main()
