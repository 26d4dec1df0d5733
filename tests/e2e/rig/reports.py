# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""kmd-report on the dump, compared with what drgn prints for all of RAM."""
import json
import subprocess

import kit


def report(taken, *options):
    """The JSON of the partition image."""
    program = taken.program.parent.parent / 'kmd-report' / 'kmd-report'
    done = subprocess.run([program, '--json', *options, taken.folder / 'rawdump.img'],
                          capture_output=True, check=False)
    kit.check(done.returncode in (0, 3), f'kmd-report exited {done.returncode}:\n' +
              done.stderr.decode(errors='replace'))
    return json.loads(done.stdout)


def name(task):
    return f'{task["pid"]} {task["comm"]}'


def functions(task):
    return [frame.get('function') for frame in task['frames']]


def is_same(got, want):
    """The kernel and kmd-report print the label inside the entry code, drgn the function."""
    return got == want or got == f'{want}_after_hwframe'


def check_stacks(found, stacks):
    """Each frame of each sleeping task, until the first that drgn cannot name."""
    ours = {name(task): task for task in found['tasks']}
    wrong = []
    for task, frames in stacks.items():
        if not isinstance(frames, list):
            continue
        own = functions(ours[task]) if task in ours else None
        if own is None or len(own) < len(frames) or not all(map(is_same, own, frames)):
            wrong.append(f'{task}:\n  got  {own} ({ours.get(task, {}).get("frames_end")})\n  want {frames}')
    kit.check(not wrong, f'kmd-report: {len(wrong)} of {len(stacks)} stacks differ from drgn on all of '
              'RAM:\n' + '\n'.join(wrong[:5]))


def check(rig, taken, answers):
    """@answers are those of drgn on all of RAM."""
    found = report(taken, '-x', rig.kernel.file('vmlinux'))
    tasks = {name(task) for task in found['tasks'] if not task.get('idle')}
    want = {' '.join(line.split(' ')[:-1]) for line in answers['tasks']}
    kit.check(tasks == want, f'kmd-report lists other tasks: {sorted(tasks ^ want)[:10]}')
    check_stacks(found, answers['stacks'])
    early = [name(task) for task in found['tasks'] if task.get('frames_end') and not task['running']]
    kit.check(not early, f'kmd-report: stacks end early: {early[:10]}')
    check_signature(found, report(taken))


def check_signature(by_stack, by_log):
    """With and without a vmlinux, if both have one."""
    keys = {found['signature']['key'] for found in (by_stack, by_log) if 'signature' in found}
    kit.check(len(keys) <= 1, f'two signatures of one crash: {by_stack.get("signature")}, '
              f'{by_log.get("signature")}')
    print('signature', *keys)
