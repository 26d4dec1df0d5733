# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Writers of other tools' dumps, from the descriptions of their formats.

Ranges are pairs (physical address, bytes).
"""
import ctypes
import ctypes.util
import struct
import zlib

CRC32C = []
for _byte in range(256):
    for _ in range(8):
        _byte = _byte >> 1 ^ (0x82F63B78 if _byte & 1 else 0)
    CRC32C.append(_byte)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ CRC32C[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def lime(ranges):
    """LiME, and AVML version 1: magic, version, first and last address, 8 reserved bytes."""
    return b''.join(struct.pack('<4sIQQQ', b'EMiL', 1, at, at + len(data) - 1, 0) + data
                    for at, data in ranges)


def snappy(data):
    """Raw Snappy: by libsnappy if it is there, else literals alone."""
    name = ctypes.util.find_library('snappy')
    if name:
        library = ctypes.CDLL(name)
        room = library.snappy_max_compressed_length(ctypes.c_size_t(len(data)))
        out, size = ctypes.create_string_buffer(room), ctypes.c_size_t(room)
        if not library.snappy_compress(data, ctypes.c_size_t(len(data)), out, ctypes.byref(size)):
            return out.raw[:size.value]
    length, head = len(data), b''
    while length >= 0x80:
        head += bytes([length & 0x7F | 0x80])
        length >>= 7
    return head + bytes([length, 61 << 2]) + struct.pack('<H', len(data) - 1) + data


def snappy_stream(data, plain=False):
    """Snappy's framing format."""
    out = b'\xff\x06\0\0sNaPpY'
    for at in range(0, len(data), 65536):
        piece = data[at:at + 65536]
        crc = crc32c(piece)
        masked = (crc >> 15 | crc << 17) + 0xA282EAD8 & 0xFFFFFFFF
        body = struct.pack('<I', masked) + (piece if plain else snappy(piece))
        out += struct.pack('<I', len(body) << 8 | plain) + body
    return out


def avml(ranges, plain=False):
    """AVML version 2: each range is a Snappy stream, and its compressed length."""
    out = b''
    for at, data in ranges:
        stream = snappy_stream(data, plain)
        out += struct.pack('<4sIQQQ', b'AVML', 2, at, at + len(data) - 1, 0) + stream
        out += struct.pack('<Q', len(stream))
    return out


def flattened(data, piece=50000):
    """makedumpfile -F: pieces with their offsets, the beginning of the file last."""
    pieces = [(at, data[at:at + piece]) for at in range(0, len(data), piece)]
    pieces = [(0, b'\xaa' * len(pieces[0][1]))] + pieces[1:] + pieces[:1]
    out = struct.pack('>16sqq', b'makedumpfile', 1, 1).ljust(4096, b'\0')
    for at, part in pieces:
        out += struct.pack('>qq', at, len(part)) + part
    return out + struct.pack('>qq', -1, -1)


PAGE = 4096
KDUMP_NONE, KDUMP_ZLIB, KDUMP_LZO, KDUMP_SNAPPY = 0, 1, 2, 4


def lzo(data):
    """LZO1X-1 by liblzo2; None without it."""
    name = ctypes.util.find_library('lzo2')
    if not name:
        return None
    work = ctypes.create_string_buffer(1 << 17)
    out, size = ctypes.create_string_buffer(len(data) * 2 + 64), ctypes.c_size_t()
    if ctypes.CDLL(name).lzo1x_1_compress(data, ctypes.c_size_t(len(data)), out,
                                          ctypes.byref(size), work):
        return None
    return out.raw[:size.value]


def note(name, kind, desc):
    """An ELF note."""
    return struct.pack('<III', len(name) + 1, len(desc), kind) + \
        (name + b'\0').ljust(len(name) + 4 & ~3, b'\0') + desc + bytes(-len(desc) % 4)


