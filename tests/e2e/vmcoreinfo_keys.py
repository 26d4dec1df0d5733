#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Kernels lack keys of VMCOREINFO: without any single one, nothing becomes wrong.

Each key is made unknown in turn.  The dump is sound, so there is no finding, except for
OSRELEASE, without which the text is not recognised.  The log and the captured memory stay as
they are.  A virtual address may be absent, but must not differ from that of the kernel.
"""
import subprocess

import elfcore
import kit

# In cores of 64-bit and of 32-bit machines.
NO_PHYSICAL = ((1 << 64) - 1, (1 << 32) - 1)
IMAGE_X86 = 0xffffffff80000000


class Space:
    """Memory by address; pieces may overlap, and then have the same bytes."""

    def __init__(self, pieces):
        self.pieces = sorted(pieces)

    def bytes_at(self, address, size):
        """None if some of it is absent."""
        found = b''
        for start, data in self.pieces:
            at = address + len(found) - start
            if 0 <= at < len(data):
                found += data[at:at + size - len(found)]
            if len(found) == size:
                return found
        return None


class Memory:
    """What a core has, by both kinds of address.  Where it cuts segments does not matter."""

    def __init__(self, core):
        self.segments = [s for s in elfcore.segments(core.read_bytes()) if s.data]
        self.physical = Space((s.paddr, s.data) for s in self.segments if s.paddr not in NO_PHYSICAL)
        self.virtual = Space((s.vaddr, s.data) for s in self.segments if s.vaddr)


class Maps:
    """The kernel's linear map and that of its image, by the memory of a core with all keys."""

    def __init__(self, memory, text):
        self.distances = {s.vaddr - s.paddr for s in memory.segments if s.vaddr and s.paddr not in NO_PHYSICAL}
        values = dict(line.split('=', 1) for line in text.decode().splitlines() if '=' in line)
        self.stext = int(values['SYMBOL(_stext)'], 16)

    def map(self, virtual, physical):
        if virtual >= IMAGE_X86 and virtual < self.stext & -(2 << 20):
            return False
        return virtual - physical in self.distances


def ask(program, image, where):
    """Exit code, log and captured memory."""
    core = where / 'keys.core'
    core.unlink(missing_ok=True)
    done = subprocess.run([program, '--captured-only', '-o', core, image], capture_output=True,
                          check=False)
    log = subprocess.run([program, '--dmesg', image], capture_output=True, check=False)
    kit.check(core.exists(), f'no core: {done.stderr.decode(errors="replace")}')
    return done.returncode, log.stdout, Memory(core)


def without(data, key):
    """The same bytes, but no line of the VMCOREINFO text begins with this key."""
    unknown = b'x' * len(key)
    return data.replace(b'\n' + key + b'=', b'\n' + unknown + b'=') if key != b'OSRELEASE' \
        else data.replace(key + b'=', unknown + b'=')


def keys_of(text):
    return [line.split(b'=')[0] for line in text.split(b'\n') if b'=' in line]


def compare_memory(key, got, want, maps):
    for segment in want.segments:
        if segment.paddr not in NO_PHYSICAL:
            kit.check(got.physical.bytes_at(segment.paddr, len(segment.data)) == without(segment.data, key),
                      f'without {key}: other bytes at {segment.paddr:#x}')
    for segment in got.segments:
        by_place = segment.paddr not in NO_PHYSICAL
        if by_place:
            whole = want.physical.bytes_at(segment.paddr, len(segment.data))
            kit.check(whole is not None and without(whole, key) == segment.data,
                      f'without {key}: bytes that were not at {segment.paddr:#x}')
        if not segment.vaddr:
            continue
        whole = want.virtual.bytes_at(segment.vaddr, len(segment.data))
        kit.check(whole is not None and without(whole, key) == segment.data or
                  by_place and maps.map(segment.vaddr, segment.paddr),
                  f'without {key}: {segment.paddr:#x} is at {segment.vaddr:#x}')


def main():
    program, dumps = kit.arguments()
    for dump in dumps:
        with kit.scratch() as where:
            image = dump.form('rawdump.img', where)
            code, log, memory = ask(program, image, where)
            kit.same(code, 0, f'{dump.name}: exit code')
            kit.check(log and memory.segments, f'{dump.name}: no log or no memory')
            data = image.read_bytes()
            keys = keys_of(dump.vmcoreinfo)
            maps = Maps(memory, dump.vmcoreinfo)
            kit.check(len(keys) > 40, f'{dump.name}: only {len(keys)} keys')
            for key in keys:
                image.write_bytes(without(data, key))
                kit.check(image.read_bytes() != data or key == b'CRASHTIME',
                          f'{key} is not in the dump')
                got = ask(program, image, where)
                kit.same(got[0], 3 if key == b'OSRELEASE' else 0, f'without {key}: exit code')
                kit.check(got[1] == log, f'without {key}: another log')
                compare_memory(key, got[2], memory, maps)
            print(f'{dump.name}: {len(keys)} keys')


if __name__ == '__main__':
    main()
