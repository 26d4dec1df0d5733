#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The matrix: the answers of each consumer on our cores, and on all of RAM.

Each kernel is crashed once in each way with the shim at each level.  The exit code is 0 if
no answer is wrong, 1 if one is, and 77 if the test is skipped (with a reason).
"""
import argparse
import concurrent.futures
import contextlib
import hashlib
import json
import pathlib
import shutil
import sys
import tempfile
import threading
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import cases  # noqa: E402
import dump  # noqa: E402
import kernels  # noqa: E402
import matrix_merge  # noqa: E402
import matrix_page  # noqa: E402
import qemu  # noqa: E402
import questions  # noqa: E402
import questions_compare  # noqa: E402
import questions_report  # noqa: E402

LEVELS = ('log', 'rfc', 'full')
# The console line of the crash, and the seconds until the machine is quiet.
CRASHES = {'panic': (cases.END_OF_PANIC, 1.0), 'hang': ('all CPUs hang from here on', 4.0)}
# If one of these files changes, stored answers on all of RAM are stale.
TRUTH_PARTS = ('questions.py', 'questions_drgn.py', 'questions_gdb.py', 'questions_libkdumpfile.py',
               'ask_drgn.py', 'truth.py', 'walk.py', 'registers.py', 'questions_report.py')
# What kmd-report is compared with.
REPORT, REPORT_NEEDS = 'kmd-report', ('drgn', 'crash')
one_guest = threading.Lock()


class Past:
    """A guest whose RAM, registers and console an earlier run has stored."""

    def __init__(self, kernel, folder):
        self.machine, self.folder, self.ram = qemu.MACHINES[kernel.arch], folder, folder / 'ram'

    def stop(self):
        return (self.folder / 'registers.txt').read_text(encoding='utf-8')

    def console(self):
        return (self.folder / 'console').read_text(errors='replace')


class Cell:
    """One kernel, one level, one crash."""

    def __init__(self, kernel, level, crash, options, folder):
        self.kernel, self.level, self.crash, self.options = kernel, level, crash, options
        self.folder = folder / f'{kernel.name}-{level}-{crash}'
        self.name = (kernel.name, level, crash)

    def taken(self):
        """The dump of an earlier run, or of a guest that is crashed now."""
        if (self.folder / 'registers.txt').exists():
            return dump.Dump(self.kernel, self.options.program, Past(self.kernel, self.folder), self.folder)
        # Files of an interrupted run must not be mixed with those of this guest.
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        rig = cases.Rig(self.kernel, self.crash, self.options.program, self.folder)
        sign, settle = CRASHES[self.crash]
        try:
            with one_guest:
                return rig.crash(self.crash, sign, self.level, settle)
        except BaseException:
            (self.folder / 'registers.txt').unlink(missing_ok=True)
            raise

    def cores(self, taken):
        """(our core, core of all RAM), by consumer if one needs its own; None is the default."""
        taken.write_forms()
        image, options = self.folder / 'rawdump.img', [*self.options.assemble]
        if 'vmlinux' in self.options.with_files:
            options += ['-x', self.kernel.file('vmlinux')]
        # After a hang there are no registers in memory, so those of QEMU are used.
        words = [*options, '--registers', taken.registers] if self.crash == 'hang' else options
        made = {None: (taken.assemble(image, self.folder / 'image.core', *words),
                       taken.whole_truth(self.folder / 'truth.core'))}
        if self.kernel.debian == 'bookworm':
            made['drgn'] = (taken.assemble(image, self.folder / 'noregs.core', *options, '--no-registers'),
                            taken.whole_truth(self.folder / 'truth-noregs.core', False))
        return made

    def run(self):
        """Outcomes by consumer: {question: (outcome, words)}, or None: no such consumer."""
        kept, taken, made = self.folder / 'answers.json', None, None
        if not (self.options.compare_again and kept.exists()):
            taken = self.taken()
            made = self.cores(taken)
        truths = self.truths(taken, made)
        if made:
            kept.write_text(json.dumps(self.ask(taken, made, truths), indent=1))
            self.tidy(made)
        answers = json.loads(kept.read_text())
        wants = truths['answers']
        outcomes = {who: compare_all(answers[who], wants[who])
                    if wants[who] is not None and answers[who] is not None else None for who in questions.ASK if who in wants}
        if REPORT in answers:
            outcomes[REPORT] = questions_report.outcomes_of(answers[REPORT], wants)
        if 'gdb' not in wants:
            return {who: outcomes.get(who) for who in matrix_page.CONSUMERS}, truths['quirks']
        accept_own(outcomes['gdb'], answers['gdb'], wants[PLAINLY], OVERLAP in truths['quirks'])
        accept_own_zeroes(outcomes['libkdumpfile'], answers['libkdumpfile'], truths['in front'])
        return outcomes, truths['quirks']

    def ask(self, taken, made, truths):
        """Run the consumers that have answers on all of RAM."""
        quirks = frozenset(truths['quirks'])
        found = {who: by_question(ask(questions.Core(taken, made.get(who, made[None])[0], quirks)))
                 if truths['answers'][who] is not None else None for who, ask in questions.ASK.items()
                 if who in truths['answers'] and not self.options.only_report}
        words = ['--registers', taken.registers] if self.crash == 'hang' else []
        return {**{who: None for who in truths['answers'] if who in questions.ASK}, **found,
                REPORT: questions_report.ask(taken, self.folder / 'rawdump.img', words)}

    def truths(self, taken, made):
        """The answers on all of RAM, kept beside the dump for the next run."""
        digest = hashlib.sha256()
        for path in (kernels.HERE / part for part in TRUTH_PARTS):
            digest.update(path.read_bytes())
        asked = REPORT_NEEDS if self.options.only_report else tuple(questions.REFERENCE) + (PLAINLY,)
        only = [who for who in asked if who not in self.options.without]
        parts = ['-report'] * self.options.only_report + [f'-no-{who.replace(" ", "")}' for who in self.options.without]
        kept = self.folder / f'truth-{digest.hexdigest()[:12]}{"".join(parts)}.json'
        if not kept.exists():
            kept.write_text(json.dumps(ask_of_truth(taken, made, only), indent=1))
        return json.loads(kept.read_text())

    def tidy(self, made):
        """Keep only the files from which the cell can be made again; all others are large."""
        if not self.options.keep_all:
            for path in (*(core for pair in made.values() for core in pair), self.folder / 'rawdump.img',
                         self.folder / 'cat.elf'):
                path.unlink(missing_ok=True)


# gdb without the offset, on all of RAM.
PLAINLY = 'gdb plainly'
FRAMES = ('bt of all threads', 'info threads')
# A quirk of one boot.
OVERLAP = 'gdb -o alone'
# by_question() turns the key None, which is the answer to all questions, into this.
ALL = 'null'


def starts(answers):
    return answers is None or ALL not in answers


def ask_of_truth(taken, made, only):
    answers, quirks, known = {}, [OVERLAP] if overlaps(taken) else [], {}
    for who, ask in {**questions.REFERENCE, PLAINLY: questions.ASK['gdb']}.items():
        if who not in only:
            continue
        core = made.get(who, made[None])[1]
        if (ask, core) not in known:
            known[ask, core] = by_question(ask(questions.Core(taken, core)))
        answers[who] = known[ask, core]
    if answers.get('crash') is not None and not starts(answers['crash']):
        again = by_question(questions.ASK['crash'](
            questions.Core(taken, made[None][1], {'crash --no_modules'})))
        if starts(again):
            answers['crash'] = again
            quirks.append('crash --no_modules')
    answers[REPORT] = questions_report.ask(taken, made[None][1])
    return {'answers': answers, 'quirks': quirks,
            'in front': questions.in_front(questions.Core(taken, made[None][1]))}


def overlaps(taken):
    """Whether KASLR moved the image by less than its size: then link and run-time addresses overlap."""
    places = {words[2]: int(words[0], 16) for words in
              map(str.split, taken.kernel.file('System.map').read_text().splitlines())}
    return taken.kernel.arch == 'amd64' and \
        taken.info.kaslr_offset() < places['_end'] - places['_text']


def accept_own(outcomes, got, plainly, overlap):
    """Without the offset, gdb prints wrong frames on all of RAM too, and wrong values if addresses
    overlap.  Such answers are attributed to gdb."""
    for question, (outcome, why) in outcomes.items():
        if outcome != questions_compare.WRONG or not (overlap or question in FRAMES):
            continue
        again = questions_compare.compare(question, got.get(question), plainly.get(question))
        if again and again[0] != questions_compare.WRONG:
            outcomes[question] = questions_compare.OWN, why


def accept_own_zeroes(outcomes, got, in_front):
    """libkdumpfile reads the page before a captured one as zeroes."""
    for question in in_front:
        outcome, why = outcomes.get(question, (None, ''))
        if outcome == questions_compare.WRONG and not got[question].strip('0'):
            outcomes[question] = questions_compare.OWN, why


def by_question(answers):
    """Convert the keys: JSON has no None as a key."""
    return json.loads(json.dumps(answers)) if answers is not None else None


def compare_all(got, want):
    """Compare each question; a consumer that did not start has no answers."""
    if got is not None and ALL in got:
        got = {question: got[ALL] for question in want}
    outcomes = {}
    for question, truth in want.items():
        outcome = questions_compare.compare(question, got.get(question), truth)
        if outcome:
            outcomes[question] = outcome
    return outcomes


def attempt(cell):
    start = time.monotonic()
    try:
        outcomes, quirks = cell.run()
    except SystemExit as error:
        return cell.name, None, [f'no cell: {error}']
    except Exception:  # pylint: disable=broad-except
        return cell.name, None, [f'no cell: {traceback.format_exc()}']
    print(*cell.name, f'{time.monotonic() - start:.0f} s:', matrix_page.counts(outcomes), flush=True)
    for question, (outcome, words) in (outcomes.get(REPORT) or {}).items():
        print(f'    {question}: {outcome} {words}', flush=True)
    return cell.name, outcomes, quirks


@contextlib.contextmanager
def folder_of(keep):
    if keep:
        yield pathlib.Path(keep).resolve()
        return
    with tempfile.TemporaryDirectory(prefix='kmd-matrix-') as where:
        yield pathlib.Path(where)


def arguments():
    names = [row[0] for row in kernels.rows() if 'by-hand' not in row]
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('program', type=pathlib.Path, metavar='KMD_ASSEMBLE')
    parser.add_argument('--kernels', nargs='+', default=names, help='rows of kernels.txt')
    parser.add_argument('--levels', nargs='+', default=LEVELS, choices=LEVELS)
    parser.add_argument('--crashes', nargs='+', default=list(CRASHES), choices=list(CRASHES))
    parser.add_argument('--assemble', action='append', default=[], metavar='OPTION',
                        help='an option for kmd-assemble, such as --assemble=--captured-only')
    parser.add_argument('--with', dest='with_files', action='append', default=[], choices=['vmlinux'],
                        help='pass the vmlinux of the kernel to kmd-assemble (-x)')
    parser.add_argument('--dumps', metavar='FOLDER', help='folder to keep dumps in and to reuse them from')
    parser.add_argument('--keep-all', action='store_true', help='keep the cores too')
    parser.add_argument('--compare-again', action='store_true',
                        help='run no consumer in cells that have answers of an earlier run in --dumps')
    parser.add_argument('--only-report', action='store_true',
                        help='fill the column kmd-report alone, with drgn and crash on all of RAM; the other columns '
                        'of a page that is there stay')
    parser.add_argument('--without', nargs='+', default=[], choices=list(questions.ASK), metavar='CONSUMER',
                        help='do not ask these; their cells say so')
    parser.add_argument('--add', action='store_true',
                        help='keep the rows of other cells of the page that is there, and what it says of them')
    parser.add_argument('--jobs', type=int, default=2)
    parser.add_argument('--out', type=pathlib.Path, metavar='FILE', help='write the page there')
    return parser.parse_args()


def main():
    options = arguments()
    options.program = options.program.resolve()
    start = time.monotonic()
    with folder_of(options.dumps) as folder:
        cells = [Cell(kernels.kernel(name), level, crash, options, folder)
                 for name in options.kernels for level in options.levels for crash in options.crashes]
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            results = list(pool.map(attempt, cells))
    if options.only_report and options.out and options.out.exists():
        page = matrix_merge.page(options.out.read_text(encoding='utf-8'), results)
    elif options.add and options.out and options.out.exists():
        page = matrix_merge.with_rows(options.out.read_text(encoding='utf-8'), results)
    else:
        page = matrix_page.page(results, options)
    if options.out:
        options.out.parent.mkdir(exist_ok=True)
        options.out.write_text(page, encoding='utf-8')
    else:
        print(page)
    print(f'{len(results)} cells in {time.monotonic() - start:.0f} s; {matrix_page.summary(results)}')
    sys.exit(matrix_page.is_bad(results))


if __name__ == '__main__':
    main()
