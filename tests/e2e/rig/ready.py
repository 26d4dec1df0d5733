#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Holds kmd-assemble --check to its word: takes memory away, and asks the consumers.

    ready.py KERNEL FOLDER KMD_ASSEMBLE [--seed N] [--random N] [--only REGEX]

FOLDER is what run.py --keep left.  "yes" must give the answer of all RAM, "no" must not;
"part" and "?" promise nothing but are counted.
"""
import argparse
import collections
import pathlib
import random
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import consumers  # noqa: E402
import holes  # noqa: E402
import kernels  # noqa: E402

STACK = 16384
CRASH = ('sys', 'log', 'ps', 'bt', 'bt -a', 'foreach bt', 'mod', 'runq', 'p jiffies_64')
DRGN = {'log': ('dmesg',), 'tasks': ('tasks',), 'stacks': ('stacks',), 'modules': ('modules',),
        'variables': ('nodename', 'release', 'jiffies', 'threads')}
VARIABLES = (
    'linux_banner', 'init_uts_ns', '__cpu_online_mask', '__per_cpu_offset', 'nr_irqs',
    'high_memory', 'mem_section', '_totalram_pages', 'nr_swapfiles', 'nr_threads', 'jiffies_64',
    'init_pid_ns', 'modules', 'page_offset_base', 'vmemmap_base', 'idt_table', 'crashing_cpu',
    'prb', 'tainted_mask', 'taint_flags', 'avenrun', 'node_data', 'node_states', 'schedule',
    '__schedule', 'common_interrupt', 'init_task', 'swapper_pg_dir', 'panic_cpu',
    'init_thread_union')
GROUPS = (
    'Kmemsect', 'Kpglist', 'Kpercpu', 'Kpgtable', 'Kxa_node', 'Kpid', 'Ktask', 'Kstack',
    'Kmodule', 'Korc', 'Kcode', 'Krodata', 'Kbss', 'Kdata', 'Kmm', 'Kprb_descs', 'Kprb_infos',
    'Kprb_data', 'Kprstatus', 'Kirqstack', 'Kkmemdump', 'Kvmcoreinfo')


def check_table(text):
    """{(consumer, ability): (word, missing)}"""
    found = {}
    for line in text.splitlines():
        row = re.match(r'(.{26}) (.{15}) (yes|part|\?|no) +(.*)$', line)
        if row:
            found[row[1].strip(), row[2].strip()] = row[3], row[4]
    return found


class Bench:
    """A kernel, its dump, and what the consumers say on all of RAM."""

    def __init__(self, kernel, folder, program, work):
        self.kernel, self.program, self.work = kernel, program, pathlib.Path(work)
        self.taken = holes.kept(kernel, program, folder, work)
        self.vmlinux = kernel.file('vmlinux')
        self.places = holes.Places(self.taken, self.vmlinux)
        self.options = []
        whole = self.taken.truth()
        self.want = self.crash(whole)
        if self.want and not self.want['start']:  # not every crash knows every kernel
            self.options = ['--no_modules']
            self.want = self.crash(whole)
        self.want_drgn, self.want_gdb = self.drgn(whole), self.gdb(whole)
        self.want_makedumpfile = self.makedumpfile(whole)

    def crash(self, core, *options, commands=CRASH):
        if self.kernel.arch != 'amd64':
            return {}
        try:
            said = consumers.crash(self.kernel, core, *self.options, *options, commands=commands)
            return {**{name.replace('p jiffies_64', 'p VARIABLE'): text
                       for name, text in said.items()}, 'start': True}
        except consumers.CrashFailed as error:
            return {'start': False, 'why': str(error)[-300:]}

    def drgn(self, core):
        try:
            said = consumers.drgn(self.kernel, core)
        except SystemExit as error:
            return {'start': False, 'why': str(error)[-300:]}
        return {**{ability: [said[name] for name in names] for ability, names in DRGN.items()},
                'start': True}

    def gdb(self, core):
        return {'variables': consumers.gdb(self.kernel, core, self.taken.info.kaslr_offset())}

    def makedumpfile(self, core):
        if self.kernel.arch != 'amd64':  # it knows dumps of the machine that it runs on
            return {}
        out = self.work / 'dmesg'
        done = self.kernel.root.run(['makedumpfile', '--dump-dmesg', '-f', core, out], [self.work])
        good = not done.returncode
        return {'start': good, 'log': out.read_bytes() if good else done.stderr[-200:]}

    def answers(self, core, registers):
        """{consumer: (answers, wanted answers)}"""
        minimal = self.crash(core, '--minimal', commands=('log',))
        whole = {**self.want, 'start': True}
        return {
            'crash': (self.crash(core), self.want), 'crash --minimal': (minimal, whole),
            'crash --no_panic': (self.crash(core, '--no_panic', commands=('log', 'ps')), whole),
            'drgn': (self.drgn(core if not registers else registers), self.want_drgn),
            'gdb': (self.gdb(core), self.want_gdb),
            'makedumpfile --dump-dmesg': (self.makedumpfile(core), self.want_makedumpfile),
        }

    def assemble(self, image, suffix, *options):
        core = image.with_suffix(suffix)
        core.unlink(missing_ok=True)
        done = subprocess.run([self.program, *options, '--check', '-o', core, image, '-x',
                               self.vmlinux], capture_output=True, text=True, check=False)
        return (core if core.exists() else None), check_table(done.stdout), done

    def judge(self, label, gone, count):
        """Lines on what was predicted wrongly."""
        image = holes.image(self.taken, self.work / 'hole.img', gone)
        core, table, done = self.assemble(image, '.core')
        if not core or not table:
            return [f'{label}: kmd-assemble exited {done.returncode}: {done.stderr[-300:]}']
        bare = None
        if self.kernel.debian == 'bookworm':  # its drgn mistakes registers
            bare = self.assemble(image, '.noregs', '--no-registers')[0]
        wrong = []
        for consumer, (got, want) in self.answers(core, bare).items():
            for ability in got if got.get('start', True) else want:
                if (consumer, ability) not in table:
                    continue
                word, missing = table[consumer, ability]
                same = got.get(ability) == want.get(ability)
                count[word, 'same' if same else 'other'] += 1
                if (word, same) in (('yes', False), ('no', True)):
                    why = '' if same else f' {difference(got, want, ability)}'
                    wrong.append(f'{label}: {consumer} {ability}: {word} ({missing}){why}')
        return wrong

    def stacks_of_cpus(self):
        """The regions with the stack that each CPU is on, where it is in vmalloc."""
        listed = subprocess.run([self.program, '-l', holes.image(self.taken, self.work / 'all.img', [])],
                                capture_output=True, text=True, check=False).stdout
        rows = [line.split() for line in listed.splitlines() if 'Kstack' in line]
        said = self.taken.registers.read_text(encoding='utf-8')
        for cpu, top in enumerate(re.findall(r'\b(?:RSP|SP)=([0-9a-f]{16})', said)):
            stack = int(top, 16) & ~(STACK - 1)
            gone = [(int(row[1], 16), int(row[3])) for row in rows
                    if int(row[2], 16) & ~(STACK - 1) == stack]
            if gone:
                yield cpu, gone

    def cases(self, seed, number):
        """(label, holes)"""
        yield 'nothing', []
        for name in VARIABLES:
            hole = self.places.hole(name)
            if hole:
                yield name, [hole]
        for name in GROUPS:
            rows = self.taken.rows
            gone = [(r.address, r.size) for r in rows if r.name.startswith(name)]
            if gone:
                yield f'all {name}', gone
        for cpu, gone in self.stacks_of_cpus():
            yield f'stack of CPU {cpu}', gone
        choose = random.Random(seed)
        for row in choose.sample(self.taken.rows, min(number, len(self.taken.rows))):
            yield f'region {row.file}', [(row.address, row.size)]


def difference(got, want, ability):
    left, right = got.get(ability, got.get('why')), want.get(ability)
    if isinstance(left, list) and isinstance(right, list):
        left = [line for line in left if line not in right][:2] or f'{len(left)} of {len(right)}'
    return f'got {left!r:.300}'


def main():
    parser = argparse.ArgumentParser(description='Try the predictions of --check.')
    parser.add_argument('words', nargs=3, metavar='KERNEL FOLDER KMD_ASSEMBLE')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--random', type=int, default=10)
    parser.add_argument('--only', default='')
    options = parser.parse_args()
    name, folder, program = options.words
    wrong, count = [], collections.Counter()
    with tempfile.TemporaryDirectory(prefix='kmd-ready-') as work:
        bench = Bench(kernels.kernel(name), folder, pathlib.Path(program).resolve(), work)
        for label, gone in bench.cases(options.seed, options.random):
            if not re.search(options.only, label):
                continue
            said = bench.judge(label, gone, count)
            print(f'{label}: {"good" if not said else "WRONG"}', *said, sep='\n  ', flush=True)
            wrong += said
    for (word, answer), n in sorted(count.items()):
        print(f'predicted {word:5} answer {answer:6} {n}')
    sys.exit(1 if wrong else 0)


if __name__ == '__main__':
    main()
