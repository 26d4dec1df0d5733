#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""kmd-collect --plan: what it refuses.  The rig's case plan has the truth.  Arguments: the program, kmd-plan."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM, PLAN = sys.argv[1:3]


class Plan(unittest.TestCase):
    def plan(self, *words, code, says=''):
        done = subprocess.run(['python3', PROGRAM, '--plan', *words], capture_output=True, text=True, timeout=60,
                              check=False, stdin=subprocess.DEVNULL)
        self.assertNotIn('Traceback', done.stderr)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertIn(says, done.stderr)
        return done.stdout

    def test_usage(self):
        for words in ([], ['-x', 'v'], ['-x', 'v', '--budget', '2M'], ['-x', 'v', '--budget', '2X', '--slots', '4'],
                      ['-x', 'v', '--budget', '2M', '--slots', '0'], ['--qmp', 'a'],
                      ['-x', 'v', '--budget', '2M', '--slots', '9', '--drivers', '3']):
            self.plan(*words, code=64)

    def test_vmlinux(self):
        limits = ('--budget', '2M', '--slots', '64')
        self.plan('-x', '/nonexistent/vmlinux', *limits, code=1, says='/nonexistent/vmlinux: ')
        self.plan('-x', '/dev/null', *limits, code=1, says='/dev/null')
        self.plan('-x', PROGRAM, *limits, code=1, says=PROGRAM)
        # An ELF file, but of no kernel.
        self.plan('-x', sys.executable, *limits, code=1, says=sys.executable)

    def test_out_of_range(self):
        for words in (['--cpus', '0'], ['--cpus', '99999'], ['--tasks', '16G'], ['--modules', '1G'],
                      ['--ram-size', '0xffffffffffffffff'], ['--log-size', '4G'], ['--drivers', '70000,1']):
            self.plan('-x', '/dev/null', '--budget', '2M', '--slots', '64', *words, code=1, says='out of range')
        self.plan('-x', '/dev/null', '--budget', '2M', '--slots', '65281', code=1, says='out of range')

    def test_no_library(self):
        os.environ['KMD_PLAN'] = ''
        self.addCleanup(os.environ.__setitem__, 'KMD_PLAN', PLAN)
        with tempfile.TemporaryDirectory() as folder:
            alone = shutil.copy(PROGRAM, folder)
            done = subprocess.run(['python3', alone, '--plan', '-x', 'v', '--budget', '1M', '--slots', '4'],
                                  capture_output=True, text=True, check=False)
        # It may be installed on this machine.
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, 'needs kmd-plan|v: cannot open')


os.environ['KMD_PLAN'] = PLAN
unittest.main(argv=['test'], verbosity=1)
