# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Dumps without data that the assembler must find elsewhere."""
import difflib
import re
import shutil
import subprocess

import elfcore
import kernels
import kit
import registers
from checks import ask_drgn


def assemble(taken, image, *options):
    """(exit code, output, core) of kmd-assemble."""
    core = image.with_suffix('.core')
    core.unlink(missing_ok=True)
    done = subprocess.run([taken.program, *options, '-v', '-o', core, image], capture_output=True,
                          check=False)
    output = (done.stdout + done.stderr).decode(errors='replace')
    print(output)
    return done.returncode, output, core


def vmcoreinfo_of(core):
    desc, = (note.desc for note in elfcore.notes(core.read_bytes())
             if note.name.startswith(b'VMCOREINFO'))
    return desc.rstrip(b'\0').decode()


def check_text(got, want):
    """The generated text equals that of the kernel, except for the time of the crash.

    Only level full captures sme_me_mask.  A missing NUMBER(sme_mask) means the same as a
    mask of 0: memory is not encrypted.
    """
    optional = ['CRASHTIME='] + ([] if 'NUMBER(sme_mask)' in got else ['NUMBER(sme_mask)=0'])
    lines = [line for line in want.splitlines() if not line.startswith(tuple(optional))]
    diff = list(difflib.unified_diff(lines, got.splitlines(), 'the kernel', 'generated', 'here',
                                     'here', 0, ''))
    kit.check(not diff, 'the generated VMCOREINFO differs:\n' + '\n'.join(diff))


def check_vmcoreinfo(rig, taken, names):
    """Without VMCOREINFO, that from vmlinux equals the kernel's, and drgn gives the same answers."""
    image = taken.without('no-vmcoreinfo', 'Kvmcoreinfo')
    kit.check(b'OSRELEASE=' + taken.info.text[10:30].encode() not in image.read_bytes(),
              'the text has a second copy in the dump, so the test is void')
    code, output, core = assemble(taken, image, '-x', rig.kernel.file('vmlinux'))
    kit.check(code in (0, 3), f'kmd-assemble exited {code}')
    kit.check('generated' in output, 'the report does not show that VMCOREINFO is generated')
    check_text(vmcoreinfo_of(core), taken.info.text)
    kit.check(int(re.search(r' kaslr 0x([0-9a-f]+) \(from', output).group(1), 16) ==
              taken.info.kaslr_offset(), 'the KASLR offset is wrong')
    ask_drgn(rig, taken, core, taken.truth(), names, '-x', rig.kernel.file('vmlinux'))


def check_registers(rig, taken):
    """Without registers, the core has none.  With --registers, the core has those of the file."""
    image = taken.without('no-registers', 'Kprstatus', 'Kcrash_n')
    vmlinux = rig.kernel.file('vmlinux')
    code, output, core = assemble(taken, image)
    kit.check(code in (0, 3) and 'no CPU registers' in output, 'the core has registers of unknown origin')
    kit.check(not [n for n in elfcore.notes(core.read_bytes()) if n.type == 1], 'an NT_PRSTATUS')
    code, output, core = assemble(taken, image, '--registers', taken.registers, '-x', vmlinux)
    kit.check(code in (0, 3) and 'CPUs 0-1' in output, 'registers were not taken from the file')
    at = registers.places(rig.kernel.arch)[0]
    pids = [int.from_bytes(n.desc[at:at + 4], 'little') for n in elfcore.notes(core.read_bytes())
            if n.type == 1]
    kit.same(pids, [1, 2], 'pr_pid')


def check_wrong_vmlinux(rig, taken):
    """With a vmlinux of another kernel, or with another build-id: exit 2, no core."""
    # Of the same machine if there is one, and rather one that scripts/check has anyway.
    others = sorted((row for row in kernels.rows() if row[0] != rig.kernel.name),
                    key=lambda row: (row[2] != rig.kernel.arch, 'by-hand' in row))
    other = kernels.Kernel(*others[0][:4]).file('vmlinux')
    for image in (taken.without('whole', 'Kpgtable'), taken.without('no-vmcoreinfo', 'Kvmcoreinfo')):
        code, output, core = assemble(taken, image, '-x', other)
        kit.check(code == 2 and not core.exists(), f'a foreign vmlinux: exit {code}')
        code, output, core = assemble(taken, image, '-x', neighbour(rig, taken))
        kit.check(code == 2 and not core.exists(), f'a neighbouring vmlinux: exit {code}')


def neighbour(rig, taken):
    """The vmlinux of a rebuild: one bit of its build-id differs."""
    path = taken.folder / 'neighbour'
    if path.exists():
        return path
    shutil.copyfile(rig.kernel.file('vmlinux'), path)
    build_id = bytes.fromhex(re.search(r'^BUILD-ID=(\w+)$', taken.info.text, re.M).group(1))
    with open(path, 'r+b') as file:
        data = file.read()
        at = data.find(build_id)
        kit.check(at >= 0, 'the build-id is not in the vmlinux')
        while at >= 0:
            file.seek(at)
            file.write(bytes([build_id[0] ^ 1]))
            at = data.find(build_id, at + 1)
    return path
