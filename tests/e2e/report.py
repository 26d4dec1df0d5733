# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""kmd-report on a real dump, without a vmlinux: text and JSON, from each form of the dump.

REPORT.py KMD_REPORT FOLDER
"""
import json
import subprocess
import sys
import tempfile

import kit


def report(tool, *arguments):
    done = subprocess.run([tool, *map(str, arguments)], capture_output=True, check=False)
    kit.check(done.returncode in (0, 3),
              f'kmd-report {arguments} exited {done.returncode}: {done.stderr.decode()}')
    return done.stdout.decode()


def check_json(dump, found):
    kit.same(found['kernel']['release'], dump.facts['release'], 'release')
    kit.check('sysrq triggered crash' in found['reason']['text'], 'reason: ' + repr(found['reason']))
    kit.same(found['signature']['source'], 'log', 'source of the signature')
    kit.check('write_sysrq_trigger' in found['signature']['frames'], found['signature'])
    kit.check(any('Kernel panic' in record['text'] for record in found['log']), 'the log')


def main():
    tool, folder = sys.argv[1:]
    dump = kit.Dump(folder)
    with tempfile.TemporaryDirectory() as where:
        image = dump.form('rawdump.img', where)
        found = json.loads(report(tool, '--json', image))
        check_json(dump, found)
        text = report(tool, image)
        for part in (f'kernel      {dump.facts["release"]}', found['reason']['text'],
                     found['signature']['key']):
            kit.check(part in text, f'{part!r} is not in the text')
        packed = json.loads(report(tool, '--json', dump.folder / 'rawdump.img.zst'))
        for name in ('input', 'form', 'tasks_incomplete'):  # These name the file.
            packed.pop(name, None), found.pop(name, None)
        kit.check(packed == found, 'the packed image gives another report')
        done = subprocess.run([tool, kit.ROOT / 'README.md'], capture_output=True, check=False)
        kit.same(done.returncode, 1, 'exit code for a file that is no dump')
        done = subprocess.run([tool, '--json', kit.ROOT / 'README.md'], capture_output=True,
                              check=False)
        kit.same(done.returncode, 1, 'exit code for a file that is no dump')
        kit.check('not a kernel minidump' in json.loads(done.stdout)['error'], done.stdout)
        kit.validate_json(json.loads(done.stdout))
        kit.validate_json(json.loads(report(tool, '--json', image)))


main()
