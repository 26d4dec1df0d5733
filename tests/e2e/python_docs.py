#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""python_docs.py PYTHON_MD DUMPS - the examples of docs/python.md run, and answer rightly."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

examples = re.findall(r'```python\n(.*?)```', pathlib.Path(sys.argv[1]).read_text(), re.S)
first, triage = [text for text in examples if 'kmd.drgn' not in text]  # debuggers.py tests drgn
real = pathlib.Path(sys.argv[2]) / 'x86_64-6.1-log' / 'rawdump.img.zst'
with tempfile.TemporaryDirectory() as name:
    where = pathlib.Path(name)
    (where / 'minidump.bin').symlink_to(real)
    out = subprocess.run([sys.executable, '-c', first], cwd=where, check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    assert 'Kernel panic - not syncing: sysrq triggered crash' in out
    assert (where / 'vmcore').stat().st_size > 100000
    (where / 'dumps').mkdir()
    for twin in 'ab':
        (where / 'dumps' / twin).symlink_to(real)
    (where / 'dumps' / 'bad').write_bytes(b'nothing')
    out = subprocess.run([sys.executable, '-c', triage, 'dumps', 'db'], cwd=where, check=True,
                         text=True, stdout=subprocess.PIPE).stdout.splitlines()
    assert re.match(r'2\t2-panic-[0-9a-f]{16}\tKernel panic', out[0]), out
    assert out[1].startswith('1\tno signature\t'), out
    assert os.path.exists(where / 'db')
