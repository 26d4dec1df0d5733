# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""link.py OUTPUT PROGRAM [PYTHONPATH] - a link to a program of this build; with PYTHONPATH, a copy that finds its module there."""
import os
import pathlib
import sys


def main():
    output, program = map(pathlib.Path, sys.argv[1:3])
    output.unlink(missing_ok=True)
    if len(sys.argv) == 3:
        output.symlink_to(os.path.relpath(program.resolve(), output.parent.resolve()))
        return
    first, rest = program.read_text().split('\n', 1)
    output.write_text(f'{first}\nimport sys\nsys.path.insert(0, {sys.argv[3]!r})\n{rest}')
    output.chmod(0o755)


main()
