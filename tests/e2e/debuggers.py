#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""debuggers.py KMD_ASSEMBLE DUMP COMMANDS [vmlinux] - kmd-drgn, kmd-gdb and kmd-crash.

They give what the debugger gives on the written core.  Without "vmlinux": what needs none.
"""
import ctypes
import http.server
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time

import kit

PLAIN = '''
print(prog.platform, prog.flags)
for address in {addresses}:
    for physical in False, True:
        try:
            print(address, prog.read(address, 8, physical))
        except Exception as error:
            print(address, type(error).__name__, error)
'''
SYMBOLS = '''
from drgn.helpers.linux.printk import get_dmesg
from drgn.helpers.linux.pid import for_each_task

def ask(what):
    try:
        return what()
    except Exception as error:
        return f'{type(error).__name__}: {error}'

print(ask(lambda: prog['init_uts_ns'].name.release.string_()))
print(ask(lambda: prog['jiffies_64'].value_()), prog.symbol('_stext'))
print(ask(lambda: get_dmesg(prog)))
print(ask(lambda: [(t.pid.value_(), t.comm.string_()) for t in for_each_task(prog)]))
print(ask(lambda: prog.crashed_thread().stack_trace()))
print(ask(lambda: [prog['__per_cpu_offset'][cpu].value_() for cpu in range(2)]))
print(ask(lambda: prog['linux_banner'].string_()))
'''


def run(*command, stdin=None, **environment):
    done = subprocess.run([str(word) for word in command], text=True, errors='replace', input=stdin,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                          env=dict(os.environ, **environment))
    return done.returncode, done.stdout


def same_drgn(commands, dump, core, script, where, vmlinux=None):
    (where / 'script.py').write_text(script)
    symbols = ['-s', vmlinux] if vmlinux else ['--no-default-symbols']
    wanted = run('/usr/bin/python3', shutil.which('drgn'), '-q', '-c', core, *symbols,
                 where / 'script.py')
    if vmlinux:
        got = run(commands / 'kmd-drgn', '-x', vmlinux, dump, '-q', where / 'script.py')
    else:
        got = run(commands / 'kmd-drgn', dump, '-q', '--no-default-symbols', where / 'script.py')
    kit.check(wanted[0] == 0, f'drgn: {wanted[1]}')
    kit.same(got, wanted, 'kmd-drgn')


def next_line(report, tool):
    """The words of the report's line that starts @tool."""
    line = re.search(rf'^(?:next)? +({tool}(?: --minimal)? [-/].*)$', report, re.M)
    return shlex.split(line.group(1)) if line else None


def started(output):
    """The words of the command that -v prints."""
    return shlex.split(re.search(r'^kmd-\w+: (.*)$', output, re.M).group(1))


def test_plain(program, commands, dump, where):
    status, out = run(commands / 'kmd-gdb', dump, KMD_DEBUG_DIR=str(where))
    if 'no vmlinux of' in out:
        kit.check(status == 1 and 'build-id' in out, out)
    kit.same(run(commands / 'kmd-crash')[0], 64, 'kmd-crash without an input')
    kit.same(run(commands / 'kmd-crash', '/dev/null')[0], 1, 'kmd-crash /dev/null')
    for tool in ('gdb', 'crash', 'drgn'):
        kit.same(run(commands / f'kmd-{tool}', '--help')[0], 0, f'kmd-{tool} --help')
    test_debuginfod(commands, dump, where)
    if not shutil.which('drgn'):
        return
    test_kills([commands / 'kmd-drgn', dump, '-q', '--no-default-symbols', where / 'sleeping.py'],
               where)
    import kmd
    with kmd.Dump(dump) as opened:
        opened.assemble(where / 'core')
        text = run('readelf', '-lW', where / 'core')[1]
    places = re.findall(r'LOAD +0x\w+ (0x\w+) (0x\w+)', text)[:50]
    addresses = [16] + [int(word, 16) for place in places for word in place]
    kit.check(len(addresses) > 6, text)
    same_drgn(commands, dump, where / 'core', PLAIN.format(addresses=addresses), where)
    # An error of the script is the script's: Python prints where it is.
    (where / 'fails.py').write_text('open("/no/such")\n')
    status, out = run(commands / 'kmd-drgn', dump, '-q', '--no-default-symbols', where / 'fails.py')
    kit.check(status == 1 and 'Traceback' in out and 'fails.py", line 1' in out, f'kmd-drgn, a script that fails: {out}')


def test_gdb(commands, dump, vmlinux, report, core, where):
    arguments = ['--', '-batch', '-ex', 'p jiffies_64', '-ex', f'shell ls {where}/tmp']
    status, out = run(commands / 'kmd-gdb', '-v', '-x', vmlinux, dump, *arguments,
                      TMPDIR=str(where / 'tmp'))
    kit.same(status, 0, f'kmd-gdb: {out}')
    words = started(out)
    kit.same([str(core) if word.startswith('/proc/self/fd/') else word
              for word in words[1:len(words) - 5]], next_line(report, 'gdb')[1:], 'gdb')
    jiffies = re.search(r'^\$1 = (\d+)$', out, re.M)
    kit.check(jiffies and out.rstrip().endswith(jiffies.group(0)), f'kmd-gdb: {out}')
    status, out = run(commands / 'kmd-gdb', '-x', vmlinux, dump, '--', '-batch', '-ex',
                      'shell kill -9 $PPID', TMPDIR=str(where / 'tmp'))
    kit.same(status, -9, 'kmd-gdb, killed')
    kit.same(os.listdir(where / 'tmp'), [], 'what kmd-gdb leaves')
    return jiffies.group(1)


