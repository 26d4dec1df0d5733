#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What packers leave now and then: members after one another, bytes behind them, frames and programs before them,
split zip archives, archives of rare kinds; and what is not read, in clear words."""
import bz2
import functools
import gzip
import lzma
import os
import shutil

import kit
import rar5
import rare
import storage
from packed import Bench, tar, zipped
from cuts import zstd

FILTERS = {'gz': gzip.compress, 'bz2': bz2.compress, 'xz': functools.partial(lzma.compress, preset=1), 'zst': zstd,
           'lz4': rare.lz4}


def put(bench, name, data):
    path = bench.path(name)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


def check_members(bench, image, want):
    """In each, the checksum or mark of one member is followed by other bytes than the next one's."""
    half = len(image) // 2
    for suffix, pack in FILTERS.items():
        members = pack(image[:half]) + pack(image[half:])
        bench.expect_core(put(bench, f'members.{suffix}', members), want)
        for zeroes in (4, 512, 513):
            bench.expect_core(put(bench, f'padded.{suffix}', members + bytes(zeroes)), want)
        for tail in (b'tail\n', os.urandom(300000)):
            path = put(bench, f'tail.{suffix}', members + tail)
            code, text, core = bench.assemble(path)
            kit.check(code == 3 and core == want, f'{path}: exit {code}: {text}')
            kit.check(f'{len(tail)} bytes after the' in text, f'{path}: the bytes behind are not named: {text}')
        bench.expect_finding(put(bench, f'cut.{suffix}', members[:len(members) * 3 // 4]), 'truncated')
    path = put(bench, 'tail.lzma', lzma.compress(image, lzma.FORMAT_ALONE) + b'tail')
    bench.expect_finding(path, '4 bytes after the compressed data are ignored')
    between = lzma.compress(image[:half], preset=0) + bytes(512) + lzma.compress(image[half:], preset=0)
    bench.expect_core(put(bench, 'between.xz', between), want)


def check_before(bench, image, want):
    frame = rare.skippable()
    for suffix in ('zst', 'lz4'):
        pack = FILTERS[suffix]
        half = len(image) // 2
        bench.expect_core(put(bench, f'skip.{suffix}', frame + pack(image)), want)
        bench.expect_core(put(bench, f'skip.{suffix}', frame * 2 + pack(image[:half]) + frame + pack(image[half:])), want)
    bench.expect_error(put(bench, 'skip.none', frame * 40), 'not a kernel minidump')
    # Programs with an archive behind.
    windows = b'MZ' + bytes(58) + b'\x40\0\0\0PE\0\0' + bytes(range(256)) * 99
    linux = b'\x7fELF\2\1\1' + bytes(9) + b'\2\0\x3e\0' + bytes(range(256)) * 200
    archive = zipped(bench.path('sfx.zip'), [('x/dump.img', image)]).read_bytes()
    kit.run([kit.tool('bsdtar'), '-c', '-f', bench.path('sfx.7z'), '--format', '7zip', '-C', bench.where, 'rawdump.img'])
    seven = bench.path('sfx.7z').read_bytes()
    for program in (windows, linux):
        for data in (archive, archive[:-2] + b'\7\0comment', seven, rar5.archive([('dump.img', image)]),
                     rare.rar4('dump.img', image)):
            bench.expect_core(put(bench, 'sfx.exe', program + data), want)
        for cut in (100, len(archive) // 2):
            bench.expect_finding(put(bench, 'sfx.exe', program + archive[:-cut]), 'not a kernel minidump')
        for data in (b'7z\xbc\xaf\x27\x1c' + bytes(64), b'Rar!\x1a\x07\1\0' + bytes(200), b'Rar!\x1a\x07\0' + bytes(200)):
            bench.expect_error(put(bench, 'sfx.exe', program + data), 'not a kernel minidump')


def check_split_zip(bench, image, want):
    for n in (2, 3, 12):
        parts = rare.zip_parts('x/dump.img', image, n)
        names = [f's{n}.z{i:02}' for i in range(1, n)] + [f's{n}.zip']
        for name, data in zip(names, parts):
            put(bench, f'split{n}/{name}', data)
        for name in (names[0], names[-1], ''):
            bench.expect_core(bench.path(f'split{n}') / name, want)
        members = [(f'below/{name}', data) for name, data in zip(names, parts)]
        bench.expect_core(tar(bench.path('split.tar'), members), want)
        bench.expect_error(tar(bench.path('split.tar'), members[1:]), 'z01 is missing' if n > 2 else 'last part of a split')
        for name in names[:-1]:
            (bench.path(f'split{n}') / name).rename(bench.path('away'))
            for opened in (names[-1], '') + ((names[0],) if name != names[0] else ()):
                bench.expect_error(bench.path(f'split{n}') / opened, f'{name} is missing')
            bench.path('away').rename(bench.path(f'split{n}') / name)
        (bench.path(f'split{n}') / names[-1]).unlink()
        bench.expect_error(bench.path(f'split{n}') / names[0], f'{names[-1]} is missing')
    for name, data in zip(('S.Z01', 'S.ZIP'), rare.zip_parts('dump.img', image, 2)):
        bench.expect_core(put(bench, name, data), want) if name == 'S.ZIP' else put(bench, name, data)
    # Numbered dumps, without a mark before the number, are no parts.
    for name in ('dump01', 'dump02'):
        put(bench, name, image[:len(image) // 2] if name == 'dump01' else image[len(image) // 2:])
    kit.check('split file' not in bench.assemble(bench.path('dump01'), '-v')[1], 'dump02 is taken for a part')


def check_rare(bench, image, want):
    """Each, and a tool's own, where it is installed."""
    for name, data in (('a.cab', rare.cab('rawdump.img', image)), ('a.lzh', rare.lha('rawdump.img', image)),
                       ('a.rar', rare.rar4('rawdump.img', image))):
        path = put(bench, name, data)
        bench.expect_core(path, want)
        bench.expect_core('-', want, data=data)
        for part in range(1, 8):
            bench.expect_finding(put(bench, 'cut', data[:len(data) * part // 8]), 'cut')
    made = [('ar', ['bsdtar', '-cf', 't.ar', '--format', 'arbsd', 'rawdump.img']),
            ('ar', ['ar', 'rc', 't2.ar', 'rawdump.img']),
            ('lzh', ['jlha', 'aq', 't.lzh', 'rawdump.img']),
            ('cab', ['gcab', '-cz', 't.cab', 'rawdump.img']),
            ('Z', ['compress', '-f', 'z.img'])]
    put(bench, 'z.img', image)
    for suffix, command in made:
        if shutil.which(command[0]):
            kit.run(command, cwd=bench.where)
            bench.expect_core(bench.path(command[2] if suffix != 'Z' else 'z.img.Z'), want)


def check_nested(bench, image, want):
    """A stored zip archive at the end of another; packed data in a partition, with zeroes behind; filters in each other."""
    other = b'\xeb\x3c\x90other'.ljust(70000, b'o')
    inner = zipped(bench.path('in.zip'), [('dump.img', image)]).read_bytes()
    for name, data in (('zip.cab', rare.cab('in.zip', inner)), ('zip.rar', rare.rar4('in.zip', inner)), ('zip.lzh', rare.lha('in.zip', inner)),
                       ('zip5.rar', rar5.archive([('in.zip', inner)]))):
        bench.expect_core(put(bench, name, data), want)
    packed = [pack(image) for pack in FILTERS.values()]
    packed += [inner, rare.cab('dump.img', image), tar(bench.path('in.tar'), [('x/dump.img', image)]).read_bytes(),
               b'MZ' + bytes(58) + b'\x40\0\0\0PE\0\0' + bytes(range(256)) * 99 + inner]
    for data in packed:
        bench.expect_core(put(bench, 'disk.img', storage.mbr([other, data])), want)
        bench.expect_core(put(bench, 'disk.img', storage.gpt([('boot_a', other), ('rawdump', data)], 4096)), want)
    bench.expect_core(put(bench, 'disk.img', storage.mbr([other, storage.gpt([('boot_a', other), ('logdump', packed[0])])])), want)
    # The table of an ar archive ends before the sector does.
    kit.run([kit.tool('bsdtar'), '-c', '-f', bench.path('in.ar'), '--format', 'arbsd', '-C', bench.where, 'rawdump.img'])
    bench.expect_core(put(bench, 'disk.img', storage.gpt([('rawdump', bench.path('in.ar').read_bytes())])), want)
    # The oldest tar has no mark; cut, or with bytes behind, its length is no multiple of 512.
    kit.run([kit.tool('bsdtar'), '-c', '-f', bench.path('v7.tar'), '--format', 'v7tar', '-C', bench.where, 'rawdump.img'])
    oldest = bench.path('v7.tar').read_bytes()
    bench.expect_core(put(bench, 'v7-padded.tar', oldest + bytes(7)), want)
    bench.expect_finding(put(bench, 'v7-cut.tar', oldest[:len(image) // 2 + 77]), 'v7-cut.tar')
    # The outer frame has bytes behind the end of the inner data.
    for inner in (lzma.compress(image, lzma.FORMAT_ALONE), lzma.compress(image, preset=0)):
        bench.expect_core(put(bench, 'twice', rare.lz4(inner)), want)
    # Less than what is unpacked at once.
    code, text, _ = bench.assemble(put(bench, 'short.xz', lzma.compress(image[:3000], preset=0) + b'\0'), '-v')
    kit.check('1 bytes after the compressed data are ignored' in text, f'short.xz: exit {code}: {text}')


def check_refused(bench, image):
    path = put(bench, 'dump.img.br', b'\x1b' + os.urandom(70000))
    bench.expect_error(path, 'brotli')
    data = bytearray(zipped(bench.path('deflate64.zip'), [('dump.img', image)]).read_bytes())
    data[8] = data[data.find(b'PK\1\2') + 10] = 9
    bench.expect_error(put(bench, 'deflate64.zip', data), 'deflation-64', '7z x')
    bench.expect_error(put(bench, 'volume.rar', rare.rar4('dump.img', image, flags=1)), 'several volumes')
    bench.expect_error(put(bench, 'secret.rar', rare.rar4('dump.img', image, flags=0x80)), 'encrypted')
    for name, magic, word in (('old.cpio', b'\xc7\x71', 'old binary cpio'), ('a.warc', b'WARC/1.0\r\n', 'WARC'),
                              ('a.sqfs', b'hsqs', 'unsquashfs'), ('a.lzo', b'\x89LZO\0', 'lzop -d')):
        bench.expect_error(put(bench, name, magic + bytes(range(256)) * 300), word)


def main():
    program, dumps = kit.arguments()
    for dump in dumps:
        with kit.scratch() as where:
            bench = Bench(program, where)
            image = dump.form('rawdump.img', where).read_bytes()
            want = bench.assemble(where / 'rawdump.img')[2]
            check_members(bench, image, want)
            check_before(bench, image, want)
            check_split_zip(bench, image, want)
            check_rare(bench, image, want)
            check_nested(bench, image, want)
            check_refused(bench, image)
    print('rare forms of packing give the core of the plain dump')


if __name__ == '__main__':
    main()
