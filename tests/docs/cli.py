# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""cli.py DUMP NAME=PROGRAM... - habits that all tools share.  One table has what is special about each tool."""
import os
import pathlib
import pty
import re
import select
import shlex
import signal
import struct
import subprocess
import sys
import tempfile
import time

DUMP = sys.argv[1]
# How each is started; "python3 -m kmd=python3 -m kmd" is one, too.
PROGRAMS = {name: shlex.split(command) for name, _, command in (word.partition('=') for word in sys.argv[2:])}
SCRIPT = ['--u-boot-script', '--table', '0x4c800000', '--ram', '0x40000000-0x50000000', '--device', 'mmc 0:1', '-o', '-']


class Tool:
    """Topics, each with a word that belongs to it; words that fail with exit code 1; command lines that print much;
    words before which colours show; whether an endless standard input is read."""

    def __init__(self, topics, fails, prints=(), colors=(), reads=(), works=()):
        self.topics = dict(word.split(':') for word in topics.split())
        self.fails, self.prints, self.colors, self.reads, self.works = fails, prints, colors, reads, works


COMMON = 'messages:--version exit:64'
DEBUGGER = Tool(f'input:--ram-base kernel:--vmlinux {COMMON}', ['/no/such/file'], reads=['-'])
TOOLS = {
    'kmd-assemble': Tool(f'inputs:LiME output:--extract input:--smem kernel:--vmlinux {COMMON}', ['--list', '/no/such/file'],
                         [['--dmesg', DUMP], ['--list', DUMP], ['-q', '-o', '-', DUMP]], ['--check', DUMP], ['--list', '-'],
                         ['--list', DUMP]),
    'kmd-report': Tool(f'inputs:LiME report:--html input:--smem kernel:--vmlinux {COMMON}', ['/no/such/file'],
                       [['--full', DUMP], ['--html=-', DUMP], ['--json', DUMP]], ['--full', DUMP], ['-'], [DUMP]),
    'kmd-mkimage': Tool(f'inputs:LiME anonymize:--keep input:--smem kernel:--vmlinux {COMMON}', ['-a', '/no/dump', '/no/output'],
                        reads=['-a', '-', '/no/output']),
    'kmd-collect': Tool(f'ways:--qmp table:--range gdb:--kelf u-boot-script:--avoid plan:--budget output:-o {COMMON}',
                        ['--qmp', '/no/socket', '-o', '/no/folder'], [SCRIPT]),
    'kmd-plan': Tool(f'limits:slots {COMMON}', ['/no/vmlinux', 'bytes=1000', 'slots=10', 'cpus=1']),
    'kmd-crash': DEBUGGER, 'kmd-drgn': DEBUGGER, 'kmd-gdb': DEBUGGER,
    'python3 -m kmd': Tool(f'input:--vmlinux {COMMON}', ['/no/such/file'], [[DUMP]], [DUMP], ['-'], [DUMP]),
}
failed = []


def same(got, want, what):
    if got != want:
        failed.append(what)
        print(f'FAIL: {what}: got {got!r}, want {want!r}')


def check(truth, what):
    same(bool(truth), True, what)


def run(*command, **env):
    done = subprocess.run(command, text=True, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env={**os.environ, **env})
    return done.returncode, done.stdout, done.stderr


def on_terminal(*command, stdin=subprocess.DEVNULL, until=None, **env):
    """What it prints where standard output and standard error are a terminal; it is interrupted once it printed @until."""
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
            if until and re.search(until, out.decode(errors='replace')):
                process.send_signal(signal.SIGINT)
                until = None
        code = process.wait()
    os.close(master)
    return code, out.decode()


