# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The gdb remote serial protocol: packets, and the requests that a collection needs."""
import re
import socket
import time

from errors import CollectError, reason

PACKET_MAX = 1 << 20
NOISE_MAX = 1 << 20
RETRIES = 3
THREADS_MAX = 8192


class Failed(Exception):
    """The stub answered with an error, or does not know the request."""


class NoAnswer(CollectError):
    """The stub sent nothing in time."""


def unescape(data):
    """Escapes and runs of a packet; None if they are malformed."""
    if b'}' not in data and b'*' not in data:
        return data
    out, at = bytearray(), 0
    while at < len(data):
        byte = data[at]
        if byte == ord('}'):
            if at + 1 >= len(data):
                return None
            out.append(data[at + 1] ^ 0x20)
            at += 2
        elif byte == ord('*'):
            if at + 1 >= len(data) or not out or not 32 <= data[at + 1] <= 126:
                return None
            out += out[-1:] * (data[at + 1] - 29)
            at += 2
        else:
            out.append(byte)
            at += 1
    return bytes(out)


class Connection:
    """A connection to a stub."""

    def __init__(self, where, timeout):
        self.where, self.timeout, self.buffer = where, timeout, bytearray()
        self.packet_size = 1024
        self.acknowledge = b''     # it travels with the next request, which halves the packets
        try:
            if re.fullmatch(r'\S*:\d+', where):
                host, port = where.rsplit(':', 1)
                self.socket = socket.create_connection((host.strip('[]') or 'localhost', int(port)),
                                                       timeout)
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            else:
                self.socket = socket.socket(socket.AF_UNIX)
                self.socket.settimeout(timeout)
                self.socket.connect(where)
        except OSError as error:
            raise CollectError(f'{where}: {reason(error)}') from error

    def byte(self, deadline):
        if not self.buffer:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                raise
            except OSError as error:
                raise CollectError(f'{self.where}: {reason(error)}') from error
            if not data:
                raise CollectError(f'{self.where}: the stub closed the connection')
            self.buffer += data
        return self.buffer.pop(0)

    def until(self, deadline):
        """The raw bytes up to the #, and whether their sum is right."""
        data = bytearray()
        while True:
            end = self.buffer.find(b'#')
            data += self.buffer if end < 0 else self.buffer[:end]
            del self.buffer[:len(self.buffer) if end < 0 else end + 1]
            if end >= 0:
                break
            if len(data) > PACKET_MAX:
                raise CollectError(f'{self.where}: a packet of the stub does not end')
            self.buffer.insert(0, self.byte(deadline))
        # A packet that was cut is followed by the next one.
        data = data[data.rfind(b'$') + 1:]
        try:
            total = int(bytes((self.byte(deadline), self.byte(deadline))), 16)
        except ValueError:
            total = -1
        return bytes(data), total == sum(data) & 0xff

    def packet(self, deadline):
        """The next packet; notifications and noise in between are skipped."""
        noise = bad = 0
        while True:
            byte = self.byte(deadline)
            if byte == ord('%'):
                self.until(deadline)
            elif byte == ord('$'):
                data, good = self.until(deadline)
                data = unescape(data) if good else None
                if data is not None:
                    self.acknowledge = b'+'
                    return data
                bad += 1
                if bad > RETRIES:
                    raise CollectError(f'{self.where}: packets of the stub have wrong checksums')
                self.send_raw(b'-')
            noise += 1
            if noise > NOISE_MAX:
                raise CollectError(f'{self.where}: the stub sends no packet')

    def send_raw(self, data):
        try:
            self.socket.sendall(self.acknowledge + data)
            self.acknowledge = b''
        except OSError as error:
            raise CollectError(f'{self.where}: {reason(error)}') from error

    def request(self, text, seconds=None):
        """The answer to a request."""
        data = text.encode()
        frame = b'$' + data + b'#%02x' % (sum(data) & 0xff)
        deadline = time.monotonic() + (seconds or self.timeout)
        for _ in range(RETRIES):
            self.send_raw(frame)
            try:
                while (byte := self.byte(deadline)) not in b'+-$%':
                    pass
                if byte == ord('-'):
                    continue
                if byte != ord('+'):
                    self.buffer.insert(0, byte)
                return self.packet(deadline).decode('latin-1')
            except TimeoutError:
                raise NoAnswer(f'{self.where}: no answer to {text[:40]!r}') from None
        raise CollectError(f'{self.where}: the stub does not accept {text[:40]!r}')

    def answer(self, text):
        """As request(); Failed if the stub cannot."""
        answer = self.request(text)
        if not answer or re.fullmatch(r'E[0-9a-fA-F]{2}|E\..*', answer):
            raise Failed(f'{text.split(",")[0][:30]}: {answer or "not supported"}')
        return answer

    def halt(self):
        """Have the machine stand still.  Stubs do that at the connection, kgdb has done so before."""
        try:
            return self.request('?', min(2.0, self.timeout))
        except NoAnswer:
            self.send_raw(b'\x03')
        try:
            return self.packet(time.monotonic() + self.timeout).decode('latin-1')
        except TimeoutError:
            raise CollectError(f'{self.where}: the machine did not halt') from None

    def start(self):
        """Say what we know; learn the size of packets."""
        self.halt()
        answer = self.request('qSupported:xmlRegisters=i386,arm,aarch64')
        match = re.search(r'(?:^|;)PacketSize=([0-9a-fA-F]+)', answer)
        if match:
            self.packet_size = max(64, min(int(match[1], 16), 65536))
        return answer

    def detach(self):
        return self.request('D')

    def close(self):
        try:
            self.send_raw(b'')
        except CollectError:
            pass
        self.socket.close()

    def threads(self):
        """The threads, in the stub's order, at most THREADS_MAX."""
        found, answer = {}, self.request('qfThreadInfo')
        while answer.startswith('m'):
            before = len(found)
            found.update(dict.fromkeys(word for word in answer[1:].split(',') if word))
            # A list without an end repeats itself.
            if len(found) == before or len(found) >= THREADS_MAX:
                break
            answer = self.request('qsThreadInfo')
        return list(found)[:THREADS_MAX]

    def extra(self, thread):
        answer = self.request(f'qThreadExtraInfo,{thread}')
        try:
            return bytes.fromhex(answer).decode('latin-1')
        except ValueError:
            return ''

    def annex(self, name):
        """A part of the description of the target."""
        text, size = '', min(self.packet_size - 8, 2048)
        while len(text) < 1 << 20:
            answer = self.answer(f'qXfer:features:read:{name}:{len(text):x},{size:x}')
            text += answer[1:]
            if answer[0] == 'l':
                return text
            if answer[0] != 'm' or len(answer) == 1:
                raise Failed(f'{name}: malformed answer')
        raise Failed(f'{name}: it does not end')
