# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The same machine, next boot: what a panic has copied into memory (copy=1), after warm resets.

offered() does what the shim does when it looks at that memory, from the description in
shim/copy.h and with no code of it, so that the host knows what the guest must offer.
"""
import gzip
import hashlib
import os
import re
import shutil
import struct
import subprocess
import time
import zlib

import collects
import dump
import elfcore
import firmware
import kit
import qemu
from checks import FULL, ask_drgn, quiet, reported, settle_down

MIB = 1 << 20
AREA = 40 * MIB
MACHINES = {
    'amd64': {**qemu.MACHINES['amd64'], 'reserved': 0xa000000, 'set_aside': 'memmap=40M$0xa000000 no_timer_check'},
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
            kit.same(zlib.crc32(area[at + 4:at + 64]), entry, f'section {i} was written wrongly')
            flags, offset, size = row[0], row[3], row[4]
            data = area[image + offset:image + offset + size]
            if flags == VALID and zlib.crc32(data) == crc:
                self.whole[row[5], size, row[7].rstrip(b'\0').decode()] = data
                end = max(end, offset + size)
            else:
                row[0] = flags if flags == NO_ROOM else 0
                self.absent[row[7].rstrip(b'\0').decode(), row[5]] = flags
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

    def sha256(self):
        return hashlib.sha256(self.image).hexdigest()


class Board:
    """A guest whose memory stays in a reset."""

    def __init__(self, rig, how, level='full', size=AREA, cmdline='ignore_loglevel', options=(), settings='', **more):
        self.rig, self.machine, self.size = rig, MACHINES[rig.kernel.arch], size
        parameters = {'options': '-c', 'how': how, 'take': 'yes', 'reload': '', **more}
        image = rig.pack('copy', level, self.machine, settings, size=f'{size:#x}', **parameters)
        self.guest = qemu.Guest(rig.kernel, image, rig.folder, cmdline, options, self.machine)
        self.seen = 0
        self.console = ''

    def __enter__(self):
        return self

    def __exit__(self, *words):
        self.guest.__exit__(*words)

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
    names = [name for name in FULL if name not in ('dmesg', 'jiffies')]
    got = ask_drgn(rig, taken, ours, truth, names)
    kit.check(len(got['tasks']) > 20, f'too few tasks: {got["tasks"]}')
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
