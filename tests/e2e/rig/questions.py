# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The questions of the matrix: each consumer runs on a core; returns answers by question.

An answer is JSON: text, a list of lines, or a dictionary.  Text that begins with ! is the
error message of a consumer that has no answer.
"""
import json
import re
import subprocess

import consumers
import kernels
import registers

VARIABLES = (
    'init_uts_ns.name.nodename', 'init_uts_ns.name.version', 'init_task.comm', 'saved_command_line',
    'jiffies_64', 'nr_threads', 'panic_cpu', 'total_forks', 'tainted_mask', 'high_memory',
    'system_state', 'nr_cpu_ids', 'init_mm.mm_count.counter', 'init_mm.pgd',
    'init_pid_ns.pid_allocated', 'console_printk[0]', 'oops_in_progress', '_totalram_pages.counter',
    'panic_on_oops', 'loops_per_jiffy', 'max_pfn', 'nr_irqs', 'root_user.__count.refs.counter')
CRASH = ('sys', 'log', 'ps', 'bt', 'bt -a', 'foreach bt', 'mod', 'runq', 'p jiffies_64', 'p -x tainted_mask',
         'p nr_threads', 'p init_uts_ns.name.version', 'p init_task.comm', 'p saved_command_line',
         'p total_forks', 'p high_memory', 'p panic_cpu', 'p init_mm.pgd', 'p console_printk')
MINIMAL = ('log', 'sym jiffies_64', 'rd jiffies_64', 'rd -a linux_banner', 'rd saved_command_line',
           'rd nr_threads', 'rd total_forks', 'rd high_memory', 'rd init_uts_ns 8', 'rd modules 2',
           'rd schedule 2', 'dis schedule 3')
SYMBOLS = ('linux_banner', 'init_uts_ns', 'jiffies_64', 'nr_threads', 'panic_cpu', 'total_forks',
           'tainted_mask', 'high_memory', 'saved_command_line', 'system_state', 'nr_cpu_ids', 'modules',
           'init_task', 'init_mm', 'console_printk', '_totalram_pages', 'swapper_pg_dir', 'init_pid_ns',
           '__per_cpu_offset', 'schedule', 'vfs_read', 'prb', 'cpu_number', 'loops_per_jiffy',
           'panic_on_oops', 'nr_irqs', 'root_user', 'mem_section')
TIMEOUT = {'gdb': 120, 'crash': 180, 'crash under emulation': 420}


class Core:
    """A core, and the data of its kernel that the questions need."""

    def __init__(self, taken, path, quirks=frozenset()):
        self.taken, self.kernel, self.path, self.quirks = taken, taken.kernel, path, quirks

    def run(self, words, seconds, environment=()):
        """The exit code, and all output, in order."""
        folders = [kernels.HERE, self.kernel.folder, self.path.parent]
        command = self.kernel.root.command(['env', *environment, *words], folders)
        return combined(command, seconds)

    def symbols(self):
        """(run-time address, size up to 8) of symbols, per-CPU ones left out."""
        rows = [line.split(' ', 2) for line in self.kernel.file('System.map').read_text().splitlines()]
        rows = sorted((int(address, 16), kind, name) for address, kind, name in rows)
        found, offset, end = {}, self.taken.info.kaslr_offset(), 1 << 64
        for n in range(len(rows) - 1, -1, -1):
            address, kind, name = rows[n]
            end = end if n + 1 == len(rows) or rows[n + 1][0] == address else rows[n + 1][0]
            if name in SYMBOLS and kind.lower() in 'tdbr' and registers.is_of_kernel(self.kernel.arch, address):
                found[name] = (address + offset, min(8, end - address))
        return found


def combined(command, seconds, **options):
    done = subprocess.run(['timeout', '-k', '10', str(seconds), *map(str, command)],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                          stdin=subprocess.DEVNULL, **options)
    output = done.stdout.decode(errors='replace')
    if done.returncode in (124, 137):
        output += f'\nkilled after {seconds} s'
    return done.returncode, output


def answers(who, code, output):
    """The line of JSON that our script prints in a consumer; or the reason why there is none."""
    lines = [line for line in output.splitlines() if line.startswith('@@')]
    if not lines:
        return {None: f'!{who} exited {code}: {last_words(output)}'}
    return json.loads(lines[-1][2:])


def last_words(output):
    """The last error message."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if re.search(r'(?i)error|fail|cannot|killed|invalid|not ', line)]
    return (errors or lines or ['no output'])[-1][:200]


def gdb_plain(core):
    return gdb(core, [core.kernel.file('vmlinux'), core.path])


def gdb_offset(core):
    offset = core.taken.info.kaslr_offset()
    return gdb(core, ['-ex', f'symbol-file {core.kernel.file("vmlinux")} -o {offset:#x}',
                      '-ex', f'core-file {core.path}'])


