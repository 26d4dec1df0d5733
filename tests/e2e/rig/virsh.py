# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""kmd-collect --virsh on a domain of libvirt."""
import contextlib
import os
import shutil
import subprocess
import time

import collects
import dump
import firmware
import kernels
import kit
import qemu
from checks import settle_down

# root has no session of its own; its QEMU must then run as root (qemu.conf: user = "root").
URI = os.environ.get('LIBVIRT_DEFAULT_URI') or ('qemu:///session' if os.geteuid() else 'qemu:///system')
DOMAIN = '''<domain type='qemu'>
  <name>{name}</name>
  <memory unit='MiB'>{ram}</memory>
  <vcpu>{cpus}</vcpu>
  <memoryBacking><source type='file'/><access mode='shared'/></memoryBacking>
  <os>
    <type arch='{arch}' machine='{machine}'>hvm</type>
    <kernel>{kernel}</kernel>
    <initrd>{initramfs}</initrd>
    <cmdline>{append}</cmdline>
  </os>
  {cpu}
  <on_crash>preserve</on_crash>
  <devices>
    <emulator>{emulator}</emulator>
    <serial type='file'><source path='{console}'/></serial>
    <memballoon model='none'/>
  </devices>
</domain>
'''
CPUS = {'amd64': ('x86_64', 'pc', ''),
        'arm64': ('aarch64', 'virt', "<cpu mode='custom'><model>cortex-a72</model></cpu>")}


def virsh(*words):
    return kit.run(['virsh', '-q', *words])


class Domain:
    """What dump.Dump needs of a guest, over libvirt."""

    def __init__(self, rig, initramfs):
        self.machine, self.folder = qemu.MACHINES[rig.kernel.arch], rig.folder
        self.ram, self.log = rig.folder / 'ram', rig.folder / 'console'
        self.name = f'kmd-rig-{os.getpid()}'
        arch, machine, cpu = CPUS[rig.kernel.arch]
        xml = rig.folder / 'domain.xml'
        xml.write_text(DOMAIN.format(
            name=self.name, ram=qemu.RAM >> 20, cpus=rig.kernel.cpus, arch=arch, machine=machine, cpu=cpu,
            kernel=rig.kernel.file('vmlinuz'), initramfs=initramfs, console=self.log,
            emulator=shutil.which(self.machine['program']),
            append=f'console={self.machine["console"]} {self.machine["set_aside"]} panic=0 ignore_loglevel'))
        virsh('create', str(xml))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(Exception):
            virsh('destroy', self.name)

    def console(self):
        return self.log.read_text(errors='replace') if self.log.exists() else ''

    def wait_for(self, text, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end and text not in self.console():
            time.sleep(0.2)
        return text in self.console()

    def state(self):
        return virsh('domstate', self.name).decode().strip()

    def stop(self):
        """Pause it; all of its RAM becomes a file.  Returns the registers."""
        virsh('suspend', self.name)
        virsh('qemu-monitor-command', self.name, '--hmp',
              f'pmemsave {self.machine["ram_base"]:#x} {qemu.RAM:#x} "{self.ram}"')
        return virsh('qemu-monitor-command', self.name, '--hmp', 'info registers -a').decode()


def check(rig, sign):
    if not shutil.which('virsh') or subprocess.run(['virsh', '-c', URI, 'version'], capture_output=True,
                                                   check=False).returncode:
        kernels.skip('no libvirt here (libvirt-clients, libvirt-daemon, libvirt-daemon-driver-qemu)')
    if rig.kernel.arch not in CPUS:
        print('no domain for this machine')
        return
    os.environ['LIBVIRT_DEFAULT_URI'] = URI
    with Domain(rig, rig.pack('panic')) as guest:
        kit.check(guest.wait_for(sign, 240), f'no panic:\n{guest.console()[-3000:]}')
        settle_down(guest, 1.0)
        collects.collect(rig, 'running', '--virsh', guest.name)
        kit.same(guest.state(), 'running', 'after a collection')
        taken = dump.Dump(rig.kernel, rig.program, guest, rig.folder)
        firmware.write_folder(rig.folder / 'md', taken.ram, taken.rows)
        want = collects.core_of(rig, rig.folder / 'md', taken.registers)
        path = collects.collect(rig, 'by-virsh', '--virsh', guest.name)
        kit.same(guest.state(), 'paused', 'after a collection')
        kit.check(collects.core_of(rig, path, path / 'registers.txt') == want, 'the core differs')
