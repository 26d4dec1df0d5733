# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""One guest under QEMU, emulated (TCG).  Its RAM is a file, which the host can read."""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import time

import kernels

MIB = 1 << 20
RAM = 256 * MIB

# The start of RAM, and 1 MiB of it that the command line reserves.  With a host thread for
# each CPU, QEMU 7.2 lets x86 CPUs run code that another one is patching: an int3 of the
# kernel itself kills one boot in four.
MACHINES = {
    'amd64': {
        'program': 'qemu-system-x86_64', 'machine': ['-accel', 'tcg,thread=single', '-M', 'pc'], 'ram_base': 0,
        'reserved': 0xfe00000, 'console': 'ttyS0', 'set_aside': 'memmap=1M$0xfe00000 no_timer_check',
    },
    'arm64': {
        'program': 'qemu-system-aarch64', 'machine': ['-accel', 'tcg', '-M', 'virt', '-cpu', 'cortex-a72'],
        'ram_base': 0x40000000, 'reserved': 0x4ff00000, 'console': 'ttyAMA0',
        'set_aside': 'mem=255M',
    },
    'armhf': {
        'program': 'qemu-system-arm', 'machine': ['-accel', 'tcg', '-M', 'virt,highmem=off', '-cpu', 'cortex-a15'],
        'ram_base': 0x40000000, 'reserved': 0x4ff00000, 'console': 'ttyAMA0',
        'set_aside': 'mem=255M',
    },
    'riscv64': {
        'program': 'qemu-system-riscv64', 'machine': ['-accel', 'tcg', '-M', 'virt'],
        'ram_base': 0x80000000, 'reserved': 0x8ff00000, 'console': 'ttyS0',
        'set_aside': 'mem=255M',
    },
}
RESERVED_SIZE = MIB


def features(kernel):
    """What the machine must have beyond a Cortex-A72: pages of 16 KiB; what a small kernel was built for."""
    small = kernel.flavour == 'small'
    if kernel.has('KASAN_HW_TAGS'):
        return ['-machine', 'mte=on', '-cpu', 'max']
    if kernel.has('ARM64_16K_PAGES') or small and (kernel.has('ARM64_VA_BITS_52') or kernel.has('ARM64_PA_BITS_52')):
        return ['-cpu', 'max']
    return []


def device_tree(program, options, folder, nodes):
    """The machine's own tree, and more nodes."""
    own, source, tree = (folder / name for name in ('own.dtb', 'machine.dts', 'machine.dtb'))
    machine, *rest = options
    subprocess.run([program, '-M', f'{machine},dumpdtb={own}', *rest], check=True, capture_output=True)
    text = subprocess.run(['dtc', '-q', '-I', 'dtb', '-O', 'dts', own], check=True, capture_output=True)
    source.write_bytes(text.stdout + nodes.encode())
    subprocess.run(['dtc', '-q', '-I', 'dts', '-O', 'dtb', '-o', tree, source], check=True)
    return tree


def with_seed(kernel, program, folder):
    """QEMU 7.2 gives no KASLR seed to riscv64; there firmware would write one."""
    if kernel.arch != 'riscv64' or not kernel.has('RANDOMIZE_BASE'):
        return []
    seed = int.from_bytes(os.urandom(8), 'little')
    nodes = f'/ {{ chosen {{ kaslr-seed = <{seed >> 32:#x} {seed & 0xffffffff:#x}>; }}; }};\n'
    options = ('virt', '-smp', str(kernel.cpus), '-m', str(RAM // MIB), '-nodefaults', '-display', 'none')
    return ['-dtb', str(device_tree(program, options, folder, nodes))]


class Guest:
    """A running guest; a with statement stops it at its end."""

    def __init__(self, kernel, initramfs, folder, cmdline='', options=(), machine=None):
        self.machine = machine or MACHINES[kernel.arch]
        self.folder = pathlib.Path(folder)
        self.ram = self.folder / 'ram'
        self.log = self.folder / 'console'
        # Otherwise the guest would have the memory and the console of an earlier one.
        for old in (self.ram, self.log, self.folder / 'qmp'):
            old.unlink(missing_ok=True)
        program = shutil.which(self.machine['program']) or kernels.skip(
            f'{self.machine["program"]} is not installed (scripts/setup installs it)')
        options = [*features(kernel), *with_seed(kernel, program, self.folder), *options]
        append = f'console={self.machine["console"]} {self.machine["set_aside"]} panic=0 {cmdline}'
        self.process = subprocess.Popen([
            program, *self.machine['machine'], *options,
            '-m', str(RAM // MIB), '-smp', str(kernel.cpus), '-nodefaults', '-display', 'none', '-no-reboot',
            '-object', f'memory-backend-file,id=ram,size={RAM},mem-path={self.ram},share=on',
            '-machine', 'memory-backend=ram', '-serial', f'file:{self.log}',
            '-qmp', f'unix:{self.folder}/qmp,server=on,wait=off',
            # A boot loader loads them itself.
            *([] if '-bios' in options else ['-kernel', str(kernel.file('vmlinuz')), '-initrd', str(initramfs),
                                             '-append', append])], stdin=subprocess.DEVNULL,
            stderr=open(self.folder / 'qemu.log', 'wb'))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def console(self):
        return self.log.read_text(errors='replace') if self.log.exists() else ''

    def wait_for(self, text, seconds):
        """True as soon as the console shows text; False after the time limit."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if text in self.console():
                return True
            if self.process.poll() is not None:
                return text in self.console()
            time.sleep(0.1)
        return False

    def qmp(self, *commands):
        """Run commands; the results, in order."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.folder / 'qmp'))
            stream = connection.makefile('rw', encoding='utf-8')
            stream.readline()
            results = []
            for command in ({'execute': 'qmp_capabilities'}, *commands):
                stream.write(json.dumps(command) + '\n')
                stream.flush()
                answer = json.loads(stream.readline())
                while 'event' in answer:
                    answer = json.loads(stream.readline())
                results.append(answer['return'])
            return results[1:]

    def stop(self):
        """Stop all CPUs, as a watchdog does.  Returns the registers as QEMU prints them."""
        registers = {'execute': 'human-monitor-command',
                     'arguments': {'command-line': 'info registers -a'}}
        return self.qmp({'execute': 'stop'}, registers)[1]
