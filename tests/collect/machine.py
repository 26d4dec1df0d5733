# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Memory of a machine that died with a table in it, built from the description of the layouts."""
import pathlib
import struct
import subprocess
import tempfile
import unittest

ANY = 'any'                             # exit code of a collection
RAM, RAM_SIZE = 0x40000000, 0x200000
TABLE = RAM + 0x100000
VIRTUAL = 0xffff000000000000            # of RAM
KELF = RAM + 0x10000
# Name, number, address, size.
REGIONS = [('KELF', 0, KELF, 0x200), ('Kdata', 0, RAM + 0x20000, 0x5000), ('Ktask', 1, RAM + 0x30000, 0x1230),
           ('Ktask', 2, RAM + 0x40004, 0x10), ('KBIG', 0, RAM + 0x50000, 0x8000)]


def content():
    return bytearray((i * 7 + (i >> 8) * 13) & 0xff for i in range(0x1000)) * (RAM_SIZE // 0x1000)


def kelf():
    loads = [(address, size) for name, _, address, size in REGIONS if name != 'KELF']
    head = struct.pack('<16sHHIQQQIHHHHHH', b'\x7fELF\2\1\1', 4, 183, 1, 0, 64, 0, 0, 64, 56,
                       len(loads) + 1, 0, 0, 0)
    head += struct.pack('<IIQQQQQQ', 4, 0, 0, 0, 0, 0, 0, 0)
    for address, size in loads:
        head += struct.pack('<IIQQQQQQ', 1, 6, 0, address - RAM + VIRTUAL, address, size, size, 0)
    return head


def smem(base=TABLE, regions=tuple(REGIONS)):
    """The area of the shim's reserved backend, and the regions behind it."""
    area = bytearray(0x10000 + 40 * len(regions))

    def put(offset, form, *values):
        struct.pack_into('<' + form, area, offset, *values)
    put(92, 'I', 12 << 16)
    put(192, 'II', 1, 8400)
    put(0x4000, '4sHHIII', b'$PRT', 0xfffe, 0xfffe, 0x4000, 32 + 16 + 16 + 320, 0x4000)
    put(0x4020, 'HHIHH', 0xa5a5, 602, 16 + 320, 0, 0)
    put(0x4030, 'III', 1, 1, 1)
    put(0x4040, '5I4xQ', 1, 0x454e424c, 0x444f4e45, 0x4e52, len(regions), base + 0x10000)
    put(0xf000, '4sII', b'$TOC', 1, 1)
    put(0xf020, 'IIIHHI', 0x4000, 0x4000, 0, 0xfffe, 0xfffe, 32)
    put(0xf050, '4sIIIH', b'SIII', 0x10000, base & 0xffffffff, 0, 603)
    for i, (name, number, address, size) in enumerate(regions):
        put(0x10000 + 40 * i, '16sIIQQ', name.encode(), number, 0x56414c49, address, size)
    return area


def listing():
    """/sys/kernel/debug/kmemdump/regions."""
    lines = ['   id state    pr firmware       seq physical             size virtual            name']
    for i, (name, number, address, size) in enumerate(REGIONS):
        lines.append(f'{i:5} placed    0 {name:<12} {number:5} 0x{address:012x} {size:10} '
                     f'0x{address - RAM + VIRTUAL:016x} {name.lower()} of a driver')
    return '\n'.join(lines) + '\n'


def memory():
    ram = content()
    for base, data in ((KELF, kelf()), (TABLE, smem())):
        ram[base - RAM:base - RAM + len(data)] = data
    return ram


class Case(unittest.TestCase):
    """Runs the program, looks at what it leaves."""
    program = None

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory(prefix='kmd-collect-test-')
        self.folder = pathlib.Path(self.scratch.name)
        self.addCleanup(self.scratch.cleanup)

    def command(self, *words, out='out'):
        return ['python3', self.program, *map(str, words), '-o', str(self.folder / out)]

    def collect(self, *words, out='out', code=0):
        done = subprocess.run(self.command(*words, out=out), capture_output=True, text=True, timeout=60,
                              check=False, stdin=subprocess.DEVNULL)
        self.assertNotIn('Traceback', done.stderr)
        code = done.returncode if code == ANY and done.returncode in (0, 1, 3) else code
        self.assertEqual(done.returncode, code, done.stderr)
        if code not in (0, 3):
            self.assertEqual([path.name for path in self.folder.glob('out*')], [], 'an output was left')
        self.assertEqual(list(self.folder.glob('*partial*')), [])
        return done.stderr

    def saved(self, out='out'):
        """What the folder has, as {address: bytes}."""
        rows = {}
        for line in (self.folder / out / 'dump_info.txt').read_text().splitlines():
            _, address, size, _, file = line.split()
            data = (self.folder / out / file).read_bytes()
            self.assertEqual(len(data), int(size))
            rows[int(address, 16)] = data
        return rows

    def check_all(self, ram, out='out', but=()):
        """Every region is there, but these, and has the right bytes."""
        rows = self.saved(out)
        want = {address: bytes(ram[address - RAM:address - RAM + size])
                for name, _, address, size in REGIONS if name not in but}
        self.assertEqual(rows, want)


def main(program):
    Case.program = program
    unittest.main(argv=['test'], module='__main__', verbosity=1)
