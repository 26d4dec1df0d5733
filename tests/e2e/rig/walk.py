# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Walks the page tables of the kernel in all of RAM: 4 KiB pages, 3 to 5 levels; of 32-bit arm the
short descriptors, or the long ones (LPAE)."""
import struct

import firmware

ADDRESS = (1 << 48) - (1 << 12)


class Walker:
    def __init__(self, arch, ram, base, size):
        self.arch, self.ram, self.base, self.end = arch, ram, base, base + size

    def table(self, at):
        try:
            return struct.unpack('<512Q', self.ram.read(at, 4096))
        except firmware.NoTable:
            return ()

    def leaf(self, entry, level):
        """Whether an entry maps memory; level 0 is a page."""
        if level == 0:
            return True
        if self.arch == 'riscv64':  # It may be read, written or run.
            return bool(entry & 0xe)
        return bool(entry & 0x80) if self.arch == 'amd64' else not entry & 2

    def address(self, entry):
        return (entry >> 10 & (1 << 44) - 1) << 12 if self.arch == 'riscv64' else entry & ADDRESS

    def walk(self, at, level, virtual):
        """(virtual, physical, size) of the mappings of RAM, in order."""
        for i, entry in enumerate(self.table(at)):
            size = 4096 << 9 * level
            here = virtual + i * size
            if not entry & 1:
                continue
            place = self.address(entry)
            if not self.leaf(entry, level):
                yield from self.walk(place, level - 1, here)
            elif self.base <= place & -size <= self.end - size:
                yield here, place & -size, size


def merged(pieces):
    """Merge mappings that are adjacent in both address spaces."""
    out = []
    for virtual, physical, size in pieces:
        if out and out[-1][0] + out[-1][2] == virtual and out[-1][1] + out[-1][2] == physical:
            out[-1] = (*out[-1][:2], out[-1][2] + size)
        else:
            out.append((virtual, physical, size))
    return out


def short(ram, base, size, root):
    """Sections of 1 MiB, and tables of 256 pages."""
    for i, entry in enumerate(struct.unpack('<4096I', ram.read(root, 16384))):
        if entry & 3 == 1 and base <= entry & -1024 < base + size:
            for k, page in enumerate(struct.unpack('<256I', ram.read(entry & -1024, 1024))):
                if page & 2 and base <= page & -4096 < base + size:
                    yield (i << 20) + (k << 12), page & -4096, 4096
        elif entry & 2 and base <= entry & -1048576 < base + size:
            yield i << 20, entry & -1048576, 1 << 20


def long(walker, root):
    """LPAE: four entries of 1 GiB each, and two levels of tables below."""
    for i, entry in enumerate(struct.unpack('<4Q', walker.ram.read(root, 32))):
        if entry & 3 == 3:
            yield from walker.walk(walker.address(entry), 1, i << 30)


def mappings(arch, ram, base, size, root, levels):
    """All RAM that the kernel's part of the address space maps."""
    walker = Walker(arch, ram, base, size)
    if arch == 'armhf':
        return merged(short(ram, base, size, root) if levels == 2 else long(walker, root))
    span = 4096 << 9 * levels
    found = walker.walk(root, levels - 1, (1 << 64) - span)
    # arm64 alone has two roots; of one, the first half belongs to the process.
    kernels = (1 << 64) - (span if arch == 'arm64' else span // 2)
    return merged(piece for piece in found if piece[0] >= kernels)


def without(mapped, covered):
    """The mappings that no covered (virtual, size) range touches."""
    return [piece for piece in mapped if not any(
        piece[0] < start + length and start < piece[0] + piece[2] for start, length in covered)]
