# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Each region of a dump taken away alone: the report is shorter, never wrong.

REGIONS_AWAY.py KMD_REPORT FOLDER [OPTION]...

FOLDER is one of tests/fixtures/real, or a folder of region files; OPTIONS are those of kmd-report.
KMD_REGIONS=N takes a sample of N regions, chosen by KMD_SEED; 0 takes all, 60 is the default.
"""
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys

import kit
import shorter

SAMPLE = 60


def report(tool, folder, *options):
    done = subprocess.run([tool, '--json', *options, folder], capture_output=True, check=False)
    return json.loads(done.stdout) if done.returncode in (0, 3) else done.returncode


def folder_of(name, where):
    """A copy whose files can be moved away."""
    if any(pathlib.Path(name).glob('md_*')):
        return pathlib.Path(shutil.copytree(name, where / 'md'))
    return next(pathlib.Path(kit.Dump(name).form('md.tar', where)).rglob('md_KELF*')).parent


def sample(files, count):
    count = int(os.environ.get('KMD_REGIONS', count))
    seed = int(os.environ.get('KMD_SEED', '1'))
    if not count or count >= len(files):
        return files
    print(f'KMD_SEED={seed}')
    return sorted(random.Random(seed).sample(files, count))


def check(tool, folder, where, *options, count=SAMPLE):
    want, refused, wrong = report(tool, folder, *options), 0, []
    kit.check(isinstance(want, dict), f'kmd-report of the whole dump exited {want}')
    files = sample(sorted(path for path in folder.iterdir() if path.is_file()), count)
    for path in files:
        away = path.rename(where / 'away')
        got = report(tool, folder, *options)
        away.rename(path)
        if isinstance(got, dict):
            wrong += [f'{path.name}: {problem}' for problem in shorter.compare(got, want)]
        else:
            kit.same(got, 1, f'exit code without {path.name}')
            refused += 1
    kit.check(not wrong, f'{len(wrong)} wrong answers:\n' + '\n'.join(wrong[:12]))
    kit.check(refused <= len(files) // 4, f'{refused} of {len(files)} dumps were refused')
    print(f'{len(files)} regions taken away, one at a time: {refused} dumps refused, 0 wrong answers; '
          f'{len(want["tasks"])} tasks, {len(want["cpus"])} CPUs, {len(want["modules"])} modules')


def main():
    tool, name, *options = sys.argv[1:]
    with kit.scratch() as where:
        check(pathlib.Path(tool).resolve(), folder_of(name, where), where, *options)


if __name__ == '__main__':
    main()
