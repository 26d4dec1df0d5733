# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Makes notes from CPU registers as QEMU prints them, without the library."""
import re
import struct

NT_PRSTATUS = 1
RECORD, RECORD_HEADER = 'Kprstatus', 24
PID_AT = 32
REGS_AT = 112
# Of 32-bit machines.
NARROW_PID_AT, NARROW_REGS_AT = 24, 72
# struct QEMUX86CPUState of QEMU's target/i386/arch_dump.c, with the same names.
QEMU_AMD64 = ('RAX', 'RBX', 'RCX', 'RDX', 'RSI', 'RDI', 'RSP', 'RBP', *(f'R{n}' for n in range(8, 16)),
              'RIP', 'RFL')
QEMU_SEGMENTS = ('CS', 'DS', 'ES', 'FS', 'GS', 'SS')
# struct user_regs_struct of x86_64, with QEMU's names; None for those that QEMU does not have.
AMD64 = ('R15', 'R14', 'R13', 'R12', 'RBP', 'RBX', 'R11', 'R10', 'R9', 'R8', 'RAX', 'RCX', 'RDX',
         'RSI', 'RDI', None, 'RIP', 'CS', 'RFL', 'RSP', 'SS', 'FS_BASE', 'GS_BASE', 'DS', 'ES',
         'FS', 'GS')
ARM64 = (*(f'X{n:02}' for n in range(31)), 'SP', 'PC', 'PSTATE')
ARMHF = (*(f'R{n:02}' for n in range(16)), 'PSR', None)
RISCV64 = ('pc', *(f'x{n}' for n in range(1, 32)))
REGISTERS = {'amd64': AMD64, 'arm64': ARM64, 'armhf': ARMHF, 'riscv64': RISCV64}
# Where the kernel's part of the address space begins; modules of 32-bit arm are below its linear map.
FIRST_OF_KERNEL = {'armhf': 0xbf000000}
STACK_POINTER = {'amd64': 'RSP', 'arm64': 'SP', 'armhf': 'R13', 'riscv64': 'x2'}


def cpus(text):
    """The registers of each CPU, by name."""
    found = []
    for part in re.split(r'^CPU#\d+\s*$', text, flags=re.M)[1:]:
        found.append({name: int(value, 16) for name, value
                      in re.findall(r'\b([A-Z][A-Z0-9]*) ?=\s*([0-9a-f]+)', part)})
        # The second number of a segment is its base.
        found[-1].update({f'{name}_BASE': int(value, 16) for name, value
                          in re.findall(r'^([FG]S) =[0-9a-f]+ ([0-9a-f]+)', part, re.M)})
        # riscv64's stand without an equals sign: " x1/ra    ffffffff80001234".
        found[-1].update({name: int(value, 16) for name, value
                          in re.findall(r' (pc|x\d+)(?:/\w+)? +([0-9a-f]{16})', part)})
    return found


def is_of_kernel(arch, address):
    return address >= FIRST_OF_KERNEL.get(arch, 1 << 63)


def places(arch):
    """Where struct elf_prstatus has pr_pid and pr_reg; the size of a word, and its letter."""
    return (NARROW_PID_AT, NARROW_REGS_AT, 4, 'I') if arch == 'armhf' else (PID_AT, REGS_AT, 8, 'Q')


def stack_pointers(arch, text):
    return [cpu[STACK_POINTER[arch]] for cpu in cpus(text)]


def note(name, kind, desc):
    return struct.pack('<III', len(name) + 1, len(desc), kind) + \
        (name + b'\0').ljust(len(name) + 4 & ~3, b'\0') + desc + bytes(-len(desc) % 4)


def prstatus(arch, cpu, number):
    """pr_pid is the number of the CPU plus one, as QEMU writes it."""
    values = [0 if name is None else cpu[name] for name in REGISTERS[arch]]
    pid_at, regs_at, word, form = places(arch)
    head = bytes(pid_at) + struct.pack('<I', number + 1)
    return head.ljust(regs_at, b'\0') + struct.pack(f'<{len(values)}{form}', *values) + bytes(word)


def recorded(arch, record):
    """The records of the shim after a panic: (CPU, struct elf_prstatus)."""
    if len(record) < RECORD_HEADER:
        return
    count, stride, panic = struct.unpack_from('<8xIII', record)
    pid_at, regs_at, word, _ = places(arch)
    size = regs_at + word * (len(REGISTERS[arch]) + 1)
    for n in range(count if panic else 0):
        at = RECORD_HEADER + n * stride
        if struct.unpack_from('<II', record, at) == (5, size):
            status = bytearray(record[at + stride - size:at + stride])
            status[pid_at:pid_at + 4] = struct.pack('<I', n + 1)
            yield n, bytes(status)


def qemu_state(status):
    """The QEMU note of an x86_64 CPU; if crash has one, it does not read NT_PRSTATUS."""
    words = dict(zip(AMD64, struct.unpack_from(f'<{len(AMD64)}Q', status, REGS_AT)))
    made = struct.pack('<II', 1, 440) + b''.join(struct.pack('<Q', words[name]) for name in QEMU_AMD64)
    for name in QEMU_SEGMENTS:
        made += struct.pack('<IIIIQ', words[name], 0xffffffff, 0, 0, words.get(f'{name}_BASE', 0))
    return made.ljust(440, b'\0')


def notes(arch, text, record=b''):
    """One NT_PRSTATUS for each CPU, that of the kernel if there is one, and the QEMU notes.

    crash uses the registers of an offline CPU only if there are QEMU notes.
    """
    states = dict(recorded(arch, record)) or {n: prstatus(arch, cpu, n)
                                              for n, cpu in enumerate(cpus(text))}
    made = b''.join(note(b'CORE', NT_PRSTATUS, states[n]) for n in sorted(states))
    if arch == 'arm64':
        return made + note(b'QEMU', 0, bytes(440))
    if arch in ('riscv64', 'armhf'):
        return made
    return made + b''.join(note(b'QEMU', 0, qemu_state(states[n])) for n in sorted(states))
