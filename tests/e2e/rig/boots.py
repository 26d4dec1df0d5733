# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The same machine, next boot: what a panic has copied into memory (copy=1), after warm resets.

offered() does what the shim does when it looks at that memory, from the description in
shim/copy.h and with no code of it, so that the host knows what the guest must offer.
"""
import gzip
import hashlib
import os
import pathlib
import random
import re
import shutil
import struct
import subprocess
import time
import zlib

import collects
import consumers
import dump
import elfcore
import firmware
import initramfs
import kit
import qemu
from checks import FULL, quiet, reported, same_answers, settle_down, without_guesses

MIB = 1 << 20
AREA = 48 * MIB
MACHINES = {
    'amd64': {**qemu.MACHINES['amd64'], 'reserved': 0xa000000, 'set_aside': 'memmap=48M$0xa000000 no_timer_check'},
    'arm64': {**qemu.MACHINES['arm64'], 'reserved': 0x4c800000, 'set_aside': 'mem=200M'},
}
END_OF_PANIC = 'end Kernel panic'
COPYING, COPIED = 'kmemdump_reserved: copying the regions', 'kmemdump_reserved: copied'
MAGIC, PAGE = b'KMDCOPY1', 4096
VALID, NO_ROOM = 1, 2


class Offer:
    """What the shim must offer of this memory."""

    def __init__(self, area, base):
        self.area, self.whole, self.absent, self.image = area, {}, {}, None
        control = self.control(base)
        if control is None:
            return
        self.first, self.last, checks, image, _, nr = control
        head = 56 + 64 * nr
        table, end = [], head
        for i in range(nr):
            at = image + 56 + 64 * i
            row = list(struct.unpack_from('<IIIQQQQ20s', area, at))
            entry, crc = struct.unpack_from('<II', area, checks + 8 * i)
            if zlib.crc32(area[at + 4:at + 64]) != entry:
                row = [0, 0x1000, 3, 0, 0, 0, 0, b'(damaged entry)'.ljust(20, b'\0')]
            flags, offset, size = row[0], row[3], row[4]
            data = area[image + offset:image + offset + size]
            if flags == VALID and zlib.crc32(data) == crc:
                self.whole[row[5], size, row[7].rstrip(b'\0').decode()] = data
                end = max(end, offset + size)
            else:
                row[0] = flags if flags == NO_ROOM else 0
                self.absent[i] = row[7].rstrip(b'\0').decode(), flags, size
            table.append(row)
        for row in table:
            if row[0] != VALID and row[3] + row[4] > end:
                row[4] = 0
        self.image = struct.pack('<8sIIQQIQQI', b'Raw_Dmp!', 0x1000, 1, 0, 0, 0, end, end, nr)
        self.image += b''.join(struct.pack('<IIIQQQQ20s', *row) for row in table)
        self.image += area[image + head:image + end]

    def control(self, base):
        for at in range(0, len(self.area), PAGE):
            if self.area[at:at + 8] != MAGIC:
                continue
            crc, _, own, *places, nr, _ = struct.unpack_from('<II8Q', self.area, at + 8)
            if zlib.crc32(self.area[at + 16:at + 80]) == crc and own == base and at in places[:2]:
                return (*places, nr)
        return None

    def counts(self):
        """As the shim counts them: not copied, no room, damaged."""
        kinds = ['no-room' if flags == NO_ROOM else 'damaged' if flags or name == '(damaged entry)' else 'not-copied'
                 for name, flags, _ in self.absent.values()]
        return {kind: kinds.count(kind) for kind in ('not-copied', 'no-room', 'damaged')}

    def sha256(self):
        return hashlib.sha256(self.image).hexdigest()


class Board:
    """A guest whose memory stays in a reset."""

    def __init__(self, rig, how, level='full', size=AREA, cmdline='ignore_loglevel', settings='', files=None, **more):
        self.rig, self.machine, self.size = rig, MACHINES[rig.kernel.arch], size
        image = rig.pack('copy', level, self.machine, settings)
        words = {'options': '-c', 'how': how, 'take': 'yes', 'reload': '', 'size': f'{size:#x}', **more}
        text = ''.join(f"{name}='{value}'\n" for name, value in words.items())
        # The kernel unpacks archives that follow each other.
        data = image.read_bytes() + initramfs.archive({'case/more': text.encode(), **(files or {})})
        image.write_bytes(gzip.compress(data, 1) if files else data)
        self.guest = qemu.Guest(rig.kernel, image, rig.folder, cmdline, (), self.machine)
        self.seen = 0
        self.console = ''

    def __enter__(self):
        return self

    def __exit__(self, *words):
        self.guest.__exit__(*words)

    def on_reboot(self, reboot, shutdown='poweroff'):
        """What the machine does if the guest restarts it; right after its start."""
        while not (self.guest.folder / 'qmp').exists():
            kit.check(self.guest.process.poll() is None, 'QEMU does not start')
            time.sleep(0.05)
        self.guest.qmp({'execute': 'set-action', 'arguments': {'reboot': reboot, 'shutdown': shutdown}})

    def new(self):
        """The console since the last reset."""
        return self.guest.console()[self.seen:]

    def wait(self, text, seconds=300):
        end = time.monotonic() + seconds
        while text not in self.new():
            kit.check(time.monotonic() < end and self.guest.process.poll() is None,
                      f'the console never showed {text!r}:\n{self.new()[-5000:]}')
            time.sleep(0.01)

    def area(self):
        with open(self.guest.ram, 'rb') as ram:
            ram.seek(self.machine['reserved'] - self.machine['ram_base'])
            return ram.read(self.size)

    def poke(self, at, data):
        with open(self.guest.ram, 'r+b') as ram:
            ram.seek(self.machine['reserved'] - self.machine['ram_base'] + at)
            ram.write(data)

    def offer(self):
        return Offer(self.area(), self.machine['reserved'])

    def reset(self):
        """As a watchdog does it."""
        self.seen = len(self.guest.console())
        collects.reset(self.guest)

    def state(self):
        """What the guest's shim says of the last kernel."""
        self.wait('KMD: offered all')
        quiet(self.new().split('KMD: offered all')[0], 'the next boot')
        lines = reported(self.new())
        state = dict(line[7:].split(' ', 1) for line in lines if line.startswith('state: '))
        state['dump'] = next((line.split()[1] for line in lines if line.startswith('dump: ')), None)
        return state

    def check_next(self, offer):
        """After the reset the guest must offer this, and take it."""
        state = self.state()
        kit.same(state['found'], 'yes', f'{state}; the console:\n{self.new()[-3000:]}')
        kit.same(int(state['whole']), len(offer.whole), 'regions that are whole')
        kit.same(int(state['regions']), len(offer.whole) + len(offer.absent), 'regions')
        kit.same({name: int(state[name]) for name in offer.counts()}, offer.counts(), 'absent regions')
        kit.same(int(state['bytes']), sum(len(data) for data in offer.whole.values()), 'bytes')
        kit.same(state['dump'], offer.sha256(), 'the image that is offered')
        lines = reported(self.new())
        kit.check('mode: 400 0' in lines and 'taken twice' not in lines and 'the dump is still offered' not in lines
                  and 'after: reason it has been taken' in lines, f'{lines}')
        print({name: value for name, value in state.items() if name != 'dump'}, flush=True)
        return state