def kdump(ranges, machine=b'x86_64', packing=KDUMP_ZLIB, notes=b'', info=b'', split=None):
    """kdump-compressed, version 6; the ranges are whole pages.  split: (first, last) frame."""
    pages = {at // PAGE + i: data[i * PAGE:(i + 1) * PAGE]
             for at, data in ranges for i in range(len(data) // PAGE)}
    count = max(pages) + 1
    bits = bytearray(-(-count // (8 * PAGE)) * PAGE)
    for frame in pages:
        bits[frame // 8] |= 1 << frame % 8
    head = struct.pack('<8si65s65s65s65s65s65s22xIiiIIIIIii', b'KDUMP   ', 6, b'Linux', b'node',
                       b'release', b'version', machine, b'domain', packing, PAGE, 1,
                       2 * len(bits) // PAGE, min(count, 0xFFFFFFFF), 0, 0, 0, 0, 1)
    at = 2 * PAGE + 2 * len(bits)
    texts = PAGE + 104
    first, last = split or (0, count)
    sub = struct.pack('<QiiQQqQqQqQQQQ', 0, 0, split is not None, first, last, texts if info else 0,
                      len(info), texts + len(info) if notes else 0, len(notes), 0, 0, first, last,
                      count)
    pack = {KDUMP_NONE: bytes, KDUMP_ZLIB: zlib.compress, KDUMP_LZO: lzo, KDUMP_SNAPPY: snappy}
    table, body = b'', b''
    kept = [pages[frame] for frame in sorted(pages) if first <= frame < last]
    end = at + 24 * len(kept)
    for page in kept:
        packed = pack[packing](page)
        flags = packing
        if len(packed) >= PAGE:
            packed, flags = page, 0
        table += struct.pack('<qIIQ', end + len(body), len(packed), flags, 0)
        body += packed
    return head.ljust(PAGE, b'\0') + (sub + info + notes).ljust(PAGE, b'\0') + bytes(bits) * 2 + \
        table + body


def kdump32(ranges, machine, packed, notes=b'', order='<'):
    """As a 32-bit machine writes it.  packed: 64-bit numbers at multiples of 4 (i386; QEMU)."""
    pages = {at // PAGE + i: data[i * PAGE:(i + 1) * PAGE]
             for at, data in ranges for i in range(len(data) // PAGE)}
    count = max(pages) + 1
    bits = bytearray(-(-count // (8 * PAGE)) * PAGE)
    for frame in pages:
        bits[frame // 8] |= 1 << frame % 8
    head = struct.pack(order + '8si65s65s65s65s65s65s2x8xIiiIIIIIii', b'KDUMP   ', 6, b'Linux', b'node',
                       b'release', b'version', machine, b'domain', KDUMP_ZLIB, PAGE, 1,
                       2 * len(bits) // PAGE, count, 0, 0, 0, 0, 1)
    pad = '' if packed else '4x'
    size = 80 if packed else 96
    sub = struct.pack(f'{order}IiiII{pad}QI{pad}QI{pad}QI{pad}QQQ', 0, 1, 0, 0, 0, 0, 0,
                      PAGE + size if notes else 0, len(notes), 0, 0, 0, count, count)
    kept = [zlib.compress(pages[frame]) for frame in sorted(pages)]
    end = 2 * PAGE + 2 * len(bits) + 24 * len(kept)
    table = b''
    for page in kept:
        table += struct.pack(order + 'qIIQ', end, len(page), KDUMP_ZLIB, 0)
        end += len(page)
    return head.ljust(PAGE, b'\0') + (sub + notes).ljust(PAGE, b'\0') + bytes(bits) * 2 + table + \
        b''.join(kept)


def lime_compressed(ranges):
    """LiME with compress=1: all of the dump is one zlib stream with a small window."""
    deflate = zlib.compressobj(wbits=11, memLevel=5)
    return deflate.compress(lime(ranges)) + deflate.flush()


def xen(ranges, p2m=False, machine=62, notes=True, gone=0):
    """xl dump-core: the ranges are whole pages; every second one comes last, then those without a number."""
    pages = [(at // PAGE + i, data[i * PAGE:(i + 1) * PAGE])
             for at, data in ranges for i in range(len(data) // PAGE)]
    pages = pages[::2] + pages[1::2] if len(pages) < 9 else pages[5:] + pages[:5]
    pages += [(2**64 - 1, bytes(PAGE))] * gone
    names = b'\0.shstrtab\0.note.Xen\0.xen_prstatus\0.xen_p2m\0.xen_pfn\0.xen_pages\0'
    header = struct.pack('<QQQQ', 0xF00FEBED if p2m else 0xF00FEBEE, 1, len(pages), PAGE)
    texts = note(b'Xen', 0x2000000, b'') + note(b'Xen', 0x2000001, header) + \
        note(b'Xen', 0x2000003, struct.pack('<Q', 1))
    numbers = b''.join(struct.pack('<QQ', frame, frame ^ 0x5555) if p2m else struct.pack('<Q', frame)
                       for frame, _ in pages)
    bodies = [(b'.shstrtab', 3, names), (b'.note.Xen', 7, texts if notes else b''),
              (b'.xen_prstatus', 1, bytes(512)), (b'.xen_p2m' if p2m else b'.xen_pfn', 1, numbers),
              (b'.xen_pages', 1, b''.join(data for _, data in pages))]
    table, body, at = bytes(64), b'', 64 + 64 * (len(bodies) + 1)
    for name, kind, data in bodies:
        if name == b'.xen_pages':
            body += bytes(-(at + len(body)) % PAGE)
        table += struct.pack('<IIQQQQIIQQ', names.index(name + b'\0'), kind, 0, 0, at + len(body),
                             len(data), 0, 0, 1, 0)
        body += data
    return b'\x7fELF\2\1\1' + bytes(9) + struct.pack(
        '<HHIQQQIHHHHHH', 4, machine, 1, 0, 0, 64, 0, 64, 56, 0, 64, len(bodies) + 1, 1) + table + body


def remoteproc(sections, bits=32, machine=164):
    """A core of remoteproc_coredump.c with sections: (name, address, bytes), no segments."""
    wide = bits == 64
    names, offsets = b'\0STR_TBL\0', []
    for name, _, _ in sections:
        offsets.append(len(names))
        names += name + b'\0'
    head, entry = (64, 64) if wide else (52, 40)
    at = head + entry * (2 + len(sections))

    def section(name, kind, flags, address, offset, size):
        form = '<IIQQQQIIQQ' if wide else '<10I'
        return struct.pack(form, name, kind, flags, address, offset, size, 0, 0, 0, 0)

    table = bytes(entry) + section(1, 3, 0, 0, at, len(names))
    body = names
    for (_, address, data), name in zip(sections, offsets):
        table += section(name, 1, 1, address, at + len(body), len(data))
        body += data
    ident = b'\x7fELF' + bytes([2 if wide else 1, 1, 1]) + bytes(9)
    fields = struct.pack('<HHIQQQIHHHHHH' if wide else '<HHIIIIIHHHHHH', 4, machine, 1, 0, 0, head,
                         0, head, 0, 0, entry, 2 + len(sections), 1)
    return ident + fields + table + body


def ramoops(zones, room=8192):
    """A ramoops area: (mark, oldest, bytes), each zone of the same size."""
    out = b''
    for mark, oldest, data in zones:
        ring = data[len(data) - oldest:] + data[:len(data) - oldest]
        out += (struct.pack('<III', 0x43474244 ^ mark, oldest, len(data)) + ring).ljust(room, b'\0')
    return out


def ramoops_record(number, part, text, stamp=1, packed=True):
    """A record of a panic as fs/pstore writes it."""
    body = b'Panic#%d Part%d\n' % (number, part) + text
    if packed:
        deflate = zlib.compressobj(wbits=-15)
        body = deflate.compress(body) + deflate.flush()
    return b'====%d.%06d-%c\n' % (stamp, part, b'DC'[packed]) + body


def mrdump(loads, registers, machine=183, sections=60, cpus=8, misc=20):
    """MediaTek's mrdump_mini of arm64: (physical, virtual, bytes); registers: {name: prstatus}.

    Headers for a fixed number of segments, of which most are empty; notes whose names have a
    fixed size; p_memsz is 0; data in blocks of 512 bytes after the header's pages.
    """
    def entry(name, room, kind, desc):
        return struct.pack('<III', room, len(desc), kind) + name.ljust(room, b'\0') + desc

    names = sorted(registers) + [None] * (cpus + 1)
    notes = entry(b'vmlinux', 12, 3, bytes(136))
    for name in names[:cpus + 1]:
        notes += entry(name or b'NA', 12, 1, registers.get(name, bytes(392)))
    others = b''.join(entry(b'_KERNEL_LOG_' if not i else b'NA', 20, 4095, bytes(32))
                      for i in range(misc))
    table = 64 + 56 * sections
    at = -(-(table + len(notes) + len(others)) // PAGE) * PAGE
    headers = [struct.pack('<IIQQQQQQ', 4, 0, table, 0, 0, len(notes), 0, 0),
               struct.pack('<IIQQQQQQ', 4, 0, table + len(notes), 0, 0, len(others), 0, 0)]
    body = b''
    for phys, virt, data in loads:
        headers.append(struct.pack('<IIQQQQQQ', 1, 0, at + len(body), virt, phys, len(data), 0, 0))
        body += data + bytes(-len(data) % 512)
    ident = b'\x7fELF\2\1\1' + bytes(9)
    head = ident + struct.pack('<HHIQQQIHHHHHH', 4, machine, 1, 0, 64, 0, 0, 64, 56, sections, 0, 0,
                               0)
    return (head + b''.join(headers).ljust(56 * sections, b'\0') + notes + others).ljust(at, b'\0') + body


def prstatus(pid, registers):
    """struct elf_prstatus of arm64."""
    return bytes(32) + struct.pack('<I', pid) + bytes(76) + struct.pack(
        '<34Q', *registers, *[0] * (34 - len(registers))) + bytes(8)
