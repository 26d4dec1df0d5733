# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Checks of kernels with few options: what they lack is said once, and all else is there."""
import checks
import kit
import reports
import shimchecks

# Without the option, what the shim prints.
SAID = {
    'TRACEPOINTS': 'no CONFIG_TRACEPOINTS',
    'KPROBES': 'panic()\'s registers (no kprobes)',
}
NO_VMCOREINFO = 'the kernel has no VMCOREINFO'


def check_said(kernel, console):
    """Each option that is off is named once, and none that is on."""
    lines = [line for line in console.splitlines() if 'kmemdump' in line]
    wanted = {text: not kernel.has(option) for option, text in SAID.items()}
    wanted[NO_VMCOREINFO] = not kernel.has_vmcoreinfo()
    wanted['the kernel has CONFIG_RANDSTRUCT'] = kernel.has('RANDSTRUCT')
    for text, want in wanted.items():
        kit.same(len([line for line in lines if text in line]), int(want),
                 f'lines of the kernel log with {text!r}')
    kit.check('load failed' not in console, f'the shim did not load:\n{console[-3000:]}')


def check_before_modules(console):
    early, first = console.find('kmemdump: level full'), console.find('Run /init')
    kit.check(0 <= early < first, 'the shim in the kernel did not register before the first program ran')
    kit.check('backend reserved' in console[:first], 'the backend in the kernel came late')


def answers(kernel):
    """What drgn must print as for all of RAM."""
    names = list(checks.SMALL)
    if kernel.has('TRACEPOINTS'):
        names += ['threads', 'tasks', 'stacks', 'crashed' if kernel.has('KPROBES') else 'running']
    return names + ['modules']


def check(rig, taken):
    kernel = rig.kernel
    check_said(kernel, taken.console)
    if kernel.has('KMEMDUMP'):
        check_before_modules(taken.console)
    else:
        checks.check_sample(rig, taken)
    if kernel.has('KPROBES') and kernel.has('KEXEC_CORE'):  # which has crash_notes
        shimchecks.check_registers(rig, taken)
    core, truth = taken.cores(), taken.truth()
    if kernel.arch != 'armhf':
        shimchecks.check_virtual(taken)
    got = checks.ask_drgn(rig, taken, core, truth, answers(kernel))
    checks.check_log(rig, taken, got['dmesg'])
    checks.check_gdb(rig, taken, core, truth)
    if kernel.has('TRACEPOINTS'):
        kit.check(len(got['tasks']) > 10, f'too few tasks: {got["tasks"]}')
        kit.check(len([s for s in got['stacks'].values() if isinstance(s, list) and len(s) > 3]) > 5,
                  f'too few stacks: {checks.shorten(got["stacks"])}')
        reports.check(rig, taken, got)
