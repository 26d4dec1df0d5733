# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""No file names a path of the machine that it was written on, or a package host."""
import re

import kit

# Folders of one machine.  Tests and scripts may use /tmp.
MACHINE = re.compile(r'(?<![\w.$}/-])/(?:work|root|home)(?:/|\b)(?!directory)')
TMP = re.compile(r'(?<![\w.$}/-])/tmp/\w')
HOSTS = re.compile(r'\b(?:(?:deb|security|snapshot|ftp)\.debian\.org|archive\.ubuntu\.com|pypi\.org'
                   r'|files\.pythonhosted\.org|crates\.io|registry\.\w+\.\w+|npmjs\.(?:org|com)'
                   r'|proxy\.golang\.org|(?:docker|ghcr|quay)\.io|[\w-]*(?:artifactory|nexus)[\w-]*\.\w+)\b')

DATA = {'.zst', '.json', '.bin', '.img'}
SELF = 'tests/laws/places.py'
# What --redact=user-data looks for: paths of users.
USERS = ('libkmd/target/user_data.c', 'libkmd/target/user_data.h', 'man/kmd-assemble.scd',
         'tests/unit/test_user_data.c')


def against(where, line):
    if MACHINE.search(line) and where not in USERS:
        return 'a path of one machine'
    if TMP.search(line) and not where.startswith(('tests/', 'scripts/', 'bench/', '.ci/')):
        return 'a path under /tmp'
    if HOSTS.search(line):
        return 'a package host'
    return None


def main():
    top, problems, checked = kit.root(), [], 0
    for path in kit.tracked(top):
        where = kit.name(path, top)
        if path.suffix in DATA or where == SELF or where.startswith('tests/fixtures/real/'):
            continue
        checked += 1
        for number, line in enumerate(path.read_text(errors='replace').splitlines(), 1):
            what = against(where, line)
            if what:
                problems.append(f'{where}:{number}: {what}: {line.strip()[:80]}')
    kit.conclude(problems, checked)


main()
