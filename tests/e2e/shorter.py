# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Whether the JSON report of a part of a dump is shorter than that of the whole, and not wrong."""

# What another part of the dump may give as well.
NOT_OF_KERNEL = ('vmcoreinfo_source', 'vmcoreinfo_generated', 'uptime_ns')


def same_members(got, want):
    """Members that are absent are not known; the others must be right."""
    return [f'{key} is {got[key]!r}, not {want.get(key)!r}' for key in
            ('pid', 'comm', 'state', 'tgid', 'ppid', 'cpu', 'kernel_thread', 'last_tick_ns')
            if got.get(key, want.get(key)) != want.get(key)]


def same_frames(got, want):
    """A stack may be shorter, with a reason, and functions may have no name."""
    if got.get('registers_source') != want.get('registers_source'):
        return []
    if len(got['frames']) < len(want['frames']) and 'frames_end' not in got:
        return ['its stack is shorter, without a reason']
    for own, other in zip(got['frames'], want['frames']):
        if own['address'] != other['address'] or own.get('function', other.get('function')) != other.get('function'):
            return [f'frame {own} instead of {other}']
    return []


def tasks_and_cpus(got, want):
    by_address = {task['address']: task for task in want['tasks']}
    by_cpu = {cpu['cpu']: cpu for cpu in want['cpus']}
    wrong = []
    for item in got['tasks'] + got['cpus']:
        other = by_address.get(item['address']) if 'address' in item else by_cpu.get(item['cpu'])
        problems = same_members(item, other) + same_frames(item, other) if other else ['there is no such task']
        wrong += [f'{item.get("comm", "CPU")} {item.get("pid")}: {problem}' for problem in problems]
    if got['tasks'] and len(got['tasks']) < len(want['tasks']) and 'tasks_incomplete' not in got:
        wrong.append(f'{len(got["tasks"])} of {len(want["tasks"])} tasks, without a reason')
    return wrong


def modules(got, want):
    by_name = {module['name']: module for module in want['modules']}
    wrong = []
    for module in got['modules']:
        other = by_name.get(module['name'])
        # The log has a module's state behind its letters.
        if not other or any(module[key] != other.get(key) for key in module
                            if key in other and (key != 'taint' or 'address' in module)):
            wrong.append(f'module {module}, not {other}')
    return wrong


def log(got, want):
    """Records may be missing, but none is new, and their order stays, if their times are known.

    Where only the text was captured, the end of a record is a guess: "0000" loses two (log/text.c).
    """
    if not any('time_ns' in record for record in got['log']):
        texts = {other['text'][:len(other['text']) - cut] for other in want['log'] for cut in (0, 2)}
        new = [record['text'] for record in got['log'] if record['text'] not in texts]
        return [f'the log has {new[0]!r}'] if new else []
    left = iter(want['log'])
    new = [record['text'] for record in got['log'] if not any(
        record['text'] == other['text'] and record.get('time_ns', other.get('time_ns')) == other.get('time_ns')
        for other in left)]
    return [f'the log has {new[0]!r}'] if new else []


def compare(got, want):
    """What a report of a part of the dump has wrong."""
    wrong = tasks_and_cpus(got, want) + modules(got, want) + log(got, want)
    wrong += [f'kernel: {key} is {got["kernel"][key]!r}, not {want["kernel"].get(key)!r}' for key in got['kernel']
              if key not in NOT_OF_KERNEL and got['kernel'][key] != want['kernel'].get(key)]
    if got['reason'] and want['reason']:
        wrong += [f'reason: {key} is {got["reason"][key]!r}' for key in got['reason']
                  if got['reason'][key] != want['reason'].get(key)]
    elif got['reason']:
        wrong.append(f'a reason: {got["reason"]}')
    keys = {found['signature']['key'] for found in (got, want) if 'signature' in found}
    return wrong + ([f'signatures {keys}'] if len(keys) > 1 else [])
