# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Put the regions of a real dump back at their addresses, into a sparse RAM image with SMEM.

Written from the layouts of the Linux SMEM and remoteproc drivers: version 12, a
global partition with item 602, in it the global ToC, whose first subsystem points
to the region array elsewhere in RAM.
"""
import struct

SMEM_SIZE = 0x200000
PARTITION_AT, PARTITION_SIZE = 0x10000, 0x20000
GLOBAL_HOST = 0xfffe
ITEM, ITEMS = 602, 1024
SUBSYSTEMS = 10
PAGE = 4096


def four(text):
    """'VALI' as the drivers write it: the first letter is the highest byte."""
    return int.from_bytes(text.encode(), 'big')


def region(name, seq, address, size, state='valid'):
    valid = four('VALI' if state == 'valid' else 'INVA')
    return struct.pack('<16sIIQQ', name.encode(), seq, valid, address, size)


def global_toc(count, array):
    apss = struct.pack('<5I4xQ', 1, four('ENBL'), four('DONE'), four('\0\0NR'), count, array)
    others = bytes(len(apss)) * (SUBSYSTEMS - 1)
    return struct.pack('<III4x', 1, 1, 1) + apss + others


def entry(number, data):
    return struct.pack('<HHIHHI', 0xa5a5, number, len(data), 0, 0, 0) + data


def partition(items):
    """Only the uncached list, whose entries follow each other."""
    body = b''.join(entry(number, data) for number, data in items)
    return struct.pack('<4sHHIII12x', b'$PRT', GLOBAL_HOST, GLOBAL_HOST, PARTITION_SIZE,
                       32 + len(body), PARTITION_SIZE) + body


def partition_table(smem):
    table = struct.pack('<4sII20x', b'$TOC', 1, 1)
    table += struct.pack('<IIIHHI28x', PARTITION_AT, PARTITION_SIZE, 0, GLOBAL_HOST,
                         GLOBAL_HOST, 32)
    return table + struct.pack('<4sIIIH', b'SIII', SMEM_SIZE, smem, 0, ITEMS)


def smem_header():
    """The boot loader's version in word 7 of the table at 64; initialized = 1 at 192."""
    return bytes(92) + struct.pack('<I', 12 << 16) + bytes(96) + struct.pack('<I', 1)


def write(path, regions, ram, data_of):
    """regions: rows of facts.json; data_of(name, seq) gives the bytes of a valid one."""
    base, smem = int(ram['base'], 0), int(ram['smem'], 0)
    rows = [(r[0], r[1], int(r[2], 0), *r[3:]) for r in regions]
    array = smem + SMEM_SIZE
    pieces = {row[2]: data_of(row[0], row[1]) for row in rows if row[4:] != ('invalid',)}
    pieces[smem] = smem_header()
    foreign = (469, bytes(64))
    pieces[smem + PARTITION_AT] = partition([foreign, (ITEM, global_toc(len(rows), array))])
    pieces[smem + SMEM_SIZE - PAGE] = partition_table(smem)
    pieces[array] = b''.join(region(*row) for row in rows)
    check_apart(pieces)
    with open(path, 'wb') as image:
        for address, data in pieces.items():
            image.seek(address - base)
            image.write(data)
        image.truncate((image.seek(0, 2) + PAGE) & -PAGE)


def check_apart(pieces):
    """Regions may overlap, with the same bytes; the structures that are added to RAM must not."""
    before, of_before = 0, b''
    for address, data in sorted(pieces.items()):
        common = of_before[address - before:][:len(data)]
        if common != data[:len(common)]:
            raise ValueError(f'{address:#x} differs from the piece before it')
        if address + len(data) > before + len(of_before):
            before, of_before = address, data
