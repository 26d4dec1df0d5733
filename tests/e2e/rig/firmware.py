# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Acts as boot firmware after a crash: reads the tables in RAM and saves the regions.

Written from the layouts of the Linux SMEM and remoteproc drivers, and from the output of
boot loaders.  It shares no code with the library or the shim.
"""
import os
import struct

ITEM = 602
RAW_NAME = 20


class NoTable(Exception):
    """There is no table, so there is nothing to save."""


class Ram:
    """A file with the content of RAM."""

    def __init__(self, path, base):
        self.file = open(path, 'rb')
        self.base = base

    def read(self, address, size):
        # Several threads read this file.
        data = os.pread(self.file.fileno(), size, address - self.base) if address >= self.base else b''
        if len(data) != size:
            raise NoTable(f'{address:#x}+{size:#x} is not in RAM')
        return data

    def words(self, address, form):
        return struct.unpack('<' + form, self.read(address, struct.calcsize('<' + form)))


class Region:
    def __init__(self, ram, address):
        name, seq, valid, self.address, self.size = ram.words(address, '16sIIQQ')
        self.name = name.split(b'\0')[0].decode()
        self.seq = seq
        self.valid = valid == int.from_bytes(b'VALI', 'big')
        self.file = f'md_{self.name}{seq or ""}.BIN'


def global_partition(ram, smem, size):
    table = smem + size - 4096
    magic, version, count = ram.words(table, '4sII')
    if magic != b'$TOC' or version != 1:
        raise NoTable('no partition table')
    info = table + 32 + 48 * count
    if ram.words(info, '4sII')[:3] != (b'SIII', size, smem & 0xffffffff):
        raise NoTable('no SIII, or of another area')
    for i in range(count):
        offset, length, _, host0, host1 = ram.words(table + 32 + 48 * i, 'IIIHH')
        if host0 == host1 == 0xfffe:
            return smem + offset, length
    raise NoTable('no global partition')


def item(ram, part, length):
    magic, host0, host1, size, free = ram.words(part, '4sHHII')
    if magic != b'$PRT' or (host0, host1, size) != (0xfffe, 0xfffe, length):
        raise NoTable('the global partition has no header')
    at = part + 32
    while at < part + free:
        canary, number, size, pad_data, pad_header = ram.words(at, 'HHIHH')
        if canary != 0xa5a5:
            raise NoTable('an SMEM item has no canary')
        if number == ITEM:
            return at + 16 + pad_header, size - pad_data
        at += 16 + pad_header + size
    raise NoTable('no item 602')


def regions(ram, smem, smem_size=0x10000):
    """The regions of the application processor, in order; NoTable if there are none."""
    version, = ram.words(smem + 92, 'I')
    initialized, = ram.words(smem + 192, 'I')
    if version >> 16 != 12 or initialized != 1:
        raise NoTable('no SMEM of version 12')
    toc, size = item(ram, *global_partition(ram, smem, smem_size))
    status, revision, _ = ram.words(toc, 'III')
    if not status or revision != 1 or size < 48:
        raise NoTable('Minidump is not set up')
    ready, enabled, encryption, _, count, base = ram.words(toc + 16, '5I4xQ')
    if ready != 1 or enabled != int.from_bytes(b'ENBL', 'big') or not base:
        raise NoTable('no table of the application processor')
    if encryption != int.from_bytes(b'DONE', 'big'):
        raise NoTable('encryption is not done')
    rows = [Region(ram, base + 40 * i) for i in range(count)]
    return [row for row in rows if row.valid]


def write_folder(folder, ram, rows):
    """md_*.BIN, with the list that the download tool of a host writes."""
    folder.mkdir()
    lines = []
    for row in rows:
        data = ram.read(row.address, row.size)
        if (folder / row.file).exists():
            raise ValueError(f'two regions are filed as {row.file}')
        (folder / row.file).write_bytes(data)
        lines.append(f'd.load.binary {row.file} 0x{row.address:x} /noclear\n')
    (folder / 'load.cmm').write_text(''.join(lines))


def write_raw(path, ram, rows):
    """A partition: header, one section per region, data."""
    head = 56 + 64 * len(rows)
    at, sections, places = head, b'', []
    for row in rows:
        name = row.file.encode()
        if len(name) > RAW_NAME:
            raise ValueError(f'{row.file} does not fit a section\'s name')
        sections += struct.pack('<IIIQQQQ20s', 1, 0x1000, 3, at, row.size, row.address, 0, name)
        places.append(at)
        at += row.size
    with open(path, 'wb') as image:
        image.write(struct.pack('<8sIIQQIQQI', b'Raw_Dmp!', 0x1000, 1, 0, 0, 0, at, at, len(rows)))
        image.write(sections)
        for row in rows:
            image.write(ram.read(row.address, row.size))


def write_cat(path, ram, rows):
    """The file that users make with cat: md_KELF, md_Kvmcoreinfo, then the others, in this order."""
    with open(path, 'wb') as out:
        for row in cat_order(ram, rows):
            out.write(ram.read(row.address, row.size))


def cat_order(ram, rows):
    """The header first, the text second, the rest at the header's p_offset."""
    header = next(row for row in rows if row.name == 'KELF')
    data = ram.read(header.address, header.size)
    if data[4] == 1:  # ELF32
        count, = struct.unpack_from('<H', data, 44)
        rows32 = [struct.unpack_from('<IIIII', data, 52 + 32 * i) for i in range(1, count)]
        loads = [(row[3], row[4], row[1]) for row in rows32]
    else:
        count, = struct.unpack_from('<H', data, 56)
        rows64 = [struct.unpack_from('<IIQQQQ', data, 64 + 56 * i) for i in range(1, count)]
        loads = [(row[4], row[5], row[2]) for row in rows64]
    places = {}
    for address, size, offset in loads:
        places.setdefault((address, size), []).append(offset)
    # Two regions may be the same memory; each has its own place in the file.
    rest = [(places[key].pop(0), row) for row in rows
            if places.get(key := (row.address, row.size))]
    text = [row for row in rows if row.name.startswith('Kvmcoreinfo')]
    return [header, *text, *(row for _, row in sorted(rest, key=lambda pair: pair[0]))]