def store(rig, state, image, *words, folder='stored', codes=(0,)):
    """kmd-collect --boot, where the guest's files lie in a folder.  The stored dump, and what was printed."""
    sysfs = rig.folder / 'sysfs'
    sysfs.mkdir(exist_ok=True)
    (sysfs / 'state').write_text(''.join(f'{name} {value}\n' for name, value in state.items()))
    (sysfs / 'dump').write_bytes(image)
    (sysfs / 'taken').write_text('')
    where = rig.folder / folder
    environment = {**os.environ, 'PATH': f'{rig.program.parents[1]}/kmd-report:{os.environ["PATH"]}'}
    done = subprocess.run(['python3', collects.program(rig), '--boot', '--sysfs', sysfs, '-o', where, *words],
                          capture_output=True, text=True, check=False, env=environment)
    kit.check(done.returncode in codes, f'kmd-collect --boot exited {done.returncode}:\n{done.stderr}')
    print(done.stderr, flush=True)
    kit.same((sysfs / 'taken').read_text(), '1\n', 'taken')
    return sorted(where.glob('*.img.gz'))[-1], done.stderr


def core(rig, source, name, codes=(0,)):
    path = rig.folder / f'{name}.core'
    done = subprocess.run([rig.program, '-f', '-q', '-o', path, source], capture_output=True, text=True,
                          check=False)
    kit.check(done.returncode in codes, f'kmd-assemble {source}: {done.returncode}\n{done.stderr[-3000:]}')
    return path


