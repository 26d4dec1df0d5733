# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""kmd-collect: from a dead or running machine to a minidump."""
import argparse
import os
import re
import shutil
import signal
import sys

import boot
import cli
import gdb
import listing
import live
import output
import plan
import progress
import qmp
import rsp
import table
import uboot
from errors import CollectError, Unreadable

VERSION = '0.2.0'
HOLES_SHOWN = 40


def say(text, color='title'):
    cli.say('kmd-collect', text, color)


def fact(name, text):
    print(cli.colored(f'    {name:<10}', 'warning' if name == 'absent' else 'title', sys.stderr), text, file=sys.stderr)


def features():
    """What the ways need beside Python."""
    have = {'plan': plan.program() is not None, 'virsh': shutil.which('virsh')}
    return ' '.join(('+' if found else '-') + name for name, found in have.items())


def number(text):
    match = re.fullmatch(r'(0[xX][0-9a-fA-F]+|[0-9]+)([kKmMgG]?)', text)
    if not match:
        raise argparse.ArgumentTypeError(f'{text!r} is no number (0x..., or decimal with K, M, G)')
    value = int(match[1], 0) << {'': 0, 'k': 10, 'm': 20, 'g': 30}[match[2].lower()]
    if value >= 1 << 64:
        raise argparse.ArgumentTypeError(f'{text!r} is too large')
    return value


def pair(text):
    """NUMBER,SIZE."""
    first, comma, size = text.partition(',')
    if not comma:
        raise argparse.ArgumentTypeError(f'{text!r} is not NUMBER,SIZE')
    return number(first), number(size)


def span(text):
    """START-END (END is not part of it), or START+SIZE."""
    match = re.fullmatch(r'([^-+]+)([-+])([^-+]+)', text)
    if not match:
        raise argparse.ArgumentTypeError(f'{text!r} is neither START-END nor START+SIZE')
    start, last = number(match[1]), number(match[3])
    size = last - start if match[2] == '-' else last
    if size <= 0 or start + size > 1 << 64:
        raise argparse.ArgumentTypeError(f'{text!r} is empty or too large')
    return start, size


