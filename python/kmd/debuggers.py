# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The commands kmd-drgn, kmd-gdb and kmd-crash: a stock debugger on any dump, with all set.

The core that gdb and crash need is a file without a name, which the debugger inherits as a
descriptor: it is gone with the debugger, however that ends.
"""
from __future__ import annotations

import argparse
import ctypes
import os
import platform
import re
import shlex
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from typing import Any, NoReturn, Optional

import kmd

from . import cli

_MACHDEP = {'aarch64': ('kimage_voffset', 'phys_offset', 'vabits_actual'),
            'x86_64': ('phys_base',)}


_progress = cli.Progress()


def _accept(text: str) -> list[str]:
    """A list with commas, as kmd-assemble takes it."""
    names = text.split(',')
    for name in names:
        if name not in ('invalid', 'order', 'vmlinux'):
            raise argparse.ArgumentTypeError(f"'{name}' is not invalid, order or vmlinux")
    return names


def _address(text: str) -> int:
    """Hexadecimal, with or without 0x."""
    if not re.fullmatch('(?:0[xX])?[0-9a-fA-F]{1,16}', text):
        raise argparse.ArgumentTypeError(f"'{text}' is no hexadecimal address")
    return int(text, 16)


def _parser(tool: str, about: str, usage: str) -> cli.Parser:
    parser = cli.Parser(prog=f'kmd-{tool}', description=about, usage=usage, version=kmd.version, features=kmd.features,
                        exits=f'that of {tool}, once it runs; before: 1 failed, 2 vmlinux of another kernel')
    own = parser.add_argument_group('Input')
    own.add_argument('input', nargs='+', metavar='INPUT', help='a dump, as for kmd-assemble(1); - is standard input')
    own.add_argument('--accept', type=_accept, action='extend', default=[], metavar='LIST',
                     help='use a dump that is otherwise refused: invalid, order, vmlinux')
    own.add_argument('--ram-base', type=_address, metavar='ADDR', help="physical address of a RAM image's first byte")
    own.add_argument('--all-memory', action='store_true',
                     help='all of a RAM image with an SMEM area, not only its regions')
    kernel = parser.add_argument_group('Kernel')
    kernel.add_argument('-x', '--vmlinux', metavar='FILE', help="the dumped kernel's vmlinux; else it is looked for")
    kernel.add_argument('-i', '--vmcoreinfo', metavar='FILE', help='a file with its VMCOREINFO')
    kernel.add_argument('--registers', metavar='FILE', help="a file with the CPUs' registers")
    kernel.add_argument('--debug-dir', default=os.environ.get('KMD_DEBUG_DIR'), metavar='FOLDER',
                        help='where vmlinux files are, besides /usr/lib/debug (or $KMD_DEBUG_DIR)')
    kernel.add_argument('--debuginfod', action='store_true', help='ask $DEBUGINFOD_URLS for a vmlinux')
    parser.common(verbose='print what is started')
    return parser


def _open(args: argparse.Namespace, vmlinux: Optional[str]) -> kmd.Dump:
    source = args.input[0] if len(args.input) == 1 else args.input
    if source == '-':
        source = sys.stdin.buffer
    return kmd.Dump(source, vmlinux=vmlinux, vmcoreinfo=args.vmcoreinfo, registers=args.registers,
                    ram_base=args.ram_base, all_memory=args.all_memory, accept=args.accept,
                    debuginfod=args.debuginfod, progress=_progress)


def _ask_servers(build_id: str) -> Optional[str]:
    """The vmlinux that a server of $DEBUGINFOD_URLS has, in libdebuginfod's own cache."""
    try:
        library = ctypes.CDLL('libdebuginfod.so.1')
    except OSError as error:
        raise kmd.Error(kmd.Status.NOT_FOUND, f'--debuginfod: {error} (Debian: libdebuginfod1)')
    library.debuginfod_begin.restype = ctypes.c_void_p
    client, path = ctypes.c_void_p(library.debuginfod_begin()), ctypes.c_char_p()
    try:
        # A build-id of length 0 is a text.
        fd = library.debuginfod_find_debuginfo(client, build_id.encode(), 0, ctypes.byref(path))
        if fd < 0:
            return None
        os.close(fd)
        return os.fsdecode(path.value or b'')
    finally:
        library.debuginfod_end(client)


