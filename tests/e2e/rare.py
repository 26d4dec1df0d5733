# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Writes archives of kinds whose tools are rare, by the descriptions of the formats; files are stored as they are."""
import struct
import zlib


def lz4(data, block=65536):
    """One frame of blocks that are not compressed; 0x82 is the checksum of these two flags."""
    out = b'\x04\x22\x4d\x18\x60\x40\x82'
    for at in range(0, len(data), block):
        part = data[at:at + block]
        out += struct.pack('<I', 1 << 31 | len(part)) + part
    return out + bytes(4)


def skippable(text=b'made by'):
    return struct.pack('<II', 0x184d2a50, len(text)) + text


def cab(name, data):
    """A cabinet with one folder; blocks of 32 KiB without checksums."""
    blocks = [data[at:at + 32768] for at in range(0, len(data), 32768)]
    file = struct.pack('<IIHHHH', len(data), 0, 0, 0, 0, 0x20) + name.encode() + b'\0'
    start = 36 + 8 + len(file)
    body = b''.join(struct.pack('<IHH', 0, len(part), len(part)) + part for part in blocks)
    return (struct.pack('<4sIIIIIBBHHHHH', b'MSCF', 0, start + len(body), 0, 44, 0, 3, 1, 1, 1, 0, 0, 0) +
            struct.pack('<IHH', start, len(blocks), 0) + file + body)


def crc16(data):
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0xa001 if value & 1 else 0)
        table.append(value)
    crc = 0
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 255]
    return crc


def lha(name, data):
    """A header of level 0, method -lh0-."""
    body = (b'-lh0-' + struct.pack('<IIIBBB', len(data), len(data), 0x21 << 16, 0x20, 0, len(name)) + name.encode() +
            struct.pack('<H', crc16(data)))
    return bytes([len(body), sum(body) & 255]) + body + data + b'\0'


def rar4_header(kind, flags, body, data=b''):
    header = struct.pack('<BHH', kind, flags, 7 + len(body)) + body
    return struct.pack('<H', zlib.crc32(header) & 0xffff) + header + data


def rar4(name, data, flags=0):
    """Version 4 and before, method 0x30: stored."""
    file = struct.pack('<IIBIIBBHI', len(data), len(data), 3, zlib.crc32(data), 0x21 << 16, 20, 0x30, len(name), 0o100644)
    return (b'Rar!\x1a\x07\0' + rar4_header(0x73, flags, bytes(6)) + rar4_header(0x74, 0x8000, file + name.encode(), data) +
            rar4_header(0x7b, 0x4000, b''))


def zip_parts(name, data, n):
    """A stored file in @n parts; the list of files is in the last, whose end record counts the parts."""
    fields = struct.pack('<HHHHHIIIHH', 20, 0, 0, 0, 33, zlib.crc32(data), len(data), len(data), len(name), 0)
    body = b'PK\7\10PK\3\4' + fields + name.encode() + data
    central = b'PK\1\2' + struct.pack('<H', 20) + fields + struct.pack('<HHHII', 0, 0, 0, 0, 4) + name.encode()
    size = len(body) // n
    parts = [body[i * size:(i + 1) * size] for i in range(n - 1)] + [body[(n - 1) * size:]]
    parts[-1] += central + b'PK\5\6' + struct.pack('<HHHHIIH', n - 1, n - 1, 1, 1, len(central), len(parts[-1]), 0)
    return parts
