# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Checks of a dump: its regions, and the output of the debuggers for its core."""
import itertools
import re
import subprocess

import consumers
import kit
import pages
import reports
import symbols

BOOT_SECONDS = 240
COMPLAINTS = ('WARNING:', 'BUG:', 'possible recursive locking', 'kmemleak', 'Call Trace')


def wait(guest, text):
    kit.check(guest.wait_for(text, BOOT_SECONDS),
              f'the console never showed {text!r}:\n{guest.console()[-6000:]}')


def settle_down(guest, seconds):
    """Wait, because the guest may still be working after it printed a line."""
    guest.wait_for('\0never\0', seconds)


def reported(console):
    """The lines that the scripts of the guest printed."""
    return re.findall(r'KMD: (.*?)\r?$', console, re.M)


def quiet(console, why):
    """The kernel must not have printed a warning."""
    for line in console.splitlines():
        kit.check(not any(word in line for word in COMPLAINTS), f'{why}: the kernel printed: {line}')


def nothing_missing(console):
    """With its loader, the shim must find all symbols on this kernel."""
    missing = re.findall(r'kmemdump: not found.*', console)
    kit.check(not missing, f'not all was found: {missing}')
    kit.check('load failed' not in console, f'the shim did not load:\n{console[-3000:]}')


def kernel_lines(console):
    """The lines of the kernel.  Newer kernels print in a thread; another context that takes over
    repeats the start of the line."""
    lines = [line.rstrip('\r') for line in console.splitlines() if re.match(r'\[ *\d+\.\d+\]', line)]
    return [line for line, following in zip(lines, [*lines[1:], ''])
            if line == following or line.endswith('] ') or not following.startswith(line)]


def same_answers(got, want, names, who):
    for name in names:
        kit.check(got[name] == want[name],
                  f'{who}: {name} differs from all of RAM:\n  got  {shorten(got[name])}\n'
                  f'  want {shorten(want[name])}{first_difference(got[name], want[name])}')


def shorten(answer):
    text = repr(answer)
    return text if len(text) < 600 else text[:600] + '...'


def first_difference(got, want):
    if isinstance(got, dict) and isinstance(want, dict):
        for key in want:
            if got.get(key) != want[key]:
                return f'\n  first at {key}: got {got.get(key)!r} want {want[key]!r}'
    if isinstance(got, list) and isinstance(want, list):
        for left, right in zip(got, want):
            if left != right:
                return f'\n  first: got {left!r} want {right!r}'
    return ''


def without_guesses(answers):
    """Frames behind one without debug information are guessed, so they are not compared."""
    if isinstance(answers['stacks'], dict):
        answers['stacks'] = {
            task: list(itertools.takewhile(lambda frame: frame[0] not in '#0', frames))
            if isinstance(frames, list) else frames for task, frames in answers['stacks'].items()}
    return answers


class MidFork(Exception):
    """The machine stopped when a task was in the tree of pids and the shim did not know it yet."""


TASK_NEW = ' 0x800'


def look_for_forks(taken, got, want):
    """task_newtask comes late in a fork.  Until then --check must know that the list of tasks fails."""
    forking = [task for task in want if task.endswith(TASK_NEW)] if isinstance(want, list) else []
    if isinstance(got, list) or not forking:
        return
    done = subprocess.run([taken.program, '--check', '-q', taken.folder / 'rawdump.img', '-x',
                           taken.kernel.file('vmlinux')], capture_output=True, text=True, check=False)
    row = re.search(r'^drgn +tasks +(yes|part|\?|no)', done.stdout, re.M)
    kit.check(row and row[1] != 'yes', f'in the middle of fork: {forking}; --check:\n{done.stdout}{done.stderr}')
    raise MidFork(f'in the middle of fork: {forking}; drgn: {got}')


def ask_drgn(rig, taken, core, truth, names, *options):
    core = taken.core_for_drgn(core, *options)
    got, want = (without_guesses(consumers.drgn(rig.kernel, c)) for c in (core, truth))
    if 'tasks' in names:
        look_for_forks(taken, got['tasks'], want['tasks'])
    same_answers(got, want, names, 'drgn')
    if 'stacks' in names and rig.kernel.arch == 'riscv64':  # drgn (0.0.31 at least) does not unwind them.
        same_answers(got, want, ('saved',), 'drgn')
        got['stacks'] = consumers.tasks_gdb(taken, want['saved'])
    return got