def _candidates(args: argparse.Namespace, kernel: kmd.Kernel) -> Iterator[str]:
    """Files that may be the vmlinux, the likeliest first."""
    folders = [args.debug_dir, '/usr/lib/debug'] if args.debug_dir else ['/usr/lib/debug']
    build_id, release = kernel.build_id, kernel.release
    for folder in folders:
        if build_id:
            yield f'{folder}/.build-id/{build_id[:2]}/{build_id[2:]}.debug'
        if release:
            for name in (f'boot/vmlinux-{release}', f'lib/modules/{release}/vmlinux',
                         f'vmlinux-{release}'):
                yield f'{folder}/{name}'
    if args.debug_dir:
        yield f'{args.debug_dir}/vmlinux'
    found = _ask_servers(build_id) if args.debuginfod and build_id else None
    if found:
        yield found


def _open_with_vmlinux(args: argparse.Namespace) -> tuple[kmd.Dump, Optional[str]]:
    """libkmd itself refuses the vmlinux of another kernel."""
    dump = _open(args, args.vmlinux)
    if args.vmlinux or args.input == ['-']:
        return dump, args.vmlinux
    for path in _candidates(args, dump.kernel):
        if not os.path.isfile(path):
            continue
        try:
            better = _open(args, path)
        except kmd.Error:
            continue
        dump.close()
        return better, path
    return dump, None


def _say(tool: str, text: str, color: str = 'bad') -> None:
    _progress.clear()
    cli.say(f'kmd-{tool}', text, color)


def _need_vmlinux(dump: kmd.Dump, vmlinux: Optional[str], searched: bool) -> str:
    if vmlinux:
        return vmlinux
    kernel = dump.kernel
    if not searched:
        raise kmd.Error(kmd.Status.NOT_FOUND, 'standard input is read once only, so no vmlinux is looked for; give it with -x')
    raise kmd.Error(kmd.Status.NOT_FOUND,
                    f'no vmlinux of {kernel.release or "this kernel"} (build-id '
                    f'{kernel.build_id or "unknown"}) in /usr/lib/debug or --debug-dir; '
                    f'give it with -x')


def _start(tool: str, command: list[str], verbose: bool) -> NoReturn:
    if verbose:
        _say(tool, shlex.join(command), 'title')
    _progress.clear()
    sys.stdout.flush()
    # Python ignores it, and a program that is started would inherit that.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        _say(tool, f'{command[0]}: {error.strerror}')
        sys.exit(cli.EXIT_FAILED)


def _core(dump: kmd.Dump) -> str:
    """A core without a name, which the next program inherits."""
    with tempfile.TemporaryFile(dir=os.environ.get('TMPDIR') or '/var/tmp') as core:
        dump.assemble(core)
        fd = os.dup(core.fileno())
    os.set_inheritable(fd, True)
    return f'/proc/self/fd/{fd}'


def gdb_command(program: str, kernel: kmd.Kernel, vmlinux: str, core: str) -> list[str]:
    """gdb does not relocate an x86_64 vmlinux for a core."""
    if kernel.kaslr_offset and not kernel.gdb_relocates:
        quoted = vmlinux.replace('\\', '\\\\').replace('"', '\\"')
        return [program, '-iex', f'symbol-file "{quoted}" -o {kernel.kaslr_offset:#x}', '-c', core]
    return [program, vmlinux, core]


def _ram_files(dump: kmd.Dump) -> Optional[str]:
    """FILE@ADDR,... if all memory of the dump is in whole files, which crash can read."""
    files = []
    for region in dump.regions:
        if region.state != kmd.RegionState.OK or not region.captured:
            continue
        if region.file is None or region.phys is None or kmd.Origin.ADDRESS not in region.origins \
                or any(c in region.file for c in ',@\\'):
            return None
        files.append(f'{os.path.abspath(region.file)}@{region.phys:#x}')
    return ','.join(files) or None


def _machdep(dump: kmd.Dump) -> Optional[list[str]]:
    """What crash must be given of a kernel without notes."""
    kernel, values = dump.kernel, {value.key: value.value for value in dump.values}
    keys = _MACHDEP.get(kernel.machine or '', ())
    if not keys or kernel.kaslr_offset is None or any(key not in values for key in keys):
        return None
    words = []
    for key in keys:
        # crash takes the number of bits in decimal only.
        number = str(values[key]) if key == 'vabits_actual' else f'{values[key]:#x}'
        words += ['-m', f'{key}={number}']
    return [*words, f'--kaslr={kernel.kaslr_offset:#x}']


