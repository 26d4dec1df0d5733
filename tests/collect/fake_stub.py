# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Stands in for a gdb stub.  It can lie."""
import re
import socket
import threading
import time

import machine

CORE = ('<feature name="org.gnu.gdb.aarch64.core"><reg name="cpsr" bitsize="32"/>'
        '<reg name="sp" bitsize="64"/><reg name="pc" bitsize="64"/>' +
        ''.join(f'<reg name="x{n}" bitsize="64"/>' for n in range(31)) + '</feature>')
TARGET = ('<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd"><target>'
          '<xi:include href="core.xml"/></target>')


def frame(data):
    return b'$' + data + b'#%02x' % (sum(data) & 0xff)


class Stub:
    def __init__(self, **lies):
        self.ram, self.lies, self.requests = machine.memory(), lies, []
        self.physical, self.halted, self.bad = False, False, lies.get('bad_sums', 0)
        self.server = socket.create_server(('localhost', 0))
        self.where = f'localhost:{self.server.getsockname()[1]}'
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection, _ = self.server.accept()
            self.halted = True
            try:
                self.talk(connection)
            except OSError:
                pass
            connection.close()

    def talk(self, connection):
        buffer, last = b'', b''
        while data := connection.recv(4096):
            buffer += data
            while match := re.match(rb'[^$-]*(?:\$([^#]*)#(..)|(-))', buffer, re.S):
                buffer = buffer[match.end():]
                if match[3]:
                    self.bad -= 1
                    connection.sendall(last if self.bad < 0 else last[:-2] + b'zz')
                    continue
                assert int(match[2], 16) == sum(match[1]) & 0xff
                request = match[1].decode()
                self.requests.append(request)
                lie = next((lie for start, lie in self.lies.items() if request.startswith(start)), None)
                if lie == 'close':
                    return
                if lie == 'silent':
                    continue
                if lie == 'endless':
                    connection.sendall(b'+$')
                    while True:
                        connection.sendall(b'x' * 65536)
                if lie == 'slow':
                    time.sleep(0.1)
                    lie = None
                if lie == 'drip':
                    connection.sendall(b'+$')
                    while True:
                        connection.sendall(b'0')
                        time.sleep(0.01)
                if lie == 'notes':
                    while True:
                        connection.sendall(b'%Stop:T05#00' * 1000)
                last = frame(lie.encode() if lie else self.answer(request))
                if self.bad > 0:
                    connection.sendall(b'+noise%Stop:T05#00' + last[:-2] + b'zz')
                else:
                    connection.sendall(b'+' + last)

    def answer(self, request):
        if request == '?':
            return b'T05thread:01;'
        if request.startswith('qSupported'):
            return b'PacketSize=400;qXfer:features:read+'
        if request == 'D':
            self.halted = False
            return b'OK'
        if request == 'qqemu.PhyMemMode' and not self.lies.get('virtual'):
            return b'1' if self.physical else b'0'
        if request.startswith('Qqemu.PhyMemMode:') and not self.lies.get('virtual'):
            self.physical = request.endswith('1')
            return b'OK'
        if request == 'qfThreadInfo':
            return b'm01'
        if request == 'qsThreadInfo':
            return b'l' if self.requests[-2] == 'qsThreadInfo' else b'm02'
        if request.startswith('qThreadExtraInfo'):
            return f'CPU#{int(request[-1]) - 1} [running]'.encode().hex().encode()
        if request.startswith('H'):
            self.thread = int(request[2:])
            return b'OK'
        if request.startswith('qXfer:features:read:') and not self.lies.get('no_xml'):
            return self.annex(*request.split(':')[3:])
        if request == 'g':
            if not self.lies.get('no_xml'):
                # In the order of the description, which is not the default one.
                return b'c5030000' + b'78563412000000ff' + b'21436587000000ff' + (b'00' * 8) * 31
            return (b'00' * 8) * 31 + b'78563412000000ff' + b'21436587000000ff' + b'c5030000'
        if request.startswith('m'):
            return self.memory(*(int(word, 16) for word in request[1:].split(',')))
        return b''

    def annex(self, name, place):
        at, size = (int(word, 16) for word in place.split(','))
        text = {'target.xml': TARGET, 'core.xml': CORE}.get(name)
        if text is None:
            return b'E00'
        part = text[at:at + size]
        return (b'l' if at + size >= len(text) else b'm') + part.encode()

    def memory(self, address, size):
        if not self.physical and not self.lies.get('flat'):
            # Only the second CPU is in the kernel.
            if getattr(self, 'thread', 1) != 2:
                return b'E14'
            address -= machine.VIRTUAL - machine.RAM
        at = address - machine.RAM
        if at < 0 or at + size > len(self.ram):
            return b'E01'
        for start, length in self.lies.get('broken', ()):
            if address < start + length and start < address + size:
                return b'E01'
        data = bytes(self.ram[at:at + size]).hex().encode()
        lengths = self.lies.get('lengths')
        self.number = getattr(self, 'number', 0) + 1
        if lengths == 'empty' or lengths == 'sometimes' and self.number % 5 == 0:
            return b'' if lengths == 'empty' else b'E0e'
        data = {'long': data + b'00' * 7, 'odd': data[:-1], 'own_size': data[:6]}.get(lengths, data)
        if self.lies.get('short'):
            data = data[:2 * max(1, size // 3)]
        # Runs, as a stub may send them.
        return re.sub(rb'(.)\1{8}', rb'\1*%', data) if self.lies.get('runs') else data