def differing(rig, taken, offer):
    """The pages that a dead kernel still changed after the copy, by region; most change nothing."""
    pages, by_name = 0, {}
    for (address, size, name), data in offer.whole.items():
        now = taken.ram.read(address, size)
        if data == now:
            continue
        changed = sum(data[at:at + PAGE] != now[at:at + PAGE] for at in range(0, size, PAGE))
        pages += changed
        by_name[name] = by_name.get(name, 0) + changed
    print(f'pages that the panic changed after the copy: {pages}:', by_name, flush=True)
    kit.check(pages < 150, f'{pages} pages differ')
    kit.check(not any(name.startswith(('md_Ktext', 'md_Kmod', 'md_KELF', 'md_Kvmcorein')) for name in by_name),
              f'memory that does not change differs: {by_name}')


def check_stored(rig, taken, offer, state):
    """The stored dump opens; its core has the addresses of the firmware stand-in's, and their answers."""
    path, _ = store(rig, state, offer.image)
    kit.check(gzip.decompress(path.read_bytes()) == offer.image, 'the stored dump differs')
    text = path.with_name(path.name.replace('.img.gz', '.txt')).read_text()
    kit.check(taken.kernel.version in text and 'panic' in text, f'the report:\n{text[:2000]}')
    want = {(row.address, row.size, row.file) for row in taken.rows}
    kit.same(sorted(offer.whole), sorted(want), 'the regions')
    differing(rig, taken, offer)
    (rig.folder / 'boot.img').write_bytes(offer.image)
    ours, theirs = core(rig, path, 'boot'), taken.cores()
    kit.same(core(rig, rig.folder / 'boot.img', 'plain').read_bytes(), ours.read_bytes(), 'the core of the image')
    places = [[(s.vaddr, s.paddr, len(s.data)) for s in elfcore.segments(path.read_bytes())] for path in (ours, theirs)]
    kit.check(places[0] == places[1], 'the core has other addresses')
    truth = taken.truth()
    # The end of a panic takes interrupts, which count time and wake tasks.
    names = [name for name in FULL if name not in ('dmesg', 'jiffies', 'tasks')]
    got, want = (without_guesses(consumers.drgn(rig.kernel, c)) for c in (taken.core_for_drgn(ours), truth))
    same_answers(got, want, names, 'drgn')
    tasks = [[task.rsplit(' ', 1)[0] for task in answers['tasks']] for answers in (got, want)]
    kit.check(len(tasks[0]) > 20 and tasks[0] == tasks[1], f'tasks: {tasks}')
    check_log(rig, taken, path)


def check_log(rig, taken, path):
    """All that the console showed before the copy."""
    done = subprocess.run([rig.program, '--dmesg', path], capture_output=True, text=True, check=False)
    kit.check(rig.token in done.stdout and COPYING in done.stdout and END_OF_PANIC not in done.stdout,
              f'the log:\n{done.stdout[-1500:]}')


def crash(board, inject=None):
    """Until the end of the panic.  The machine is stopped then."""
    if inject:
        board.wait(inject)
        settle_down(board.guest, 0.5)
        for _ in range(5):
            board.guest.qmp({'execute': 'inject-nmi'})
            if wait_quietly(board, END_OF_PANIC, 15):
                break
    board.wait(END_OF_PANIC)
    settle_down(board.guest, 1.0)
    return dump.Dump(board.rig.kernel, board.rig.program, board.guest, board.rig.folder)


def wait_quietly(board, text, seconds):
    end = time.monotonic() + seconds
    while text not in board.new() and time.monotonic() < end:
        time.sleep(0.1)
    return text in board.new()


def snapshot(rig, taken):
    """RAM as it is now, for checks that run while the guest goes on."""
    path = rig.folder / 'ram-at-crash'
    shutil.copyfile(taken.ram_file, path)
    taken.ram_file = path
    taken.ram = firmware.Ram(path, taken.machine['ram_base'])


