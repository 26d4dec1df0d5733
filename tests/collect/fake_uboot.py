# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Stands in for U-Boot: the commands of a script, with a board's memory and a FAT partition."""
import re
import struct

MASK = (1 << 64) - 1
WIDTHS = {'.b': 1, '.w': 2, '.l': 4, '.q': 8, '': 8}


class Abort(Exception):
    """The CPU read memory that is not there."""


def statements(text):
    """The lines and their parts, without comments."""
    for line in text.splitlines():
        if line.lstrip().startswith('#'):
            continue
        for part in re.findall(r'(?:"[^"]*"|[^;"])+', line):
            if part.strip():
                yield from split_keywords(part.strip())


def split_keywords(part):
    for word in ('if', 'while', 'then', 'else', 'do', 'fi', 'done'):
        if part == word:
            yield (word, None)
            return
        if part.startswith(word + ' '):
            yield (word, None)
            yield from split_keywords(part[len(word) + 1:].strip())
            return
    yield ('command', part)


class Board:
    def __init__(self, ram, base, capacity=1 << 30):
        self.ram, self.base, self.capacity = ram, base, capacity
        self.env, self.files, self.folders, self.output = {}, {}, set(), []
        self.writes, self.steps = set(), 0

    # ---------------------------------------------------------------- memory
    def place(self, address, size):
        at = address - self.base
        if at < 0 or at + size > len(self.ram):
            raise Abort(hex(address))
        return at

    def load(self, address, size):
        at = self.place(address, size)
        return bytes(self.ram[at:at + size])

    def store(self, address, data):
        at = self.place(address, len(data))
        self.ram[at:at + len(data)] = data
        self.writes |= {address, address + len(data) - 1}

    # ---------------------------------------------------------------- script
    def source(self, text):
        self.items = list(statements(text))
        self.at = 0
        self.block(True, ())
        assert self.at == len(self.items), f'not at its end: {self.items[self.at:][:3]}'

    def block(self, runs, ends):
        while self.at < len(self.items):
            kind, text = self.items[self.at]
            if kind in ends:
                return kind
            self.at += 1
            if kind == 'if':
                self.branch(runs)
            elif kind == 'while':
                self.loop(runs)
            elif kind == 'command':
                self.last = self.line(text) if runs else self.last
            else:
                raise AssertionError(f'unexpected {kind}')
        assert not ends, f'no {ends}'
        return None

    last = True

    def branch(self, runs):
        self.block(runs, ('then',))
        holds = runs and self.last
        self.at += 1
        if self.block(holds, ('else', 'fi')) == 'else':
            self.at += 1
            self.block(runs and not holds, ('fi',))
        self.at += 1

    def loop(self, runs):
        start = self.at
        while True:
            self.at = start
            self.block(runs, ('do',))
            holds = runs and self.last
            self.at += 1
            self.block(holds, ('done',))
            self.at += 1
            self.steps += 1
            assert self.steps < 200000, 'the script does not end'
            if not holds:
                return

    def line(self, text):
        for part in re.split(r' \|\| ', text):
            if self.command(part.strip()):
                return True
        return False

    def words(self, text):
        result = []
        for match in re.finditer(r'(?:"[^"]*"|[^\s"])+', text):
            word = re.sub(r'\$\{(\w+)\}|\$(\w+)', lambda m: self.env.get(m[1] or m[2], ''),
                          match[0].replace('"', ''))
            result.append(word)
        return result

    def command(self, text):
        name, *words = self.words(text)
        name, dot, width = name.partition('.')
        try:
            return getattr(self, 'do_' + name)(dot + width, *words) is not False
        except (TypeError, ValueError, AttributeError) as error:
            raise AssertionError(f'{text!r}: {error}') from error

    # -------------------------------------------------------------- commands
    def value(self, word, width):
        if word.startswith('*'):
            return int.from_bytes(self.load(int(word[1:], 16), WIDTHS[width]), 'little')
        return int(word, 16) if re.fullmatch('[0-9a-f]+', word) else 0

    def do_setenv(self, _, name, *value):
        assert '=' not in name
        text = ' '.join(value)
        if text:
            self.env[name] = text
        else:
            self.env.pop(name, None)

    def do_setexpr(self, width, name, first, op=None, second='0'):
        a, b = self.value(first, width), self.value(second, width)
        result = {None: a, '+': a + b, '-': a - b, '*': a * b, '&': a & b}[op]
        self.env[name] = f'{result & MASK:x}'

    def do_itest(self, width, first, op, second):
        a, b = (v - (1 << 64) if v >> 63 else v for v in (self.value(first, width), self.value(second, width)))
        return {'==': a == b, '<': a < b, '>': a > b, '<=': a <= b}[op]

    def do_test(self, _, *words):
        if words[0] == '-n':
            return len(words) > 1 and words[1] != ''
        if words[0] == '-e':
            return words[3].lower() in self.files
        return words[0] == words[2]

    def do_mw(self, width, address, value, count='1'):
        data = int(value, 16).to_bytes(WIDTHS[width], 'little') * int(count, 16)
        self.store(int(address, 16), data)

    def do_cp(self, _, source, target, count):
        self.store(int(target, 16), self.load(int(source, 16), int(count, 16)))

    def do_env(self, _, verb, _t, address, *words):
        address = int(address, 16)
        if verb == 'export':
            text = f'{words[0]}={self.env[words[0]]}\n'.encode('latin-1') + b'\0'
            self.store(address, text)
            self.env['filesize'] = f'{len(text):x}'
            return
        data = self.load(address, int(words[0], 16)).split(b'\0')[0].split(b'\n')[0]
        name, _, value = data.decode('latin-1').partition('=')
        if name == words[1] and value:
            self.env[name] = value

    def do_fatwrite(self, _, interface, part, address, file, size):
        data = self.load(int(address, 16), int(size, 16))
        folder = file.rpartition('/')[0]
        if folder and folder not in self.folders or re.search('[<>:|?*\x00-\x1f]', file):
            return False
        # Upper and lower case are the same.
        if sum(map(len, self.files.values())) + len(data) > self.capacity:
            self.files[file.lower()] = data[:10]
            return False
        self.files[file.lower()] = data
        return True

    def do_ext4write(self, width, *words):
        return self.do_fatwrite(width, *words)

    def do_save(self, width, *words):
        return self.do_fatwrite(width, *words)

    def do_tftpput(self, _, address, size, file):
        self.files[file.lower()] = self.load(int(address, 16), int(size, 16))

    def do_fatmkdir(self, _, interface, part, folder):
        self.folders.add(folder)

    def do_fatrm(self, _, interface, part, file):
        return self.files.pop(file.lower(), None) is not None

    def do_echo(self, _, *words):
        self.output.append(' '.join(words))

    def do_virtio(self, _, what):
        pass

    do_usb = do_virtio

    def do_mmc(self, _, what, unit):
        pass

    def do_true(self, _):
        pass

    def do_false(self, _):
        return False
