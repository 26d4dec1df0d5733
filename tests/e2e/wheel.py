#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""wheel.py SOURCE DUMP - the wheel that pip makes of the source works by itself, in a venv.

Needs pip, venv and meson-python; skipped without.  Nothing is downloaded.
"""
import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile

source, dump = map(pathlib.Path, sys.argv[1:])
SKIP = 77


def run(*command, **options):
    print('+', *command, flush=True)
    return subprocess.run([str(word) for word in command], check=True, **options)


def copy_source(where):
    """Builds happen beside the source; not in that of others, and not with their builds."""
    builds = [f'--exclude=./{path.parent.relative_to(source)}'
              for path in source.glob('*/meson-private')]
    where.mkdir()
    tar = subprocess.Popen(['tar', '-c', '-C', source, '--exclude=./.git', *builds, '.'],
                           stdout=subprocess.PIPE)
    run('tar', '-x', '-C', where, stdin=tar.stdout)
    assert tar.wait() == 0


def main(where):
    environment = {name: value for name, value in os.environ.items()
                   if name not in ('PYTHONPATH', 'LD_LIBRARY_PATH')}
    copy_source(where / 'source')
    run(sys.executable, '-m', 'pip', 'wheel', '--no-index', '--no-build-isolation', '--no-deps', '-w',
        where / 'wheels', where / 'source', env=environment)
    [wheel] = (where / 'wheels').iterdir()
    assert wheel.name.startswith('kmemdump-') and wheel.name.endswith('.whl'), wheel
    names = run(sys.executable, '-m', 'zipfile', '-l', wheel, stdout=subprocess.PIPE, text=True).stdout
    assert 'kmd/py.typed' in names and '/kmemdump/kmd.h' not in names, names
    # cffi's own part is the system's.
    run(sys.executable, '-m', 'venv', '--system-site-packages', where / 'venv')
    python = where / 'venv' / 'bin' / 'python'
    run(python, '-m', 'pip', 'install', '--no-index', '--no-deps', wheel, env=environment)
    report = run(python, '-m', 'kmd', dump, stdout=subprocess.PIPE, text=True, cwd=where,
                 env=environment).stdout
    assert 'signature 2-panic-' in report, report
    place = run(python, '-c', 'import kmd; print(kmd.__file__)', stdout=subprocess.PIPE, text=True,
                cwd=where, env=environment).stdout
    assert place.startswith(str(where)), place
    for tool in ('kmd-crash', 'kmd-drgn', 'kmd-gdb'):
        run(where / 'venv' / 'bin' / tool, '--version', env=environment)


if any(importlib.util.find_spec(name) is None for name in ('pip', 'venv', 'mesonpy', 'ensurepip')):
    print('pip, venv or meson-python is missing')
    sys.exit(SKIP)
with tempfile.TemporaryDirectory(dir='/var/tmp') as folder:
    main(pathlib.Path(folder))
