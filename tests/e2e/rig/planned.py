# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What kmd-collect --plan promises must be what a kernel with the printed parameters gives."""
import re
import subprocess

import firmware
import kit
from checks import nothing_missing, reported

# Of single variables; with all tasks, but without code; of everything.
BUDGETS = (('2M', 64), ('24M', 1000), ('64M', 2000))


def answers(text):
    """Consumer and ability to yes, part, ? or no."""
    return {(row[1].strip(), row[2].strip()): row[3]
            for row in re.finditer(r'^(\S.{25}) (\S.{14}) (yes|part|\?|no) ', text, re.M)}


def plan(rig, budget, slots):
    done = subprocess.run(
        ['python3', rig.program.parents[1] / 'kmd-collect' / 'kmd-collect', '--plan', '-x',
         rig.kernel.file('vmlinux'), '--budget', budget, '--slots', str(slots), '--cpus', str(rig.kernel.cpus),
         '--ram-size', '256M', '--tasks', '100', '--modules', '2'], capture_output=True, text=True, check=False)
    kit.check(done.returncode == 0, f'--plan: {done.stderr}')
    level, size, number = re.search(r'kmemdump-load -l (\w+) -M (\d+) -b BACKEND -r (\d+)', done.stdout).groups()
    return answers(done.stdout), level, f'-M {size} -r {number}'


def check(rig, sign):
    promised = set()
    for budget, slots in BUDGETS:
        want, level, settings = plan(rig, budget, slots)
        taken = rig.crash('plan', sign, level=level, settings=settings)
        nothing_missing(taken.console)
        image = rig.folder / 'rawdump.img'
        firmware.write_raw(image, taken.ram, taken.rows)
        size = image.stat().st_size
        kit.check(size <= int(budget[:-1]) << 20 and len(taken.rows) <= slots,
                  f'{len(taken.rows)} regions, {size} bytes in a budget of {budget}, {slots} slots')
        done = subprocess.run([rig.program, '-q', '--check', '-x', rig.kernel.file('vmlinux'), image],
                              capture_output=True, text=True, check=False)
        got = answers(done.stdout)
        kit.same(sorted(got), sorted(want), 'rows of --plan and --check')
        yes = {row for row, state in want.items() if state == 'yes'}
        broken = {row: got[row] for row in yes if got[row] != 'yes'}
        kit.check(not broken, f'{budget}, {slots} slots: promised, but not so: {broken}\n{done.stdout}')
        more = [' '.join(row) for row, state in got.items() if state == 'yes' and row not in yes]
        print(f'{budget}, {slots} slots: level {level}, {len(taken.rows)} regions, {size:,} bytes; '
              f'{len(yes)} answers promised and there; besides:', more or 'none', reported(taken.console)[0], flush=True)
        kit.check(len(yes) > len(promised), f'{budget} promises no more than less did')
        promised = yes
    kit.same(len(promised), len(want), 'answers with room for all')
