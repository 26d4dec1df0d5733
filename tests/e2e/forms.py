#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""One real dump in four forms gives one core.

Partition image, folder and RAM image contain the same facts, so their cores are identical.
The file that users make with cat has no physical addresses of the KELF and VMCOREINFO
regions, so its core lacks these two and is otherwise the same.
"""
import elfcore
import kit
import ramimage

NOT_IN_CAT = ('KELF', 'Kvmcorein')


def ram_image(dump, folder, where):
    """RAM as it was, rebuilt from the region files."""
    def data_of(name, seq):
        return (folder / f'md_{name}{seq or ""}.BIN').read_bytes()
    path = where / 'ram.bin'
    ramimage.write(path, dump.facts['regions'], dump.facts['ram'], data_of)
    return path


def without(segments, regions):
    """The segments outside the named regions."""
    extents = [(int(r[2], 0), r[3]) for r in regions if r[0].startswith(NOT_IN_CAT)]
    return [s for s in segments
            if not any(start <= s.paddr < start + size for start, size in extents)]


def compare_cat(program, dump, where):
    """With less captured memory, other page tables are made, so only captured memory is compared."""
    image_core, cat_core = (
        kit.assemble(program, dump.form(form, where), where / f'{form}.captured',
                     '--captured-only').read_bytes() for form in ('rawdump.img', 'kelf-cat.vmcore'))
    want = without(elfcore.segments(image_core), dump.facts['regions'])
    got = elfcore.segments(cat_core)
    missing = [s for s in want if s not in got]
    extra = [s for s in got if s not in want]
    kit.check(not missing and not extra, f'{dump.name}: cat: segments differ: ' + ' '.join(
        f'{sign}{s.paddr:#x}/{s.vaddr:#x}+{len(s.data):#x}'
        for sign, group in (('-', missing), ('+', extra)) for s in group))
    kit.same(elfcore.notes(cat_core), elfcore.notes(image_core), f'{dump.name}: cat: notes')


def main():
    program, dumps = kit.arguments()
    for dump in dumps:
        with kit.scratch() as where:
            folder = dump.form('md.tar', where)
            forms = {
                'image': dump.form('rawdump.img', where),
                'zstd': dump.folder / 'rawdump.img.zst',
                'folder': folder,
                'ram': ram_image(dump, folder, where),
            }
            if (dump.folder / 'kelf-cat.vmcore.zst').exists():
                forms['cat'] = dump.form('kelf-cat.vmcore', where)
            cores = {form: kit.assemble(program, path, where / f'{form}.core').read_bytes()
                     for form, path in forms.items()}
            if 'cat' in cores:
                compare_cat(program, dump, where)
        notes = elfcore.notes(cores['image'])
        kit.check(elfcore.Note(b'VMCOREINFO\0', 0, dump.vmcoreinfo) in notes,
                  f'{dump.name}: no VMCOREINFO note with the kernel\'s text')
        for form in ('zstd', 'folder', 'ram'):
            kit.check(cores[form] == cores['image'],
                      f'{dump.name}: the core from the {form} differs from the image\'s')
        print(f'{dump.name}: {len(cores)} forms, one core')


if __name__ == '__main__':
    main()
