# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""python3 -m kmd INPUT... - a short report."""
import argparse
import sys
from collections import Counter

import kmd


def report(dump: kmd.Dump) -> None:
    kernel, signature = dump.kernel, dump.signature()
    states = Counter(region.state.name.lower() for region in dump.regions)
    print(f'form      {dump.form}')
    print(f'kernel    {kernel.release or "release unknown"}, {kernel.machine or "machine unknown"}')
    for value in dump.values:
        print(f'value     {value.key} {value.value:#x} ({value.sources or "not confirmed"})')
    print('regions   ' + ', '.join(f'{n} {state}' for state, n in states.items()))
    if kernel.panic:
        print(f'panic     {kernel.panic}')
    if signature:
        print(f'signature {signature.key}  {" < ".join(signature.frames)}')
    for finding in dump.findings:
        if finding.severity == kmd.Severity.DAMAGE:
            print(f'problem   {finding.text}')


def main() -> int:
    parser = argparse.ArgumentParser(prog='python3 -m kmd', description='A short report of a dump.')
    parser.add_argument('input', nargs='+')
    parser.add_argument('-x', '--vmlinux', help="the dumped kernel's vmlinux")
    parser.add_argument('--version', action='version', version=f'libkmd {kmd.version()}')
    args = parser.parse_args()
    try:
        source = args.input[0] if len(args.input) == 1 else args.input
        with kmd.Dump(source, vmlinux=args.vmlinux) as dump:
            report(dump)
    except kmd.Error as error:
        print(f'kmd: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
