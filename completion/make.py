#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""make.py SHELL TOOL OUTPUT - the completion of a tool, out of the source of its man page."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'man'))
import options  # noqa: E402

PAGE = {'kmd-crash': 'kmd-gdb', 'kmd-drgn': 'kmd-gdb'}
WORDS = {
    '--accept': 'invalid order vmlinux',
    '--color': 'auto always never',
    '--complete': 'rodata text orc btf all none',
    '--help': 'inputs output input kernel messages exit',
    '--limit': 'size= ratio= depth= files=',
    '--machdep': 'kaslr= kimage_voffset= phys_offset= vabits_actual= phys_base=',
    '--subsystem': 'apss modem adsp cdsp cdsp1',
    '--write': 'fatwrite ext4write save tftpput',
}
OF_TOOL = {
    ('kmd-report', '--help'): 'inputs report input kernel messages exit',
    ('kmd-collect', '--help'): 'ways table gdb u-boot-script plan output messages exit',
    ('kmd-mkimage', '--help'): 'inputs anonymize input kernel messages exit',
    ('kmd-crash', '--help'): 'input kernel messages exit',
    ('kmd-drgn', '--help'): 'input kernel messages exit',
    ('kmd-gdb', '--help'): 'input kernel messages exit',
}
FILES = {'FILE', 'PATH', 'SOCKET'}
# An argument that has words of its own in one tool is a number or a size in another.
NUMBERS = {('kmd-collect', '--limit')}


def kind(tool, option):
    """What follows the option: words, "file", "folder", "other", or None."""
    if option.argument is None:
        return None
    if option.long in WORDS and (tool, option.long) not in NUMBERS:
        return OF_TOOL.get((tool, option.long), WORDS[option.long])
    if option.argument in FILES:
        return 'file'
    if option.argument == 'FOLDER' or option.long == '--scratch':
        return 'folder'
    return 'other'


def bash(tool, listed):
    words, cases = [], []
    for option in listed:
        names = [name for name in (option.short, option.long) if name]
        optional = option.argument and option.argument.startswith('[')
        words += names[:-1] + [option.long + ('=' if option.argument and not optional else '')]
        what = kind(tool, option)
        action = {'file': '_filedir', 'folder': '_filedir -d', 'other': 'COMPREPLY=()'}.get(
            what, what and f'COMPREPLY=($(compgen -W "{what}" -- "$cur"))')
        if action:
            cases.append(f'\t{"|".join(names)}) {action}; return ;;')
    name = '_' + tool.replace('-', '_')
    return f'''# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# bash completion of {tool}, made of its man page.
{name}()
{{
	local cur prev words cword split
	_init_completion -s || return
	case $prev in
''' + '\n'.join(cases) + f'''
	esac
	if [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W '{" ".join(words)}' -- "$cur"))
		[[ ${{COMPREPLY-}} == *= ]] && compopt -o nospace
		return
	fi
	_filedir
}} && complete -F {name} {tool}
'''


def quoted(text):
    return text.replace("'", "'\\''")


def zsh(tool, listed):
    lines = []
    for option in listed:
        about = quoted(option.about.replace('[', '\\[').replace(']', '\\]').replace(':', '\\:'))
        what = kind(tool, option)
        action = {'file': '_files', 'folder': '_files -/', 'other': ' '}.get(what, what and f'({what})')
        optional = (option.argument or '').startswith('[')
        argument = (option.argument or '').strip('[]"').replace(':', '\\:')
        tail = f'{"::" if optional else ":"}{argument}:{action}' if action else ''
        for name in filter(None, (option.short, option.long)):
            if optional and name == option.short:
                tail_of = ''
            else:
                tail_of = tail
            mark = ('=-' if optional else '=') if tail_of and name.startswith('--') else ('+' if tail_of else '')
            lines.append(f"\t'{name}{mark}[{about}]{tail_of}' \\")
    return f'''#compdef {tool}
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# zsh completion of {tool}, made of its man page.
_arguments -S \\
''' + '\n'.join(lines) + "\n\t'*:dump:_files'\n"


def fish(tool, listed):
    out = ['# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only',
           f'# fish completion of {tool}, made of its man page.']
    for option in listed:
        line = f'complete -c {tool} -l {option.long[2:]}'
        if option.short:
            line += f' -s {option.short[1:]}'
        what = kind(tool, option)
        optional = (option.argument or '').startswith('[')
        if what and not optional:
            line += ' -r'
        if what == 'file':
            line += ' -F'
        elif what == 'folder':
            line += " -f -a '(__fish_complete_directories)'"
        elif what == 'other':
            line += ' -f'
        elif what:
            line += f" -f -a '{what}'"
        about = option.about.replace('\\', '\\\\').replace("'", "\\'")
        out.append(f"{line} -d '{about}'")
    return '\n'.join(out) + '\n'


def main():
    shell, tool, output = sys.argv[1:]
    listed = options.options(PAGE.get(tool, tool))
    Path(output).write_text({'bash': bash, 'zsh': zsh, 'fish': fish}[shell](tool, listed))


main()
