#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""RAM images with addresses: FILE@ADDR, --ram-base, --all-memory, DDRCS*.BIN with dump_info.txt.

The regions of a real dump are put back at their addresses.  In every form, the core and
the kernel log must be the same, and all captured memory must be in the core.
"""
import struct
import subprocess

import elfcore
import kit
import ramimage


def memory(core):
    """The bytes at physical addresses of a core."""
    return [(s.paddr, s.data) for s in elfcore.segments(core) if s.paddr != 2**64 - 1]


def read(core, paddr, size):
    """The bytes of one region, from the segments that hold them."""
    out = b''
    while len(out) < size:
        at = paddr + len(out)
        part = next((data[at - start:at - start + size - len(out)] for start, data in core
                     if start <= at < start + len(data)), None)
        if part is None:
            return None
        out += part
    return out


def refused(program, what, words, *more):
    done = subprocess.run([program, what, *more, '--list'], capture_output=True, check=False)
    kit.check(done.returncode == 1 and words in done.stderr.decode(),
              f'{what}: exit code {done.returncode}, want {words!r} in {done.stderr.decode()!r}')


def together(program, where, low, high, base, half, size):
    """Cores of several files that are given as arguments, in any order."""
    cookie = where / 'OCIMEM.BIN'
    cookie.write_bytes(b'cookie')
    at = f'{low}@{base:#x}', f'{high}@{base + half:#x}'
    forms = {'in order': at, 'turned': at[::-1], 'with OCIMEM': (*at, cookie)}
    if base:
        info = where / 'dump_info.txt'
        info.write_bytes(dump_info([(low, base, half), (high, base + half, size - half)]))
        forms['with dump_info.txt'] = (high, info, low)
    cores = {}
    for name, files in forms.items():
        out = where / f'together-{len(cores)}'
        kit.run([program, *files, '-o', out])
        cores[name] = out.read_bytes()
    return cores


def found_base(program, where, whole, base, core):
    """The kernel in an image shows where it begins; also if it begins a page later."""
    got = kit.assemble(program, whole, where / 'found').read_bytes()
    kit.check(got == core, f'{whole}: another core than with the address {base:#x}')
    shifted = where / 'shifted.img'
    with open(whole, 'rb') as image, open(shifted, 'wb') as out:
        image.seek(0x1000)
        out.write(image.read())
    rows = kit.run([program, shifted, '--list']).decode().splitlines()
    kit.same(int(rows[1].split()[1], 16), base + 0x1000, 'address of an image that lacks a page')
    shifted.write_bytes(b'\0' * 8 + shifted.read_bytes())
    refused(program, shifted, 'does not show its physical address')


def found_in_set(program, where, files):
    """Of a set without dump_info.txt, the file with the kernel is used, and the other named."""
    done = subprocess.run([program, *files, '-f', '-o', where / 'set'], capture_output=True,
                          check=False, text=True)
    kit.same(done.returncode, 3, f'DDRCS files without dump_info.txt: {done.stderr}')
    kit.check(done.stderr.count('its address is not known; it is omitted') == 1, done.stderr)


def log(program, *words):
    return kit.run([program, *words, '--dmesg'])


def write_image(path, base, size, regions):
    """A sparse image of [base, base + size)."""
    with open(path, 'wb') as image:
        image.truncate(size)
        for phys, data in regions:
            start, end = max(phys, base), min(phys + len(data), base + size)
            if start < end:
                image.seek(start - base)
                image.write(data[start - phys:end - phys])


def check_without_virtual(program, where, machine_line):
    """RAM of a 32-bit kernel, which writes no base of its linear map: said, and nothing to type."""
    text = b'OSRELEASE=6.1.0\nPAGESIZE=4096\nSYMBOL(swapper_pg_dir)=c0204000\n' \
           b'SYMBOL(init_uts_ns)=c1a05000\n' + machine_line + b'\nKERNELOFFSET=0\n'
    note = struct.pack('<III', 11, len(text), 0) + b'VMCOREINFO\0\0' + text
    image = where / 'narrow.bin'
    image.write_bytes(bytes(0x5000) + note + bytes(0x20000 - 0x5000 - len(note)))
    done = subprocess.run([program, '-f', '-o', where / 'narrow.core', f'{image}@0x40000000'],
                          capture_output=True, check=False, text=True)
    kit.same(done.returncode, 3, f'{machine_line}: exit code')
    kit.check('virtual addresses are not known' in done.stderr and '(degraded)' in done.stdout,
              f'{machine_line}: {done.stderr} {done.stdout}')
    lines = done.stdout.splitlines()
    kit.same(lines[-1], 'next     no tool can open this core: it lacks virtual addresses of '
             'captured memory', f'{machine_line}: last line')


def dump_info(images):
    return ''.join(f'1 0x{base:016x}\t{size:016d}\tDDR\t{path.name}\r\n'
                   for path, base, size in images).encode()


def main():
    program, dumps = kit.arguments()
    for dump in dumps:
        with kit.scratch() as where:
            folder = dump.form('md.tar', where)
            regions = [(int(r[2], 0), (folder / f'md_{r[0]}{r[1]}.BIN').read_bytes())
                       for r in dump.facts['regions']
                       if (folder / f'md_{r[0]}{r[1]}.BIN').exists()]
            base = int(dump.facts['ram']['base'], 0)
            size = (max(p + len(d) for p, d in regions) - base + 0xffff) & ~0xffff
            half = size // 2 & ~0xfff
            whole = where / 'ram.img'
            ddr = where / 'ddr'
            ddr.mkdir()
            low, high = ddr / 'DDRCS0_0.BIN', ddr / 'DDRCS0_1.BIN'
            write_image(whole, base, size, regions)
            write_image(low, base, half, regions)
            write_image(high, base + half, size - half, regions)
            both = f'{low}@{base:#x},{high}@{base + half:x}'
            core = kit.assemble(program, f'{whole}@{base:#x}', where / 'one').read_bytes()
            other = {
                'two images': kit.assemble(program, both, where / 'two'),
                '--ram-base': kit.assemble(program, whole, where / 'based',
                                           f'--ram-base={base:#x}'),
            }
            (ddr / 'OCIMEM.BIN').write_bytes(b'cookie')
            (ddr / 'dump_info.txt').write_bytes(
                dump_info([(low, base, half), (high, base + half, size - half)]))
            cores = [core]
            # In dump_info.txt, address 0 means an unknown address.
            if base:
                cores.append(kit.assemble(program, ddr, where / 'folder').read_bytes())
            for name, path in other.items():
                kit.check(path.read_bytes() == core, f'{dump.name}: {name}: another core')
            for one in cores:
                have = memory(one)
                for phys, data in regions:
                    kit.check(read(have, phys, len(data)) == data,
                              f'{dump.name}: memory at {phys:#x} differs')
                kit.check(elfcore.Note(b'VMCOREINFO\0', 0, dump.vmcoreinfo)
                          in elfcore.notes(one), f'{dump.name}: no VMCOREINFO')
            kit.same(log(program, both), log(program, dump.form('rawdump.img', where)),
                     f'{dump.name}: the kernel log')
            for name, got in together(program, where, low, high, base, half, size).items():
                kit.check(memory(got) == memory(core), f'{dump.name}: {name}: another memory')
                if name in ('in order', 'turned'):
                    kit.check(got == core, f'{dump.name}: {name}: another core')
            smem = where / 'smem.img'
            ramimage.write(smem, dump.facts['regions'], dump.facts['ram'],
                           lambda name, seq: (folder / f'md_{name}{seq}.BIN').read_bytes())
            want = kit.assemble(program, f'{smem}@{base:#x}', where / 'smem').read_bytes()
            got = kit.assemble(program, smem, where / 'all', '--all-memory').read_bytes()
            kit.check(got == want, f'{dump.name}: --all-memory: another core than FILE@ADDR')
            kit.run(['zstd', '-q', whole])
            packed = f'{whole}.zst@{base:#x}'
            kit.check(kit.assemble(program, packed, where / 'packed').read_bytes() == core,
                      f'{dump.name}: packed image')
            refused(program, f'{low}@0xfffffffffffff000', 'past the end of the address space')
            refused(program, f'{low}@0,{ddr}/absent@0x1000', 'absent: cannot be opened')
            refused(program, f'{ddr}@0', 'a folder')
            refused(program, ddr, 'only files can be given together', low)
            found_base(program, where, whole, base, core)
            found_in_set(program, where, (low, high))
            refused(program, low, 'absent: cannot be opened', f'{ddr}/absent')
            refused(program, f'{low}@0,{high}', 'cannot be opened')
            done = subprocess.run([program, both, '-f', '-o', str(high)], capture_output=True,
                                  check=False)
            kit.check(done.returncode in (1, 64) and high.stat().st_size == size - half,
                      'an input was overwritten')
            check_without_virtual(program, where, b'CONFIG_ARM_LPAE=y')
            check_without_virtual(program, where, b'CONFIG_X86_PAE=y')
            print(f'{dump.name}: RAM images with addresses: one core')


if __name__ == '__main__':
    main()
