#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Backtraces of kmd-report beside those that the kernel itself prints (sysrq-t), on any kernel.

The kernel needs no module, no debug information and no Debian package: its vmlinuz boots a busybox with tasks
that sleep, prints the trace of every task, and panics.  The report is made without a vmlinux, of all of RAM, or
with --shim of what the shim registered.  Every task that did not run in between must have the same functions at the
same offsets.
"""
import argparse
import json
import pathlib
import re
import subprocess
import tempfile

import initramfs
import kernels
import kit
import qemu

INIT = """#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
[ ! -d /modules ] || kmemdump-load -m /modules -b reserved -B BASE -S SIZE
for i in 1 2 3 4 5 6 7 8; do sleep 9999 & done
cat /dev/zero | sleep 9999 &
(while :; do :; done) &
sleep 2
echo 8 >/proc/sysrq-trigger
echo t >/proc/sysrq-trigger
sleep 1
echo c >/proc/sysrq-trigger
"""
TASK = (re.compile(r'task:(.{15})\s*state:(\S).*?pid:\s*(\d+)'),
        # Until 5.10.
        re.compile(r'(\S.{14,})\s+([RSDTtZXI])\s+(?:running task\s+)?\d+\s+(\d+)\s+\d+ 0x'))
# riscv64 prints the address too.
FRAME = re.compile(r'(?:\[<[0-9a-f]+>\])?\s+(\? )?([\w.]+)\+0x([0-9a-f]+)/0x')


class Plain:
    """A kernel of which only the image is known."""

    def __init__(self, image, arch):
        self.image, self.arch, self.flavour = pathlib.Path(image), arch, 'plain'

    def has(self, _option):
        return False

    def file(self, _name):
        return self.image


def traces(console):
    """Of each task in the log, by pid and name: functions with their offsets, without those marked as doubtful."""
    tasks, frames, inside = {}, None, False
    for line in console.splitlines():
        line = re.sub(r'^\[ *[\d.]+\](\[ *[TC]\d+\])? ?', '', line.rstrip())
        task = next((found for found in (form.match(line) for form in TASK) if found), None)
        if task:
            frames, inside = tasks.setdefault((int(task.group(3)), task.group(1).strip()), []), False
        elif re.match(r'call trace:', line, re.I):
            inside = True
        elif inside and frames is not None:
            frame = FRAME.match(line)
            # The registers of a program follow.
            inside = bool(frame) or '<' in line
            if frame and not frame.group(1):
                frames.append((frame.group(2), int(frame.group(3), 16)))
    return tasks


def boot(kernel, where, busybox, shim):
    """The dump, and what the console printed."""
    base = hex(qemu.MACHINES[kernel.arch]['reserved'])
    init = INIT.replace('BASE', base).replace('SIZE', hex(qemu.RESERVED_SIZE))
    files = {'init': init.encode(), 'bin/busybox': pathlib.Path(busybox).read_bytes(),
             'bin/kmemdump-load': (kernels.TOP / 'scripts/kmemdump-load').read_bytes(),
             'proc/.': b'', 'dev/.': b'', 'sys/.': b''}
    for module in pathlib.Path(shim).glob('*.ko') if shim else ():
        files[f'modules/{module.name}'] = module.read_bytes()
    archive = where / 'initramfs'
    archive.write_bytes(initramfs.archive(files))
    with qemu.Guest(kernel, archive, where, 'log_buf_len=4M loglevel=8') as guest:
        kit.check(guest.wait_for('end Kernel panic', 300), f'no panic:\n{guest.console()[-3000:]}')
        guest.stop()
        if shim:
            return guest.ram, guest.console()
        core = where / 'guest.elf'
        guest.qmp({'execute': 'dump-guest-memory', 'arguments': {'paging': False, 'protocol': f'file:{core}'}})
        return core, guest.console()


def compare(report, console):
    """The numbers of equal and of other tasks; the latter must have run since."""
    shown = traces(console[console.index('sysrq: Show State'):console.index('sysrq: Trigger a crash')])
    equal = other = 0
    for (pid, comm), want in shown.items():
        found = [task for task in report['tasks'] if task['pid'] == pid and task['comm'] == comm]
        kit.same(len(found), 1, f'tasks {comm} (pid {pid})')
        got = [(frame.get('function'), frame.get('offset', 0)) for frame in found[0].get('frames', [])
               if not frame.get('inline')]
        if got == want:
            equal += 1
            continue
        other += 1
        print(f'{comm} (pid {pid}): log {want}, report {got}, {found[0].get("frames_end")}')
    return equal, other


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('kernel', help='the path of a vmlinuz, or the name of a kernel of the rig')
    parser.add_argument('kmd_report')
    parser.add_argument('--arch', default='amd64', choices=sorted(qemu.MACHINES))
    parser.add_argument('--busybox', help='one for that machine; else that of the kernels of the rig')
    parser.add_argument('--shim', metavar='DIR', help='load the modules there, which were built for this kernel')
    parser.add_argument('--cpus', type=int, default=2)
    options = parser.parse_args()
    if '/' in options.kernel:
        kernel = Plain(options.kernel, options.arch)
        folder = kernels.fetch('fetch-kernel', 'bookworm', options.arch, f'cloud-{options.arch}')
    else:
        kernel = kernels.kernel(options.kernel)
        folder = kernel.folder
    kernel.cpus = options.cpus
    busybox = options.busybox or folder / 'busybox'
    with tempfile.TemporaryDirectory() as scratch:
        dump, console = boot(kernel, pathlib.Path(scratch), busybox, options.shim)
        done = subprocess.run([options.kmd_report, '--json', '--full', dump], stdout=subprocess.PIPE, check=False)
        report = json.loads(done.stdout)
    equal, other = compare(report, console)
    # What ran on a CPU, and what printed: its console, the workers.
    kit.check(other <= options.cpus + 3, f'{other} tasks differ')
    kit.check(equal >= 30, f'only {equal} tasks are equal')
    kit.same('SMEM' in report['form'], bool(options.shim), f'the form is {report["form"]}: SMEM')
    kit.same(report['signature']['source'], 'stack', 'source of the signature')
    print(f'{report["kernel"]["release"]}: {equal} tasks equal, {other} ran since; {report["signature"]["key"]}')


main()
