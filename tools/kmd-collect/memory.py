# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Memory of a machine: what all ways of reading it share."""
from errors import Unreadable


class Hole:
    """Bytes that could not be read."""

    def __init__(self, address, size, why):
        self.address, self.size, self.why = address, size, why


class Memory:
    """A machine's memory.  A subclass has pieces()."""

    def pieces(self, row):
        """Generates (address, bytes) and Hole for the bytes of a row, in order."""
        raise NotImplementedError

    def pieces_by_virtual(self, row):
        """pieces() where span() takes virtual addresses."""
        if row.virtual is None:
            yield Hole(row.address, row.size, 'no virtual address is known')
            return
        move = row.address - row.virtual
        for part in self.span(row.virtual, row.size):
            if isinstance(part, Hole):
                yield Hole(part.address + move, part.size, part.why)
            else:
                yield part[0] + move, part[1]

    def read(self, address, size):
        """These bytes, all of them."""
        data = bytearray()
        for piece in self.span(address, size):
            if isinstance(piece, Hole):
                raise Unreadable(piece.address, piece.size, piece.why)
            data += piece[1]
        if len(data) != size:
            raise Unreadable(address, size, f'only {len(data):#x} bytes came')
        return bytes(data)

    def span(self, address, size):
        """pieces() of an address."""
        raise NotImplementedError

    def chunks(self, start, size, chunk):
        """Generates (address, bytes) of all that can be read of a range."""
        for at in range(start, start + size, chunk):
            for piece in self.span(at, min(chunk, start + size - at)):
                if not isinstance(piece, Hole):
                    yield piece


def outside(address, size, ranges):
    """Splits a span into (address, size, is inside of ranges); ranges are sorted and disjoint."""
    parts, end = [], address + size
    for start, length in ranges:
        first, last = max(address, start), min(end, start + length)
        if first >= last:
            continue
        if first > address:
            parts.append((address, first - address, False))
        parts.append((first, last - first, True))
        address = last
    if address < end:
        parts.append((address, end - address, False))
    return parts
