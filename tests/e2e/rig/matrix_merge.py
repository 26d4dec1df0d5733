# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A page whose column kmd-report is new, and whose other columns are those of the page before."""
import re

import matrix_page

WHO = 'kmd-report'
NOT_RUN = 'not run'
# Columns before those of the consumers.
KEYS = 3


def old_rows(page):
    """{(kernel, level, crash): {consumer: cell}} of a page."""
    rows = [[cell.strip() for cell in line.strip('| \n').split(' | ')] for line in page.splitlines()
            if re.match(r'\| \S+ \| (level|log|rfc|full) \|', line)]
    if not rows:
        return {}
    return {tuple(row[:KEYS]): dict(zip(rows[0][KEYS:], row[KEYS:])) for row in rows[1:]}


def old_sections(page, title):
    """[(heading, text)] of the consumers below '## title', without those of kmd-report."""
    found = re.search(rf'^## {title}\n(.*?)(?=^## |\Z)', page, re.M | re.S)
    parts = re.split(r'^### (.*)\n', found[1] if found else '', flags=re.M)[1:]
    return [(head, text.strip('\n')) for head, text in zip(parts[::2], parts[1::2]) if not head.startswith(WHO)]


def section(page, title, lines):
    """The sections of the other consumers, and then the lines of kmd-report."""
    old = [line for head, text in old_sections(page, title) for line in (f'### {head}', '', *text.split('\n'), '')]
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
