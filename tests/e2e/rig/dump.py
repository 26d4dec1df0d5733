# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The memory of a stopped guest: its dump in every form, and cores."""
import pathlib
import shutil
import subprocess

import elfcore
import firmware
import kit
import qemu
import registers
import truth


def within(segment, others):
    """Whether others have the same bytes at these addresses, perhaps in a longer segment."""
    for other in others:
        at = segment.vaddr - other.vaddr
        if at >= 0 and at == segment.paddr - other.paddr:
            if other.data[at:at + len(segment.data)] == segment.data:
                return True
    return False


class Dump:
    """The regions that firmware finds in a stopped guest's RAM."""

    def __init__(self, kernel, program, guest, folder):
        self.kernel, self.program, self.folder = kernel, program, pathlib.Path(folder)
        self.machine = guest.machine
        self.ram_file = guest.ram
        self.registers = self.folder / 'registers.txt'
        self.registers.write_text(guest.stop(), encoding='utf-8')
        self.console = guest.console()
        self.ram = firmware.Ram(guest.ram, self.machine['ram_base'])
        try:
            self.rows = firmware.regions(self.ram, self.machine['reserved'],
                                         self.machine.get('smem_size', 0x10000))
        except firmware.NoTable as error:
            kit.check(False, f'{error}; the console:\n{self.console[-6000:]}')
        self.info = self.vmcoreinfo()
        # Where the kernel has no VMCOREINFO, it is made of the vmlinux.
        self.vmlinux = [] if kernel.has_vmcoreinfo() else ['-x', kernel.file('vmlinux')]

    def named(self, name):
        return [row for row in self.rows if row.name == name]

    def data(self, row):
        return self.ram.read(row.address, row.size)

    def vmcoreinfo(self):
        """The rows of the table whose name, cut to its length in firmware, is this one."""
        for row in self.rows:
            data = self.data(row) if row.name == 'Kvmcoreinfo' else b''
            if data.startswith(b'OSRELEASE='):
                return truth.Info(data.split(b'\0')[0].decode())
        return None

    def write_forms(self):
        """The dump as users get it: path and options for kmd-assemble, by form."""
        shutil.rmtree(self.folder / 'md', ignore_errors=True)
        firmware.write_folder(self.folder / 'md', self.ram, self.rows)
        firmware.write_raw(self.folder / 'rawdump.img', self.ram, self.rows)
        firmware.write_cat(self.folder / 'cat.elf', self.ram, self.rows)
        place = [f'--ram-base={self.machine["ram_base"]:#x}', f'--smem={self.machine["reserved"]:#x}']
        return {
            'image': (self.folder / 'rawdump.img', []),
            'folder': (self.folder / 'md', []),
            'ram': (self.ram_file, place),
            'cat': (self.folder / 'cat.elf', []),
        }

    def assemble(self, source, core, *options):
        done = subprocess.run([self.program, *self.vmlinux, *options, '-f', '-o', core, source],
                              capture_output=True, check=False)
        output = done.stderr.decode(errors='replace')
        # If a case makes the registry too small, that must be the only finding.
        full = [line for line in output.splitlines() if 'regions refused' in line]
        kit.check(done.returncode == (3 if full else 0) and len(output.splitlines()) <= 1,
                  f'kmd-assemble {source} exited {done.returncode}:\n{output}')
        return core

    def cores(self):
        """Make the core of each form; they must agree.  Returns the core of the image.

        The cat has less memory, so its page tables differ, and only captured memory is compared.
        """
        forms = self.write_forms()
        cat, _ = forms.pop('cat')
        made = {form: self.assemble(path, self.folder / f'{form}.core', *options)
                for form, (path, options) in forms.items()}
        image = made['image'].read_bytes()
        if self.info is None:
            desc, = (n.desc for n in elfcore.notes(image) if n.name == b'VMCOREINFO\0')
            self.info = truth.Info(desc.rstrip(b'\0').decode())
        for form in ('folder', 'ram'):
            kit.check(made[form].read_bytes() == image, f'the core of the {form} differs')
        captured, of_cat = (elfcore.segments(self.assemble(
            path, self.folder / 'captured.core', '--captured-only').read_bytes())
            for path in (forms['image'][0], cat))
        for segment in of_cat:
            kit.check(within(segment, captured), f'the core of the cat has {len(segment.data):#x} '
                      f'bytes at {segment.vaddr:#x}, {segment.paddr:#x} of its own')
        return made['image']

    def core_for_drgn(self, core, *options):
        """The drgn of bookworm (0.0.22) uses the registers of CPU n for task n + 1."""
        if self.kernel.debian != 'bookworm':
            return core
        return self.assemble(core.with_suffix('.img') if core.stem != 'image'
                             else self.folder / 'rawdump.img', core.with_suffix('.noregs'),
                             '--no-registers', *options)

    def dmesg(self):
        """The lines that kmd-assemble --dmesg prints of the image, without a vmlinux."""
        if not (self.folder / 'rawdump.img').exists():
            self.write_forms()
        done = subprocess.run([self.program, *self.vmlinux, '--dmesg', self.folder / 'rawdump.img'],
                              capture_output=True, check=False)
        kit.check(done.returncode == 0, f'kmd-assemble --dmesg exited {done.returncode}:\n' +
                  done.stderr.decode(errors='replace'))
        return done.stdout.decode(errors='replace').splitlines()

    def without(self, name, *prefixes):
        """The partition image of a firmware that did not save regions of these names."""
        rows = [row for row in self.rows if not row.name.startswith(prefixes)]
        kit.check(len(rows) < len(self.rows), f'nothing to withhold: {prefixes}')
        path = self.folder / f'{name}.img'
        firmware.write_raw(path, self.ram, rows)
        return path

    def image_offset(self):
        return truth.image_offset(self.kernel.arch, self.info)

    def linear(self):
        linear = truth.linear_offset(self.kernel.arch, self.info, self.ram)
        if linear is None:
            row = self.named('Kpage_offset')
            linear, = self.ram.words(row[0].address, 'Q')
        return linear

    def truth(self):
        """The core of all RAM."""
        path = self.folder / 'truth.core'
        if self.kernel.arch == 'riscv64':  # drgn does not walk its page tables.
            return self.whole_truth(path, with_registers=False)
        truth.write(path, self.kernel.arch, self.info, self.linear(), self.ram_file,
                    self.machine['ram_base'], qemu.RAM)
        return path

    def whole_truth(self, path, with_registers=True, notes=None):
        """The core of all RAM at all its addresses, with the registers of the CPUs, or other notes."""
        arch, place = self.kernel.arch, (self.machine['ram_base'], qemu.RAM)
        record = b''.join(self.data(row) for row in self.named(registers.RECORD))
        notes = notes or registers.notes(arch, self.registers.read_text(encoding='utf-8'), record)
        others = truth.aliases(arch, self.info, self.linear(), self.ram, *place)
        truth.write(path, arch, self.info, self.linear(), self.ram_file, *place,
                    notes if with_registers else b'', others)
        return path
