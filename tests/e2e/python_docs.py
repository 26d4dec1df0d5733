#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""python_docs.py PYTHON_MD DUMPS [VMLINUX] - the examples of docs/python.md run, and answer rightly."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

examples = re.findall(r'```python\n(.*?)```', pathlib.Path(sys.argv[1]).read_text(), re.S)
first, member, stack, triage = [text for text in examples if 'import kmd.drgn' not in text]  # debuggers.py tests drgn
real = pathlib.Path(sys.argv[2]) / 'x86_64-6.1-log' / 'rawdump.img.zst'
with tempfile.TemporaryDirectory() as name:
    where = pathlib.Path(name)
    (where / 'minidump.bin').symlink_to(real)
    out = subprocess.run([sys.executable, '-c', first], cwd=where, check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    assert 'Kernel panic - not syncing: sysrq triggered crash' in out
    assert (where / 'vmcore').stat().st_size > 100000
    out = subprocess.run([sys.executable, '-c', member, real], check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    assert re.search(r'^release 6\.1\.', out, re.M) and 'machine x86_64\n' in out, out
    vmlinux = sys.argv[3:]
    done = subprocess.run([sys.executable, '-c', stack, real, '1', *vmlinux], text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if vmlinux:
        assert re.match(r'1 \w+ \w 0x', done.stdout) and '0x' in done.stdout.splitlines()[1], done
    else:
        assert done.returncode == 1 and 'types of' in done.stderr, done
    (where / 'dumps').mkdir()
    for twin in 'ab':
        (where / 'dumps' / twin).symlink_to(real)
    (where / 'dumps' / 'bad').write_bytes(b'nothing')
    out = subprocess.run([sys.executable, '-c', triage, 'dumps', 'db'], cwd=where, check=True,
                         text=True, stdout=subprocess.PIPE).stdout.splitlines()
    assert re.match(r'2\t2-panic-[0-9a-f]{16}\tKernel panic', out[0]), out
    assert out[1].startswith('1\tno signature\t'), out
    assert os.path.exists(where / 'db')
