# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""SMEM as Qualcomm's boot firmware leaves it for the kernel, and the nodes of its device tree.

Written from the layouts of Linux' drivers/soc/qcom/smem.c and of its bindings qcom,smem and
qcom,tcsr-mutex.  It shares no code with the library or the shim.
"""
import struct

import qemu

BASE, SIZE = 0x4f800000, 0x200000
LOCKS, LOCKS_SIZE = 0x4fc00000, 0x40000
ITEM = 602
PRIVATE, GLOBAL = 0x10000, 0x20000  # where the partitions begin
PART_SIZE = 0x8000
ENTRY = '<5I4xQ'  # of a subsystem: status, enabled, encryption (2), regions, address
SUBSYSTEMS = 10
WHERE_602 = 0x3000  # in an area of version 11


def magic(word):
    return int.from_bytes(word, 'big')


# Another driver's table of three regions.
FOREIGN = struct.pack(ENTRY, 1, magic(b'ENBL'), magic(b'DONE'), 0x4e52, 3, 0x4a000000)


def minidump(foreign, status=1):
    """Item 602; of the other subsystems, the modem has registered."""
    entries = [bytes(32)] * SUBSYSTEMS
    entries[1] = struct.pack(ENTRY, 1, magic(b'ENBL'), magic(b'DONE'), 0x4e52, 7, 0x4b000000)
    if foreign:
        entries[0] = FOREIGN
    return struct.pack('<III4x', status, 1, 1) + b''.join(entries)


def partition(host0, host1, items):
    body = b''
    for number, data in items:
        padding = -len(data) % 8
        body += struct.pack('<HHIHH4x', 0xa5a5, number, len(data) + padding, padding, 0)
        body += data + bytes(padding)
    head = struct.pack('<4sHHIII12x', b'$PRT', host0, host1, PART_SIZE, 32 + len(body), PART_SIZE)
    return (head + body).ljust(PART_SIZE, b'\0')


def put(area, offset, data):
    area[offset:offset + len(data)] = data


def header(version, end):
    words = [0] * 2100
    words[92 // 4 + 0] = version << 16
    words[192 // 4:208 // 4] = [1, end, SIZE - end - 4096, 0]
    return words


def version_12(foreign=False, status=1):
    """Where the table of the application processor is, in the area; and the area."""
    area = bytearray(SIZE)
    put(area, 0, struct.pack('<2100I', *header(12, 8400)))
    first = b'build id'.ljust(61, b'.')
    put(area, PRIVATE, partition(0, 1, [(421, b'for the modem')]))
    put(area, GLOBAL, partition(0xfffe, 0xfffe, [(137, first), (ITEM, minidump(foreign, status)), (7, b'more')]))
    table = struct.pack('<4sII20x', b'$TOC', 1, 2)
    for place, hosts in ((PRIVATE, (0, 1)), (GLOBAL, (0xfffe, 0xfffe))):
        table += struct.pack('<IIIHHI28x', place, PART_SIZE, 0, *hosts, 64)
    table += struct.pack('<4sIIIH', b'SIII', SIZE, BASE, 0, 1024)
    put(area, SIZE - 4096, table)
    return area.index(minidump(foreign, status)) + 16, bytes(area)


def version_11(foreign=False):
    """One heap for all.  Linux' driver gives its items 0 to 511 to others, so not item 602."""
    area = bytearray(SIZE)
    words = header(11, 0x4000)
    words[(208 + 16 * 137) // 4:][:4] = [1, 0x2800, 64, 0]
    put(area, 0, struct.pack('<2100I', *words))
    put(area, 208 + 16 * ITEM, struct.pack('<4I', 1, WHERE_602, 16 + 32 * SUBSYSTEMS, 0))
    put(area, WHERE_602, minidump(foreign))
    return WHERE_602 + 16, bytes(area)


NODES = f'''
/ {{
	reserved-memory {{
		#address-cells = <2>;
		#size-cells = <2>;
		ranges;
		smem_mem: smem@{BASE:x} {{ reg = <0 {BASE:#x} 0 {SIZE:#x}>; no-map; }};
		locks@{LOCKS:x} {{ reg = <0 {LOCKS:#x} 0 {LOCKS_SIZE:#x}>; no-map; }};
	}};
	tcsr_mutex: hwlock@{LOCKS:x} {{
		compatible = "qcom,tcsr-mutex";
		reg = <0 {LOCKS:#x} 0 {LOCKS_SIZE:#x}>;
		#hwlock-cells = <1>;
	}};
	smem {{
		compatible = "qcom,smem";
		memory-region = <&smem_mem>;
		hwlocks = <&tcsr_mutex 3>;
	}};
}};
'''


def device_tree(program, options, folder):
    """The machine's own tree, and the nodes above."""
    return qemu.device_tree(program, options, folder, NODES)
