# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Writes RAR 5 archives whose files are stored, by RARLAB's description of the format."""
import zlib


def number(value):
    out = b''
    while value > 0x7f:
        out += bytes([value & 0x7f | 0x80])
        value >>= 7
    return out + bytes([value])


def header(*fields):
    body = b''.join(field if isinstance(field, bytes) else number(field) for field in fields)
    body = number(len(body)) + body
    return zlib.crc32(body).to_bytes(4, 'little') + body


def archive(members, encrypted=False, volume=False, mode=0o100644):
    """members: (name, bytes).  Encrypted ones have the record of encryption, but are stored all the same."""
    out = b'Rar!\x1a\x07\x01\0' + header(1, 0, int(volume))
    for name, data in members:
        name = name.encode()
        extra = number(49) + number(1) + bytes([0, 1, 15]) + bytes(45) if encrypted else b''
        sizes = [len(extra), len(data)] if encrypted else [len(data)]
        out += header(2, 3 if encrypted else 2, *sizes, 4, len(data), mode, zlib.crc32(data).to_bytes(4, 'little'),
                      0, 1, len(name), name, extra)
        out += data
    return out + header(5, 0, 0)
