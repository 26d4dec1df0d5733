# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""kmd-report on the dump, compared with what drgn prints for all of RAM."""
import bisect
import functools
import json
import os
import pathlib
import random
import struct
import subprocess
import sys

import firmware
import kit
import registers
import shorter
from shorter import same_members

# As ps writes it.
DEAD = ('X', 'Z')


def report(taken, *options, image='rawdump.img'):
    """The JSON of a partition image."""
    program = taken.program.parent.parent / 'kmd-report' / 'kmd-report'
    done = subprocess.run([program, '--json', *options, taken.folder / image],
                          capture_output=True, check=False)
    kit.check(done.returncode in (0, 3), f'kmd-report exited {done.returncode}:\n' +
              done.stderr.decode(errors='replace'))
    return json.loads(done.stdout)


def check_hang(taken, tasks):
    """The text of a hang, of which nothing recorded registers: @tasks are what the CPUs ran."""
    program = taken.program.parent.parent / 'kmd-report' / 'kmd-report'
    text = subprocess.run([program, taken.folder / 'rawdump.img'], stdout=subprocess.PIPE, check=True, text=True).stdout
    kit.check('\nreason      none in the log: a hang' in text, f'no hang:\n{text[:1000]}')
    for cpu, task in enumerate(tasks):
        kit.check(f'\nCPU {cpu}, task {task} (pid ' in text, f'CPU {cpu} does not run {task}:\n{text[:2000]}')


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


@functools.cache
def orc_places(vmlinux):
    """Addresses of symbols by name, and the sorted addresses of the rows of .orc_unwind_ip, link time."""
    symbols = {}
    for line in subprocess.check_output(['nm', vmlinux], text=True).splitlines():
        words = line.split()
        if len(words) == 3:
            symbols.setdefault(words[2], int(words[0], 16))
    for line in subprocess.check_output(['readelf', '-SW', vmlinux], text=True).splitlines():
        words = line.replace('[ ', '[').split()
        if len(words) > 5 and words[1] == '.orc_unwind_ip':
            start, offset, size = (int(word, 16) for word in words[3:6])
            data = vmlinux.read_bytes()[offset:offset + size]
            return symbols, sorted(start + 4 * i + value for i, (value,) in enumerate(struct.iter_unpack('<i', data)))
    return symbols, []


def lacks_orc(vmlinux, task):
    """objtool gave up on a whole object (entry_64.o of 5.4 with the binutils of Debian 11): there are no rows."""
    if 'ORC table has no row' not in task['frames_end'] or not functions(task):
        return False
    symbols, rows = orc_places(vmlinux)
    start = symbols.get(functions(task)[-1], 0)
    at = bisect.bisect_left(rows, start)
    return start > 0 and (at == len(rows) or rows[at] >= start + 32)


def python_with_kmd(taken):
    """The interpreter for which the build made the module kmd, or None; and its environment."""
    env = dict(os.environ, PYTHONPATH=str(taken.program.parents[2] / 'python'), PYTHONDONTWRITEBYTECODE='1')
    for python in (sys.executable, '/usr/bin/python3', 'python3'):
        if not subprocess.run([python, '-c', 'import kmd'], env=env, capture_output=True, check=False).returncode:
            return python, env
    return None, env


def check_python(rig, taken, found):
    """The Python module gives what kmd-report prints."""
    python, env = python_with_kmd(taken)
    if not python:
        print('the Python module kmd was not built')
        return
    script = pathlib.Path(__file__).with_name('ask_python.py')
    done = subprocess.run([python, script, taken.folder / 'rawdump.img', rig.kernel.file('vmlinux')], env=env,
                          capture_output=True, check=False, text=True)
    kit.check(done.returncode == 0, f'kmd in Python: {done.stderr}')
    got = json.loads(done.stdout)
    kit.same(got['tasks'], [[task['pid'], task.get('comm'), task.get('state'), functions(task)]
                            for task in found['tasks']], 'tasks in Python')
    kit.same([[name, build_id] for name, _, build_id in got['modules']],
             [[module['name'], module.get('build_id')] for module in found['modules']], 'modules in Python')
    kit.same(got['signature'], found.get('signature', {}).get('key'), 'signature in Python')


