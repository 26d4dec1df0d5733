#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""drgn_place.py DUMP.zst - kmd.drgn.program with any version of drgn, without a vmlinux."""
import importlib.metadata
import re
import subprocess
import sys
import tempfile

try:
    import drgn
except ImportError:
    sys.exit(77)
import kmd
import kmd.drgn

version = tuple(map(int, re.findall(r'\d+', importlib.metadata.version('drgn'))[:3]))


def check(source, **options):
    with kmd.Dump(source, **options) as dump:
        prog = kmd.drgn.program(dump)
        assert prog.flags & drgn.ProgramFlags.IS_LINUX_KERNEL, prog.flags
        if version >= (0, 0, 30):
            # The argument was accepted; the text is what drgn itself knows of it.
            assert kmd.drgn._vmcoreinfo(dump) == dump.vmcoreinfo.encode()
            assert prog['VMCOREINFO'].string_().decode() == dump.vmcoreinfo, prog['VMCOREINFO']
        else:
            assert kmd.drgn._vmcoreinfo(dump) is None
        region = next(r for r in dump.regions if r.state == kmd.RegionState.OK
                      and r.phys is not None and r.captured >= 64)
        assert prog.read(region.phys, 64, True) == dump.read_phys(region.phys, 64)
        return dump.vmcoreinfo


text = check(sys.argv[1])
# The same dump without VMCOREINFO, and a file with it.
lacking = subprocess.run(['zstd', '-dcq', sys.argv[1]], check=True,
                         stdout=subprocess.PIPE).stdout.replace(b'OSRELEASE=', b'xxxxxxxxxx')
with kmd.Dump(lacking) as none:
    assert none.vmcoreinfo is None
with tempfile.NamedTemporaryFile('w') as file:
    file.write(text)
    file.flush()
    assert check(lacking, vmcoreinfo=file.name) == text
print('drgn', version)