def died(rig, board, inject=None):
    """The dump of the rig's own firmware, and what the shim must offer after the reset."""
    taken = crash(board, inject)
    offer = board.offer()
    kit.check(offer.image, f'nothing was copied:\n{board.new()[-3000:]}')
    print(*re.findall(r'\[ *[0-9.]+\] kmemdump_reserved: cop.*', board.new()), sep='\n', flush=True)
    return taken, offer


def check(rig, how, inject=None, settings=''):
    """Crash, reset, compare; the second boot crashes again."""
    with Board(rig, how, settings=settings) as board:
        state = board.state()
        kit.check(state['found'] == 'no' and 'no trace of an earlier kernel' in state['reason'], f'{state}')
        taken, offer = died(rig, board, inject)
        kit.check(not offer.absent, f'absent: {offer.absent}')
        snapshot(rig, taken)
        board.reset()
        check_stored(rig, taken, offer, board.check_next(offer))
        _, offer = died(rig, board, inject)
        board.reset()
        board.check_next(offer)


def check_resets(rig, runs):
    """Resets at random moments of the copy: what was copied by then is offered, and nothing else."""
    seed = int(os.environ.get('KMD_SEED') or int.from_bytes(os.urandom(4), 'little'))
    print(f'KMD_SEED={seed}', flush=True)
    choose, span = random.Random(seed), None
    with Board(rig, 'panic') as board:
        for number in range(runs + 1):
            board.wait(COPYING)
            begin = time.monotonic()
            if span is None:
                # How long a copy takes here.
                board.wait(COPIED)
                span = time.monotonic() - begin
                print(f'a copy takes {span:.2f} s', flush=True)
            else:
                time.sleep(choose.uniform(0, span))
            board.guest.qmp({'execute': 'stop'})
            offer = board.offer()
            board.reset()
            check_reset(rig, board, offer, number)


def check_reset(rig, board, offer, number):
    if not offer.whole:
        state = board.state()
        kit.check(state['found'] == 'no' and state['dump'] is None, f'{state}')
        print(f'reset {number}: nothing: {state["reason"]}', flush=True)
        return
    state = board.check_next(offer)
    kit.same(int(state['damaged']), 0, 'damaged regions')
    image = rig.folder / 'reset.img'
    image.write_bytes(offer.image)
    done = subprocess.run([rig.program, '--dmesg', image], capture_output=True, text=True, check=False)
    print(f'reset {number}: {state["whole"]} of {state["regions"]} regions; kmd-assemble --dmesg exited '
          f'{done.returncode}, {len(done.stdout.splitlines())} lines', flush=True)
    kit.check(done.returncode in (0, 3) or len(offer.whole) < 20, done.stderr[-2000:])
    for name, _, _ in list(offer.absent.values())[:3]:
        kit.check(name in done.stderr, f'{name} is absent, and kmd-assemble does not name it:\n{done.stderr[-2000:]}')


def check_damage(rig):
    """Words of the copy are damaged before the reset: those regions are absent, and all others there."""
    with Board(rig, 'panic') as board:
        _, offer = died(rig, board)
        area = board.area()
        checks, image = (int.from_bytes(area[offer.first + at:offer.first + at + 8], 'little') for at in (40, 48))
        table = image + 56

        def flip(at):
            board.poke(at, bytes([board.area()[at] ^ 0x10]))
        flip(offer.first + 24)              # one of the two controls
        flip(image)                         # signature of the image, which is made anew
        flip(table + 64 * 5 + 12)           # offset of a section
        flip(table + 64 * 6 + 44)           # its name
        flip(table + 64 * 7)                # its flags
        flip(checks + 8 * 8)                # checksums
        flip(checks + 8 * 9 + 4)
        places = [int.from_bytes(area[table + 64 * i + 12:table + 64 * i + 20], 'little') for i in (10, 11)]
        for place in places:                # data
            flip(image + place)
        flip(offer.last - 1)                # the last byte of the memory for data, which is unused
        damaged = board.offer()
        kit.same((len(damaged.absent), len(damaged.whole)), (7, len(offer.whole) - 7), 'damaged regions')
        board.reset()
        state = board.check_next(damaged)
        kit.same(int(state['damaged']), 7, 'damaged regions')
        path, output = store(rig, state, damaged.image, codes=(3,))
        kit.check('7 regions: their checksums are wrong' in output, output)
        core(rig, path, 'damaged', codes=(3,))
        # Both controls: there was a dump, and it is not readable.
        _, offer = died(rig, board)
        flip(offer.first + 24)
        flip(offer.last + 9)
        board.reset()
        state = board.state()
        kit.check(state['found'] == 'no' and 'is damaged' in state['reason'] and not state['dump'], f'{state}')
        # Memory that its firmware has cleared.
        died(rig, board)
        board.poke(0, bytes(AREA))
        board.reset()
        state = board.state()
        kit.check(state['found'] == 'no' and 'memory was cleared' in state['reason'], f'{state}')
        # Memory that lost its content.
        died(rig, board)
        board.poke(0, os.urandom(AREA))
        board.reset()
        kit.same(board.state()['found'], 'no', 'random memory')


