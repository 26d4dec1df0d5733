# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Run the example on a real dump; its output must match the facts of that boot.

run_example.py EXAMPLE DUMP-FOLDER
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path


def expected(facts):
    """The regions that the firmware wrote into the image, as the example prints them."""
    return {(int(phys, 16), f'{name}{number}', size, 'ok')
            for name, number, phys, size, *invalid in facts['regions'] if not invalid}


def printed(lines):
    rows = [line.split() for line in lines]
    return {(int(phys, 16), name, int(size), state) for name, phys, size, state in rows}


def main():
    example, folder = sys.argv[1], Path(sys.argv[2])
    facts = json.loads((folder / 'facts.json').read_text())
    with tempfile.TemporaryDirectory() as scratch:
        core = Path(scratch) / 'vmcore'
        done = subprocess.run([example, folder / 'rawdump.img.zst', core], text=True,
                              stdout=subprocess.PIPE, check=True)
        lines = done.stdout.splitlines()
        assert f'release {facts["release"]}' == lines[-2], lines[-2]
        assert 'panic Kernel panic - not syncing: sysrq triggered crash' == lines[-1], lines[-1]
        missing = expected(facts) - printed(lines[:-2])
        assert not missing, missing
        data = core.read_bytes()
        assert data[:4] == b'\x7fELF' and facts['token'].encode() in data
        # The core exists now, so a second run must fail; without a dump, the example must fail too.
        for dump in (folder / 'rawdump.img.zst', Path(scratch) / 'nothing'):
            again = subprocess.run([example, dump, core], text=True, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, check=False)
            place = dump if dump.name == 'nothing' else core
            assert again.returncode == 1 and str(place) in again.stderr, again
        assert core.read_bytes() == data
    print(f'{len(lines) - 2} regions')


main()
