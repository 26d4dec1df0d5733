#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""kmd-collect on a disk that is full: an error, no output, and a machine that runs.  Argument: the program."""
import subprocess
import sys

import fake_monitor
import fake_stub
import machine

# The output's disk is one of its own, of 32 KiB, that only the program sees.
SMALL = 'mount -t tmpfs -o size=32k none "$1" && shift && exec "$@"'


class Full(machine.Case):
    def setUp(self):
        super().setUp()
        self.disk = self.folder / 'disk'
        self.disk.mkdir()
        self.own = ['unshare', '--mount', '--map-root-user', 'sh', '-c', SMALL, 'sh', str(self.disk)]
        done = subprocess.run([*self.own, 'true'], capture_output=True, check=False)
        if done.returncode:
            self.skipTest(f'no disk of its own: {done.stderr.decode(errors="replace").strip()}')

    def full(self, *words, out):
        # What is on the disk when the program has ended.
        look = ['sh', '-c', '"$@"; code=$?; ls "$0"; exit $code', str(self.disk)]
        done = subprocess.run([*self.own, *look, *self.command(*words, out=f'disk/{out}')], capture_output=True,
                              text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
        self.assertNotIn('Traceback', done.stderr)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn('No space left on device', done.stderr)
        self.assertEqual(done.stdout, '', 'something is left on the disk')

    def test_gdb(self):
        for out in ('dump', 'dump.img'):
            stub = fake_stub.Stub()
            self.addCleanup(stub.server.close)
            self.full('--gdb', stub.where, '--table', hex(machine.TABLE), out=out)
            self.assertFalse(stub.halted)

    def test_qmp(self):
        monitor = fake_monitor.Monitor(self.folder / 'qmp')
        self.addCleanup(monitor.server.close)
        for out in ('dump', 'dump.img'):
            self.full('--qmp', self.folder / 'qmp', '--scratch', self.folder, out=out)
            self.assertTrue(monitor.running)

    def test_script(self):
        """Thousands of ranges make a script that does not fit."""
        ranges = [f'--avoid={machine.RAM + 8192 * i:#x}+4K' for i in range(400)]
        self.full('--u-boot-script', '--ram', '0x40000000+16M', '--table', hex(machine.TABLE), *ranges,
                  '--device', 'mmc 0:1', out='kmd.scr')


class Monitor(machine.Case):
    def test_qemu_cannot_write(self):
        """The disk of QEMU's own files is full."""
        monitor = fake_monitor.Monitor(self.folder / 'qmp', full=True)
        self.addCleanup(monitor.server.close)
        self.assertIn('An IO error has occurred', self.collect(
            '--qmp', self.folder / 'qmp', '--table', hex(machine.TABLE), code=1))
        self.assertTrue(monitor.running)


PROGRAM = sys.argv[1]
machine.main(PROGRAM)
