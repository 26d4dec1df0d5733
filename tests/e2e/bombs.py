#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""bombs.py CUTS KMD_ASSEMBLE [GIBIBYTES] - gigabytes of zeroes in little packed data, whole and cut every 4 KiB.

Each compression and archive, inside a tar, and inside one another.  A limit ends the whole one, with an error that
names the option.  In any case no file is left and memory stays below 64 MiB.
"""
import bz2
import lzma
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tarfile
import zlib

import kit

PIECE = 64 << 20
CUT_EVERY = '4096'
MEMORY = 64 << 10  # KiB


class Bombs:
    """Packed zeroes of @size bytes, made of one packed piece that is repeated, as cat of packed files is."""

    def __init__(self, where, size):
        self.where, self.size, self.pieces = where, size, size // PIECE
        self.crc = 0
        for _ in range(size >> 20):
            self.crc = zlib.crc32(bytes(1 << 20), self.crc)
        packer = zlib.compressobj(9, wbits=-15)
        # After a full flush no byte refers to one before.
        self.deflated = (packer.compress(bytes(PIECE)) + packer.flush(zlib.Z_FULL_FLUSH)) * self.pieces + b'\3\0'

    def put(self, name, *parts):
        path = self.where / name
        with open(path, 'wb') as out:
            for part in parts:
                out.write(part)
        return path

    def repeated(self, name, piece):
        return self.put(name, piece * self.pieces)

    def filtered(self, name, *command):
        """By a program, of one piece."""
        return self.repeated(name, subprocess.run(command, input=bytes(PIECE), capture_output=True, check=True).stdout)

    def gz(self):
        return self.put('bomb.gz', b'\x1f\x8b\x08' + bytes(6) + b'\3', self.deflated,
                        struct.pack('<II', self.crc, self.size & 0xffffffff))

    def zst(self):
        """One frame that does not say its size: blocks of one byte, repeated (RFC 8878)."""
        last = self.size // 131072 - 1
        block = [struct.pack('<I', 131072 << 3 | 1 << 1 | end) for end in (0, 1)]  # The byte is the highest of the four.
        return self.put('bomb.zst', b'\x28\xb5\x2f\xfd\0\x38', block[0] * last, block[1])

    def zip(self, name='bomb.zip', inner='ram.img', size=None, data=None, crc=None):
        """With 64-bit sizes."""
        data = self.deflated if data is None else data
        size, crc = size or self.size, self.crc if crc is None else crc
        extra = struct.pack('<HHQQ', 1, 16, size, len(data))
        fields = struct.pack('<HHHHHIIIHH', 45, 0, 8, 0, 33, crc, 0xffffffff, 0xffffffff, len(inner), len(extra))
        local = b'PK\3\4' + fields + inner.encode() + extra
        central = (b'PK\1\2' + struct.pack('<H', 45) + fields + struct.pack('<HHHII', 0, 0, 0, 0, 0) +
                   inner.encode() + extra)
        end = b'PK\5\6' + struct.pack('<HHHHIIH', 0, 0, 1, 1, len(central), len(local) + len(data), 0)
        return self.put(name, local, data, central, end)

    def seven(self):
        ram = self.where / 'ram.img'
        with open(ram, 'wb') as out:
            out.truncate(self.size)
        path = self.where / 'bomb.7z'
        kit.run([kit.tool('bsdtar'), '-cf', path, '--format', '7zip', '--options', 'compression-level=1', '-C', self.where, ram.name])
        ram.unlink()
        return path

    def sparse_tar(self):
        """A GNU tar whose file is one hole."""
        ram = self.where / 'hole.img'
        with open(ram, 'wb') as out:
            out.truncate(self.size)
        path = self.where / 'hole.tar'
        kit.run(['tar', '-cSf', path, '-C', self.where, ram.name])
        ram.unlink()
        return path

    def android(self):
        """One chunk that fills all blocks with a word."""
        blocks = self.size // 4096
        return self.put('fill.simg', struct.pack('<IHHHHIIII', 0xED26FF3A, 1, 0, 28, 12, 4096, blocks, 1, 0),
                        struct.pack('<HHII', 0xCAC2, 0, blocks, 16), b'fill')

    def tar(self, *files, name=None):
        path = self.where / (name or f'in-{files[0].name}.tar')
        with tarfile.open(path, 'w', format=tarfile.GNU_FORMAT) as archive:
            for file in files:
                archive.add(file, file.name)
        return path

    def zip_in_gz_in_tar(self, inner):
        packed = zlib.compressobj(6, wbits=31)
        path = self.put('nested.zip.gz', packed.compress(inner.read_bytes()) + packed.flush())
        return self.tar(path, name='nested.tar')

    def gz_in_zip(self, inner):
        data, packer = inner.read_bytes(), zlib.compressobj(6, wbits=-15)
        return self.zip('gz-in.zip', inner.name, len(data), packer.compress(data) + packer.flush(), zlib.crc32(data))

    def single(self):
        yield self.gz()
        yield self.zst()
        yield self.zip()
        yield self.seven()
        yield self.repeated('bomb.xz', lzma.compress(bytes(PIECE), preset=0))
        yield self.repeated('bomb.bz2', bz2.compress(bytes(PIECE)))
        for suffix, program in (('lz4', 'lz4'), ('lz', 'lzip')):
            if shutil.which(program):
                yield self.filtered(f'bomb.{suffix}', program, '-c')

    def all(self):
        single = list(self.single())
        yield from single
        for path in single:
            yield self.tar(path)
        by_name = {path.suffix: path for path in single}
        yield self.sparse_tar()
        yield self.android()
        yield self.gz_in_zip(by_name['.zst'])
        yield self.gz_in_zip(by_name['.gz'])
        yield self.zip_in_gz_in_tar(by_name['.zip'])
        yield self.tar(by_name['.bz2'], by_name['.xz'], by_name['.zst'], name='several.tar')


# A small process starts the program: the memory of the one that starts it counts, too.
START = '''import os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
print(usage.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status) & 255)'''


def listing(program, path, temporary, *options):
    """Exit code, messages, and the peak of memory in KiB."""
    done = subprocess.run([sys.executable, '-c', START, program, path, '--list', *options], capture_output=True, check=False,
                          env={**os.environ, 'TMPDIR': str(temporary)}, encoding='utf-8', errors='replace')
    *text, memory = done.stderr.splitlines()
    return done.returncode, '\n'.join(text), int(memory)


def check_whole(program, path, temporary, size):
    """The limits, and what happens without any."""
    for options in ([f'--limit=size={size // 2}'], ['--limit=ratio=100'], []):
        code, text, memory = listing(program, path, temporary, *options)
        name = f'{path.name} {options}'
        print(f'{name}: {memory >> 10} MiB: {text.strip()}', flush=True)
        kit.check(code == 1, f'{name}: exit {code}: {text}')
        # Of bzip2 the ratio ends it in any case.  Holes cost no packed bytes, so they have no ratio.
        ended = '(--limit=' in text or path.name in ('hole.tar', 'fill.simg')
        kit.check(ended or not options, f'{name}: no limit is named: {text}')
        kit.check('size' not in str(options) or '(--limit=' in text, f'{name}: no limit is named: {text}')
        kit.check(memory < MEMORY, f'{name}: {memory >> 10} MiB of memory')
        kit.check(not list(temporary.iterdir()), f'{name}: a file is left')


def main():
    cuts, program = sys.argv[1:3]
    size = int(sys.argv[3]) << 30 if len(sys.argv) > 3 else 10 << 30
    with kit.scratch() as where:
        temporary, packed = where / 'tmp', where / 'packed'
        temporary.mkdir()
        packed.mkdir()
        for path in Bombs(packed, size).all():
            check_whole(program, path, temporary, size)
            cut = where / 'cut'
            shutil.copyfile(path, cut)
            done = subprocess.run([cuts, '--shrink', CUT_EVERY, cut], check=False, capture_output=True, text=True,
                                  env={**os.environ, 'TMPDIR': str(temporary)})
            print(done.stdout, done.stderr, flush=True)
            kit.check(done.returncode == 0, f'{path.name}: cut: exit {done.returncode}')
            kit.check(not list(temporary.iterdir()), f'{path.name}: cut: a file is left')


if __name__ == '__main__':
    main()
