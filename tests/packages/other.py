# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""other.py TREE - Fedora's spec and Arch's PKGBUILD are read by their tools, and damaged ones are refused."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TREE = pathlib.Path(sys.argv[1])
SPEC, PKGBUILD = TREE / 'packaging/kmemdump.spec', TREE / 'packaging/PKGBUILD'
checked, absent = [], []


def run(*command):
    done = subprocess.run(command, text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def spec_reads(path):
    """Nothing but sections and what packages of Fedora define may be left with a '%'."""
    code, out = run('rpmspec', '-P', '--define', f'_sourcedir {TREE}', '--load', TREE / 'packaging/fedora.macros', path)
    sections = '|'.join('package description prep build check install post preun files changelog license doc'.split())
    left = re.findall(rf'^.*%(?!(?:{sections})\b).*$', out, re.M)
    return code == 0 and not left, out if code else '\n'.join(left)


def spec_lint(path):
    code, out = run('rpmlint', '--strict', '-c', TREE / 'packaging/rpmlint.toml', path)
    return code == 0, out


def bash_reads(path):
    code, out = run('bash', '-n', path)
    return code == 0, out


def shellcheck(path):
    # The variables are makepkg's.
    code, out = run('shellcheck', '--shell=bash', '--exclude=SC2034,SC2154', path)
    return code == 0, out


def makepkg_needs(path):
    """What makepkg wants of a PKGBUILD; each package has its function."""
    wanted = 'for name in "${pkgname[@]}"; do declare -F "package_$name" >/dev/null || echo "no package_$name"; done;' \
        'for name in build check; do declare -F $name >/dev/null || echo "no $name()"; done;' \
        '[[ $pkgver =~ ^[0-9][0-9.]*$ && $pkgrel =~ ^[0-9]+$ ]] || echo "pkgver or pkgrel";' \
        '[ ${#source[@]} -eq ${#sha256sums[@]} ] || echo "sources and sums";' \
        'for name in pkgdesc arch license; do [ -n "${!name}" ] || echo "no $name"; done'
    code, out = run('bash', '-euc', f'. "$1"; {wanted}', 'bash', path)
    return code == 0 and not out, out


def namcap(path):
    code, out = run('namcap', path)
    return code == 0 and not out, out


def check(tool, reads, path, old, new):
    """The file is good, and is not with the damage."""
    if not shutil.which(tool):
        absent.append(tool)
        return
    good, out = reads(path)
    if not good:
        sys.exit(f'{reads.__name__} of {path.name}:\n{out}')
    text = path.read_text()
    assert old in text, f'{path.name} has no {old!r}'
    with tempfile.TemporaryDirectory() as scratch:
        damaged = pathlib.Path(scratch) / path.name
        damaged.write_text(text.replace(old, new, 1))
        assert not reads(damaged)[0], f'{reads.__name__} takes a damaged {path.name}: {new!r}'
    checked.append(reads.__name__)


check('rpmspec', spec_reads, SPEC, '%package mkimage', '%packagge mkimage')
check('rpmspec', spec_reads, SPEC, '%{_libdir}', '%{_libdirr}')
check('rpmlint', spec_lint, SPEC, 'License:  ', 'Licence:  ')
check('bash', bash_reads, PKGBUILD, 'build() {', 'build() {{ (')
check('bash', makepkg_needs, PKGBUILD, 'package_kmemdump()', 'package_kmemdum()')
check('shellcheck', shellcheck, PKGBUILD, '"$pkgdir/usr/src"', '$pkgdir/usr/src')
check('namcap', namcap, PKGBUILD, 'pkgrel=1', 'pkgrel=')
print(f'good: {", ".join(checked)}' + (f'; not here: {", ".join(sorted(set(absent)))}' if absent else ''))
sys.exit(0 if checked else 77)
