# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""release.py TREE LIBRARY - scripts/release, in a clone, with a key that is made for it."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TREE = pathlib.Path(sys.argv[1])


def run(*command, cwd, env, code=0):
    done = subprocess.run(command, text=True, check=False, cwd=cwd, env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode != code:
        print(f'{command}: exit code {done.returncode}, not {code}\n{done.stdout}')
        sys.exit(1)
    return done.stdout


def prepared(clone, head, library, env):
    """The same release with an entry of debian/changelog that was there before: it gets the day, and none is added."""
    run('git', 'tag', '-d', 'v9.8.7', cwd=clone, env=env)
    run('git', 'reset', '-q', '--hard', head, cwd=clone, env=env)
    shutil.rmtree(clone / 'out')
    changelog = clone / 'debian/changelog'
    old = changelog.read_text()
    changelog.write_text('kmemdump (9.8.7) unstable; urgency=medium\n\n  * Prepared.\n\n'
                         ' -- T <t@example.org>  Mon, 01 Jan 2001 00:00:00 +0000\n\n' + old)
    run('git', 'commit', '-qam', 'changelog', cwd=clone, env=env)
    run('scripts/release', '--unsigned', '--no-check', *library, '9.8.7', 'out', cwd=clone, env=env)
    text = changelog.read_text()
    assert text.count('(9.8.7)') == 1 and '2001' not in text and text.endswith(old), text
    assert re.search(r'^ -- T <t@example\.org>  \w{3}, \d\d \w{3} \d{4} 00:00:00 \+0000$', text, re.M), text
    shutil.rmtree(clone / 'out')


def taken_back(clone, head, library, env):
    """A program that fails, or a signal, after commit and tag: neither is left, and the reason is printed."""
    stand_ins = clone.parent / 'bin'
    stand_ins.mkdir()
    env = {**env, 'PATH': f'{stand_ins}:{env["PATH"]}'}
    for program, does, checked, wanted in (('xz', 'exit 1', False, ''), ('xz', 'kill -TERM $PPID', False, ''),
                                           ('meson', 'echo "a.c:1: error: why"; exit 1', True, 'a.c:1: error: why')):
        (stand_ins / program).write_text(f'#!/bin/sh\n{does}\n')
        (stand_ins / program).chmod(0o755)
        out = run('scripts/release', '--unsigned', *([] if checked else ['--no-check']), *library, '9.8.7', 'out', cwd=clone,
                  env=env, code=1)
        assert 'commit and tag are taken back' in out and wanted in out, out
        assert run('git', 'rev-parse', 'HEAD', cwd=clone, env=env) == head
        assert not run('git', 'tag', '--list', 'v9.8.7', cwd=clone, env=env)
        assert not run('git', 'status', '--porcelain', '--', ':!out', cwd=clone, env=env)
        left = sorted(path.name for path in (clone / 'out').iterdir())
        assert left == (['check-9.8.7.log'] if checked else []), left
        (stand_ins / program).unlink()
    shutil.rmtree(clone / 'out')


def main():
    if not (TREE / '.git').exists() or not all(map(shutil.which, ('git', 'gpg', 'xz', 'abidw'))):
        print('SKIP: no git checkout, no gpg, or no abidw')
        sys.exit(77)
    # gpg's agent needs a short path.
    with tempfile.TemporaryDirectory(dir='/tmp') as scratch:
        home, clone = pathlib.Path(scratch) / 'gpg', pathlib.Path(scratch) / 'clone'
        home.mkdir(mode=0o700)
        env = {**os.environ, 'GNUPGHOME': str(home), 'GIT_CONFIG_GLOBAL': '/dev/null',
               'GIT_AUTHOR_NAME': 'T', 'GIT_AUTHOR_EMAIL': 't@example.org',
               'GIT_COMMITTER_NAME': 'T', 'GIT_COMMITTER_EMAIL': 't@example.org'}
        run('git', '-c', 'safe.directory=*', 'clone', '-q', '--no-hardlinks', '--depth=1', f'file://{TREE}', clone,
            cwd=scratch, env=env)
        # What is being worked on, too.
        for name in ('scripts/release', 'scripts/abi', 'packaging/kmemdump.spec', 'NEWS.md', 'meson.build', 'man/page.py'):
            shutil.copy(TREE / name, clone / name)
        news = clone / 'NEWS.md'
        news.write_text(re.sub(r'^## 0\.2\.0 .*$', '## 9.8.7 (unreleased)\n\n### A part\n\n- A line.\n\n## 0.2.0 (2026-11-28)',
                               news.read_text(), count=1, flags=re.M))
        run('git', 'add', '-A', cwd=clone, env=env)
        run('git', 'commit', '-qm', 'test', cwd=clone, env=env)
        head = run('git', 'rev-parse', 'HEAD', cwd=clone, env=env)
        run('gpg', '--batch', '--passphrase', '', '--quick-gen-key', 'Test <t@example.org>', 'ed25519', 'sign', cwd=clone, env=env)

        for words, code in ((['9.8'], 64), (['9.8.7.6x'], 64), ([], 64), (['9.9.9'], 1), (['9.8.7'], 1),
                            (['--key', 'nobody@example.org', '9.8.7'], 1)):
            run('scripts/release', *words, cwd=clone, env=env, code=code)
        (clone / 'new-file').write_text('x')
        run('scripts/release', '--unsigned', '9.8.7', cwd=clone, env=env, code=1)
        (clone / 'new-file').unlink()
        assert run('git', 'rev-parse', 'HEAD', cwd=clone, env=env) == head

        library = ['--library', str(pathlib.Path(sys.argv[2]).resolve())]
        taken_back(clone, head, library, env)
        out = run('scripts/release', '--key', 't@example.org', '--no-check', *library, '9.8.7', 'out', cwd=clone, env=env)
        assert 'git push origin HEAD v9.8.7' in out, out
        run('git', 'tag', '-v', 'v9.8.7', cwd=clone, env=env)
        assert '\n\n### A part\n\n- A line.\n' in run('git', 'cat-file', 'tag', 'v9.8.7', cwd=clone, env=env)
        run('gpg', '--verify', 'out/kmemdump-9.8.7.tar.xz.asc', cwd=clone, env=env)
        run('sha256sum', '-c', 'kmemdump-9.8.7.tar.xz.sha256', cwd=clone / 'out', env=env)
        run('tar', '-xf', 'out/kmemdump-9.8.7.tar.xz', '-C', scratch, cwd=clone, env=env)
        # Where scripts/release unpacks it, in a folder of the checkout, the laws of what git tracks are skipped.
        inner = clone / 'dist'
        inner.mkdir()
        run('tar', '-xf', 'out/kmemdump-9.8.7.tar.xz', '-C', inner, cwd=clone, env=env)
        run(sys.executable, TREE / 'tests/laws/lengths.py', inner / 'kmemdump-9.8.7', cwd=scratch, env=env, code=77)
        tree = pathlib.Path(scratch) / 'kmemdump-9.8.7'
        for name, text in (('meson.build', "version: '9.8.7'"), ('include/kmemdump/kmd.h', '0x090807'),
                           ('include/kmemdump/kmd.h', '"9.8.7"'), ('tools/kmd-collect/__main__.py', "'9.8.7'")):
            assert text in (tree / name).read_text(), name
        assert "<elf-symbol name='kmd_check'" in (tree / 'abi/libkmd-9.8.7.abi').read_text()
        for name, entry in (('debian/changelog', r'^kmemdump \(9\.8\.7\) unstable.*\n\n.*\n\n -- T <t@example\.org>  \w'),
                            ('packaging/kmemdump.spec', r'^%changelog\n\* \w{3} \w{3} \d\d \d{4} T <t@example\.org> - 9\.8\.7-1$')):
            assert re.search(entry, (tree / name).read_text(), re.M), name
        assert re.search(r'^## 9\.8\.7 \(\d{4}-\d\d-\d\d\)$', (tree / 'NEWS.md').read_text(), re.M)
        prepared(clone, head.strip(), library, env)
        run(sys.executable, TREE / 'tests/laws/versions.py', tree, cwd=scratch, env=env)
        run('scripts/release', '--unsigned', '9.8.7', cwd=clone, env=env, code=1)
        subprocess.run(['gpgconf', '--kill', 'all'], env=env, check=False)
    print('released')


main()
