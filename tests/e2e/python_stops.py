#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""python_stops.py DUMP - calls of the module kmd that are stopped, many regions, --redact."""
import os
import pathlib
import signal
import struct
import sys
import tempfile
import tracemalloc

import kmd
from kit import expect

packed = pathlib.Path(sys.argv[1]) / 'rawdump.img.zst'
REGIONS = 20000


class Stop(Exception):
    pass


def work(where, progress):
    with kmd.Dump(packed, progress=progress) as dump:
        dump.assemble(where / 'core', overwrite=True)


def test_phases(where):
    """Ctrl-C, an exception and a true answer in each phase; nothing half is left."""
    seen = []
    work(where, lambda phase, *_: seen.append(phase))
    (where / 'core').unlink()
    assert kmd.Phase.WRITE in seen and kmd.Phase.UNPACK in seen, seen

    def fail():
        raise Stop('by the call-back')

    def interrupt():
        os.kill(os.getpid(), signal.SIGINT)
    for wanted in sorted(set(seen)):
        for kind, act in ((KeyboardInterrupt, interrupt), (Stop, fail), (kmd.Error, lambda: True)):
            def progress(phase, _done, _total, wanted=wanted, act=act):
                return act() if phase == wanted else None
            error = expect(kind, work, where, progress)
            if kind is kmd.Error:
                assert error.code is kmd.Status.CANCELED, error
            assert not list(where.iterdir()), list(where.iterdir())


def test_goes_on(where):
    """A dump whose call was stopped serves the next one."""
    stop = True

    def progress(phase, *_):
        if stop and phase is kmd.Phase.WRITE:
            raise Stop
    with kmd.Dump(packed, progress=progress) as dump:
        expect(Stop, dump.assemble, where / 'core')
        assert not (where / 'core').exists() and dump.kernel.release
        stop = False
        dump.assemble(where / 'core')
        assert (where / 'core').stat().st_size == dump.core_size()


def test_pipe():
    """Ctrl-C while the library waits for a pipe that brings nothing."""
    reader, writer = os.pipe()
    os.write(writer, b'x' * 100)
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    with open(reader, 'rb') as stream:
        expect(KeyboardInterrupt, kmd.Dump, stream)
    os.close(writer)


def test_many(where):
    """Regions are made one at a time."""
    table, data = 64, 64 + 56 * REGIONS
    header = b'\x7fELF\2\1\1' + bytes(9) + struct.pack(
        '<HHIQQQIHHHHHH', 4, 62, 1, 0, table, 0, 0, 64, 56, REGIONS, 0, 0, 0)
    rows = b''.join(struct.pack('<IIQQQQQQ', 1, 6, data + 16 * i, 0xffff888000000000 + 4096 * i,
                                4096 * i, 16, 16, 1) for i in range(REGIONS))
    (where / 'many').write_bytes(header + rows + bytes(range(16)) * REGIONS)
    with kmd.Dump(where / 'many') as dump:
        tracemalloc.start()
        assert sum(region.size for region in dump.regions) == 16 * REGIONS
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 256 * 1024, peak


def test_redact():
    with kmd.Dump(packed) as dump:
        phys = next(r.phys for r in dump.regions if r.phys is not None and r.captured > 4096
                    and r.state is kmd.RegionState.OK)
        plain = dump.read_phys(phys, 256)
    with kmd.Dump(packed, redact=f'{phys + 16:#x}+32') as dump:
        assert dump.read_phys(phys, 256) == plain[:16] + b'X' * 32 + plain[48:]
        word = bytearray(8)
        dump.read_phys_into(phys + 20, word)
        assert word == b'X' * 8, word
    for spec, code in (('nonsense+', kmd.Status.USAGE), ('0x10', kmd.Status.USAGE),
                       ('no_such_symbol', kmd.Status.NOT_FOUND)):
        assert expect(kmd.Error, kmd.Dump, packed, redact=spec).code is code, spec


signal.signal(signal.SIGINT, signal.default_int_handler)
for test in (test_phases, test_goes_on, test_many):
    with tempfile.TemporaryDirectory() as name:
        test(pathlib.Path(name))
test_pipe()
test_redact()