def check_log(rig, taken, log):
    kit.check(any(rig.token in line for line in log), 'the log lacks the token of this boot')
    kit.same_log(log, kernel_lines(taken.console), 'drgn, console')
    kit.same_log(log, taken.dmesg(), 'drgn, kmd-assemble --dmesg')


SMALL = ('nodename', 'release', 'banner', 'jiffies', 'dmesg')
FULL = ('nodename', 'release', 'banner', 'jiffies', 'threads', 'dmesg', 'tasks', 'stacks', 'modules',
        'sections')


def check_gdb(rig, taken, core, truth):
    offset = taken.info.kaslr_offset()
    got = consumers.gdb(rig.kernel, core, offset)
    same_answers(got, consumers.gdb(rig.kernel, truth, offset), got, 'gdb')


def crash_on_all_of_ram(rig, truth):
    """The answers of crash, and its options: not every crash supports every kernel."""
    for options in ((), ('--no_modules',)):
        try:
            return consumers.crash(rig.kernel, truth, *options), options
        except consumers.CrashFailed as error:
            print(f'on all of RAM, with {options}: {error}')
    return None, ()


def check_crash(rig, taken, core, truth):
    if rig.kernel.arch == 'riscv64':  # The truth for drgn has no registers there.
        truth = taken.whole_truth(taken.folder / 'registers.core')
    want, options = crash_on_all_of_ram(rig, truth)
    if want is None:
        print('no crash for this kernel')
        return
    got = consumers.crash(rig.kernel, core, *options)
    same_answers(got, want, [c for c in want if c != 'end'], 'crash')


def kaslr_of(taken):
    """KERNELOFFSET of the dump's VMCOREINFO, where the kernel has KASLR."""
    if not taken.kernel.has('RANDOMIZE_BASE'):
        return 0
    if taken.kernel.arch == 'riscv64':  # The kernel does not write it.
        return taken.info.kaslr_offset()
    text = b''.join(taken.data(row) for row in taken.rows if row.name.startswith('Kvmcorein'))
    return int(text.split(b'KERNELOFFSET=')[1].split(b'\n')[0], 16)


def check_full(rig, taken):
    """Compare all consumers on the core and on all of RAM."""
    nothing_missing(taken.console)
    core, truth = taken.cores(), taken.truth()
    got = ask_drgn(rig, taken, core, truth, FULL)
    check_log(rig, taken, got['dmesg'])
    kit.check(len(got['tasks']) > 20 and len(got['modules']) >= 2, 'too few tasks or modules')
    kit.check(len([s for s in got['stacks'].values() if isinstance(s, list) and len(s) > 3]) > 10,
              f'too few stacks: {shorten(got["stacks"])}')
    check_gdb(rig, taken, core, truth)
    reports.check(rig, taken, got)
    symbols.check(rig, taken, kaslr_of(taken))
    pages.check_diff(rig, taken, truth)
    if rig.name == 'panic':
        pages.check_page(rig, taken)
    if rig.kernel.arch == 'amd64' or rig.name in ('panic', 'hang'):
        check_crash(rig, taken, core, truth)  # under emulation it takes a minute
    return got


def check_sample(rig, taken):
    """The regions of the sample driver, by name, must have its run-time content."""
    state = [taken.data(row) for row in taken.named('Ksample_st')]
    kit.check(len(state) == 1 and state[0].startswith(b'kmemdump_sample\0' + rig.token.encode()),
              f'Ksample_st: {state}')
    pages = b''.join(taken.data(row) for row in taken.rows if row.name.startswith('Ksample_l'))
    for page in range(5):
        kit.check(f'page {page}: {rig.token}'.encode() in pages, f'Ksample_log lacks page {page}')
    counts = [taken.data(row)[:8] for row in taken.rows if row.name.startswith('Ksample_c')]
    want = [(0x6b6d640000000000 + cpu).to_bytes(8, 'little') for cpu in range(rig.kernel.cpus)]
    kit.same(sorted(counts), want, 'Ksample_cnt')


def check_small(rig, taken):
    nothing_missing(taken.console)
    check_sample(rig, taken)
    core, truth = taken.cores(), taken.truth()
    got = ask_drgn(rig, taken, core, truth, SMALL)
    check_log(rig, taken, got['dmesg'])
    if rig.kernel.arch == 'armhf':
        return  # crash takes _stext for the start of the linear map there
    minimal = consumers.crash(rig.kernel, core, '--minimal', commands=('log',))
    if minimal:
        kit.same(minimal, consumers.crash(rig.kernel, truth, '--minimal', commands=('log',)),
                 'crash --minimal')
