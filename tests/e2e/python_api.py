#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""python_api.py KMD_ASSEMBLE DUMP - the module kmd gives what the library and the tools give."""
import json
import os
import pathlib
import re
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import tracemalloc

import kmd
from kit import expect
from kmd._kmd import lib

program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
packed = folder / 'rawdump.img.zst'


def test_enums():
    for prefix, kind in (('KMD_ERR_', kmd.Status), ('KMD_FROM_', kmd.Origin),
                         ('KMD_REGION_', kmd.RegionState), ('KMD_READY_', kmd.Ready),
                         ('KMD_PHASE_', kmd.Phase)):
        wanted = {name[len(prefix):]: getattr(lib, name) for name in dir(lib)
                  if name.startswith(prefix)}
        assert {member.name: member.value for member in kind} == wanted, prefix
    assert kmd.Status(77).name == 'UNKNOWN_77' and kmd.Status(77) == 77


def test_facts(where):
    report = json.loads(subprocess.run([program, '--json', packed], check=True,
                                       stdout=subprocess.PIPE).stdout)
    with kmd.Dump(packed) as dump:
        assert dump.form == report['form']
        assert len(dump.regions) == len(report['regions'])
        for region, row in zip(dump.regions, report['regions']):
            assert (region.name, region.size, region.captured) == \
                (row.get('name', ''), row['size'], row['captured']), row
        assert [finding.text for finding in dump.findings] == \
            [row['text'] for row in report['findings']]
        assert {v.key for v in dump.values} == {row['key'] for row in report['values']}
        assert dump.kernel.release == report['kernel']['release']
        assert f'OSRELEASE={dump.kernel.release}\n' in dump.vmcoreinfo
        log = subprocess.run([program, '--dmesg', packed], check=True, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, text=True, errors='replace').stdout
        assert all(record.text.splitlines()[0] in log for record in dump.log() if record.text)
        assert len(dump.log()) > 100
        assert dump.regions[-1] == dump.regions[len(dump.regions) - 1]
        assert dump.regions[1:3] == [dump.regions[1], dump.regions[2]]
        expect(IndexError, lambda: dump.regions[len(dump.regions)])
        assert dump.signature().key.startswith('2-panic-')
        assert any(row.consumer == 'drgn' for row in dump.readiness())
        region = next(r for r in dump.regions if r.phys is not None and r.captured >= 64
                      and r.state == kmd.RegionState.OK)
        some = dump.read_phys(region.phys, 64)
        buffer = bytearray(64)
        dump.read_phys_into(region.phys, buffer)
        assert some == buffer and len(some) == 64
        error = expect(kmd.NotFound, dump.read_phys, 1 << 60, 8)
        assert error.code is kmd.Status.NOT_FOUND and '0x1000000000000000' in error.sentence
        expect(OverflowError, dump.read_phys, -1, 8)
        regions = dump.regions
    expect(ValueError, len, regions)
    expect(ValueError, lambda: dump.kernel)
    assert expect(kmd.Error, kmd.Dump, where / 'none').code is kmd.Status.IO
    assert expect(kmd.Error, kmd.Dump, b'nothing').code is kmd.Status.FORMAT
    expect(ValueError, kmd.Dump, packed, accept=['all'])


