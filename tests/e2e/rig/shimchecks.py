# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Checks of the shim alone: registers, and the regions that stay if there are few slots."""
import bisect
import re
import struct

import elfcore
import kit
import qemu
import registers
import truth

NOTE, NAME = 12, 8
# By architecture: size of elf_prstatus; indices of the program counter and of what has the mode.
REGISTERS = {'amd64': (336, 16, 17), 'arm64': (392, 32, 33), 'armhf': (148, 15, 16), 'riscv64': (376, 0, 0)}
THREAD_SIZE = 16384


def link_address(rig, symbol):
    text = rig.kernel.file('System.map').read_text()
    return int(re.search(rf'^([0-9a-f]+) . {symbol}$', text, re.M).group(1), 16)


def is_kernel_text(rig, taken, address):
    start = taken.info.symbol('_stext')
    return 0 <= address - start < link_address(rig, '_etext') - link_address(rig, '_stext')


def is_user(arch, mode):
    if arch == 'riscv64':  # The mode is not recorded; programs have the lower addresses.
        return not mode >> 63
    if arch == 'armhf':
        return mode & 31 == 16
    return mode & 3 == 3 if arch == 'amd64' else mode & 15 == 0


def check_note(rig, taken, data, who):
    """Check an NT_PRSTATUS: its CPU was in the kernel's text or in a program; True if in text."""
    size, counter, mode = REGISTERS[rig.kernel.arch]
    kit.same(struct.unpack_from('<III8s', data), (5, size, 1, b'CORE\0\0\0\0'), who)
    _, regs_at, _, form = registers.places(rig.kernel.arch)
    words = struct.unpack_from(f'<34{form}', data[:NOTE + NAME + size] + bytes(64), NOTE + NAME + regs_at)
    if is_user(rig.kernel.arch, words[mode]):
        return False
    kit.check(is_kernel_text(rig, taken, words[counter]),
              f'{who}: {words[counter]:#x} is not in the kernel\'s text')
    return True


def check_registers(rig, taken):
    """After a panic, the notes of the kernel and of the shim have the registers of all CPUs."""
    cpus = rig.kernel.cpus
    notes = [taken.data(row) for row in taken.rows if row.name.startswith('Kcrash_n')]
    kit.same(len(notes), cpus, 'regions of crash_notes')
    size = NOTE + NAME + REGISTERS[rig.kernel.arch][0]
    own = taken.data(*taken.named('Kprstatus'))
    magic, count, stride, panicked = struct.unpack_from('<8sIII', own)
    kit.same((magic, count, stride), (b'KMDREGS1', cpus, size), 'Kprstatus')
    records = [own[24 + cpu * stride:24 + (cpu + 1) * stride] for cpu in range(count)]
    texts = [check_note(rig, taken, record, f'Kprstatus of CPU {cpu}')
             for cpu, record in enumerate(records)]
    kit.check(1 <= panicked <= cpus and texts[panicked - 1], f'the CPU that panicked: {panicked}')
    for cpu, note in enumerate(notes):
        check_note(rig, taken, note, f'crash_notes of CPU {cpu}')
        kit.same(note[size:size + NOTE], bytes(NOTE), f'the end of crash_notes of CPU {cpu}')
    kit.same(sorted(note[:size] for note in notes), sorted(records), 'crash_notes')


def program_counters(rig, taken):
    """The registers that the shim recorded, by CPU."""
    size, counter, _ = REGISTERS[rig.kernel.arch]
    own = taken.data(*taken.named('Kprstatus'))
    count, stride = struct.unpack_from('<8xII', own)
    _, regs_at, word, form = registers.places(rig.kernel.arch)
    at = 24 + NOTE + NAME + regs_at + word * counter
    return {cpu: struct.unpack_from(f'<{form}', own, at + cpu * stride)[0]
            for cpu in range(count) if own[24 + cpu * stride]}


def check_caller(rig, taken):
    """arm64: the caller of panic() is recorded, because panic() has no frame record yet."""
    if rig.kernel.arch != 'arm64':
        return
    panicked = struct.unpack_from('<16xI', taken.data(*taken.named('Kprstatus')))[0]
    caller = link_address(rig, 'sysrq_handle_crash') + taken.info.kaslr_offset()
    got = program_counters(rig, taken)[panicked - 1]
    kit.check(0 < got - caller < 64, f'{got:#x} is not in sysrq_handle_crash at {caller:#x}')


