# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""kmd-report --diff on real dumps: a dump with itself, with a changed copy, and with another kernel's.

DIFF.py KMD_REPORT FOLDER OTHER-FOLDER [vmlinux]

With the word vmlinux the debug vmlinux of FOLDER is used, which its variables need.
"""
import json
import pathlib
import random
import subprocess
import sys

import kit

PANIC = b'sysrq triggered crash'
OTHER = b'something else failed'


def diff(tool, *arguments):
    done = subprocess.run([tool, '--diff', *map(str, arguments)], capture_output=True, check=False)
    kit.same((done.returncode, done.stderr), (0, b''), f'kmd-report --diff {arguments}')
    return done.stdout.decode()


def as_json(tool, *arguments):
    document = json.loads(diff(tool, '--json', *arguments))
    kit.validate_json(document)
    return document


def changed(folder, name, change, where):
    """A copy of a folder of region files, with one file changed."""
    copy = where / 'copy'
    kit.run(['cp', '-r', '--', folder, copy])
    found = list(copy.glob(name))
    kit.same(len(found), 1, f'files {name}')
    found[0].write_bytes(change(found[0].read_bytes()))
    return copy


def check_same(tool, folder, *options):
    found = as_json(tool, folder, folder, *options)
    for name in 'facts', 'regions', 'modules', 'tasks', 'variables':
        kit.same(found[name], [], f'{name} of a dump and itself')
    text = diff(tool, folder, folder, *options)
    kit.check('Regions, by name without final digits: no difference' in text, text)
    return found


def check_reason(tool, folder, where):
    other = changed(folder, 'md_Kprb_data*', lambda data: data.replace(PANIC, OTHER), where)
    found = as_json(tool, folder, other)
    kit.same([(f['name'], OTHER.decode() in f['b']) for f in found['facts']], [('reason', True)], 'facts')
    kit.check(OTHER.decode() in diff(tool, folder, other), 'the text has no new reason')


def check_variables(tool, folder, vmlinux, where):
    compared = check_same(tool, folder, '-x', vmlinux)['variables_compared']
    kit.check(compared > 0, 'no variable was compared')
    other = changed(folder, 'md_Knr_irqs*', lambda data: bytes([data[0] ^ 1]) + data[1:], where)
    found = as_json(tool, folder, other, '-x', vmlinux)
    kit.same([(v['name'], v['kind']) for v in found['variables']], [('nr_irqs', 'signed')], 'variables')
    kit.same(int(found['variables'][0]['a']) ^ 1, int(found['variables'][0]['b']), 'the value')


def check_kernels(tool, folder, other, *options):
    found = as_json(tool, folder, other, *options)
    kit.check({'kernel', 'build-id'} <= {fact['name'] for fact in found['facts']}, found['facts'])
    kit.same('vmlinux' in found['b']['missing'], bool(options), 'the vmlinux of another kernel')


def check_damaged(tool, image, where):
    """A dump and copies that are cut, or have other bytes: an answer or an error, never a crash."""
    whole, chosen = image.read_bytes(), random.Random(14)
    for number in range(12):
        data = bytearray(whole[:chosen.randrange(len(whole))] if number % 2 else whole)
        for _ in range(chosen.choice([1, 100, 10000])):
            data[chosen.randrange(len(data))] = chosen.randrange(256)
        copy = where / 'damaged.img'
        copy.write_bytes(data)
        for pair in (image, copy), (copy, image), (copy, copy):
            done = subprocess.run([tool, '--diff', '--json', *pair], capture_output=True, check=False)
            kit.check(done.returncode in (0, 1, 3), f'round {number}: exit code {done.returncode}: {done.stderr.decode()}')
            kit.validate_json(json.loads(done.stdout))


def main():
    tool, name, other, *options = sys.argv[1:]
    dump, other = kit.Dump(name), kit.Dump(other)
    with kit.scratch() as where:
        folder = dump.form('md.tar', where)
        folder = next(pathlib.Path(folder).rglob('md_KELF*')).parent
        image = other.form('rawdump.img', where)
        if options:
            vmlinux = kit.debug_vmlinux(dump)
            check_variables(tool, folder, vmlinux, where)
            check_kernels(tool, folder, image, '-x', vmlinux)
        else:
            check_same(tool, folder)
            check_reason(tool, folder, where)
            check_kernels(tool, folder, image)
            check_damaged(tool, image, where)
            done = subprocess.run([tool, '--diff', image], capture_output=True, check=False)
            kit.same(done.returncode, 64, 'exit code for one input')
            done = subprocess.run([tool, '--diff', '--json', image, kit.ROOT / 'README.md'], capture_output=True,
                                  check=False)
            kit.same(done.returncode, 1, 'exit code for an input that is no dump')
            kit.validate_json(json.loads(done.stdout))


main()
