# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Compares the stacks of the CPUs in a core with those that the registers of QEMU give.

What the shim recorded was true a moment before the machine stopped, and the CPU has made calls since then.
So the recorded stack is the end of the real one, which is read from all of RAM.
"""
import json
import re
import struct
import subprocess

import build
import consumers
import elfcore
import firmware
import kernels
import kit
import registers

NT_PRSTATUS = 1
# Of 32-bit arm.
FIRST_VECTOR = 0xffff0000
# Words of struct pt_regs that come from a note.
WORDS = {'amd64': 21, 'arm64': 34, 'armhf': 18, 'riscv64': 32}


def general(arch, desc):
    _, regs_at, _, form = registers.places(arch)
    return struct.unpack_from(f'<{WORDS[arch]}{form}', desc, regs_at)


def of_core(rig, core):
    """The registers in the notes of a core, by CPU.  A note without registers keeps a CPU's place."""
    arch = rig.kernel.arch
    pid_at, regs_at, word, _ = registers.places(arch)
    least = regs_at + word * WORDS[arch]
    return {struct.unpack_from('<I', note.desc, pid_at)[0] - 1: general(arch, note.desc)
            for note in elfcore.notes(core.read_bytes())
            if note.type == NT_PRSTATUS and len(note.desc) >= least}


def of_qemu(rig, taken):
    """The registers of the stopped machine, by CPU."""
    arch = rig.kernel.arch
    cpus = registers.cpus(taken.registers.read_text(encoding='utf-8'))
    kit.same(len(cpus), rig.kernel.cpus, 'CPUs of QEMU')
    return {n: general(arch, registers.prstatus(arch, cpu, n)) for n, cpu in enumerate(cpus)}


def unwound(rig, core, by_cpu):
    """{CPU: [[function, program counter], ...]}, by drgn."""
    question = core.with_suffix('.registers')
    question.write_text(json.dumps({str(cpu): words for cpu, words in by_cpu.items()}))
    debug = build.modules(rig.kernel) / 'debug'
    done = rig.kernel.root.run(
        ['python3', kernels.HERE / 'ask_stacks.py', rig.kernel.file('vmlinux'), debug, core, question],
        [kernels.HERE, rig.kernel.folder, core.parent])
    answer = json.loads(consumers.output(done, 'drgn').splitlines()[-1])
    return {int(cpu): frames for cpu, frames in answer.items()}


def is_tail(arch, recorded, real):
    """The innermost frame may have gone on since; the return addresses of the others stay."""
    if recorded and not registers.is_of_kernel(arch, recorded[0][1]):  # The same instruction of a program.
        return recorded[:1] == real[-1:]
    if not recorded or len(recorded) > len(real):
        return False
    end = real[-len(recorded):]
    return recorded[0][0] == end[0][0] and recorded[1:] == end[1:]


def is_same_call(rig, cpu, recorded, real, registers_of, truth):
    """drgn ends some stacks of x86_64 at panic().  Then all of RAM must have the recorded one behind it."""
    return rig.kernel.arch == 'amd64' and recorded[:1] and real[-1:] and \
        recorded[0][0] == real[-1][0] == 'panic' and \
        unwound(rig, truth, {cpu: registers_of[cpu]})[cpu] == recorded


def is_cut(rig, real):
    """32-bit arm: drgn does not follow the change to an interrupt's stack.  The first instructions of an
    interrupt have a stack pointer that QEMU does not print.
    """
    return rig.kernel.arch == 'armhf' and real and (real[0][1] >= FIRST_VECTOR or real[-1][0] == 'call_with_stack')


def show(frames):
    return '\n    '.join(f'{pc:#x} {name}' for name, pc in frames)


def check(rig, taken, core, truth):
    """Returns (stacks that were recorded, real stacks), by CPU."""
    registers_of = of_core(rig, core)
    recorded = unwound(rig, core, registers_of)
    real = unwound(rig, truth, of_qemu(rig, taken))
    for cpu, frames in recorded.items():
        if is_cut(rig, real[cpu]):
            print(f'CPU {cpu} is in an interrupt: its real stack is not known to the end')
            continue
        good = is_tail(rig.kernel.arch, frames, real[cpu]) or is_same_call(rig, cpu, frames, real[cpu], registers_of, truth)
        kit.check(good, f'the stack of CPU {cpu} is not the end of the real one:\n'
                  f'  recorded\n    {show(frames)}\n  real\n    {show(real[cpu])}')
    return recorded, real


def report(taken, image):
    program = taken.program.parents[1] / 'kmd-report/kmd-report'
    done = subprocess.run([program, '-q', '--json', '-x', taken.kernel.file('vmlinux'), image],
                          capture_output=True, check=False)
    kit.check(done.returncode in (0, 3), f'kmd-report exited {done.returncode}:\n{done.stderr.decode()}')
    return json.loads(done.stdout)


def panicked(taken):
    """CPU and task of the panic, as the kernel printed them."""
    after = taken.console[taken.console.index('Kernel panic - not syncing'):]
    found = re.search(r'CPU: (\d+) (?:UID: \d+ )?PID: (\d+) Comm: (\S+)', after) or \
        re.findall(r'CPU: (\d+) (?:UID: \d+ )?PID: (\d+) Comm: (\S+)', taken.console)[-1]
    return found.groups() if isinstance(found, re.Match) else found


def check_report(rig, taken, text, task, real):
    """kmd-report names the reason, and the CPU and the task that the console shows."""
    found = report(taken, taken.folder / 'rawdump.img')
    cpu, pid, comm = panicked(taken)
    kit.check(text in found['reason']['text'], f'reason: {found["reason"]}')
    kit.check(task in (None, comm), f'the task that panicked: {comm}, not {task}')
    kit.same([str(found['reason'].get(key)) for key in ('cpu', 'pid', 'task')], [cpu, pid, comm],
             'CPU, pid and task of kmd-report')
    kit.check(is_cut(rig, real[int(cpu)]) or 'panic' in ' '.join(name for name, _ in real[int(cpu)]),
              f'CPU {cpu} did not panic')
    frames = found['signature']['frames']
    kit.check(frames, f'an empty signature: {found["signature"]}')
    print('signature:', found['signature']['source'], *frames)


def signature_of(rig, way, *how):
    """The signature of a crash, and how kmd-report found it."""
    rig.name = way
    taken = rig.crash(*how)
    image = rig.folder / 'rawdump.img'
    firmware.write_raw(image, taken.ram, taken.rows)
    return report(taken, image)['signature']


def check_signatures(rig, ways):
    found = {}
    for way, how in ways.items():
        three = [signature_of(rig, way, *how) for _ in range(3)]
        print(way, *three, sep='\n  ', flush=True)
        kit.same(len({one['key'] for one in three}), 1, f'signatures of three boots of {way}: {three}')
        found[three[0]['key']] = way
    kit.same(sorted(found.values()), sorted(ways), f'ways with signatures of their own: {found}')
