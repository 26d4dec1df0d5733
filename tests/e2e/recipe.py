#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""kmd-assemble --recipe and kmd-mkimage: a dump made again has the same regions, and their memory.

Without --extract, no memory but VMCOREINFO goes into the recipe.
"""
import os
import pathlib
import subprocess
import sys

import elfcore
import kit

FIXTURES = pathlib.Path(__file__).parents[1] / 'fixtures'


def regions(program, image):
    """State, addresses, sizes and name of each region; KELF's size depends on who made it."""
    # Without memory, the release is not where VMCOREINFO has it: exit code 3.
    done = subprocess.run([program, image, '--list'], capture_output=True, check=False, text=True)
    kit.check(done.returncode in (0, 3), done.stderr)
    rows = [line.split() for line in done.stdout.splitlines()[1:]]
    return sorted([row[0], row[1], row[2], *([] if row[6].startswith('KELF') else row[3:5]), row[6]]
                  for row in rows if row[0] != 'auxiliary')


def make(mkimage, recipe, output):
    # It makes one dump, ends, and frees nothing.
    kit.run([mkimage, recipe, output], env={**os.environ, 'ASAN_OPTIONS': 'detect_leaks=0'})


def memory(program, image, where):
    """Memory of the core, without the note regions that are made again, and what depends on their size."""
    core = kit.assemble(program, image, where / f'{image.name}.core', '--captured-only').read_bytes()
    return {(s.paddr, s.vaddr): s.data for s in elfcore.segments(core) if s.data[:3] != b'ELF'}


def names(mkimage, program, where):
    """Files of --extract whose names differ from the regions': unsafe characters, one name twice, no name.
    VMCOREINFO may be in a note, or in all of RAM."""
    for name in ('raw-name-odd', 'name-twice', 'cat', 'core', 'ram'):
        image, again = where / f'{name}.img', where / f'{name}.again'
        make(mkimage, FIXTURES / f'{name}.recipe', image)
        recipe = where / f'{name}.full'
        recipe.write_bytes(kit.run([program, image, '--recipe', '--extract', where / f'{name} files']))
        make(mkimage, recipe, again)
        want = memory(program, image, where)
        kit.check(len(want) > 4, f'{name}: {len(want)} segments')
        kit.same(memory(program, again, where), want, f'{name}: memory')
        info = [elfcore.notes(path.read_bytes()) for path in (where / f'{name}.img.core', where / f'{name}.again.core')]
        kit.check(info[0] and info[0] == info[1], f'{name}: notes')


def main():
    mkimage, program, folder = sys.argv[1:]
    dump = kit.Dump(folder)
    with kit.scratch() as where:
        image = dump.form('rawdump.img', where)
        bare, full = where / 'bare.recipe', where / 'full.recipe'
        bare.write_bytes(kit.run([program, image, '--recipe']))
        token = dump.facts.get('token', 'sysrq triggered crash').encode()
        kit.check(token in image.read_bytes() and token not in bare.read_bytes(),
                  'memory is in the recipe')
        make(mkimage, bare, where / 'bare.img')
        kit.same(regions(program, where / 'bare.img'), regions(program, image), 'regions without memory')
        kit.check(token not in (where / 'bare.img').read_bytes(),
                  'memory is in the image without memory')
        full.write_bytes(kit.run([program, image, '--recipe', '--extract', where / 'files']))
        make(mkimage, full, where / 'full.img')
        want = memory(program, image, where)
        got = memory(program, where / 'full.img', where)
        differ = [key for key, data in want.items() if got.get(key) != data and data[:4] != b'OSRE']
        kit.check(len(want) > 10 and not differ, f'memory differs at {differ[:4]}')
        print(f'{dump.name}: {len(want)} segments as in the dump')
        text = full.read_text().replace('load_cmm\n', '').replace('form raw', 'dump_info\nform folder')
        (where / 'folder.recipe').write_text(text)
        make(mkimage, where / 'folder.recipe', where / 'md')
        kit.same(regions(program, where / 'md'), regions(program, image), 'regions of a folder')
        kit.check(pathlib.Path(where / 'md' / 'dump_info.txt').exists(), 'no dump_info.txt')
        names(mkimage, program, where)


main()
