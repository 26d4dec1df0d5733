#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""streams.py KMD_ASSEMBLE DUMP [GIBIBYTES] - RAM of many gigabytes through a pipe: memory stays below 64 MiB, and
the temporary file holds the bytes that are not zero, and what was packed, but no more.

The pipe is fed by a child of this test: the RAM image of a real dump first, then pages of noise and holes.
"""
import fcntl
import os
import pathlib
import subprocess
import sys
import threading
import zlib

import kit
import ramimage
from bombs import START, MEMORY

BLOCK = 1 << 20
NOISE_EVERY = 16  # One MiB of noise in so many.


class Ram:
    """Yields the bytes of the image, MiB by MiB."""

    def __init__(self, head, size):
        self.head, self.size = head, size
        self.noise = os.urandom(BLOCK)
        self.data = 0  # bytes that are not in whole blocks of zeroes

    def __iter__(self):
        self.data = 0
        with open(self.head, 'rb') as image:
            for number in range(self.size // BLOCK):
                block = image.read(BLOCK).ljust(BLOCK, b'\0')
                if number >= self.head.stat().st_size // BLOCK and not number % NOISE_EVERY:
                    block = self.noise[number % BLOCK:] + self.noise[:number % BLOCK]
                self.data += BLOCK if any(block) else 0
                yield block


def packed_gz(ram):
    packer = zlib.compressobj(1, wbits=31)
    for block in ram:
        yield packer.compress(block)
    yield packer.flush()


def feed_zstd(ram, out):
    packer = subprocess.Popen([kit.tool('zstd'), '-q1', '-c'], stdin=subprocess.PIPE, stdout=out)
    for block in ram:
        packer.stdin.write(block)
    packer.stdin.close()
    packer.wait()


def feed(form, ram, pipe):
    """Write to the pipe until all is written or nobody reads."""
    try:
        if form == 'zst':
            feed_zstd(ram, pipe)
        else:
            for block in packed_gz(ram) if form == 'gz' else ram:
                pipe.write(block)
                feed.written += len(block)
    except BrokenPipeError:
        pass
    finally:
        pipe.close()


class Watch(threading.Thread):
    """The most space that files without a name in the temporary folder take."""

    def __init__(self, child, folder):
        super().__init__(daemon=True)
        self.child, self.folder, self.most, self.ends = child, str(folder), 0, threading.Event()

    def run(self):
        while not self.ends.wait(0.1):
            self.most = max(self.most, sum(self.sizes()))

    def sizes(self):
        for pid in (self.child.pid, *self.children()):
            for link in pathlib.Path(f'/proc/{pid}/fd').glob('*'):
                try:
                    if os.readlink(link).startswith(self.folder):
                        yield os.stat(link).st_blocks * 512
                except OSError:
                    pass

    def children(self):
        try:
            return pathlib.Path(f'/proc/{self.child.pid}/task/{self.child.pid}/children').read_text().split()
        except OSError:
            return []


def check(program, form, ram, want, where):
    """Space: what came through the pipe if it was packed, what is not zero, and a part for blocks of files."""
    temporary = where / 'tmp'
    temporary.mkdir(exist_ok=True)
    core = where / f'{form}.core'
    feed.written = 0
    child = subprocess.Popen([sys.executable, '-c', START, program, '-q', '-', '-o', core], stdin=subprocess.PIPE,
                             stderr=subprocess.PIPE, env={**os.environ, 'TMPDIR': str(temporary)}, text=False)
    fcntl.fcntl(child.stdin, fcntl.F_SETPIPE_SZ, BLOCK)
    watch = Watch(child, temporary)
    watch.start()
    feed(form, ram, child.stdin)
    *text, memory = child.stderr.read().decode(errors='replace').splitlines()
    code = child.wait()
    watch.ends.set()
    watch.join()
    packed = 0 if form == 'raw' else feed.written if form == 'gz' else ram.data
    print(f'{form}: {ram.size >> 30} GiB, {ram.data >> 20} MiB of them not zero: {int(memory) >> 10} MiB of memory, '
          f'{watch.most >> 20} MiB of temporary files', flush=True)
    kit.check(code == 0, f'{form}: exit {code}: {text}')
    kit.check(int(memory) < MEMORY, f'{form}: {int(memory) >> 10} MiB of memory')
    kit.check(0 < watch.most <= (ram.data + packed) * 9 // 8 + (64 << 20), f'{form}: {watch.most >> 20} MiB of temporary files')
    kit.check(not list(temporary.iterdir()), f'{form}: a file is left')
    kit.check(core.read_bytes() == want, f'{form}: another core than of the plain image')


def main():
    program, dump = sys.argv[1], kit.Dump(sys.argv[2])
    size = int(sys.argv[3]) << 30 if len(sys.argv) > 3 else 16 << 30
    with kit.scratch() as where:
        folder = dump.form('md.tar', where)
        head = where / 'smem.img'
        ramimage.write(head, dump.facts['regions'], dump.facts['ram'], lambda name, seq: (folder / f'md_{name}{seq}.BIN').read_bytes())
        want = kit.assemble(program, head, where / 'want.core').read_bytes()
        for form in ('raw', 'gz', 'zst'):
            check(program, form, Ram(head, size), want, where)


if __name__ == '__main__':
    main()