def gdb(core, words):
    expressions = json.dumps((*VARIABLES, '*(char (*)[60])linux_banner'))
    return answers('gdb', *core.run(
        ['gdb-multiarch', '-nx', '-batch', '-iex', 'set auto-load off', *words,
         '-x', kernels.HERE / 'questions_gdb.py'], TIMEOUT['gdb'], [f'KMD_QUESTIONS={expressions}']))


def drgn(core):
    return answers('drgn', *core.run(
        ['python3', '-B', kernels.HERE / 'questions_drgn.py', core.kernel.file('vmlinux'), core.path,
         json.dumps(VARIABLES)], TIMEOUT['crash']))


def linear(core, at):
    return at - core.taken.image_offset() + core.taken.linear() & (1 << 64) - 1


def addresses(core):
    """The questions for libkdumpfile: {question: (address, size)}."""
    wanted = {f'{name} {at:#x}': (at, size) for name, (at, size) in core.symbols().items()}
    arch, text = core.kernel.arch, core.taken.registers.read_text(encoding='utf-8')
    for cpu, address in enumerate(registers.stack_pointers(arch, text)):
        if registers.is_of_kernel(arch, address):
            wanted[f'stack of CPU {cpu} {address:#x}'] = (address & -8, 8)
    # Variables are also read through the linear map.
    for name in ('jiffies_64', 'init_task', 'linux_banner'):
        at, size = core.symbols()[name]
        wanted[f'{name} in the linear map {linear(core, at):#x}'] = (linear(core, at), size)
    return wanted


def libkdumpfile(core):
    return answers('libkdumpfile', *core.run(
        ['python3', '-B', kernels.HERE / 'questions_libkdumpfile.py', core.path, json.dumps(addresses(core))],
        TIMEOUT['gdb']))


def in_front(core):
    """The questions on a page of which nothing was captured, if the start of the next was captured."""
    found = []
    for name, (at, size) in core.symbols().items():
        page = at - core.taken.image_offset() & -4096
        if any(row.address == page + 4096 for row in core.taken.rows) and \
                not any(row.address < page + 4096 and row.address + row.size > page for row in core.taken.rows):
            found += [f'{name} {at:#x}', f'{name} in the linear map {linear(core, at):#x}']
    return found


def makedumpfile(core):
    """--dump-dmesg; the Debian build for this machine reads dumps of x86_64 only."""
    if core.kernel.arch != 'amd64':
        return None
    out = core.path.with_suffix('.dmesg')
    out.unlink(missing_ok=True)
    code, output = core.run(['makedumpfile', '--dump-dmesg', core.path, out], TIMEOUT['gdb'])
    if code or not out.exists():
        return {'--dump-dmesg': f'!makedumpfile exited {code}: {last_words(output)}'}
    return {'--dump-dmesg': out.read_text(errors='replace').splitlines()}


def crash_full(core):
    return crash(core, CRASH)


def crash_minimal(core):
    return crash(core, MINIMAL, '--minimal')


def crash_command(core, words):
    """(the command, seconds, environment); None if there is no crash for this machine."""
    if core.kernel.arch == 'amd64':
        folders = [core.kernel.folder, core.path.parent]
        return core.kernel.root.command(['crash', *words], folders), TIMEOUT['crash'], None
    emulator, *arguments = consumers.EMULATED.get((core.kernel.words[0], core.kernel.arch), (None,))
    if not emulator or not consumers.shutil.which(emulator):
        return None
    root = kernels.fetch('fetch-crash', *arguments)
    command = [emulator, '-L', root, root / 'usr/bin/crash', *words]
    environment = {'PATH': consumers.os.environ['PATH'], 'TERM': 'dumb', 'HOME': '/tmp'}
    return command, TIMEOUT['crash under emulation'], environment


def crash(core, commands, *options):
    script = core.path.with_suffix('.crash')
    script.write_text(''.join(f'!echo; echo @@{c}\n{c}\n' for c in commands) + '!echo; echo @@end\nq\n')
    extra = ['--no_modules'] if 'crash --no_modules' in core.quirks else []
    prepared = crash_command(core, ['-s', *extra, *options, '-i', script, core.kernel.file('vmlinux'),
                                    core.path])
    if not prepared:
        return None
    command, seconds, environment = prepared
    code, output = combined(command, seconds, env=environment)
    start, *parts = re.split(r'^@@(.*)\n', output, flags=re.M)
    if not parts:
        return {None: f'!crash exited {code}: {last_words(start)}'}
    found = {name: consumers.clean(text) for name, text in zip(parts[::2], parts[1::2])}
    ended = found.pop('end', None)
    found['to the end'] = 'yes' if ended is not None else f'!crash ended early: {last_words(output)}'
    return found


ASK = {
    'gdb': gdb_plain, 'gdb -o': gdb_offset, 'crash': crash_full, 'crash --minimal': crash_minimal,
    'drgn': drgn, 'libkdumpfile': libkdumpfile, 'makedumpfile': makedumpfile,
}
# The consumers on all of RAM, for comparison: gdb needs the offset to be right.
REFERENCE = {**ASK, 'gdb': gdb_offset}
