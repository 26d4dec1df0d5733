#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""drgn prints the whole kernel log, as on the console, and the run-time values."""
import kit

try:
    import drgn
    from drgn.helpers.linux.printk import get_dmesg
except ImportError:
    drgn = None


def ask(vmlinux, core):
    prog = drgn.Program()
    prog.set_core_dump(str(core))
    prog.load_debug_info([vmlinux])
    uts = prog['init_uts_ns'].name
    return {
        'nodename': uts.nodename.string_().decode(),
        'release': uts.release.string_().decode(),
        'banner': prog['linux_banner'].string_().decode(),
        'jiffies_64': prog['jiffies_64'].value_(),
        'dmesg': get_dmesg(prog).decode(errors='replace').splitlines(),
    }


def main():
    program, dumps = kit.arguments()
    if not drgn:
        kit.skip('python3-drgn is not installed (scripts/setup installs it)')
    for dump in dumps:
        vmlinux = kit.debug_vmlinux(dump)
        with kit.scratch() as where:
            output = ask(vmlinux, kit.core_of(program, dump, where))
        for name in ('nodename', 'release', 'banner', 'jiffies_64'):
            kit.same(output[name], dump.facts[name], f'{dump.name}: drgn: {name}')
        log = output['dmesg']
        kit.check(any(dump.facts['token'] in line for line in log),
                  f'{dump.name}: the log lacks the token of this boot')
        kit.same_log(log, dump.dmesg(), f'{dump.name}: drgn')
        print(f'{dump.name}: drgn agrees, {len(log)} lines of log')


if __name__ == '__main__':
    main()