SLEEPER = '''#!/bin/sh
: > "$KMD_TEST_READY"
exec sleep 60
'''
SLEEPING = '''
import os, time
open(os.environ['KMD_TEST_READY'], 'w').close()
time.sleep(60)
'''


def test_kills(command, where):
    """However a session ends, it leaves no file."""
    ready, left = where / 'ready', where / 'left'
    left.mkdir()
    (where / 'sleeper').write_text(SLEEPER)
    (where / 'sleeper').chmod(0o755)
    (where / 'sleeping.py').write_text(SLEEPING)
    environment = dict(os.environ, TMPDIR=str(left), XDG_RUNTIME_DIR=str(left),
                       KMD_TEST_READY=str(ready), KMD_GDB=str(where / 'sleeper'),
                       KMD_CRASH=str(where / 'sleeper'))
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        ready.unlink(missing_ok=True)
        with subprocess.Popen([str(word) for word in command], env=environment,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as session:
            while session.poll() is None and not ready.exists():
                time.sleep(0.05)
            kit.check(session.poll() is None, f'{command} ends by itself')
            session.send_signal(number)
            kit.check(session.wait() != 0, f'{command} after {number!r}')
        kit.same(os.listdir(left), [], f'what {command[0]} leaves after {number!r}')
    left.rmdir()


def test_search(commands, dump, vmlinux, where):
    """The vmlinux in a folder; one of another kernel is not used."""
    import kmd
    with kmd.Dump(dump) as opened:
        release = opened.kernel.release
    (where / 'debug').mkdir()
    (where / 'debug' / f'vmlinux-{release}').symlink_to(vmlinux)
    (where / 'debug' / 'boot').mkdir()
    shutil.copy('/bin/true', where / 'debug' / 'boot' / f'vmlinux-{release}')
    out = run(commands / 'kmd-gdb', '-v', '--debug-dir', where / 'debug', dump,
              KMD_GDB='/bin/echo')[1]
    kit.check(f'debug/vmlinux-{release}' in ' '.join(started(out)), out)


class Server(http.server.BaseHTTPRequestHandler):
    """A debuginfod that has one file; keeps what it was asked for."""
    file, asked = '/bin/true', []

    def do_GET(self):
        self.asked.append(self.path)
        if not self.path.endswith('/debuginfo'):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header('Content-Length', str(os.stat(self.file).st_size))
        self.end_headers()
        with open(self.file, 'rb') as file:
            shutil.copyfileobj(file, self.wfile)

    def log_message(self, *_):
        pass


def test_debuginfod(commands, dump, where, vmlinux=None):
    """The vmlinux that a server has; another kernel's is not used."""
    import kmd
    try:
        ctypes.CDLL('libdebuginfod.so.1')
    except OSError:
        return
    with kmd.Dump(dump) as opened:
        build_id = opened.kernel.build_id
    Server.file, Server.asked = vmlinux or '/bin/true', []
    with http.server.HTTPServer(('127.0.0.1', 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f'http://127.0.0.1:{server.server_port}'
        status, out = run(commands / 'kmd-gdb', '-v', '--debuginfod', dump, KMD_GDB='/bin/echo',
                          KMD_DEBUG_DIR='', DEBUGINFOD_URLS=url,
                          DEBUGINFOD_CACHE_PATH=str(where / 'cache'))
        server.shutdown()
    if build_id:
        kit.check(f'/buildid/{build_id}/debuginfo' in Server.asked or 'usr/lib/debug' in out,
                  f'{Server.asked} {out}')
    if vmlinux:
        kit.check(not status and 'cache/' in ' '.join(started(out)), out)
    elif 'usr/lib/debug/' not in out:
        kit.check(status == 1 and 'no vmlinux of' in out, out)


def main():
    program, folder, commands = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    dump = folder / 'rawdump.img.zst'
    # A caller may have them ignored.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    with kit.scratch() as where:
        where = pathlib.Path(where)
        (where / 'tmp').mkdir()
        if sys.argv[4:] != ['vmlinux']:
            test_plain(program, commands, dump, where)
            return
        sys.argv[1:] = [program, str(folder)]
        real = kit.arguments()[1][0]
        vmlinux = os.path.abspath(kit.debug_vmlinux(real))
        core = where / 'core'
        report = run(program, '-x', vmlinux, dump, '-o', core)[1]
        same_drgn(commands, dump, core, SYMBOLS, where, vmlinux)
        jiffies = test_gdb(commands, dump, vmlinux, report, core, where)
        kit.same(int(jiffies), real.facts['jiffies_64'], 'kmd-gdb: jiffies_64')
        test_search(commands, dump, vmlinux, where)
        test_debuginfod(commands, dump, where, vmlinux)
        test_kills([commands / 'kmd-gdb', '-x', vmlinux, dump], where)
        line = next_line(report, 'crash')
        if line:
            test_kills([commands / 'kmd-crash', '-x', vmlinux, dump], where)
        status, out = run(commands / 'kmd-crash', '-v', '-x', vmlinux, dump, KMD_CRASH='/bin/echo')
        if line:
            kit.same([str(core) if word.startswith('/proc/self/fd/') else word
                      for word in started(out)[1:]], line[1:], 'crash')
        else:
            kit.check(status == 1 and 'crash cannot start' in out, out)
        import kmd.drgn
        prog = kmd.drgn.program(dump, vmlinux=vmlinux)
        kit.same(prog['jiffies_64'].value_(), real.facts['jiffies_64'], 'kmd.drgn.program')


if __name__ == '__main__':
    main()