def options_parser():
    parser = cli.Parser(prog='kmd-collect', usage=(
        'kmd-collect --qmp=SOCKET|--virsh=DOMAIN|--gdb=HOST:PORT|--live [OPTION]... -o PATH\n'
        '       kmd-collect --boot [OPTION]... [-o FOLDER]\n'
        '       kmd-collect --u-boot-script --ram=START-END --device="IF DEV:PART" [OPTION]... -o FILE\n'
        '       kmd-collect --plan -x VMLINUX --budget=SIZE --slots=N [OPTION]...'), version=lambda: VERSION, features=features, exits=(
        '0 all regions are saved, 1 nothing is, 3 some are absent'), description=(
        'Save the regions that a kernel registered with kmemdump, and nothing else, of a machine '
        'that is dead, hangs or runs.  kmd-assemble opens what this writes.'))
    ways = parser.add_argument_group('Ways')
    ways.add_argument('--qmp', metavar='SOCKET', help='a QEMU guest, by its QMP socket (or HOST:PORT)')
    ways.add_argument('--virsh', metavar='DOMAIN', help='the same of a libvirt domain')
    ways.add_argument('--gdb', metavar='HOST:PORT', help='a gdb stub: QEMU, OpenOCD, J-Link, kgdb')
    ways.add_argument('--u-boot-script', action='store_true',
                      help='write a boot script with which a stock U-Boot saves them after a warm reset')
    ways.add_argument('--boot', action='store_true',
                      help='what the last kernel copied into memory when it panicked (copy=1 of the shim)')
    ways.add_argument('--live', action='store_true', help='the kernel that runs here, by /proc/kcore')
    ways.add_argument('--plan', action='store_true',
                      help='print which answers firmware\'s limits leave, and the shim\'s parameters for it')
    place = parser.add_argument_group('The table')
    place.add_argument('--table', type=number, metavar='ADDR',
                       help='physical address of the memory that is set aside (base= of the shim)')
    place.add_argument('--range', type=span, action='append', metavar='START-END',
                       help='search for it here; without, a QEMU guest\'s whole RAM is searched')
    place.add_argument('--step', type=number, default=4096, metavar='SIZE',
                       help='the table begins at a multiple of this (default 4096)')
    stub = parser.add_argument_group('Options of --gdb')
    stub.add_argument('--physical', action='store_true',
                      help='the stub reads physical addresses (OpenOCD\'s mem_ap targets)')
    stub.add_argument('--kelf', type=number, metavar='VADDR',
                      help='for stubs that read virtual addresses only: that of region KELF')
    stub.add_argument('--regions', metavar='FILE',
                      help='the same: a copy of /sys/kernel/debug/kmemdump/regions of this boot')
    stub.add_argument('--kcore', default='/proc/kcore', metavar='FILE', help=argparse.SUPPRESS)
    stub.add_argument('--stay', action='store_true', help='leave the machine halted')
    script = parser.add_argument_group('Options of --u-boot-script')
    script.add_argument('--ram', type=span, action='append', metavar='START-END',
                        help='the RAM of the board; nothing else is saved')
    script.add_argument('--avoid', type=span, action='append', metavar='START-END',
                        help='memory that U-Boot overwrites (see its bdinfo): absent in the dump')
    script.add_argument('--device', metavar='"IF DEV:PART"', help='of U-Boot, such as "mmc 0:1"')
    script.add_argument('--write', choices=uboot.WRITERS, default='fatwrite', metavar='COMMAND',
                        help=f'the command that writes files: {", ".join(uboot.WRITERS)} (default fatwrite)')
    script.add_argument('--folder', default='kmd', help='folders are named so and numbered (default kmd)')
    script.add_argument('--keep', type=number, default=4, metavar='N',
                        help='once N folders are there nothing is saved; of --boot: the oldest of more '
                             'than N dumps go (default 4)')
    script.add_argument('--sysfs', default=boot.SYSFS, metavar='FOLDER', help=argparse.SUPPRESS)
    limits = parser.add_argument_group('Options of --plan')
    limits.add_argument('-x', '--vmlinux', metavar='FILE', help='the vmlinux of the kernel, with debug information')
    limits.add_argument('--budget', type=number, metavar='SIZE', help='room where firmware saves dumps')
    limits.add_argument('--slots', type=number, metavar='N', help='entries of firmware\'s table')
    limits.add_argument('--cpus', type=number, default=8, metavar='N', help='possible CPUs (default 8)')
    limits.add_argument('--ram-size', type=number, default=4 << 30, metavar='SIZE', help='memory of the machine (default 4G)')
    limits.add_argument('--tasks', type=number, default=400, metavar='N',
                        help='threads of kernel and programs, at most (default 400)')
    limits.add_argument('--modules', type=number, default=60, metavar='N', help='modules that are loaded, at most (default 60)')
    limits.add_argument('--log-size', type=number, metavar='SIZE', help='log_buf_len= of the command line')
    limits.add_argument('--drivers', type=pair, metavar='N,SIZE', help='regions that drivers register, and their size')
    out = parser.add_argument_group('Output')
    out.add_argument('-o', '--output', metavar='PATH',
                     help='a folder; or a partition image, if PATH ends in .img; of --boot the folder '
                          f'of all dumps ({boot.FOLDER}); of '
                          '--u-boot-script a text, or what mkimage makes of it, if PATH ends in .scr')
    out.add_argument('--limit', type=number, default=1 << 30, metavar='SIZE',
                     help='most bytes to save (default 1G)')
    out.add_argument('--scratch', metavar='FOLDER',
                     help='where QEMU writes memory for us (default: beside the output)')
    out.add_argument('--timeout', type=float, default=30.0, metavar='SECONDS',
                     help='for one answer (default 30)')
    parser.common()
    return parser


def find_table(memory, options, ranges):
    """Base and size of the SMEM area."""
    if options.table is not None:
        return options.table, table.at(memory, options.table)
    if not ranges:
        raise CollectError('where the table is must be given: --table ADDR or --range START-END')
    found, reasons = table.search(memory, ranges, options.step)
    if not found:
        why = f' ({reasons[0]})' if reasons else ''
        raise CollectError(f'no table was found{why}')
    if len(found) > 1:
        places = ', '.join(f'{base:#x}' for base, _ in found)
        raise CollectError(f'{len(found)} tables were found, at {places}: select one with --table')
    return found[0]


