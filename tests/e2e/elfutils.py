#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""eu-readelf and eu-elflint find no faults in a core, and the VMCOREINFO of the kernel."""
import subprocess

import kit

# elfutils does not support the note types of VMCOREINFO and of the list of supplied memory;
# eu-elflint does not support NT_FILE, but eu-readelf does.
KNOWN_COMPLAINTS = ('unknown core file note type 0 ', 'unknown core file note type 1263354881 ',
                    'unknown core file note type 1179208773 ')
MACHINES = {'arm64': 'AARCH64', 'x86_64': 'AMD x86-64', 'riscv64': 'RISC-V'}


def readelf(core, option):
    done = subprocess.run([kit.tool('eu-readelf'), option, str(core)], capture_output=True,
                          check=False)
    kit.check(done.returncode == 0 and not done.stderr,
              f'eu-readelf {option} complains: {done.stderr.decode(errors="replace")}')
    return done.stdout.decode()


def check_headers(dump, core):
    header = readelf(core, '-h')
    kit.check('CORE (Core file)' in header, f'{dump.name}: not ET_CORE:\n{header}')
    kit.check(MACHINES[dump.facts['arch']] in header, f'{dump.name}: machine:\n{header}')
    rows = [line.split() for line in readelf(core, '-l').splitlines()]
    kinds = [row[0] for row in rows if row and row[0] in ('NOTE', 'LOAD')]
    kit.check(kinds[0] == 'NOTE' and kinds.count('NOTE') == 1 and kinds.count('LOAD') > 1,
              f'{dump.name}: program headers {kinds}')


def check_notes(dump, core):
    """The note must have exactly the lines of the kernel."""
    output = readelf(core, '-n').splitlines()
    starts = [i for i, line in enumerate(output) if line.strip().startswith('VMCOREINFO ')]
    kit.same(len(starts), 1, f'{dump.name}: VMCOREINFO notes')
    text = []
    for line in output[starts[0] + 1:]:
        if not line.startswith('    '):
            break
        text.append(line.strip())
    files = [line.split() for line in output if '/proc/version' in line]
    kit.same(files, [['fffffffffffff000-fffffffffffff001', '00100000', '1', '/proc/version']],
             f'{dump.name}: NT_FILE')
    kit.same(text, dump.vmcoreinfo.decode().splitlines(), f'{dump.name}: VMCOREINFO')


def check_lint(dump, core):
    done = subprocess.run([kit.tool('eu-elflint'), '--gnu-ld', str(core)], capture_output=True,
                          text=True, check=False)
    output = (done.stdout + done.stderr).splitlines()
    faults = [line for line in output
              if line != 'No errors' and not any(c in line for c in KNOWN_COMPLAINTS)]
    kit.check(not faults, f'{dump.name}: eu-elflint: {faults}')


def main():
    program, dumps = kit.arguments()
    kit.tool('eu-readelf')
    for dump in dumps:
        with kit.scratch() as where:
            core = kit.core_of(program, dump, where)
            check_headers(dump, core)
            check_notes(dump, core)
            check_lint(dump, core)
        print(f'{dump.name}: elfutils agree')


if __name__ == '__main__':
    main()
