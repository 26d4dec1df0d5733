#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A real dump of 32-bit arm: each form gives the kernel's names at their virtual addresses, and its log.

The image and the folder have equal cores.
"""
import elfcore
import kit
import utsname

EM_ARM, CLASS_32 = 40, 1


def check_core(dump, core, form):
    data = core.read_bytes()
    kit.same((data[4], int.from_bytes(data[18:20], 'little')), (CLASS_32, EM_ARM), f'{form}: class, machine')
    utsname.check(dump, core, form)
    kit.check(elfcore.Note(b'VMCOREINFO\0', 0, dump.vmcoreinfo) in elfcore.notes(data),
              f'{form}: no VMCOREINFO note with the kernel\'s text')
    cpus = [int.from_bytes(note.desc[24:28], 'little') for note in elfcore.notes(data) if note.type == 1]
    kit.same(cpus, [1, 2], f'{form}: pr_pid of the CPUs')
    return data


def main():
    program, dumps = kit.arguments()
    for dump in dumps:
        with kit.scratch() as where:
            forms = {'image': dump.form('rawdump.img', where), 'folder': dump.form('md.tar', where),
                     'cat': dump.form('kelf-cat.vmcore', where)}
            made = {}
            for form, path in forms.items():
                core = kit.assemble(program, path, where / f'{form}.core')
                made[form] = check_core(dump, core, form)
                log = kit.run([program, '--dmesg', path]).decode().splitlines()
                kit.check(len(log) > 150 and dump.facts['banner'].strip() in log[1], f'{form}: the log begins {log[:2]}')
                kit.check('end Kernel panic - not syncing: sysrq triggered crash' in log[-1], f'{form}: the log ends {log[-1]}')
            kit.check(made['folder'] == made['image'], 'the core of the folder differs from the image\'s')
        print(f'{dump.name}: {len(forms)} forms')


if __name__ == '__main__':
    main()
