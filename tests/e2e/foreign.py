#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The memory of a real dump, as other tools keep it, gives the same memory and log.

Files of all these forms that are cut or damaged give an error or a finding; nothing crashes,
and no file is left behind.
"""
import os
import random
import struct
import subprocess
import sys

import elfcore
import kit

sys.path.insert(0, str(kit.ROOT / 'tests' / 'mkdump'))
import foreign  # noqa: E402  pylint: disable=wrong-import-position

NONE = (1 << 64) - 1
HIGH = 1 << 33  # the bitmap of all pages below is small


class Bench:
    def __init__(self, program, where):
        self.program, self.where = program, where

    def run(self, name, data, *options):
        """Exit code, messages and core of a file."""
        source, out, temporary = self.where / name, self.where / 'out.core', self.where / 'tmp'
        source.write_bytes(data)
        out.unlink(missing_ok=True)
        temporary.mkdir(exist_ok=True)
        done = subprocess.run([self.program, source, *(options or ['-v', '-f', '-o', out])],
                              capture_output=True, check=False, timeout=60,
                              env={**os.environ, 'TMPDIR': str(temporary)})
        kit.check(not list(temporary.iterdir()), f'{name}: a temporary file is left behind')
        kit.check(done.returncode in (0, 1, 3), f'{name}: exit {done.returncode}')
        text = (done.stdout + done.stderr).decode(errors='replace')
        return done.returncode, text, out.read_bytes() if out.exists() else None


def memory(core):
    """Physical memory of a core as sorted runs of adjacent segments."""
    runs = []
    for at, data in sorted({(s.paddr, s.data) for s in elfcore.segments(core)}):
        if at == NONE:
            continue
        if runs and at < runs[-1][0] + len(runs[-1][1]):
            if at + len(data) <= runs[-1][0] + len(runs[-1][1]):
                continue
            data = data[runs[-1][0] + len(runs[-1][1]) - at:]
            at = runs[-1][0] + len(runs[-1][1])
        if runs and at == runs[-1][0] + len(runs[-1][1]):
            runs[-1] = (runs[-1][0], runs[-1][1] + data)
        else:
            runs.append((at, data))
    return runs


def vmcoreinfo(core):
    return [n.desc.rstrip(b'\0') for n in elfcore.notes(core) if n.name == b'VMCOREINFO\0']


def check_form(bench, name, data, want, size):
    code, text, core = bench.run(name, data)
    kit.check(code == 0 and core, f'{name}: exit {code}:\n{text}')
    kit.check(memory(core) == memory(want), f'{name}: other memory')
    kit.same(vmcoreinfo(core), vmcoreinfo(want), f'{name}: VMCOREINFO')
    code, listed, _ = bench.run(name, data, '--list')
    captured = sum(int(line.split()[4]) for line in listed.splitlines()[1:])
    kit.check(code == 0 and captured == size, f'{name}: {captured} bytes, not {size}:\n{listed}')
    log = bench.run(name, data, '--dmesg')
    kit.check(log[0] == 0 and log[1] == bench.log, f'{name}: another log:\n{log[1][:400]}')


def check_damage(bench, name, data):
    """Cut at many places, and bytes changed anywhere: exit codes are known ones."""
    for part in range(1, 16):
        code, text, _ = bench.run(name, data[:len(data) * part // 16])
        kit.check(code in (1, 3), f'{name}: cut, exit {code}, no finding:\n{text}')
    chance = random.Random(name)
    for _ in range(20):
        wrong = bytearray(data)
        for _ in range(3):
            at = chance.choice([chance.randrange(len(wrong)), chance.randrange(64),
                                4096 + chance.randrange(64)]) % len(wrong)
            wrong[at] = chance.choice([0, 1, 0x7f, 0x80, 0xff])
        bench.run(name, bytes(wrong))


def check_one(bench, name, data, want, size):
    """Whole and damaged, unless the build lacks a library for it."""
    if 'built without' in bench.run(name, data)[1]:
        return
    check_form(bench, name, data, want, size)
    check_damage(bench, name, data)


def check_words(bench, ranges, whole):
    """Defects of one kind have their own words."""
    lime, avml = foreign.lime(ranges), foreign.avml(ranges)
    second = 32 + len(ranges[0][1])
    huge = struct.pack('<Q', NONE - 1)
    wrong_sum = bytearray(avml)
    wrong_sum[32 + 10 + 4] ^= 1
    flat = foreign.flattened(whole)
    cases = [
        ('lime', lime[:second + 20], 'ends within a header'),
        ('lime', lime[:second] + b'junk' + lime[second + 4:], 'no header of a range'),
        ('lime', lime[:4] + b'\2' + lime[5:], 'unknown version'),
        ('lime', lime[:16] + bytes(8) + lime[24:], 'impossible'),
        ('lime', lime[:16] + b'\xff' * 8 + lime[24:], 'impossible'),
        ('lime', lime[:16] + huge + lime[24:], 'truncated'),
        ('avml', avml[:4] + b'\3' + avml[5:], 'header of a range'),
        ('avml', bytes(wrong_sum), 'damaged chunk'),
        ('avml', avml[:42] + b'\2' + avml[43:], 'damaged chunk'),
        ('avml', avml[:36] + b'X' + avml[37:], 'damaged stream'),
        ('avml', avml[:-1] + b'\1', 'another length'),
        ('flattened', flat[:31] + b'\2' + flat[32:], 'unknown type or version'),
        ('flattened', flat[:4096] + b'\x10' + flat[4097:], 'damaged piece'),
        ('flattened', flat[:4104] + bytes(8) + flat[4112:], 'damaged piece'),
        ('flattened', flat[:-16], 'truncated'),
    ]
    for name, data, word in cases:
        code, text, _ = bench.run(name, data)
        if name == 'avml' and 'built without' in text:
            continue
        kit.check(code in (1, 3) and word in text, f'{name}: exit {code}, not {word!r}:\n{text}')
    bomb = foreign.avml([(0, bytes(1 << 16))] * 64)
    code, text, _ = bench.run('bomb', bomb, '--unpack-limit=1M', '-o', bench.where / 'out.core')
    kit.check(code == 1 and ('--limit=size' in text or 'built without' in text), text)


def whole_pages(ranges):
    """The same memory with zeroes round it, in whole pages."""
    pages = {}
    for at, data in ranges:
        for frame in range(at // foreign.PAGE, (at + len(data) - 1) // foreign.PAGE + 1):
            pages.setdefault(frame, bytearray(foreign.PAGE))
        for frame in range(at // foreign.PAGE, (at + len(data) - 1) // foreign.PAGE + 1):
            low, high = max(at, frame * foreign.PAGE), min(at + len(data), (frame + 1) * foreign.PAGE)
            pages[frame][low % foreign.PAGE:low % foreign.PAGE + high - low] = data[low - at:high - at]
    return [(frame * foreign.PAGE, bytes(page)) for frame, page in sorted(pages.items())
            if frame * foreign.PAGE < HIGH]


def check_kdump(bench, machine, want):
    """kdump-compressed dumps against a LiME dump of the same pages."""
    pages = whole_pages(memory(want))
    info = vmcoreinfo(want)[0]
    note = foreign.note(b'VMCOREINFO', 0, info)
    plain = bench.run('pages', foreign.lime(pages))[2]
    forms = {'kdump-zlib': foreign.kdump(pages, machine, notes=note),
             'kdump-info': foreign.kdump(pages, machine, info=info),
             'kdump-plain': foreign.kdump(pages, machine, foreign.KDUMP_NONE),
             'kdump-snappy': foreign.kdump(pages, machine, foreign.KDUMP_SNAPPY)}
    if foreign.lzo(b'x'):
        forms['kdump-lzo'] = foreign.kdump(pages, machine, foreign.KDUMP_LZO)
    forms['kdump-flattened'] = foreign.flattened(forms['kdump-zlib'])
    for name, data in forms.items():
        check_one(bench, name, data, plain, foreign.PAGE * len(pages))
    check_kdump_words(bench, forms['kdump-zlib'], pages, machine)


def check_small_kdump(bench):
    """Of 32-bit machines, in both layouts of their compilers and both byte orders; names and all."""
    pages = [(0x60000000 + at * 4096, bytes([at + 1]) * 4096) for at in (0, 1, 2, 5, 6)]
    for machine, packed, order in ((b'armv7l', False, '<'), (b'Unknown', True, '<'), (b'i686', True, '<'),
                                   (b'ppc', False, '>'), (b'mips', True, '>')):
        name = f'kdump32-{machine.decode()}'
        whole = foreign.kdump32(pages, machine, packed, order=order)
        code, text, _ = bench.run(name, whole, '--list')
        rows = [(int(row[1], 16), int(row[4])) for row in map(str.split, text.splitlines())
                if row[0] == 'ok']
        kit.same(rows, [(0x60000000, 3 * 4096), (0x60005000, 2 * 4096)], f'{name}: {code} {text}')
        check_damage_of(bench, name, whole, '--list')


def check_xen(bench, want):
    """Cores of Xen guests against a LiME dump of the same pages."""
    pages = whole_pages(memory(want))
    plain = bench.run('pages', foreign.lime(pages))[2]
    size = foreign.PAGE * len(pages)
    for name, data in (('xen', foreign.xen(pages)), ('xen-no-note', foreign.xen(pages, notes=False)),
                       ('xen-pv', foreign.xen(pages, p2m=True))):
        check_form(bench, name, data, plain, size)
    whole = foreign.xen(pages)
    check_damage(bench, 'xen', whole)
    kit.check('paravirtual guest' in bench.run('xen-pv', foreign.xen(pages, p2m=True))[1], 'paravirtual')
    numbers = struct.unpack_from('<Q', whole, 64 + 64 * 4 + 24)[0]
    for frame in (b'\xfe' + b'\xff' * 7, b'\xff' * 6 + b'\x0f\0'):
        huge = whole[:numbers] + frame + whole[numbers + 8:]
        code, text, _ = bench.run('xen-frame', huge)
        kit.check(code == 1 and 'page frame is impossible' in text, text)
    # xl dump-core -L fills up with pages of no number, for those that the guest gave back.
    for p2m in (False, True):
        check_form(bench, f'xen-live-{p2m}', foreign.xen(pages, p2m=p2m, gone=3), plain, size)


def check_named(bench):
    """Dumps that are not read: the message has the tool that reads or converts them."""
    for name, mark, word in (('vmss', b'\xd2\xbe\xd2\xbe', 'vmss2core'), ('sadump', b'sadump\0\0', 'makedumpfile'),
                             ('lkcd', b'\xed\x23\x8f\x61\x73\x01\x19\xa8', 'crash opens'),
                             ('diskdump', b'DISKDUMP', 'crash opens'),
                             ('libvirt', b'LibvirtQemudSave', '--memory-only'),
                             ('xensave', b'LinuxGuestRecord', 'xl dump-core')):
        code, text, _ = bench.run(name, mark + bytes(range(256)) * 64)
        kit.check(code == 1 and word in text, f'{name}: {code} {text}')


def check_kdump_words(bench, whole, pages, machine):
    bitmap = 2 * foreign.PAGE
    table = bitmap + struct.unpack_from('<I', whole, 436)[0] * foreign.PAGE
    body, _ = struct.unpack_from('<QI', whole, table)
    middle = pages[len(pages) // 2][0] // foreign.PAGE
    cases = [
        (whole[:8] + b'\x41' + whole[9:], 'version is impossible'),
        (whole[:428] + b'\x01' + whole[429:], 'page size is impossible'),
        (whole[:416] + struct.pack('<I8xI', 4096, 0) + whole[432:], 'page size is impossible'),
        (whole[:4096 + 96] + struct.pack('<Q', 1 << 60) + whole[4096 + 104:], 'smaller than'),
        (whole[:4096 + 96] + struct.pack('<Q', 0) + whole[4096 + 104:], 'smaller than'),
        (whole[:table], 'none of its pages'),
        (whole[:bitmap], 'truncated'),
        (whole[:body] + b'\xff' * 64 + whole[body + 64:], 'damaged'),
        (whole[:table] + struct.pack('<QI', 1 << 62, 64) + whole[table + 12:], 'missing'),
        (whole[:table + 8] + struct.pack('<I', 1 << 31) + whole[table + 12:], 'missing'),
        (whole[:table + 12] + struct.pack('<I', 0x21) + whole[table + 16:], 'damaged'),
        (foreign.kdump(pages, machine, split=(0, middle)), '--split'),
    ]
    for number, (data, word) in enumerate(cases):
        code, text, _ = bench.run(f'kdump-case-{number}', data)
        kit.check(code in (1, 3) and word in text, f'kdump {number}: {code}, not {word!r}:\n{text}')
    bomb = foreign.kdump([(at << 12, bytes(4096)) for at in range(512)])
    code, text, _ = bench.run('bomb', bomb, '--unpack-limit=1M', '-o', bench.where / 'out.core')
    kit.check(code == 1 and '--limit=size' in text, text)


def check_remoteproc(bench):
    """Cores with sections and no segments, of both classes."""
    sections = [(b'modem_ts', 0x8b000000, bytes(range(200))), (b'qdsp_log', 0x8b400000, b'log' * 99),
                (b'smem', 0x86000000, b'\1' * 4096)]
    for bits, count, shoff in ((32, 48, 32), (64, 60, 40)):
        name, whole = f'remoteproc-{bits}', foreign.remoteproc(sections, bits)
        code, text, _ = bench.run(name, whole, '-v', '--list')
        kit.check(code == 3 and "a remote processor's dump" in text, text)
        for section, address, data in sections:
            row = [line.split() for line in text.splitlines() if line.endswith(section.decode())]
            kit.same([(r[0], int(r[1], 16), int(r[4])) for r in row], [('ok', address, len(data))],
                     name)
        kit.same([s[1:] for s in elfcore.segments(bench.run(name, whole)[2])] if bits == 64 else
                 None, [s[1:] for s in sorted(sections, key=lambda s: s[1])] if bits == 64 else None,
                 name)
        cases = [(whole[:len(whole) - 100], 'only 0x'), (whole[:70], 'without segments'),
                 (whole[:count] + b'\xff\xff' + whole[count + 2:], 'section headers'),
                 (whole[:shoff] + b'\xff' * 4 + whole[shoff + 4:], 'section headers')]
        for number, (data, word) in enumerate(cases):
            code, text, _ = bench.run(f'{name}-{number}', data)
            kit.check(code in (1, 3) and word in text, f'{name} {number}: {code}:\n{text}')
        check_damage(bench, name, whole)


def check_mrdump(bench, want):
    """MediaTek's mrdump_mini, with registers of some CPUs under its own names."""
    loads = [(s.paddr, s.vaddr, s.data) for s in elfcore.segments(want)
             if s.vaddr and s.paddr != NONE][:50]
    registers = {b'ke1': foreign.prstatus(101, [1] * 33), b'core1': foreign.prstatus(2, [3] * 33),
                 b'core0': foreign.prstatus(1, [2] * 33), b'core3': foreign.prstatus(4, [4] * 33)}
    whole = foreign.mrdump(loads, registers)
    code, text, core = bench.run('mrdump', whole)
    kit.check(code in (0, 3) and 'registers of CPUs 0-1, 3' in text, f'{code}: {text}')
    held = memory(core)
    for phys, _, data in loads:
        kit.check(any(at <= phys and data == run[phys - at:phys - at + len(data)]
                      for at, run in held), f'mrdump: physical {phys:#x} differs')
    got = [(n.name, struct.unpack_from('<IQ', n.desc, 32)[0], n.desc[112])
           for n in elfcore.notes(core) if n.type == 1 and n.name == b'CORE\0']
    kit.same([(name, register) for name, _, register in got],
             [(b'CORE\0', 2), (b'CORE\0', 1), (b'CORE\0', 4)], 'registers of mrdump')
    check_damage(bench, 'mrdump', whole)


