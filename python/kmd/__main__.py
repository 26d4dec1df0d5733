# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""python3 -m kmd INPUT... - a short report."""
import signal
import sys
from collections import Counter

import kmd

from . import cli


def field(name: str, text: str, color: str = 'title') -> None:
    print(cli.colored(f'{name:<9}', color, sys.stdout), text)


def report(dump: kmd.Dump) -> int:
    """Print it; the exit code."""
    kernel, signature = dump.kernel, dump.signature()
    states = Counter(region.state.name.lower() for region in dump.regions)
    field('form', dump.form)
    field('kernel', f'{kernel.release or "release unknown"}, {kernel.machine or "machine unknown"}')
    for value in dump.values:
        field('value', f'{value.key} {value.value:#x} ({value.sources or "not confirmed"})')
    field('regions', ', '.join(f'{n} {state}' for state, n in states.items()))
    if kernel.panic:
        field('panic', kernel.panic)
    if signature:
        field('signature', f'{signature.key}  {" < ".join(signature.frames)}')
    damage = [finding.text for finding in dump.findings if finding.severity == kmd.Severity.DAMAGE]
    for text in damage:
        field('problem', text, 'warning')
    return cli.EXIT_DEGRADED if damage else 0


def parser() -> cli.Parser:
    made = cli.Parser(prog='python3 -m kmd', description='Print a short report of a dump; kmd-report(1) has more.',
                      usage='python3 -m kmd [OPTION]... INPUT...', version=kmd.version, features=kmd.features,
                      exits='0 complete, 1 failed, 2 vmlinux of another kernel, 3 the dump is damaged')
    own = made.add_argument_group('Input')
    own.add_argument('input', nargs='+', metavar='INPUT', help='a dump, as for kmd-assemble(1); - is standard input')
    own.add_argument('-x', '--vmlinux', metavar='FILE', help="the dumped kernel's vmlinux")
    made.common()
    return made


def main() -> int:
    args = parser().parse_args()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # "... | head" is no error
    progress = cli.Progress()
    try:
        source = args.input[0] if len(args.input) == 1 else args.input
        if source == '-':
            source = sys.stdin.buffer
        with kmd.Dump(source, vmlinux=args.vmlinux, progress=progress) as dump:
            progress.clear()
            return report(dump)
    except (kmd.Error, OSError) as error:
        progress.clear()
        cli.say('python3 -m kmd', cli.sentence(error))
        mismatch = isinstance(error, kmd.Error) and error.code == kmd.Status.MISMATCH
        return cli.EXIT_MISMATCH if mismatch else cli.EXIT_FAILED
    except KeyboardInterrupt:
        cli.end_by(signal.SIGINT)


if __name__ == '__main__':
    sys.exit(main())
