# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The ways in which the rig crashes a kernel, and the checks of the result."""
import os
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import boots
import build
import collects
import dump
import firmware
import initramfs
import kit
import lacking
import planned
import qcomchecks
import qemu
import ready
import regions_away
import reports
import shimchecks
import stacks
import traced
import virsh
import withheld
from checks import (FULL, SMALL, ask_drgn, check_crash, check_full, check_log, check_sample, check_small,
                    kernel_lines, nothing_missing, quiet, settle_down, reported, wait)


def of(*arches):
    """The case is about machines of these only."""
    def mark(case):
        case.arches = arches
        return case
    return mark


class Rig:
    """One run of one case on one kernel."""

    modules = ()  # Folders of modules that replace those built here.
    files = None  # More files of the guest: path -> bytes.

    def __init__(self, kernel, name, program, folder):
        self.kernel, self.name, self.program, self.folder = kernel, name, program, folder
        self.token = f'kmd-token-{os.urandom(6).hex()}'

    def pack(self, script, level='full', machine=None, settings='', drivers=(), files=None, **more):
        """The file system of the guest; drivers are modules of the kernel's own; more: parameters."""
        machine = machine or qemu.MACHINES[self.kernel.arch]
        parameters = {
            'token': self.token, 'level': level, 'base': f'{machine["reserved"]:#x}',
            'size': f'{qemu.RESERVED_SIZE:#x}',
            'kernel_memory': f'{machine["ram_base"] + (64 << 20):x}',
            'case': self.name, 'settings': settings, **more,
        }
        image = self.folder / 'initramfs'
        modules = [] if self.kernel.has('KMEMDUMP') else [build.modules(self.kernel), *self.modules]
        initramfs.write(image, self.kernel, modules, script, parameters, self.kernel.drivers(*drivers), files)
        return image

    def boot(self, script, level='full', cmdline='ignore_loglevel', options=(), settings=''):
        image = self.pack(script, level, settings=settings, files=self.files)
        return qemu.Guest(self.kernel, image, self.folder, cmdline, options)

    def crash(self, script, sign, level='full', settle=1.0, options=(), cmdline='', settings='', nmi_at=None):
        """Boot, wait for the console line of the crash, take the memory.

        settings are words NAME=VALUE for /proc/sys; at the line nmi_at, CPU 0 gets an NMI.
        On x86_64, KASLR moves the kernel by 0 in one boot of 500.  Such a boot would test nothing.
        """
        for _ in range(3):
            with self.boot(script, level, f'ignore_loglevel {cmdline}', options, settings) as guest:
                if nmi_at:
                    wait(guest, nmi_at)
                    settle_down(guest, 0.5)
                    inject_nmi(guest, sign)
                wait(guest, sign)
                settle_down(guest, settle)
                taken = dump.Dump(self.kernel, self.program, guest, self.folder)
            if taken.info is None or taken.info.kaslr_offset() or not self.kernel.has('RANDOMIZE_BASE'):
                return taken
        return kit.check(False, 'KASLR is off: the test would test nothing')


def inject_nmi(guest, sign):
    """QEMU loses some."""
    for _ in range(5):
        guest.qmp({'execute': 'inject-nmi'})
        if guest.wait_for(sign, 15):
            return


END_OF_PANIC = 'end Kernel panic'


def seed_of_run():
    seed = int(os.environ.get('KMD_SEED', '1'))
    print(f'KMD_SEED={seed}', flush=True)
    return seed


def case_panic(rig):
    """sysrq-c"""
    taken = rig.crash('panic', END_OF_PANIC)
    check_sample(rig, taken)
    shimchecks.check_registers(rig, taken)
    shimchecks.check_irq_stacks(rig, taken)
    shimchecks.check_caller(rig, taken)
    check_full(rig, taken)


def case_small(rig):
    """sysrq-c on a kernel with few options, with the shim as modules or inside (small-ARCH-... only)."""
    if rig.kernel.flavour != 'small':
        kit.skip('this is no small kernel')
    script, cmdline = 'panic', ''
    if rig.kernel.has('KMEMDUMP'):
        machine = qemu.MACHINES[rig.kernel.arch]
        script = 'builtin'
        cmdline = f'kmemdump_reserved.base={machine["reserved"]:#x} kmemdump_reserved.size={qemu.RESERVED_SIZE:#x}'
    lacking.check(rig, rig.crash(script, END_OF_PANIC, cmdline=cmdline))


