# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""C files have the layout of .clang-format."""
import re
import shutil
import subprocess
from pathlib import Path

import kit


def main():
    top, tool = kit.root(), shutil.which('clang-format')
    if not tool:
        kit.skip('no clang-format')
    sources = [path for path in kit.tracked(top) if path.suffix in ('.c', '.h')
               and not kit.name(path, top).startswith('shim/')]
    version = subprocess.run([tool, '--version'], check=True, text=True,
                             stdout=subprocess.PIPE).stdout.strip()
    # There is one call for all files, because most of the time is the start of the program.
    done = subprocess.run([tool, f'--style=file:{top / ".clang-format"}', '--dry-run', *sources],
                          check=True, text=True, stderr=subprocess.PIPE)
    found = sorted(set(re.findall(r'^(\S+?):\d+:\d+: warning: code should be clang-formatted',
                                  done.stderr, re.MULTILINE)))
    problems = [f'{kit.name(Path(path), top)}: run clang-format -i on it ({version})'
                for path in found]
    kit.conclude(problems, len(sources))


main()
