#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""kmd-collect --virsh, with a virsh that asks a monitor which may lie.  Argument: the program."""
import os
import stat
import sys

import fake_monitor
import machine

VIRSH = '''#!/usr/bin/env python3
import json, os, socket, sys
if sys.argv[1:3] != ['qemu-monitor-command', 'my guest'] or len(sys.argv) != 4:
    sys.exit('error: failed to get domain')
if os.environ.get('VIRSH') == 'noise':
    print('{{{')
    sys.exit(0)
with socket.socket(socket.AF_UNIX) as monitor:
    monitor.connect(os.path.join(os.path.dirname(__file__), 'qmp'))
    stream = monitor.makefile('rwb')
    stream.readline()
    for request in ({'execute': 'qmp_capabilities', 'id': 0}, {**json.loads(sys.argv[3]), 'id': 1}):
        stream.write(json.dumps(request).encode() + b'\\n')
        stream.flush()
        while True:
            line = stream.readline()
            if not line:
                sys.exit('error: Unable to read from monitor')
            answer = json.loads(line)
            if not isinstance(answer, dict):
                sys.exit('error: internal error: unexpected answer')
            if 'event' not in answer:
                break
# libvirt numbers its own commands.
answer['id'] = 'libvirt-17'
print(json.dumps(answer))
'''


class Virsh(machine.Case):
    def start(self, **lies):
        monitor = fake_monitor.Monitor(self.folder / 'qmp', **lies)
        self.addCleanup(monitor.server.close)
        script = self.folder / 'virsh'
        script.write_text(VIRSH)
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        path = os.environ['PATH']
        os.environ['PATH'] = f'{self.folder}:{path}'
        self.addCleanup(os.environ.__setitem__, 'PATH', path)
        return monitor

    def run_on(self, monitor, *words, domain='my guest', **how):
        output = self.collect('--virsh', domain, *words, **how)
        self.assertTrue(monitor.running)
        return output

    def test_whole(self):
        monitor = self.start()
        output = self.run_on(monitor)
        self.check_all(monitor.ram)
        self.assertIn('registers  2 CPUs', output)
        # Each command is a process: what lies close together is read at once.
        self.assertLess(monitor.commands.count('pmemsave'), 30)
        during = monitor.commands[monitor.commands.index('stop'):]
        self.assertEqual([size for _, size in monitor.read if size > 4096], [0x48000])
        self.assertLess(during.count('pmemsave'), 12)

    def test_run_that_fails(self):
        """One region cannot be read: the others are still there."""
        monitor = self.start(fails=machine.RAM + 0x22000)
        self.assertIn('4 of 5 regions', self.run_on(monitor, code=3))
        self.check_all(monitor.ram, but=('Kdata',))

    def test_lies(self):
        for lies in ({'pmemsave': 'close'}, {'human-monitor-command': 'close'}, {'stop': 'error'},
                     {'query-status': 'noise'}, {'full': True}):
            with self.subTest(**lies):
                self.run_on(self.start(**lies), code=1)
                (self.folder / 'qmp').unlink()

    def test_no_such_domain(self):
        self.assertIn('failed to get domain', self.run_on(self.start(), domain='other', code=1))

    def test_noise(self):
        monitor = self.start()
        os.environ['VIRSH'] = 'noise'
        self.addCleanup(os.environ.pop, 'VIRSH')
        self.assertIn('no JSON', self.run_on(monitor, code=1))

    def test_no_virsh(self):
        path = os.environ['PATH']
        self.addCleanup(os.environ.__setitem__, 'PATH', path)
        bare = self.folder / 'bare'
        bare.mkdir()
        (bare / 'python3').symlink_to(sys.executable)
        os.environ['PATH'] = str(bare)
        self.assertIn('virsh', self.collect('--virsh', 'my guest', code=1))


PROGRAM = sys.argv[1]
machine.main(PROGRAM)
