# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What the rig can do to a kernel, and what must then be true."""
import itertools
import os
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import consumers
import dump
import firmware
import initramfs
import build
import kit
import qemu

BOOT_SECONDS = 240
COMPLAINTS = ('WARNING:', 'BUG:', 'possible recursive locking', 'kmemleak', 'Call Trace')


class Rig:
    """One run of one case on one kernel."""

    def __init__(self, kernel, name, program, folder):
        self.kernel, self.name, self.program, self.folder = kernel, name, program, folder
        self.token = f'kmd-token-{os.urandom(6).hex()}'

    def boot(self, script, level='full', cmdline='ignore_loglevel', options=()):
        machine = qemu.MACHINES[self.kernel.arch]
        parameters = {
            'token': self.token, 'level': level, 'base': f'{machine["reserved"]:#x}',
            'size': f'{qemu.RESERVED_SIZE:#x}',
            'kernel_memory': f'{machine["ram_base"] + (64 << 20):x}',
        }
        image = self.folder / 'initramfs'
        initramfs.write(image, self.kernel, build.modules(self.kernel), script, parameters)
        return qemu.Guest(self.kernel, image, self.folder, cmdline, options)

    def crash(self, script, sign, level='full', settle=1.0):
        """Boot, wait for the sign of death, take the memory."""
        with self.boot(script, level) as guest:
            wait(guest, sign)
            settle_down(guest, settle)
            return dump.Dump(self.kernel, self.program, guest, self.folder)


def wait(guest, text):
    kit.check(guest.wait_for(text, BOOT_SECONDS),
              f'the console never showed {text!r}:\n{guest.console()[-6000:]}')


def settle_down(guest, seconds):
    """What was printed is not yet what was done."""
    guest.wait_for('\0never\0', seconds)


def told(console):
    """What the guest's scripts said."""
    return re.findall(r'KMD: (.*?)\r?$', console, re.M)


def quiet(console, why):
    """No complaint of the kernel."""
    for line in console.splitlines():
        kit.check(not any(word in line for word in COMPLAINTS), f'{why}: the kernel said: {line}')


def nothing_missing(console):
    """The shim found all that it wanted, on this kernel, with its loader."""
    missing = re.findall(r'kmemdump: not found.*', console)
    kit.check(not missing, f'not all was found: {missing}')
    kit.check('load failed' not in console, f'the shim did not load:\n{console[-3000:]}')


def kernel_lines(console):
    return [line.rstrip('\r') for line in console.splitlines() if re.match(r'\[ *\d+\.\d+\]', line)]


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
    """From a frame on that no debug information names, what follows is guessed."""
    if isinstance(answers['stacks'], dict):
        answers['stacks'] = {
            task: list(itertools.takewhile(lambda frame: frame[0] not in '#0', frames))
            if isinstance(frames, list) else frames for task, frames in answers['stacks'].items()}
    return answers


def ask_drgn(rig, taken, core, truth, names):
    got, want = (without_guesses(consumers.drgn(rig.kernel, c)) for c in (core, truth))
    same_answers(got, want, names, 'drgn')
    return got


def check_log(rig, taken, log):
    kit.check(any(rig.token in line for line in log), 'the log lacks the token of this boot')
    kit.same_log(log, kernel_lines(taken.console), 'drgn, console')


FULL = ('nodename', 'release', 'banner', 'jiffies', 'threads', 'dmesg', 'tasks', 'stacks', 'modules')


def check_gdb(rig, taken, core, truth):
    offset = taken.info.kaslr_offset()
    kit.check(offset, 'KASLR is off: the test would prove nothing')
    got = consumers.gdb(rig.kernel, core, offset)
    same_answers(got, consumers.gdb(rig.kernel, truth, offset), got, 'gdb')


def crash_on_all_of_ram(rig, truth):
    """Its answers, and the options that it needs: not every crash knows every kernel."""
    for options in ((), ('--no_modules',)):
        try:
            return consumers.crash(rig.kernel, truth, *options), options
        except consumers.CrashFailed as error:
            print(f'on all of RAM, with {options}: {error}')
    return None, ()


def check_crash(rig, core, truth):
    want, options = crash_on_all_of_ram(rig, truth)
    if want is None:
        print('no crash for this kernel')
        return
    got = consumers.crash(rig.kernel, core, *options)
    same_answers(got, want, [c for c in want if c != 'end'], 'crash')


