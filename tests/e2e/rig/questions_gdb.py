# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Run by gdb (-x): reads expressions from $KMD_QUESTIONS; prints answers as one line of JSON."""
import json
import os
import sys

import gdb

DEPTH = 40


def attempt(function):
    try:
        return function()
    except (gdb.error, gdb.MemoryError, RuntimeError) as error:
        return f'!{error}'


def value(expression):
    return gdb.execute(f'output {expression}', to_string=True)


def has_code(frame):
    try:
        return bool(gdb.selected_inferior().read_memory(frame.pc(), 4))
    except gdb.MemoryError:
        return False


def place(frame):
    """Address and name.  A third word means that gdb unwinds the frame without rules: on arm and arm64 the
    code is absent, or it is assembler with a name in the symbol table only."""
    known = [f'{frame.pc():#x}', frame.name() or '??']
    if frame.architecture().name().startswith(('aarch64', 'arm')) and not has_code(frame):
        return known + ['no code']
    return known if frame.function() or not frame.name() else known + ['symbol']


def backtrace():
    """The output of bt, without inlined functions; the last word is the reason of its end."""
    found, frame = [], gdb.newest_frame()
    while frame and len(found) < DEPTH:
        if frame.type() != gdb.INLINE_FRAME:
            found.append(place(frame))
        try:
            older = frame.older()
        except gdb.error as error:
            return found + [[f'!{error}']]
        if older is None:
            reason = frame.unwind_stop_reason()
            if reason not in (gdb.FRAME_UNWIND_NO_REASON, gdb.FRAME_UNWIND_OUTERMOST):
                return found + [[f'!{gdb.frame_stop_reason_string(reason)}']]
        frame = older
    return found


def threads():
    found = {}
    for thread in sorted(gdb.selected_inferior().threads(), key=lambda thread: thread.num):
        thread.switch()
        found[f'{thread.num} {thread.ptid[1]}'] = attempt(lambda: place(gdb.newest_frame()))
    return found


def backtraces():
    found = {}
    for thread in sorted(gdb.selected_inferior().threads(), key=lambda thread: thread.num):
        thread.switch()
        found[str(thread.num)] = attempt(backtrace)
    return found


def main():
    for line in ('pagination off', 'print symbol off', 'width 0', 'print elements 300'):
        gdb.execute(f'set {line}')
    answers = {f'p {word}': attempt(lambda word=word: value(word))
               for word in json.loads(os.environ['KMD_QUESTIONS'])}
    answers['info threads'] = attempt(threads)
    answers['bt of all threads'] = attempt(backtraces)
    print('@@' + json.dumps(answers))
    sys.stdout.flush()


main()
