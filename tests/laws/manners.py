# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The library never prints, exits, aborts or changes process state, and has no state of its own.

manners.py TREE NM OBJDUMP LIBRARY

The test checks the imports of the shared object, because macros and headers cannot hide those.
"""
import re
import subprocess
import sys

import kit

DENIED = re.compile(r'''^(_*(
    (f|v|vf|d|vd|w|fw|vw|vfw)?printf(_chk)? | f?put(s|c|char|wc|ws)(_unlocked)? | perror | psignal
    | stdin | stdout | stderr | v?syslog(_chk)? | v?(warn|err)x? | error(_at_line)?
    | exit | _exit | _Exit | quick_exit | abort | assert_fail | assert_perror_fail | assert | on_exit | atexit
    | signal | bsd_signal | sigaction | sigprocmask | pthread_sigmask | raise | kill | alarm | setitimer
    | setlocale | uselocale | tzset | umask | f?chdir | chroot | getenv | setenv | putenv | unsetenv | clearenv
    | system | popen | fork | vfork | clone | exec\w+ | posix_spawnp? | daemon
    | set\w*[ug]id | setrlimit | prctl | srand | srandom | rand | random | strtok | strerror | localtime | gmtime
    | ctime | asctime | gets | strcpy_unsafe | mmap(64)?
)|__(printf|fprintf|vfprintf|vprintf)_chk)$''', re.VERBOSE)

# The only variable that is read is TMPDIR, and only here.
GETENV = 'secure_getenv'
# The only library that is loaded on demand, and the file that loads it.
DLOPEN, LOADER = 'dlopen', 'debuginfod.c'


def run(*command):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout


def imported(nm, library):
    return {line.split()[-1].split('@')[0]
            for line in run(nm, '-D', '--undefined-only', library).splitlines()}


def variables(objdump, library):
    """Writable data, without that of the tool chain."""
    for line in run(objdump, '-t', library).splitlines():
        match = re.search(r'\sO\s+(\.data|\.bss|\.tdata|\.tbss)\s+[0-9a-f]+\s+(?:\.hidden )?(\S+)$', line)
        if match and not re.match(r'completed|__dso_handle|__TMC_END__', match[2]):
            yield match[2]


def main():
    top, (nm, objdump, library) = kit.root(), sys.argv[2:5]
    symbols = imported(nm, library)
    problems = [f'the library imports {symbol}' for symbol in sorted(symbols) if DENIED.match(symbol)]
    for path in sorted((top / 'libkmd').rglob('*.[ch]')):
        if GETENV in path.read_text() and path.parent.name != 'source':
            problems.append(f'{kit.name(path, top)}: reads the environment')
        if DLOPEN in path.read_text() and path.name != LOADER:
            problems.append(f'{kit.name(path, top)}: loads a library')
    # Sanitizers and coverage add variables of their own.
    if not any(symbol.startswith(('__asan', '__tsan', '__ubsan', '__gcov', '__sanitizer', '__msan'))
               for symbol in symbols):
        problems += [f'the library has the variable {name}' for name in variables(objdump, library)]
    kit.conclude(problems, len(symbols))


main()
