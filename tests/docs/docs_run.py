# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""docs_run.py TREE BIN [--update] [--board FOLDER VMLINUX] - the commands of ```console blocks in docs/ and README.md, and what they print.

BIN is the folder of the tools.  A block is one session of a shell, in a folder with minidump.bin (arm64), x86.bin, md/, recipes/,
dumps/ and the tree's examples/ and tests/.  A line of
three points stands for any lines; three points within a line for any text.  --update writes what
is printed into the pages.  Blocks under <!-- board --> are run with --board only: FOLDER is what
scripts/rig --keep left, and $vmlinux the kernel's.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap

BLOCK = re.compile(r'^( *)(<!-- board -->\n *)?```console\n(.*?)^\1```$', re.M | re.S)
OTHERS = ('README.md', 'CONTRIBUTING.md', 'examples/fleet/README.md')
MARK = '\x01'


def pages(tree):
    return sorted((tree / 'docs').rglob('*.md')) + [tree / name for name in OTHERS]


def commands(block):
    """(command, expected output) of a block; a command goes on after a backslash, or lines that begin with >."""
    found, lines = [], block.splitlines()
    for line in lines:
        if line.startswith('$ '):
            found.append([line[2:], []])
        elif line.startswith('> ') and found and not found[-1][1]:
            found[-1][0] += '\n' + line[2:]
        else:
            found[-1][1].append(line)
    return [(command, '\n'.join(output)) for command, output in found]


def run(words, where, tools):
    path = os.pathsep.join([str(tools.resolve()), os.environ['PATH']])
    script = ''.join(f"printf '{MARK}'; (exit ${{status-0}})\n{command}\nstatus=$?\n" for command in words)
    done = subprocess.run(['bash', '-c', script], cwd=where, text=True, check=False, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={**os.environ, 'PATH': path, 'LC_ALL': 'C', 'TERM': 'dumb', 'TMPDIR': '/var/tmp'})
    return [output.rstrip('\n') for output in done.stdout.split(MARK)[1:]]


def matches(got, wanted):
    pattern = '\n'.join('(.*)' if line.strip() == '...' else re.escape(line.rstrip()).replace(r'\.\.\.', '.*')
                        for line in wanted.split('\n'))
    # Three points may also stand for no line at all.
    pattern = re.sub(r'\\n\(\.\*\)', r'(?:\\n(?:.|\\n)*)?', pattern.replace('\n(.*)', '(?:\n(?:.|\n)*)?'))
    pattern = pattern.replace('(.*)\n', '(?:(?:.|\n)*\n)?').replace('(.*)', '(?:.|\n)*')
    return re.fullmatch(pattern, '\n'.join(line.rstrip() for line in got.split('\n')))


def prepare(tree, where):
    real = tree / 'tests/fixtures/real'
    for name, dump in (('minidump.bin', 'arm64-6.1-rfc'), ('x86.bin', 'x86_64-6.1-rfc')):
        subprocess.run(['zstd', '-dqo', where / name, real / dump / 'rawdump.img.zst'], check=True)
    packed = subprocess.run(['zstd', '-dqc', real / 'arm64-6.1-rfc/md.tar.zst'], check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(['tar', '-xC', where], input=packed, check=True)
    (where / 'recipes').symlink_to(tree / 'tests/fixtures')
    # What Debian's source package has: the seeds of tests/fuzz are not in it.
    (where / 'tests').mkdir()
    for path in (tree / 'examples', tree / 'scripts', *(path for path in (tree / 'tests').iterdir() if path.name != 'fuzz')):
        (where / path.relative_to(tree)).symlink_to(path)
    (where / 'dumps').mkdir()
    for name in ('minidump.bin', 'x86.bin'):
        os.link(where / name, where / 'dumps' / name)


def main():
    tree, update = pathlib.Path(sys.argv[1]), '--update' in sys.argv
    board = sys.argv[sys.argv.index('--board') + 1:] if '--board' in sys.argv else None
    tools = pathlib.Path(sys.argv[2])
    ran = failed = 0
    for page in pages(tree):
        text = page.read_text()
        if not any(bool(match[2]) == bool(board) for match in BLOCK.finditer(text)):
            continue
        with tempfile.TemporaryDirectory(dir='/var/tmp') as scratch:
            where = pathlib.Path(scratch)
            if board:
                (where / 'board').symlink_to(pathlib.Path(board[0]).resolve())
                os.environ['vmlinux'] = board[1]
            else:
                prepare(tree, where)

            def session(match):
                nonlocal ran, failed
                if bool(match[2]) != bool(board):
                    return match[0]
                indent = match[1]
                asked = commands(textwrap.dedent(match[3]))
                outputs = run([command for command, _ in asked], where, tools)
                new = ''
                for (command, wanted), got in zip(asked, outputs):
                    ran += 1
                    if not update and not matches(got, wanted):
                        failed += 1
                        print(f'FAIL: {page.relative_to(tree)}: $ {command}\n--- got\n{got}\n--- want\n{wanted}\n')
                    keep = wanted if matches(got, wanted) else got
                    shown = command.replace('\n', '\n> ')
                    new += f'$ {shown}\n' + (keep + '\n' if keep else '')
                if len(outputs) != len(asked):
                    failed += 1
                    print(f'FAIL: {page.name}: the session ended early')
                body = textwrap.indent(f'```console\n{new}```', indent)
                return f'{indent}{match[2]}{body}' if match[2] else body
            new = BLOCK.sub(session, text)
            if update and new != text:
                page.write_text(new)
    print(f'{ran} commands, {failed} failed')
    sys.exit(bool(failed) or not ran)


if __name__ == '__main__':
    if not shutil.which('zstd'):
        print('SKIP: no zstd')
        sys.exit(77)
    main()
