# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Every file that has the version has that of meson.build; scripts/release sets them all.

versions.py TREE
"""
import re

import kit

# File, and the expression whose group is the version.
PLACES = [
    ('include/kmemdump/kmd.h', r'^#define KMD_VERSION +"(.*)"'),
    ('tools/kmd-collect/__main__.py', r"^VERSION = '(.*)'"),
    ('shim/dkms.conf', r'^PACKAGE_VERSION="(.*)"'),
    ('shim/Makefile', r'/usr/src/kmemdump-([\d.]*\d)'),
    ('shim/README.md', r'dkms install kmemdump/([\d.]*\d)'),
    ('shim/main.c', r'^MODULE_VERSION\("(.*)"\)'),
    ('shim/qcom.c', r'^MODULE_VERSION\("(.*)"\)'),
    ('shim/reserved.c', r'^MODULE_VERSION\("(.*)"\)'),
    ('packaging/kmemdump.spec', r'^Version: +(\S+)'),
    ('packaging/PKGBUILD', r'^pkgver=(\S+)'),
    ('debian/changelog', r'\A\S+ \(([^-)]*)[-)]'),
    ('examples/fleet/kubernetes.yaml', r'image: \S+/kmd-tools:(\S+)'),
]


def found_in(top, name, expression):
    return re.findall(expression, (top / name).read_text(), re.M)


def main():
    top = kit.root()
    version = found_in(top, 'meson.build', r"^    version: '(.*)',")[0]
    problems = [f'{name}: {found or "no version"}, and meson.build has {version}'
                for name, expression in PLACES
                if set(found := found_in(top, name, expression)) != {version}]
    number = '0x{:02x}{:02x}{:02x}'.format(*map(int, version.split('.')))
    if found_in(top, 'include/kmemdump/kmd.h', r'^#define KMD_VERSION_NUMBER +(\S+)') != [number]:
        problems.append(f'kmd.h: KMD_VERSION_NUMBER is not {number}')
    # After a release, the next one comes before it.
    news = found_in(top, 'NEWS.md', r'^## ([\d.]+) \((?:unreleased|\d{4}-\d\d-\d\d)\)$')
    if version not in news[:2]:
        problems.append(f'NEWS.md: {version} is not one of the first two sections')
    kit.conclude(problems, len(PLACES) + 2)


main()
