# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""QEMU's monitor: memory by pmemsave, registers by "info registers -a"."""
import bisect
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time

from errors import CollectError, reason
from memory import Hole, Memory, outside

ANSWER_MAX = 16 << 20
CHUNK = 32 << 20


class Refused(Exception):
    """The monitor answered with an error."""


def result_of(answer, command):
    if not isinstance(answer, dict):
        raise CollectError(f'the monitor\'s answer to {command} is no object')
    if 'error' in answer:
        error = answer['error']
        raise Refused(error.get('desc', '?') if isinstance(error, dict) else str(error))
    if 'return' not in answer:
        raise CollectError(f'the monitor\'s answer to {command} has no result')
    return answer['return']


class Monitor:
    """A QMP socket."""

    # Memory between two regions that is read with them, because one command is worth that much.
    gap = 0

    def __init__(self, path, timeout):
        self.timeout, self.number, self.buffer = timeout, 0, bytearray()
        try:
            if not os.path.exists(path) and re.fullmatch(r'\S*:\d+', path):
                host, port = path.rsplit(':', 1)
                self.socket = socket.create_connection((host.strip('[]') or 'localhost', int(port)), timeout)
            else:
                self.socket = socket.socket(socket.AF_UNIX)
                self.socket.settimeout(timeout)
                self.socket.connect(str(path))
        except OSError as error:
            raise CollectError(f'{path}: {reason(error)}') from error
        self.deadline = time.monotonic() + timeout
        try:
            if 'QMP' not in self.message():
                raise CollectError(f'{path}: this is no QMP socket')
            self.execute('qmp_capabilities')
        except Refused as error:
            raise CollectError(f'{path}: {error}') from error

    def line(self):
        while b'\n' not in self.buffer:
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise CollectError(f'the monitor did not answer in {self.timeout:g} s')
            if len(self.buffer) > ANSWER_MAX:
                raise CollectError('the monitor\'s answer does not end')
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                continue
            except OSError as error:
                raise CollectError(f'the monitor: {reason(error)}') from error
            if not data:
                raise CollectError('the monitor closed the connection')
            self.buffer += data
        line, _, rest = self.buffer.partition(b'\n')
        self.buffer = rest
        return bytes(line)

    def message(self):
        line = self.line()
        try:
            message = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise CollectError(f'the monitor sent no JSON: {line[:60]!r}') from error
        if not isinstance(message, dict):
            raise CollectError(f'the monitor sent no object: {line[:60]!r}')
        return message

    def execute(self, command, **arguments):
        self.number += 1
        request = {'execute': command, 'id': self.number}
        if arguments:
            request['arguments'] = arguments
        self.deadline = time.monotonic() + self.timeout
        try:
            self.socket.sendall(json.dumps(request).encode() + b'\n')
        except OSError as error:
            raise CollectError(f'the monitor: {reason(error)}') from error
        while True:
            answer = self.message()
            # Events, and answers to what another run left unanswered, are not ours.
            if answer.get('id') == self.number:
                return result_of(answer, command)
            if 'error' in answer and 'id' not in answer:
                return result_of(answer, command)


class Virsh:
    """The monitor of a libvirt domain.  Each command is a process, which takes 0.1 s."""

    gap = 4 << 20

    def __init__(self, domain, timeout):
        self.domain, self.timeout = domain, timeout

    def execute(self, command, **arguments):
        request = {'execute': command}
        if arguments:
            request['arguments'] = arguments
        try:
            done = subprocess.run(['virsh', 'qemu-monitor-command', self.domain, json.dumps(request)],
                                  capture_output=True, stdin=subprocess.DEVNULL, check=False,
                                  timeout=self.timeout)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CollectError(f'virsh: {reason(error)}') from error
        if done.returncode:
            raise CollectError(f'virsh: {done.stderr.decode(errors="replace").strip()}')
        try:
            answer = json.loads(done.stdout)
        except (ValueError, RecursionError) as error:
            raise CollectError(f'virsh printed no JSON: {done.stdout[:60]!r}') from error
        return result_of(answer, command)


def ram_of(tree):
    """The ranges of RAM in the text of "info mtree -f", sorted, disjoint, touching ones merged."""
    ranges, ours = [], False
    for line in tree.splitlines():
        if line.startswith('FlatView'):
            ours = False
        elif re.match(r' AS "memory"', line):
            ours = True
        match = re.match(r'\s+([0-9a-f]{16})-([0-9a-f]{16}) \(prio -?\d+, (?:nv-)?ram\):', line)
        if ours and match:
            first, last = (int(word, 16) for word in match.groups())
            if last >= first:
                ranges.append((first, last + 1))
    merged = []
    for first, end in sorted(ranges):
        if merged and first <= merged[-1][1]:
            merged[-1][1] = max(end, merged[-1][1])
        else:
            merged.append([first, end])
    return [(first, end - first) for first, end in merged]


