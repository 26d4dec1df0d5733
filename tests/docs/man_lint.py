# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""man_lint.py FOLDER - mandoc's lint has nothing to say of any page; man finds what links promise."""
import pathlib
import re
import subprocess
import sys


def main():
    folder = pathlib.Path(sys.argv[1])
    pages = sorted(page for section in '1358' for page in folder.glob(f'*.{section}'))
    done = subprocess.run(['mandoc', '-T', 'lint', *pages], text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    # That a page is not installed here, or is older than a system's, is no fault of it.
    faults = [line for line in done.stdout.splitlines()
              if 'outdated' not in line and 'referenced manual not found' not in line]
    # Pages of this project must be there.
    names = {page.name for page in pages}
    for page in pages:
        for name, section in re.findall(r'\\fB(kmd-[a-z]+|libkmd\w*|kmemdump-\w+)\\fR\((\d)\)', page.read_text()):
            if f'{name}.{section}' not in names and name not in ('kmd-crash', 'kmd-drgn'):
                faults.append(f'{page.name}: {name}({section}) is not there')
    print('\n'.join(faults), f'\n{len(pages)} pages, {len(faults)} faults')
    sys.exit(bool(faults) or len(pages) < 10)


main()