def check_ramoops(bench):
    """Zones of pstore: the console's lines first, else the records of the panic in their order."""
    lines = [b'[%5d.000000] line %d' % (i, i) for i in range(200)]
    console = b''.join(b'[%5d.000000] console %d\n' % (i, i) for i in range(50))

    def record(part, low, high, packed):
        text = b'\n'.join(b'<6>' + line for line in lines[low:high])
        return (0, 0, foreign.ramoops_record(1, part, text, packed=packed))

    dumps = [record(2, 50, 100, True), record(1, 100, 200, False), record(3, 0, 50, True)]
    others = [(0x06010a, 0, bytes([1, 2, 3]) * 40), (0x06010a, 0, b''), (0, 0, b'\0\1logcat\0')]
    whole = foreign.ramoops([*dumps, (0, 77, console), *others])
    _, text, _ = bench.run('ramoops', whole, '--dmesg')
    kit.same(text.splitlines()[:50], console.decode().splitlines(), 'console of ramoops')
    code, text, _ = bench.run('ramoops', whole, '--list')
    for name in ('dmesg-ramoops-2', 'console-ramoops-0', 'ftrace-ramoops-1', 'pmsg-ramoops-0'):
        kit.check(name in text, f'ramoops: no {name}:\n{text}')
    _, text, _ = bench.run('ramoops', foreign.ramoops([*dumps, (0, 0, b''), *others]), '--dmesg')
    kit.same(text.splitlines()[:200], [line.decode() for line in lines], 'ramoops records')
    damaged = bytearray(whole)
    damaged[8192 * 3 + 8:8192 * 3 + 12] = struct.pack('<I', 1 << 30)
    code, text, _ = bench.run('ramoops', bytes(damaged), '--list')
    kit.check('there is room for' in text, text)
    check_damage_of(bench, 'ramoops', whole, '--dmesg')