def test_help(name, tool, command):
    for word in ('--help', '-h', '--hel', '--he'):
        code, out, err = run(*command, word)
        same((code, err), (0, ''), f'{name} {word}')
        check(out.startswith(f'Usage: {name} ') and re.search(r'64\s+usage.\n$', out), f'{name} {word}: {out}')
        check(max(map(len, out.splitlines())) <= 100, f'{name} {word}: a line is too long')
    same(run(*command, '--help', 'not-a-topic')[0], 0, f'{name} --help WORD: a topic follows the = only')
    listed = re.search(r'one topic: ([^.]*?)\n +-V', out, re.S)[1]
    same(re.split(r',\s+', listed), list(tool.topics), f'{name}: topics of --help')
    whole = ' '.join(out.split())
    for topic, word in tool.topics.items():
        code, out, err = run(*command, f'--help={topic}')
        same((code, err), (0, ''), f'{name} --help={topic}')
        check(word in out and len(out.splitlines()) < 40, f'{name} --help={topic}: {out}')
        check(topic == 'inputs' or ' '.join(out.split()) in whole, f'{name} --help={topic} is no part of --help: {out}')
        check(topic == 'inputs' or topic in out.lower().split('\n')[0], f'{name} --help={topic}: title')
    code, out, err = run(*command, '--help=nothing')
    same((code, out), (64, ''), f'{name} --help=nothing')
    check(f"topics are {', '.join(tool.topics)}\n" in err, f'{name} --help=nothing: {err}')


def test_version(name, _tool, command):
    for word in ('--version', '-V', '--vers'):
        code, out, err = run(*command, word)
        same((code, err), (0, ''), f'{name} {word}')
        check(re.fullmatch(rf'{name} \d+\.\d+\.\d+\nfeatures [+-]\w.*\nlicence .*\n', out), f'{name} {word}: {out}')


def test_usage(name, _tool, command):
    for words in (['--no-such-option'], []):
        code, out, err = run(*command, *words)
        same((code, out), (64, ''), f'{name} {words}')
        check(name in err and f"Try '{name} --help'." in err, f'{name} {words}: {err}')


def test_codes_of(name, tool, command):
    code, out, err = run(*command, *tool.fails)
    same((code, out), (1, ''), f'{name} {tool.fails}')
    check(any(word in err for word in tool.fails if word.startswith('/no')), f'{name}: an error without its file: {err}')
    check(len(err.splitlines()) == 1, f'{name}: an error of several lines: {err}')
    if tool.works:
        same(run(*command, *tool.works)[0], 0, f'{name}: complete')
    if name not in ('kmd-plan', 'kmd-mkimage', 'kmd-collect'):
        words = ['--list'] if name == 'kmd-assemble' else []
        same(run(*command, *words, '-x', sys.executable, DUMP)[0] in (1, 2), True, f'{name}: another vmlinux')


def test_color(name, tool, command):
    if name == 'kmd-plan':
        return
    same(run(*command, '--color=blue', *tool.fails)[0], 64, f'{name} --color=blue')
    head = f'\x1b[31m{name}:\x1b[0m '
    check(head in run(*command, '--color=always', *tool.fails, NO_COLOR='1')[2], f'{name} --color=always: an error')
    check(head in run(*command, '--col', 'always', *tool.fails)[2], f'{name} --col always')
    check(head in on_terminal(*command, *tool.fails)[1], f'{name}: an error on a terminal')
    check(head in on_terminal(*command, *tool.fails, NO_COLOR='')[1], f'{name}: NO_COLOR is empty')
    for words, env in ((('--color=never',), {}), ((), {'NO_COLOR': '1'}), ((), {'TERM': 'dumb'})):
        check('\x1b[3' not in on_terminal(*command, *words, *tool.fails, **env)[1], f'{name} {words} {env}: colours')
    if tool.colors:
        plain = run(*command, *tool.colors, TERM='xterm')
        check('\x1b' not in plain[1] + plain[2], f'{name}: colours in a pipe')
        check('\x1b[' in on_terminal(*command, *tool.colors)[1], f'{name}: no colours on a terminal')
        always = run(*command, *tool.colors, '--color=always', NO_COLOR='1')[1]
        check('\x1b[' in always, f'{name}: --color=always')
        same(re.sub(r'\x1b\[\d+m', '', always), plain[1], f'{name}: the text without its colours')


def test_pipe(name, tool, command):
    """Where the reader of a pipe goes away, a tool ends silently, by SIGPIPE."""
    for words in (*tool.prints, ['--help'], ['--version']):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([*command, *words], check=False, stdout=writer, stderr=subprocess.PIPE)
        os.close(writer)
        same((done.returncode, done.stderr), (-signal.SIGPIPE, b''), f'{name} {words} | true')