def case_null(rig):
    """A module reads through NULL, and panic_on_oops is set."""
    taken = rig.crash('null', END_OF_PANIC)
    kit.check('kmdlab_null' in taken.console, 'no oops in kmdlab')
    check_full(rig, taken)


def case_hang(rig):
    """All CPUs spin with interrupts off.  There is no panic: a watchdog resets and memory is saved."""
    taken = rig.crash('hang', 'all CPUs hang from here on', settle=4.0)
    kit.check('panic' not in taken.console.split('all CPUs hang')[1], 'there was a panic')
    got = check_full(rig, taken)
    kit.check(all(any(f'kmdlab_hang/{cpu}' in t for t in got['tasks'])
                  for cpu in range(rig.kernel.cpus)),
              'the tasks born just before the hang are not in the dump')
    reports.check_hang(taken, [f'kmdlab_hang/{cpu}' for cpu in range(rig.kernel.cpus)])


def case_exec(rig):
    """All CPUs spin during an exec, when the new memory of the task is registered late."""
    taken = rig.crash('exec', 'all CPUs hang from here on', settle=2.0)
    nothing_missing(taken.console)
    core, truth = taken.cores(), taken.truth()
    got = ask_drgn(rig, taken, core, truth, ('tasks', 'modules'))
    kit.check(len(got['tasks']) > 20, f'too few tasks: {got["tasks"]}')
    if rig.kernel.arch == 'amd64':
        check_crash(rig, taken, core, truth)


def case_exec_mm(rig):
    """All CPUs spin while a task in an exec gives up its old memory, and has the new one already."""
    taken = rig.crash('exec', 'all CPUs hang from here on', settle=2.0)
    nothing_missing(taken.console)
    shimchecks.check_new_memory(taken, taken.cores())


def case_irq(rig):
    """One CPU spins in a hard interrupt while the other one panics."""
    taken = rig.crash('irq', END_OF_PANIC)
    shimchecks.check_interrupted(rig, taken)
    taken.cores()


def case_hungtask(rig):
    """A task waits forever, and the watchdog of the kernel panics."""
    taken = rig.crash('hungtask', END_OF_PANIC)
    got = check_full(rig, taken)
    stack = next(s for t, s in got['stacks'].items() if t.endswith('kmdlab_hung'))
    kit.check(any('wait_for_common' in f for f in stack), f'the hung task\'s stack: {stack}')


def case_mutex(rig):
    """Two tasks wait for a mutex, whose owner sleeps: kmd-report names it, with and without a vmlinux."""
    taken = rig.crash('lab', END_OF_PANIC,
                      settings='kernel/hung_task_panic=1 kernel/hung_task_timeout_secs=2')
    check_full(rig, taken)
    reports.check_holder(rig, taken, ['kmdlab_first', 'kmdlab_second'], 'kmdlab_holder')


def crash_of(rig, script, text, task=None, **how):
    """Crash, and check the stacks, and the reason, the CPU and the task that kmd-report names.

    Returns the stacks that were recorded and the real ones, by CPU.
    """
    taken = rig.crash(script, END_OF_PANIC, **how)
    core, truth = taken.cores(), taken.truth()
    recorded, real = stacks.check(rig, taken, core, truth)
    for cpu, frames in real.items():
        print(f'CPU {cpu}: recorded {len(recorded.get(cpu, []))} of', *(name for name, _ in frames))
    stacks.check_report(rig, taken, text, task, real)
    check_full(rig, taken)
    return recorded, real


def case_traced(rig):
    """Kretprobes, function_graph, a callback of ftrace, a kprobe and a BPF program are on stacks."""
    if not rig.kernel.has('FUNCTION_GRAPH_TRACER') or not rig.kernel.has('KPROBE_EVENTS'):
        kit.skip('this kernel has no tracers')
    rig.files = traced.files(rig)
    taken = rig.crash('traced', END_OF_PANIC)
    traced.check(rig, taken)


def has(frames, *functions):
    return all(any(name == function for name, _ in frames) for function in functions)


