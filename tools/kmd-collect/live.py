# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The kernel that runs here: its memory by /proc/kcore."""
import os
import struct

from errors import CollectError
from memory import Hole, Memory

PAGE = 4096
CHUNK = 1 << 20
LOADS_MAX = 4096


class Kcore(Memory):
    """Virtual addresses of an ELF core that is not a file but the memory itself."""

    def __init__(self, path):
        try:
            self.file = os.open(path, os.O_RDONLY)
            head = os.pread(self.file, 64, 0)
            if head[:6] != b'\x7fELF\x02\x01' or len(head) < 64:
                raise CollectError(f'{path}: no 64-bit ELF file')
            offset, = struct.unpack_from('<Q', head, 32)
            entry, count = struct.unpack_from('<HH', head, 54)
            if entry != 56 or count > LOADS_MAX:
                raise CollectError(f'{path}: damaged ELF header')
            table = os.pread(self.file, entry * count, offset)
        except OSError as error:
            raise CollectError(f'{path}: {error.strerror}') from error
        self.loads = []
        for at in range(0, len(table) - entry + 1, entry):
            kind, _, place, virtual, _, size = struct.unpack_from('<IIQQQQ', table, at)
            if kind == 1:
                self.loads.append((virtual, size, place))

    def some(self, address, size):
        """The first bytes at this address, or why there are none."""
        for virtual, length, place in self.loads:
            if virtual <= address < virtual + length:
                size = min(size, virtual + length - address)
                try:
                    return os.pread(self.file, size, place + address - virtual) or 'nothing was read'
                except (OSError, OverflowError) as error:
                    return getattr(error, 'strerror', None) or str(error)
        return 'not in /proc/kcore'

    def span(self, address, size):
        at, end = address, address + size
        while at < end:
            data = self.some(at, min(CHUNK, end - at))
            page = min(PAGE - at % PAGE, end - at)
            if isinstance(data, str) and end - at > page:
                # Perhaps only a later page is not there.
                data = self.some(at, page)
            if isinstance(data, str):
                yield Hole(at, page, data)
                at += page
            else:
                yield at, data
                at += len(data)

    def pieces(self, row):
        return self.pieces_by_virtual(row)
