# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""tutorial_qemu.py TREE RIG-RUN BIN - the tutorial with a board in QEMU, from its crash on."""
import os
import pathlib
import subprocess
import sys
import tempfile

KERNEL, CASE, VMLINUX = '6.1-amd64', 'panic', 'kernel-bookworm-cloud-amd64/vmlinux'


def main():
    tree, rig, tools = sys.argv[1:]
    cache = pathlib.Path(os.environ.get('KMD_CACHE') or pathlib.Path.home() / '.cache/kmemdump')
    with tempfile.TemporaryDirectory(dir='/var/tmp') as scratch:
        board = pathlib.Path(scratch) / 'board'
        done = subprocess.run([sys.executable, rig, KERNEL, CASE, pathlib.Path(tools) / 'kmd-assemble', '--keep', board], check=False)
        if done.returncode:
            sys.exit(done.returncode)
        sys.exit(subprocess.run([sys.executable, pathlib.Path(__file__).with_name('docs_run.py'), tree, tools,
                                 '--board', board, cache / VMLINUX], check=False).returncode)


main()
