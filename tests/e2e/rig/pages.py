# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""kmd-report --diff and --html on the dump of a kernel whose tasks and variables are all captured."""
import json
import shutil
import subprocess

import browser
import kit
import page
import reports

# The name of a task, and what takes its place in the dump.
NAME, HOSTILE, SHOWN = b'kthreadd\0', b'<u>"\'\xff]>\0', '<u>"\'\\xff]>'


def run(taken, *arguments):
    program = taken.program.parent.parent / 'kmd-report' / 'kmd-report'
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, check=False)
    kit.check(done.returncode in (0, 3), f'kmd-report {arguments} exited {done.returncode}:\n' +
              done.stderr.decode(errors='replace'))
    return done.stdout


def check_diff(rig, taken, truth):
    """The dump and all of RAM are of one moment: nothing of the kernel may differ."""
    found = json.loads(run(taken, '--diff', '--json', '-x', rig.kernel.file('vmlinux'),
                           taken.folder / 'rawdump.img', truth))
    kit.validate_json(found)
    for name in 'modules', 'tasks', 'variables':
        kit.check(not found[name] and name not in found['a']['missing'],
                  f'{name} differ from all of RAM: {found[name][:5]} {found["a"]["missing"]}')
    other = {fact['name'] for fact in found['facts']}
    kit.check(other <= {'form'}, f'facts differ from all of RAM: {found["facts"]}')
    kit.check(found['variables_compared'] > 500, f'only {found["variables_compared"]} variables')
    print(f'{found["variables_compared"]} variables as in all of RAM')


def check_filters(tab, path, tasks):
    rows = 'document.querySelectorAll("#tasks-list details.task:not([hidden])").length'
    tab.open(path)
    kit.same(tab.ask(rows), len(tasks), 'tasks of the page')
    for state in {task['state'] for task in tasks if 'state' in task}:
        tab.open(path, f'#state={state}')
        kit.same(tab.ask(rows), sum(task.get('state') == state for task in tasks), f'tasks in state {state}')
    tab.open(path, '#kind=user')
    kit.same(tab.ask(rows), sum(task.get('kernel_thread') is False for task in tasks), 'tasks of users')
    tab.open(path, '#tasks=%3Cu%3E&kind=kernel')
    # A kernel thread that is just being made still has the name of kthreadd, its parent.
    named = sum(task.get('comm') == NAME.rstrip(b'\0').decode() for task in tasks)
    kit.check(named >= 1, 'there is no task kthreadd')
    kit.same(tab.ask(rows), named, 'tasks of the hostile name')


def check_page(rig, taken):
    image, out = taken.folder / 'named.img', taken.folder / 'page.html'
    data = (taken.folder / 'rawdump.img').read_bytes()
    kit.check(NAME in data, 'there is no task kthreadd')
    image.write_bytes(data.replace(NAME, HOSTILE))
    options = ('-x', rig.kernel.file('vmlinux'))
    run(taken, '-f', '--html', out, *options, image)
    found = page.Page(out.read_text())
    kit.check(SHOWN in found.text, 'the hostile name is not on the page')
    if not shutil.which('chromium'):
        print('no chromium: the page was not opened')
        return
    tasks = reports.report(taken, *options)['tasks']
    with browser.Browser() as tab:
        check_filters(tab, out, tasks)
        for width in 1400, 390:
            tab.look(width, 900)
            tab.open(out)
            kit.same(tab.ask('document.documentElement.scrollWidth'), width, 'width of the page')
        kit.same(tab.requests, [out.resolve().as_uri()], 'requests')
        kit.same(tab.complaints, [], 'complaints of the browser')
        kit.same(tab.ask('document.querySelectorAll("u").length'), 0, 'elements made of names')