def case_spin(rig):
    """CPUs spin in NMI, in a soft interrupt and with interrupts off, while another one panics."""
    rig.kernel.cpus = max(4, rig.kernel.cpus)
    is_x86 = rig.kernel.arch == 'amd64'
    if not is_x86:
        print('no CPU spins in a pseudo-NMI: QEMU injects no NMI on this machine')
    recorded, real = crash_of(rig, 'lab', 'CPUs spin', 'kmdlab_panic',
                              nmi_at='waiting for an NMI' if is_x86 else None)
    kit.check(has(real[1], 'kmdlab_spin_softirq') and has(real[2], 'kmdlab_spin_irqsoff'),
              'the CPUs do not spin where they must')
    # Nothing stops a CPU in NMI, nor, without pseudo-NMIs, one that has interrupts off.
    kit.check(3 in recorded and (not is_x86 or 0 not in recorded and {1, 2} <= set(recorded)),
              f'recorded: {sorted(recorded)}')


def case_mixed(rig):
    """One CPU is in a program, one idle, one offline, and the fourth one panics."""
    rig.kernel.cpus = max(4, rig.kernel.cpus)
    recorded, _ = crash_of(rig, 'mixed', 'sysrq triggered crash')
    kit.same(sorted(recorded), [cpu for cpu in range(rig.kernel.cpus) if cpu != 2],
             'CPUs whose registers were recorded')


def case_bug(rig):
    """BUG() in a module, and panic_on_oops is set."""
    recorded, _ = crash_of(rig, 'lab', 'Fatal exception', 'insmod', settings='kernel/panic_on_oops=1')
    kit.check(any(frames[0][0] == 'kmdlab_bug' for frames in recorded.values()), 'BUG() is not on top')


def case_nullirq(rig):
    """A hard interrupt reads through NULL."""
    recorded, _ = crash_of(rig, 'lab', 'Fatal exception in interrupt')
    kit.check(any(has(frames, 'kmdlab_null', 'null_in_timer') for frames in recorded.values()),
              'the interrupt is not recorded')


def case_overflow(rig):
    """A stack grows into its guard page."""
    text = 'Fatal exception in interrupt' if rig.kernel.arch == 'amd64' else 'stack overflow'
    crash_of(rig, 'lab', text, 'insmod')


def case_oom(rig):
    """There is no memory left, and panic_on_oom is set."""
    crash_of(rig, 'lab', 'Out of memory', 'insmod', settings='vm/panic_on_oom=1')


def case_softlockup(rig):
    """A task does not give up its CPU, and softlockup_panic is set."""
    crash_of(rig, 'lab', 'softlockup', 'kmdlab_lockup',
             settings='kernel/softlockup_panic=1 kernel/watchdog_thresh=2')


@of('amd64')
def case_unknown_nmi(rig):
    """An NMI without a cause, and unknown_nmi_panic is set."""
    crash_of(rig, 'lab', 'NMI', settings='kernel/unknown_nmi_panic=1', nmi_at='what="unknown_nmi"?')


def case_all(rig):
    """All CPUs panic at the same time."""
    rig.kernel.cpus = max(4, rig.kernel.cpus)
    crash_of(rig, 'lab', 'all CPUs panic')


def case_rfc(rig):
    """Level rfc: log and variables for drgn and gdb."""
    taken = rig.crash('panic', END_OF_PANIC, level='rfc')
    check_small(rig, taken)
    withheld.check_vmcoreinfo(rig, taken, SMALL)


@of('riscv64')
def case_levels(rig):
    """riscv64 with fewer levels of page tables than Sv57: Sv48 and Sv39, VMCOREINFO generated too."""
    for cmdline, bits in (('no5lvl', 48), ('no4lvl', 39)):
        taken = rig.crash('panic', END_OF_PANIC, cmdline=cmdline)
        kit.same(taken.info.number('VA_BITS'), bits, f'VA_BITS with {cmdline}')
        check_full(rig, taken)
        withheld.check_vmcoreinfo(rig, taken, FULL)


def case_log(rig):
    """Level log: the log, and crash --minimal."""
    taken = rig.crash('panic', END_OF_PANIC, level='log')
    check_small(rig, taken)


