# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A file has one job: none is longer than 600 lines, unless its first lines give a reason.

The reason begins with "Longer than 600 lines because ...".
"""
import kit

LIMIT = 600
EXCUSE = 'Longer than 600 lines because'
CODE = {'.c', '.h', '.cpp', '.py', '.sh', '.build'}


def is_code(path):
    if path.suffix in CODE:
        return True
    with open(path, 'rb') as file:
        return file.read(2) == b'#!'


def main():
    top, problems, checked = kit.root(), [], 0
    for path in kit.tracked(top):
        if not is_code(path):
            continue
        checked += 1
        lines = path.read_text().splitlines()
        if len(lines) > LIMIT and not any(EXCUSE in line for line in lines[:20]):
            problems.append(f'{kit.name(path, top)}: {len(lines)} lines')
    kit.conclude(problems, checked)


main()
