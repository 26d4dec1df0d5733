# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The page of kmd-report --html in headless Chromium: no request, no complaint, filters, narrow and wide.

HTML_BROWSER.py KMD_REPORT FOLDER [PICTURES]

With PICTURES, a folder, screenshots are kept there.
"""
import json
import pathlib
import struct
import subprocess
import sys
import time

import browser
import kit
import page

SHOWN = 'document.querySelectorAll("#%s-list %s:not([hidden])").length'
WIDE, NARROW = (1400, 1000), (390, 844)


def report(tool, *arguments):
    return kit.run([tool, *arguments])


def check_quiet(tab, path):
    kit.same(tab.requests, [path.resolve().as_uri()], 'requests')
    kit.same(tab.complaints, [], 'complaints of the browser')


def check_looks(tab, path, pictures):
    for width, height in WIDE, NARROW:
        for dark in False, True:
            tab.look(width, height, dark)
            tab.open(path)
            check_quiet(tab, path)
            kit.same(tab.ask('document.documentElement.scrollWidth'), width, 'width of the page')
            if pictures:
                tab.picture(pictures / f'{path.stem}-{width}-{"dark" if dark else "light"}.png')
        colours = {dark: (tab.look(width, height, dark), tab.ask('getComputedStyle(document.body).backgroundColor'))[1]
                   for dark in (False, True)}
        kit.check(colours[False] != colours[True], f'light and dark are equal: {colours}')


def until(tab, expression, wanted):
    end = time.monotonic() + 20
    while tab.ask(expression) != wanted and time.monotonic() < end:
        time.sleep(0.05)
    kit.same(tab.ask(expression), wanted, expression)


def check_filters(tab, path, facts):
    texts = [record['text'].lower() for record in facts['log']]
    panics = sum('panic' in text for text in texts)
    bad = sum('panic' in text and record['level'] <= 3 for text, record in zip(texts, facts['log']))
    kit.check(0 < panics < len(texts), 'the log has nothing to search for')
    rows = SHOWN % ('log', 'li')
    tab.open(path)
    kit.same(tab.ask(rows), len(texts), 'records')
    tab.ask('const box = document.querySelector("[name=log]"); box.value = "Panic";'
            'box.dispatchEvent(new Event("input", {bubbles: true})); 0')
    until(tab, rows, panics)
    until(tab, 'document.querySelector("form[data-list=log] output").textContent', f'{panics} of {len(texts)}')
    tab.open(path, '#log=panic&level=3')
    until(tab, rows, bad)
    tab.open(path, '#regions=prb_data')
    until(tab, SHOWN % ('regions', 'tbody tr'), 1)
    check_quiet(tab, pathlib.Path(str(path)))


def check_without_scripts(tab, path, facts):
    tab.open(path, scripts=False)
    text = tab.ask('document.body.innerText')
    for part in facts['reason']['text'], facts['signature']['key'], facts['log'][-1]['text']:
        kit.check(part in text, f'without scripts: {part!r} is not shown')
    kit.same(tab.ask('[...document.forms].filter(f => f.offsetParent).length'), 0, 'filters without scripts')


# Seconds, on a slow machine that does other work: an element for each record took 24 on an idle one.
LONG, LONGEST = 163000, 12


def check_long(tab, tool, where, pictures):
    """A log with very many records: the page opens soon, and search and levels find them all."""
    lines = [f'<{number % 8}>[{number / 100:12.6f}] a line, n{number}' for number in range(LONG)]
    lines[LONG // 2] = f'<0>[{LONG / 200:12.6f}] Kernel panic - not syncing: <b>lost</b>'
    text = '\n'.join(lines).encode() + b'\n'
    image, out = where / 'long.img', where / 'long.html'
    image.write_bytes(b'DBGC' + struct.pack('<II', 0, len(text)) + text)
    subprocess.run([tool, '--html', out, image], capture_output=True, check=False)
    tab.look(*WIDE)
    began = time.monotonic()
    tab.open(out)
    seconds = time.monotonic() - began
    print(f'a log of {LONG} records: {out.stat().st_size >> 20} MiB, opened in {seconds:.1f} s')
    kit.check(seconds < LONGEST, f'a log of {LONG} records takes {seconds:.1f} s to open')
    check_quiet(tab, out)
    kit.same(tab.ask('document.getElementById("log-reason").textContent.includes("<b>lost</b>")'), True, 'the reason')
    until(tab, SHOWN % ('log', '.part li') + ' > 100', True)
    kit.check(tab.ask('document.querySelectorAll("*").length') < 20000, 'an element for each record')
    if pictures:
        tab.picture(pictures / 'long-1400.png')
    tab.ask('const box = document.querySelector("[name=log]"); box.value = "N1629";'
            'box.dispatchEvent(new Event("input", {bubbles: true})); 0')
    found = sum('n1629' in line for line in lines)
    counted = 'document.querySelector("form[data-list=log] output").textContent'
    until(tab, counted, f'{found} of {LONG}')
    until(tab, SHOWN % ('log', '.part li'), found)
    tab.open(out, '#level=3')
    until(tab, counted, f'{sum(line[1] <= "3" for line in lines)} of {LONG}')
    tab.open(out, '#log=lost&level=0')
    until(tab, SHOWN % ('log', 'li:not(.part)'), 1)
    kit.same(tab.ask('document.querySelectorAll("#log-list b").length'), 0, 'elements made of a record')
    check_quiet(tab, pathlib.Path(str(out)))


def check_hostile(tab, tool, image, where):
    out = where / 'hostile.html'
    subprocess.run([tool, '--html', out, page.hostile(image, where / 'hostile.img')], capture_output=True, check=False)
    tab.open(out)
    check_quiet(tab, out)
    kit.same(tab.ask('document.scripts.length'), 1, 'scripts')
    kit.same(tab.ask('document.querySelectorAll("u, img").length'), 0, 'elements made of names')
    kit.same(tab.ask('document.querySelector("h1").textContent'), page.SHOWN[0], 'the reason')


def main():
    tool, folder, *pictures = sys.argv[1:]
    pictures = pathlib.Path(pictures[0]) if pictures else None
    dump = kit.Dump(folder)
    with kit.scratch() as where, browser.Browser() as tab:
        image = dump.form('rawdump.img', where)
        out = where / f'{dump.name}.html'
        report(tool, '--html', out, image)
        facts = json.loads(report(tool, '--json', image))
        check_looks(tab, out, pictures)
        check_filters(tab, out, facts)
        check_without_scripts(tab, out, facts)
        check_hostile(tab, tool, image, where)
        check_long(tab, tool, where, pictures)


main()
