# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Run by a release's own python, with its drgn: VMLINUX CORE EXPRESSIONS; answers as JSON.

The questions of ask_drgn.py, and those that only the matrix asks.
"""
import json
import sys

import drgn
from ask_drgn import attempt, modules, name, sections, stacks, tasks
from drgn.helpers.linux.percpu import per_cpu
from drgn.helpers.linux.pid import for_each_task
from drgn.helpers.linux.printk import get_dmesg


def value(prog, expression):
    """An expression such as init_task.comm: text as text, and all else as drgn prints it."""
    first, *members = expression.split('.')
    found = prog[first]
    for member in members:
        found = getattr(found, member)
    return found.format_(columns=1 << 20, dereference=False, symbolize=False)


def trace(found):
    """The frames, with inlined functions and without the place in the source."""
    return [f'{frame.pc:#x} {getattr(frame, "name", None) or str(frame).split(" ")[0]}' for frame in found]


def running(prog):
    """The stacks of running tasks, from the registers in the notes."""
    found = {}
    for task in for_each_task(prog):
        if task.on_cpu.value_():
            found[name(task)] = attempt(lambda task=task: trace(prog.stack_trace(task)))
    return found


def current(prog, cpu):
    """The task of a CPU, perhaps the idle task, and its stack; needs no list of tasks."""
    task = per_cpu(prog['runqueues'], cpu).curr.read_()
    return {name(task): attempt(lambda: trace(prog.stack_trace(task)))}


def main():
    vmlinux, core, expressions = sys.argv[1:]
    prog = drgn.Program()
    prog.set_core_dump(core)
    prog.load_debug_info([vmlinux])
    answers = {f'prog[{word!r}]': attempt(lambda word=word: value(prog, word))
               for word in json.loads(expressions)}
    answers |= {
        'linux_banner': attempt(lambda: prog['linux_banner'].string_().decode()),
        'dmesg': attempt(lambda: get_dmesg(prog).decode(errors='replace').splitlines()),
        'tasks': attempt(lambda: tasks(prog)),
        'stacks': attempt(lambda: stacks(prog)),
        'stacks of running tasks': attempt(lambda: running(prog)),
        'current of CPU 0': attempt(lambda: current(prog, 0)),
        'current of CPU 1': attempt(lambda: current(prog, 1)),
        'modules': attempt(lambda: modules(prog)),
        'sections of modules': attempt(lambda: sections(prog)),
    }
    print('@@' + json.dumps(answers))


main()