def slow_input(seconds):
    """A pipe that brings zeroes for so long, once its reader reads."""
    return subprocess.Popen([sys.executable, '-c', f'''
import os, time
for _ in range(4):
    os.write(1, bytes(1 << 16))
end = time.monotonic() + {seconds}
while time.monotonic() < end:
    os.write(1, bytes(1 << 16))
    time.sleep(0.002)
'''], stdout=subprocess.PIPE)


def test_progress_of(name, tool, command):
    """A rate on a terminal, and silence elsewhere."""
    if not tool.reads:
        return
    with slow_input(2) as feeder:
        code, out = on_terminal(*command, *tool.reads, stdin=feeder.stdout)
    same(code, 1, f'{name}: zeroes are no dump')
    check(re.search(r'\runpacking \d+ MiB, \d+ MiB/s\x1b\[K', out), f'{name}: no rate on a terminal: {out[:300]!r}')
    check(re.search(rf'\r\x1b\[K[^\r]*{name}:', out), f'{name}: the line is not taken away')
    with slow_input(1) as feeder:
        done = subprocess.run([*command, *tool.reads], check=False, text=True, stdin=feeder.stdout,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check('unpacking' not in done.stdout + done.stderr, f'{name}: progress in a pipe')


def test_progress(where):
    assemble = PROGRAMS['kmd-assemble']
    with slow_input(1) as feeder:
        check('unpacking' not in on_terminal(*assemble, '-q', '--list', '-', stdin=feeder.stdout)[1], 'progress with -q')
    # A core with a segment that takes long to copy; it is a hole of the file.
    size = 64 << 30
    core = os.path.join(where, 'large.core')
    with open(core, 'wb') as file:
        file.write(b'\x7fELF\2\1\1'.ljust(16, b'\0') + struct.pack('<HHIQQQIHHHHHH', 4, 183, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0))
        file.write(struct.pack('<IIQQQQQQ', 1, 7, 4096, 0xffff000000000000, 0x80000000, size, size, 0))
        file.truncate(4096 + size)
    line = r'\rwriting \d+ MiB of 65\d+ \(\d+%\), \d+ MiB/s, \d+ (s|min)( \d+ min)? left'
    code, out = on_terminal(*assemble, '-o', '/dev/null', core, until=line)
    same(code, -signal.SIGINT, f'no time left: {out[-300:]}')


def test_progress_of_collect(_where):
    """A stub that answers slowly."""
    sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'collect'))
    sys.argv = ['cli', PROGRAMS['kmd-collect'][-1]]
    import fake_stub
    import machine
    for terminal in (True, False):
        stub = fake_stub.Stub(m='slow')
        words = [*PROGRAMS['kmd-collect'], '--gdb', stub.where, '--table', hex(machine.TABLE), '-o', f'{_where}/dump{terminal}']
        out = on_terminal(*words)[1] if terminal else run(*words)[2]
        shown = re.search(r'\rsaving [\d,]+ KiB of [\d,]+ \(\d+%\), [\d,]+ KiB/s, \d+ s left\x1b\[K', out)
        same(bool(shown), terminal, f'kmd-collect: progress, terminal {terminal}: {out[:400]!r}')
        check('regions' in out, f'kmd-collect: {out}')
        stub.server.close()


def test_abbreviations(_where):
    for words in (['--dm'], ['--dmes'], ['--lis'], ['--chec', '--capt']):
        same(run(*PROGRAMS['kmd-assemble'], *words, DUMP)[0], 0, f'kmd-assemble {words}')
    for name in ('kmd-assemble', 'kmd-gdb', 'kmd-collect'):
        word = {'kmd-gdb': '--de', 'kmd-collect': '--r'}.get(name, '--re')
        if name in PROGRAMS:
            code, _, err = run(*PROGRAMS[name], word, '1', DUMP)
            same(code, 64, f'{name} {word}')
            check('ambiguous' in err, f'{name} {word}: {err}')
    code, _, err = run(*PROGRAMS['kmd-collect'], '--qm', '/no/socket', '--out', '/no/folder')
    same(code, 1, f'kmd-collect --qm: {err}')


