#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""gdb prints the values of the running kernel, not those in vmlinux.

In vmlinux, nodename is "(none)" and jiffies_64 has its start value, so a core without
them is detected.  gdb is started as the report shows, and without an offset.
"""
import kit

EXPRESSIONS = (
    ('init_uts_ns.name.nodename', '%s', 'nodename'),
    ('init_uts_ns.name.release', '%s', 'release'),
    ('linux_banner', '%s', 'banner'),
    ('jiffies_64', '%lu', 'jiffies_64'),
)


# Code that these dumps do not contain: vmlinux has it, but that of the dead kernel may differ.
NOT_CAPTURED = 'schedule'


def ask(*opening):
    command = [kit.tool('gdb-multiarch'), '-nx', '-batch', '-iex', 'set auto-load off', *opening]
    for expression, form, name in EXPRESSIONS:
        command += ['-ex', f'printf "@{name}={form}@\\n", {expression}']
    command += ['-ex', f'output/x *(char *){NOT_CAPTURED}', '-ex', 'echo \\n']
    return kit.run(command).decode(errors='replace')


def no_alias(dump):
    """x86_64 moved by less than its size: its link addresses are run-time addresses of other objects."""
    return dump.facts['arch'] == 'x86_64' and int(dump.facts['kaslr_offset'], 0) < 64 << 20


def check(dump, output, absent=False):
    """Expect all values, or none with @absent."""
    for _, _, name in EXPRESSIONS:
        want = f'@{name}=' if absent else f'@{name}={dump.facts[name]}@'
        kit.check(want in output, f'{dump.name}: gdb did not print {want!r} but:\n{output}')
    kit.check(not absent or not any(c.isalnum() for c in output.partition('@jiffies_64=')[2]),
              f'{dump.name}: gdb printed what has no address: {output}')
    kit.check('0x' not in output.split('@')[-1],
              f'{dump.name}: gdb printed what was not captured: {output}')


def main():
    program, dumps = kit.arguments()
    for dump in dumps:
        vmlinux = kit.debug_vmlinux(dump)
        with kit.scratch() as where:
            core = kit.core_of(program, dump, where)
            offset = dump.facts['kaslr_offset']
            check(dump, ask('-ex', f'symbol-file {vmlinux} -o {offset}', '-ex', f'core-file {core}'))
            check(dump, ask(str(vmlinux), str(core)), absent=no_alias(dump))
        print(f'{dump.name}: gdb agrees')


if __name__ == '__main__':
    main()
