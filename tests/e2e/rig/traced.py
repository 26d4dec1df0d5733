# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""kmd-report on stacks that a tracer has changed, beside what the kernel itself printed of them."""
import re

import build
import kernels
import kit
import registers
import reports

HOOKS = ('return_to_handler', 'arch_rethook_trampoline', '__kretprobe_trampoline', 'kretprobe_trampoline')
# /proc/PID/stack leaves out functions of the scheduler.
SCHEDULER = ('__switch_to', '__schedule', 'schedule', 'do_nanosleep')


def files(rig):
    return {'bin/run_bpf': build.program(rig.kernel, kernels.HERE / 'guest/run_bpf.c', rig.folder)}


def plain(name):
    return name.split('.')[0] if name else name


def names(item):
    """Functions of a task or CPU, as the kernel prints them: without inlined ones."""
    return [plain(frame.get('function')) for frame in item['frames'] if not frame.get('inline')]


def printed_tasks(console):
    """{pid: functions} of /proc/PID/stack."""
    found = {}
    for pid, name in re.findall(r'KMD: stack (\d+) \[<0>\] (\S+?)\+0x', console):
        found.setdefault(int(pid), []).append(plain(name))
    return found


def check_tasks(found, printed, whole):
    """Sleeping tasks; @whole: all of RAM is there, and so are the addresses that the probes replaced."""
    for number, (pid, want) in enumerate(printed.items()):
        task = next(task for task in found['tasks'] if task['pid'] == pid)
        got = names(task)
        print(f'{pid}:', *got, '|', task.get('frames_end'))
        first = got.index('do_nanosleep') + 1
        kit.check(got[first] in HOOKS, f'no kretprobe behind do_nanosleep: {got}')
        real = [name for name in got if name not in (*SCHEDULER, *HOOKS)]
        if not whole:
            kit.same(real, want[:len(real)], f'task {pid} where the addresses were not captured')
            kit.check('probe' in task.get('frames_end', ''), f'task {pid} has no reason: {task.get("frames_end")}')
            continue
        kit.same(real, want, f'task {pid}, as /proc/{pid}/stack')
        if number:
            at = got.index('hrtimer_nanosleep') + 1
            kit.same(got[at], 'return_to_handler', f'function_graph of task {pid}')


def show(cpu):
    frames = (f'{frame.get("function")}' + (f'[{frame["module"]}]' if 'module' in frame else '') +
              ('?' if frame.get('guess') else '') for frame in cpu['frames'])
    print(f'CPU {cpu["cpu"]}:', *frames, '|', cpu.get('frames_end'))


def printed_trace(console):
    """The call trace of the panic: functions, None where the kernel has no name."""
    trace = console[console.index('Call '):].splitlines()[1:]
    found = []
    for line in trace:
        match = re.match(r'\[ *\d+\.\d+\]  (?:(\w\S*?)\+0x|(0x[0-9a-f]+))', line)
        if match:
            found.append(plain(match[1]))
        elif found and not re.match(r'\[ *\d+\.\d+\]  \?', line):
            return found
    return found


BPF = re.compile(r'bpf_prog_[0-9a-f]{16}_kmdlab_random')


def check_panic(rig, cpu, trace, whole):
    """The panic in a callback of ftrace, in a function that a BPF program called.

    What describes that program is in no region: then it has no name, and what called it is a guess on x86_64.
    """
    frames = [frame for frame in cpu['frames'] if not frame.get('inline')]
    modules = {plain(frame.get('function')): frame.get('module') for frame in frames}
    kit.same(modules.get('panic_in_callback'), 'kmdlab', 'the callback')
    if rig.kernel.arch == 'amd64':
        kit.same(modules.get('ftrace_trampoline'), '__builtin__ftrace', 'the trampolines of ftrace')
    if whole:
        kit.same([modules[name] for name in modules if BPF.fullmatch(name or '')], ['bpf'],
                 f'the BPF program: {modules}')
        kit.check(not [frame for frame in frames if frame.get('guess')], 'a frame is a guess')
    # The kernel has no name for the trampoline of ftrace.
    got = [None if frame.get('module') == '__builtin__ftrace' else plain(frame.get('function')) for frame in frames]
    # On arm64 the shim records the caller of panic().
    got, trace = (one[one.index('panic_in_callback'):] for one in (got, trace))
    if not whole:
        trace = [None if BPF.fullmatch(name or '') and name not in got else name for name in trace]
    kit.same(got, trace, 'call trace of the panic')


def check_cpus(rig, found, trace, whole):
    """@whole: with the registers of all CPUs."""
    for cpu in found['cpus']:
        show(cpu)
    kit.same(found['reason'].get('task'), 'run_bpf', f'the task: {found["reason"]}')
    check_panic(rig, next(cpu for cpu in found['cpus'] if cpu['cpu'] == found['reason']['cpu']), trace, whole)
    if whole:
        spins = next(names(cpu) for cpu in found['cpus'] if 'kmdlab_spin' in names(cpu))
        at = spins.index('kmdlab_spin')
        kit.check({'kmdlab_traced', 'kthread'} <= set(spins[at:]), f'the CPU in a kprobe: {spins}')


def check(rig, taken):
    printed, trace = printed_tasks(taken.console), printed_trace(taken.console)
    kit.check(len(printed) == 2 and all(len(frames) > 2 for frames in printed.values()), f'/proc/PID/stack: {printed}')
    taken.write_forms()
    # The machine's registers: a kprobe is in the way of the shim's own kprobes.
    states = registers.notes(rig.kernel.arch, taken.registers.read_text(encoding='utf-8'))
    truth = taken.whole_truth(taken.folder / 'truth.core', notes=states)
    for options in (('-x', rig.kernel.file('vmlinux')), ()):
        for image, whole in ((truth, True), ('rawdump.img', False)):
            print('with', *options, 'of', image, flush=True)
            found = reports.report(taken, *options, image=image)
            # Without BTF no tasks can be listed.
            if options or rig.kernel.has('DEBUG_INFO_BTF'):
                check_tasks(found, printed, whole)
                check_cpus(rig, found, trace, whole)
            reports.check_signature(found, log_alone(rig, taken))


def log_alone(rig, taken):
    """The report by what the kernel printed."""
    image = taken.without('log', registers.RECORD, 'Kcrash_notes')
    return reports.report(taken, '-x', rig.kernel.file('vmlinux'), image=image)
