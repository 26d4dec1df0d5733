# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A page of which a part is new: the column kmd-report, or the rows of some kernels."""
import re

import matrix_page

WHO = 'kmd-report'
NOT_RUN = matrix_page.NOT_RUN
# Columns before those of the consumers.
KEYS = 3
# What is said of single cells below the notes.
QUIRK = r'^- (?:crash --no_modules|gdb -o alone): .*$'
# A row of the table of cells.
ROW = r'\| \S+ \| (log|rfc|full) \| '


def old_rows(page):
    """{(kernel, level, crash): {consumer: cell}} of a page."""
    rows = [[cell.strip() for cell in line.strip('| \n').split(' | ')] for line in page.splitlines()
            if re.match(r'\| \S+ \| (level|log|rfc|full) \|', line)]
    if not rows:
        return {}
    return {tuple(row[:KEYS]): dict(zip(rows[0][KEYS:], row[KEYS:])) for row in rows[1:]}


def old_sections(page, title, is_new):
    """[(heading, text)] of the consumers below '## title', without those that are new."""
    found = re.search(rf'^## {title}\n(.*?)(?=^## |\Z)', page, re.M | re.S)
    parts = re.split(r'^### (.*)\n', found[1] if found else '', flags=re.M)[1:]
    return [(head, text.strip('\n')) for head, text in zip(parts[::2], parts[1::2]) if not is_new(head)]


def section(page, title, lines, is_new=lambda head: head.startswith(WHO)):
    """The sections that stay, and then the new lines."""
    old = [line for head, text in old_sections(page, title, is_new)
           for line in (f'### {head}', '', *text.split('\n'), '')]
    new = [line for line in lines if line != 'None.']
    while new and not new[-1]:
        new.pop()
    return [f'## {title}', '', *(old + [*new, ''] if old or new else ['None.', ''])]


def table(page, results):
    rows, columns = old_rows(page), matrix_page.CONSUMERS
    lines = [f'| kernel | level | crash | {" | ".join(columns)} |', '| --- ' * (KEYS + len(columns)) + '|']
    new = {name: matrix_page.cell(outcomes.get(WHO)) if outcomes else 'no cell' for name, outcomes, _ in results}
    for name in dict.fromkeys([*new, *rows]):
        row = rows.get(name, {})
        cells = [new.get(name, row.get(who, NOT_RUN)) if who == WHO else row.get(who, NOT_RUN) for who in columns]
        lines.append(f'| {" | ".join(name)} | {" | ".join(cells)} |')
    return lines


def page(before, results):
    """@before: the text of the page that is there."""
    own = [(name, {WHO: outcomes.get(WHO)} if outcomes else None, quirks) for name, outcomes, quirks in results]
    notes = matrix_page.NOTES.rstrip().split('\n')
    return '\n'.join([
        matrix_page.HEAD, '',
        f'The column {WHO} is of a run of its own ({len(own)} cells: {matrix_page.summary(own)}). The others are of '
        f'the last run of all consumers; `{NOT_RUN}`: a kernel that it did not have.', '',
        *table(before, own), *notes, '',
        *section(before, 'Wrong', matrix_page.wrongs(own, matrix_page.WRONG)),
        *section(before, 'Made up by the consumer', matrix_page.wrongs(own, matrix_page.OWN)),
        *section(before, 'Absent', matrix_page.absences(own)),
    ]).rstrip() + '\n'


def with_rows(before, results):
    """The page @before, with the rows of @results; what is said of their kernels follows that of the others."""
    whose = ', of ' + ', '.join(dict.fromkeys(name[0] for name, _, _ in results))
    rows = {(' '.join(name)): line for (name, _, _), line in zip(results, matrix_page.table(results)[2:])}
    kept = []
    # The blank line ends the table.
    for line in [*before.split('\n## Notes\n')[0].rstrip().split('\n'), '']:
        if re.match(ROW, line):
            line = rows.pop(' '.join(line.strip('| ').split(' | ')[:KEYS]), line)
        elif kept and re.match(ROW, kept[-1]):  # The table ends here.
            kept += rows.values()
            rows = {}
        kept.append(line)
    kept += [*matrix_page.NOTES.strip().split('\n'), *re.findall(QUIRK, before, re.M), *matrix_page.quirks(results)]
    for title, lines in (('Wrong', matrix_page.wrongs(results, matrix_page.WRONG)),
                         ('Made up by the consumer', matrix_page.wrongs(results, matrix_page.OWN)),
                         ('Absent', matrix_page.absences(results))):
        lines = [line + whose if line.startswith('### ') else line for line in lines]
        kept += ['', *section(before, title, lines, lambda head: head.endswith(whose))]
        while not kept[-1]:
            kept.pop()
    return '\n'.join(kept) + '\n'
