# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""drgn on any dump, in place: its memory is read through libkmd, and no core is written.

    prog = kmd.drgn.program("minidump.bin", vmlinux="vmlinux")

drgn gets the segments of the core that would be written.  The core's notes (registers, VMCOREINFO)
reach it as a core without memory, in a file that is in memory and has no name.  drgn 0.0.30 and
later get VMCOREINFO as an argument as well; it takes no registers.
"""
from __future__ import annotations

import functools
import importlib.metadata
import os
import struct
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple, Optional, Union

import drgn

from .dump import Dump, NotFound, Path, Source

_PT_LOAD, _PT_NOTE, _PN_XNUM = 1, 4, 0xffff


class _Segment(NamedTuple):
    kind: int
    offset: int
    virt: int
    phys: int
    size: int


class _Core:
    """The headers of the core that would be written."""

    def __init__(self, dump: Dump) -> None:
        ident = dump.core_read(0, 16)
        self.order = '<' if ident[5] == 1 else '>'
        self.wide = ident[4] == 2
        self.header_format = self.order + ('HHIQQQIHHHHHH' if self.wide else 'HHIIIIIHHHHHH')
        self.ident = ident
        self.header = list(struct.unpack(
            self.header_format, dump.core_read(16, struct.calcsize(self.header_format))))
        size, n = self.header[8], self.header[9]
        if n == _PN_XNUM:
            # The count is sh_info of section 0.
            at = self.header[5] + (44 if self.wide else 28)
            n = struct.unpack(self.order + 'I', dump.core_read(at, 4))[0]
        self.size, self.table = size, dump.core_read(self.header[4], size * n)

    def segments(self) -> Iterator[_Segment]:
        kind = self.order + ('II6Q' if self.wide else '8I')
        for row in struct.iter_unpack(kind, self.table):
            if self.wide:
                yield _Segment(row[0], row[2], row[3], row[4], row[5])
            else:
                yield _Segment(row[0], row[1], row[2], row[3], row[4])

    def of_notes(self, dump: Dump) -> bytes:
        """A core that has the notes and no memory."""
        note = next(s for s in self.segments() if s.kind == _PT_NOTE)
        start = 16 + struct.calcsize(self.header_format)
        data = start + self.size
        header = list(self.header)
        header[4], header[5], header[9], header[10:] = start, 0, 1, [0, 0, 0]
        if self.wide:
            row = struct.pack(self.order + 'II6Q', _PT_NOTE, 0, data, 0, 0, note.size, note.size, 4)
        else:
            row = struct.pack(self.order + '8I', _PT_NOTE, data, 0, 0, note.size, note.size, 0, 4)
        return (self.ident + struct.pack(self.header_format, *header) + row +
                dump.core_read(note.offset, note.size))


def _file(name: str, content: bytes) -> int:
    """In memory, without a name in any folder."""
    fd = os.memfd_create(name)
    with open(fd, 'wb', closefd=False) as out:
        out.write(content)
    return fd


def _notes_file(dump: Dump) -> int:
    return _file('kmd-notes', _Core(dump).of_notes(dump))


def _vmcoreinfo(dump: Dump) -> Optional[bytes]:
    """For drgn's own argument; None if the dump has none, or this drgn no such argument."""
    text = dump.vmcoreinfo
    if text is None:
        return None
    raw = text.encode(errors='surrogateescape')
    try:
        drgn.Program(vmcoreinfo=raw)
    except (TypeError, ValueError):
        # Versions before 0.0.30; or a text that drgn refuses, which it says of the note itself.
        return None
    return raw


def _read(dump: Dump, start: int, address: int, count: int, offset: int, _physical: bool) -> bytes:
    try:
        return dump.core_read(start + offset, count)
    except NotFound as error:
        raise drgn.FaultError(error.sentence, address) from None


def _add_segments(prog: drgn.Program, dump: Dump) -> None:
    """As drgn does for a core: later segments win over earlier ones."""
    core = _Core(dump)
    none = (1 << 64) - 1 if core.wide else (1 << 32) - 1
    for segment in core.segments():
        if segment.kind != _PT_LOAD or not segment.size:
            continue
        read = functools.partial(_read, dump, segment.offset)
        prog.add_memory_segment(segment.virt, segment.size, read, False)
        if segment.phys != none:
            prog.add_memory_segment(segment.phys, segment.size, read, True)


def program(source: Union[Source, Dump], *, vmlinux: Optional[Path] = None,
            **options: Any) -> drgn.Program:
    """A drgn program that reads the dump in place; options are those of kmd.Dump().

    The symbols of @vmlinux are loaded; without one, load_debug_info() is yours to call.
    """
    dump = source if isinstance(source, Dump) else Dump(source, vmlinux=vmlinux, **options)
    vmcoreinfo = _vmcoreinfo(dump)
    prog = drgn.Program() if vmcoreinfo is None else drgn.Program(vmcoreinfo=vmcoreinfo)
    fd = _notes_file(dump)
    try:
        prog.set_core_dump(f'/proc/self/fd/{fd}')
    finally:
        os.close(fd)
    _add_segments(prog, dump)
    if vmlinux is not None:
        prog.load_debug_info([os.fspath(vmlinux)])
    return prog


def run(dump: Dump, arguments: list[str]) -> int:
    """drgn's own command, on @dump instead of the core that it opens."""
    fd = _notes_file(dump)

    def after_call(_frame: object, event: str, function: Any) -> None:
        # There is no other place between drgn's opening of the core and its loading of symbols.
        if event == 'c_return' and getattr(function, '__name__', '') == 'set_core_dump':
            sys.setprofile(None)
            _add_segments(function.__self__, dump)

    [command] = importlib.metadata.entry_points(group='console_scripts', name='drgn')
    main = command.load()
    sys.argv = ['drgn', '-c', f'/proc/self/fd/{fd}', *arguments]
    vmcoreinfo = _vmcoreinfo(dump)
    if vmcoreinfo is not None:
        # An argument of the user's comes later and wins.
        sys.argv[1:1] = ['--vmcoreinfo', f'/proc/self/fd/{_file("kmd-vmcoreinfo", vmcoreinfo)}']
    sys.setprofile(after_call)
    try:
        return int(main() or 0)
    except Exception:
        # It is the script's own, and is not to be taken for one of the opening: drgn prints where it happened.
        sys.excepthook(*sys.exc_info())
        return 1
