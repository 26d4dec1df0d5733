#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""kmd-assemble --json: the same facts as the texts, valid by docs/json-schema.json."""
import json
import subprocess

import kit


def document(program, *arguments, expect=0):
    done = subprocess.run([program, '--json', *arguments], capture_output=True, check=False)
    kit.same(done.returncode, expect, f'{arguments}: exit code: {done.stderr.decode()}')
    found = json.loads(done.stdout)
    kit.validate_json(found)
    return found


def check_regions(program, image, found):
    """Each row of the table, column by column."""
    rows = kit.run([program, image, '--list']).decode().splitlines()[1:]
    kit.same(len(found['regions']), len(rows), 'regions')
    for row, region in zip(rows, found['regions']):
        state, phys, virt, size, captured, origins, name = row.split(None, 6)
        kit.same(region['state'], state, 'state')
        kit.same(int(region.get('phys', '0'), 16), int(phys.replace('-', '0'), 16), 'phys')
        kit.same(int(region.get('virt', '0'), 16), int(virt.replace('-', '0'), 16), 'virt')
        kit.same((region['size'], region['captured']), (int(size), int(captured)), 'sizes')
        kit.same((','.join(region['from']), region['name'] or '-'), (origins, name), 'name')


def check_log(program, image, found):
    lines = kit.run([program, image, '--dmesg']).decode(errors='replace').splitlines()
    texts = [line for record in found['log'] for line in record['text'].split('\n')]
    kit.same(len(texts), len(lines), 'lines of the log')
    for line, text in zip(lines, texts):
        kit.check(text[:20] in line, f'{text!r} is not in {line!r}')


def main():
    program, dumps = kit.arguments()
    for dump in dumps:
        with kit.scratch() as where:
            image = dump.form('rawdump.img', where)
            core = where / 'core'
            kit.check('log' not in document(program, image), 'a log without --dmesg')
            found = document(program, image, '--dmesg', '-o', core)
            kit.same(found['kernel']['release'], dump.facts['release'], 'release')
            kit.check('sysrq triggered crash' in found['reason']['text'], found['reason'])
            check_regions(program, image, found)
            check_log(program, image, found)
            kit.check(core.exists() and found['core'] == str(core), 'the core')
            again = document(program, image, '--check')
            kit.check(again['readiness'] and any('gdb' in line for line in again['next']),
                      again['next'])
            bad = where / 'bad'
            bad.write_bytes(b'MDMP' + bytes(4096))
            error = document(program, bad, expect=1)
            kit.check('Breakpad' in error['error'] and 'regions' not in error, error)
            print(f'{dump.name}: JSON of {len(found["regions"])} regions, {len(found["log"])} lines')


if __name__ == '__main__':
    main()
