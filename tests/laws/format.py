# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""C is laid out as .clang-format says."""
import shutil
import subprocess

import kit


def main():
    top, tool = kit.root(), shutil.which('clang-format')
    if not tool:
        kit.skip('no clang-format')
    sources = [path for path in kit.tracked(top) if path.suffix in ('.c', '.h')
               and not kit.name(path, top).startswith('shim/')]
    problems = []
    for path in sources:
        wanted = subprocess.run([tool, f'--style=file:{top / ".clang-format"}', path], check=True,
                                stdout=subprocess.PIPE).stdout
        if wanted != path.read_bytes():
            problems.append(f'{kit.name(path, top)}: run clang-format -i on it')
    kit.conclude(problems, len(sources))


main()
