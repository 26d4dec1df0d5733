# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A dump without some memory that firmware did not save, in any region."""
import pathlib
import re
import subprocess

import dump
import firmware
import qemu
import truth


class Kept:
    """The files of a finished run, with the interface of a stopped guest."""

    def __init__(self, folder, arch):
        self.folder = pathlib.Path(folder)
        self.machine = qemu.MACHINES[arch]
        self.ram = self.folder / 'ram'

    def stop(self):
        return (self.folder / 'registers.txt').read_text(encoding='utf-8')

    def console(self):
        return (self.folder / 'console').read_text(errors='replace')


def kept(kernel, program, folder, work):
    """The Dump of a folder that run.py --keep made, for work in another folder."""
    return dump.Dump(kernel, program, Kept(folder, kernel.arch), work)


class Piece:
    """A region, or the part of one outside of a hole."""

    def __init__(self, address, size, file):
        self.address, self.size, self.file = address, size, file


def pieces(rows, holes):
    """The rows without the memory of the holes, which are (address, size)."""
    out, spare = [], 0
    for row in rows:
        parts = [(row.address, row.address + row.size)]
        for address, size in holes:
            parts = [part for low, high in parts
                     for part in ((low, min(high, address)), (max(low, address + size), high))
                     if part[0] < part[1]]
        for low, high in parts:
            name = row.file
            if (low, high) != (row.address, row.address + row.size):
                name, spare = f'md_part{spare}.BIN', spare + 1
            out.append(Piece(low, high - low, name))
    return out


def image(taken, path, holes):
    firmware.write_raw(path, taken.ram, pieces(taken.rows, holes))
    return path


class Places:
    """The physical addresses of the variables of the image."""

    def __init__(self, taken, vmlinux):
        arch, info = taken.kernel.arch, taken.info
        self.delta = info.kaslr_offset() - truth.image_offset(arch, info)
        listed = subprocess.run(['nm', '-S', vmlinux], capture_output=True, check=True, text=True)
        self.symbols = {}
        for line in listed.stdout.splitlines():
            words = re.match(r'([0-9a-f]+) ([0-9a-f]+ )?\S (\S+)$', line)
            if words:  # riscv64's assembler leaves symbols without a name.
                self.symbols.setdefault(words[3], (int(words[1], 16), int(words[2] or '0', 16)))

    def hole(self, name, size=0):
        """The address of the variable of this name; None if there is none."""
        if name not in self.symbols:
            return None
        value, own = self.symbols[name]
        return (value + self.delta) & truth.MASK, size or own or 8
