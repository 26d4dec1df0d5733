# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Writes what was collected: a folder that kmd-assemble opens, or a partition image.

Either appears whole or not at all.
"""
import os
import pathlib
import shutil
import struct

from errors import CollectError
from memory import Hole

NAME_MAX = 12                   # of a file, without md_ and .BIN
COPY = 1 << 20


def write_file(path, data):
    """A new file, whole or not at all."""
    file = open(path, 'xb')  # pylint: disable=consider-using-with
    try:
        with file:
            file.write(data)
    except OSError:
        os.unlink(path)
        raise


class Piece:
    """A file with bytes of one region that follow each other."""

    def __init__(self, file, row, address):
        self.file, self.row, self.address, self.size = file, row, address, 0


class Output:
    """A folder under a temporary name; a with statement removes it unless finish() was called."""

    def __init__(self, path, form, limit):
        self.path, self.form, self.limit = pathlib.Path(path), form, limit
        self.temporary = self.path.with_name(f'{self.path.name}.partial-{os.getpid()}')
        self.pieces, self.holes, self.names = [], [], set()
        self.total = 0
        self.registers = None

    def __enter__(self):
        if self.path.is_dir() and self.form == 'folder' and not any(self.path.iterdir()):
            self.path.rmdir()
        if self.path.exists():
            raise CollectError(f'{self.path}: exists already; give another name')
        try:
            self.temporary.mkdir(mode=0o700)
        except OSError as error:
            raise CollectError(f'{self.temporary}: {error.strerror}') from error
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.temporary, ignore_errors=True)

    def file_name(self, name):
        """Unique, also where upper and lower case are the same."""
        short, number = name[:NAME_MAX], 1
        while short.lower() in self.names:
            number += 1
            short = f'{name[:NAME_MAX - 1 - len(str(number))]}~{number}'
        self.names.add(short.lower())
        return f'md_{short}.BIN'

    def create(self, name):
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        return os.fdopen(os.open(self.temporary / name, flags, 0o600), 'wb')

    def hole(self, row, address, size, why):
        if self.holes:
            last = self.holes[-1]
            if last[0] is row and last[1] + last[2] == address and last[3] == why:
                self.holes[-1] = (row, last[1], last[2] + size, why)
                return
        self.holes.append((row, address, size, why))

    def save(self, memory, row, done=lambda size: None):
        """Read a region and file it; what cannot be read is noted and is in no file."""
        why = row.problem()
        if not why and self.total + row.size > self.limit:
            why = 'more than --limit allows'
        if why:
            self.hole(row, row.address, row.size, why)
            return
        self.total += row.size
        piece, file = None, None
        try:
            for part in memory.pieces(row):
                if isinstance(part, Hole):
                    self.hole(row, part.address, part.size, part.why)
                    continue
                if piece is None or piece.address + piece.size != part[0]:
                    if file:
                        file.close()
                    piece = Piece(self.file_name(row.name), row, part[0])
                    self.pieces.append(piece)
                    file = self.create(piece.file)
                file.write(part[1])
                piece.size += len(part[1])
                done(len(part[1]))
        finally:
            if file:
                file.close()

    def write_text(self, name, text):
        with self.create(name) as file:
            file.write(text.encode('utf-8', 'replace'))

    def finish(self):
        """Give the output its name.  Returns the path of the registers, or None."""
        if not self.pieces:
            raise CollectError('nothing was read: no output is written')
        if self.form == 'folder':
            self.write_text('dump_info.txt', ''.join(
                f'1 0x{p.address:016x} {p.size} {p.row.name} {p.file}\n' for p in self.pieces))
            if self.registers:
                self.write_text('registers.txt', self.registers)
            os.rename(self.temporary, self.path)
            return self.path / 'registers.txt' if self.registers else None
        return self.finish_image()

    def finish_image(self):
        registers = self.path.with_name(self.path.name.removesuffix('.img') + '.registers.txt')
        if self.registers and registers.exists():
            raise CollectError(f'{registers}: exists already; give another name')
        self.write_image()
        if self.registers:
            self.write_text('registers', self.registers)
            os.rename(self.temporary / 'registers', registers)
        os.rename(self.temporary / 'image', self.path)
        return registers if self.registers else None

    def write_image(self):
        """A raw dump partition, as boot firmware writes it."""
        at = 56 + 64 * len(self.pieces)
        sections = b''
        for piece in self.pieces:
            sections += struct.pack('<IIIQQQQ20s', 1, 0x1000, 3, at, piece.size, piece.address, 0,
                                    piece.file.encode())
            at += piece.size
        with self.create('image') as image:
            image.write(struct.pack('<8sIIQQIQQI', b'Raw_Dmp!', 0x1000, 1, 0, 0, 0, at, at,
                                    len(self.pieces)))
            image.write(sections)
            for piece in self.pieces:
                with open(self.temporary / piece.file, 'rb') as file:
                    shutil.copyfileobj(file, image, COPY)
