# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Regions from elsewhere than the table: debugfs of the shim, or the ELF header region."""
import re
import struct

from errors import CollectError
from table import Row, clean_name

LOADS_MAX = 65535


def from_debugfs(text, where):
    """The rows of /sys/kernel/debug/kmemdump/regions that were placed, or wait for a slot."""
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        fields = line.split()
        if not fields or fields[0] == 'id':
            continue
        try:
            if len(fields) < 9:
                raise ValueError
            state, name, seq = fields[1], fields[3], int(fields[4])
            physical, size, virtual = int(fields[5], 16), int(fields[6]), int(fields[7], 16)
        except ValueError:
            raise CollectError(f'{where}: line {number} is no region') from None
        if state == 'placed' or (state == 'waiting' and re.match('K', name)):
            # As the table has it.
            rows.append(Row(clean_name(name.encode(), seq), physical, (size + 3) & ~3, virtual or None))
    if not rows:
        raise CollectError(f'{where}: no regions')
    return rows


def from_header(memory, virtual):
    """The rows that the ELF header region at this virtual address describes."""
    head = memory.read(virtual, 64)
    if head[:6] != b'\x7fELF\x02\x01' or struct.unpack_from('<H', head, 16)[0] != 4:
        raise CollectError(f'{virtual:#x}: no ELF header region')
    offset, = struct.unpack_from('<Q', head, 32)
    entry, count = struct.unpack_from('<HH', head, 54)
    if entry != 56 or offset > 1 << 20 or not count:
        raise CollectError(f'{virtual:#x}: the ELF header region is damaged')
    data = memory.read(virtual + offset, count * entry)
    rows = []
    for i in range(count):
        kind, _, _, vaddr, paddr, size = struct.unpack_from('<IIQQQQ', data, i * entry)
        if kind == 1:
            rows.append(Row(f'load{i}', paddr, size, vaddr))
    if not rows:
        raise CollectError(f'{virtual:#x}: the ELF header region describes no memory')
    return rows