def test_wrong_words(where):
    """A value that is wrong is a wrong command line, on one line that names the option, in every tool."""
    no_file = os.path.join(where, 'new')
    for name, option, words in (
            ('kmd-assemble', '--only', ['--only=', '--list', DUMP]),
            ('kmd-assemble', '--exclude', ['--exclude=', '--list', DUMP]),
            ('kmd-assemble', '--redact', ['--redact=', '--list', DUMP]),
            ('kmd-assemble', '--complete', ['--complete=rodata', '-o', no_file, DUMP]),
            ('kmd-assemble', 'file name', ['--symbols=', DUMP]),
            ('kmd-report', 'file name', ['--html=', DUMP]),
            ('kmd-mkimage', '--anonymize', ['-f', '/no/recipe', no_file]),
            *((name, option, [option + value, DUMP]) for name in ('kmd-crash', 'kmd-drgn', 'kmd-gdb')
              for option, value in (('--accept', '=bad'), ('--accept', '='), ('--accept', '=order,bad'),
                                    ('--ram-base', '=0xzz'), ('--ram-base', '=-1')))):
        if name in PROGRAMS:
            code, out, err = run(*PROGRAMS[name], *words)
            same((code, out), (64, ''), f'{name} {words}')
            check(option in err.splitlines()[0] and len(err.splitlines()) == 2 and 'lambda' not in err, f'{name} {words}: {err}')
    if 'kmd-gdb' in PROGRAMS:
        # A list, as for kmd-assemble; then there is no vmlinux.
        code, _, err = run(*PROGRAMS['kmd-gdb'], '--accept=invalid,order', '--ram-base=40000000', DUMP, KMD_GDB='/bin/echo')
        check(code in (0, 1) and 'Traceback' not in err, f'kmd-gdb --accept=invalid,order: {err}')
        code, _, err = run(*PROGRAMS['kmd-gdb'], '-')
        same((code, len(err.splitlines())), (1, 1), f'kmd-gdb -: {err}')
    for name, words in (('kmd-collect', ['--qmp', '/no/socket', '-o', no_file]),
                        ('kmd-collect', ['--gdb', '/no/socket', '--table', '0', '-o', no_file])):
        err = run(*PROGRAMS[name], *words)[2]
        same(err, f'{name}: /no/socket: No such file or directory\n', f'{name} {words}')


def test_codes(where):
    cut = os.path.join(where, 'cut')
    whole = subprocess.run([*PROGRAMS['kmd-assemble'], '-q', '-o', '-', DUMP], check=True, stdout=subprocess.PIPE).stdout
    with open(cut, 'wb') as file:
        file.write(whole[:len(whole) * 3 // 4])
    for name in ('kmd-assemble', 'kmd-report', 'python3 -m kmd'):
        if name in PROGRAMS:
            same(run(*PROGRAMS[name], *(['--list'] if name == 'kmd-assemble' else []), cut)[0], 3, f'{name}: cut')
    code, _, err = run(*PROGRAMS['kmd-mkimage'], '/no/recipe', os.path.join(where, 'x'))
    same((code, '/no/recipe' in err), (1, True), f'kmd-mkimage: no recipe: {err}')
    bad = os.path.join(where, 'recipe')
    with open(bad, 'w', encoding='ascii') as file:
        file.write('form nothing\n')
    same(run(*PROGRAMS['kmd-mkimage'], bad, os.path.join(where, 'x'))[0], 1, 'kmd-mkimage: a bad recipe')


def main():
    same(sorted(set(TOOLS) - set(PROGRAMS) - {'kmd-crash', 'kmd-drgn', 'kmd-gdb', 'python3 -m kmd'}), [], 'tools that are not tested')
    for name, command in PROGRAMS.items():
        began = time.monotonic()
        for test in (test_help, test_version, test_usage, test_codes_of, test_color, test_pipe, test_progress_of):
            test(name, TOOLS[name], command)
        print(f'{name}: {time.monotonic() - began:.1f} s')
    with tempfile.TemporaryDirectory(dir='/var/tmp') as where:
        for test in (test_abbreviations, test_wrong_words, test_codes, test_progress, test_progress_of_collect):
            test(where)
    print(f'{len(PROGRAMS)} tools, {len(failed)} failed')
    sys.exit(bool(failed))


main()