def check_full(rig, taken):
    """All consumers, on the core and on all of RAM."""
    nothing_missing(taken.console)
    core, truth = taken.cores(), taken.truth()
    got = ask_drgn(rig, taken, core, truth, FULL)
    check_log(rig, taken, got['dmesg'])
    kit.check(len(got['tasks']) > 20 and len(got['modules']) >= 2, 'too few tasks or modules')
    kit.check(len([s for s in got['stacks'].values() if isinstance(s, list) and len(s) > 3]) > 10,
              f'too few stacks: {shorten(got["stacks"])}')
    check_gdb(rig, taken, core, truth)
    if rig.kernel.arch == 'amd64' or rig.name in ('panic', 'hang'):
        check_crash(rig, core, truth)  # under emulation it takes a minute
    return got


END_OF_PANIC = 'end Kernel panic'


def case_panic(rig):
    """sysrq-c"""
    taken = rig.crash('panic', END_OF_PANIC)
    check_sample(rig, taken)
    check_full(rig, taken)


def case_null(rig):
    """A module reads through NULL, and panic_on_oops is set."""
    taken = rig.crash('null', END_OF_PANIC)
    kit.check('kmdlab_null' in taken.console, 'no oops in kmdlab')
    check_full(rig, taken)


def case_hang(rig):
    """All CPUs spin with interrupts off; no panic, no notifier: a watchdog takes memory."""
    taken = rig.crash('hang', 'all CPUs hang from here on', settle=4.0)
    kit.check('panic' not in taken.console.split('all CPUs hang')[1], 'there was a panic')
    got = check_full(rig, taken)
    kit.check(any('kmdlab_hang/0' in t for t in got['tasks']) and
              any('kmdlab_hang/1' in t for t in got['tasks']),
              'the tasks born just before the hang are not in the dump')


def case_hungtask(rig):
    """A task waits forever; the kernel's own watchdog panics."""
    taken = rig.crash('hungtask', END_OF_PANIC)
    got = check_full(rig, taken)
    stack = next(s for t, s in got['stacks'].items() if t.endswith('kmdlab_hung'))
    kit.check(any('wait_for_common' in f for f in stack), f'the hung task\'s stack: {stack}')


def check_sample(rig, taken):
    """The sample driver's regions, by name, with what it wrote there at run time."""
    state = [taken.data(row) for row in taken.named('Ksample_st')]
    kit.check(len(state) == 1 and state[0].startswith(b'kmemdump_sample\0' + rig.token.encode()),
              f'Ksample_st: {state}')
    pages = b''.join(taken.data(row) for row in taken.rows if row.name.startswith('Ksample_l'))
    for page in range(5):
        kit.check(f'page {page}: {rig.token}'.encode() in pages, f'Ksample_log lacks page {page}')
    counts = [taken.data(row)[:8] for row in taken.rows if row.name.startswith('Ksample_c')]
    want = [(0x6b6d640000000000 + cpu).to_bytes(8, 'little') for cpu in range(2)]
    kit.same(sorted(counts), want, 'Ksample_cnt')


def case_rfc(rig):
    """Level rfc: log and variables for drgn and gdb."""
    taken = rig.crash('panic', END_OF_PANIC, level='rfc')
    check_small(rig, taken)


def case_log(rig):
    """Level log: the log, and crash --minimal."""
    taken = rig.crash('panic', END_OF_PANIC, level='log')
    check_small(rig, taken)


def check_small(rig, taken):
    nothing_missing(taken.console)
    check_sample(rig, taken)
    core, truth = taken.cores(), taken.truth()
    got = ask_drgn(rig, taken, core, truth, ('nodename', 'release', 'banner', 'jiffies', 'dmesg'))
    check_log(rig, taken, got['dmesg'])
    minimal = consumers.crash(rig.kernel, core, '--minimal', commands=('log',))
    if minimal:
        kit.same(minimal, consumers.crash(rig.kernel, truth, '--minimal', commands=('log',)),
                 'crash --minimal')


