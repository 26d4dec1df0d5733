# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Run by a release's own python, with its drgn: VMLINUX FOLDER CORE REGISTERS; stacks as JSON.

FOLDER has modules with debug information, REGISTERS the first words of struct pt_regs by CPU.
"""
import json
import pathlib
import re
import struct
import sys

import drgn

# The code of arm64 that stores the registers at an exception.
ENTRY = re.compile(r'__bad_stack|el[01][ht]?(_64|_32)?_(sync|irq|fiq|error)')
FRAME, LINK = 29, 30
# That of riscv64, which has no frame record: struct pt_regs is at its stack pointer.
RISCV_ENTRY = re.compile(r'handle_exception|ret_from_exception')
FIRST_OF_KERNEL = 1 << 63
# Of 32-bit arm; the modules are below the linear map.
FIRST_OF_KERNEL_32 = 0xbf000000
MOST_FRAMES = 200


def is_wide(prog):
    return bool(prog.platform.flags & drgn.PlatformFlags.IS_64_BIT)


def is_of_kernel(prog, address):
    return address >= (FIRST_OF_KERNEL if is_wide(prog) else FIRST_OF_KERNEL_32)


def name_at(prog, address):
    try:
        return prog.symbol(address).name.split('.')[0] if is_of_kernel(prog, address) else '?'
    except LookupError:
        return '?'


def counter(frame):
    try:
        return frame.pc
    except LookupError:  # The registers are not known beyond this frame.
        return None


def by_drgn(prog, regs):
    found = []
    for frame in prog.stack_trace(regs):
        pc = counter(frame)
        if pc is not None and not frame.is_inline:
            found.append([frame.name if is_of_kernel(prog, pc) and isinstance(frame.name, str) else '?', pc])
    return found


def at_registers(prog, regs):
    """The function that is at work, and its caller, if that has no frame record on the stack."""
    pc, link = regs.pc.value_(), regs.regs[LINK].value_()
    found = [[name_at(prog, pc), pc]]
    if pc < FIRST_OF_KERNEL or link < FIRST_OF_KERNEL or name_at(prog, link - 1) == found[0][0]:
        return found
    try:
        has_record = prog.read_word(regs.regs[FRAME].value_() + 8) == link
    except drgn.FaultError:
        has_record = False
    return found if has_record else [*found, [name_at(prog, link - 1), link]]


def by_records(prog, regs):
    """arm64: follow frame records.  drgn stops where the stack of interrupts begins, and in modules.

    An exception stores struct pt_regs, in which the frame record of its entry is.
    """
    found = at_registers(prog, regs)
    frame = regs.regs[FRAME].value_()
    while found[-1][1] >= FIRST_OF_KERNEL and len(found) < MOST_FRAMES:
        try:
            frame, link = prog.read_word(frame), prog.read_word(frame + 8)
        except drgn.FaultError:
            break
        if link < FIRST_OF_KERNEL:
            break
        found.append([name_at(prog, link - 1), link])
        if ENTRY.fullmatch(found[-1][0]):
            at = frame - drgn.offsetof(prog.type('struct pt_regs'), 'stackframe')
            regs = drgn.Object(prog, 'struct pt_regs', address=at)
            found += at_registers(prog, regs)
            frame = regs.regs[FRAME].value_()
    return found


def text_word(prog, at):
    """A word of a stack that is an address of code, or None."""
    try:
        word = prog.read_word(at)
    except drgn.FaultError:
        return None
    return word if word >= FIRST_OF_KERNEL and name_at(prog, word - 1) != '?' else None


def by_riscv_records(prog, regs):
    """riscv64: a record ends where the frame pointer points.  drgn has no registers of this machine."""
    pc, link, frame, exact = (regs.epc.value_(), regs.ra.value_(), regs.s0.value_(), True)
    found = [[name_at(prog, pc), pc]]
    while pc >= FIRST_OF_KERNEL and len(found) < MOST_FRAMES:
        own = text_word(prog, frame - 8)
        if exact and own is None:  # It calls none, and stored the frame pointer alone.
            frame, pc = prog.read_word(frame - 8), link
        elif exact and own != link and name_at(prog, link - 1) not in ('?', found[-1][0]):  # No frame yet.
            pc = link
        elif own is None:
            break
        else:
            before, frame, pc = frame, prog.read_word(frame - 16), own
        exact = False
        found.append([name_at(prog, pc - 1), pc])
        if RISCV_ENTRY.fullmatch(found[-1][0]):
            found.pop()
            regs = drgn.Object(prog, 'struct pt_regs', address=before)
            pc, link, frame, exact = (regs.epc.value_(), regs.ra.value_(), regs.s0.value_(), True)
            found.append([name_at(prog, pc), pc])
    return found


def stack(prog, words):
    kind = prog.type('struct pt_regs')
    data = struct.pack(f'<{len(words)}{"Q" if is_wide(prog) else "I"}', *words).ljust(drgn.sizeof(kind), b'\0')
    regs = drgn.Object.from_bytes_(prog, kind, data)
    arch = drgn.Architecture
    return {arch.AARCH64: by_records, arch.RISCV64: by_riscv_records}.get(prog.platform.arch, by_drgn)(prog, regs)


def main():
    vmlinux, modules, core, registers = sys.argv[1:]
    prog = drgn.Program()
    prog.set_core_dump(core)
    prog.load_debug_info([vmlinux])
    try:
        prog.load_debug_info([str(path) for path in pathlib.Path(modules).glob('*.ko')])
    except drgn.MissingDebugInfoError as error:
        print(error)
    by_cpu = json.loads(pathlib.Path(registers).read_text(encoding='utf-8'))
    print(json.dumps({cpu: stack(prog, words) for cpu, words in by_cpu.items()}))


if __name__ == '__main__':
    main()
