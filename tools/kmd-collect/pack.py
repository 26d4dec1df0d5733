# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Packs the modules into one program that Python runs: pack.py OUTPUT MODULE..."""
import os
import pathlib
import sys
import zipfile


def main():
    output, *modules = map(pathlib.Path, sys.argv[1:])
    with open(output, 'wb') as program:
        program.write(b'#!/usr/bin/env python3\n')
        with zipfile.ZipFile(program, 'w', zipfile.ZIP_DEFLATED) as archive:
            for module in sorted(modules):
                # The same bytes in every build.
                archive.writestr(zipfile.ZipInfo(module.name, (2020, 1, 1, 0, 0, 0)), module.read_bytes())
    os.chmod(output, 0o755)


main()
