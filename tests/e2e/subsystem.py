#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""SUBSYSTEM.py KMD_MKIMAGE KMD_ASSEMBLE - the regions of another subsystem than Linux's are listed and extracted.

Its files have the bytes of its regions, which the recipe gives, and none of Linux's; no core comes of them.
"""
import os
import subprocess
import sys

import kit

RECIPE = '''
include {folder}/arm64.memory
region KMODEMCODE phys=0x40380000
pattern 61 0x1800
region MODEMHEAP phys=0x40390010 seq=2
pattern 62 0x404
form ram size=0x400000
set ss[3].status 1
set ss[3].enabled 0x454e424c
set ss[3].count 2
set ss[3].base {array}
'''


def pattern(seed, size):
    return bytes((seed * 31 + i * 7 ^ i >> 8) & 255 for i in range(size))


def main():
    mkimage, program = sys.argv[1:]
    with kit.scratch() as where:
        # The modem's rows are the last two of the array, and Linux's table does not count them.
        memory = (kit.ROOT / 'tests/fixtures/arm64.memory').read_text()
        n = sum(line.startswith('region ') for line in memory.splitlines())
        text = RECIPE.format(folder=kit.ROOT / 'tests/fixtures', array=0x40010000 + 40 * n)
        (where / 'modem.recipe').write_text(text.replace('include ' + str(kit.ROOT / 'tests/fixtures') + '/arm64.memory', memory) +
                                            f'set apss.count {n}\n')
        image = where / 'ram.bin'
        # The image maker frees nothing before its end.
        kit.run([mkimage, where / 'modem.recipe', image], env={**os.environ, 'ASAN_OPTIONS': 'detect_leaks=0'})
        for who in ('modem', '3'):
            out = where / f'out-{who}'
            done = subprocess.run([program, image, f'--subsystem={who}', f'--extract={out}'], capture_output=True, check=False, text=True)
            kit.check(done.returncode in (0, 3), done.stdout + done.stderr)
            files = {path.name: path.read_bytes() for path in out.iterdir() if path.name.startswith('md_')}
            kit.same(files, {'md_KMODEMCODE.BIN': pattern(61, 0x1800), 'md_MODEMHEAP2.BIN': pattern(62, 0x404)}, 'the files')
        listed = subprocess.run([program, image, '--list', '--subsystem=modem'], capture_output=True, check=False, text=True).stdout
        kit.check('KMODEMCODE' in listed and 'Kprb' not in listed, listed)
        listed = subprocess.run([program, image, '--list'], capture_output=True, check=False, text=True).stdout
        kit.check('Kprb' in listed, listed)
        done = subprocess.run([program, image, '--subsystem=adsp', '--list'], capture_output=True, check=False, text=True)
        kit.check(done.returncode == 1 and 'registered no regions (those that did: 0, 3)' in done.stderr, done.stderr)
    print('subsystem: the files of the modem have its regions')


if __name__ == '__main__':
    main()
