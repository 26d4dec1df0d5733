#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Kernels lack keys of VMCOREINFO: without any single one, nothing becomes wrong.

Each key is made unknown in turn.  The dump is sound, so there is no finding, except for
OSRELEASE, without which the text is not recognised.  The log and the captured memory stay as
they are.  A virtual address may be absent, but must not differ from that of the kernel.
"""
import subprocess

import kit

PT_LOAD = 1
NO_PHYSICAL = (1 << 64) - 1
IMAGE_X86 = 0xffffffff80000000


def loads(core):
    """{place: (virtual address, bytes)} of the captured memory.

    A place is a physical address, or a virtual one if there is none.
    """
    data = core.read_bytes()
    number = lambda at, size: int.from_bytes(data[at:at + size], 'little')
    table, count = number(32, 8), number(56, 2)
    found = {}
    for at in range(table, table + 56 * count, 56):
        if number(at, 4) == PT_LOAD:
            offset, virtual, physical, size = (number(at + 8 * n, 8) for n in (1, 2, 3, 4))
            place = (physical, None) if physical != NO_PHYSICAL else (physical, virtual)
            found[place] = virtual, data[offset:offset + size]
    return found


class Maps:
    """The kernel's linear map and that of its image, by the memory of a core with all keys."""

    def __init__(self, memory, text):
        self.distances = {virtual - place[0] for place, (virtual, _) in memory.items() if virtual}
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
    return done.returncode, log.stdout, loads(core)


def without(data, key):
    """The same bytes, but no line of the VMCOREINFO text begins with this key."""
    unknown = b'x' * len(key)
    return data.replace(b'\n' + key + b'=', b'\n' + unknown + b'=') if key != b'OSRELEASE' \
        else data.replace(key + b'=', unknown + b'=')


def keys_of(text):
    return [line.split(b'=')[0] for line in text.split(b'\n') if b'=' in line]


def compare_memory(key, got, want, maps):
    for place, (virtual, data) in want.items():
        if place not in got:
            kit.check(place[1], f'without {key}: nothing at {place[0]:#x}')
            continue
        kit.check(got[place][1] == without(data, key),
                  f'without {key}: other bytes at {place[0]:#x}')
        # A region may be in several maps; its second address is a segment of its own.
        second = want.get((NO_PHYSICAL, got[place][0]))
        kit.check(got[place][0] in (virtual, 0) or second and second[1] == data or
                  maps.map(got[place][0], place[0]),
                  f'without {key}: {place[0]:#x} is at {got[place][0]:#x}, not {virtual:#x}')


def main():
    program, dumps = kit.arguments()
    for dump in dumps:
        with kit.scratch() as where:
            image = dump.form('rawdump.img', where)
            code, log, memory = ask(program, image, where)
            kit.same(code, 0, f'{dump.name}: exit code')
            kit.check(log and memory, f'{dump.name}: no log or no memory')
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
