#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The lines that the report prints under "next" open the core, whatever its name is.

A shell runs each line with replacements for the tools, which record their arguments.
If gdb is installed, it runs the gdb line too.
"""
import json
import os
import re
import shlex
import shutil
import subprocess

import kit

NAMES = ['plain', 'my core', "it's", 'say "so"', 'back\\slash', '$HOME `id`', '-dash', 'tab\there']
STAND_IN = '''#!/usr/bin/python3
import json, os, sys
with open(os.environ["RECORD"], "a") as record:
    record.write(json.dumps([os.path.basename(sys.argv[0])] + sys.argv[1:]) + "\\n")
'''


def next_lines(report):
    """The lines of the report from "next" on, without their margin."""
    lines = report.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith('next '))
    return [line[9:] for line in lines[first:]]


def run_lines(lines, tools, where):
    record = where / 'record'
    record.unlink(missing_ok=True)
    for line in lines:
        subprocess.run(['/bin/sh', '-c', line], cwd=where, check=True,
                       env=dict(os.environ, PATH=f'{tools}:/usr/bin:/bin', RECORD=str(record)))
    return [json.loads(line) for line in record.read_text().splitlines()]


def names_of(call):
    """The files among the arguments, as the tool reads them."""
    files = []
    for word in call[1:]:
        if word.startswith('symbol-file '):
            # gdb splits a command's arguments as a shell does
            files.append(shlex.split(word)[1])
        elif re.match(r'^[^-]', word):
            files.append(word)
    return files


def check_names(program, image, tools, where, name):
    """Make a core of that name; the tools must get exactly this name."""
    core = name if not name.startswith('-') else './' + name
    done = subprocess.run([program, '-f', f'--output={name}', image], cwd=where, check=True,
                          text=True, stdout=subprocess.PIPE)
    lines = next_lines(done.stdout)
    kit.check(lines, f'no line to type next in: {done.stdout}')
    for call in run_lines(lines, tools, where):
        kit.check(core in names_of(call) or name in names_of(call),
                  f'{call} does not open {name!r}; lines: {lines}')
        for file in names_of(call):
            kit.check(file in (core, name, 'vmlinux'), f'{call}: unexpected {file!r}')
    return lines


def check_gdb(lines, where):
    """gdb opens the core by its name."""
    gdb = shutil.which('gdb-multiarch') or shutil.which('gdb')
    for line in lines:
        if gdb and line.startswith('gdb '):
            done = subprocess.run(['/bin/sh', '-c', f'{gdb} -nx -batch{line[3:]} -ex "info files"'],
                                  cwd=where, text=True, errors='replace', check=False,
                                  stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            kit.check('load1' in done.stdout, f'{line}: gdb prints {done.stdout}')


def main():
    program, dumps = kit.arguments()
    program = os.path.abspath(program)
    for dump in dumps:
        with kit.scratch() as where:
            tools = where / 'tools'
            tools.mkdir()
            for tool in ('gdb', 'crash', 'drgn'):
                (tools / tool).write_text(STAND_IN)
                (tools / tool).chmod(0o755)
            image = dump.form('rawdump.img', where)
            for name in NAMES:
                lines = check_names(program, image, tools, where, name)
                # gdb 16 takes a backslash in the name of a core for an escape, and older ones do
                # not: no line works with both.
                if '\\' not in name:
                    check_gdb(lines, where)
        print(f'{dump.name}: {len(NAMES)} names')


if __name__ == '__main__':
    main()
