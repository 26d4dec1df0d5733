#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""gdb prints values of the running kernel, not those that vmlinux was built with.

nodename is "(none)" and jiffies_64 its start value in vmlinux, so a core that
does not serve them shows at once.
"""
import kit

EXPRESSIONS = (
    ('init_uts_ns.name.nodename', '%s', 'nodename'),
    ('init_uts_ns.name.release', '%s', 'release'),
    ('linux_banner', '%s', 'banner'),
    ('jiffies_64', '%lu', 'jiffies_64'),
)


def ask(vmlinux, core, kaslr_offset):
    command = [kit.tool('gdb-multiarch'), '-nx', '-batch', '-iex', 'set auto-load off',
               '-ex', f'symbol-file {vmlinux} -o {kaslr_offset}', '-ex', f'core-file {core}']
    for expression, form, name in EXPRESSIONS:
        command += ['-ex', f'printf "@{name}={form}@\\n", {expression}']
    return kit.run(command).decode(errors='replace')


def main():
    program, dumps = kit.arguments()
    for dump in dumps:
        vmlinux = kit.debug_vmlinux(dump)
        with kit.scratch() as where:
            core = kit.core_of(program, dump, where)
            said = ask(vmlinux, core, dump.facts['kaslr_offset'])
        for _, _, name in EXPRESSIONS:
            want = f'@{name}={dump.facts[name]}@'
            kit.check(want in said, f'{dump.name}: gdb did not print {want!r} but:\n{said}')
        print(f'{dump.name}: gdb agrees')


if __name__ == '__main__':
    main()
