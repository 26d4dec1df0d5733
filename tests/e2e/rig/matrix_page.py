# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Writes the results of the matrix as a page."""
import collections
import re

from questions_compare import ABSENT, EQUAL, OWN, PART, WRONG

CONSUMERS = ('gdb', 'gdb -o', 'crash', 'crash --minimal', 'drgn', 'libkdumpfile', 'makedumpfile', 'kmd-report')

NOT_RUN = 'not run'

HEAD = '''<!-- SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only -->
<!-- Written by scripts/matrix; what is edited here is lost. -->
# What the debuggers print for our cores, beside what they print for all of RAM

Each cell: answers **equal / absent / wrong**. *Equal* is the same, to the letter, as on a core of all
of RAM with the same registers. *Absent* is a clear error, nothing, or a part of the truth that names
what is missing. *Wrong* is any other value, and a part that is not marked as one. In brackets:
what the consumer makes up by itself, for a reason that the notes name. `-`: there is no such consumer for this
kernel.

| consumer | asked |
| --- | --- |
| gdb | `gdb vmlinux vmcore`, no options, KASLR on: variables set at run time, `info threads`, `bt` of each; compared with gdb with the offset on all of RAM |
| gdb -o | the same, with `symbol-file vmlinux -o OFFSET` |
| crash | `sys`, `log`, `ps`, `bt`, `bt -a`, `foreach bt`, `mod`, `runq`, `p` of variables |
| crash --minimal | `log`, `sym`, `rd` of variables, `dis` |
| drgn | tasks, stack traces, modules, dmesg, variables |
| libkdumpfile | kernel virtual addresses of symbols, stacks, and some through the linear map |
| makedumpfile | `--dump-dmesg` |
| kmd-report | the functions of every frame of every task that does not run, with the vmlinux and without: as drgn (with inlined ones) and crash (by address) have them on all of RAM, and as kmd-report itself has them there |
'''

NOTES = '''
## Notes

- All consumers are those of the kernel's own Debian release: bookworm for 6.1 (gdb 13.1, crash 8.0.2, drgn
  0.0.22, libkdumpfile 0.5.1), trixie for 6.12 (gdb 16.3, drgn and libkdumpfile of that release). 32-bit arm (6.1-armmp) has
  trixie's, because older drgn unwinds no stacks there, and bookworm's crash.
- drgn 0.0.22 takes the registers of CPU n for those of task n + 1: it is asked about cores made with
  `--no-registers`, and so is its truth.
- crash of one machine reads dumps of that machine only; those of arm64, arm and riscv64 run emulated, and
  only bookworm's of arm64 and arm. `not run`: its answers were not asked for in this cell; it takes minutes.
- Debian's makedumpfile for x86_64 reads x86_64's dumps only.
- After a panic, all of RAM has the registers that the kernel itself recorded; after a hang, those with which
  the machine stopped, and the core is made with `--registers`.
- gdb does not move a vmlinux of x86_64 (ET_EXEC) for a core: started plainly it has no names for program
  counters and no rules for unwinding, and guesses frames. Where KASLR moved the kernel by less than its size
  (`gdb -o alone`, if there is any below), other live memory is at the link addresses, on all of RAM too: the
  line that kmd-assemble prints is needed.
- gdb guesses what follows a frame in a module or in assembler, of which it has no debug information, on all of
  RAM too: where the guess is another, such a stack counts up to there.
- gdb on arm64 and arm takes the link register for the caller's address where the code of a frame was not captured
  (aarch64_stub_unwind_sniffer() of aarch64-tdep.c, arm_stub_unwind_sniffer() of arm-tdep.c), be it stale or not. `kmd-assemble --check` reports of such a
  dump that its `bt` lacks text; `-x vmlinux --complete=text` supplies it.
- libkdumpfile reads a page as zeroes of which nothing was captured, if the next page was from its first byte on:
  find_closest_mem_load() and find_closest_file_load() of its elfdump.c allow for a distance of a whole page.
- libkdumpfile 0.5.4 recurses until it dies (signal 11) where memory of 32-bit arm is absent and the root of the page
  tables is too: such an answer is absent.
- A stack trace that ends early is absent in part: its last frame is not an entry into the kernel. A frame
  whose address is right and which has no name counts likewise.
'''


def tally(outcomes):
    found = collections.Counter(outcome for outcome, _ in outcomes.values())
    return found[EQUAL], found[ABSENT] + found[PART], found[WRONG], found[OWN]


def counts(outcomes):
    return '  '.join(f'{who} {"/".join(map(str, tally(v)[:3]))}' for who, v in outcomes.items() if v is not None)


def cell(outcomes):
    if outcomes is None:
        return '-'
    equal, absent, wrong, own = tally(outcomes)
    return f'{equal} / {absent} / ' + (f'**{wrong}**' if wrong else '0') + (f' ({own})' if own else '')


