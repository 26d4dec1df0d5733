# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""cli.py DUMP KMD-ASSEMBLE KMD-REPORT KMD-MKIMAGE KMD-COLLECT - habits that all tools share."""
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time

DUMP, *TOOLS = sys.argv[1:]
ASSEMBLE, REPORT, MKIMAGE, COLLECT = TOOLS
failed = []


def same(got, want, what):
    if got != want:
        failed.append(what)
        print(f'{what}: got {got!r}, want {want!r}')


def check(truth, what):
    same(bool(truth), True, what)


def run(*command, **env):
    done = subprocess.run(command, text=True, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env={**os.environ, **env})
    return done.returncode, done.stdout, done.stderr


def on_terminal(*command, stdin=subprocess.DEVNULL, **env):
    """What it prints where standard output and standard error are a terminal."""
    master, slave = pty.openpty()
    base = {name: value for name, value in os.environ.items() if name != 'NO_COLOR'}
    with subprocess.Popen(command, stdin=stdin, stdout=slave, stderr=slave,
                          env={**base, 'TERM': 'xterm', **env}) as process:
        os.close(slave)
        out = b''
        while select.select([master], [], [], 60)[0]:
            try:
                data = os.read(master, 65536)
            except OSError:
                break
            if not data:
                break
            out += data
        code = process.wait()
    os.close(master)
    return code, out.decode()


def test_help():
    for tool in TOOLS:
        name = os.path.basename(tool)
        for word in ('--help', '-h', '--hel'):
            code, out, err = run(tool, word)
            same((code, err), (0, ''), f'{name} {word}')
            check('sage: ' in out and name in out, f'{name} {word}')
            check('64 usage' in out, f'{name} {word}: exit codes')
        for word in ('--version', '-V', '--vers'):
            code, out, err = run(tool, word)
            same((code, err), (0, ''), f'{name} {word}')
            check(re.match(rf'{name} \d+\.\d+\.\d+\n', out), f'{name} {word}: {out}')
        code, out, err = run(tool, '--no-such-option')
        same((code, out), (64, ''), f'{name} --no-such-option')
        check(name in err and '--help' in err, f'{name} --no-such-option: {err}')
        same(run(tool)[0], 64, f'{name} without arguments')
    for tool, own in ((ASSEMBLE, 'output'), (REPORT, 'report')):
        whole = run(tool, '--help')[1]
        for topic in ('input', own, 'kernel', 'messages', 'exit'):
            code, out, _ = run(tool, f'--help={topic}')
            same(code, 0, f'--help={topic}')
            check(out and out in whole and out.lower().startswith(topic), f'--help={topic}: {out}')
        check('LiME' in run(tool, '--help=inputs')[1], '--help=inputs')
        code, out, err = run(tool, '--help=nothing')
        same((code, out), (64, ''), '--help=nothing')
        check(f'inputs, {own}, input, kernel, messages, exit\n' in err, f'--help=nothing: {err}')
        check(re.search(r'^features .*[+-]snappy', run(tool, '--version')[1], re.M), '--version: features')


    for topic, option in (('ways', '--qmp'), ('table', '--range'), ('gdb', '--kelf'), ('u-boot-script', '--avoid'), ('output', '-o')):
        code, out, _ = run(COLLECT, f'--help={topic}')
        same(code, 0, f'kmd-collect --help={topic}')
        check(option in out and len(out.splitlines()) < 40, f'kmd-collect --help={topic}: {out}')
    code, out, err = run(COLLECT, '--help=nothing')
    same((code, out), (64, ''), 'kmd-collect --help=nothing')
    check('topics are ways, table, gdb, u-boot-script, plan, output' in err, f'kmd-collect --help=nothing: {err}')


def test_color():
    for tool, option in ((ASSEMBLE, '--check'), (REPORT, '--full')):
        command = (tool, option, DUMP)
        plain = run(*command, TERM='xterm')
        check('\x1b' not in plain[1] + plain[2], f'{option}: colours in a pipe')
        check('\x1b[' in run(*command, '--color=always', NO_COLOR='1')[1], f'{option} --color=always')
        check('\x1b[' in on_terminal(*command)[1], f'{option}: no colours on a terminal')
        for words, env in ((('--color=never',), {}), ((), {'NO_COLOR': '1'}), ((), {'TERM': 'dumb'})):
            check('\x1b[3' not in on_terminal(*command, *words, **env)[1], f'{option} {words} {env}: colours')
        check('\x1b[' in on_terminal(*command, NO_COLOR='')[1], f'{option}: NO_COLOR is empty')
        stripped = re.sub(r'\x1b\[\d+m', '', run(*command, '--color=always')[1])
        same(stripped, plain[1], f'{option}: the text without its colours')
    same(run(ASSEMBLE, '--color=blue', '--list', DUMP)[0], 64, '--color=blue')
    check('\x1b[31mkmd-assemble:\x1b[0m ' in run(ASSEMBLE, '--color=always', '--list', '/dev/null')[2], 'an error')


