# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""No folder and no file of the library depends on itself through others.

circles.py TREE NM ARCHIVE

A source file needs another one if its object file refers to a symbol that the other one
defines (a function or a table).  A header needs the headers that it includes.  A folder
needs all that its files need.
"""
import re
import subprocess
import sys
from collections import defaultdict

import kit


def by_include(top, suffix):
    """File -> headers of the library that it includes."""
    needs = defaultdict(set)
    for path in kit.tracked(top):
        where = kit.name(path, top)
        if where.startswith('libkmd/') and path.suffix == suffix:
            needs[where.removeprefix('libkmd/')] = {
                file for form, file, _ in kit.includes(path)
                if form == '"' and (top / 'libkmd' / file).is_file()}
    return needs


def objects(nm, archive):
    """Object file -> (defined symbols, undefined symbols)."""
    listed = subprocess.run([nm, '-A', '-g', archive], check=True, text=True,
                            stdout=subprocess.PIPE).stdout
    found = defaultdict(lambda: (set(), set()))
    for line in listed.splitlines():
        match = re.search(r':([^:/]+\.o):\s*(?:[0-9a-f]+)?\s+([A-Za-z]) (\S+)$', line)
        if match:
            found[match[1]][match[2] == 'U'].add(match[3])
    return found


def sources_by_object(top):
    """meson names the object of folder/file.c "folder_file.c.o"."""
    sources = [kit.name(path, top).removeprefix('libkmd/') for path in kit.tracked(top)
               if path.suffix == '.c' and kit.name(path, top).startswith('libkmd/')]
    return {source.replace('/', '_') + '.o': source for source in sources}


def by_symbol(top, nm, archive):
    found, names = objects(nm, archive), sources_by_object(top)
    owner = {symbol: names[member] for member, (defined, _) in found.items() if member in names
             for symbol in defined}
    needs = defaultdict(set)
    for member, (_, used) in found.items():
        if member in names:
            own = names[member]
            needs[own] |= {owner[symbol] for symbol in used if symbol in owner} - {own}
    return needs


def circles(needs):
    """Sets of files or folders that need each other (Tarjan)."""
    index, low, stack, on_stack, found = {}, {}, [], set(), []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        on_stack.add(node)
        for other in sorted(needs.get(node, ())):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in on_stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            part = []
            while not part or part[-1] != node:
                part.append(stack.pop())
                on_stack.discard(part[-1])
            if len(part) > 1:
                found.append(sorted(part))

    for node in sorted(needs):
        if node not in index:
            visit(node)
    return found


def folders(*graphs):
    needs = defaultdict(set)
    for graph in graphs:
        for own, others in graph.items():
            folder = own.split('/')[0]
            needs[folder] |= {other.split('/')[0] for other in others} - {folder}
    return needs


def main():
    top, (nm, archive) = kit.root(), sys.argv[2:4]
    sources, headers = by_symbol(top, nm, archive), by_include(top, '.h')
    every = folders(sources, headers, by_include(top, '.c'))
    problems = []
    for what, graph in (('sources', sources), ('headers', headers), ('folders', every)):
        for part in circles(graph):
            problems.append(f'{what} in a circle: {", ".join(part)}')
            problems += [f'  {own} needs {other}' for own in part
                         for other in sorted(graph[own]) if other in part]
    kit.conclude(problems, sum(len(others) for others in sources.values()))


main()
