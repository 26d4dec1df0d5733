# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""completion.py SHELL FOLDER NAME=PROGRAM... - the completions of each command, asked of the shell itself.

Of each program given, all options and all topics that its --help prints must be offered, and no others.
"""
import os
import pathlib
import re
import shutil
import shlex
import subprocess
import sys
import tempfile

# Words before the one that is completed, and some of the answers.
ASKED = [
    (['kmd-assemble', '--vml'], ['--vmlinux']),
    (['kmd-assemble', '--co'], ['--complete', '--color']),
    (['kmd-assemble', '--accept', 'in'], ['invalid']),
    (['kmd-assemble', 'du'], ['dump one.bin', 'dump2.bin']),
    (['kmd-assemble', '-o', 'du'], ['dump2.bin']),
    (['kmd-assemble', '--extract', 'fo'], ['folder']),
    (['kmd-report', '--ht'], ['--html']),
    (['kmd-report', '--subsystem', 'ad'], ['adsp']),
    (['kmd-collect', '--u'], ['--u-boot-script']),
    (['kmd-collect', '--write', 'e'], ['ext4write']),
    (['kmd-gdb', '--debug-'], ['--debug-dir']),
    (['kmd-crash', '--vml'], ['--vmlinux']),
    (['kmd-drgn', '--acc'], ['--accept']),
    (['kmd-mkimage', '--vers'], ['--version']),
]
# With = in one word.
EQUALS = [(['kmd-assemble', '--accept=in'], 'invalid'), (['kmd-assemble', '--complete=ro'], 'rodata'),
          (['kmd-report', '--subsystem=ad'], 'adsp'), (['kmd-report', '--help=rep'], 'report'),
          (['kmd-collect', '--help=u'], 'u-boot-script')]


def bash(folder, words, where):
    line = ' '.join(words)
    script = f'''
source /usr/share/bash-completion/bash_completion || exit 9
source {folder}/{words[0]} || exit 8
COMP_LINE={line!r} COMP_POINT=${{#COMP_LINE}}
COMP_WORDS=({' '.join(map(split_equals, words))}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
complete -p {words[0]} >/dev/null || exit 7
compopt() {{ :; }}
_{words[0].replace('-', '_')}
printf '%s\\n' "${{COMPREPLY[@]}}"
'''
    return run(['bash', '--norc', '-c', script], where)


def split_equals(word):
    """As readline splits words: = stands alone."""
    return ' '.join(part for part in re.split('(=)', word) if part)


def fish(folder, words, where):
    script = f'source {folder}/{words[0]}.fish; complete -C {" ".join(words)!r}'
    return [line.split('\t')[0] for line in run(['fish', '--no-config', '-c', script], where)]


SHELLS = {}


def zsh_shell(folder, where):
    import pexpect
    home = pathlib.Path(where).parent / 'home'
    home.mkdir(exist_ok=True)
    (home / '.zshrc').write_text(
        f'fpath=({folder} $fpath)\nautoload -U compinit; compinit -u -D\n'
        'PS1="READY> "; setopt NO_BEEP; LISTMAX=0\nunsetopt ALWAYS_LAST_PROMPT\n'
        # Every match, in place of a menu.
        'function list_all() { compstate[insert]=""; compstate[list]="list force"; }\n'
        'compprefuncs=(); comppostfuncs=(list_all)\n')
    shell = pexpect.spawn('zsh', ['-i'], cwd=where, encoding='utf-8', dimensions=(200, 200), timeout=60,
                          env={**os.environ, 'ZDOTDIR': str(home), 'TERM': 'dumb', 'HOME': str(home)})
    shell.expect('READY> ')
    return shell


def zsh(folder, words, where, described=True):
    """zsh completes on a terminal only: keys are typed, and what it lists is read, perhaps with its descriptions."""
    shell = SHELLS.setdefault('zsh', None) or zsh_shell(folder, where)
    SHELLS['zsh'] = shell
    # The functions are called once for each setting.
    shell.send("comppostfuncs=(list_all); echo A''SK\r")
    shell.expect('\r\nASK')
    shell.send(' '.join(words) + '\t')
    shell.send("\x15echo DO''NE\r")
    shell.expect('\r\nDONE')
    text = re.sub(r'\x1b\[[0-9;?]*[a-zA-Z]', '', shell.before)
    if not described:
        return [word for line in text.splitlines() if 'DO' not in line for word in line.partition(' -- ')[0].split()]
    return [word for line in text.splitlines() for word in [*re.split(r'\s+-- |\s{2,}', line), *line.split()]]


def run(command, where):
    done = subprocess.run(command, text=True, check=False, cwd=where, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env={**os.environ, 'TERM': 'dumb', 'HOME': str(where)})
    if done.returncode:
        print(command, done.stdout)
        sys.exit(1)
    return done.stdout.splitlines()


def clean(answer):
    return re.sub(r'\\(.)', r'\1', answer.strip()).rstrip('=/ ')


def of_help(command):
    """The long options and the topics of --help."""
    text = subprocess.run([*command, '--help'], text=True, check=True, stdout=subprocess.PIPE).stdout
    options = set(re.findall(r'^ {1,8}(?:-\w, +)?(--[a-z][a-z-]*)', text, re.M))
    return options, set(re.split(r',\s+', re.search(r'one topic: ([^.]*?)\n +-V', text, re.S)[1]))


def whole_program(ask, folder, where, name, command):
    """What --help has is offered, and nothing else.  The number of faults."""
    options, topics = of_help(command)
    if ask is zsh:
        def ask(*words):
            return zsh(*words, described=False)
    # fish offers options whose argument may be omitted with and without =.
    offered = {clean(answer) for answer in ask(folder, [name, '--'], where)}
    offered = {word for word in offered if re.fullmatch(r'--[a-z-]+', word)}
    answers = {clean(answer).rpartition('=')[2] for answer in ask(folder, [name, '--help='], where)}
    answers = {word for word in answers if re.fullmatch(r'[a-z-]+', word) and not word.startswith('-') and word != name}
    faults = 0
    for what, got, wanted in (('options', offered, options), ('topics', answers, topics)):
        if got != wanted:
            faults += 1
            print(f'{name}: {what}: missing {sorted(wanted - got)}, in excess {sorted(got - wanted)}')
    return faults


def main():
    shell, folder = sys.argv[1], sys.argv[2]
    if not shutil.which(shell) or (shell == 'bash' and not os.path.exists('/usr/share/bash-completion/bash_completion')):
        print(f'SKIP: no {shell}, or no completion for it')
        sys.exit(77)
    ask, failed = {'bash': bash, 'fish': fish, 'zsh': zsh}[shell], 0
    with tempfile.TemporaryDirectory() as scratch:
        where = pathlib.Path(scratch) / 'here'
        where.mkdir()
        for name in ('dump one.bin', 'dump2.bin'):
            (where / name).write_text('')
        (where / 'folder').mkdir()
        for words, wanted in ASKED + [(words, [word]) for words, word in EQUALS]:
            answers = [clean(answer) for answer in ask(folder, words, where)]
            for word in wanted:
                # fish and zsh repeat the option before the =.
                if not any(answer == word or answer.endswith('=' + word) for answer in answers):
                    print(f'{" ".join(words)}: no {word!r} in {answers}')
                    failed += 1
            if '--vmlinux' in wanted and '--json' in answers:
                print(f'{" ".join(words)}: options that do not begin so: {answers}')
                failed += 1
        for name, _, command in (word.partition('=') for word in sys.argv[3:]):
            failed += whole_program(ask, folder, where, name, shlex.split(command))
    print(f'{len(ASKED) + len(EQUALS)} questions and {len(sys.argv) - 3} programs, {failed} wrong answers')
    sys.exit(bool(failed))


main()
