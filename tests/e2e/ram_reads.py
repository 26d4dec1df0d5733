#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""ram_reads.py KMD_ASSEMBLE - opening all of RAM reads little of it, where the kernel shows itself.

The kernels are made here: a mark, .data with a utsname, and in .bss the variables that lead to the
VMCOREINFO text and note.
"""
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

program = sys.argv[1]
MIB, GIB, BASE = 1 << 20, 1 << 30, 0x40000000
LINEAR, STACK_END = 0xffff000000000000, 0x57ac6e9d


def utsname(release):
    return b''.join(word.encode().ljust(65, b'\0') for word in
                    ('Linux', 'host', release, '#1 SMP', 'aarch64', '(none)'))


def text_of(release, kernel, extra=''):
    """VMCOREINFO of an arm64 kernel whose image lies at physical @kernel."""
    voffset = 0xffff800008000000 - kernel
    return (f'OSRELEASE={release}\nBUILD-ID=0123456789abcdef\nPAGESIZE=4096\n'
            f'SYMBOL(init_uts_ns)={kernel + 0x1100000 + voffset:x}\n'
            f'OFFSET(uts_namespace.name)=0\n'
            f'SYMBOL(swapper_pg_dir)={kernel + 0x900000 + voffset:x}\n'
            f'SYMBOL(_stext)={kernel + 0x10000 + voffset:x}\nNUMBER(VA_BITS)=48\n'
            f'NUMBER(kimage_voffset)=0x{voffset:x}\nNUMBER(PHYS_OFFSET)=0x{BASE:x}\n'
            f'KERNELOFFSET=0\n{extra}').encode()


class Ram:
    def __init__(self, path, size, fill=0):
        self.file = open(path, 'w+b')
        if fill:
            for _ in range(size // MIB):
                self.file.write(bytes([fill]) * MIB)
        self.file.truncate(size)

    def put(self, phys, data):
        self.file.seek(phys - BASE)
        self.file.write(data)
        self.file.flush()

    def kernel(self, kernel, pages, release='6.1.0-test', header=True, size_differs=0):
        """An image at @kernel, its text and note at @pages."""
        text = text_of(release, kernel)
        self.put(kernel, bytes(0x1800000 if not header else 4096))
        if header:
            self.put(kernel, bytes(16) + struct.pack('<Q', 0x1800000) + bytes(32) + b'ARM\x64')
        self.put(kernel + 0x900000, b'\1' * 4096)
        self.put(kernel + 0x1000000, bytes(0x800000))
        data = kernel + (0x1000000 if header else 0x1030000)
        self.put(data, struct.pack('<Q', STACK_END))
        for at in range(data + 0x8000, kernel + 0x1100000, 0x10000):
            virt = at + 0xffff800008000000 - kernel
            self.put(at, struct.pack('<8Q', *(virt + 8 * i for i in range(8))))
        self.put(kernel + 0x1100000, utsname(release))
        self.put(kernel + 0x1650008, struct.pack(
            '<QQQ', LINEAR + pages - BASE + 4096, len(text) + size_differs, LINEAR + pages - BASE))
        self.put(pages, text.ljust(4096, b'\0'))
        self.put(pages + 4096, (struct.pack('<III', 11, len(text), 0) + b'VMCOREINFO\0\0' + text)
                 .ljust(4096, b'\0'))


def run(path, *options):
    """Exit code, bytes read, what was printed."""
    with tempfile.TemporaryFile('w+') as out:
        work = [] if '-o' in options else ['--list']
        child = subprocess.Popen([program, '-v', *work, *options, path], stdout=out, stderr=out)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        with open(f'/proc/{child.pid}/io', encoding='ascii') as counters:
            read = int(counters.readline().split()[1])
        code = child.wait()
        out.seek(0)
        return code, read, out.read()


def check(path, code, most, wanted, *options):
    got, read, printed = run(path, *options)
    print(f'{path.name} {" ".join(map(str, options))}: {read / MIB:.1f} MiB')
    assert got == code, (got, printed)
    assert read < most * MIB, read
    assert all(word in printed for word in wanted), (wanted, printed)
    return printed


def bytes_of(core, phys, length):
    """What a core has at a physical address."""
    with open(core, 'rb') as file:
        head = file.read(64)
        file.seek(struct.unpack_from('<Q', head, 32)[0])
        rows = list(struct.iter_unpack('<IIQQQQQQ', file.read(56 * struct.unpack_from('<H', head, 56)[0])))
        row = next(r for r in rows if r[0] == 1 and r[4] <= phys < r[4] + r[5])
        file.seek(row[2] + phys - row[4])
        return file.read(length)


def check_core(path, kernel, pages):
    """A core of all RAM: holes of the dump are not read, and are holes of the core."""
    core = path.with_name('core')
    check(path, 0, 64, [], '-f', '-o', core)
    assert os.stat(core).st_blocks * 512 < 64 * MIB < os.stat(core).st_size
    with open(path, 'rb') as ram:
        for phys in (BASE, kernel, kernel + 0x1100000, pages, pages + 4096):
            ram.seek(phys - BASE)
            assert bytes_of(core, phys, 4096) == ram.read(4096), hex(phys)
    core.unlink()


def check_no_text(path, ram, pages):
    """Without VMCOREINFO: a pass for the SMEM area, and one for VMCOREINFO and what panics print."""
    ram.put(pages, b'\x5a' * 8192)
    check(path, 3, 2 * 1024 + 128, [path.name], '--ram-base', f'{BASE:#x}')


def main(where):
    placed = 'begins at physical 0x40000000'
    dense = Ram(where / 'dense', GIB, 0x5a)
    dense.kernel(BASE + 0x12000000, BASE + 0x3fff0000)
    check(where / 'dense', 0, 64, [placed])
    check(where / 'dense', 0, 64, ['dense'], '--ram-base', f'{BASE:#x}')
    check_no_text(where / 'dense', dense, BASE + 0x3fff0000)
    (where / 'dense').unlink()

    sparse = Ram(where / 'sparse', 16 * GIB)
    sparse.kernel(BASE + 0x12000000, BASE + 0x3fff00000)
    check(where / 'sparse', 0, 64, [placed])
    check(where / 'sparse', 0, 64, ['sparse'], '--ram-base', f'{BASE:#x}')
    check_core(where / 'sparse', BASE + 0x12000000, BASE + 0x3fff00000)
    # A longer text to which no kernel points is another's, or one of an earlier boot.
    sparse.put(BASE + 0x5000000, text_of('9.9.9-other', BASE + 0x600000, 'NUMBER(x)=1\n' * 9))
    printed = check(where / 'sparse', 0, 64, [placed])
    assert 'several VMCOREINFO' not in printed and '9.9.9' not in printed, printed
    # Two that ran: all is searched, and refused.
    sparse.put(BASE + 0x5000000, bytes(4096))
    sparse.kernel(BASE + 0x22200000, BASE + 0x300000000)
    code, _, printed = run(where / 'sparse')
    assert code and 'contradict each other' in printed, printed

    # .data at 64 KiB, no header.
    fine = Ram(where / 'fine', 4 * GIB)
    fine.kernel(BASE + 0x12000000, BASE + 0xffff0000, header=False)
    check(where / 'fine', 0, 64, [placed])
    # Marks of stacks that are no kernel's.
    for i in range(40):
        fine.put(BASE + 0x1000000 + i * 0x200000, struct.pack('<Q', STACK_END))
    check(where / 'fine', 0, 64, [placed])

    # Variables that do not fit the text: all is searched, once, and the answer is the same.
    odd = Ram(where / 'odd', 4 * GIB)
    odd.kernel(BASE + 0x12000000, BASE + 0xffff0000, size_differs=1)
    check(where / 'odd', 0, 256, [placed])
    # Nothing at all.
    Ram(where / 'none', 4 * GIB).put(BASE + GIB, b'\5' * 4096)
    code, read, printed = run(where / 'none')
    assert code and 'not a kernel minidump' in printed, printed


with tempfile.TemporaryDirectory(dir='/var/tmp') as folder:
    main(pathlib.Path(folder))