def check_damage_of(bench, name, data, option):
    """As check_damage(), but logs have no checksum: only the exit code is known."""
    chance = random.Random(name)
    for part in range(1, 16):
        bench.run(name, data[:len(data) * part // 16], option)
    for _ in range(40):
        wrong = bytearray(data)
        for _ in range(3):
            wrong[chance.choice([chance.randrange(len(wrong)), chance.randrange(64),
                                 8192 + chance.randrange(64)])] = chance.randrange(256)
        bench.run(name, bytes(wrong), option)


def main():
    program, dumps = kit.arguments()
    for dump in dumps:
        with kit.scratch() as where:
            bench = Bench(program, where)
            want = kit.core_of(program, dump, where).read_bytes()
            bench.log = bench.run('core', want, '--dmesg')[1]
            ranges = memory(want)
            forms = {'lime': foreign.lime(ranges), 'lime-zlib': foreign.lime_compressed(ranges), 'avml': foreign.avml(ranges),
                     'avml-plain': foreign.avml(ranges, plain=True),
                     'flattened': foreign.flattened(foreign.avml(ranges, plain=True)),
                     'flattened-lime': foreign.flattened(foreign.lime(ranges))}
            size = sum(len(data) for _, data in ranges)
            for name, data in forms.items():
                check_one(bench, name, data, want, size)
            check_words(bench, ranges, want)
            check_remoteproc(bench)
            check_ramoops(bench)
            if dump.facts['arch'] == 'aarch64':
                check_mrdump(bench, want)
            check_xen(bench, want)
            check_small_kdump(bench)
            check_named(bench)
            check_kdump(bench, dump.facts['arch'].encode(), want)
    print('dumps of other tools give the memory and log of the plain dump')


if __name__ == '__main__':
    main()