def save(out, memory, rows):
    shown = progress.Progress(sum(row.size for row in rows if not row.problem()))
    for row in rows:
        out.save(memory, row, shown.add)
    shown.clear()


def finish(out, options, rows, extra=()):
    """Name the output, say what is in it.  The exit code."""
    registers = out.finish()
    whole = len(rows) - len({id(hole[0]) for hole in out.holes})
    say(f'{options.output}: {whole} of {len(rows)} regions, '
        f'{sum(piece.size for piece in out.pieces):,} bytes')
    for name, text in extra:
        fact(name, text)
    fact('registers', f'{out.registers.count("CPU#")} CPUs' if out.registers else 'none')
    for row, address, size, why in out.holes[:HOLES_SHOWN]:
        fact('absent', f'{row.name} {address:#x}+{size:#x}: {why}')
    if len(out.holes) > HOLES_SHOWN:
        fact('absent', f'... and {len(out.holes) - HOLES_SHOWN} more')
    given = f' --registers={registers}' if registers else ''
    fact('next', f'kmd-assemble -o {str(options.output).rstrip("/")}.core{given} {options.output}')
    return cli.EXIT_DEGRADED if out.holes else 0


def describe(found):
    text = f'{found.base:#x}, {len(found.rows)} regions'
    return text + (f', {found.invalid} entries marked invalid' if found.invalid else '')


def collect_qmp(options, out):
    monitor = (qmp.Monitor(options.qmp, options.timeout) if options.qmp
               else qmp.Virsh(options.virsh, options.timeout))
    parent = options.scratch or os.path.dirname(os.path.abspath(options.output))
    with qmp.scratch_folder(parent) as scratch:
        guest = qmp.Guest(monitor, sorted(options.range or []), scratch)
        # A search takes longer than all the rest, and the guest may run meanwhile.
        place = find_table(guest, options, guest.ram)
        with qmp.Paused(monitor) as paused:
            found = table.read(guest, *place)
            guest.plan(found.rows)
            # In the order of addresses, each run is read once.
            save(out, guest, sorted(found.rows, key=lambda row: row.address) if guest.runs else found.rows)
            out.registers = guest.registers()
    extra = [('table', describe(found)),
             ('guest', f'paused for {paused.seconds:.2f} s' if paused.seconds else
              f'was not running ({paused.state}), and is left so')]
    return finish(out, options, found.rows, extra)


def machine_at(stub, header):
    """e_machine of the ELF header at a virtual address, read by a CPU that can."""
    stub.select_for(header)
    return int.from_bytes(stub.read(header, 20)[18:], 'little')


def regions_by_stub(stub, options):
    """The rows, what to say of the table, and the machine (e_machine) or None."""
    if stub.physical:
        found = table.read(stub, *find_table(stub, options, options.range))
        machine = None
        for row in found.rows:
            if row.name.startswith('KELF') and row.size >= 64:
                machine = int.from_bytes(stub.read(row.address, 20)[18:], 'little')
        return found.rows, describe(found), machine
    if options.kelf is None and not options.regions:
        raise CollectError('this stub reads virtual addresses only, and the table has none: '
                           'give --kelf or --regions (or --physical)')
    machine = None
    if options.kelf is not None:
        machine = machine_at(stub, options.kelf)
        rows = listing.from_header(stub, options.kelf)
        return rows, f'ELF header region at {options.kelf:#x}, {len(rows)} regions', machine
    rows = regions_of_file(options.regions)
    header = next((row for row in rows if row.name.startswith('KELF') and row.virtual), None)
    if header:
        machine = machine_at(stub, header.virtual)
    return rows, f'{options.regions}, {len(rows)} regions', machine


def regions_of_file(path):
    try:
        with open(path, encoding='ascii', errors='replace') as file:
            return listing.from_debugfs(file.read(64 << 20), path)
    except OSError as error:
        raise CollectError(f'{path}: {error.strerror}') from error


def collect_gdb(options, out):
    connection = rsp.Connection(options.gdb, options.timeout)
    stub = None
    try:
        connection.start()
        stub = gdb.Stub(connection, options.physical,
                        options.kelf is not None or bool(options.regions))
        rows, where, machine = regions_by_stub(stub, options)
        out.registers = gdb.registers_of(connection, machine, lambda text: fact('note', text))
        save(out, stub, rows)
    finally:
        let_go(connection, stub, options.stay)
    return finish(out, options, rows, [
        ('table', where), ('addresses', 'physical' if stub.physical else 'virtual'),
        ('machine', 'left halted' if options.stay else 'resumed')])


