#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""kmd-collect --qmp, against a monitor that may lie.  Argument: the program."""
import signal
import struct
import subprocess
import sys
import time

import fake_monitor
import machine


class Qmp(machine.Case):
    def start(self, **lies):
        monitor = fake_monitor.Monitor(self.folder / 'qmp', **lies)
        self.addCleanup(monitor.server.close)
        return monitor

    def run_on(self, monitor, *words, timeout='20', **how):
        """Collect; the guest must then run if it did so before."""
        running = monitor.running
        output = self.collect('--qmp', self.folder / 'qmp', '--timeout', timeout, *words, **how)
        self.assertEqual(monitor.running, running)
        return output

    def test_running(self):
        monitor = self.start()
        output = self.run_on(monitor)
        self.check_all(monitor.ram)
        self.assertIn('5 of 5 regions', output)
        self.assertEqual((self.folder / 'out/registers.txt').read_text(), fake_monitor.REGISTERS)
        self.assertEqual(monitor.commands.count('stop'), 1)
        # While the guest stands still, only the table and the regions are read.
        self.assertLess(sum(size for _, size in monitor.read), 0x20000)

    def test_not_running(self):
        monitor = self.start(running=False)
        self.assertIn('guest-panicked', self.run_on(monitor, '--table', hex(machine.TABLE)))
        self.check_all(monitor.ram)
        self.assertFalse({'stop', 'cont'} & set(monitor.commands))

    def test_image(self):
        monitor = self.start()
        self.run_on(monitor, out='out.img')
        image = (self.folder / 'out.img').read_bytes()
        self.assertEqual(image[:8], b'Raw_Dmp!')
        count, = struct.unpack_from('<I', image, 52)
        for i in range(count):
            at, size, address = struct.unpack_from('<12xQQQ', image, 56 + 64 * i)
            self.assertEqual(image[at:at + size], monitor.ram[address - machine.RAM:][:size])
        self.assertEqual(count, 5)
        self.assertTrue((self.folder / 'out.registers.txt').exists())

    def test_ranges(self):
        monitor = self.start(tree='')
        self.assertIn('--range', self.run_on(monitor, code=1))
        self.run_on(monitor, '--range', '0x40000000+2M', '--step', '64K')
        self.check_all(monitor.ram)

    def test_holes(self):
        for lie in ('short', 'fails'):
            monitor = self.start(**{lie: machine.RAM + 0x20000})
            output = self.run_on(monitor, code=3, out=f'out-{lie}')
            self.assertIn('4 of 5 regions', output)
            self.assertIn('Kdata 0x40020000+0x5000', output)
            self.check_all(monitor.ram, out=f'out-{lie}', but=('Kdata',))
            (self.folder / 'qmp').unlink()

    def test_row_outside(self):
        monitor = self.start()
        for row, address, size in ((1, 0x0, 0x1000), (2, machine.RAM + 0x1ff000, 0x2000),
                                   (3, (1 << 64) - 4096, 8192), (4, machine.RAM, 1 << 40)):
            struct.pack_into('<QQ', monitor.ram, machine.TABLE - machine.RAM + 0x10000 + 40 * row + 24,
                             address, size)
        output = self.run_on(monitor, code=3)
        self.assertIn('1 of 5 regions', output)
        self.assertIn('not in RAM', output)
        self.assertEqual({address: len(data) for address, data in self.saved().items()},
                         {machine.KELF: 0x200, machine.RAM + 0x1ff000: 0x1000})

    def test_lies(self):
        for name in ('qmp_capabilities', 'query-status', 'human-monitor-command', 'pmemsave', 'stop'):
            for lie in ('close', 'silent', 'endless', 'noise', 'error'):
                if (name, lie) == ('pmemsave', 'error'):
                    continue
                with self.subTest(name=name, lie=lie):
                    monitor = self.start(**{name: lie})
                    self.run_on(monitor, code=1, timeout='0.5' if lie == 'silent' else '20')
                    (self.folder / 'qmp').unlink()
        for greeting in (b'', b'hello\r\n', b'{"a": 1}\n', b'[' * 100000 + b'\n'):
            monitor = self.start(greeting=greeting)
            self.run_on(monitor, code=1)
            (self.folder / 'qmp').unlink()

    def test_cannot_stop_or_resume(self):
        self.assertIn('did not stop', self.run_on(self.start(stop='ignored'), code=1))
        (self.folder / 'qmp').unlink()
        self.start(cont='error')
        self.assertIn('STILL PAUSED', self.collect('--qmp', self.folder / 'qmp', code=1))

    def test_terminated(self):
        """The guest is resumed, nothing is left, and the program ends by the signal."""
        for number in (signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number):
                self.end_by(number)

    def end_by(self, number):
        (self.folder / 'qmp').unlink(missing_ok=True)
        monitor = self.start(delay=0.3)
        process = subprocess.Popen(self.command('--qmp', self.folder / 'qmp', '--table', hex(machine.TABLE)),
                                   stderr=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while monitor.running and time.monotonic() < end:
            time.sleep(0.05)
        self.assertFalse(monitor.running)
        process.send_signal(number)
        self.assertEqual(process.wait(20), -number)
        self.assertTrue(monitor.running)
        self.assertEqual([path.name for path in self.folder.iterdir()], ['qmp'])

    def test_damaged_words(self):
        """Any word of the table may be wrong: no traceback, no byte from elsewhere."""
        sys.path.insert(0, self.program)
        import table
        from errors import CollectError, Unreadable

        class Plain:
            def read(self, address, size):
                at = address - machine.RAM
                if at < 0 or at + size > len(self.ram):
                    raise Unreadable(address, size, 'not in RAM')
                return bytes(self.ram[at:at + size])
        plain, good = Plain(), machine.memory()
        base = machine.TABLE - machine.RAM
        # Of these, no other value is right.
        exact = {92, 192, 0x4000, 0x4004, 0x4008, 0x4020, 0x4034, 0x4040, 0x4044, 0xf000, 0xf004, 0xf02c,
                 0xf050, 0xf054, 0xf058}
        for word in sorted(exact | set(range(0x4000, 0x4060, 4)) | set(range(0xf000, 0xf064, 4))):
            for value in (0, 5, 0x7fffffff, 0xffffffff, 0xa5a5a5a5):
                plain.ram = good[:]
                struct.pack_into('<I', plain.ram, base + word, value)
                try:
                    table.read(plain, machine.TABLE, table.at(plain, machine.TABLE))
                    self.assertNotIn(word, exact)
                except CollectError:
                    pass

    def test_two_tables(self):
        monitor = self.start()
        other = machine.RAM + 0x180000
        copy = machine.smem(other)
        monitor.ram[other - machine.RAM:other - machine.RAM + len(copy)] = copy
        self.assertIn('2 tables were found', self.run_on(monitor, code=1))
        self.run_on(monitor, '--table', hex(other))

    def test_existing_output(self):
        self.start()
        (self.folder / 'dir').mkdir()
        (self.folder / 'dir/file').touch()
        self.assertIn('exists already', self.collect('--qmp', self.folder / 'qmp', out='dir', code=1))

    def test_usage(self):
        for words in (['--qmp', 'a', '--gdb', 'b:1'], [], ['--qmp', 'a', '--table', 'x'],
                      ['--qmp', 'a', '--range', '5-4'], ['--qmp', 'a', '--step', '100']):
            self.collect(*words, code=64)


PROGRAM = sys.argv[1]
machine.main(PROGRAM)
