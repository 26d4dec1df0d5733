# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A core of all RAM for the same questions.  Its answers are the reference.

It is made from the RAM file of QEMU and the VMCOREINFO of the kernel, without the library.
"""
import re
import struct

import qemu
import walk

MASK = (1 << 64) - 1
START_KERNEL_MAP = 0xffffffff80000000
IMAGE_ROOM = 64 << 20
# x86_64: modules follow the room for the image, and KASLR may put the image right before them.
MODULES = START_KERNEL_MAP + (1 << 30)
EM = {'amd64': 62, 'arm64': 183, 'armhf': 40, 'riscv64': 243}


class Info:
    """The VMCOREINFO text."""

    def __init__(self, text):
        self.text = text

    def value(self, key, base):
        match = re.search(rf'^{re.escape(key)}=(.*)$', self.text, re.M)
        return int(match.group(1), base) if match else None

    def symbol(self, name):
        return self.value(f'SYMBOL({name})', 16)

    def number(self, name):
        text = re.search(rf'^NUMBER\({name}\)=(.*)$', self.text, re.M).group(1)
        return int(text, 0)

    def kaslr_offset(self):
        if 'NUMBER(va_kernel_pa_offset)' in self.text and 'KERNELOFFSET' not in self.text:
            # riscv64 does not write it; its image begins at START_KERNEL_MAP.
            return self.symbol('_stext') - START_KERNEL_MAP & -(2 << 20)
        return self.value('KERNELOFFSET', 16) or 0


def image_offset(arch, info):
    """Virtual minus physical address of the kernel image."""
    if arch == 'amd64':
        return START_KERNEL_MAP - info.number('phys_base')
    if arch == 'riscv64':
        return info.number('va_kernel_pa_offset')
    if arch == 'armhf':  # The image is part of the linear map, which begins with RAM.
        return (info.symbol('swapper_pg_dir') & -(32 << 20)) - qemu.MACHINES[arch]['ram_base']
    return info.number('kimage_voffset')


def linear_offset(arch, info, ram):
    """Virtual minus physical address of the linear map."""
    if arch == 'arm64':
        return -(1 << info.number('VA_BITS')) - info.number('PHYS_OFFSET')
    if arch == 'armhf':
        return image_offset(arch, info)
    if arch == 'riscv64':
        return info.number('PAGE_OFFSET') - info.number('phys_ram_base')
    at = info.symbol('page_offset_base')
    if at is None:
        return None
    return ram.words(at - image_offset(arch, info) & MASK, 'Q')[0]


def segments(arch, info, linear, base, size):
    """(virtual, physical, size): the linear map, and the image's alias."""
    image = image_offset(arch, info)
    if arch == 'armhf':
        return [(base + linear, base, size)]
    start = max(base, (info.symbol('_stext') - image & MASK) & -(2 << 20))
    end = min(base + size, start + IMAGE_ROOM)
    if arch == 'amd64':
        end = min(end, MODULES - image & MASK)
    return [(start + image & MASK, start, end - start), (base + linear & MASK, base, size)]


def mapped(arch, info, ram, base, size):
    """(virtual, physical, size) of all that the kernel's page tables map, in order."""
    root = info.symbol('swapper_pg_dir') - image_offset(arch, info) & MASK
    return walk.mappings(arch, info, ram, base, size, root & -4096)


def aliases(arch, info, linear, ram, base, size):
    """vmalloc memory, which only page tables map.  It has no physical address, as in /proc/kcore."""
    covered = [(virtual, length) for virtual, _, length in segments(arch, info, linear, base, size)]
    return walk.without(mapped(arch, info, ram, base, size), covered)


def program_header(narrow, kind, flags, offset, virtual, physical, size):
    if narrow:
        return struct.pack('<8I', kind, offset, virtual, physical & 0xffffffff, size, size, flags, 0)
    return struct.pack('<IIQQQQQQ', kind, flags, offset, virtual, physical, size, size, 0)


def write(path, arch, info, linear, ram_file, base, size, notes=b'', others=()):
    desc = info.text.encode()
    note = struct.pack('<III', 11, len(desc), 0) + b'VMCOREINFO\0\0' + desc + bytes(-len(desc) % 4)
    note += notes
    parts = [(*part, part[1]) for part in segments(arch, info, linear, base, size)]
    parts += [(virtual, physical, length, MASK) for virtual, physical, length in others]
    narrow = arch == 'armhf'
    ehdr, phdr, word = (52, 32, 'I') if narrow else (64, 56, 'Q')
    at = ehdr + phdr * (1 + len(parts))
    data = (at + len(note) + 0xffff) & ~0xffff
    header = b'\x7fELF' + (b'\x01' if narrow else b'\x02') + b'\x01\x01' + bytes(9)
    header += struct.pack(f'<HHI{word}{word}{word}IHHHHHH', 4, EM[arch], 1, 0, ehdr, 0, 0, ehdr, phdr,
                          1 + len(parts), 0, 0, 0)
    header += program_header(narrow, 4, 0, at, 0, 0, len(note))
    for virtual, place, length, physical in parts:
        header += program_header(narrow, 1, 7, data + place - base, virtual, physical, length)
    with open(path, 'wb') as core, open(ram_file, 'rb') as ram:
        core.write(header + note)
        core.seek(data)
        while chunk := ram.read(1 << 22):
            if chunk.strip(b'\0'):
                core.write(chunk)
            else:
                core.seek(len(chunk), 1)
        core.truncate(data + size)
