# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""kmd-assemble --symbols: the dump's own symbols, compared with those of the vmlinux."""
import collections
import subprocess

import kit


def names_of(path):
    """Addresses of each text and data symbol."""
    found = collections.defaultdict(set)
    for line in kit.run(['nm', path]).decode().splitlines():
        address, kind, name = line.split(' ', 2)
        if address and kind in 'tTdDrRbB':
            found[name].add(int(address, 16))
    return found


def modules_of(path):
    """Sections of modules."""
    lines = kit.run(['readelf', '-WS', path]).decode().split('.text.')
    return {line.split()[0] for line in lines[1:]}


def check(rig, taken, kaslr):
    """All symbols of the kernel have the address of the vmlinux's, moved by @kaslr; gdb reads them."""
    out = taken.folder / 'symbols.elf'
    done = subprocess.run([taken.program, '-q', taken.folder / 'rawdump.img', f'--symbols={out}', '-f'],
                          capture_output=True, check=False, text=True)
    if done.returncode not in (0, 3):
        kit.check('kallsyms' in done.stderr, done.stderr)
        print('symbols: none in this dump')
        return
    want, got = names_of(rig.kernel.file('vmlinux')), names_of(out)
    kernel = range(min(want['_text']) + kaslr, min(want['_end']) + kaslr)
    got = {name: found for name, addresses in got.items() if (found := {a for a in addresses if a in kernel})}
    wrong = [f'{name}: {sorted(map(hex, addresses))}, vmlinux {sorted(hex(a + kaslr) for a in want[name])}'
             for name, addresses in got.items()
             if name in want and not addresses & {address + kaslr for address in want[name]}]
    kit.check(not wrong, f'{len(wrong)} symbols differ from the vmlinux:\n' + '\n'.join(wrong[:5]))
    both = sum(name in want for name in got)
    kit.check(both > 10000, f'only {both} symbols are those of the vmlinux')
    if 'init_task' not in got:
        print(f'symbols: {both} as in the vmlinux; without KALLSYMS_ALL there are no variables, nor modules')
        return
    if not rig.kernel.has('DEBUG_INFO_BTF'):
        print(f'symbols: {both} as in the vmlinux; without BTF there are no modules')
        return
    kit.check('kmemdump' in modules_of(out), f'no section of the module kmemdump: {modules_of(out)}')
    asked = kit.run(['gdb-multiarch', '-nx', '-batch', out, taken.folder / 'image.core', '-ex',
                     'p/x *(long *) &jiffies_64', '-ex', 'info symbol &init_task']).decode()
    kit.check('init_task in section .text' in asked, f'gdb with the symbol file:\n{asked}')
    print(f'symbols: {both} as in the vmlinux, {len(got) - both} others')
