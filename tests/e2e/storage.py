#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A dump in a partition of a disk, in parts of a split file, or among other files.

The partition tables are written here from the UEFI specification 2.10, chapter 5.
"""
import gzip
import struct
import uuid
import zlib

import kit
from packed import Bench, tar, zipped

TYPE = uuid.UUID('0fc63daf-8483-4772-8e79-3d69d8477de4').bytes_le


def gpt(partitions, sector=512):
    """A disk with these partitions: (name, bytes)."""
    per = 16384 // sector
    at, rows, data = 2 + per, b'', b''
    for name, content in partitions:
        content += bytes(-len(content) % sector)
        last = at + len(content) // sector - 1
        rows += (TYPE + uuid.uuid4().bytes_le + struct.pack('<QQQ', at, last, 0) +
                 name.encode('utf-16-le').ljust(72, b'\0'))
        data += content
        at = last + 1
    rows = rows.ljust(16384, b'\0')
    sectors = at + per + 1

    def header(own, other, table):
        body = struct.pack('<8sIIIIQQQQ16sQIII', b'EFI PART', 0x10000, 92, 0, 0, own, other,
                           2 + per, at - 1, uuid.uuid4().bytes_le, table, 128, 128,
                           zlib.crc32(rows))
        crc = zlib.crc32(body)
        return (body[:16] + struct.pack('<I', crc) + body[20:]).ljust(sector, b'\0')

    protective = struct.pack('<B3sB3sII', 0, b'\0\2\0', 0xee, b'\xff\xff\xff', 1, sectors - 1)
    mbr = (bytes(446) + protective + bytes(48) + b'\x55\xaa').ljust(sector, b'\0')
    return mbr + header(1, sectors - 1, 2) + rows + data + rows + header(sectors - 1, 1, at)


def mbr(partitions):
    rows, data, at = b'', b'', 64
    for content in partitions:
        content += bytes(-len(content) % 512)
        rows += struct.pack('<B3sB3sII', 0, b'\0\1\0', 0x83, b'\0\1\0', at, len(content) // 512)
        data += content
        at += len(content) // 512
    return (bytes(446) + rows.ljust(64, b'\0') + b'\x55\xaa').ljust(64 * 512, b'\0') + data


def check_disks(bench, image, want):
    other = b'\xeb\x3c\x90other'.ljust(70000, b'o')
    disk = bench.path('emmc.img')
    rows = [('boot_a', other), ('rawdump', image + bytes(100000)), ('userdata', other)]
    for sector in (512, 4096):
        disk.write_bytes(gpt(rows, sector))
        bench.expect_core(disk, want)
        bench.expect_core(f'{disk}:rawdump', want)
        bench.expect_core(f'{disk}:2', want)
    bench.expect_error(f'{disk}:nothing', 'no such partition', 'boot_a, rawdump, userdata')
    bench.expect_error(f'{disk}:boot_a', 'not a kernel minidump')
    bench.expect_core('-', want, data=gzip.compress(disk.read_bytes()))
    # A read-out that ends behind the dump has no second table.
    whole = gpt(rows)
    disk.write_bytes(whole[:whole.find(b'\xeb\x3c\x90other', 70000)])
    bench.expect_core(disk, want)
    # The name decides if no content does, and the content if no name does.
    disk.write_bytes(gpt([('boot_a', other), ('custom', image)]))
    bench.expect_core(disk, want)
    disk.write_bytes(gpt([('boot_a', other), ('rawdump', gzip.compress(image))]))
    bench.expect_core(disk, want)
    disk.write_bytes(gpt([('rawdump', image), ('logdump', image)]))
    bench.expect_error(disk, 'more than one partition', 'rawdump, logdump')
    bench.expect_core(f'{disk}:logdump', want)
    disk.write_bytes(gpt([('boot_a', other), ('x', other)]))
    bench.expect_error(disk, 'no partition is a dump', 'boot_a, x')
    disk.write_bytes(mbr([other, image]))
    bench.expect_core(disk, want)
    # An MBR's mark may be there by chance.
    disk.write_bytes(mbr([other]))
    bench.expect_error(disk, 'not a kernel minidump')
    check_hostile_tables(bench, whole)


def check_hostile_tables(bench, whole):
    """Each word of the header and of the first entries overwritten: no crash, no wrong core."""
    path = bench.path('hostile.img')
    for at in [*range(512, 604, 4), *range(1024, 1408, 8)]:
        for value in (0, 0xffffffff, 0x7fffffff):
            path.write_bytes(whole[:at] + struct.pack('<I', value) + whole[at + 4:])
            bench.assemble(path)


def split(bench, image, names):
    """The parts of @image; the path of the first."""
    size = len(image) // len(names) + 1
    for i, name in enumerate(names):
        bench.path(name).write_bytes(image[i * size:(i + 1) * size])
    return bench.path(names[0])


def check_parts(bench, image, want):
    for names in (['p.00', 'p.01', 'p.02'], ['q.aa', 'q.ab'], ['r_0', 'r_1', 'r_2'], ['xaa', 'xab'],
                  ['s.001', 's.002', 's.003'], ['t.gz.0', 't.gz.1']):
        data = gzip.compress(image) if '.gz' in names[0] else image
        bench.expect_core(split(bench, data, names), want)
    many = [f'm.{i:02}' for i in range(100)]
    bench.expect_core(split(bench, image, many), want)
    # Two dumps that are numbered are not parts of one.
    for name in ('two.0', 'two.1'):
        bench.path(name).write_bytes(image)
    bench.expect_core(bench.path('two.0'), want)
    # A larger file is no part either, whatever it begins with.
    bench.path('big.0').write_bytes(image)
    bench.path('big.1').write_bytes(bytes(len(image) + 1))
    code, text, core = bench.assemble(bench.path('big.0'), '-v')
    kit.check(code == 0 and core == want and 'parts of a split file' not in text, text)
    # Rotated files begin with 1 as well: they are not joined.
    first = split(bench, image, ['old.1', 'old.2'])
    code, text, core = bench.assemble(first)
    kit.check(core != want and code != 0, f'{first}: joined: {text}')
    bench.path('p.01').unlink()
    code, text, core = bench.assemble(bench.path('p.00'))
    kit.check(code in (1, 3) and core != want, f'a part is missing: {text}')
    # The output must not be one of the parts.
    last = bench.path('q.ab').read_bytes()
    done = bench.run(bench.path('q.aa'), '-f', '-o', bench.path('q.ab'))
    kit.check(done.returncode in (1, 64) and bench.path('q.ab').read_bytes() == last,
              'a part was overwritten')
    check_sparse_chunks(bench, image, want)


def check_sparse_chunks(bench, image, want, block=4096):
    """What simg2simg and fastboot make: each chunk leaves out the blocks of the others."""
    image += bytes(-len(image) % block)
    blocks = len(image) // block
    middle = blocks // 2

    def chunk(first, last):
        rows = []
        if first:
            rows.append(struct.pack('<HHII', 0xcac3, 0, first, 12))
        data = image[first * block:last * block]
        rows.append(struct.pack('<HHII', 0xcac1, 0, last - first, 12 + len(data)) + data)
        if last < blocks:
            rows.append(struct.pack('<HHII', 0xcac3, 0, blocks - last, 12))
        return struct.pack('<IHHHHIIII', 0xed26ff3a, 1, 0, 28, 12, block, blocks, len(rows),
                           0) + b''.join(rows)

    bench.path('d.img_sparsechunk.0').write_bytes(chunk(0, middle))
    bench.path('d.img_sparsechunk.1').write_bytes(chunk(middle, blocks))
    bench.expect_core(bench.path('d.img_sparsechunk.0'), want)


def check_among_others(bench, image, want):
    """A README beside the dump, or above it; other files in its folder."""
    notes, log = ('README.txt', b'see the ticket\n'), ('console.log', b'[    0.000000] Linux\n')
    bench.expect_core(zipped(bench.path('r.zip'), [notes, ('dump/dump.img', image)]), want)
    bench.expect_core(zipped(bench.path('s.zip'), [notes, ('dump.img', image)]), want)
    bench.expect_core(zipped(bench.path('l.zip'), [log, ('dump.img', image)]), want)
    inner = bench.path('s.zip').read_bytes()
    bench.expect_core(tar(bench.path('i.tar'), [('doc/NOTES.md', b'x'), ('s.zip', inner)]), want)
    folder = bench.path('desk')
    folder.mkdir()
    (folder / log[0]).write_bytes(log[1])
    (folder / 'minidump.bin').write_bytes(image)
    bench.expect_core(folder, want)
    (folder / 'second.bin').write_bytes(image)
    bench.expect_error(folder, 'several dumps', 'minidump.bin', 'second.bin')


def check_gzip(bench, image, want):
    """Members after one another, padding, and a wrong checksum or size at the end."""
    half = len(image) // 2
    path = bench.path('members.gz')
    members = gzip.compress(image[:half]) + gzip.compress(image[half:])
    path.write_bytes(members)
    bench.expect_core(path, want)
    path.write_bytes(members + bytes(512))
    bench.expect_core(path, want)
    path.write_bytes(members + b'tail')
    bench.expect_finding(path, 'after the gzip data are ignored')
    whole = gzip.compress(image)
    for at, word in ((-8, 'checksum'), (-4, 'size')):
        wrong = bytearray(whole)
        wrong[at] ^= 1
        path.write_bytes(wrong)
        bench.expect_finding(path, f'the {word} of the gzip data is wrong')


def main():
    program, dumps = kit.arguments()
    for dump in dumps:
        with kit.scratch() as where:
            bench = Bench(program, where)
            image = dump.form('rawdump.img', where).read_bytes()
            want = bench.assemble(where / 'rawdump.img')[2]
            check_disks(bench, image, want)
            check_parts(bench, image, want)
            check_among_others(bench, image, want)
            check_gzip(bench, image, want)
            print(f'{dump.name}: partitions, parts and files beside the dump: one core')


if __name__ == '__main__':
    main()