def test_core(where):
    """The core by positions, from memory, a file, a stream and the tool: the same bytes."""
    subprocess.run([program, packed, '-o', where / 'tool'], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wanted = (where / 'tool').read_bytes()
    with kmd.Dump(packed) as dump:
        assert dump.core_size() == len(wanted)
        step = 10007
        got = b''.join(dump.core_read(at, min(step, len(wanted) - at))
                       for at in range(0, len(wanted), step))
        assert got == wanted
        assert dump.core_read(len(wanted), 0) == b''
        error = expect(kmd.Error, dump.core_read, len(wanted) - 1, 2)
        assert error.code is kmd.Status.USAGE
        dump.assemble(where / 'path')
        assert expect(kmd.Error, dump.assemble, where / 'path').code is kmd.Status.EXISTS
    for source in (packed.read_bytes(), open(packed, 'rb')):
        with kmd.Dump(source) as dump, open(where / 'other', 'wb') as out:
            dump.assemble(out)
        assert (where / 'other').read_bytes() == (where / 'path').read_bytes() == wanted


def test_threads():
    """The writer of the pipe needs the interpreter while the library waits for its bytes."""
    reader, writer = os.pipe()

    def feed():
        with open(writer, 'wb') as stream:
            stream.write(packed.read_bytes())
    thread = threading.Thread(target=feed)
    thread.start()
    with open(reader, 'rb') as stream, kmd.Dump(stream) as dump:
        assert len(dump.regions) > 3
    thread.join()


def test_progress():
    seen = []

    def watch(phase, done, total):
        seen.append(phase)
        if phase is kmd.Phase.WRITE:
            expect(RuntimeError, lambda: dump.kernel)

    with kmd.Dump(packed, progress=watch) as dump, tempfile.TemporaryFile() as out:
        dump.assemble(out)
    assert kmd.Phase.WRITE in seen and kmd.Phase.UNPACK in seen, seen

    class Stop(Exception):
        pass

    def stop(*_):
        raise Stop
    expect(Stop, kmd.Dump, packed, progress=stop)
    assert expect(kmd.Error, kmd.Dump, packed, progress=lambda *_: True).code is \
        kmd.Status.CANCELED
    # As if Ctrl-C were pressed meanwhile; no call-back of the user's is needed.
    signal.signal(signal.SIGUSR1, signal.default_int_handler)
    expect(KeyboardInterrupt, kmd.Dump, packed,
           progress=lambda *_: os.kill(os.getpid(), signal.SIGUSR1))


def test_holes(where):
    """What lies in the holes of a file is not read."""
    def read_so_far():
        return int(pathlib.Path('/proc/self/io').read_text().split()[1])
    with kmd.Dump(packed) as dump:
        row = max((r for r in dump.regions if r.state == kmd.RegionState.OK and r.phys is not None),
                  key=lambda r: r.captured)
        text = dump.vmcoreinfo.encode()
    with open(where / 'ram', 'wb') as ram:
        ram.truncate(4 << 30)
        ram.seek((3 << 30) + 0x1000)
        ram.write(text)
    if os.stat(where / 'ram').st_blocks > 1000:
        return
    before = read_so_far()
    with kmd.Dump(where / 'ram', ram_base=0) as dump:
        assert dump.vmcoreinfo is not None and row
    assert read_so_far() - before < 64 << 20, read_so_far() - before


def test_many(where, n=20000):
    """Of many regions each is read a few times, and no file system is asked for holes in them;
    no more than one of them is an object of Python at a time."""
    start = 64 + 56 * n
    with open(where / 'many', 'wb') as core:
        core.write(b'\x7fELF\2\1\1' + bytes(9) + struct.pack(
            '<HHIQQQIHHHHHH', 4, 62, 1, 0, 64, 0, 0, 64, 56, n, 64, 0, 0))
        for i in range(n):
            core.write(struct.pack('<IIQQQQQQ', 1, 6, start + 16 * i, 0xffff888000000000 + 4096 * i,
                                   4096 * i, 16, 16, 1))
        core.write(bytes(range(16)) * n)

    def calls():
        return int(re.search(r'syscr: (\d+)', pathlib.Path('/proc/self/io').read_text()).group(1))
    before = calls()
    with kmd.Dump(where / 'many') as dump:
        assert calls() - before < 8 * n, (calls() - before) / n
        tracemalloc.start()
        assert sum(region.size for region in dump.regions) == 16 * n
        assert tracemalloc.get_traced_memory()[1] < 65536, tracemalloc.get_traced_memory()
        tracemalloc.stop()


def test_command():
    done = subprocess.run([sys.executable, '-m', 'kmd', packed], check=True, text=True,
                          stdout=subprocess.PIPE)
    assert 'signature 2-panic-' in done.stdout, done.stdout
    assert subprocess.run([sys.executable, '-m', 'kmd', '/dev/null'],
                          stderr=subprocess.PIPE).returncode == 1


with tempfile.TemporaryDirectory() as name:
    scratch = pathlib.Path(name)
    test_enums()
    test_facts(scratch)
    test_core(scratch)
    test_threads()
    test_progress()
    test_holes(scratch)
    test_many(scratch)
    test_command()
