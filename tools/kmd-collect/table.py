# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Finds and reads the Minidump table of a kernel: SMEM, item 602, table of contents, regions.

The layout is that of include/kmemdump/minidump.h.  Everything read here may be damaged.
"""
import struct

from errors import NoTable, Unreadable

PAGE = 4096
MARK = b'$TOC'                  # begins the last page of an SMEM area
AREA_MAX = 16 << 20
ROWS_MAX = 65536
ROW_SIZE = 40
ITEM = 602
CHUNK = 32 << 20                # of memory that is searched at once


class Row:
    """A region of the table."""

    def __init__(self, name, address, size, virtual=None):
        self.name, self.address, self.size = name, address, size
        # Where a debugger finds it that reads virtual addresses only.
        self.virtual = virtual

    def problem(self):
        """Why this cannot be memory, or None."""
        if not self.size:
            return 'its size is 0'
        if self.address + self.size > 1 << 64:
            return 'it extends past the end of the address space'
        return None


def words(memory, address, form):
    data = memory.read(address, struct.calcsize('<' + form))
    return struct.unpack('<' + form, data)


def clean_name(raw, number):
    """A name for files: what is not safe in one becomes _."""
    text = raw.split(b'\0')[0].decode('ascii', 'replace')
    name = ''.join(c if c.isascii() and (c.isalnum() or c in '_-.#') else '_' for c in text)
    return f'{name}{number or ""}' or 'unnamed'


def area_of_mark(memory, mark):
    """The SMEM area whose partition table is at this address: base and size."""
    magic, version, count = words(memory, mark, '4sII')
    if magic != MARK or version != 1 or count > 80:
        raise NoTable(f'{mark:#x}: no SMEM partition table')
    magic, size, low = words(memory, mark + 32 + 48 * count, '4sII')
    if magic != b'SIII' or size % PAGE or not 2 * PAGE <= size <= AREA_MAX or size > mark + PAGE:
        raise NoTable(f'{mark:#x}: the SMEM partition table has no valid end record')
    base = mark + PAGE - size
    if base & 0xffffffff != low:
        raise NoTable(f'{mark:#x}: this SMEM partition table is a copy; the original is at {low:#x}')
    return base, size


def global_partition(memory, base, size):
    table = base + size - PAGE
    _, _, count = words(memory, table, '4sII')
    for i in range(min(count, 80)):
        offset, length, _, host0, host1 = words(memory, table + 32 + 48 * i, 'IIIHH')
        if host0 == host1 == 0xfffe:
            if offset + length > size or length < 64:
                raise NoTable(f'{table:#x}: the global partition is not inside SMEM')
            return base + offset, length
    raise NoTable(f'{table:#x}: SMEM has no global partition')


def item(memory, part, length):
    """Address and size of item 602."""
    magic, host0, host1, size, free = words(memory, part, '4sHHII')
    if magic != b'$PRT' or (host0, host1, size) != (0xfffe, 0xfffe, length) or free > length:
        raise NoTable(f'{part:#x}: the global SMEM partition has no valid header')
    at = part + 32
    while at + 16 <= part + free:
        canary, number, size, pad_data, pad_header = words(memory, at, 'HHIHH')
        if canary != 0xa5a5 or at + 16 + pad_header + size > part + length or pad_data > size:
            raise NoTable(f'{at:#x}: damaged item in SMEM')
        if number == ITEM:
            return at + 16 + pad_header, size - pad_data
        at += 16 + pad_header + size
    raise NoTable(f'{part:#x}: SMEM has no item {ITEM}')


def check_header(memory, base):
    version, = words(memory, base + 92, 'I')
    initialized, = words(memory, base + 192, 'I')
    if version >> 16 != 12 or initialized != 1:
        raise NoTable(f'{base:#x}: no SMEM header of version 12')


def subsystem(memory, toc, size):
    """Number and address of the regions of the application processor."""
    if size < 48:
        raise NoTable(f'{toc:#x}: item {ITEM} is too short')
    status, revision, _ = words(memory, toc, 'III')
    if not status or revision != 1:
        raise NoTable(f'{toc:#x}: Minidump is not set up: status {status:#x}, revision {revision}')
    ready, enabled, _, _, count, base = words(memory, toc + 16, '5I4xQ')
    if ready != 1 or enabled != 0x454e424c:
        raise NoTable(f'{toc + 16:#x}: no table of the application processor is ready; '
                      'no kernel has registered regions, or the table was taken already')
    if count > ROWS_MAX or not base:
        raise NoTable(f'{toc + 16:#x}: {count} regions at {base:#x}: damaged')
    return count, base


class Table:
    """What the table of a kernel describes."""

    def __init__(self, base, size, rows, invalid):
        self.base, self.size, self.rows, self.invalid = base, size, rows, invalid


def read_rows(memory, address, count):
    rows, invalid = [], 0
    data = memory.read(address, count * ROW_SIZE) if count else b''
    for i in range(count):
        raw, seq, valid, at, size = struct.unpack_from('<16sIIQQ', data, i * ROW_SIZE)
        if valid != 0x56414c49:
            invalid += 1
            continue
        rows.append(Row(clean_name(raw, seq), at, size))
    return rows, invalid


def read(memory, base, size):
    """The table of the SMEM area at base; NoTable says what is wrong with it."""
    try:
        check_header(memory, base)
        count, rows = subsystem(memory, *item(memory, *global_partition(memory, base, size)))
        return Table(base, size, *read_rows(memory, rows, count))
    except Unreadable as error:
        raise NoTable(f'the table cannot be read: {error}') from error


def at(memory, base):
    """The size of the SMEM area that begins at base."""
    size = 0x10000
    reason = NoTable(f'{base:#x}: no SMEM area begins here')
    while size <= AREA_MAX:
        try:
            found, length = area_of_mark(memory, base + size - PAGE)
            if (found, length) == (base, size):
                return size
        except NoTable as error:
            reason = error if size == 0x10000 else reason
        except Unreadable as error:
            raise NoTable(f'the table cannot be read: {error}') from error
        size *= 2
    raise reason


def search(memory, ranges, step=PAGE):
    """The SMEM areas with a table of a kernel in these ranges, as (base, size).

    An area begins at a multiple of step.
    """
    found, reasons = [], []
    for start, size in ranges:
        for at_, data in memory.chunks(start, size, CHUNK):
            where = data.find(MARK)
            while where >= 0:
                if not (at_ + where) % PAGE:
                    try:
                        base, length = area_of_mark(memory, at_ + where)
                        read(memory, base, length)
                        if not base % step:
                            found.append((base, length))
                    except (NoTable, Unreadable) as error:
                        reasons.append(str(error))
                where = data.find(MARK, where + 1)
    return found, reasons
