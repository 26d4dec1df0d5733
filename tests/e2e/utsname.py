#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The virtual addresses of a core have the memory of the kernel, without a vmlinux.

VMCOREINFO has the run-time address of init_uts_ns.  The segments of the core must have the
host name of that boot there.  The same is tested for the folder without KELF.
"""
import re

import elfcore
import kit

FIELD, KREF = 65, 4


def symbol(dump, name):
    for line in dump.vmcoreinfo.decode().splitlines():
        if line.startswith(f'SYMBOL({name})='):
            return int(line.partition('=')[2], 16)
    return kit.fail(f'{dump.name}: no SYMBOL({name})')


def read_virtual(core, address, size):
    for segment in elfcore.segments(core.read_bytes()):
        start = address - segment.vaddr
        if start >= 0 and start + size <= len(segment.data):
            return segment.data[start:start + size]
    return kit.fail(f'{core}: nothing at 0x{address:x}')


def offset(dump):
    """Of the name in struct uts_namespace, which began with a kref before 5.11."""
    match = re.search(r'^OFFSET\(uts_namespace\.name\)=(\d+)$', dump.vmcoreinfo.decode(), re.M)
    return int(match[1]) if match else KREF


def check(dump, core, what):
    names = read_virtual(core, symbol(dump, 'init_uts_ns') + offset(dump), 6 * FIELD)
    words = [names[i:i + FIELD].partition(b'\0')[0].decode() for i in range(0, 6 * FIELD, FIELD)]
    kit.same(words[1:3], [dump.facts['nodename'], dump.facts['release']],
             f'{dump.name}, {what}: utsname')


def main():
    program, dumps = kit.arguments()
    for dump in dumps:
        with kit.scratch() as where:
            check(dump, kit.core_of(program, dump, where), 'partition image')
            folder = dump.form('md.tar', where)
            for kelf in folder.glob('md_KELF*'):
                kelf.unlink()
            core = kit.assemble(program, folder, where / 'nokelf', expect=3)
            check(dump, core, 'folder without KELF')
        print(f'{dump.name}: {dump.facts["nodename"]}')


if __name__ == '__main__':
    main()
