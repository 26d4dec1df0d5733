#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A core's virtual addresses lead to what the kernel had there, with no vmlinux.

VMCOREINFO names where init_uts_ns lies at run time; the host name that was set in that one
boot must be there, by the core's own segments, and again through the folder without KELF.
"""
import elfcore
import kit

FIELD = 65


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


def check(dump, core, what):
    names = read_virtual(core, symbol(dump, 'init_uts_ns'), 6 * FIELD)
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