class Guest(Memory):
    """The memory of a QEMU guest."""

    def __init__(self, monitor, ranges, scratch):
        self.monitor, self.scratch = monitor, pathlib.Path(scratch)
        self.ram = ranges or self.find_ram()
        self.runs, self.run = [], (0, b'')

    def find_ram(self):
        try:
            ram = ram_of(self.human('info mtree -f'))
        except Refused as error:
            raise CollectError(f'info mtree -f: {error}; give the RAM with --range') from error
        if not ram:
            raise CollectError('"info mtree -f" names no RAM; give it with --range')
        return ram

    def human(self, line):
        text = self.monitor.execute('human-monitor-command', **{'command-line': line})
        if not isinstance(text, str):
            raise CollectError(f'the monitor\'s answer to "{line}" is no text')
        return text

    def saved(self, address, size):
        file = self.scratch / 'memory'
        try:
            self.monitor.execute('pmemsave', val=address, size=size, filename=str(file))
            with open(file, 'rb') as memory:
                data = memory.read(size + 1)
        except Refused as error:
            return Hole(address, size, f'pmemsave: {error}')
        except OSError as error:
            raise CollectError(f'{file}: {error.strerror}; QEMU must be able to write where '
                               'this program can read (--scratch)') from error
        finally:
            with contextlib.suppress(OSError):
                file.unlink()
        if len(data) != size:
            return Hole(address, size, f'pmemsave wrote {len(data):#x} bytes')
        return address, data

    def plan(self, rows):
        """From here on, read the memory of these rows in runs.  The guest stands still."""
        if not self.monitor.gap:
            return
        pieces = sorted((first, first + length) for row in rows if not row.problem()
                        for first, length, inside in outside(row.address, row.size, self.ram) if inside)
        for first, end in pieces:
            last = self.runs[-1] if self.runs else None
            if last and first - last[1] <= self.monitor.gap and max(end, last[1]) - last[0] <= CHUNK and \
                    len(outside(last[0], end - last[0], self.ram)) == 1:
                last[1] = max(end, last[1])
            else:
                self.runs.append([first, end])

    def part(self, address, size):
        """saved(), of the run that has these bytes; alone if there is none or it cannot be read."""
        first, data = self.run
        if not (first <= address and address + size <= first + len(data)):
            at = bisect.bisect_right(self.runs, [address, 1 << 64]) - 1
            if at < 0 or address + size > self.runs[at][1]:
                return self.saved(address, size)
            run = self.saved(self.runs[at][0], self.runs[at][1] - self.runs[at][0])
            if isinstance(run, Hole):
                return self.saved(address, size)
            self.run = first, data = run
        return address, data[address - first:address - first + size]

    def span(self, address, size):
        for first, length, inside in outside(address, size, self.ram):
            if not inside:
                yield Hole(first, length, 'not in RAM')
                continue
            for at in range(first, first + length, CHUNK):
                yield self.part(at, min(CHUNK, first + length - at))

    def pieces(self, row):
        yield from self.span(row.address, row.size)

    def registers(self):
        try:
            text = self.human('info registers -a')
        except Refused:
            return None
        return text if 'CPU#' in text else None


class Paused:
    """The guest does not run inside of this; then it is as it was before."""

    def __init__(self, monitor):
        self.monitor, self.stopped, self.seconds, self.state = monitor, False, 0.0, '?'

    def status(self):
        try:
            status = self.monitor.execute('query-status')
        except Refused as error:
            raise CollectError(f'query-status: {error}') from error
        if not isinstance(status, dict) or not isinstance(status.get('running'), bool):
            raise CollectError('the monitor does not say whether the guest runs')
        return status

    def __enter__(self):
        before = self.status()
        self.state = str(before.get('status', '?'))
        self.begin = time.monotonic()
        if before['running']:
            # It is set before: a stop whose answer is lost must be undone as well.
            self.stopped = True
            try:
                self.monitor.execute('stop')
                if self.status()['running']:
                    raise CollectError('the guest did not stop')
            except BaseException as error:
                self.resume()
                if isinstance(error, Refused):
                    raise CollectError(f'stop: {error}') from error
                raise
        return self

    def resume(self):
        if not self.stopped:
            return
        self.stopped = False
        self.seconds = time.monotonic() - self.begin
        try:
            self.monitor.execute('cont')
        except (Refused, CollectError) as error:
            raise CollectError(f'the guest is STILL PAUSED, as cont failed: {error}; type cont in its monitor') from error

    def __exit__(self, *_):
        self.resume()


@contextlib.contextmanager
def scratch_folder(parent):
    folder = tempfile.mkdtemp(prefix='kmd-collect-', dir=parent)
    try:
        yield os.path.abspath(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