def case_bare(rig):
    """The shim is loaded without its loader, then with the System.map of another kernel."""
    taken = rig.crash('bare', END_OF_PANIC)
    output = re.findall(r'kmemdump: not found, so not registered: (.*?);', taken.console)
    if 'CONFIG_KALLSYMS_ALL=y' not in rig.kernel.file('config').read_text():
        kit.check(output and all('linux_banner' in line for line in output),
                  f'each load must name once what was not found: {output}')
        kit.same(len(output), 2, 'loads with missing symbols')
    kit.check('symbols= is of another kernel' in taken.console, 'a wrong System.map was used')
    core, truth = taken.cores(), taken.truth()
    got = ask_drgn(rig, taken, core, truth, ('nodename', 'release', 'dmesg', 'jiffies'))
    check_log(rig, taken, got['dmesg'])


def case_reload(rig):
    """Load and unload three times; in the end nothing is left."""
    with rig.boot('reload') as guest:
        wait(guest, 'ready for inspection')
        guest.stop()
        console, machine = guest.console(), guest.machine
        ram = firmware.Ram(guest.ram, machine['ram_base'])
        area = ram.read(machine['reserved'], qemu.RESERVED_SIZE)
    quiet(console, 'reload')
    nothing_missing(console)
    kit.check(not any(area), 'the reserved memory is not empty after unload')
    output = reported(console)
    kit.check(not any('is left' in line or 'failed' in line or 'are left' in line for line in output),
              f'left over: {output}')
    kit.same(len([line for line in output if re.match(r'round \d: placed [1-9]\d\d', line)]), 3,
             f'rounds that placed regions: {output}')
    free = [int(n) for n in re.findall(r'round \d: free (\d+)', console)]
    # A leak occurs in every round.  Memory that is allocated only once is no leak.
    kit.check(len(free) == 3 and min(free[0] - free[1], free[1] - free[2]) < 400,
              f'memory is lost: free KiB {free}')


def case_storm(rig):
    """All CPUs register and unregister with interrupts off, while tasks start and exit."""
    with rig.boot('storm') as guest:
        wait(guest, 'ready for inspection')
        console = guest.console()
    quiet(console, 'storm')
    nothing_missing(console)
    kit.check('storm over, 0 failures' in console, 'the storm had failures')
    output = ' / '.join(reported(console))
    before, after = (int(n) for n in re.findall(r'live (\d+) names 0', output))
    kit.check(abs(after - before) < 60, f'regions are lost or kept: {output}')
    made, gone, live, forks = map(int, re.search(
        r'counters: (\d+) - (\d+) = (\d+), (\d+) forks', output).groups())
    kit.check(abs(made - gone - live) < 100 and gone > 5000 and forks > 20, f'counters: {output}')
    kit.same(re.findall(r'refused: \S+ (\d+)', output), ['0'] * 5, f'refused: {output}')


def case_nobackend(rig):
    """Without a backend regions wait; wrong ones are refused; a good one gets all regions."""
    taken = rig.crash('nobackend', END_OF_PANIC)
    output = ' / '.join(reported(taken.console))
    waiting, live = map(int, re.search(r'absent: backend none waiting (\d+) live (\d+)', output).groups())
    kit.check(live > 100 and abs(waiting - live) < 40, f'waiting without a backend: {output}')
    for refusal in ('without memory', 'kernel memory', 'small memory'):
        kit.check(f'refused {refusal}' in output, f'not refused: {refusal}: {output}')
    kit.check('present: backend reserved waiting 0 refused 0' in output, f'not handed over: {output}')
    check_sample(rig, taken)
    kit.check(len(taken.rows) >= live - 40, f'{len(taken.rows)} regions in the table, of {live}')
    taken.cores()


def case_budget(rig):
    """With 90 slots, the header, the log and the sample driver have one; module text has none."""
    taken = rig.crash('budget', END_OF_PANIC)
    output = ' / '.join(reported(taken.console))
    slots, placed, full, evicted = map(int, re.search(
        r'slots (\d+) placed (\d+) full (\d+) evicted (\d+)', output).groups())
    kit.check(slots == placed == 90 == len(taken.rows) and full > 50, f'not 90: {output}')
    live, waiting, refused = map(int, re.search(r'live (\d+) waiting (\d+) refused (\d+)', output).groups())
    kit.check(waiting == live - placed - refused > 50, f'not all others wait: {output}')
    kit.check(evicted > 0, f'the driver that registered last has no slot: {output}')
    check_sample(rig, taken)
    core, truth = taken.cores(), taken.truth()
    got = ask_drgn(rig, taken, core, truth, ('nodename', 'banner', 'dmesg', 'jiffies'))
    check_log(rig, taken, got['dmesg'])