def case_bare(rig):
    """Loaded by hand, without its loader; then with the System.map of another kernel."""
    taken = rig.crash('bare', END_OF_PANIC)
    said = re.findall(r'kmemdump: not found, so not registered: (.*?);', taken.console)
    if 'CONFIG_KALLSYMS_ALL=y' not in rig.kernel.file('config').read_text():
        kit.check(said and all('linux_banner' in line for line in said),
                  f'not said once per load by name what was not found: {said}')
        kit.same(len(said), 2, 'loads that lacked something')
    kit.check('symbols= is of another kernel' in taken.console, 'a wrong System.map was believed')
    core, truth = taken.cores(), taken.truth()
    got = ask_drgn(rig, taken, core, truth, ('nodename', 'release', 'dmesg', 'jiffies'))
    check_log(rig, taken, got['dmesg'])


def case_reload(rig):
    """Load, unload, again and again; in the end nothing is left."""
    with rig.boot('reload') as guest:
        wait(guest, 'ready for inspection')
        guest.stop()
        console, machine = guest.console(), guest.machine
        ram = firmware.Ram(guest.ram, machine['ram_base'])
        area = ram.read(machine['reserved'], qemu.RESERVED_SIZE)
    quiet(console, 'reload')
    nothing_missing(console)
    kit.check(not any(area), 'the reserved memory is not empty after unload')
    said = told(console)
    kit.check(not any('is left' in line or 'failed' in line or 'are left' in line for line in said),
              f'left over: {said}')
    kit.same(len([line for line in said if re.match(r'round \d: placed [1-9]\d\d', line)]), 3,
             f'rounds that placed regions: {said}')
    free = [int(n) for n in re.findall(r'round \d: free (\d+)', console)]
    kit.check(len(free) == 3 and free[0] - free[2] < 3000, f'memory is lost: free KiB {free}')


def case_storm(rig):
    """All CPUs register and unregister with interrupts off, while tasks are born and die."""
    with rig.boot('storm') as guest:
        wait(guest, 'ready for inspection')
        console = guest.console()
    quiet(console, 'storm')
    nothing_missing(console)
    kit.check('storm over, 0 failures' in console, 'the storm had failures')
    said = ' / '.join(told(console))
    before, after = (int(n) for n in re.findall(r'live (\d+) names 0', said))
    kit.check(abs(after - before) < 60, f'regions are lost or kept: {said}')
    made, gone, live, forks = map(int, re.search(
        r'counters: (\d+) - (\d+) = (\d+), (\d+) forks', said).groups())
    kit.check(abs(made - gone - live) < 100 and gone > 5000 and forks > 20, f'counters: {said}')
    kit.same(re.findall(r'refused: \S+ (\d+)', said), ['0'] * 5, f'refused: {said}')


def case_nobackend(rig):
    """No backend, then wrong ones, then one: all regions are handed over."""
    taken = rig.crash('nobackend', END_OF_PANIC)
    said = ' / '.join(told(taken.console))
    waiting, live = map(int, re.search(r'absent: backend none waiting (\d+) live (\d+)', said).groups())
    kit.check(live > 100 and abs(waiting - live) < 40, f'waiting without a backend: {said}')
    for refusal in ('without memory', 'kernel memory', 'small memory'):
        kit.check(f'refused {refusal}' in said, f'not refused: {refusal}: {said}')
    kit.check('present: backend reserved waiting 0 refused 0' in said, f'not handed over: {said}')
    check_sample(rig, taken)
    kit.check(len(taken.rows) >= live - 40, f'{len(taken.rows)} regions in the table, of {live}')
    taken.cores()


def case_budget(rig):
    """90 slots: the header, the log and the sample driver are in, module text is not."""
    taken = rig.crash('budget', END_OF_PANIC)
    said = ' / '.join(told(taken.console))
    slots, placed, full, evicted = map(int, re.search(
        r'slots (\d+) placed (\d+) full (\d+) evicted (\d+)', said).groups())
    kit.check(slots == placed == 90 == len(taken.rows) and full > 50, f'not 90: {said}')
    kit.check(evicted > 0, f'the driver that came last took no place: {said}')
    check_sample(rig, taken)
    core, truth = taken.cores(), taken.truth()
    got = ask_drgn(rig, taken, core, truth, ('nodename', 'banner', 'dmesg', 'jiffies'))
    check_log(rig, taken, got['dmesg'])


CASES = {name.removeprefix('case_'): function for name, function in list(globals().items())
         if name.startswith('case_')}


if __name__ == '__main__':
    print(*CASES)
