#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""kmd-collect --boot, with files in the place of sysfs.  Arguments: the program, kmd-report, a dump."""
import fcntl
import gzip
import os
import pathlib
import resource
import shutil
import struct
import subprocess
import sys
import unittest

import machine

STATE = {'found': 'yes', 'regions': 5, 'whole': 5, 'not-copied': 0, 'no-room': 0, 'damaged': 0, 'finished': 'yes',
         'bytes': 100, 'size': 0, 'crashed': 1700000000, 'later': 0}
NAME = '{:04}-20231114-221320.img.gz'


def image(fill=b'x'):
    """A partition image with one region."""
    data = fill * 5000
    section = struct.pack('<IIIQQQQ20s', 1, 0x1000, 3, 120, len(data), 0x40000000, 0, b'md_KDATA.BIN')
    return struct.pack('<8sIIQQIQQI', b'Raw_Dmp!', 0x1000, 1, 0, 0, 0, 120 + len(data), 120 + len(data),
                       1) + section + data


class Boot(machine.Case):
    def setUp(self):
        super().setUp()
        self.sysfs, self.out = self.folder / 'sysfs', self.folder / 'stored'
        self.sysfs.mkdir()

    def offer(self, data=None, **changes):
        data = image() if data is None else data
        state = {**STATE, 'size': len(data), **changes}
        (self.sysfs / 'state').write_text(''.join(f'{k} {v}\n' for k, v in state.items() if v is not None))
        (self.sysfs / 'dump').write_bytes(data)
        (self.sysfs / 'taken').write_text('')
        return data

    def run_it(self, *words, code=0, path=None, limit=None):
        """Its messages; PATH has no kmd-report but that in a folder that is given."""
        environment = {**os.environ, 'PATH': f'{path or "/nowhere"}:/usr/bin:/bin'}
        def small():
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        done = subprocess.run([sys.executable, PROGRAM, '--boot', '--sysfs', self.sysfs, '-o', self.out, *words],
                              capture_output=True, text=True, check=False, env=environment, timeout=60,
                              preexec_fn=small if limit else None)
        self.assertNotIn('Traceback', done.stderr)
        self.assertEqual(done.returncode, code, done.stderr)
        if self.out.is_dir():
            self.assertEqual([p.name for p in self.out.iterdir() if 'partial' in p.name], [])
        return done.stderr

    def names(self):
        return sorted(path.name for path in self.out.glob('*.img.gz'))

    def taken(self):
        return (self.sysfs / 'taken').read_text() == '1\n'

    def test_stored(self):
        data = self.offer()
        output = self.run_it()
        path = self.out / NAME.format(1)
        self.assertEqual(gzip.decompress(path.read_bytes()), data)
        self.assertTrue(self.taken())
        self.assertEqual((path.stat().st_mode & 0o777, self.out.stat().st_mode & 0o777), (0o600, 0o700))
        self.assertIn('5 of 5 regions, 100 bytes', output)
        self.assertIn('kmd-report is not installed', output)
        self.assertIn('2023-11-14 22:13:20 UTC', output)

    def test_absent(self):
        """What is absent is said, by cause, and is exit code 3."""
        self.offer(**{'whole': 1, 'not-copied': 2, 'no-room': 1, 'damaged': 1, 'later': 7, 'finished': 'no'})
        output = self.run_it(code=3)
        for text in ('2 regions: the machine was reset', '1 regions: the set-aside', '1 regions: their checksums',
                     '7 more panics'):
            self.assertIn(text, output)

    def test_nothing(self):
        (self.sysfs / 'state').write_text('found no\nreason the last kernel ended in order\n')
        self.assertIn('nothing found: the last kernel ended in order', self.run_it())
        self.assertFalse(self.out.exists())

    def test_no_module(self):
        self.sysfs.rmdir()
        self.assertIn('is kmemdump_reserved loaded?', self.run_it(code=1))

    def test_state_that_lies(self):
        for changes in ({'found': None}, {'found': 'perhaps'}, {'size': None}, {'size': 'x'}, {'whole': ''},
                        {'size': 1}, {'size': 1 << 40}, {'size': 0}):
            self.offer(**changes)
            self.run_it(code=1)
            self.assertFalse(self.taken(), changes)
            self.assertEqual(self.names() if self.out.exists() else [], [])
        for text in ('', '\n', 'found', '\xff\0', 'found yes\n' * 1000):
            self.offer()
            (self.sysfs / 'state').write_text(text)
            self.run_it(code=1)
        self.offer(crashed=(1 << 64) - 1)
        self.run_it()

    def test_no_dump(self):
        """The file is empty, no dump, or away."""
        for data in (b'', b'RawDmp', bytes(4096)):
            self.offer(data)
            self.run_it(code=1)
        self.offer()
        (self.sysfs / 'dump').unlink()
        self.run_it(code=1)
        self.assertFalse(self.taken())

    def test_keep(self):
        """The oldest goes, with its report; other files stay."""
        self.out.mkdir()
        (self.out / 'notes.txt').write_text('mine')
        (self.out / '0001-notes.img.gz').write_text('mine')
        for number in range(1, 8):
            self.offer(image(b'%d' % number))
            if number == 4:
                (self.out / NAME.format(2).replace('.img.gz', '.txt')).write_text('report')
            self.run_it('--keep', '3')
        self.assertEqual(self.names(), ['0001-notes.img.gz', *(NAME.format(n) for n in (5, 6, 7))])
        self.assertEqual(gzip.decompress((self.out / NAME.format(7)).read_bytes()), image(b'7'))
        self.assertEqual(sorted(p.name for p in self.out.glob('*.txt')), ['notes.txt'])
        self.run_it('--keep', '0', code=64)

    def test_interrupted(self):
        """What an earlier program left behind is removed."""
        self.out.mkdir()
        (self.out / f'.partial-{NAME.format(1)}').write_bytes(b'half')
        self.offer()
        self.run_it()
        self.assertEqual(self.names(), [NAME.format(1)])

    def test_two_programs(self):
        """The second waits, and finds that there is nothing left."""
        self.offer()
        self.out.mkdir()
        words = [sys.executable, PROGRAM, '--boot', '--sysfs', self.sysfs, '-o', self.out]
        with open(self.out / '.lock', 'w', encoding='ascii') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as second:
                with self.assertRaises(subprocess.TimeoutExpired):
                    second.wait(timeout=3)
                (self.sysfs / 'state').write_text('found no\nreason it has been taken\n')
                (self.sysfs / 'dump').unlink()
                fcntl.flock(lock, fcntl.LOCK_UN)
                output = second.communicate(timeout=60)[1]
        self.assertIn('nothing found: it has been taken', output)
        self.assertEqual((second.returncode, self.names(), self.taken()), (0, [], False))

    def test_full_disk(self):
        """The dump stays in memory, and nothing of it on the disk."""
        self.offer(os.urandom(10).join([image(), os.urandom(200000)]))
        output = self.run_it(code=1, limit=65536)
        self.assertIn('stays in memory', output)
        self.assertEqual((self.taken(), self.names()), (False, []))
        self.run_it()
        self.assertTrue(self.taken())

    def test_full_disk_with_old_dumps(self):
        """Those that would go anyway go before; here without success."""
        for fill in (b'1', b'2'):
            self.offer(image(fill))
            self.run_it('--keep', '2')
        self.offer(image() + os.urandom(200000))
        output = self.run_it('--keep', '2', code=1, limit=65536)
        self.assertIn(f'{NAME.format(1)} is removed', output)
        self.assertEqual((self.taken(), self.names()), (False, [NAME.format(2)]))

    def test_bad_folder(self):
        self.offer()
        self.out.write_text('a file')
        self.assertIn('stays in memory', self.run_it(code=1))
        self.out.unlink()
        self.out.symlink_to('/proc/nowhere/kmemdump')
        self.assertIn('stays in memory', self.run_it(code=1))
        self.assertFalse(self.taken())

    @unittest.skipIf(os.geteuid() == 0, 'root may write everywhere')
    def test_unwritable_folder(self):
        self.offer()
        self.out.mkdir(mode=0o500)
        self.assertIn('stays in memory', self.run_it(code=1))

    def test_not_released(self):
        """The dump is stored; that the memory is not free is an error."""
        self.offer()
        (self.sysfs / 'taken').unlink()
        (self.sysfs / 'taken').mkdir()
        self.assertIn('the next boot finds this dump again', self.run_it(code=1))
        self.assertEqual(self.names(), [NAME.format(1)])

    def test_stored_before(self):
        """A dump that the boot before could not release is not stored again; another of the same second is."""
        self.offer()
        self.run_it()
        self.offer()
        self.assertIn('is this dump already', self.run_it())
        self.assertEqual((self.taken(), self.names()), (True, [NAME.format(1)]))
        self.offer(image(b'y'))
        self.run_it()
        self.offer(image(b'y')[:-1])
        self.run_it()
        self.offer(image(b'y') + b'y')
        self.run_it()
        self.assertEqual(self.names(), [NAME.format(n) for n in (1, 2, 3, 4)])
        (self.out / NAME.format(4)).write_bytes(b'damaged')
        self.run_it('--keep', '9')
        self.assertEqual(self.names(), [NAME.format(n) for n in (1, 2, 3, 4, 5)])

    @unittest.skipUnless(shutil.which('zstd'), 'zstd is not installed')
    def test_report(self):
        """Of a real dump, by the real program; a bad one costs nothing."""
        data = subprocess.run(['zstd', '-dcq', DUMP], stdout=subprocess.PIPE, check=True).stdout
        self.offer(data)
        self.run_it(path=pathlib.Path(REPORT).parent)
        text = (self.out / NAME.format(1).replace('.img.gz', '.txt')).read_text()
        self.assertIn('sysrq', text)
        for script, why in (('exit 9', 'exited 9: no output'), ('echo bad >&2; exit 1', 'exited 1: bad')):
            program = self.folder / 'bin' / 'kmd-report'
            program.parent.mkdir(exist_ok=True)
            program.write_text(f'#!/bin/sh\n{script}\n')
            program.chmod(0o755)
            self.offer()
            self.assertIn(why, self.run_it(path=program.parent))
        self.assertEqual(len(list(self.out.glob('*.txt'))), 1)


PROGRAM, REPORT, DUMP = sys.argv[1:]
machine.main(PROGRAM)