def case_withheld(rig):
    """The dump lacks VMCOREINFO, then registers; then the vmlinux is that of another kernel.

    Then kmd-report is run without random regions.  KMD_SEED chooses them, if it is set.
    """
    taken = rig.crash('panic', END_OF_PANIC)
    withheld.check_vmcoreinfo(rig, taken, FULL)
    withheld.check_registers(rig, taken)
    withheld.check_wrong_vmlinux(rig, taken)
    reports.check_without_regions(rig, taken, seed_of_run())


def case_regions(rig):
    """Each region of a dump of level full is taken away alone, with a vmlinux and without.

    Then random regions are taken away.  KMD_SEED chooses them, if it is set.
    """
    taken = rig.crash('panic', END_OF_PANIC)
    taken.write_forms()
    tool = rig.program.parents[1] / 'kmd-report' / 'kmd-report'
    regions_away.check(tool, rig.folder / 'md', rig.folder, count=0)
    regions_away.check(tool, rig.folder / 'md', rig.folder, '-x', rig.kernel.file('vmlinux'))
    reports.check_without_regions(rig, taken, seed_of_run())


def case_wrap(rig):
    """More is logged than the ring buffer holds, in records of one line and of several.

    The console is the reference, because drgn (up to 0.0.30 at least) has a bug: if a block wraps
    at the end of the ring, drgn takes its id for text.
    """
    taken = rig.crash('wrap', END_OF_PANIC, level='log')
    taken.cores()
    log, shown = taken.dmesg(), kernel_lines(taken.console)
    kit.check(len(log) < len(shown), 'the log did not wrap')
    kit.same(log, shown[-len(log):], 'kmd-assemble --dmesg, console')
    kit.check(any(rig.token in line for line in log), 'the log lacks the token')


@of('arm64')
def case_pac(rig):
    """Pointer authentication is on: return addresses on stacks are signed (arm64)."""
    taken = rig.crash('panic', END_OF_PANIC, options=('-cpu', 'max'))
    kit.check(taken.info.number('KERNELPACMASK'), 'pointer authentication is off')
    check_full(rig, taken)
    shimchecks.check_virtual(taken)
    withheld.check_vmcoreinfo(rig, taken, FULL)


def case_la57(rig):
    """Page tables of five levels: a CPU with addresses of 57 bits (amd64)."""
    if rig.kernel.arch != 'amd64':
        print('five levels are of x86')
        return
    taken = rig.crash('panic', END_OF_PANIC, options=('-cpu', 'max,la57=on'))
    kit.same(taken.info.number('pgtable_l5_enabled'), 1, 'pgtable_l5_enabled')
    check_full(rig, taken)
    shimchecks.check_virtual(taken)
    withheld.check_vmcoreinfo(rig, taken, FULL)


def case_slots(rig):
    """201 slots and more tasks than fit: after a hang, the dump has the running tasks."""
    taken = rig.crash('slots', 'all CPUs hang from here on', settle=4.0)
    output = ' / '.join(reported(taken.console))
    kit.check(re.search(r'slots 201 placed 201 waiting [1-9]\d\d', output), f'all tasks fit: {output}')
    shimchecks.check_running(rig, taken, taken.cores())


def case_records(rig):
    """Tasks fill the registry before backend and driver are loaded."""
    taken = rig.crash('records', END_OF_PANIC)
    shimchecks.check_few_records(taken, ' / '.join(reported(taken.console)))
    check_sample(rig, taken)
    taken.cores()


def case_ps(rig):
    """The registry is full: --check must not promise a list of tasks that has holes."""
    taken = rig.crash('ps', END_OF_PANIC)
    output = ' / '.join(reported(taken.console))
    kit.check(re.search(r'room 1000 full [1-9]', output), f'the registry is not full: {output}')
    kit.check(re.search(r'regions refused.*max_regions=2000', taken.console),
              'the kernel log has no refusals')
    wrong = ready.check_whole(taken, rig.folder)
    kit.check(not wrong, 'wrong predictions:\n' + '\n'.join(wrong))


