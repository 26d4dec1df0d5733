#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Every form, cut every STEP bytes: no crash, no hang, no memory that the whole file has not.

CUTS.py KMD_MKIMAGE CUTS STEP KMD_ASSEMBLE DUMP.  Also forms inside one another, which give the core
of the plain dump.
"""
import bz2
import gzip
import io
import lzma
import os
import pathlib
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib

import elfcore
import kit

sys.path.insert(0, str(kit.ROOT / 'tests' / 'mkdump'))
import foreign  # noqa: E402  pylint: disable=wrong-import-position

RECIPES = ('raw', 'cat', 'core', 'ram', 'ram-private', 'ram-11-heap', 'ram-cached', 'downstream',
           'downstream-cat', 'lime-overlap', 'core-32', 'core-big-endian')


def tar(name, data, kind=tarfile.GNU_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w', format=kind) as archive:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def zipped(name, data, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w', method) as archive:
        archive.writestr(name, data)
    return out.getvalue()


def zstd(data):
    return subprocess.run(['zstd', '-qc'], input=data, capture_output=True, check=True).stdout


def sparse(data, block=4096):
    """An Android sparse image of raw chunks, and of don't-care ones for zeroes."""
    data = data + bytes(-len(data) % block)
    chunks = b''
    n = 0
    for at in range(0, len(data), block):
        piece = data[at:at + block]
        raw = piece != bytes(block)
        chunks += struct.pack('<HHII', 0xCAC1 if raw else 0xCAC3, 0, 1, 12 + block * raw) + piece * raw
        n += 1
    return struct.pack('<IHHHHIIII', 0xED26FF3A, 1, 0, 28, 12, block, len(data) // block, n, 0) + chunks


def disk(data):
    """An MBR with one partition at 1 MiB."""
    sectors = -(-len(data) // 512)
    row = struct.pack('<B3sB3sII', 0, b'\0\2\0', 0x83, b'\xff\xff\xff', 2048, sectors)
    return (bytes(440) + struct.pack('<IH', 0x12345678, 0) + row + bytes(48) + b'\x55\xaa').ljust(
        1 << 20, b'\0') + data + bytes(sectors * 512 - len(data))


def flattened(data, piece=50000):
    """makedumpfile -F, no byte written twice: what a later piece would change is other memory in a cut file."""
    out = struct.pack('>16sqq', b'makedumpfile', 1, 1).ljust(4096, b'\0')
    for at in range(0, len(data), piece):
        part = data[at:at + piece]
        out += struct.pack('>qq', at, len(part)) + part
    return out + struct.pack('>qq', -1, -1)


def made(mkimage, where):
    """Images of recipes."""
    folder = kit.ROOT / 'tests' / 'fixtures'
    for name in RECIPES:
        recipe = folder / f'{name}.recipe'
        if recipe.exists():
            path = where / name
            subprocess.run([mkimage, recipe, path], check=True, env={**os.environ, 'ASAN_OPTIONS': 'detect_leaks=0'})
            if path.is_file():
                yield path


def packed(image, ranges, arch):
    """Forms of a real dump."""
    pages = [(at & ~4095, bytes(at & 4095) + data + bytes(-(at + len(data)) & 4095))
             for at, data in ranges if at < 1 << 33]
    apart = [pages[0]]
    for at, data in pages[1:]:
        if at >= apart[-1][0] + len(apart[-1][1]):
            apart.append((at, data))
    yield 'tar', tar('rawdump.img', image)
    yield 'tar-pax', tar('x/rawdump.img', image, tarfile.PAX_FORMAT)
    yield 'zip', zipped('rawdump.img', image)
    yield 'zip-stored', zipped('rawdump.img', image, zipfile.ZIP_STORED)
    yield 'gz', gzip.compress(image)
    yield 'xz', lzma.compress(image, preset=1)
    yield 'bz2', bz2.compress(image)
    yield 'zst', zstd(image)
    yield 'sparse', sparse(image)
    yield 'disk', disk(image)
    yield 'lime', foreign.lime(ranges)
    yield 'lime-zlib', foreign.lime_compressed(ranges)
    yield 'avml', foreign.avml(ranges, plain=True)
    yield 'flattened', flattened(foreign.lime(ranges))
    yield 'kdump', foreign.kdump(apart, arch)
    yield 'xen', foreign.xen(apart)
    yield from nested(image)


def nested(image):
    yield 'tar-in-zip-in-gz-of-disk', gzip.compress(zipped('a.tar', tar('disk.img', disk(image))))
    yield 'sparse-in-zip', zipped('f/rawdump.simg', sparse(image))
    yield 'zip-in-tar-in-zst', zstd(tar('b.zip', zipped('rawdump.img', image)))
    yield 'tar-in-tar', tar('in.tar', tar('rawdump.img', image))
    yield 'gz-in-sparse-in-tar', tar('s.img', sparse(gzip.compress(image)))


def segments(path):
    return sorted((s.paddr, s.vaddr, s.data) for s in elfcore.segments(path.read_bytes()))


def check_nested(program, where, image):
    want = segments(kit.assemble(program, where / 'plain.img', where / 'plain.core'))
    for name, data in nested(image):
        path = where / name
        path.write_bytes(data)
        kit.check(segments(kit.assemble(program, path, where / 'one.core', '-f')) == want, name)
    # Parts of a tar.xz; parts that begin with zeroes.
    whole = lzma.compress(tar('rawdump.img', image), preset=1)
    third = len(whole) // 3 + 1
    for i in range(3):
        (where / f'd.tar.xz.a{"abc"[i]}').write_bytes(whole[i * third:(i + 1) * third])
    kit.check(segments(kit.assemble(program, where / 'd.tar.xz.aa', where / 'one.core', '-f')) == want, 'parts')


def listing(program, path, *options):
    done = subprocess.run([program, path, '--list', '-v', *options], capture_output=True, check=False, text=True)
    return done.returncode, done.stdout + done.stderr


def check_zero_parts(program, where):
    """FILE.0 and FILE.1 of one size that begin with zeroes."""
    noise = b''.join(struct.pack('<I', zlib.crc32(struct.pack('<I', i))) for i in range(1 << 18))
    head = bytes(1 << 20)

    def pair(name, width, first, second):
        for i, data in enumerate((first, second)):
            (where / f'{name}.{i:0{width}}').write_bytes(data)
        return listing(program, where / f'{name}.{0:0{width}}', '--ram-base=0x40000000')[1]

    text = pair('ram', 1, head + noise, head + noise[::-1])
    kit.check('may be the second part' in text and 'are joined' not in text, text)
    text = pair('same', 2, head + noise, head + noise)
    kit.check('joined' not in text, text)
    text = pair('half', 2, head + noise, head + noise[::-1])
    kit.check('2 parts of a split file' in text, text)
    text = pair('last', 1, head + noise, head + noise[4096:][::-1])
    kit.check('2 parts of a split file' in text, text)


def check_map(program, where):
    """A text that names parts of RAM, as the debug area of a chip: regions, and files of them."""
    ram = b''.join(struct.pack('<I', i) for i in range(1 << 18))
    (where / 'soc.img').write_bytes(ram)
    (where / 'map.txt').write_text('1 0x40010000 65536 debug snapshot log_kevents.bin\n'
                                   '1 0x40020000 0x1000 watchdog array_panic.bin\n'
                                   '1 0x50000000 4096 not in this image elsewhere.bin\n')
    inputs = [str(where / 'soc.img') + '@40000000', where / 'map.txt']
    listed = subprocess.run([program, *inputs, '--list'], capture_output=True, check=False, text=True).stdout
    rows = {row[-1]: row for row in map(str.split, listed.splitlines()) if row}
    for name, state, size in (('log_kevents', 'ok', 65536), ('array_panic', 'ok', 4096), ('elsewhere', 'missing', 0)):
        kit.check(name in rows and rows[name][0] == state and int(rows[name][4]) == size, listed)
    subprocess.run([program, *inputs, '--only=log_*', f'--extract={where / "parts"}'], capture_output=True, check=False)
    files = [path.read_bytes() for path in (where / 'parts').iterdir() if 'log_kevents' in path.name]
    kit.check(files == [ram[65536:131072]], 'the extracted part')


def main():
    mkimage, cuts, step, program, dump = sys.argv[1:]
    dump = kit.Dump(pathlib.Path(dump))
    with kit.scratch() as where:
        source = dump.form('rawdump.img', where)
        image = source.read_bytes()
        (where / 'plain.img').write_bytes(image)
        core = kit.assemble(program, source, where / 'dump.core').read_bytes()
        ranges = sorted((s.paddr, s.data) for s in elfcore.segments(core) if s.paddr != 2**64 - 1)
        check_nested(program, where, image)
        check_zero_parts(program, where)
        check_map(program, where)
        files = list(made(mkimage, where))
        for name, data in packed(image, ranges, dump.facts['arch'].encode()):
            (where / f'form-{name}').write_bytes(data)
            files.append(where / f'form-{name}')
        subprocess.run([cuts, step, *map(str, files)], check=True)


if __name__ == '__main__':
    main()
