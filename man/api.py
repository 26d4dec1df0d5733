# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The pages of section 3 out of kmd.h, whose comments are the manual: one page for each group.

    api.py pages kmd.h     PAGE:GROUP of each page
    api.py links kmd.h     FUNCTION:PAGE of each function
"""
import re
import sys

HEADING = re.compile(r'^/\* -{8,} (.+?) \*/$', re.MULTILINE)
# A comment, and what it is about; several declarations may follow one comment.
ITEM = re.compile(r'(?P<comment>/\*(?:[^*]|\*(?!/))*\*/)?\n?'
                  r'(?P<code>(?:enum \w+ \{|struct \w+ \{)(?:.|\n)*?\n\};|'
                  r'(?:[a-z][\w \*]*?\*?\bkmd_\w+\((?:[^;]|\n)*?\);\n?)+|'
                  r'typedef [^;]*;)')
FUNCTION = re.compile(r'\b(kmd_\w+)\(')
TITLES = {
    'handle': ('handle', 'make and release a handle, errors, versions'),
    'options, before the opening': ('options', 'options of a dump, set before it is opened'),
    'opening': ('open', 'open a dump'),
    'the dump': ('dump', 'regions, findings and facts of the kernel'),
    'variables': ('variables', 'variables of the kernel that are numbers'),
    'registers': ('registers', 'registers of the CPUs'),
    'tasks and stacks': ('tasks', 'tasks, modules, symbols, stacks and the signature of a crash'),
    'kernel log': ('log', 'the kernel log'),
    'memory': ('memory', 'read captured memory'),
    'assembling': ('assemble', 'write the core and the files of regions'),
    'readiness': ('readiness', 'what crash, drgn, gdb and makedumpfile can do with the core'),
}


def groups(header):
    """Name of each group, and its text, in the order of the header."""
    parts = HEADING.split(header)
    return dict(zip(parts[1::2], parts[2::2]))


def page_name(group):
    return f'libkmd_{TITLES.get(group, (re.sub("[^a-z]+", "_", group), ""))[0]}'


def escaped(text):
    return re.sub(r'([\\*_`<>#|\[\]])', r'\\\1', text)


def comment_text(comment):
    """Paragraphs of a comment, each one line; an indented block stays as it is."""
    lines = [re.sub(r'^ ?\*? ?', '', line) for line in comment[2:-2].split('\n')]
    for block in re.split(r'\n\s*\n', '\n'.join(lines).strip('\n')):
        if block.strip():
            yield block


def described(comment):
    return '\n\n'.join(escaped(' '.join(block.split())) for block in comment_text(comment))


def literal(code):
    return '```\n' + code.strip().expandtabs(8) + '\n```'


def items(text):
    for match in ITEM.finditer(text):
        yield match['comment'] or '', match['code'].strip()


def functions(text):
    return [name for _, code in items(text) if not code.startswith('typedef')
            and not code.endswith('};') for name in FUNCTION.findall(code)]


def group_page(header, group):
    text = groups(header)[group]
    name = page_name(group)
    prototypes, body = [], []
    for comment, code in items(text):
        is_call = not code.endswith('};') and not code.startswith('typedef')
        if is_call:
            prototypes.append(code)
            body.append('## ' + ', '.join(escaped(f'{call}()') for call in FUNCTION.findall(code)))
            body.append(described(comment) if comment else 'As above.')
        else:
            title = re.match(r'(?:typedef )?((?:enum|struct) \w+|.*\(\*(\w+)\))', code)
            body.append('## ' + escaped(title[2] or title[1]))
            if comment:
                body.append(described(comment))
            body.append(literal(code))
    calls = functions(text)
    return '\n\n'.join([
        f'{name}(3) "kmemdump @VERSION@" "Library Functions"\n'
        '; SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only',
        '# NAME', f'{", ".join([name, *calls])} - {TITLES.get(group, ("", group))[1]}',
        '# SYNOPSIS', '*#include <kmemdump/kmd.h>*', literal('\n'.join(prototypes)),
        'Link with _-lkmd_ (*pkg-config libkmd*).', '# DESCRIPTION', *body,
        '# SEE ALSO', '*libkmd*(3), which has the conventions that all functions keep']) + '\n'


def convention(block):
    """"Handle     A struct ..." lines of the header's first comment, as entries."""
    out, name, text = [], None, []
    for line in block.split('\n') + ['  End  ']:
        match = re.match(r'  (\w+) {2,}(.*)', line)
        if match:
            if name:
                out.append(f'*{name}*\n\t' + escaped(' '.join(' '.join(text).split())))
            name, text = match[1], [match[2]]
        elif name:
            text.append(line)
    return out


def overview(header):
    first = re.search(r'/\*\n \* kmd\.h(?:.|\n)*?\*/', header)[0]
    blocks = list(comment_text(first))
    about = escaped(' '.join(blocks[1].split()))
    rows = '\n'.join(f'- *{page_name(group)}*(3): {TITLES.get(group, ("", group))[1]}'
                     for group in groups(header))
    conventions = next(block for block in blocks if block.startswith('Conventions'))
    program = '''#include <kmemdump/kmd.h>
#include <stdio.h>

int main(int argc, char **argv)
{
        struct kmd *kmd = kmd_new();
        int bad = argc != 3 || !kmd || kmd_open_path(kmd, argv[1]) ||
                  kmd_assemble_path(kmd, argv[2], 0);

        if (bad)
                fprintf(stderr, "%s\\n", kmd_error(kmd) ? kmd_error(kmd) : "usage");
        kmd_free(kmd);
        return bad;
}'''
    return '\n\n'.join([
        'libkmd(3) "kmemdump @VERSION@" "Library Functions"\n'
        '; SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only',
        '# NAME', 'libkmd - read the minidump of a kernel, and write an ELF core of it',
        '# SYNOPSIS', '*#include <kmemdump/kmd.h>*',
        '*cc* _program.c_ *$(pkg-config --cflags --libs libkmd)*',
        '# DESCRIPTION', about, 'The functions, by group:', rows,
        'Each function has a page of its own name, too: *man kmd\\_open\\_path*.',
        '# CONVENTIONS', *convention(conventions),
        '# EXAMPLES', literal(program),
        '# SEE ALSO', '*kmd-assemble*(1), *kmemdump-core*(5), *pkg-config*(1)']) + '\n'


def page(header, group):
    return overview(header) if group == 'libkmd' else group_page(header, group)


def main():
    what, path = sys.argv[1:]
    with open(path, encoding='utf-8') as file:
        header = file.read()
    if what == 'pages':
        print('libkmd:libkmd')
    for group, text in groups(header).items():
        if what == 'pages':
            print(f'{page_name(group)}:{group}')
        else:
            for name in functions(text):
                print(f'{name}:{page_name(group)}')


if __name__ == '__main__':
    main()
