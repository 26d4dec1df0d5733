#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Tests the predictions of kmd-assemble --check: removes memory, and runs the consumers.

    ready.py KERNEL FOLDER KMD_ASSEMBLE [--seed N] [--random N] [--only REGEX]

run.py --keep made FOLDER.  "yes" must give the answer of all RAM, "no" must not; "part"
and "?" predict nothing, but are counted.
"""
import argparse
import collections
import concurrent.futures
import itertools
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
import questions  # noqa: E402
import questions_compare  # noqa: E402

STACK = 16384
PAGE = 4096
CRASH = ('log', 'ps', 'bt', 'bt -a', 'foreach bt', 'mod', 'p jiffies_64')
DRGN = {'log': ('dmesg',), 'tasks': ('tasks',), 'stacks': ('stacks', 'running'), 'modules': ('modules',),
        'variables': ('nodename', 'release', 'banner', 'jiffies', 'threads'), 'crashed thread': ('crashed',)}
MAKEDUMPFILE = 'makedumpfile --dump-dmesg'
CONSUMERS = ('drgn', 'gdb', 'crash', 'crash --minimal', MAKEDUMPFILE)
VARIABLES = (
    'linux_banner', 'init_uts_ns', '__cpu_online_mask', '__per_cpu_offset', 'nr_irqs',
    'high_memory', 'mem_section', '_totalram_pages', 'nr_swapfiles', 'nr_threads', 'jiffies_64',
    'init_pid_ns', 'modules', 'page_offset_base', 'vmemmap_base', 'idt_table', 'crashing_cpu',
    'prb', 'tainted_mask', 'taint_flags', 'avenrun', 'node_data', 'node_states', 'schedule',
    '__schedule', 'common_interrupt', 'init_task', 'swapper_pg_dir', 'panic_cpu',
    'init_thread_union')
GROUPS = (
    'Kmemsect', 'Kpglist', 'Kpercpu', 'Kpgtable', 'Kxa_node', 'Kpid', 'Ktask', 'Kstack',
    'Kmodule', 'Kvmap_are', 'Korc', 'Kcode', 'Krodata', 'Kbss', 'Kdata', 'Kmm', 'Kprb_descs', 'Kprb_infos',
    'Kprb_data', 'Kprstatus', 'Kirqstack', 'Kkmemdump', 'Kvmcoreinfo')


def check_table(text):
    """{(consumer, ability): (word, missing)}"""
    found = {}
    for line in text.splitlines():
        row = re.match(r'(.{26}) (.{15}) (yes|part|\?|no) +(.*)$', line)
        if row:
            found[row[1].strip(), row[2].strip()] = row[3], row[4]
    return found


class Asker:
    """Runs the questions of the table on the consumers: {ability: answer}, with 'start' True or False.

    An answer of None is not compared.
    """

    def __init__(self, taken, whom):
        self.taken, self.kernel = taken, taken.kernel
        self.options = []
        self.whom = [who for who in whom if self.is_there(who)]

    def is_there(self, who):
        """makedumpfile reads dumps of the machine that it runs on."""
        if who == MAKEDUMPFILE:
            return self.kernel.arch == 'amd64'
        return not who.startswith('crash') or consumers.crash_program(self.kernel) is not None

    def crash(self, core, *options, commands=CRASH):
        try:
            answers = consumers.crash(self.kernel, core, *self.options, *options, commands=commands)
        except consumers.CrashFailed as error:
            return {'start': False, 'why': str(error)[-300:]}
        return {**{name.replace('p jiffies_64', 'p VARIABLE'): text for name, text in answers.items()
                   if name != 'end'}, 'start': True}

    def drgn(self, core):
        try:
            answers = consumers.drgn(self.kernel, core)
        except SystemExit as error:
            return {'start': False, 'why': str(error)[-300:]}
        if self.kernel.debian == 'bookworm':
            # Without registers, drgn 0.0.22 makes frames from the point where a task last slept.
            answers['running'] = None
        return {**{ability: [answers[name] for name in names] for ability, names in DRGN.items()},
                'start': True}

    def gdb(self, core):
        answers = questions.gdb_offset(questions.Core(self.taken, core))
        if None in answers:
            return {'start': False, 'why': answers[None]}
        return {'start': True, 'threads': named(answers['info threads']), 'bt': known(answers['bt of all threads']),
                'variables': {key: text for key, text in answers.items() if key.startswith('p ')}}

    def makedumpfile(self, core):
        """makedumpfile has one command here; its output shows whether it started."""
        out = core.with_suffix('.dmesg')
        code, output = questions.Core(self.taken, core).run(['makedumpfile', '--dump-dmesg', core, out], 120)
        return {'start': not code or 'dump_lockless_dmesg' in output, 'why': output[-300:],
                'log': output[-300:] if code else out.read_text(errors='replace')}

    def ask(self, core, bare, whom=CONSUMERS):
        """{consumer: answers}; bare is the core without registers, for drgn."""
        ways = {
            'drgn': lambda: self.drgn(bare), 'gdb': lambda: self.gdb(core),
            'crash': lambda: self.crash(core),
            'crash --minimal': lambda: self.crash(core, '--minimal', commands=('log',)),
            MAKEDUMPFILE: lambda: self.makedumpfile(core),
        }
        return {who: ways[who]() for who in self.whom if who in whom}

    def learn(self, truth, bare):
        """The answers on all of RAM; not every crash supports every kernel."""
        found = self.ask(truth, bare)
        if 'crash' in found and not found['crash']['start']:
            self.options = ['--no_modules']
            found |= self.ask(truth, bare, [who for who in found if who.startswith('crash')])
            # A crash that does not support the kernel makes up frames, on all of RAM too.
            found['crash'] |= dict.fromkeys(('mod', 'bt', 'bt -a', 'foreach bt'))
        return found


def named(threads):
    """Address and name, without the word about unwinding."""
    if not isinstance(threads, dict):
        return threads
    return {key: place[:2] if isinstance(place, list) else place for key, place in threads.items()}


def known(threads):
    """Frames up to the first one without debug information, because the next ones are guessed."""
    found = {}
    for thread, frames in threads.items():
        if isinstance(frames, list):
            dark = [n for n, frame in enumerate(frames) if len(frame) > 2 or frame[-1] == '??']
            frames = frames[:dark[0] + 1] if dark else frames
        found[thread] = frames
    return found


class Bench:
    """A dump, and what the consumers print for all of RAM."""

    def __init__(self, taken, work, whom):
        self.taken, self.work = taken, pathlib.Path(work)
        self.vmlinux = taken.kernel.file('vmlinux')
        self.places = holes.Places(taken, self.vmlinux)
        self.asker = Asker(taken, whom)
        # The drgn of bookworm uses the registers of CPU n for task n + 1.
        self.is_bare = taken.kernel.debian == 'bookworm'
        truth = taken.whole_truth(self.work / 'truth.core')
        bare = taken.whole_truth(self.work / 'bare.core', False) if self.is_bare else truth
        self.want = self.asker.learn(truth, bare)

    def assemble(self, image, suffix, *options):
        core = image.with_suffix(suffix)
        core.unlink(missing_ok=True)
        done = subprocess.run([self.taken.program, *options, '--check', '-o', core, image, '-x',
                               self.vmlinux], capture_output=True, text=True, check=False)
        return (core if core.exists() else None), check_table(done.stdout), done

    def compare(self, gone, whom=CONSUMERS):
        """A Row for each tested row of the table, on a dump with these holes."""
        with tempfile.TemporaryDirectory(dir=self.work) as folder:
            image = holes.image(self.taken, pathlib.Path(folder) / 'hole.img', gone)
            core, table, done = self.assemble(image, '.core')
            if not core or not table:
                raise RuntimeError(f'kmd-assemble exited {done.returncode}: {done.stderr[-300:]}')
            bare = self.assemble(image, '.bare', '--no-registers')[0] if self.is_bare else core
            got = self.asker.ask(core, bare, whom)
        for (consumer, ability), (word, missing) in table.items():
            answers, want = got.get(consumer), self.want.get(consumer, {}).get(ability)
            if answers is None or want is None or ability == 'start' and not want or \
                    ability != 'start' and unanswered(want):
                continue
            answer = answers.get(ability)
            yield Row(consumer, ability, word, missing, answer == want,
                      difference(answer if answers['start'] else answers.get('why'), want))

    def stacks_of_cpus(self):
        """The regions with the current stack of each CPU, if it is in vmalloc."""
        listed = subprocess.run([self.taken.program, '-l',
                                 holes.image(self.taken, self.work / 'all.img', [])],
                                capture_output=True, text=True, check=False).stdout
        rows = [line.split() for line in listed.splitlines() if 'Kstack' in line]
        text = self.taken.registers.read_text(encoding='utf-8')
        for cpu, top in enumerate(re.findall(r'\b(?:RSP|SP)=([0-9a-f]{16})', text)):
            stack = int(top, 16) & ~(STACK - 1)
            gone = [(int(row[1], 16), int(row[3])) for row in rows
                    if int(row[2], 16) & ~(STACK - 1) == stack]
            if gone:
                yield f'stack of CPU {cpu}', gone

    def variables(self, names=VARIABLES):
        for name in names:
            hole = self.places.hole(name)
            if hole:
                yield name, [hole]

    def groups(self, names=GROUPS):
        for name in names:
            gone = [(r.address, r.size) for r in self.taken.rows if r.name.startswith(name)]
            if gone:
                yield f'all {name}', gone

    def regions(self, pattern):
        for row in self.taken.rows:
            if re.match(pattern, row.name):
                yield f'region {row.file} at {row.address:#x}', [(row.address, row.size)]

    def random(self, seed, number):
        """Regions, and pages of regions."""
        choose = random.Random(seed)
        for n in range(number):
            row = choose.choice(self.taken.rows)
            if n % 2 and row.size > PAGE:
                page = choose.randrange(row.address, row.address + row.size) & -PAGE
                yield f'page {page:#x} of {row.file}', [(page, PAGE)]
            else:
                yield f'region {row.file} at {row.address:#x}', [(row.address, row.size)]


class Row(collections.namedtuple('Row', 'consumer ability word missing same why')):
    """One row of the table, with the result of the consumer."""

    def is_wrong(self):
        return (self.word, self.same) in (('yes', False), ('no', True))

    def __str__(self):
        why = '' if self.same else f' {self.why}'
        return f'{self.consumer} {self.ability}: {self.word} ({self.missing}){why}'


def unanswered(want):
    """Whether there is no answer on all of RAM either, so that nothing can be compared."""
    return any(map(questions_compare.missing, want)) if isinstance(want, list) and len(want) == 1 \
        else questions_compare.missing(want)


def difference(got, want):
    if isinstance(got, list) and isinstance(want, list):
        got = [line for line in got if line not in want][:2] or f'{len(got)} of {len(want)}'
    elif isinstance(got, dict) and isinstance(want, dict):
        got = {key: value for key, value in got.items() if value != want.get(key)}
    return f'got {got!r:.300}'


def hold(bench, trials, jobs=2, show=()):
    """Test (label, holes), optionally with consumers; returns the rows with wrong predictions."""
    def attempt(trial):
        return trial[0], list(bench.compare(*trial[1:]))

    wrong, count = [], collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for label, rows in pool.map(attempt, trials):
            bad = [row for row in rows if row.is_wrong()]
            print(f'{label}: {"WRONG" if bad else "good"}', *bad, sep='\n  ', flush=True)
            for row in rows:
                count[row.word, 'same' if row.same else 'other'] += 1
                if row.word in show and row.same:
                    print(f'    {row}')
            wrong += [f'{label}: {row}' for row in bad]
    for (word, answer), n in sorted(count.items()):
        print(f'predicted {word:5} answer {answer:6} {n}')
    return wrong


def check_some(taken, folder, seed):
    """Remove the most important memory, and some at random.  crash is slow and runs on a few only."""
    quick, slow = ('drgn', 'gdb'), ('crash',) if taken.kernel.arch == 'amd64' else ()
    bench = Bench(taken, folder, quick + slow)
    fixed = itertools.chain([('nothing', [])], bench.variables(('__per_cpu_offset',)),
                            bench.groups(('Kxa_node', 'Kprb_infos')))
    by_chance = list(bench.random(seed, 6))
    with_crash = [*itertools.islice(bench.stacks_of_cpus(), 1), *by_chance[:2]]
    return hold(bench, [*((*trial, quick + slow) for trial in with_crash),
                        *((*trial, quick) for trial in (*fixed, *by_chance[2:]))])


def check_whole(taken, folder):
    """Remove nothing: what the guest did not register is missing."""
    whom = ('drgn', 'gdb', 'crash') if taken.kernel.arch == 'amd64' else ('drgn', 'gdb')
    return hold(Bench(taken, folder, whom), [('nothing', [], whom)])


def main():
    parser = argparse.ArgumentParser(description='Try the predictions of --check.')
    parser.add_argument('words', nargs=3, metavar='KERNEL FOLDER KMD_ASSEMBLE')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--random', type=int, default=10)
    parser.add_argument('--only', default='', help='labels that match, no others')
    parser.add_argument('--each', metavar='REGEX', help='the regions of these names instead, one by one')
    parser.add_argument('--jobs', type=int, default=2)
    parser.add_argument('--show', nargs='*', default=(), help='print rows of these words that were the same')
    parser.add_argument('--whom', nargs='*', default=CONSUMERS, choices=CONSUMERS,
                        help='consumers to ask; crash is slow, and on arm64 takes a minute')
    options = parser.parse_args()
    name, folder, program = options.words
    with tempfile.TemporaryDirectory(prefix='kmd-ready-') as work:
        taken = holes.kept(kernels.kernel(name), pathlib.Path(program).resolve(), folder, work)
        bench = Bench(taken, work, options.whom)
        trials = bench.regions(options.each) if options.each else itertools.chain(
            [('nothing', [])], bench.variables(), bench.groups(),
            bench.stacks_of_cpus(), bench.random(options.seed, options.random))
        wrong = hold(bench, (trial for trial in trials if re.search(options.only, trial[0])),
                     options.jobs, options.show)
    sys.exit(1 if wrong else 0)


if __name__ == '__main__':
    main()