def slow_input(seconds):
    """A pipe that brings zeroes for so long."""
    feeder = subprocess.Popen([sys.executable, '-c', f'''
import os, time
end = time.monotonic() + {seconds}
while time.monotonic() < end:
    os.write(1, bytes(1 << 16))
    time.sleep(0.002)
'''], stdout=subprocess.PIPE)
    return feeder


def test_progress(where):
    with slow_input(2) as feeder:
        code, out = on_terminal(ASSEMBLE, '--list', '-', stdin=feeder.stdout)
    same(code, 1, 'zeroes are no dump')
    check(re.search(r'\runpacking \d+ MiB, \d+ MiB/s\x1b\[K', out), f'no rate on a terminal: {out[:300]!r}')
    check(re.search(r'\r\x1b\[K[^\r]*kmd-assemble', out), 'the line is not taken away')
    with slow_input(2) as feeder:
        done = subprocess.run([ASSEMBLE, '--list', '-'], check=False, text=True, stdin=feeder.stdout,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check('unpacking' not in done.stdout + done.stderr, 'progress in a pipe')
    with slow_input(2) as feeder:
        check('unpacking' not in on_terminal(ASSEMBLE, '-q', '--list', '-', stdin=feeder.stdout)[1], 'progress with -q')
    # A core with a segment that takes long to copy; it is a hole of the file.
    size = 64 << 30
    core = os.path.join(where, 'large.core')
    with open(core, 'wb') as file:
        file.write(b'\x7fELF\2\1\1'.ljust(16, b'\0') + struct.pack('<HHIQQQIHHHHHH', 4, 183, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0))
        file.write(struct.pack('<IIQQQQQQ', 1, 7, 4096, 0xffff000000000000, 0x80000000, size, size, 0))
        file.truncate(4096 + size)
    code, out = on_terminal('timeout', '-s', 'INT', '4', ASSEMBLE, '-o', '/dev/null', core)
    check(re.search(r'\rwriting \d+ MiB of 65\d+ \(\d+%\), \d+ MiB/s, \d+ (s|min)( \d+ min)? left', out),
          f'no time left: {out[-300:]!r}')


def test_pipe(where):
    """Where the reader of a pipe goes away, a tool ends silently, by SIGPIPE."""
    for command in ([ASSEMBLE, '--dmesg', DUMP], [ASSEMBLE, '--list', DUMP], [REPORT, '--full', DUMP],
                    [REPORT, '--html=-', DUMP], [ASSEMBLE, '-q', '-o', '-', DUMP],
                    [COLLECT, '--u-boot-script', '--table', '0x4c800000', '--ram', '0x40000000-0x50000000',
                     '--device', 'mmc 0:1', '-o', '-']):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.close()
            err = process.stderr.read()
        same((process.returncode, err), (-signal.SIGPIPE, b''), f'{" ".join(command[:2])} | true')


def test_abbreviations():
    for words in (['--dm'], ['--dmes'], ['--lis'], ['--chec', '--capt']):
        same(run(ASSEMBLE, *words, DUMP)[0], 0, f'kmd-assemble {words}')
    code, _, err = run(ASSEMBLE, '--re', DUMP)
    same(code, 64, '--re')
    check('ambiguous' in err, f'--re: {err}')
    code, _, err = run(COLLECT, '--qm', '/no/socket', '--out', '/no/folder')
    same(code, 1, f'kmd-collect --qm: {err}')


def test_codes(where):
    for tool in (ASSEMBLE, REPORT):
        words = ['--list'] if tool == ASSEMBLE else []
        same(run(tool, *words, DUMP)[0], 0, 'complete')
        same(run(tool, *words, '/no/such/file')[0], 1, 'failed')
        same(run(tool, *words)[0], 64, 'usage')
        cut = os.path.join(where, 'cut')
        if not os.path.exists(cut):
            whole = subprocess.run([ASSEMBLE, '-q', '-o', '-', DUMP], check=True, stdout=subprocess.PIPE).stdout
            with open(cut, 'wb') as file:
                file.write(whole[:len(whole) * 3 // 4])
        same(run(tool, *words, cut)[0], 3, 'cut')
        same(run(tool, *words, '-x', sys.executable, DUMP)[0] in (1, 2), True, 'another vmlinux')
    same(run(MKIMAGE, '/no/recipe', os.path.join(where, 'x'))[0], 1, 'kmd-mkimage: no recipe')
    bad = os.path.join(where, 'recipe')
    with open(bad, 'w', encoding='ascii') as file:
        file.write('form nothing\n')
    same(run(MKIMAGE, bad, os.path.join(where, 'x'))[0], 1, 'kmd-mkimage: a bad recipe')


def main():
    with tempfile.TemporaryDirectory(dir='/var/tmp') as where:
        for test in (test_help, test_color, test_abbreviations):
            test()
        for test in (test_progress, test_pipe, test_codes):
            began = time.monotonic()
            test(where)
            print(f'{test.__name__}: {time.monotonic() - began:.1f} s')
    print(f'{len(failed)} failed')
    sys.exit(bool(failed))


main()
