# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Registers as a gdb stub sends them, written as QEMU's monitor prints them."""
import re
import xml.etree.ElementTree

X86 = {**{f'r{n}': f'R{n}' for n in range(8, 16)},
       **{f'r{n}': f'R{n.upper()}' for n in ('ax', 'bx', 'cx', 'dx', 'si', 'di', 'bp', 'sp')},
       'rip': 'RIP', 'eflags': 'RFL'}
SEGMENTS = ('cs', 'ss', 'ds', 'es', 'fs', 'gs')
ARM64 = {**{f'x{n}': f'X{n:02}' for n in range(31)}, 'sp': 'SP', 'pc': 'PC', 'cpsr': 'PSTATE'}

# What a stub without a description sends: gdb's own defaults.
DEFAULTS = {
    62: [(f'r{n}', 8) for n in ('ax', 'bx', 'cx', 'dx', 'si', 'di', 'bp', 'sp', *range(8, 16))] +
        [('rip', 8), ('eflags', 4)] + [(name, 4) for name in SEGMENTS],
    183: [(f'x{n}', 8) for n in range(31)] + [('sp', 8), ('pc', 8), ('cpsr', 4)],
}


def layout(annex):
    """Names and sizes of the registers of a g packet, by number.

    annex() gives the text of a part of the description.
    """
    registers, number, seen = {}, 0, set()
    todo = ['target.xml']
    while todo:
        name = todo.pop(0)
        if name in seen or len(seen) > 64:
            continue
        seen.add(name)
        text = annex(name)
        # Entities could grow without bound.
        if '<!ENTITY' in text:
            raise ValueError(f'{name} declares entities')
        try:
            # QEMU does not declare this prefix.
            root = xml.etree.ElementTree.fromstring(re.sub(r'(</?)xi:', r'\1', text))
        except xml.etree.ElementTree.ParseError as error:
            raise ValueError(f'{name}: {error}') from error
        includes = []
        for element in root.iter():
            tag = element.tag.rsplit('}', 1)[-1]
            if tag == 'include' and element.get('href'):
                includes.append(element.get('href'))
            if tag == 'reg':
                number = int(element.get('regnum', number))
                bits = int(element.get('bitsize', '0'))
                if not 0 < bits <= 65536 or bits % 8 or number > 100000:
                    raise ValueError(f'{name}: register {element.get("name")!r} of {bits} bits')
                registers[number] = (element.get('name', ''), bits // 8)
                number += 1
        todo = includes + todo
    return [registers[number] for number in sorted(registers)]


def values(registers, packet):
    """Name to value; what the packet does not have, or marks as unknown, is left out."""
    result, at = {}, 0
    for name, size in registers:
        text = packet[2 * at:2 * (at + size)]
        at += size
        if len(text) == 2 * size and re.fullmatch('[0-9a-fA-F]+', text):
            result[name] = int.from_bytes(bytes.fromhex(text), 'little')
    return result


def text_of(cpu, got):
    """The lines of one CPU, or None if the main ones are absent."""
    names = ARM64 if 'x0' in got else X86
    if not {'pc', 'sp'} <= got.keys() and not {'rip', 'rsp'} <= got.keys():
        return None
    mask = (1 << 64) - 1
    lines = [f'CPU#{cpu}']
    lines += [f'{shown}={got[name] & mask:016x}' for name, shown in names.items() if name in got]
    if names is X86:
        for name in SEGMENTS:
            if name in got:
                base = f' {got[name + "_base"] & mask:016x}' if f'{name}_base' in got else ''
                lines.append(f'{name.upper()} ={got[name] & 0xffff:04x}{base}')
    return '\n'.join(lines) + '\n'
