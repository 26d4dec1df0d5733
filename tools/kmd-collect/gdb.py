# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A machine behind a gdb stub: QEMU, OpenOCD, J-Link, kgdb."""
import re

import registers
from errors import CollectError
from memory import Hole, Memory
from rsp import Failed

PAGE = 4096
FAILURES_MAX = 64               # pages one after the other, then the rest of a region is given up


class Stub(Memory):
    """Its memory.  Addresses are physical, or those of the kernel if the stub reads no others."""

    def __init__(self, connection, physical, virtual=False):
        self.connection = connection
        # Two digits a byte, and room for what stands around them.
        self.most = max(16, (connection.packet_size - 16) // 2)
        self.restore = None
        self.physical = physical or (not virtual and self.ask_physical())

    def ask_physical(self):
        before = self.connection.request('qqemu.PhyMemMode')
        if before not in ('0', '1'):
            return False
        if self.connection.request('Qqemu.PhyMemMode:1') != 'OK':
            return False
        self.restore = before
        return True

    def give_back(self):
        if self.restore is not None:
            self.connection.request(f'Qqemu.PhyMemMode:{self.restore}')

    def some(self, address, size):
        """The first bytes at this address, at least one; Failed if there are none."""
        answer = self.connection.answer(f'm{address:x},{size:x}')
        try:
            data = bytes.fromhex(answer)
        except ValueError as error:
            raise Failed(f'm{address:x}: malformed answer') from error
        if len(data) > size:
            raise Failed(f'm{address:x}: {len(data)} bytes for {size}')
        return data

    def span(self, address, size):
        at, end, failures = address, address + size, 0
        while at < end:
            length = min(self.most, end - at)
            page = min(PAGE - at % PAGE, end - at)
            try:
                data = self.some(at, length)
                yield at, data
                at += len(data)
                failures = 0
                continue
            except Failed as error:
                why = str(error)
            if length > page:
                # Perhaps the failure is behind the end of this page.
                try:
                    data = self.some(at, page)
                    yield at, data
                    at += len(data)
                    failures = 0
                    continue
                except Failed:
                    pass
            failures += 1
            lost = end - at if failures >= FAILURES_MAX else page
            yield Hole(at, lost, why.split(':', 1)[-1].strip())
            at += lost

    def pieces(self, row):
        if self.physical:
            return self.span(row.address, row.size)
        return self.pieces_by_virtual(row)

    def select_for(self, address):
        """For virtual addresses: a CPU whose page tables have this one."""
        for thread in [None, *self.connection.threads()[:1024]]:
            if thread is not None and self.connection.request(f'Hg{thread}') != 'OK':
                continue
            try:
                return self.some(address, 16)
            except Failed:
                continue
        raise CollectError(f'no CPU can read the virtual address {address:#x}')


def cpu_number(text):
    match = re.search(r'(?:CPU#|shadowCPU|\bcpu|\bcore)\s*(\d+)', text, re.I)
    return int(match[1]) if match else None


def cpus(connection):
    """The threads that are CPUs, by number.  kgdb has tasks as well, which are no CPUs."""
    threads = connection.threads()
    named = {}
    for thread in threads:
        number = cpu_number(connection.extra(thread))
        if number is not None:
            named.setdefault(number, thread)
    return named or dict(enumerate(threads))


def registers_of(connection, machine, report):
    """Text of the registers of all CPUs, or None."""
    try:
        known = registers.layout(connection.annex)
    except (Failed, ValueError) as error:
        known = registers.DEFAULTS.get(machine)
        if not known:
            report(f'no registers: {error}')
            return None
    text = ''
    for number, thread in sorted(cpus(connection).items()):
        try:
            if connection.request(f'Hg{thread}') != 'OK':
                raise Failed(f'thread {thread} cannot be selected')
            lines = registers.text_of(number, registers.values(known, connection.answer('g')))
        except Failed as error:
            report(f'no registers of CPU {number}: {error}')
            continue
        if lines:
            text += lines
        else:
            report(f'no registers of CPU {number}: program counter or stack pointer is not known')
    return text or None
