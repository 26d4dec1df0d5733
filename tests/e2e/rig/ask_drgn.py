# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Run by a release's own python, with its drgn: VMLINUX CORE; answers as JSON."""
import json
import sys

import drgn
from drgn.helpers.linux.list import list_for_each_entry
from drgn.helpers.linux.pid import for_each_task
from drgn.helpers.linux.printk import get_dmesg

TASK_DEAD = 0x80


def attempt(function):
    """An answer, or the type of the error: a partial core may lack the memory."""
    try:
        return function()
    except Exception as error:  # pylint: disable=broad-except
        return f'!{type(error).__name__}: {error}'


def state(task):
    return (task.__state if hasattr(task, '__state') else task.state).value_()


def name(task):
    return f'{task.pid.value_()} {task.comm.string_().decode()}'


def tasks(prog):
    return sorted(f'{name(task)} {state(task):#x}' for task in for_each_task(prog))


def frames(prog, task):
    return [frame.name if hasattr(frame, 'name') and isinstance(frame.name, str)
            else str(frame).split(' ')[0] for frame in prog.stack_trace(task)]


def runs(prog, task):
    """Without SMP, tasks of older kernels do not say it."""
    if hasattr(task, 'on_cpu'):
        return bool(task.on_cpu.value_())
    return task == prog['runqueues'].curr


def stacks(prog, running=False):
    """The stacks of sleeping tasks, whose registers are in memory; or those of running tasks.

    The stack of a dead task, for which nobody has waited yet, is free memory.
    """
    found = {}
    for task in for_each_task(prog):
        if not state(task) & TASK_DEAD and runs(prog, task) == running:
            found[name(task)] = attempt(lambda task=task: frames(prog, task))
    return found


def saved(prog):
    """riscv64: [pc, ra, sp, gp, tp, t0-t2, s0, s1, a0-a7, s2-s11] of sleeping tasks, by pid."""
    found = {}
    for task in for_each_task(prog):
        if not state(task) & TASK_DEAD and not runs(prog, task):
            thread = task.thread
            s = [thread.s[n].value_() for n in range(12)]
            found[task.pid.value_()] = [name(task), [thread.ra.value_(), thread.ra.value_(), thread.sp.value_(),
                                                     0, task.value_(), 0, 0, 0, *s[:2], *[0] * 8, *s[2:]]]
    return found


def crashed(prog):
    """The task that panicked, and its stack."""
    thread = prog.crashed_thread()
    return [name(thread.object), *(f'{frame.pc:#x}' for frame in thread.stack_trace())]


def modules(prog):
    head = prog['modules'].address_of_()
    return sorted(m.name.string_().decode() for m in
                  list_for_each_entry('struct module', head, 'list'))


def sections(prog):
    """The list of modules that drgn makes since 0.0.31; their debug information needs it."""
    return {module.name: [module.build_id.hex() if module.build_id else None,
                          {key: hex(at) for key, at in sorted(module.section_addresses.items())}]
            for module, _ in prog.loaded_modules() if module.name != 'kernel'}


def main():
    vmlinux, core = sys.argv[1:]
    prog = drgn.Program()
    prog.set_core_dump(core)
    prog.load_debug_info([vmlinux])
    uts = prog['init_uts_ns'].name
    print(json.dumps({
        'nodename': attempt(lambda: uts.nodename.string_().decode()),
        'release': attempt(lambda: uts.release.string_().decode()),
        'banner': attempt(lambda: prog['linux_banner'].string_().decode()),
        'jiffies': attempt(lambda: prog['jiffies_64'].value_()),
        'threads': attempt(lambda: prog['nr_threads'].value_()),
        'dmesg': attempt(lambda: get_dmesg(prog).decode(errors='replace').splitlines()),
        'tasks': attempt(lambda: tasks(prog)),
        'stacks': attempt(lambda: stacks(prog)),
        'running': attempt(lambda: stacks(prog, True)),
        'saved': attempt(lambda: saved(prog)) if prog.platform.arch == drgn.Architecture.RISCV64 else {},
        'modules': attempt(lambda: modules(prog)),
        'crashed': attempt(lambda: crashed(prog)),
        'sections': attempt(lambda: sections(prog)),
    }))


if __name__ == '__main__':
    main()
