# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""kmd-collect against real machines: its dumps must be those of the rig's own firmware."""
import pathlib
import shutil
import subprocess
import sys
import time

import dump
import firmware
import kernels
import kit
import qemu
from checks import settle_down, wait

UBOOT = pathlib.Path('/usr/lib/u-boot/qemu_arm64/u-boot.bin')
# U-Boot lies at the end of RAM, so the table does not.
UBOOT_MACHINE = {**qemu.MACHINES['arm64'], 'reserved': 0x4c800000, 'set_aside': 'mem=200M'}
# The device tree of the machine and the script that U-Boot loads; U-Boot and its heap; and some
# memory with regions in it, which must be absent.
AVOID = [(0x40000000, 0x40210000), (0x4ddb0000, 0x50000000)]
SCRIPT_AT = 0x4c8f0000
PART, PART_SIZE = 1 << 20, 255 << 20


def program(rig):
    return rig.program.parents[1] / 'kmd-collect' / 'kmd-collect'


def collect(rig, out, *words, codes=(0,)):
    done = subprocess.run(['python3', program(rig), *words, '-o', rig.folder / out], capture_output=True,
                          text=True, check=False)
    kit.check(done.returncode in codes, f'kmd-collect {words} exited {done.returncode}:\n{done.stderr}')
    print(done.stderr)
    return rig.folder / out


def status(guest):
    return guest.qmp({'execute': 'query-status'})[0]['status']


def core_of(rig, path, registers, codes=(0,)):
    core = rig.folder / f'{path.name}.core'
    done = subprocess.run([rig.program, '-f', '-o', core, f'--registers={registers}', path],
                          capture_output=True, text=True, check=False)
    kit.check(done.returncode in codes, f'kmd-assemble {path}:\n{done.stderr}')
    kit.check(all('data is missing' in line for line in done.stderr.splitlines()), done.stderr)
    return core.read_bytes()


def listed(folder):
    """Address to bytes of a folder with dump_info*.txt."""
    rows = {}
    for text in sorted(folder.glob('dump_info*.txt')):
        for line in text.read_text().splitlines():
            words = line.split()
            data = (folder / pathlib.Path(words[-1]).name).read_bytes()
            kit.same(len(data), int(words[2], 16 if words[2].startswith('0x') else 10), line)
            rows[int(words[1], 16), len(data)] = data
    return rows


def check(rig, script, sign, settle):
    stub = f'{rig.folder}/gdb'
    options = ('-gdb', f'unix:{stub},server=on,wait=off')
    table = f'{qemu.MACHINES[rig.kernel.arch]["reserved"]:#x}'
    with rig.boot(script, options=options) as guest:
        wait(guest, sign)
        settle_down(guest, settle)
        # A guest that runs: kmd-collect searches, pauses, resumes.
        collect(rig, 'running', '--qmp', guest.folder / 'qmp')
        kit.same(status(guest), 'running', 'after a collection')
        taken = dump.Dump(rig.kernel, rig.program, guest, rig.folder)
        firmware.write_folder(rig.folder / 'md', taken.ram, taken.rows)
        want = core_of(rig, rig.folder / 'md', taken.registers)
        for out in ('by-qmp', 'by-qmp.img'):
            path = collect(rig, out, '--qmp', guest.folder / 'qmp')
            kit.same(status(guest), 'paused', 'after a collection')
            registers = rig.folder / ('by-qmp.registers.txt' if out.endswith('.img') else 'by-qmp/registers.txt')
            kit.check(registers.read_bytes() == taken.registers.read_bytes(), 'other registers')
            kit.check(core_of(rig, path, registers) == want, f'the core of {out} differs')
        path = collect(rig, 'stub.img', '--gdb', stub, '--table', table, '--stay')
        kit.check(core_of(rig, path, rig.folder / 'stub.registers.txt') == want,
                  'the core of the stub differs')
        kit.same(status(guest), 'paused', 'after --stay')
        check_virtual(rig, taken, stub)
        kit.same(status(guest), 'running', 'after the stub')


def check_virtual(rig, taken, stub):
    """As if the stub had virtual addresses only: what KELF describes, by the kernel's page tables."""
    kelf = taken.named('KELF')[0]
    virtual = kelf.address + taken.linear() & (1 << 64) - 1
    # The guest runs again when it is done.
    before = {(row.address, row.size): taken.data(row) for row in taken.rows}
    rows = listed(collect(rig, 'virtual', '--gdb', stub, '--kelf', f'{virtual:#x}', codes=(0, 3)))
    for (address, size), data in rows.items():
        kit.check(any(data == whole[address - first:][:size] for (first, length), whole in before.items()
                      if first <= address and address + size <= first + length),
                  f'other bytes at {address:#x}+{size:#x}')
    want = before.keys() - {
        (kelf.address, kelf.size), *((row.address, row.size) for row in taken.named('Kvmcoreinfo'))}
    absent = [f'{address:#x}+{size:#x}' for address, size in want - rows.keys()]
    print('absent by virtual address:', absent)
    kit.check(len(absent) * 20 < len(want), f'too much is absent: {absent}')


