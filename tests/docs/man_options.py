# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""man_options.py MAN-FOLDER PAGE TOOL... - the page has the options that --help prints, and no other."""
import re
import subprocess
import sys

sys.path.insert(0, sys.argv[1])
import options  # noqa: E402

OPTION = re.compile(r'^ {1,8}(?:(-\w)(?: [^ ,]+)?, +)?(--[a-z][a-z-]*)|^ {1,8}(-\w)(?: [^ ,]+, | [A-Z]+  |  )', re.MULTILINE)


def of_help(command):
    done = subprocess.run([*command, '--help'], text=True, check=True, stdout=subprocess.PIPE)
    text = done.stdout
    return {name for match in OPTION.finditer(text) for name in match.groups() if name}


def main():
    page, command = sys.argv[2], sys.argv[3:]
    described = {name for option in options.options(page) for name in (option.short, option.long) if name}
    printed = of_help(command)
    for name in sorted(printed - described):
        print(f'{page}: {name} is in --help and not in the page')
    for name in sorted(described - printed):
        print(f'{page}: {name} is in the page and not in --help')
    print(f'{len(printed)} options')
    sys.exit(len(printed) < 2 or printed != described)


main()
