# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Writes a C file with texts, and the hashes by which a page's security policy names them.

embed.py OUTPUT NAME=FILE...
"""
import base64
import hashlib
import pathlib
import sys

LINE = 16


def lines_of(name, text):
    digest = base64.b64encode(hashlib.sha256(text).digest()).decode()
    yield f'static const char {name}_bytes[] = {{'
    for at in range(0, len(text), LINE):
        yield '\t' + ' '.join(f'{byte},' for byte in text[at:at + LINE])
    yield '};'
    yield f'const struct page_file {name} = {{ {name}_bytes, sizeof({name}_bytes), "sha256-{digest}" }};'


def main():
    output, *texts = sys.argv[1:]
    lines = ['#include "page.h"']
    for argument in texts:
        name, file = argument.split('=', 1)
        text = pathlib.Path(file).read_bytes()
        if not text.isascii():
            sys.exit(f'{file}: is not ASCII')
        lines += lines_of(name, text)
    pathlib.Path(output).write_text('\n'.join(lines) + '\n')


main()
