# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""kmd.h, the map and the shared library have the same list of functions.

symbols.py TREE NM LIBRARY
"""
import re
import subprocess
import sys

import kit


def declared(text):
    text = re.sub(r'/\*.*?\*/', '', text, flags=re.DOTALL)
    # Call-back types and macros are not functions.
    text = re.sub(r'^#.*$|^typedef[^;]*;', '', text, flags=re.MULTILINE)
    return set(re.findall(r'\b(kmd_\w+)\s*\(', text))


def mapped(text):
    # One node for each version in which functions appeared; the first alone has "local:".
    nodes = re.findall(r'^KMD_[\d.]+ \{\s*(?:global:)?(.*?)(?:local:.*?)?^\}', text, flags=re.DOTALL | re.MULTILINE)
    return {symbol for node in nodes for symbol in re.findall(r'([^\s;]+)\s*;', node)}


def exported(nm, library):
    out = subprocess.run([nm, '-D', '--defined-only', library], check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    rows = [line.split() for line in out.splitlines()]
    # A is the name of the version itself.
    return {row[-1].split('@')[0] for row in rows if row[-2] != 'A'}


def main():
    top = kit.root()
    lists = {
        'kmd.h': declared((top / 'include/kmemdump/kmd.h').read_text()),
        'libkmd.map': mapped((top / 'libkmd/libkmd.map').read_text()),
        'the library': exported(sys.argv[2], sys.argv[3]),
    }
    everything = set().union(*lists.values())
    problems = [f'{symbol} is not in {where}' for symbol in sorted(everything)
                for where, symbols in lists.items() if symbol not in symbols]
    problems += [f'{symbol} is not named kmd_...' for symbol in sorted(everything)
                 if not symbol.startswith('kmd_')]
    kit.conclude(problems, len(everything))


main()