def crash_way(dump: kmd.Dump) -> list[str]:
    """crash as it starts on this dump."""
    rows = [row for row in dump.readiness() if row.ability == 'start']
    for way in ('crash', 'crash --minimal'):
        for row in rows:
            if row.consumer == way and row.state in (kmd.Ready.WORKS, kmd.Ready.PARTLY):
                return way.split()
    lacks = [row.missing for row in rows if row.consumer.startswith('crash') and row.missing]
    raise kmd.Error(kmd.Status.NOT_FOUND, f'crash cannot start: {"; ".join(lacks[-1:])}')


def _gdb(args: argparse.Namespace, rest: list[str]) -> None:
    dump, found = _open_with_vmlinux(args)
    vmlinux = os.path.abspath(_need_vmlinux(dump, found, args.input != ['-']))
    own = dump.kernel.machine == platform.machine()
    program = os.environ.get('KMD_GDB') or ('gdb' if own and shutil.which('gdb') else
                                            'gdb-multiarch')
    _start('gdb', gdb_command(program, dump.kernel, vmlinux, _core(dump)) + rest, args.verbose)


def _crash(args: argparse.Namespace, rest: list[str]) -> None:
    dump, found = _open_with_vmlinux(args)
    vmlinux = _need_vmlinux(dump, found, args.input != ['-'])
    program = os.environ.get('KMD_CRASH') or 'crash'
    files, machdep = _ram_files(dump), _machdep(dump)
    if files and machdep:
        command = [program, os.path.abspath(vmlinux), *machdep, files]
    else:
        command = [program, *crash_way(dump)[1:], os.path.abspath(vmlinux), _core(dump)]
    _start('crash', command + rest, args.verbose)


def _drgn(args: argparse.Namespace, rest: list[str]) -> None:
    try:
        from . import drgn
    except ImportError as error:
        _say('drgn', f'{error} (Debian: python3-drgn)')
        sys.exit(cli.EXIT_FAILED)
    dump, vmlinux = _open_with_vmlinux(args)
    if vmlinux:
        rest = ['-s', vmlinux, *rest]
    sys.exit(drgn.run(dump, rest))


def main(tool: str) -> NoReturn:
    """The command kmd-TOOL."""
    run: Any = {'gdb': _gdb, 'crash': _crash, 'drgn': _drgn}[tool]
    words = sys.argv[1:]
    parser = _parser(tool, f'Start {tool} on a dump that it cannot open itself.',
                     f'kmd-{tool} [OPTION]... INPUT... [-- {tool}-ARGUMENT...]')
    cut = words.index('--') if '--' in words else len(words)
    if tool == 'drgn' and '--' not in words:
        # kmd-drgn INPUT [drgn options]: what is not ours is drgn's.
        parser = _parser(tool, 'Start drgn on a dump, in place.',
                         'kmd-drgn [OPTION]... INPUT [drgn-ARGUMENT...]\n'
                         '       kmd-drgn [OPTION]... INPUT... -- [drgn-ARGUMENT...]')
        cut = _first_input(parser, words) + 1
    args = parser.parse_args(words[:cut])
    try:
        run(args, words[cut + (words[cut:cut + 1] == ['--']):])
    except (kmd.Error, OSError) as error:
        _say(tool, cli.sentence(error))
        if isinstance(error, kmd.Error) and error.code == kmd.Status.MISMATCH:
            sys.exit(cli.EXIT_MISMATCH)
    except KeyboardInterrupt:
        cli.end_by(signal.SIGINT)
    sys.exit(cli.EXIT_FAILED)


def kmd_crash() -> NoReturn:
    """The command kmd-crash, of a wheel."""
    main('crash')


def kmd_drgn() -> NoReturn:
    """The command kmd-drgn, of a wheel."""
    main('drgn')


def kmd_gdb() -> NoReturn:
    """The command kmd-gdb, of a wheel."""
    main('gdb')


def _first_input(parser: argparse.ArgumentParser, words: list[str]) -> int:
    """The place of the first word that is neither an option nor its value."""
    at = 0
    while at < len(words) and words[at].startswith('-') and words[at] != '-':
        name = words[at].partition('=')[0]
        # A long option may be abbreviated.
        takes = any(action.nargs is None and
                    (name in action.option_strings or
                     (name.startswith('--') and any(own.startswith(name) for own in action.option_strings)))
                    for action in parser._actions)
        at += 2 if takes and '=' not in words[at] else 1
    return at
