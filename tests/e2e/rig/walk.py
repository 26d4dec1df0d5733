# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Walks the page tables of the kernel in all of RAM: pages of 4, 16 and 64 KiB, 2 to 5 levels; of 32-bit
arm the short descriptors, or the long ones (LPAE)."""
import collections
import struct

import firmware

ADDRESS = (1 << 48) - 1

# Bits of an address: within a page, and that the root and all below it translate.
Shape = collections.namedtuple('Shape', 'page root')


def is_lpae(info):
    return 'CONFIG_ARM_LPAE=y' in info.text


def shape(arch, info):
    if arch == 'armhf':
        return Shape(12, 32)
    if arch == 'riscv64':
        return Shape(12, info.number('VA_BITS'))
    if arch == 'amd64':
        return Shape(12, 57 if info.number('pgtable_l5_enabled') else 48)
    page, used = info.value('PAGESIZE', 10).bit_length() - 1, 64 - info.number('TCR_EL1_T1SZ')
    # A kernel for 52 bits on a CPU with 48 keeps its root only with pages of 64 KiB.
    return Shape(page, max(used, info.number('VA_BITS')) if page == 16 else used)


class Walker:
    def __init__(self, arch, form, ram, base, size):
        self.arch, self.form, self.ram, self.base, self.end = arch, form, ram, base, base + size
        self.index = form.page - 3  # Bits that a whole table translates.
        self.levels = -(-(form.root - form.page) // self.index)

    def table(self, at, level):
        bits = min(self.index, self.form.root - self.form.page - level * self.index)
        try:
            return struct.unpack(f'<{1 << bits}Q', self.ram.read(at, 8 << bits))
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
        return (entry >> 10 & (1 << 44) - 1) << 12 if self.arch == 'riscv64' \
            else entry & ADDRESS & -(1 << self.form.page)

    def walk(self, at, level, virtual):
        """(virtual, physical, size) of the mappings of RAM, in order."""
        for i, entry in enumerate(self.table(at, level)):
            size = 1 << self.form.page + self.index * level
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


def mappings(arch, info, ram, base, size, root):
    """All RAM that the kernel's part of the address space maps."""
    if arch == 'armhf' and not is_lpae(info):
        return merged(short(ram, base, size, root))
    walker = Walker(arch, shape(arch, info), ram, base, size)
    if arch == 'armhf':
        return merged(walker.walk(root, walker.levels - 1, 0))
    span = 1 << walker.form.root
    found = walker.walk(root, walker.levels - 1, (1 << 64) - span)
    # arm64 alone has two roots; of one, the first half belongs to the process.
    kernels = (1 << 64) - (span if arch == 'arm64' else span // 2)
    return merged(piece for piece in found if piece[0] >= kernels)


def without(mapped, covered):
    """The mappings that no covered (virtual, size) range touches."""
    return [piece for piece in mapped if not any(
        piece[0] < start + length and start < piece[0] + piece[2] for start, length in covered)]
