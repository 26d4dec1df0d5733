# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A page of section 5 out of a page of docs/: scdoc of the Markdown that those pages use."""
import re


def inline(text):
    """Code becomes bold, a link its text; the rest is escaped."""
    text = re.sub(r'!?\[([^\]]+)\]\(([^)]+)\)', lambda match: match[1], text)
    out = []
    for at, piece in enumerate(re.split(r'`([^`]+)`', text)):
        piece = re.sub(r'([\\*_<>#|\[\]])', r'\\\1', piece)
        out.append(f'*{piece}*' if at % 2 else piece)
    return ''.join(out)


def table(rows):
    """Each row an entry: the first cell, then the others as sentences."""
    head = [cell.strip() for cell in rows[0].strip('|').split('|')]
    out = []
    for row in rows[2:]:
        cells = [cell.strip() for cell in re.split(r'(?<!\\)\|', row.strip().strip('|'))]
        out.append(inline(cells[0]))
        for name, cell in zip(head[1:], cells[1:]):
            about = f'{name}: ' if len(head) > 2 and name != head[1] else ''
            if cell:
                out.append('\t' + inline(about + cell) + ('' if cell.endswith('.') else '.'))
        out.append('')
    return '\n'.join(out).rstrip()


def blocks(text):
    """The text in blocks; one of three backquotes is a block, whatever is in it."""
    for at, part in enumerate(re.split(r'^```\w*\n(.*?)^```\n', text, flags=re.MULTILINE | re.DOTALL)):
        if at % 2:
            yield '```\n' + part + '```'
        else:
            yield from (block for block in re.split(r'\n\s*\n', part) if block.strip())


def block_text(block):
    lines = block.strip('\n').split('\n')
    if block.startswith('```'):
        return block.expandtabs(8)
    if lines[0].startswith('#'):
        level = len(lines[0]) - len(lines[0].lstrip('#'))
        title = lines[0].lstrip('# ')
        return f'# {title.upper()}' if level <= 2 else f'## {inline(title)}'
    if lines[0].startswith('    '):
        return '```\n' + '\n'.join(line[4:].expandtabs(8) for line in lines) + '\n```'
    if lines[0].startswith('|'):
        return table(lines)
    if lines[0].startswith('- '):
        items = re.split(r'^- ', block, flags=re.MULTILINE)[1:]
        return '\n'.join('- ' + inline(' '.join(item.split())) for item in items)
    return inline(' '.join(' '.join(lines).split()))


def page(markdown, name, about):
    text = re.sub(r'<!--.*?-->\n?', '', markdown, flags=re.DOTALL)
    text = re.sub(r'^# .*\n', '', text.lstrip(), count=1)
    head = (f'{name}(5) "kmemdump @VERSION@" "File Formats"\n'
            '; SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only\n\n'
            f'# NAME\n\n{name} - {about}\n\n# DESCRIPTION\n\n')
    tail = '\n\n# SEE ALSO\n\n*kmd-assemble*(1), *kmd-report*(1), *libkmd*(3)\n'
    return head + '\n\n'.join(block_text(block) for block in blocks(text)) + tail
