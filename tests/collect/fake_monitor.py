# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Stands in for QEMU's monitor.  It can lie."""
import json
import socket
import threading
import time

import machine

TREE = '''FlatView #0
 AS "I/O", root: io
 Root memory region: io
  0000000000000000-000000000000ffff (prio 0, ram): not this one

FlatView #1
 AS "memory", root: system
 AS "cpu-memory-0", root: system
 Root memory region: system
  0000000000000000-0000000003ffffff (prio 0, romd): virt.flash0
  0000000040000000-00000000400fffff (prio 0, ram): ram
  0000000040100000-00000000401fffff (prio 0, ram): ram @0000000000100000
'''
REGISTERS = 'CPU#0\n PC=ffff000000001000 SP=ffff000000002000\nCPU#1\n PC=ffff000000003000 SP=ffff000000004000\n'


class Monitor:
    def __init__(self, path, running=True, **lies):
        self.ram = machine.memory()
        self.running, self.status = running, 'running' if running else 'guest-panicked'
        self.lies, self.commands, self.read = lies, [], []
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(str(path))
        self.server.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection, _ = self.server.accept()
            try:
                self.talk(connection)
            except (OSError, ValueError):
                pass
            connection.close()

    def talk(self, connection):
        stream = connection.makefile('rwb')
        if self.lies.get('greeting') is not None:
            stream.write(self.lies['greeting'])
            stream.flush()
            return
        self.send(stream, {'QMP': {'version': {}, 'capabilities': []}})
        for line in stream:
            request = json.loads(line)
            name, arguments = request['execute'], request.get('arguments', {})
            self.commands.append(name)
            lie = self.lies.get(name)
            if lie == 'close':
                return
            if lie == 'silent':
                continue
            if lie == 'endless':
                while True:
                    connection.sendall(b'x' * 65536)
            if lie == 'noise':
                connection.sendall(b'[1, 2]\n')
                continue
            self.send(stream, {'event': 'STOP', 'timestamp': {}, 'data': {}})
            if lie == 'error':
                self.send(stream, {'id': request['id'], 'error': {'class': 'GenericError', 'desc': 'no'}})
                continue
            result = getattr(self, name.replace('-', '_'))(**{k.replace('-', '_'): v for k, v in arguments.items()})
            self.send(stream, {'id': request['id'], **result})

    def send(self, stream, message):
        stream.write(json.dumps(message).encode() + b'\r\n')
        stream.flush()

    def qmp_capabilities(self):
        return {'return': {}}

    def query_status(self):
        return {'return': {'running': self.running, 'status': self.status}}

    def stop(self):
        if self.lies.get('stop') != 'ignored':
            self.running, self.status = False, 'paused'
        return {'return': {}}

    def cont(self):
        self.running, self.status = True, 'running'
        return {'return': {}}

    def human_monitor_command(self, command_line):
        text = {'info mtree -f': self.lies.get('tree', TREE), 'info registers -a': REGISTERS}
        return {'return': text.get(command_line, 'unknown command')}

    def pmemsave(self, val, size, filename):
        time.sleep(self.lies.get('delay', 0))
        at = val - machine.RAM
        assert 0 <= at and at + size <= len(self.ram), 'read outside of RAM'
        if not self.running:
            self.read.append((val, size))
        if not self.running and val <= self.lies.get('fails', -1) < val + size:
            return {'error': {'class': 'GenericError', 'desc': 'no such memory'}}
        data = self.ram[at:at + size]
        if val == self.lies.get('short'):
            data = data[:size // 2]
        if self.lies.get('full'):
            # As QEMU says it, after it made the file.
            open(filename, 'wb').close()
            return {'error': {'class': 'GenericError', 'desc': 'An IO error has occurred'}}
        with open(filename, 'wb') as file:
            file.write(data)
        return {'return': {}}