def collect_live(options, out):
    path = options.regions or '/sys/kernel/debug/kmemdump/regions'
    rows = regions_of_file(path)
    save(out, live.Kcore(options.kcore), rows)
    return finish(out, options, rows, [('table', f'{path}, {len(rows)} regions'),
                                       ('machine', 'ran meanwhile: regions may contradict each other')])


def let_go(connection, stub, stay):
    """Also after an error: a machine is not left halted because its table is damaged."""
    try:
        if stub:
            stub.give_back()
        if not stay:
            connection.detach()
    except CollectError as error:
        say(f'the machine may be left halted: {error}', 'bad')
    finally:
        connection.close()


def write_script(options):
    text = uboot.text(options)
    data = uboot.image(text) if options.output.endswith('.scr') else text.encode()
    if options.output == '-':
        try:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            cli.end_by(signal.SIGPIPE)
        return 0
    output.write_file(options.output, data)
    return 0


def collect_boot(options):
    try:
        return 0 if boot.collect(options, say, fact) else cli.EXIT_DEGRADED
    except boot.NothingFound as why:
        say(f'nothing found: {why}')
        return 0


def run(options):
    if options.plan:
        return plan.run(options)
    if options.boot:
        return collect_boot(options)
    if options.u_boot_script:
        return write_script(options)
    form = 'image' if options.output.endswith('.img') else 'folder'
    with output.Output(options.output, form, options.limit) as out:
        if options.live:
            return collect_live(options, out)
        return (collect_gdb if options.gdb else collect_qmp)(options, out)


def check(parser, options):
    ways = [way for way in ('qmp', 'virsh', 'gdb', 'boot', 'live', 'u_boot_script', 'plan') if getattr(options, way)]
    if len(ways) != 1:
        parser.error('exactly one way is needed: --qmp, --virsh, --gdb, --boot, --live, '
                     '--u-boot-script or --plan')
    if options.plan:
        if not options.vmlinux or options.budget is None or not options.slots:
            parser.error('--plan needs -x VMLINUX, --budget SIZE and --slots N')
        return
    if not options.output and not options.boot:
        parser.error('-o PATH is needed')
    if options.step < 4096 or options.step % 4096:
        parser.error('--step must be a multiple of 4096')
    if options.u_boot_script:
        check_script(parser, options)
    if not 1 <= options.keep <= 256:
        parser.error('--keep must be 1 to 256')
    if not options.timeout > 0:
        parser.error('--timeout must be positive')


def check_script(parser, options):
    if not options.ram:
        parser.error('--ram START-END is needed')
    if options.table is None and not options.range:
        parser.error('--table ADDR or --range START-END is needed')
    if (options.table or 0) % 4096:
        parser.error('--table must be a multiple of 4096, as the shim requires of base=')
    if not options.device and options.write != 'tftpput':
        parser.error('--device "IF DEV:PART" is needed')
    # They become words of the script.
    if options.device and not re.fullmatch(r'[a-z]+ [0-9a-f.:]+', options.device):
        parser.error(f'--device: {options.device!r} is not IF DEV:PART, such as "mmc 0:1"')
    if not re.fullmatch(r'[A-Za-z0-9_/.-]+', options.folder):
        parser.error('--folder may have letters, digits and / _ . -')


class Ended(KeyboardInterrupt):
    """A signal ends the program."""

    def __init__(self, number):
        super().__init__()
        self.number = signal.Signals(number)


def end(number, _frame):
    raise Ended(number)


def main():
    parser = options_parser()
    options = parser.parse_args()
    check(parser, options)
    # As an interrupt: what was halted is resumed first.
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, end)
    try:
        return run(options)
    except (CollectError, Unreadable) as error:
        say(str(error), 'bad')
    except OSError as error:
        say(f'{error.filename or options.output}: {error.strerror}', 'bad')
    except Ended as signaled:
        cli.end_by(signaled.number)
    except KeyboardInterrupt:
        cli.end_by(signal.SIGINT)
    return cli.EXIT_FAILED


if __name__ == '__main__':
    sys.exit(main())
