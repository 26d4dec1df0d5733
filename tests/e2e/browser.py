# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A headless Chromium, driven over its debugging pipe: no network, no library is needed."""
import base64
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import kit

OPTIONS = ['--headless', '--remote-debugging-pipe', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
           '--disable-background-networking', '--disable-component-update', '--disable-extensions',
           '--disable-sync', '--no-first-run', '--hide-scrollbars', '--proxy-server=127.0.0.1:9']


class Browser:
    """One page of a browser.  .requests are the addresses it asked for, .complaints its console."""

    def __init__(self):
        program = shutil.which('chromium') or shutil.which('chromium-browser') or \
            kit.skip('chromium is not installed (scripts/setup all installs it)')
        self.profile = tempfile.TemporaryDirectory(prefix='kmd-browser-', ignore_cleanup_errors=True)
        command_out, self.commands = os.pipe()
        self.answers, answer_in = os.pipe()
        self.process = subprocess.Popen(
            ['/bin/sh', '-c', f'exec "$@" 3<&{command_out} 4>&{answer_in}', 'sh', program, *OPTIONS,
             f'--user-data-dir={self.profile.name}', 'about:blank'],
            pass_fds=(command_out, answer_in), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(command_out)
        os.close(answer_in)
        self.buffer, self.number, self.session = b'', 0, None
        self.requests, self.complaints, self.loaded = [], [], False
        pages = [t for t in self.call('Target.getTargets')['targetInfos'] if t['type'] == 'page']
        self.session = self.call('Target.attachToTarget', targetId=pages[0]['targetId'],
                                 flatten=True)['sessionId']
        for domain in 'Page', 'Network', 'Runtime', 'Log':
            self.call(domain + '.enable')

    def close(self):
        self.process.kill()
        self.process.wait()
        self.profile.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def message(self):
        while b'\0' not in self.buffer:
            more = os.read(self.answers, 1 << 20)
            kit.check(more, 'the browser ended')
            self.buffer += more
        message, self.buffer = self.buffer.split(b'\0', 1)
        return json.loads(message)

    def event(self, method, params):
        if method == 'Network.requestWillBeSent':
            self.requests.append(params['request']['url'])
        elif method == 'Log.entryAdded':
            self.complaints.append(params['entry']['text'])
        elif method == 'Runtime.exceptionThrown':
            self.complaints.append(params['exceptionDetails']['text'])
        elif method == 'Runtime.consoleAPICalled':
            self.complaints.append(f'console.{params["type"]}')
        elif method == 'Page.javascriptDialogOpening':
            self.complaints.append('a dialog')
            self.send('Page.handleJavaScriptDialog', accept=True)
        elif method == 'Page.loadEventFired':
            self.loaded = True

    def send(self, method, **params):
        self.number += 1
        message = {'id': self.number, 'method': method, 'params': params}
        if self.session:
            message['sessionId'] = self.session
        os.write(self.commands, json.dumps(message).encode() + b'\0')
        return self.number

    def call(self, method, **params):
        number = self.send(method, **params)
        while True:
            message = self.message()
            if message.get('id') == number:
                kit.check('error' not in message, f'{method}: {message.get("error")}')
                return message['result']
            if 'method' in message:
                self.event(message['method'], message['params'])

    def navigate(self, url):
        self.requests, self.complaints, self.loaded = [], [], False
        self.call('Page.navigate', url=url)
        while not self.loaded:
            message = self.message()
            if 'method' in message:
                self.event(message['method'], message['params'])

    def open(self, path, fragment='', scripts=True):
        """Load a file and wait until it is complete."""
        self.call('Emulation.setScriptExecutionDisabled', value=not scripts)
        # Otherwise a new fragment alone would not load the file again.
        self.navigate('about:blank')
        self.navigate(pathlib.Path(path).resolve().as_uri() + fragment)

    def look(self, width, height, dark=False):
        self.call('Emulation.setDeviceMetricsOverride', width=width, height=height,
                  deviceScaleFactor=1, mobile=width < 600)
        self.call('Emulation.setEmulatedMedia', features=[
            {'name': 'prefers-color-scheme', 'value': 'dark' if dark else 'light'}])

    def ask(self, expression):
        result = self.call('Runtime.evaluate', expression=expression, returnByValue=True)
        kit.check('exceptionDetails' not in result, f'{expression}: {result}')
        return result['result'].get('value')

    def picture(self, path, whole=False):
        data = self.call('Page.captureScreenshot', captureBeyondViewport=whole)['data']
        pathlib.Path(path).write_bytes(base64.b64decode(data))