def table(results):
    rows = [f'| kernel | level | crash | {" | ".join(CONSUMERS)} |', '| --- ' * (3 + len(CONSUMERS)) + '|']
    for name, outcomes, _ in results:
        columns = [(cell(outcomes[who]) if who in outcomes else NOT_RUN) if outcomes else 'no cell' for who in CONSUMERS]
        rows.append(f'| {" | ".join(name)} | {" | ".join(columns)} |')
    return rows


def clean(words):
    """One line of a page, without the characters that are special in tables and Markdown."""
    text = ' '.join(words.split())
    text = re.sub(r'(?:/[^/ ]+)+/([\w-]+\.(?:img|core))', r'\1', text)  # Not where the dumps were.
    return text.replace('`', "'").replace('|', '\\|')[:300]


def each(results, *kinds):
    """(consumer, question, words, cell), of answers of these kinds."""
    for name, outcomes, _ in results:
        for who, answers in (outcomes or {}).items():
            for question, (outcome, words) in (answers or {}).items():
                if outcome in kinds:
                    yield who, without_address(question), words, ' '.join(name)


def without_address(question):
    return ' '.join(word for word in question.split() if not re.fullmatch('0x[0-9a-f]{8,}', word))


def grouped(found):
    """Questions with the same result in the same cells: {(cells, words): questions}.

    found: (question, words, cell); words may differ in addresses.
    """
    by_question = collections.defaultdict(list)
    for question, words, name in found:
        by_question[question].append((name, words))
    groups = collections.defaultdict(list)
    for question, places in by_question.items():
        names = tuple(name for name, _ in places)
        groups[names, re.sub(r'[0-9a-f]{6,}', 'N', places[0][1]), places[0][1]].append(question)
    merged = {}
    for (names, shape, words), asked in groups.items():
        merged.setdefault((names, shape), (words, []))[1].extend(asked)
    return [(names, words, asked) for (names, _), (words, asked) in merged.items()]


def where(names, cells):
    """Name the cells in few words: by level, kernel and crash if that is enough."""
    if set(names) == set(cells):
        return 'all cells'
    parts = [sorted({name.split()[n] for name in names}) for n in range(3)]
    same = [name for name in cells if all(word in part for word, part in zip(name.split(), parts))]
    if len(names) == 1 or set(same) != set(names):
        return f'{len(names)} of {len(cells)} cells: {", ".join(names)}' if len(names) > 1 else names[0]
    every = [sorted({name.split()[n] for name in cells}) for n in range(3)]
    return '; '.join(', '.join(part) for part, whole in zip(parts, every) if part != whole)


def lines_of(found, cells):
    for names, words, asked in grouped(found):
        yield f'- {", ".join(f"`{question}`" for question in asked)} ({where(names, cells)}): `{clean(words)}`'


def cells_of(results, who, level=None):
    return [' '.join(name) for name, outcomes, _ in results
            if outcomes and outcomes.get(who) is not None and level in (None, name[1])]


def wrongs(results, outcome):
    lines = []
    for who in CONSUMERS:
        found = [row[1:] for row in each(results, outcome) if row[0] == who]
        if found:
            lines += [f'### {who}', '', *lines_of(found, cells_of(results, who)), '']
    return lines or ['None.', '']


def absences(results):
    """By consumer and level: questions without an answer, their cells, and the words of the consumer."""
    lines = []
    for who in CONSUMERS:
        for level in dict.fromkeys(name[1] for name, _, _ in results):
            found = [(question, words, name) for by, question, words, name in each(results, ABSENT, PART)
                     if by == who and name.split()[1] == level]
            if found:
                lines += [f'### {who}, level {level}', '', *lines_of(found, cells_of(results, who, level)), '']
    return lines or ['None.', '']


def quirks(results):
    groups = collections.defaultdict(list)
    for name, _, words in results:
        for word in words:
            groups[word.strip().splitlines()[-1]].append(' '.join(name))
    return [f'- {clean(word)}: {", ".join(names)}' for word, names in groups.items()]


def summary(results):
    """All cells in one line."""
    sums = [tally(v) for _, outcomes, _ in results for v in (outcomes or {}).values() if v is not None]
    equal, absent, wrong, own = (sum(column) for column in zip(*sums)) if sums else (0, 0, 0, 0)
    return f'{equal} answers equal, {absent} absent, {wrong} wrong; {own} made up by the consumer'


def is_bad(results):
    return any(outcomes is None for _, outcomes, _ in results) or bool(list(each(results, WRONG)))


def page(results, options):
    words = [*options.assemble, *(['-x vmlinux'] if 'vmlinux' in options.with_files else [])]
    lines = [HEAD, '', f'kmd-assemble was run with {" ".join(words) or "no options"}. '
             f'All cells: {summary(results)}.', '', *table(results), NOTES.rstrip()]
    lines += quirks(results)
    lines += ['', '## Wrong', '', *wrongs(results, WRONG), '## Made up by the consumer', '', *wrongs(results, OWN),
              '## Absent', '', *absences(results)]
    return '\n'.join(lines).rstrip() + '\n'