def check_held(rig):
    """Nobody takes the dump: later panics, and loading the module again, leave it as it is."""
    with Board(rig, 'panic', take='no', reload='yes') as board:
        _, offer = died(rig, board)
        image = offer.image
        for number in range(2):
            board.reset()
            state = board.state()
            kit.same((state['found'], state['dump'], state['later']),
                     ('yes', hashlib.sha256(image).hexdigest(), str(number)), 'the first dump')
            kit.same(sum('dump: ' in line for line in reported(board.new())), 2, 'offers of one boot')
            board.wait('the dump of an earlier crash has not been taken')
            board.wait(END_OF_PANIC)
            settle_down(board.guest, 0.5)
            kit.same(board.offer().image, image, 'the first dump, after a panic')


def check_small(rig):
    """Memory that is too small: the most important regions are there."""
    with Board(rig, 'panic', size=3 * MIB) as board:
        taken, offer = died(rig, board)
        kit.check(offer.counts()['no-room'] > 0, 'there was room for all')
        snapshot(rig, taken)
        board.reset()
        state = board.check_next(offer)
        path, output = store(rig, state, offer.image, codes=(3,))
        kit.check('the set-aside memory is too small' in output, output)
        core(rig, path, 'small', codes=(3,))
        check_log(rig, taken, path)


def linked(program):
    """A program of this host with its libraries: path in the guest to bytes."""
    done = subprocess.run(['ldd', program], capture_output=True, text=True, check=True)
    paths = re.findall(r'(/[^ ]+) \(0x', done.stdout)
    return {(path if path.startswith('/lib') else f'/lib/{pathlib.Path(path).name}')[1:]: pathlib.Path(path).read_bytes()
            for path in paths}


def python_files(rig):
    """Python, kmd-collect and kmd-report of this host."""
    real, library = pathlib.Path('/usr/bin/python3').resolve(), pathlib.Path(os.__file__).parent
    report = rig.program.parents[1] / 'kmd-report/kmd-report'
    files = {**linked(real), **linked(report), 'bin/python3': real.read_bytes(), 'bin/kmd-report': report.read_bytes(),
             'bin/kmd-collect': collects.program(rig).read_bytes()}
    folders = ('collections', 'encodings', 'importlib', 'json', 're', 'urllib', 'xml', 'lib-dynload')
    for path in [*library.glob('*.py'), *(path for folder in folders for path in (library / folder).rglob('*'))]:
        if path.is_file() and '__pycache__' not in path.parts:
            files[str(path)[1:]] = path.read_bytes()
    return files


def check_guest(rig):
    """In the guest itself: the disk is full, then read-only, then good."""
    if rig.kernel.arch != 'amd64' or os.uname().machine != 'x86_64':
        print('the guest runs programs of an x86_64 host')
        return
    with Board(rig, 'panic', level='rfc', cmdline='ignore_loglevel rootfstype=ramfs', take='tool',
               files=python_files(rig)) as board:
        first = board.state()
        kit.same(first['found'], 'no', 'the first boot')
        _, offer = died(rig, board)
        board.reset()
        state = board.state()
        lines = reported(board.new())
        print(*(line for line in lines if line.startswith('tool')), sep='\n', flush=True)
        kit.same([line for line in lines if re.match(r'tool \w+: exit', line)],
                 ['tool full: exit 1', 'tool readonly: exit 1', 'tool good: exit 0', 'tool again: exit 0'], 'exit codes')
        text = '\n'.join(lines)
        for sign in ('tool full: kmd-collect: /mnt: No space left on device; the dump stays in memory',
                     'tool readonly: kmd-collect: /mnt: Read-only file system; the dump stays in memory',
                     f'{len(offer.whole)} of {len(offer.whole)} regions', 'tool again: kmd-collect: nothing found: it has been taken',
                     'tool report: reason      Kernel panic - not syncing: sysrq triggered crash'):
            kit.check(sign in text, f'no {sign!r} in\n{text}')
        kit.check(f'tool sum: {offer.sha256()} ' in text, 'another dump was stored')
        kit.same(state['dump'], offer.sha256(), 'the image that is offered')


