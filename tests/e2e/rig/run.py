#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Crash a real kernel in QEMU and check the dump that firmware would have saved.

    run.py KERNEL CASE KMD_ASSEMBLE [--keep FOLDER] [--cpus N] [--modules FOLDER]

KERNEL is a row of kernels.txt, or small-ARCH-OPTION=VALUE... (scripts/small-kernel); CASE one of cases.py; run.py --list names all.
The exit code is 0, 1, or 77 (skipped, with a reason).
"""
import argparse
import contextlib
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import cases  # noqa: E402
import checks  # noqa: E402
import kernels  # noqa: E402
import kit  # noqa: E402


@contextlib.contextmanager
def scratch(keep):
    if keep:
        folder = pathlib.Path(keep).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix='kmd-rig-') as where:
        yield pathlib.Path(where)


def run(rig):
    """Once more if the machine happened to stop in the middle of a fork."""
    case = cases.CASES[rig.name]
    arches = getattr(case, 'arches', [rig.kernel.arch])
    if rig.kernel.arch not in arches:
        kit.skip(f'the case is about {", ".join(arches)}')
    try:
        case(rig)
    except checks.MidFork as reason:
        print(f'once more: {reason}', flush=True)
        case(rig)


def main():
    parser = argparse.ArgumentParser(description='Crash a real kernel and look at the dump.')
    parser.add_argument('--list', action='store_true', help='name kernels and cases')
    parser.add_argument('--keep', metavar='FOLDER', help='leave RAM, dumps and cores there')
    parser.add_argument('--cpus', type=int, metavar='N', help='CPUs of the machine; 2')
    parser.add_argument('--modules', type=pathlib.Path, metavar='FOLDER', help='load these, which dkms built')
    parser.add_argument('words', nargs='*', metavar='KERNEL CASE KMD_ASSEMBLE')
    options = parser.parse_args()
    if options.list:
        print('kernels:', *(row[0] for row in kernels.rows()))
        print('cases:  ', *cases.CASES)
        return
    if len(options.words) != 3:
        parser.error('KERNEL CASE KMD_ASSEMBLE are needed')
    kernel_name, case_name, program = options.words
    if case_name not in cases.CASES:
        parser.error(f'no case {case_name!r}')
    kernel = kernels.kernel(kernel_name)
    kernel.cpus = options.cpus or kernel.cpus
    with scratch(options.keep) as folder:
        rig = cases.Rig(kernel, case_name, pathlib.Path(program).resolve(), folder)
        rig.modules = [options.modules] if options.modules else []
        run(rig)
    print(f'{kernel_name} {case_name}: good')


if __name__ == '__main__':
    main()
