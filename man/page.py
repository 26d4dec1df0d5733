#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""page.py VERSION SCDOC INPUT OUTPUT [PART]... - a man page out of its scdoc source.

A line "@include NAME@" stands for the PART that is called NAME.  INPUT may be HEADER:GROUP, a
group of functions of kmd.h, or a page of docs/.  The date is fixed, or SOURCE_DATE_EPOCH, so that
two builds give the same bytes.
"""
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import api
import markdown

EPOCH = '1795824000'  # 2026-11-28, if the environment has none
ABOUT = {'kmemdump-core': 'the ELF core that kmd-assemble writes',
         'kmd-json': 'the JSON of kmd-assemble and kmd-report'}


def expand(text, version, parts):
    def part(match):
        return parts[match[1]].rstrip('\n')
    text = re.sub(r'^@include ([\w.-]+)@$', part, text, flags=re.MULTILINE)
    return text.replace('@VERSION@', version)


def broken(line):
    """One line for each sentence, none longer than 80 bytes, none that begins as a macro does."""
    pieces = []
    for sentence in re.split(r'(?<=[a-z0-9)"\]][.?!:]) +(?=[A-Z])', line):
        pieces += textwrap.wrap(sentence, 78, break_long_words=False, break_on_hyphens=False)
    return [('\\&' + piece) if piece[0] in ".'" else piece for piece in pieces]


def tidy(roff):
    """What mandoc's lint asks for, and scdoc does not do."""
    lines, literal, paragraph = [], False, False
    for line in roff.splitlines():
        line = line.rstrip()
        if line in ('.P', '.PP'):
            paragraph = True
            continue
        # A paragraph begins where text follows text.
        if paragraph and lines and not line.startswith(('.SH', '.SS', '.RE')) and \
                not lines[-1].startswith(('.SH', '.SS', '.TH', '.RS')):
            lines.append('.PP')
        paragraph = False
        literal = (literal or line == '.nf') and line != '.fi'
        if line.startswith('.TH'):
            words = line.split(' ')
            words[1] = words[1].upper()
            line = ' '.join(words)
        if line.startswith('.') or literal:
            lines.append(line)
        elif line:
            # scdoc guards each point; a line that begins with one is guarded here.
            lines += broken(line.replace('.\\&', '.'))
    return '\n'.join(lines) + '\n'


def main():
    version, scdoc, source, output = sys.argv[1:5]
    parts = {Path(path).stem: Path(path).read_text().partition('\n')[2] for path in sys.argv[5:]}
    header, colon, group = source.rpartition(':')
    if source.endswith('.md'):
        name = Path(output).stem
        text = markdown.page(Path(source).read_text(), name, ABOUT[name])
    elif colon:
        text = api.page(Path(header).read_text(), group)
    else:
        text = Path(source).read_text()
    made = subprocess.run([scdoc], input=expand(text, version, parts), text=True, check=False,
                          stdout=subprocess.PIPE, env={'SOURCE_DATE_EPOCH': EPOCH, **os.environ})
    if made.returncode:
        sys.exit(f'page.py: {source}: scdoc failed')
    Path(output).write_text(tidy(made.stdout))


if __name__ == '__main__':
    main()
