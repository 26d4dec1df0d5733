#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""kmd-collect --live, with a file in the place of /proc/kcore.  Argument: the program."""
import struct
import sys

import machine


class Live(machine.Case):
    def kcore(self, ram, size=machine.RAM_SIZE):
        head = struct.pack('<16sHHIQQQIHHHHHH', b'\x7fELF\2\1\1', 4, 183, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0)
        head += struct.pack('<IIQQQQQQ', 4, 0, 0, 0, 0, 0, 0, 0)
        head += struct.pack('<IIQQQQQQ', 1, 7, 4096, machine.VIRTUAL, machine.RAM, size, size, 4096)
        path = self.folder / 'kcore'
        path.write_bytes(head + bytes(4096 - len(head)) + ram)
        return path

    def run_on(self, kcore, **how):
        listing = self.folder / 'regions'
        listing.write_text(machine.listing())
        return self.collect('--live', '--kcore', kcore, '--regions', listing, **how)

    def test_whole(self):
        ram = machine.memory()
        self.run_on(self.kcore(ram))
        self.check_all(ram)

    def test_holes(self):
        """The memory, or the file, ends in a region."""
        ram = machine.memory()
        for name, kcore in (('out-a', self.kcore(ram, 0x52000)), ('out-b', self.kcore(ram[:0x52000]))):
            output = self.run_on(kcore, code=3, out=name)
            self.assertIn('KBIG 0x40052000+0x6000' if name == 'out-a' else 'KBIG', output)
            rows = self.saved(name)
            self.assertEqual(rows[machine.RAM + 0x50000][:0x2000], ram[0x50000:0x52000])
            (self.folder / name).rename(self.folder / f'done-{name}')

    def test_bad(self):
        path = self.folder / 'bad'
        for data in (b'', b'\x7fELF', bytes(100), b'\x7fELF\2\1\1' + b'\xff' * 100):
            path.write_bytes(data)
            self.run_on(path, code=1)
        self.run_on(self.folder / 'none', code=1)


PROGRAM = sys.argv[1]
machine.main(PROGRAM)
