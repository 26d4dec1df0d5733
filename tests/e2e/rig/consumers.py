# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Runs the debuggers of the kernel's release on a core."""
import json
import os
import re
import shutil
import subprocess
import sys

import kernels
import registers

GDB_WORDS = ('init_uts_ns.name.nodename', 'init_uts_ns.name.version', 'jiffies_64', 'nr_threads',
             'init_task.comm', 'panic_cpu', 'saved_command_line')
CRASH_COMMANDS = ('sys', 'log', 'ps', 'bt', 'mod', 'p jiffies_64', 'p -x tainted_mask')


def output(done, who):
    if done.returncode:
        sys.exit(f'{who} exited {done.returncode}:\n' +
                 (done.stdout + done.stderr).decode(errors='replace'))
    return done.stdout.decode(errors='replace')


def drgn(kernel, core):
    done = kernel.root.run(['python3', kernels.HERE / 'ask_drgn.py', kernel.file('vmlinux'), core],
                           [kernels.HERE, kernel.folder, core.parent])
    return json.loads(output(done, 'drgn').splitlines()[-1])


def gdb(kernel, core, offset):
    """Answers by expression; the error text if there is no answer."""
    words = ['gdb-multiarch', '-nx', '-batch', '-iex', 'set auto-load off',
             '-ex', f'symbol-file {kernel.file("vmlinux")} -o {offset:#x}', '-ex', f'core-file {core}']
    for expression in GDB_WORDS:
        words += ['-ex', f'echo \\n@@{expression}\\n', '-ex', f'output {expression}']
    done = kernel.root.run(words, [kernel.folder, core.parent])
    printed = (done.stdout + done.stderr).decode(errors='replace')
    parts = re.split(r'\n@@(.*)\n', done.stdout.decode(errors='replace'))
    return dict(zip(parts[1::2], parts[2::2])) or sys.exit(f'gdb printed no answer:\n{printed}')


def tasks_gdb(taken, saved):
    """{task: frames} of sleeping riscv64 tasks on all of RAM, of which drgn unwinds none; by gdb.

    saved: what ask_drgn.py says of them, by pid.  Each becomes a thread.
    """
    names = [f'x{n}' for n in range(1, 28)]
    notes = b''
    for pid, (_, words) in saved.items():
        cpu = dict.fromkeys(registers.RISCV64, 0)
        cpu.update(zip(('pc', *names), words))
        notes += registers.note(b'CORE', registers.NT_PRSTATUS, registers.prstatus('riscv64', cpu, int(pid) - 1))
    core = taken.whole_truth(taken.folder / 'tasks.core', notes=notes)
    kernel = taken.kernel
    done = kernel.root.run(
        ['gdb-multiarch', '-nx', '-batch', '-iex', 'set auto-load off', '-ex',
         f'symbol-file {kernel.file("vmlinux")} -o {taken.info.kaslr_offset():#x}', '-ex', f'core-file {core}',
         '-x', kernels.HERE / 'ask_tasks_gdb.py'], [kernels.HERE, kernel.folder, core.parent])
    lines = [line for line in done.stdout.decode(errors='replace').splitlines() if line.startswith('@@')]
    if not lines:
        sys.exit(f'gdb printed no stacks:\n{(done.stdout + done.stderr).decode(errors="replace")[-3000:]}')
    core.unlink()
    found = json.loads(lines[-1][2:])
    return {saved[pid][0]: frames for pid, frames in found.items()}


# (release, machine): the emulator, and the words for fetch-crash.  The other releases' crash of arm64 is
# unusably slow under emulation.
EMULATED = {('bookworm', 'arm64'): ('qemu-aarch64-static', 'arm64'), ('bookworm', 'armhf'): ('qemu-arm-static', 'armhf', 'bookworm'),
            ('trixie', 'riscv64'): ('qemu-riscv64-static', 'riscv64', 'trixie')}


def crash_program(kernel):
    """The command that runs crash for this kernel's machine, or None."""
    if kernel.arch == 'amd64':
        return lambda words, folders, seconds: kernel.root.run(['crash', *words], folders, seconds)
    emulator, *words = EMULATED.get((kernel.words[0], kernel.arch), (None,))
    if not emulator or not shutil.which(emulator):
        return None
    root = kernels.fetch('fetch-crash', *words)
    environment = {'PATH': os.environ['PATH'], 'TERM': 'dumb', 'HOME': '/tmp'}
    return lambda command, folders, seconds: subprocess.run(
        ['timeout', '-k', '10', str(seconds), emulator, '-L', str(root),
         str(root / 'usr/bin/crash'), *map(str, command)], capture_output=True, check=False,
        stdin=subprocess.DEVNULL, env=environment)


def clean(text):
    """The text without lines about the file, its size, or progress."""
    drop = ('DUMPFILE:', 'KERNEL:', 'DEBUGINFO:', 'MEMORY:', 'please wait')
    return [line.rstrip() for line in text.splitlines() if line.strip()
            and not any(word in line for word in drop)]


class CrashFailed(Exception):
    """crash did not show its prompt."""


def crash(kernel, core, *options, commands=CRASH_COMMANDS):
    """Answers by command, line by line; None if there is no crash for this machine."""
    program = crash_program(kernel)
    if not program:
        return None
    script = core.parent / f'{core.name}.crash'
    script.write_text(''.join(f'!echo @@{c}\n{c}\n' for c in commands) + '!echo @@end\nq\n')
    done = program(['-s', *options, '-i', str(script), kernel.file('vmlinux'), core],
                   [kernel.folder, core.parent], 600)
    printed = (done.stdout + done.stderr).decode(errors='replace')
    parts = re.split(r'^@@(.*)\n', done.stdout.decode(errors='replace'), flags=re.M)
    answers = {name: clean(text) for name, text in zip(parts[1::2], parts[2::2])}
    if 'end' not in answers:
        raise CrashFailed(f'crash {core} did not show its prompt ({done.returncode}):\n{printed}')
    return answers