def check_irq_stacks(rig, taken):
    """The stacks of interrupts, and those on which 32-bit arm goes on after an overflow, are registered whole."""
    symbols = set(re.findall(r' . (irq_stack_ptr|overflow_stack_ptr)$', rig.kernel.file('System.map').read_text(), re.M))
    sizes = {'irq_stack_ptr': 8192 if rig.kernel.arch == 'armhf' else THREAD_SIZE, 'overflow_stack_ptr': 4096}
    if rig.kernel.arch != 'amd64':
        kit.same(sum(row.size for row in taken.rows if row.name.startswith('Kirqstack')),
                 rig.kernel.cpus * sum(sizes[symbol] for symbol in symbols), 'bytes of interrupt stacks')


def check_interrupted(rig, taken):
    """The registers of the CPU that spins in a hard interrupt are those of the interrupt, not of its task."""
    cpu, address = re.search(r'CPU (\d) spins at ([0-9a-f]+)', taken.console).groups()
    got = program_counters(rig, taken).get(int(cpu))
    if rig.kernel.arch != 'amd64':  # Without pseudo-NMIs nothing stops such a CPU.
        kit.check(got is None, f'registers of CPU {cpu}, which was not stopped: {got}')
        return
    kit.check(got is not None and 0 <= got - int(address, 16) < 64,
              f'CPU {cpu} spins at {address}, recorded: {got and hex(got)}')


def covered(segments, address, size):
    """Whether segments have all pages of these addresses."""
    return all(any(s.vaddr <= page < s.vaddr + len(s.data) for s in segments)
               for page in range(address, address + size, 4096))


def check_new_memory(taken, core):
    """The new struct mm_struct of the task that kmdlab stopped in an exec is in the core."""
    address, size = re.search(r'new memory ([0-9a-f]+) of (\d+) bytes', taken.console).groups()
    segments = elfcore.segments(core.read_bytes())
    kit.check(covered(segments, int(address, 16), int(size)), f'the memory at {address} is not in the core')


def wrong_pages(taken, segments):
    """Pages of segments that are not what the kernel's own tables map there, in all of RAM.

    The image is in a core at its link addresses as well; arm64 does not map the header of its image.
    """
    place = (taken.machine['ram_base'], qemu.RAM)
    (image, _, room), *_ = truth.segments(taken.kernel.arch, taken.info, taken.linear(), *place)
    pieces = truth.mapped(taken.kernel.arch, taken.info, taken.ram, *place)
    starts = [piece[0] for piece in pieces]
    for segment in segments:
        for start in range(0, len(segment.data), 4096):
            virtual, page = segment.vaddr + start, segment.data[start:start + 4096]
            at, physical, size = pieces[max(0, bisect.bisect(starts, virtual) - 1)]
            if at <= virtual < at + size:
                good = taken.ram.read(physical + virtual - at, len(page)) == page
            else:
                good = any(0 <= virtual - image + offset < room for offset in (0, taken.info.kaslr_offset()))
            if not good:
                yield hex(virtual)


def check_virtual(taken):
    """What was captured has the virtual addresses that the kernel's page tables give it, in all of RAM.

    cores() has been called.
    """
    segments = [s for s in elfcore.segments((taken.folder / 'captured.core').read_bytes()) if s.vaddr]
    wrong = list(wrong_pages(taken, segments))
    kit.check(len(segments) > 50 and not wrong, f'{len(segments)} segments; wrong: {wrong[:5]}')
    print(f'{len(segments)} segments lie where the kernel maps them')


def check_running(rig, taken, core):
    """If the table is too small, it has the whole current stack and the task of each CPU."""
    stacks = {sp & -THREAD_SIZE for sp in
              registers.stack_pointers(rig.kernel.arch, taken.registers.read_text())}
    kit.same(len(stacks), rig.kernel.cpus, f'stacks of CPUs: {stacks}')
    segments = elfcore.segments(core.read_bytes())
    for stack in stacks:
        kit.check(covered(segments, stack, THREAD_SIZE), f'the stack {stack:#x} is not in the core')
    tasks = [taken.data(row) for row in taken.rows if row.name.startswith('Ktask')]
    for cpu in range(rig.kernel.cpus):
        kit.check(any(b'kmdlab_hang/%d\0' % cpu in task for task in tasks),
                  f'the task that runs on CPU {cpu} is not in the dump')


def check_few_records(taken, output):
    """A registry full of tasks still has room for the header, and for a driver."""
    room, full, later = map(int, re.search(r'room (\d+) full (\d+) later (\d+)', output).groups())
    kit.check(room == 300 and full > 50, f'the registry is not full: {output}')
    kit.check(later - full < 60, f'refused regions are registered again and again: {output}')
    kit.same(taken.rows[0].name, 'KELF', 'the first region')