def make_disk(rig, avoid, initramfs):
    """A disk with a FAT partition, on it boot.scr, which collects and then boots."""
    for tool in ('mkfs.fat', 'mcopy'):
        if not shutil.which(tool, path='/usr/sbin:/sbin:/usr/bin:/bin'):
            kernels.skip(f'{tool} is not installed (scripts/setup installs it)')
    words = [f'--avoid={start:#x}-{end:#x}' for start, end in avoid]
    collect(rig, 'kmd.scr', '--u-boot-script', '--table', f'{UBOOT_MACHINE["reserved"]:#x}',
            '--ram', '0x40000000-0x50000000', *words, '--device', 'virtio 0:1')
    boot = ('load virtio 0:1 {0:x} kmd.scr && source {0:x}\n'
            'setenv bootargs console=ttyAMA0 {1} panic=0 ignore_loglevel\n'
            'load virtio 0:1 $kernel_addr_r vmlinuz && load virtio 0:1 $ramdisk_addr_r initramfs\n'
            'booti $kernel_addr_r $ramdisk_addr_r:$filesize $fdtcontroladdr\n').format(
                SCRIPT_AT, UBOOT_MACHINE['set_aside'])
    sys.path.insert(0, str(program(rig)))
    import uboot
    (rig.folder / 'boot.scr').write_bytes(uboot.image(boot))
    disk = rig.folder / 'disk'
    with open(disk, 'wb') as file:
        file.truncate(PART + PART_SIZE)
        # One entry of an MBR: FAT32, from 1 MiB on.
        file.seek(446)
        file.write(bytes.fromhex('000002000cffffff') + (PART // 512).to_bytes(4, 'little') +
                   (PART_SIZE // 512).to_bytes(4, 'little'))
        file.seek(510)
        file.write(b'\x55\xaa')
    part = rig.folder / 'part'
    with open(part, 'wb') as file:
        file.truncate(PART_SIZE)
    kit.run(['/usr/sbin/mkfs.fat', '-F', '32', part])
    files = [rig.folder / 'boot.scr', rig.folder / 'kmd.scr', initramfs, rig.kernel.file('vmlinuz')]
    kit.run(['mcopy', '-i', part, *files, '::'])
    with open(disk, 'r+b') as file:
        file.seek(PART)
        file.write(part.read_bytes())
    return disk


def unpack(rig, disk, name):
    kit.run(['mcopy', '-s', '-i', f'{disk}@@{PART}', f'::{name}', rig.folder])
    return rig.folder / name


def reset(guest):
    """As a watchdog: RAM keeps its content.  The rig's QEMU would end instead."""
    guest.qmp({'execute': 'set-action', 'arguments': {'reboot': 'reset'}},
              {'execute': 'system_reset'}, {'execute': 'cont'})


def clipped(rows, avoid):
    """The rows without the memory to avoid."""
    for row in rows:
        spans = [(row.address, row.address + row.size)]
        for start, end in avoid:
            spans = [part for first, last in spans
                     for part in ((first, min(last, start)), (max(first, end), last)) if part[0] < part[1]]
        yield from ((first, last - first) for first, last in spans)


def check_uboot(rig, sign):
    if rig.kernel.arch != 'arm64':
        print('U-Boot is tried on arm64 only')
        return
    if not UBOOT.exists():
        kernels.skip('u-boot-qemu is not installed (scripts/setup installs it)')
    # In the middle of the kernel's data as well.
    avoid = [*AVOID, (0x42300000, 0x42310000)]
    initramfs = rig.pack('panic', machine=UBOOT_MACHINE)
    disk = make_disk(rig, avoid, initramfs)
    before = disk.read_bytes()[:PART]
    options = ('-bios', str(UBOOT), '-drive', f'file={disk},format=raw,if=none,id=d,cache=writethrough',
               '-device', 'virtio-blk-device,drive=d')
    with qemu.Guest(rig.kernel, initramfs, rig.folder, options=options, machine=UBOOT_MACHINE) as guest:
        for number in range(2):
            died(guest, sign, number + 1)
            taken = dump.Dump(rig.kernel, rig.program, guest, rig.folder)
            whole = {(row.address, row.size): taken.data(row) for row in taken.rows}
            want = {place: taken.ram.read(*place) for place in clipped(taken.rows, avoid)}
            shutil.rmtree(rig.folder / 'md', ignore_errors=True)
            firmware.write_folder(rig.folder / 'md', taken.ram, taken.rows)
            begin = time.monotonic()
            reset(guest)
            wait(guest, f'kmd-collect: kmd{number}: 0x')
            print(f'U-Boot saved {len(want)} files in {time.monotonic() - begin:.1f} s')
            got = listed(unpack(rig, disk, f'kmd{number}'))
            kit.check(got == want, f'U-Boot saved other bytes: {sorted(got.keys() ^ want.keys())[:8]}')
            kit.check(len(want) > 100 and want != whole, 'nothing was absent')
            # What U-Boot overwrites is missing, and nothing else is wrong.
            core_of(rig, rig.folder / f'kmd{number}', taken.registers, codes=(3,))
        died(guest, sign, 3)
        console = guest.console()
    kit.check('data abort' not in console and 'Synchronous Abort' not in console, 'U-Boot died')
    kit.check(console.count('nothing to save') >= 1, 'the first boot found a table')
    kit.check(disk.read_bytes()[:PART] == before, 'the disk differs before the partition')


def died(guest, sign, times):
    end = time.monotonic() + 240
    while guest.console().count(sign) < times and time.monotonic() < end:
        time.sleep(0.2)
    kit.check(guest.console().count(sign) >= times, f'no crash number {times}:\n{guest.console()[-3000:]}')
    settle_down(guest, 1.0)
