# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Whether an answer is equal to that on all of RAM, absent, or wrong.

Absent is a clear error, nothing, or a part of the truth that names what is missing.
A part that does not name it is wrong, and so is any other value.  OWN is an answer
that the consumer makes up on any core.
"""
import re

EQUAL, PART, ABSENT, WRONG, OWN = 'equal', 'part', 'absent', 'wrong', 'own'
ERROR = re.compile(
    r'(?i)^!|read error|cannot|unable|invalid|unavailable|not available|not found|no such|fail|'
    r'error|fault|could not|missing|n/a$|no active|WARNING:|bogus|not readable|gdb request')


def compare(question, got, want):
    """(outcome, words); None if there is no answer on all of RAM."""
    if missing(want):
        return None
    if got == want:
        return EQUAL, ''
    if got is None or missing(got):
        return ABSENT, brief(got)
    if isinstance(want, dict) and isinstance(got, dict):
        return compare_parts(question, got, want)
    if isinstance(want, list) and isinstance(got, list):
        return compare_list(question, got, want)
    if is_pointer_of(got, want):
        return PART, f'{got}, and not the text there'
    return WRONG, f'{brief(got)}, not {brief(want)}'


def is_pointer_of(got, want):
    """drgn prints a char pointer alone if it cannot read the text, and else with it."""
    return isinstance(got, str) and isinstance(want, str) and \
        bool(re.fullmatch(r'\(char \*\)0x[0-9a-f]+', got)) and want.startswith(f'{got} = "')


def missing(answer):
    if isinstance(answer, str):
        return answer.startswith('!') or bool(re.search(r'<error: Cannot|<unavailable>', answer))
    if isinstance(answer, list):
        return not answer or all(missing_line(line) for line in answer)
    return not answer


def missing_line(line):
    text = line if isinstance(line, str) else ' '.join(map(str, line))
    return bool(ERROR.search(text)) or not text.strip()


def brief(answer):
    text = answer if isinstance(answer, str) else repr(answer)
    return text if len(text) < 160 else text[:160] + '...'


def compare_parts(question, got, want):
    """Compare each task or thread."""
    outcomes = []
    for key, value in got.items():
        if key not in want:
            return WRONG, f'{key!r} is not there in all of RAM'
        outcomes.append(compare(f'{question} {key}', value, want[key]) or (EQUAL, ''))
        if outcomes[-1][0] in (WRONG, OWN):
            return outcomes[-1][0], f'{key}: {outcomes[-1][1]}'
    lacking = [key for key in want if key not in got]
    if lacking:
        return WRONG, f'{len(lacking)} of {len(want)} are left out silently, first {lacking[0]!r}'
    if all(outcome == EQUAL for outcome, _ in outcomes):
        return EQUAL, ''
    some = next((key, why) for key, (outcome, why) in zip(got, outcomes) if outcome != EQUAL)
    lost = sum(outcome != EQUAL for outcome, _ in outcomes)
    return (ABSENT if all(v == ABSENT for v, _ in outcomes) else PART), \
        f'{lost} of {len(outcomes)}, first {some[0]}: {some[1]}'


def compare_list(question, got, want):
    if question.startswith(('bt of all', 'info threads')):
        return compare_frames(got, want)
    if question.startswith(('stacks', 'current')):
        return compare_stack(got, want)
    if question.startswith(('bt', 'foreach bt')):
        got, want = with_task(got), with_task(want)
    left = [line for line in got if line in want or not missing_line(line)]
    at = 0
    for line in left:
        while at < len(want) and not fits(line, want[at], len(left) < len(got)):
            at += 1
        if at == len(want):
            return WRONG, f'has {brief(line)}, which all of RAM has not (there)'
        at += 1
    if len(left) == len(want):
        return PART, f'all, and {brief(next(line for line in got if line not in left))}'
    if len(left) == len(got):
        return WRONG, f'{len(want) - len(got)} of {len(want)} lines are left out silently'
    if not left:
        return ABSENT, brief(got)
    return PART, f'{len(left)} of {len(want)} lines; ' + \
        brief(next(line for line in got if line not in left))


def fits(got, want, cut):
    """Whether the lines are equal; a line that an error cut is the beginning of the true one."""
    return got == want or cut and want.startswith(got)


def with_task(lines):
    """Add the task to each frame, so that frames of different tasks differ."""
    task, out = '', []
    for line in lines:
        task = line if line.startswith('PID:') else task
        out.append(line if missing_line(line) else f'{task} | {line}')
    return out


def compare_frames(got, want):
    """Compare [address, function] from the innermost frame on; the last may be [!reason of the end].

    The place of one thread is one such pair.  A third word means that gdb has only the name.
    """
    if got and isinstance(got[0], str):
        got, want = [got], [want]
    nameless = False
    for n, frame in enumerate(got):
        if frame[0].startswith('!'):
            return PART, f'{n} of {len(want)} frames: {frame[0]}'
        if n and n <= len(want) and (want[n - 1][1:] == ['??'] or len(want[n - 1]) > 2):
            return PART, f'{n} of {len(want)} frames; what follows one without debug information is guessed'
        if n >= len(want) or frame[0] != want[n][0]:
            return OWN if n and got[n - 1][2:] == ['no code'] else WRONG, f'frame {n} is {frame}, not {want[n] if n < len(want) else "there"}'
        if frame[1] != want[n][1]:
            if frame[1] != '??':
                return WRONG, f'frame {n} is {frame}, not {want[n]}'
            nameless = True
    if len(got) < len([frame for frame in want if not frame[0].startswith('!')]):
        return PART, f'{len(got)} of {len(want)} frames, and no word why it ends'
    return (PART, 'the address is right, but has no name') if nameless else (EQUAL, '')


def compare_stack(got, want):
    """drgn ends a stack that it cannot follow without an error; such a stack has no entry function."""
    if got == want[:len(got)]:
        return PART, f'{len(got)} of {len(want)} frames'
    n = next(n for n, frame in enumerate(got) if n >= len(want) or frame != want[n])
    return WRONG, f'frame {n} is {got[n]}, not {want[n] if n < len(want) else "there"}'
