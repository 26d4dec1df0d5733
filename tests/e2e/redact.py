#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""--redact: the named memory is overwritten in the core, in region files and in the log."""
import subprocess

import elfcore
import kit


def memory(core):
    """Segments by address, but for the copies at link addresses, which have no physical one."""
    return {(s.paddr, s.vaddr): s.data for s in elfcore.segments(core.read_bytes())
            if s.paddr != 2**64 - 1}


def erased(core):
    return b''.join(n.desc for n in elfcore.notes(core.read_bytes()) if n.name.startswith(b'ERASEINFO'))


def overwritten(before, after, start, size):
    """The memory of a core with [start, start + size), by physical address, overwritten."""
    want = {}
    for (paddr, vaddr), data in before.items():
        data = bytearray(data)
        low, high = max(start, paddr), min(start + size, paddr + len(data))
        if low < high:
            data[low - paddr:high - paddr] = b'X' * (high - low)
        want[paddr, vaddr] = bytes(data)
    kit.check(want != before, 'nothing would be overwritten')
    kit.check(after == want, 'the memory of the core is not what it was, but for the range')


def refused(program, image, spec, words):
    done = subprocess.run([program, image, '--list', f'--redact={spec}'], capture_output=True,
                          check=False, text=True)
    kit.check(done.returncode == 1 and words in done.stderr, f'{spec}: {done.returncode} {done.stderr}')


def strings(core):
    return b'\n'.join(data for data in memory(core).values())


def user_data(program, image, where, plain):
    """The machine's name is gone everywhere; nothing else of the core or the log is other than X."""
    core = kit.assemble(program, image, where / 'user', '--redact=user-data')
    after, changed = memory(core), 0
    kit.check(after.keys() == plain.keys(), 'other segments')
    for key, data in plain.items():
        other = after[key]
        kit.check(len(other) == len(data), 'another size')
        for a, b in zip(data, other):
            kit.check(a == b or b == ord('X'), 'not X')
            changed += a != b
    host = next(host for host in (b'kmdlab', b'kmd-guest') if host in b''.join(plain.values()))
    kit.check(changed and host not in strings(core), 'the name of the machine is still there')
    text = erased(core).decode().split()
    kit.check(text[:2] == ['erase', 'user-data'] and int(text[2]) > 0, f'ERASEINFO: {text}')
    logs = [kit.run([program, form, '--dmesg']).splitlines() for form in (image, core)]
    kit.check(len(logs[0]) == len(logs[1]) and len(logs[0]) > 100, 'lines of the log')
    for a, b in zip(*logs):
        kit.check(len(a) == len(b) and all(x == y or y == ord('X') for x, y in zip(a, b)), f'{b!r}')
    kit.check(logs[0][0] == logs[1][0], 'the version line was overwritten')


def main():
    program, dumps = kit.arguments()
    for dump in dumps:
        with kit.scratch() as where:
            image = dump.form('rawdump.img', where)
            rows = [line.split() for line in kit.run([program, image, '--list']).decode().splitlines()[1:]]
            plain = memory(kit.assemble(program, image, where / 'plain'))
            text = next(row for row in rows if row[6].startswith('Kprb_data'))
            start, size = int(text[1], 16), int(text[4])
            # A physical range: a part of a region, from its middle on.
            core = kit.assemble(program, image, where / 'phys', f'--redact={start + 100:#x}+{size - 200}')
            overwritten(plain, memory(core), start + 100, size - 200)
            kit.same(erased(core), f'erase {start + 100:#x} {size - 200}\n'.encode(), 'ERASEINFO')
            # A virtual one, and a symbol of VMCOREINFO: the same region by another name.
            uts = next(row for row in rows if row[6].startswith('Kinit_uts'))
            for spec in (f'{uts[2]}+390', 'init_uts_ns+0x186'):
                core = kit.assemble(program, image, where / 'virt', f'--redact={spec}', '-f')
                overwritten(plain, memory(core), int(uts[1], 16), 390)
            # The core as an input, and files of regions.
            again = kit.assemble(program, where / 'phys', where / 'again')
            kit.check(memory(again) == memory(where / 'phys'), 'the core as an input')
            kit.run([program, image, f'--redact={start:#x}+{size}', f'--extract={where / "files"}'])
            data = (where / 'files' / f'md_{text[6]}.BIN').read_bytes()
            kit.same(data, b'X' * size, f'the file of {text[6]}')
            log = subprocess.run([program, image, f'--redact={start:#x}+{size}', '--dmesg'],
                                 capture_output=True, check=False).stdout
            kit.check(b'sysrq triggered crash' not in log, 'the log is still there')
            user_data(program, image, where, plain)
            refused(program, image, 'no_such_symbol+4', 'no symbol')
            refused(program, image, 'init_uts_ns', 'the size of')
            for spec in ('0x1000', '0x1000+0', '+4', '0xzz+4', 'init_uts_ns+x', '0xffffffffffffffff+2',
                         'init_uts_ns+0xffffffffffffffff'):
                refused(program, image, spec, 'nothing that can be redacted')
            print(f'{dump.name}: redacted by address, by symbol and by what looks like user data')


if __name__ == '__main__':
    main()