def check_orderly(rig):
    """A kernel that restarts in order, and one that hangs, leave no dump; which it was is said."""
    for how, sign, why in (('restart', 'Restarting system', 'ended in order'),
                           ('hang', 'all CPUs hang from here on', 'ended without a panic')):
        with Board(rig, how) as board:
            board.on_reboot('reset')
            kit.same(board.state()['found'], 'no', 'the first boot')
            board.wait(sign)
            end = board.new().find(sign)
            if how == 'hang':
                settle_down(board.guest, 1.0)
                kit.check(firmware_finds(board), 'no table in a hang')
                board.reset()
            else:
                board.seen = len(board.guest.console()) if end < 0 else board.seen + end + len(sign)
            state = board.state()
            kit.check(state['found'] == 'no' and why in state['reason'], f'{how}: {state}')
            print(f'{how}: {state["reason"]}', flush=True)


def firmware_finds(board):
    ram = firmware.Ram(board.guest.ram, board.machine['ram_base'])
    try:
        return bool(firmware.regions(ram, board.machine['reserved']))
    except firmware.NoTable:
        return False


def check_panic_timeout(rig):
    """The kernel restarts the machine itself (panic=1)."""
    with Board(rig, 'panic', cmdline='ignore_loglevel panic=1') as board:
        board.on_reboot('reset')
        board.wait(COPIED)
        copied = re.search(r'copied (\d+) of (\d+) regions', board.new())
        board.seen = len(board.guest.console())
        state = board.state()
        kit.same((state['found'], state['whole'], state['regions']), ('yes', *copied.groups()), 'after panic=1')
        kit.same(copied[1], copied[2], 'regions that were copied')


def check_mark(rig):
    """An orderly restart clears the table's mark before memory changes hands: a boot loader saves nothing."""
    with Board(rig, 'restart', options='') as board:
        # Without the option, QEMU ends; memory is as the kernel left it.
        board.on_reboot('shutdown', 'pause')
        board.wait('KMD: offered all')
        kit.check(firmware_finds(board) or board.wait(rig.token) or firmware_finds(board), 'no table while it runs')
        board.wait('Restarting system')
        settle_down(board.guest, 1.0)
        kit.same(board.guest.qmp({'execute': 'query-status'})[0]['running'], False, 'running')
        kit.check(not firmware_finds(board), 'the mark is still there after an orderly restart')


def check_avoid(rig):
    """avoid=: no region lies in that memory; how many were left out is in the log."""
    base = MACHINES[rig.kernel.arch]['ram_base'] + 64 * MIB
    spans = [(base + 16 * MIB, base + 48 * MIB), (base + 50 * MIB, base + 50 * MIB + 0x1800)]
    words = ','.join(f'{start:#x}-{end:#x}' for start, end in spans)
    with Board(rig, 'panic', options=f'-c -a {words}') as board:
        taken, offer = died(rig, board)
        rows = [(row.address, row.address + row.size) for row in taken.rows]
        inside = [row for row in rows for start, end in spans if start <= row[0] and row[1] <= end]
        kit.same(inside, [], 'regions in memory to avoid')
        log = re.search(r'kmemdump_reserved: (\d+) regions lie in memory to avoid and are not in the table; '
                        r'(\d+) lie there in part', board.new())
        kit.check(log and int(log[1]) > 0, f'the log has no number:\n{board.new()[-3000:]}')
        print(log[0], f'; {len(rows)} are in the table', flush=True)
        board.reset()
        board.check_next(offer)
