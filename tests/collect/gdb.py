#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""kmd-collect --gdb, against a stub that may lie.  Argument: the program."""
import sys

import fake_stub
import machine

TABLE = ('--table', hex(machine.TABLE))


class Gdb(machine.Case):
    def run_on(self, stub, *words, stays=False, **how):
        """Collect; the machine must then run, whatever happened."""
        self.addCleanup(stub.server.close)
        output = self.collect('--gdb', stub.where, '--timeout', '20', *words, **how)
        self.assertEqual(stub.halted, stays)
        self.assertFalse(stub.physical)
        self.assertFalse([r for r in stub.requests if r[0] in 'MGPXZcsk'], 'something was changed')
        return output

    def check_registers(self, cpus=2):
        text = (self.folder / 'out/registers.txt').read_text()
        self.assertEqual(text.count('CPU#'), cpus)
        self.assertIn('\nPC=ff00000087654321\n', text)
        self.assertIn('\nPSTATE=00000000000003c5\n', text)

    def test_physical(self):
        stub = fake_stub.Stub()
        self.run_on(stub, *TABLE)
        self.check_all(stub.ram)
        self.check_registers()

    def test_search(self):
        stub = fake_stub.Stub()
        self.run_on(stub, '--range', '0x400f0000-0x40120000')
        self.check_all(stub.ram)

    def test_stay(self):
        stub = fake_stub.Stub()
        self.assertIn('left halted', self.run_on(stub, *TABLE, '--stay', stays=True))

    def test_forms_of_answers(self):
        for lies in ({'runs': True}, {'short': True}, {'bad_sums': 2}):
            with self.subTest(**lies):
                stub = fake_stub.Stub(**lies)
                self.run_on(stub, *TABLE, out=f'out-{list(lies)[0]}')
                self.check_all(stub.ram, out=f'out-{list(lies)[0]}')

    def test_holes(self):
        """One page of a region cannot be read, the end of another, and all of a third."""
        stub = fake_stub.Stub(broken=[(machine.RAM + 0x22000, 4), (machine.RAM + 0x57ff0, 16),
                                      (machine.RAM + 0x40000, 4096)])
        output = self.run_on(stub, *TABLE, code=3)
        self.assertIn('2 of 5 regions', output)
        self.assertIn('Kdata 0x40022000+0x1000', output)
        rows = self.saved()
        for address, data in rows.items():
            self.assertEqual(data, stub.ram[address - machine.RAM:][:len(data)])
        self.assertEqual({address - machine.RAM: len(data) for address, data in rows.items()},
                         {0x10000: 0x200, 0x20000: 0x2000, 0x23000: 0x2000, 0x30000: 0x1230,
                          0x50000: 0x7e00})

    def test_virtual(self):
        """The first CPU is in user mode, where the kernel is not mapped."""
        stub = fake_stub.Stub(virtual=True)
        self.assertIn('give --kelf', self.run_on(stub, *TABLE, code=1))
        self.run_on(stub, '--kelf', hex(machine.KELF - machine.RAM + machine.VIRTUAL))
        self.check_all(stub.ram, but=('KELF',))
        self.check_registers()

    def test_regions_of_debugfs(self):
        listing = self.folder / 'regions'
        listing.write_text(machine.listing())
        stub = fake_stub.Stub(virtual=True, no_xml=True)
        self.run_on(stub, '--regions', listing)
        self.check_all(stub.ram)
        self.check_registers()
        (self.folder / 'out').rename(self.folder / 'good')
        listing.write_text('nonsense\n')
        self.run_on(stub, '--regions', listing, code=1)

    def test_flat(self):
        """A stub behind a bus has physical addresses and no registers."""
        stub = fake_stub.Stub(virtual=True, flat=True, qfThreadInfo='l')
        self.assertIn('registers  none', self.run_on(stub, *TABLE, '--physical'))
        self.check_all(stub.ram)

    def test_lies(self):
        for request in ('?', 'qSupported', 'm', 'qfThreadInfo', 'g', 'qXfer', 'Hg'):
            for lie in ('close', 'silent', 'endless'):
                with self.subTest(request=request, lie=lie):
                    stub = fake_stub.Stub(**{request: lie})
                    self.addCleanup(stub.server.close)
                    self.collect('--gdb', stub.where, '--timeout', '0.3', *TABLE, code=1)
        for request, lie, code in (('m', 'xyz', 1), ('m', '00' * 4096, 1), ('m', 'OK', 1), ('g', 'xx', 0),
                                   ('qfThreadInfo', 'zz', 0), ('qsThreadInfo', 'm01', 0),
                                   ('qXfer', 'l<target', 0), ('qXfer', 'm', 0), ('Hg', 'E01', 0),
                                   ('qXfer', 'l<target><reg name="pc" bitsize="7"/></target>', 0),
                                   ('qThreadExtra', 'q', 0), ('qSupported', 'PacketSize=0', 0)):
            with self.subTest(request=request, lie=lie):
                stub = fake_stub.Stub(**{request: lie})
                self.run_on(stub, *TABLE, code=code, out='out' if code else f'ok-{len(list(self.folder.iterdir()))}')

    def test_all_checksums_wrong(self):
        """A stub that answers, but wrongly, is not asked to halt: that would wait for it in vain."""
        output = self.run_on(fake_stub.Stub(bad_sums=1000), *TABLE, code=1)
        self.assertIn('wrong checksums', output)
        self.assertNotIn('did not halt', output)

    def test_threads_without_end(self):
        """The list of threads repeats itself, and never says that it ends."""
        stub = fake_stub.Stub(qsThreadInfo='m01')
        self.run_on(stub, *TABLE)
        self.check_all(stub.ram)
        self.assertLessEqual(stub.requests.count('qsThreadInfo'), 2)

    def test_wrong_lengths(self):
        """More than was asked for, half a byte, nothing, errors now and then: no byte may be wrong."""
        for number, lie in enumerate(('long', 'odd', 'empty', 'sometimes', 'own_size')):
            with self.subTest(lie=lie):
                stub = fake_stub.Stub(lengths=lie)
                out = f'some-{number}'
                output = self.run_on(stub, *TABLE, code=machine.ANY, out=out)
                if not (self.folder / out).exists():
                    self.assertIn('kmd-collect: ', output)
                    continue
                for address, data in self.saved(out).items():
                    self.assertEqual(data, stub.ram[address - machine.RAM:][:len(data)])

    def test_drip(self):
        """A packet that goes on forever, byte by byte, and notifications without an end."""
        for lie in ('drip', 'notes'):
            with self.subTest(lie=lie):
                stub = fake_stub.Stub(m=lie)
                self.addCleanup(stub.server.close)
                self.collect('--gdb', stub.where, '--timeout', '1', *TABLE, code=1)

    def test_no_stub(self):
        self.collect('--gdb', 'localhost:1', *TABLE, code=1)


PROGRAM = sys.argv[1]
machine.main(PROGRAM)
