# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Programs that were linked with a release run with this library; new functions are in new nodes of the map.

abi.py TREE LIBRARY
"""
import re
import shutil
import subprocess
import sys

import kit


def newest(top):
    files = sorted((top / 'abi').glob('libkmd-*.abi'), key=lambda path: tuple(map(int, re.findall(r'\d+', path.stem))))
    if not files:
        sys.exit('abi/ holds no release')
    return files[-1]


def recorded(path):
    """Function: node, as the release had them."""
    return dict(re.findall(r"<elf-symbol name='(\w+)' version='(\S+)'", path.read_text()))


def mapped(text):
    """Function: node, as libkmd.map has them."""
    found = {}
    for node, body in re.findall(r'^(KMD_[\d.]+) \{(.*?)^\}', text, re.DOTALL | re.MULTILINE):
        for symbol in re.findall(r'^\s*(kmd_\w+);', body, re.MULTILINE):
            found[symbol] = node
    return found


def is_released(top, version):
    """NEWS has the day of a release."""
    return re.search(rf'^## {re.escape(version)} \(\d{{4}}-\d\d-\d\d\)$', (top / 'NEWS.md').read_text(), re.M)


def main():
    top, released = kit.root(), newest(kit.root())
    old, new = recorded(released), mapped((top / 'libkmd/libkmd.map').read_text())
    problems = [f'{symbol} was in {node} of {released.stem}, and is in {new.get(symbol, "none")} now'
                for symbol, node in old.items() if new.get(symbol) != node]
    # The node of a version that is being made still grows.
    if is_released(top, released.stem.removeprefix('libkmd-')):
        problems += [f'{symbol} is new, and its node {node} was released without it'
                     for symbol, node in new.items() if symbol not in old and node in old.values()]
    if shutil.which('abidiff'):
        done = subprocess.run([top / 'scripts/abi', 'compare', sys.argv[2]], text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            problems.append(done.stdout)
    else:
        print('abidiff (abigail-tools) is not here: structures and parameters were not compared')
    kit.conclude(problems, len(old))


main()
