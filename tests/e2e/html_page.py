# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""kmd-report --html on a real dump: its content, hostile names, and how the file is written.

HTML_PAGE.py KMD_REPORT FOLDER
"""
import json
import os
import subprocess
import sys

import kit
import page


def report(tool, *arguments, expect=(0, 3)):
    done = subprocess.run([tool, *map(str, arguments)], capture_output=True, check=False)
    kit.check(done.returncode in expect, f'kmd-report {arguments} exited {done.returncode}: {done.stderr.decode()}')
    return done


def read(path):
    return page.Page(path.read_bytes().decode())


def check_content(found, facts):
    for record in facts['log']:
        kit.check(record['text'] in found.text, f'the page has no record {record["text"]!r}')
    for part in facts['kernel']['release'], facts['reason']['text'], facts['signature']['key']:
        kit.check(part in found.text, f'{part!r} is not in the page')
    for name in ('reason', 'cpus', 'tasks', 'log', 'memory', 'regions', 'tools', 'kernel', 'findings', 'log-reason'):
        kit.check(name in found.ids, f'the page has no part {name}')
    kit.check(found.counts.get('rect', 0) > 10, 'the drawing is empty')


def check_hostile(tool, image, where):
    out = where / 'hostile.html'
    report(tool, '--html', out, page.hostile(image, where / 'hostile.img'))
    found = read(out)
    for text in page.SHOWN:
        kit.check(text in found.text, f'{text!r} is not in the page')


def check_file(tool, image, where):
    out = where / 'out' / 'page.html'
    out.parent.mkdir()
    report(tool, '--html', out, image)
    kit.same(oct(out.stat().st_mode & 0o777), '0o600', 'mode of the page')
    first = out.read_bytes()
    kit.same(report(tool, '--html=-', image).stdout, first, 'the page on standard output')
    kit.check(b'--force' in report(tool, '--html', out, image, expect=[1]).stderr, 'an existing file')
    out.write_bytes(b'old')
    link = out.parent / 'link'
    link.symlink_to(out.name)
    report(tool, '-f', '--html', link, image)
    kit.same(out.read_bytes(), first, 'the page that replaced a file')
    kit.check(link.is_symlink(), 'the link was replaced')
    before = image.read_bytes()
    report(tool, '-f', '--html', image, image, expect=[1])
    kit.same(image.read_bytes() == before, True, 'the input is as it was')
    report(tool, '--html', where / 'none' / 'page.html', image, expect=[1])
    report(tool, '--html', '/dev/null', image)
    kit.same(report(tool, '--html', '/dev/full', image, expect=[1]).stdout, b'', 'output for a full device')
    report(tool, '--html=-', '--json', image, expect=[64])
    both = report(tool, '--json', '-f', '--html', out, image).stdout
    kit.same(json.loads(both)['schema'], 'kmd-report-1', 'JSON beside the page')
    kit.same(sorted(os.listdir(out.parent)), ['link', 'page.html'], 'files beside the page')


def main():
    tool, folder = sys.argv[1:]
    dump = kit.Dump(folder)
    with kit.scratch() as where:
        image = dump.form('rawdump.img', where)
        out = where / 'page.html'
        report(tool, '--html', out, image)
        check_content(read(out), json.loads(report(tool, '--json', image).stdout))
        check_hostile(tool, image, where)
        check_file(tool, image, where)


main()
