# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""make.py DUMP.zst FOLDER DUMPS SIGNATURES - dumps of a fleet: a real one, with other functions in its call trace.

The name of a function in the log becomes another one of the same length, so that each dump has
one of so many signatures; the host's name differs in each.
"""
import gzip
import os
import pathlib
import subprocess
import sys

FUNCTION, HARDWARE = b'__handle_sysrq', b'BIOS 1.16.2-debian'
FIRST = 1700000000


def variant_of(number, signatures):
    """The first ones are frequent, each occurs."""
    if number < signatures:
        return number
    return (number * number) % signatures * (number % 3) // 2


def make(packed, folder, dumps, signatures):
    """{variant: number of dumps}; dump n has the time FIRST + n minutes."""
    image = subprocess.run(['zstd', '-dqc', packed], check=True, stdout=subprocess.PIPE).stdout
    assert image.count(FUNCTION) >= 1 and image.count(HARDWARE) >= 1
    counts = {}
    for number in range(dumps):
        variant = variant_of(number, signatures)
        counts[variant] = counts.get(variant, 0) + 1
        data = image.replace(FUNCTION, b'fleet_bug_%04d' % variant).replace(HARDWARE, b'board-%012d' % number)
        path = pathlib.Path(folder) / f'{number % 10}' / f'board {number}.img.gz'
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(gzip.compress(data, 1, mtime=0))
        os.utime(path, (FIRST + 60 * number, FIRST + 60 * number))
    return counts


if __name__ == '__main__':
    print(make(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
