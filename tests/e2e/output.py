#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Input and output do not change the bytes: a second run, to a pipe, from a pipe."""
import os
import stat
import subprocess

import kit


def to_stdout(program, image):
    return kit.run([program, '-o', '-', image])


def from_pipe(program, image, core):
    with subprocess.Popen(['cat', str(image)], stdout=subprocess.PIPE) as cat:
        kit.run([program, '-o', core, '/dev/stdin'], stdin=cat.stdout)
        cat.stdout.close()
    return core.read_bytes()


def check_existing_file(program, image, core):
    """An existing file stays as it is without --force."""
    core.write_bytes(b'precious')
    kit.assemble(program, image, core, expect=1)
    kit.same(core.read_bytes(), b'precious', 'an existing file')
    kit.assemble(program, image, core, '--force')


def check_onto_itself(program, image):
    """Even --force does not replace the dump with the core."""
    before = image.read_bytes()
    kit.assemble(program, image, image, '--force', expect=1)
    kit.check(image.read_bytes() == before, 'the dump was replaced by its core')


def main():
    program, dumps = kit.arguments()
    for dump in dumps:
        with kit.scratch() as where:
            image = dump.form('rawdump.img', where)
            first = kit.assemble(program, image, where / 'first')
            core = first.read_bytes()
            kit.same(stat.S_IMODE(os.stat(first).st_mode), 0o600, 'mode of the core')
            again = kit.assemble(program, image, where / 'again').read_bytes()
            kit.check(again == core, f'{dump.name}: twice the same input, different bytes')
            kit.check(to_stdout(program, image) == core, f'{dump.name}: -o - differs')
            kit.check(from_pipe(program, image, where / 'piped') == core,
                      f'{dump.name}: a pipe as input differs')
            check_existing_file(program, image, where / 'existing')
            check_onto_itself(program, image)
            kit.check((where / 'existing').read_bytes() == core, f'{dump.name}: --force differs')
            kit.same(sorted(os.listdir(where)),
                     ['again', 'existing', 'first', 'piped', 'rawdump.img'], 'files left')
        print(f'{dump.name}: the same bytes each time')


if __name__ == '__main__':
    main()
