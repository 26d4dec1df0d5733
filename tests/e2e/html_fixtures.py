# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The page and the difference of every fixture: well-formed, whatever is wrong with the dump.

HTML_FIXTURES.py MKDUMP KMD_REPORT FOLDER
"""
import os
import pathlib
import subprocess
import sys

import kit
import page


# mkdump never frees its memory.
NO_LEAKS = dict(os.environ, ASAN_OPTIONS='detect_leaks=0')


def run(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, check=False, **options)


def main():
    mkdump, tool, folder = sys.argv[1:]
    recipes = sorted(pathlib.Path(folder).glob('*.recipe'))
    pages = 0
    with kit.scratch() as where:
        for recipe in recipes:
            dump = where / recipe.stem
            kit.same(run(mkdump, recipe, dump, env=NO_LEAKS).returncode, 0, f'mkdump {recipe}')
            done = run(tool, '--html=-', dump)
            kit.check(done.returncode in (0, 1, 3), f'{recipe.stem}: exit code {done.returncode}: {done.stderr}')
            kit.same(bool(done.stdout), done.returncode != 1, f'{recipe.stem}: whether there is a page')
            if done.returncode == 1:
                continue
            pages += 1
            page.Page(done.stdout.decode())
            done = run(tool, '--diff', dump, dump)
            kit.check(done.returncode in (0, 3), f'{recipe.stem}: --diff exited {done.returncode}: {done.stderr}')
            kit.check(b'Regions, by name without final digits: no difference' in done.stdout, recipe.stem)
    kit.check(pages > 100, f'only {pages} of {len(recipes)} fixtures have a page')


main()
