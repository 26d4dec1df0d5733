# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A folder of libkmd/ includes base/ and folders above it in HACKING; other code the public header."""
from pathlib import PurePosixPath

import kit

ORDER = ['base', 'source', 'image', 'elf', 'types', 'region', 'memory', 'vmcoreinfo', 'runtime', 'arch', 'pagetable', 'kernel',
         'target', 'log', 'cpu', 'symbol', 'task', 'unwind', 'supply', 'consumer', 'vmcore', 'api']

# The headers of the project that other folders may include, besides their own.
OUTSIDE = {
    'tools': ['kmemdump/kmd.h', 'common/color.h', 'common/help.h', 'common/input.h', 'common/json.h', 'common/output.h', 'common/progress.h', 'mkdump/make.h'],
    'tests/api': ['kmemdump/kmd.h'],
    'tests/e2e': ['kmemdump/kmd.h'],
    'tests/mkdump': ['kmemdump/minidump.h'],
    'shim': ['kmemdump/minidump.h'],
    'bench': ['kmemdump/kmd.h'],
}


def of_library(top, path, problems):
    folder = path.relative_to(top / 'libkmd').parts[0]
    if folder in ORDER:
        allowed = ORDER[:ORDER.index(folder) + 1]
    else:
        problems.append(f'{kit.name(path, top)}: is in no folder of the table')
        return 0
    seen = 0
    for form, file, line in kit.includes(path):
        first = PurePosixPath(file).parts[0]
        if form == '<' and first != 'kmemdump':
            continue
        seen += 1
        good = first in allowed if form == '"' else file in ('kmemdump/kmd.h', 'kmemdump/minidump.h')
        if not good:
            problems.append(f'{kit.name(path, top)}:{line}: {folder} includes {file}')
    return seen


def in_library(top, path, file):
    # The kernel's own headers have a folder of the same name as one of the library's.
    return not kit.name(path, top).startswith('shim/') and (top / 'libkmd' / file).is_file()


def of_others(top, path, allowed, problems):
    seen = 0
    for form, file, line in kit.includes(path):
        if form == '"' and (path.parent / file).is_file() and '..' not in file:
            continue
        if form == '<' and not file.startswith('kmemdump/') and not in_library(top, path, file):
            continue
        seen += 1
        if file not in allowed:
            problems.append(f'{kit.name(path, top)}:{line}: includes {file}')
    return seen


def main():
    top, problems, seen = kit.root(), [], 0
    for path in kit.tracked(top):
        where = kit.name(path, top)
        if path.suffix not in ('.c', '.h', '.cpp', '.cc'):
            continue
        if where.startswith('libkmd/'):
            seen += of_library(top, path, problems)
        for folder, allowed in OUTSIDE.items():
            if where.startswith(folder + '/'):
                seen += of_others(top, path, allowed, problems)
        if where.startswith('include/'):
            for form, file, line in kit.includes(path):
                if form == '"' or file.startswith('kmemdump/'):
                    problems.append(f'{where}:{line}: a public header includes {file}')
    kit.conclude(problems, seen)


main()
