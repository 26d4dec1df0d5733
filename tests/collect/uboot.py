#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""kmd-collect --u-boot-script, run by a U-Boot that is not real.  Argument: the program."""
import binascii
import random
import struct
import subprocess
import sys

import fake_uboot
import machine

RAM = ('--ram', '0x40000000+2M')
TABLE = ('--table', hex(machine.TABLE))
BASE = machine.TABLE - machine.RAM


class Uboot(machine.Case):
    def script(self, *words, device='virtio 0:1'):
        done = subprocess.run(['python3', self.program, '--u-boot-script', *RAM, *words, '--device', device,
                               '-o', '-'], capture_output=True, text=True, check=True)
        return done.stdout

    def board(self, script, **how):
        board = fake_uboot.Board(machine.memory(), machine.RAM, **how)
        board.source(script)
        return board

    def rows(self, board, folder='kmd0'):
        rows, known = {}, {f'{folder}/md_smeminfo.bin'}
        for name in sorted(board.files):
            if not name.startswith(f'{folder}/dump_info'):
                continue
            known.add(name)
            for line in board.files[name].decode('latin-1').splitlines():
                first, address, size, _, file = line.split()
                self.assertEqual((first, len(board.files[file.lower()])), ('1', int(size, 16)))
                self.assertNotIn(int(address, 16), rows)
                rows[int(address, 16)] = board.files[file.lower()]
                known.add(file.lower())
        self.assertEqual({name for name in board.files if name.startswith(folder)}, known)
        return rows

    def check_rows(self, board, want=None, **how):
        """All bytes are those of their address."""
        good, rows = machine.memory(), self.rows(board, **how)
        for address, data in rows.items():
            self.assertEqual(data, good[address - machine.RAM:][:len(data)])
        if want is None:
            want = {(address, size) for _, _, address, size in machine.REGIONS}
        self.assertEqual({(address, len(data)) for address, data in rows.items()}, want)

    def check_memory(self, board):
        """Nothing was changed but words of the area that nothing uses, and the mark."""
        good = machine.memory()
        for i in range(0, len(good), 4096):
            if board.ram[i:i + 4096] != good[i:i + 4096]:
                self.assertTrue(0x8000 <= i - BASE < 0xf000 or i == BASE + 0x4000, hex(i))

    def test_whole(self):
        for words in (TABLE, ('--range', '0x40000000+2M', '--step', '64K')):
            board = self.board(self.script(*words))
            self.check_rows(board)
            self.check_memory(board)
            self.assertEqual(board.files['kmd0/md_smeminfo.bin'][:0x8000],
                             machine.smem()[:0x8000])
            self.assertIn('kmd0/md_kelf.bin', board.files)
            self.assertEqual({name for name in board.env if name != 'filesize'}, set())
            self.assertIn('0x5 files of 0x5 regions, 0x0 not written', board.output[-1])

    def test_taken(self):
        script = self.script(*TABLE)
        board = self.board(script)
        files = dict(board.files)
        board.source(script)
        self.assertEqual(board.files, files)
        self.assertIn('saved already', board.output[-1])

    def test_several_crashes(self):
        script, board = self.script(*TABLE, '--keep', '2'), None
        board = self.board(script)
        for number in (1, 2):
            board.ram = machine.memory()
            board.source(script)
        self.check_rows(board, folder='kmd1')
        self.assertIn('nothing is saved', board.output[-1])
        self.assertFalse([name for name in board.files if name.startswith('kmd2')])

    def test_avoid(self):
        """Absent: the middle of a region, the beginning of one, the whole of one."""
        board = self.board(self.script(*TABLE, '--avoid', '0x40021000-0x40023000', '--avoid',
                                       '0x40040000+0x1000', '--avoid', '0x4004f000-0x40051000'))
        self.check_rows(board, {(machine.KELF, 0x200), (0x40020000, 0x1000), (0x40023000, 0x2000),
                                (0x40030000, 0x1230), (0x40051000, 0x7000)})

    def test_many_lines(self):
        """More lines than fit where they are put together."""
        rows = [(f'Kpage{i}', 0, machine.RAM + 0x20000 + i * 64, 64) for i in range(200)]
        ram = machine.memory()
        area = machine.smem(regions=rows)
        ram[BASE:BASE + len(area)] = area
        board = fake_uboot.Board(ram, machine.RAM)
        board.source(self.script(*TABLE))
        self.check_rows(board, {(address, size) for _, _, address, size in rows})
        self.assertIn('kmd0/dump_info1.txt', board.files)

    def test_full_disk(self):
        for capacity in (0, 0x10100, 0x18000, 0x1a000):
            board = self.board(self.script(*TABLE), capacity=capacity)
            for address, data in self.rows(board).items() if capacity > 0x10100 else ():
                self.assertEqual(data, machine.memory()[address - machine.RAM:][:len(data)])

    def test_names(self):
        """Names that FAT takes for the same, or does not take."""
        ram = machine.memory()
        rows = [('KX', 0, machine.RAM, 16), ('kx', 0, machine.RAM + 16, 16), ('K*', 0, machine.RAM + 32, 16),
                ('K/..', 0, machine.RAM + 48, 16), ('', 0, machine.RAM + 64, 16),
                ('K;reset;$x', 0, machine.RAM + 80, 16)]
        area = machine.smem(regions=rows)
        ram[BASE:BASE + len(area)] = area
        board = fake_uboot.Board(ram, machine.RAM)
        board.source(self.script(*TABLE))
        self.check_rows(board, {(address, size) for _, _, address, size in rows})

    def test_other_writers(self):
        for words, device in ((('--write', 'save'), 'usb 0:1'), (('--write', 'tftpput'), 'mmc 0:1')):
            board = self.board(self.script(*TABLE, *words, device=device))
            self.check_rows(board, folder='kmd' if 'tftpput' in words else 'kmd0')

    def test_damaged_words(self):
        """No word of the table can make it save bytes as those of another address, or read outside."""
        script, chance = self.script(*TABLE), random.Random(1)
        places = [0x5c, 0xc0, *range(0x4000, 0x4060, 4), *range(0xf000, 0xf060, 4),
                  *range(0x10000, 0x10000 + 40, 4)]
        for place in places:
            for value in (0, 0xffffffff, chance.getrandbits(32)):
                ram, good = machine.memory(), machine.memory()
                struct.pack_into('<I', ram, BASE + place, value)
                struct.pack_into('<I', good, BASE + place, value)
                board = fake_uboot.Board(ram, machine.RAM)
                board.source(script)
                if not board.files:
                    continue
                # What a wrong row names is outside of RAM, or is memory of that address.
                for address, data in self.rows(board).items():
                    start = address - machine.RAM
                    if not (start < BASE + 0x20000 and start + len(data) > BASE):
                        self.assertEqual(data, good[start:start + len(data)], hex(place))

    def test_image(self):
        path = self.folder / 'x.scr'
        subprocess.run(['python3', self.program, '--u-boot-script', *RAM, *TABLE, '--device', 'mmc 0:1', '-o',
                        path], check=True)
        data = path.read_bytes()
        head, body = bytearray(data[:64]), data[64:]
        magic, checksum, _, size, _, _, data_sum = struct.unpack_from('>7I', head)
        head[4:8] = bytes(4)
        self.assertEqual((magic, checksum, size, data_sum),
                         (0x27051956, binascii.crc32(head), len(body), binascii.crc32(body)))
        self.assertEqual(struct.unpack_from('>II', body), (len(body) - 8, 0))
        self.assertIn(b'mmc dev 0', body)

    def test_usage(self):
        for words in (TABLE, RAM, (*RAM, *TABLE), (*RAM, *TABLE, '--device', 'mmc 0; reset'),
                      (*RAM, *TABLE, '--device', 'mmc 0:1', '--folder', 'a b'),
                      (*RAM, *TABLE, '--device', 'mmc 0:1', '--keep', '0')):
            self.collect('--u-boot-script', *words, code=64)
        # As the shim requires of base=.
        self.collect('--u-boot-script', *RAM, '--table', '0x4c800001', '--device', 'mmc 0:1', code=64)
        self.collect('--u-boot-script', *RAM, *TABLE, '--device', 'mmc 0:1', '--avoid', '0x0-0x50000000', code=1)


PROGRAM = sys.argv[1]
machine.main(PROGRAM)
