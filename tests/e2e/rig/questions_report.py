# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""kmd-report in the matrix: the functions of each frame of each task, beside drgn's and crash's on all of RAM.

With a vmlinux its frames are those of drgn, inlined ones included.  Without one, they are those that
crash has by address, and those that kmd-report itself has with the vmlinux on all of RAM.
"""
import json
import re
import subprocess

from questions_compare import ABSENT, EQUAL, PART, WRONG, missing

# A task, and a frame of it, as crash prints them.
TASK = re.compile(r'PID: (\d+) .*COMMAND: "(.*)"')
FRAME = re.compile(r'#\d+ \[[0-9a-f]+\] (?P<name>\S+) at (?P<at>[0-9a-f]+)')
FRAME_ARM = re.compile(r'#\d+ \[<(?P<at>[0-9a-f]+)>\] \((?P<name>\S+)\) from ')

# What drgn has for a frame without a symbol: its address or its number.
NAMELESS = ('0x', '#', '?')


def report(program, words):
    tool = program.parents[1] / 'kmd-report' / 'kmd-report'
    done = subprocess.run([tool, '--json', *words], capture_output=True, check=False)
    if done.returncode not in (0, 3):
        return f'!kmd-report exited {done.returncode}: {done.stderr.decode(errors="replace")[-200:]}'
    return json.loads(done.stdout)


def stacks(found):
    """{task: {'frames': [[address, function, offset, inlined]], 'end': reason}}; idle and dead tasks are left out."""
    if isinstance(found, str):
        return found
    return {f'{task["pid"]} {task.get("comm", "?")}': {
        'end': task.get('frames_end'), 'running': task['running'],
        'frames': [[frame['address'], frame.get('function'), frame.get('offset'), frame.get('inline', False)]
                   for frame in task['frames']]}
            for task in found['tasks'] if not task.get('idle')}


def ask(taken, image, words=()):
    vmlinux = ['-x', taken.kernel.file('vmlinux')]
    with_it, without = (report(taken.program, [*more, *words, image]) for more in (vmlinux, []))
    return {'with vmlinux': stacks(with_it), 'without': stacks(without),
            'reasons': [found.get('tasks_incomplete') if isinstance(found, dict) else found
                        for found in (with_it, without)]}


def is_same(got, want):
    """The kernel and kmd-report print the label inside the entry code, drgn the function."""
    return got in (None, want, f'{want}_after_hwframe')


def with_drgn(own, frames):
    """(outcome, words) of one task.  drgn may stop before the end of a stack, or have no name.

    It goes on to the registers of the program, which have none: we end at the kernel's entry.
    """
    while frames and frames[-1].startswith(NAMELESS):
        frames = frames[:-1]
    for n, name in enumerate(frames):
        if n == len(own['frames']):
            return (PART, own['end']) if own['end'] else (WRONG, f'{n} of {len(frames)} frames, without a reason')
        if not is_same(own['frames'][n][1], name) and not name.startswith(NAMELESS):
            return WRONG, f'frame {n} is {own["frames"][n][1]}, not {name}'
    nameless = [frame[0] for frame in own['frames'] if not frame[1]]
    return (PART, f'{len(nameless)} frames have no name') if nameless else (EQUAL, '')


def with_crash(own, frames):
    """By address: a return address behind the last call of a function is the next one's for crash."""
    ours = {int(frame[0], 16): frame for frame in own['frames'] if not frame[3]}
    common = [(ours[at], name) for at, name in frames.items() if at in ours]
    for frame, name in common:
        if frame[1] and frame[2] and frame[1].split('.')[0] != name.split('.')[0] and \
                not is_same(frame[1], name):
            return WRONG, f'{frame[0]} is {frame[1]}, not {name}'
    if own['end']:
        return PART, own['end']
    nameless = [frame[0] for frame in own['frames'] if not frame[1]]
    if nameless:
        return PART, f'{len(nameless)} frames have no name'
    return (EQUAL, '') if common else (ABSENT, 'no frame in common')


def by_task(lines):
    """{task: {address: function}} of crash's foreach bt."""
    found, task = {}, None
    for line in lines:
        head, frame = TASK.search(line), FRAME.search(line) or FRAME_ARM.search(line)
        if head:
            task = f'{head[1]} {head[2]}'
            found[task] = {}
        elif frame and task:
            found[task].setdefault(int(frame['at'], 16), frame['name'])
    return found


def with_own(own, other):
    """The report of all of RAM with the vmlinux."""
    want = [frame for frame in other['frames'] if not frame[3]]
    got = [frame for frame in own['frames'] if not frame[3]]
    for n, frame in enumerate(got):
        if n == len(want) or frame[0] != want[n][0] or (
                frame[1] and int(frame[0], 16) - frame[2] != int(want[n][0], 16) - (want[n][2] or 0)):
            return WRONG, f'frame {n} is {frame}, not {want[n] if n < len(want) else "there"}'
    if len(got) < len(want) and not own['end']:
        return WRONG, f'{len(got)} of {len(want)} frames, without a reason'
    nameless = sum(not frame[1] for frame in got)
    return (EQUAL, '') if len(got) == len(want) and not nameless else \
        (PART, own['end'] or f'{nameless} frames have no name')


def all_tasks(got, want, compare, reason):
    """One outcome of all tasks: {task: (outcome, words)} is counted."""
    if missing(want) or not want:
        return None
    if missing(got):
        return ABSENT, got or reason or 'no tasks'
    outcomes = {}
    for task, own in got.items():
        if task in want and not missing(want[task]) and not own['running']:
            outcomes[task] = compare(own, want[task])
            if outcomes[task][0] == WRONG:
                return WRONG, f'{task}: {outcomes[task][1]}'
    # All idle tasks have pid 0.
    lacking = [task for task in want if task not in got and not task.startswith('0 ')]
    if lacking and not reason:
        return WRONG, f'{len(lacking)} tasks are left out silently, first {lacking[0]}'
    part = next((f'{task}: {words}' for task, (outcome, words) in outcomes.items() if outcome != EQUAL), None)
    if lacking or part:
        equal = sum(outcome == EQUAL for outcome, _ in outcomes.values())
        return PART, f'{equal} of {len(want)} tasks whole; {reason if lacking else part}'
    if outcomes:
        return EQUAL, f'{len(outcomes)} tasks'
    # crash may list no more than idle tasks on all of RAM.
    return (ABSENT, reason) if reason else None


def outcomes_of(answers, wants):
    """@wants: answers of drgn and crash on all of RAM, and our own."""
    found = {}
    truths = {'drgn': ((wants.get('drgn') or {}).get('stacks'), with_drgn),
              'crash': (by_task((wants.get('crash') or {}).get('foreach bt') or []), with_crash),
              'all of RAM': (wants['kmd-report'].get('with vmlinux'), with_own)}
    for name, (want, compare) in truths.items():
        for which, reason in zip(('with vmlinux', 'without'), answers['reasons']):
            # drgn's frames have inlined functions, which the dump's own symbols lack.
            if (name, which) != ('drgn', 'without'):
                found[f'functions {which}, as {name}'] = all_tasks(answers[which], want, compare, reason)
    return {question: outcome for question, outcome in found.items() if outcome}
