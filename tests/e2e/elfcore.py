# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A reader for little-endian cores, just enough to compare two of them."""
import struct
from collections import namedtuple

PT_LOAD, PT_NOTE = 1, 4
Segment = namedtuple('Segment', 'vaddr paddr data')
Note = namedtuple('Note', 'name type desc')


def _program_headers(core):
    if core[:6] == b'\x7fELF\x01\x01':
        return _narrow_headers(core)
    if core[:6] != b'\x7fELF\x02\x01':
        raise ValueError('not a little-endian ELF file')
    (offset,) = struct.unpack_from('<Q', core, 32)
    size, count = struct.unpack_from('<HH', core, 54)
    return [struct.unpack_from('<IIQQQQQQ', core, offset + i * size) for i in range(count)]


def _narrow_headers(core):
    """Those of ELF32, with the members where ELF64 has them."""
    (offset,) = struct.unpack_from('<I', core, 28)
    size, count = struct.unpack_from('<HH', core, 42)
    rows = [struct.unpack_from('<8I', core, offset + i * size) for i in range(count)]
    return [(row[0], row[6], *row[1:6], row[7]) for row in rows]


def segments(core):
    """Every PT_LOAD with its bytes, sorted."""
    found = []
    for kind, _, offset, vaddr, paddr, filesz, memsz, _ in _program_headers(core):
        if kind != PT_LOAD:
            continue
        if filesz != memsz or offset + filesz > len(core):
            raise ValueError(f'PT_LOAD at {paddr:#x}: p_filesz {filesz:#x}, p_memsz {memsz:#x}')
        found.append(Segment(vaddr, paddr, core[offset:offset + filesz]))
    return sorted(found)


def notes(core):
    found = []
    for kind, _, at, _, _, filesz, _, _ in _program_headers(core):
        end = at + filesz
        while kind == PT_NOTE and at < end:
            namesz, descsz, note_type = struct.unpack_from('<III', core, at)
            name = at + 12
            desc = name + (namesz + 3 & ~3)
            found.append(Note(core[name:name + namesz], note_type, core[desc:desc + descsz]))
            at = desc + (descsz + 3 & ~3)
    return found
