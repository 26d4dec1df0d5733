# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Every file names its licence in its first lines, except for files that cannot."""
import kit

LINE = b'SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only'

# Data, and texts whose format has no place for it.
BARE_SUFFIXES = {'.abi', '.zst', '.json', '.bin', '.img', '.vmcore', '.png'}
BARE_NAMES = {'LICENSE', 'LICENSE.md', 'COPYING'}
# Debian's tools read these line by line.
BARE_FOLDERS = ('LICENSES/', 'tests/fuzz/corpus/', 'debian/')
# Recorded from running kernels.
RECORDED = 'tests/fixtures/real/'


def bare(where, path):
    return (path.suffix in BARE_SUFFIXES or path.name in BARE_NAMES
            or where.startswith(BARE_FOLDERS)
            or (where.startswith(RECORDED) and path.suffix == '.txt'))


def main():
    top, problems, checked = kit.root(), [], 0
    for path in kit.tracked(top):
        where = kit.name(path, top)
        if bare(where, path):
            continue
        checked += 1
        with open(path, 'rb') as file:
            if LINE not in b''.join(file.readlines()[:5]):
                problems.append(f'{where}: no SPDX line')
    kit.conclude(problems, checked)


main()
