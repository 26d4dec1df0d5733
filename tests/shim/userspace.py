#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The shim's files without the kernel's headers: userspace.py OUTPUT FILE...

kernel.h of this folder has what they need of the kernel.
"""
import pathlib
import re
import sys


def main():
    output = pathlib.Path(sys.argv[1])
    texts = []
    for path in map(pathlib.Path, sys.argv[2:]):
        text = path.read_text(encoding='utf-8')
        texts.append(re.sub(r'^#include .*$', '', text, flags=re.M).replace('#define pr_fmt', '#undef pr_fmt\n#define pr_fmt'))
    output.write_text('#include "kernel.h"\n' + '\n'.join(texts), encoding='utf-8')


main()