def case_signature(rig):
    """Three boots of one crash have one signature, and crashes of other kinds have others."""
    stacks.check_signatures(rig, {'panic': ('panic', END_OF_PANIC), 'null': ('null', END_OF_PANIC),
                                  'nullirq': ('lab', END_OF_PANIC), 'hungtask': ('hungtask', END_OF_PANIC)})


def case_ready(rig):
    """The dump lacks single regions and pages: --check must predict what works then.

    KMD_SEED chooses them, if it is set.
    """
    taken = rig.crash('panic', END_OF_PANIC)
    seed = seed_of_run()
    wrong = ready.check_some(taken, rig.folder, seed)
    kit.check(not wrong, f'wrong predictions (KMD_SEED={seed}):\n' + '\n'.join(wrong))


def case_collect(rig):
    """kmd-collect saves a guest that panicked, by its monitor and by its gdb stub."""
    collects.check(rig, 'panic', END_OF_PANIC, 1.0)


def case_collect_hang(rig):
    """The same of a guest whose CPUs spin with interrupts off."""
    collects.check(rig, 'hang', 'all CPUs hang from here on', 4.0)


def case_collect_uboot(rig):
    """A stock U-Boot saves the regions after a warm reset, twice, and boots on (arm64)."""
    collects.check_uboot(rig, END_OF_PANIC)


def case_collect_virsh(rig):
    """kmd-collect saves a domain of libvirt."""
    virsh.check(rig, END_OF_PANIC)


def case_plan(rig):
    """Three budgets: the answers that kmd-collect --plan promises are there."""
    planned.check(rig, END_OF_PANIC)


def case_qcom(rig):
    """Qualcomm's backend over Linux' own SMEM driver (arm64, not before 6.12): loads, unload, panic."""
    if qcomchecks.can_run(rig):
        qcomchecks.check_panic(rig, END_OF_PANIC)


def case_qcom_hang(rig):
    """The same where another driver has a table: refused, force=1, hang with 201 slots."""
    if qcomchecks.can_run(rig):
        qcomchecks.check_hang(rig, 'all CPUs hang from here on')


def case_qcom_refusals(rig):
    """Firmware without Minidump, with one that is damaged, with SMEM of version 11."""
    if qcomchecks.can_run(rig):
        qcomchecks.check_refusals(rig)


def case_collect_boot(rig):
    """copy=1: after a panic and a warm reset the next boot offers the dump, twice."""
    boots.check(rig, 'panic')


def case_collect_boot_hung(rig):
    """The same of a task that waits forever."""
    boots.check(rig, 'hungtask')


def case_collect_boot_softlockup(rig):
    """The same of a task that does not give up its CPU."""
    boots.check(rig, 'softlockup', settings='kernel/softlockup_panic=1 kernel/watchdog_thresh=2')


@of('amd64')
def case_collect_boot_nmi(rig):
    """The same of a panic in NMI, as a watchdog's."""
    boots.check(rig, 'unknown_nmi', 'what="unknown_nmi"?', 'kernel/unknown_nmi_panic=1')


def case_collect_boot_reset(rig):
    """Resets at random moments of the copy: what is complete is there."""
    boots.check_resets(rig, int(os.environ.get('KMD_RESETS') or 4))


def case_collect_boot_damage(rig):
    """The copy is damaged, cleared or lost before the next boot."""
    boots.check_damage(rig)


def case_collect_boot_held(rig):
    """Panics one after another, and nobody takes the first dump."""
    boots.check_held(rig)


def case_collect_boot_small(rig):
    """There is not room for all regions."""
    boots.check_small(rig)


def case_collect_boot_guest(rig):
    """kmd-collect --boot and kmd-report run in the guest: a full disk, one that is read-only, a good one."""
    boots.check_guest(rig)


def case_collect_boot_orderly(rig):
    """After an orderly restart, and after a hang, there is no dump, and the log says why."""
    boots.check_orderly(rig)
    boots.check_panic_timeout(rig)
    boots.check_mark(rig)


def case_collect_boot_avoid(rig):
    """Memory that a boot loader overwrites is in no region."""
    boots.check_avoid(rig)


CASES = {name.removeprefix('case_'): function for name, function in list(globals().items())
         if name.startswith('case_')}


if __name__ == '__main__':
    # name=arch,arch; with no arch it is of all.
    print(*(f'{name}={",".join(getattr(case, "arches", ()))}' for name, case in CASES.items() if name != 'small'))
