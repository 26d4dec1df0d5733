#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A dump in an archive or a compressed file gives the core of the plain dump.

Damaged, hostile and ambiguous archives give an error or a finding that names them, and
leave no file behind.
"""
import bz2
import functools
import gzip
import io
import lzma
import os
import shutil
import struct
import subprocess
import tarfile
import zipfile

import kit
import rar5


def tar(path, members, mode='w'):
    """members: (name, bytes), or (name, None, target) for a symbolic link."""
    with tarfile.open(path, mode) as archive:
        for name, data, *target in members:
            info = tarfile.TarInfo(name)
            if target:
                info.type, info.linkname = tarfile.SYMTYPE, target[0]
            else:
                info.size = len(data)
            archive.addfile(info, io.BytesIO(data) if data is not None else None)
    return path


def zipped(path, members):
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def files_of(folder, prefix=''):
    return [(prefix + path.name, path.read_bytes()) for path in sorted(folder.iterdir())]


class Bench:
    def __init__(self, program, where):
        self.program, self.where = program, where

    def path(self, name):
        return self.where / name

    def assemble(self, source, *options, data=None):
        """Exit code, messages and core."""
        out = self.path('out.core')
        out.unlink(missing_ok=True)
        temporary = self.path('tmp')
        temporary.mkdir(exist_ok=True)
        done = subprocess.run([self.program, str(source), '-f', '-o', out, *options], input=data,
                              capture_output=True, check=False, timeout=120,
                              env={**os.environ, 'TMPDIR': str(temporary)})
        kit.check(not list(temporary.iterdir()), f'{source}: a temporary file is left behind')
        kit.check(done.returncode in (0, 1, 3), f'{source}: exit {done.returncode}')
        return (done.returncode, (done.stdout + done.stderr).decode(),
                out.read_bytes() if out.exists() else None)

    def run(self, *words):
        return subprocess.run([self.program, *words], capture_output=True, check=False)

    def expect_core(self, source, want, **options):
        code, text, core = self.assemble(source, **options)
        kit.check(code == 0 and core == want, f'{source}: exit {code}, another core:\n{text}')

    def expect_error(self, source, *words, options=()):
        code, text, core = self.assemble(source, *options)
        kit.check(code == 1 and core is None, f'{source}: exit {code}, wanted 1:\n{text}')
        for word in words:
            kit.check(word in text, f'{source}: {word!r} is not in:\n{text}')

    def expect_finding(self, source, *words):
        code, text, _ = self.assemble(source)
        kit.check(code in (1, 3), f'{source}: exit {code}, wanted a finding:\n{text}')
        for word in words:
            kit.check(word in text, f'{source}: {word!r} is not in:\n{text}')


def check_images(bench, image, want):
    """A single file, in different nestings."""
    filters = {'gz': gzip.compress, 'xz': lzma.compress, 'bz2': bz2.compress,
               'lzma': functools.partial(lzma.compress, format=lzma.FORMAT_ALONE)}
    for suffix, pack in filters.items():
        bench.path(f'dump.img.{suffix}').write_bytes(pack(image))
        bench.expect_core(bench.path(f'dump.img.{suffix}'), want)
    if shutil.which('lzip'):
        kit.run(['lzip', '-k', bench.where / 'rawdump.img'])
        bench.expect_core(bench.path('rawdump.img.lz'), want)
    packed = bench.path('dump.img.gz').read_bytes()
    bench.path('twice').write_bytes(lzma.compress(packed))
    bench.expect_core(bench.path('twice'), want)
    bench.expect_core('-', want, data=packed)
    bench.expect_core(tar(bench.path('a.tar'), [('x/dump.img', image)]), want)
    bench.expect_core(zipped(bench.path('a.zip'), [('x/y/dump.img', image)]), want)
    bench.expect_core(zipped(bench.path('b.zip'), [('dump.img.gz', packed)]), want)
    for name, options in (('a.7z', ['--format', '7zip']), ('a.tar.lz4', ['--lz4']), ('a.cpio', ['--format', 'cpio']),
                          ('a.iso', ['--format', 'iso9660']), ('a.tar', ['--format', 'v7tar'])):
        kit.run([kit.tool('bsdtar'), '-c', '-f', bench.path(name), *options,
                 '-C', bench.path('a.tar').parent, 'rawdump.img'])
        bench.expect_core(bench.path(name), want)


def sparse_image(image, block=4096):
    """An Android sparse image: raw, filled and left out blocks, and an empty checksum."""
    image += bytes(-len(image) % block)
    chunks = []
    for at in range(0, len(image), block):
        data = image[at:at + block]
        if not any(data):
            chunks.append(struct.pack('<HHII', 0xcac3, 0, 1, 12))
        elif data == data[:4] * (block // 4):
            chunks.append(struct.pack('<HHII', 0xcac2, 0, 1, 16) + data[:4])
        else:
            chunks.append(struct.pack('<HHII', 0xcac1, 0, 1, 12 + block) + data)
    # Fills of both kinds are behind the dump: the partition is longer than the dump.
    chunks.append(struct.pack('<HHII', 0xcac2, 0, 3, 16) + bytes(4))
    chunks.append(struct.pack('<HHII', 0xcac2, 0, 200, 16) + b'\xde\xad\xbe\xef')
    chunks.append(struct.pack('<HHII', 0xcac4, 0, 0, 16) + bytes(4))
    return struct.pack('<IHHHHIIII', 0xed26ff3a, 1, 0, 28, 12, block,
                       len(image) // block + 203, len(chunks), 0) + b''.join(chunks)


def check_sparse(bench, image, want):
    whole = sparse_image(image)
    path = bench.path('dump.simg')
    path.write_bytes(whole)
    bench.expect_core(path, want)
    bench.expect_core('-', want, data=gzip.compress(whole))
    bench.expect_core(zipped(bench.path('sparse.zip'), [('x/dump.simg', whole)]), want)
    for part in range(1, 8):
        path.write_bytes(whole[:len(whole) * part // 8])
        bench.expect_finding(path, 'truncated')
    for at, value, word in ((4, 2, 'version'), (8, 27, 'header'), (12, 0, 'header'),
                            (28, 0xcac9, 'chunk'), (32, 0xffff, 'chunk'), (36, 1, 'chunk')):
        path.write_bytes(whole[:at] + value.to_bytes(2, 'little') + whole[at + 2:])
        bench.expect_error(path, 'parse image', word)
    path.write_bytes(whole[:16] + b'\xff' * 4 + whole[20:])
    bench.expect_error(path, '--limit=size', options=['--unpack-limit=1G'])
    path.write_bytes(whole[:20] + (9).to_bytes(4, 'little') + whole[24:])
    bench.expect_finding(path, 'shorter than its header')


def check_folders(bench, folder, want):
    files = files_of(folder)
    below = files_of(folder, 'top/md/')
    bench.expect_core(tar(bench.path('f.tgz'), below, 'w:gz'), want)
    bench.expect_core(zipped(bench.path('f.zip'), files), want)
    bench.expect_core('-', want, data=bench.path('f.zip').read_bytes())
    inner = bench.path('f.zip').read_bytes()
    bench.expect_core(tar(bench.path('z.tar'), [('f.zip', inner)]), want)
    packed = [(name + '.gz', gzip.compress(data)) for name, data in files]
    bench.expect_core(tar(bench.path('members.tar'), packed), want)
    # Members that archivers of other systems add, and names that lead outside.
    odd = [('__MACOSX/md/._x', b'x'), ('md/.DS_Store', b'x')]
    odd += [('/../../md/' + name, data) for name, data in files]
    bench.expect_core(tar(bench.path('odd.tar'), odd), want)


def check_parts(bench, image, folder, want):
    """A split file in a folder or archive, packed before or after; one archive beside a log."""
    packed = gzip.compress(image)
    for name, data in (('plain', image), ('dump.gz', packed)):
        size = len(data) // 5 + 1
        pieces = [(f'{name}.{i:02}', data[i * size:(i + 1) * size]) for i in range(5)]
        bench.expect_core(tar(bench.path(f'{name}.tar'), [('s/' + n, d) for n, d in pieces]), want['image'])
        below = bench.path(f'{name}-parts')
        below.mkdir()
        for piece, part in pieces:
            (below / piece).write_bytes(part)
        (below / 'README').write_bytes(b'parts')
        bench.expect_core(below, want['image'])
    below = bench.path('one-archive')
    below.mkdir()
    tar(below / 'md.tgz', files_of(folder, 'md/') + [('run.log', b'x')], 'w:gz')
    (below / 'collect.log').write_bytes(b'x')
    bench.expect_core(below, want['folder'])


def check_names(bench, image, folder, want):
    """Names that are no ASCII, in the locale C; parts with a suffix; archives of other tools."""
    files = files_of(folder, 'Дамп ü/')
    bench.expect_core(zipped(bench.path('utf8.zip'), files), want['folder'])
    below = bench.path('Дамп ü')
    below.mkdir()
    for name, data in files:
        (bench.where / name).write_bytes(data)
    kit.run([kit.tool('bsdtar'), '-c', '-f', bench.path('utf8.7z'), '--format', '7zip', '-C', bench.where, below.name],
            env={**os.environ, 'LC_ALL': 'C.UTF-8'})
    bench.expect_core(bench.path('utf8.7z'), want['folder'])
    bench.path('a.rar').write_bytes(rar5.archive(files))
    bench.expect_core(bench.path('a.rar'), want['folder'])
    # What rar reads from its standard input has no type of file.
    bench.path('b.rar').write_bytes(rar5.archive([('dump.img', image)], mode=0))
    bench.expect_core(bench.path('b.rar'), want['image'])
    bench.path('secret.rar').write_bytes(rar5.archive(files, encrypted=True))
    bench.expect_error(bench.path('secret.rar'), 'encrypted', 'password')
    bench.path('part1.rar').write_bytes(rar5.archive(files, volume=True))
    bench.expect_error(bench.path('part1.rar'), 'several volumes')
    for names in ('s.aa.img s.ab.img s.ac.img', 't_00.bin t_01.bin t_02.bin', 'u.01 u.02 u.03', 'v.part1.img v.part2.img v.part3.img',
                  'w.part01 w.part02 w.part03'):
        size = len(image) // 3 + 1
        for i, name in enumerate(names.split()):
            bench.path(name).write_bytes(image[i * size:(i + 1) * size])
        bench.expect_core(bench.path(names.split()[0]), want['image'])
    # Named alike, but images of their own.
    for name in ('DDR0_0.BIN', 'DDR0_1.BIN'):
        bench.path(name).write_bytes(image[:len(image) // 2])
    kit.check('split' not in bench.assemble(bench.path('DDR0_0.BIN'))[1], 'DDR0_1.BIN is taken for a part')


def check_foreign(bench):
    """What cannot be read is named."""
    for name, data, word in (('empty.zip', b'PK\5\6' + bytes(18), 'zip archive without files'),
                             ('fat.img', bytes(82) + b'FAT32   ' + bytes(65536), 'file system'),
                             ('sfx.exe', b'MZ' + bytes(58) + b'\x40\0\0\0PE\0\0' + bytes(range(256)) * 99, 'self-extracting')):
        bench.path(name).write_bytes(data)
        bench.expect_error(bench.path(name), word)


def check_choice(bench, image, folder, cores):
    several = files_of(folder, 'a/') + [('b/dump.img', image)]
    path = zipped(bench.path('two.zip'), several)
    bench.expect_error(path, 'several folders', 'a, b', 'ARCHIVE:FOLDER')
    bench.expect_core(f'{path}:a', cores['folder'])
    bench.expect_core(f'{path}:b/', cores['image'])
    bench.expect_core(f'{path}:b/dump.img', cores['image'])
    bench.expect_error(f'{path}:c', 'no such file or folder', 'a, b')
    bench.expect_error(f'{folder}:c', 'a folder, not an archive')
    bench.expect_error(f'{bench.path("rawdump.img")}:c', 'not an archive')


def check_damage(bench, image, folder):
    """Cut archives, wrong bytes, duplicates, links, encryption, bombs, loops."""
    for name in ('f.tgz', 'f.zip', 'z.tar', 'dump.img.gz', 'dump.img.xz', 'a.7z'):
        whole = bench.path(name).read_bytes().rstrip(b'\0')
        for part in range(1, 8):
            bench.path('cut').write_bytes(whole[:len(whole) * part // 8])
            bench.expect_finding(bench.path('cut'), 'cut')
    files = files_of(folder)
    big = max(files, key=lambda file: len(file[1]))
    wrong = bytearray(zipped(bench.path('crc.zip'), [(big[0], big[1]), ('x', b'x')]).read_bytes())
    wrong[14] ^= 1
    at = wrong.find(b'PK\1\2')
    wrong[at + 16] ^= 1
    bench.path('crc.zip').write_bytes(wrong)
    bench.expect_finding(bench.path('crc.zip'), 'CRC')
    for name in ('dump.img.gz', 'dump.img.xz', 'dump.img.bz2'):
        wrong = bytearray(bench.path(name).read_bytes())
        wrong[len(wrong) // 2] ^= 0x55
        bench.path('wrong').write_bytes(wrong)
        bench.expect_finding(bench.path('wrong'), 'wrong')
    bench.expect_finding(tar(bench.path('double.tar'), [*files, files[0]]), 'more than once')
    path = tar(bench.path('link.tar'), [*files[1:], (files[0][0], None, '/etc/passwd')])
    bench.expect_finding(path, 'is a link')
    secret = bytearray(bench.path('a.zip').read_bytes())
    secret[6] |= 1
    secret[secret.find(b'PK\1\2') + 8] |= 1
    bench.path('secret.zip').write_bytes(secret)
    bench.expect_error(bench.path('secret.zip'), 'encrypted', 'password')
    bench.path('bomb.gz').write_bytes(gzip.compress(bytes(64 << 20)))
    bench.expect_error(bench.path('bomb.gz'), 'limit', '--limit=size',
                       options=['--unpack-limit=16M'])
    bench.expect_error(bench.path('bomb.gz'), '--limit=size', options=['--limit=size=16M'])
    bench.expect_error(bench.path('twice'), '--limit=depth=N', options=['--limit=depth=1'])
    bench.expect_error(bench.path('f.zip'), '--limit=files=N', options=['--limit=files=2'])
    check_ratio(bench)
    inner = image
    for _ in range(10):
        inner = zipped(bench.path('deep.zip'), [('deep.zip', inner)]).read_bytes()
    bench.expect_error(bench.path('deep.zip'), 'packed more than 8 times')
    bench.expect_error(tar(bench.path('empty.tar'), [('.hidden', b'x')]), 'without files')


def check_ratio(bench):
    """Zeroes of 2 GiB in 65 KiB of zstd, in holes of the temporary file."""
    path = bench.path('ratio.zst')
    with open(path, 'wb') as out:
        packer = subprocess.Popen(['zstd', '-q', '-c'], stdin=subprocess.PIPE, stdout=out)
        for _ in range(2048):
            packer.stdin.write(bytes(1 << 20))
        packer.stdin.close()
        packer.wait()
    bench.expect_error(path, '--limit=ratio=N', options=['--limit=ratio=1000'])


def main():
    program, dumps = kit.arguments()
    for dump in dumps:
        with kit.scratch() as where:
            bench = Bench(program, where)
            image, folder = dump.form('rawdump.img', where), dump.form('md.tar', where)
            cores = {'image': bench.assemble(image)[2], 'folder': bench.assemble(folder)[2]}
            check_images(bench, image.read_bytes(), cores['image'])
            check_sparse(bench, image.read_bytes(), cores['image'])
            check_folders(bench, folder, cores['folder'])
            check_names(bench, image.read_bytes(), folder, cores)
            check_foreign(bench)
            check_choice(bench, image.read_bytes(), folder, cores)
            check_parts(bench, image.read_bytes(), folder, cores)
            check_damage(bench, image.read_bytes(), folder)
    print('archives and compressed files give the core of the plain dump')


if __name__ == '__main__':
    main()
