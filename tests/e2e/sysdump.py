#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Unisoc's sysdump.core.*: the files of all names that its U-Boot gives have the memory of the images with addresses.

A file that is lost leaves a hole and moves no other; a short one is a finding.
"""
import shutil
import struct
import subprocess

import kit
import ram

CHUNK = 8 << 20


def header(areas, machine):
    """sysdump.core.00: an ELF core's header, with an empty PT_NOTE first."""
    offset = 0x1000
    out = struct.pack('<16sHHIQQQIHHHHHH', b'\x7fELF\2\1\1', 4, machine, 1, 0, 64, 0, 0, 64, 56, len(areas) + 1, 0, 0, 0)
    out += struct.pack('<IIQQQQQQ', 4, 0, offset, 0, 0, 0, 0, 0)
    for base, data in areas:
        out += struct.pack('<IIQQQQQQ', 1, 7, offset, 0, base, len(data), len(data), 0)
        offset += len(data)
    return out.ljust(0x1000, b'\0')


def names(style, areas):
    """(name, bytes) of each file."""
    for number, (base, data) in enumerate(areas, 1):
        if style == 'range':
            yield f'sysdump.core.{number:02}_{base:#010x}-{base + len(data) - 1:#010x}_dump.lst', data
            continue
        pieces = [data[at:at + CHUNK] for at in range(0, len(data), CHUNK)]
        for i, piece in enumerate(pieces):
            name = f'sysdump.core.{number:02}' + (f'_{i:03}' if len(pieces) > 1 else '')
            yield name + (f'_{base + i * CHUNK:#010x}' if style == 'address' else ''), piece


def write(folder, style, areas, machine):
    folder.mkdir()
    (folder / 'sysdump.core.00').write_bytes(header(areas, machine))
    (folder / 'dump_report.txt').write_text('Mem_num is %d\n' % len(areas))
    for name, data in names(style, areas):
        (folder / name).write_bytes(data)
    return folder


def run(program, folder, core):
    return subprocess.run([program, folder, '-f', '-o', core], capture_output=True, check=False, text=True)


def main():
    program, dumps = kit.arguments()
    for dump in dumps:
        with kit.scratch() as where:
            below = dump.form('md.tar', where)
            regions = [(int(r[2], 0), (below / f'md_{r[0]}{r[1]}.BIN').read_bytes()) for r in dump.facts['regions']
                       if (below / f'md_{r[0]}{r[1]}.BIN').exists()]
            # 20 MiB of RAM round VMCOREINFO: enough for areas of one file and of several.
            size = 20 << 20
            base = next(p for p, d in regions if d.startswith(b'OSRELEASE=')) & ~0xfffff
            regions = [(p, d) for p, d in regions if base <= p and p + len(d) <= base + size]
            ram.write_image(where / 'ram.img', base, size, regions)
            whole = (where / 'ram.img').read_bytes()
            # One area of more than 8 MiB, and two of one file each.
            cuts = [0, size - 0x500000, size - 0x300000, size]
            areas = [(base + a, whole[a:b]) for a, b in zip(cuts, cuts[1:])]
            kit.check(len(areas[0][1]) > CHUNK, 'no area of several files')
            want = ram.memory(kit.assemble(program, f'{where / "ram.img"}@{base:#x}', where / 'want').read_bytes())
            machine = {'aarch64': 183, 'arm64': 183}.get(dump.facts['arch'], 62)
            for style in ('range', 'address', 'number'):
                folder = write(where / style, style, areas, machine)
                got = ram.memory(kit.assemble(program, folder, where / f'{style}.core').read_bytes())
                for phys, data in regions:
                    kit.check(ram.read(got, phys, len(data)) == ram.read(want, phys, len(data)), f'{style}: {phys:#x}')
                kit.run([kit.tool('bsdtar'), '-czf', where / f'{style}.tgz', '-C', where, style])
                kit.check(ram.memory(kit.assemble(program, where / f'{style}.tgz', where / 'p.core', '-f').read_bytes()) == got,
                          f'{style}: in an archive')
                gone = sorted(folder.glob('sysdump.core.02*'))
                for path in gone:
                    path.unlink()
                done = run(program, folder, where / 'lost.core')
                lost = ram.memory((where / 'lost.core').read_bytes())
                start, end = areas[1][0], areas[2][0]
                for phys, data in regions:
                    if phys + len(data) <= start or phys >= end:
                        kit.check(ram.read(lost, phys, len(data)) == data, f'{style}: {phys:#x} moved: {done.stderr}')
                shutil.rmtree(folder)
            alone = where / 'alone'
            alone.mkdir()
            (alone / 'sysdump.core.00').write_bytes(header(areas, machine))
            for given in (alone, alone / 'sysdump.core.00'):
                done = run(program, given, where / 'alone.core')
                kit.check(done.returncode == 1 and '3 areas of memory' in done.stderr and 'sysdump.core.03' in done.stderr,
                          f'{given}: {done.returncode} {done.stderr}')
            folder = write(where / 'short', 'range', areas, machine)
            last = sorted(folder.glob('sysdump.core.03*'))[0]
            last.write_bytes(last.read_bytes()[:-4096])
            done = run(program, folder, where / 'short.core')
            kit.check(done.returncode == 3 and 'but should have 0x300000' in done.stderr, f'{done.returncode} {done.stderr}')
            folder = write(where / 'nameless', 'number', areas, machine)
            (folder / 'sysdump.core.09').write_bytes(bytes(4096))
            done = run(program, folder, where / 'nameless.core')
            kit.check(done.returncode == 3 and 'neither the name nor the header' in done.stderr, f'{done.returncode} {done.stderr}')
    print('sysdump: the memory of the images with addresses')


if __name__ == '__main__':
    main()
