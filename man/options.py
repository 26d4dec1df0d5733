# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The options that the source of a page describes: for the completions, and for the test."""
import re
from pathlib import Path
from typing import NamedTuple, Optional

FOLDER = Path(__file__).resolve().parent


class Option(NamedTuple):
    short: Optional[str]     # "-x"
    long: str                # "--vmlinux"; "" if it has none
    argument: Optional[str]  # "FILE"; "[TOPIC]" if it may be omitted
    about: str               # the first sentence


def text_of(name):
    def part(match):
        return (FOLDER / f'{match[1]}.inc').read_text().partition('\n')[2]
    return re.sub(r'^@include ([\w.-]+)@\n', part, (FOLDER / f'{name}.scd').read_text(), flags=re.MULTILINE)


def options(name):
    """All options of the page, in its order."""
    found = []
    entry = re.compile(r'^(\*-[^\n]*)\n\t((?:[^\n]*\n\t?)*?)(?:\n|$)', re.MULTILINE)
    for match in entry.finditer(text_of(name)):
        head = re.sub(r'[*\\]|(?<![A-Za-z])_|_(?![A-Za-z])', '', match[1])
        about = re.sub(r'\\(.)|[*]', r'\1', ' '.join(match[2].split()))
        about = re.sub(r'(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])', '', about)
        about = about.removeprefix('For a boot script: ')
        sentence = re.split(r'(?<=[a-z)0-9])[.:;](?: |$)', about)[0].rstrip('.')
        long = re.search(r'(--[a-z-]+)(\[)?(?:=([^\s,\]]+|"[^"]*"))?', head)
        short = re.match(r'(-\w)(?:,| ([A-Z]+)$|$)', head)
        if not long:
            found.append(Option(short[1], '', short[2], sentence))
            continue
        argument = long[3] and (f'[{long[3]}]' if long[2] else long[3])
        found.append(Option(short and short[1], long[1], argument, sentence))
    return found
