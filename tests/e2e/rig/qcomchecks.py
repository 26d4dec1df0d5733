# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Qualcomm's backend, on Linux' own drivers of SMEM and of its locks, in a machine that has both in RAM."""
import re
import shutil

import dump
import firmware
import kernels
import kit
import qemu
import shimchecks
import smemarea
from checks import check_full, check_sample, quiet, reported, settle_down, wait

MACHINE = {**qemu.MACHINES['arm64'], 'reserved': smemarea.BASE, 'smem_size': smemarea.SIZE, 'set_aside': ''}
DRIVERS = ('smem', 'qcom_hwspinlock')


def can_run(rig):
    if rig.kernel.arch != 'arm64' or 'CONFIG_QCOM_SMEM=m\n' not in rig.kernel.file('config').read_text():
        print('this kernel has no driver of SMEM')
        return False
    if not shutil.which('dtc'):
        kernels.skip('dtc is not installed (scripts/setup installs it)')
    return True


def boot(rig, area):
    """The guest; area is what firmware left in SMEM."""
    image = rig.folder / 'smem'
    image.write_bytes(area)
    cpus = ('-cpu', 'cortex-a72', '-smp', str(rig.kernel.cpus), '-m', str(qemu.RAM >> 20))
    tree = smemarea.device_tree(MACHINE['program'], ('virt', *cpus), rig.folder)
    options = ('-dtb', tree, '-device', f'loader,file={image},addr={smemarea.BASE:#x},force-raw=on')
    initramfs = rig.pack('qcom', machine=MACHINE, drivers=DRIVERS)
    return qemu.Guest(rig.kernel, initramfs, rig.folder, 'ignore_loglevel', options, machine=MACHINE)


def entry(guest, at):
    """What the table of contents has of the application processor."""
    return firmware.Ram(guest.ram, MACHINE['ram_base']).read(smemarea.BASE + at, 32)


def taken_back(guest, at, area):
    """After an unload firmware must find its own entry again, and nothing else was written."""
    wait(guest, 'KMD: taken back')
    kit.same(entry(guest, at), area[at:at + 32], 'the entry after an unload')
    now = firmware.Ram(guest.ram, MACHINE['ram_base']).read(smemarea.BASE, smemarea.SIZE)
    kit.check(now == area, 'the shim left something in SMEM')


def first_lines(taken):
    return ' / '.join(reported(taken.console))


def check_panic(rig, sign):
    """Load before SMEM is there, load, unload, load again, panic."""
    at, area = smemarea.version_12()
    with boot(rig, area) as guest:
        taken_back(guest, at, area)
        wait(guest, sign)
        settle_down(guest, 1.0)
        taken = dump.Dump(rig.kernel, rig.program, guest, rig.folder)
    output = first_lines(taken)
    kit.check('refused: no SMEM yet' in output and 'no SMEM yet, load again later' in taken.console,
              f'without SMEM: {output}')
    kit.check(re.search(r'loaded: backend qcom slots 1500 placed [3-9]\d\d waiting 0', output) and
              re.search(r'taken back: backend none placed 0', output), f'backend: {output}')
    check_sample(rig, taken)
    shimchecks.check_registers(rig, taken)
    quiet(taken.console.split('sysrq: Trigger')[0], 'Qualcomm\'s backend')
    check_full(rig, taken)


def check_hang(rig, sign):
    """Another driver's table is there: refused, then taken over, given back, taken over; hang."""
    at, area = smemarea.version_12(foreign=True)
    with boot(rig, area) as guest:
        taken_back(guest, at, area)
        wait(guest, sign)
        settle_down(guest, 4.0)
        taken = dump.Dump(rig.kernel, rig.program, guest, rig.folder)
    output = first_lines(taken)
    kit.check('refused: the table is taken' in output and 'another driver registers' in taken.console,
              f'a table of another driver: {output}')
    kit.check('taking over 3 regions at 0x4a000000' in taken.console, 'force=1 did not say what it takes over')
    kit.check(re.search(r'loaded: backend qcom slots 201 placed 201 waiting [1-9]', output),
              f'backend: {output}')
    shimchecks.check_running(rig, taken, taken.cores())


def refused(rig, area, what):
    with boot(rig, area) as guest:
        wait(guest, 'KMD: script ended')
        console = guest.console()
        ram = firmware.Ram(guest.ram, MACHINE['ram_base']).read(smemarea.BASE, smemarea.SIZE)
    kit.check(what in console and 'KMD: refused: by this firmware' in console,
              f'the console lacks {what!r}:\n{console[-3000:]}')
    kit.check(ram == area, 'the shim wrote to SMEM')


def check_refusals(rig):
    """SMEM of version 11; Minidump that firmware did not set up; an item that is too short; none."""
    refused(rig, smemarea.version_11()[1], 'SMEM of version 11')
    _, area = smemarea.version_12(status=0)
    refused(rig, area, 'firmware did not set Minidump up')
    at, area = smemarea.version_12()
    short = bytearray(area)
    smemarea.put(short, at - 16 - 12, (40).to_bytes(4, 'little'))
    refused(rig, bytes(short), 'has 40 bytes, too few')
    absent = bytearray(area)
    smemarea.put(absent, at - 16 - 14, (603).to_bytes(2, 'little'))
    refused(rig, bytes(absent), 'no Minidump in this firmware')