def check(rig, taken, answers):
    """@answers are those of drgn on all of RAM."""
    found = report(taken, '-x', rig.kernel.file('vmlinux'))
    tasks = {name(task) for task in found['tasks'] if not task.get('idle')}
    want = {' '.join(line.split(' ')[:-1]) for line in answers['tasks']}
    kit.check(tasks == want, f'kmd-report lists other tasks: {sorted(tasks ^ want)[:10]}')
    check_stacks(found, answers['stacks'])
    check_python(rig, taken, found)
    early = [name(task) for task in found['tasks'] if task.get('frames_end') and not task['running']
             and task.get('state') not in DEAD and not lacks_orc(rig.kernel.file('vmlinux'), task)]
    kit.check(not early, f'kmd-report: stacks end early: {early[:10]}')
    own = report(taken)
    firmware.write_raw(taken.folder / 'log.img', taken.ram, [row for row in taken.rows if row.name and
                       not row.name.startswith((registers.RECORD, 'Kcrash_notes'))])
    check_signature(found, own, report(taken, image='log.img'))
    named = check_without_vmlinux(found, own, rig.kernel.has('KALLSYMS_ALL'))
    # Modules have no names where KALLSYMS_ALL is off.
    kit.check(named or rig.name != 'panic', 'no frame has a name without a vmlinux')


def check_signature(*reports):
    """With and without a vmlinux, and by the log alone, if they have one."""
    found = [report['signature'] for report in reports if 'signature' in report]
    keys = {signature['key'] for signature in found}
    kit.check(len(keys) <= 1, f'two signatures of one crash: {found}')
    print('signature', *keys, *(signature['source'] for signature in found))


def check_without_regions(rig, taken, seed, rounds=12):
    """Random regions are missing: the report is shorter, never wrong."""
    vmlinux, chosen = rig.kernel.file('vmlinux'), random.Random(seed)
    taken.write_forms()
    want = report(taken, '-x', vmlinux)
    for number in range(rounds):
        gone = chosen.sample(taken.rows, chosen.choice([1, 3, 30, len(taken.rows) // 4, len(taken.rows) // 2]))
        firmware.write_raw(taken.folder / 'part.img', taken.ram,
                           [row for row in taken.rows if row not in gone])
        wrong = shorter.compare(report(taken, '-x', vmlinux, image='part.img'), want)
        kit.check(not wrong, f'kmd-report, round {number} (KMD_SEED={seed}), {len(gone)} regions missing:\n' +
                  '\n'.join(wrong[:8]))


def without_inline(item):
    """The frames as the dump's own symbols have them.

    Address and start of the function: a function may have several names.
    """
    return [(frame['address'], int(frame['address'], 16) - frame['offset'] if 'function' in frame else None)
            for frame in item['frames'] if not frame.get('inline')]


def check_without_vmlinux(by_vmlinux, found, names_all):
    """By the dump's own symbols and types: the tasks and stacks that the vmlinux gives as well."""
    tasks = {task['address']: task for task in by_vmlinux['tasks']}
    cpus = {cpu['cpu']: cpu for cpu in by_vmlinux['cpus']}
    named = 0
    for item in found['tasks'] + found['cpus']:
        other = tasks.get(item['address']) if 'address' in item else cpus[item['cpu']]
        kit.check(other, f'without a vmlinux there is another task: {item}')
        kit.check(not same_members(item, other), f'without a vmlinux: {same_members(item, other)}')
        for own, frame in zip(without_inline(item), without_inline(other)):
            kit.check(own[0] == frame[0] and own[1] in (None, frame[1]),
                      f'without a vmlinux: frame {own} instead of {frame}')
            named += own[1] is not None
    shown = {task['address'] for task in found['tasks']}
    missing = [task for task in by_vmlinux['tasks'] if task['address'] not in shown]
    # Without KALLSYMS_ALL the run queues have no name, and only they lead to the idle tasks.
    only_idle = not names_all and found.get('tasks_incomplete') and all(task.get('idle') for task in missing)
    kit.check(not shown or not missing or only_idle,
              f'without a vmlinux, tasks are missing: {[name(task) for task in missing][:10]}')
    print(f'without a vmlinux: {len(found["tasks"])} tasks, {named} frames with names')
    return named


def check_holder(rig, taken, waiting, holder):
    """Each task of @waiting, and no other, waits for the lock that @holder holds."""
    for options in (('-x', rig.kernel.file('vmlinux')), ()):
        found = report(taken, *options)
        pids = {task['comm']: task['pid'] for task in found['tasks']}
        got = {task['comm']: task['holder'] for task in found['tasks'] if 'holder' in task}
        kit.same(got, {comm: pids[holder] for comm in waiting}, f'holders of locks, with {options}')
