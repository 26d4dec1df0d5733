# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A line on a terminal for work that takes long; silence elsewhere."""
import sys
import time

from cli import duration

SHOW_AFTER, SHOW_EVERY = 0.5, 0.2


class Progress:
    def __init__(self, total, stream=sys.stderr, clock=time.monotonic):
        self.total, self.stream, self.clock = total, stream, clock
        self.done, self.shown = 0, False
        self.started = self.last = clock()

    def add(self, size):
        self.done += size
        now = self.clock()
        if (not self.stream.isatty() or now - self.started < SHOW_AFTER or
                (self.shown and now - self.last < SHOW_EVERY)):
            return
        self.last, self.shown = now, True
        rate = self.done / (now - self.started)
        text = f'saving {self.done >> 10:,} KiB of {self.total >> 10:,}'
        if self.total and rate >= 1:
            text += f' ({self.done * 100 // self.total}%), {rate / 1024:,.0f} KiB/s'
            if self.total > self.done:
                text += f', {duration(int((self.total - self.done) / rate) + 1)} left'
        print(f'\r{text}\033[K', end='', file=self.stream, flush=True)

    def clear(self):
        if self.shown:
            print('\r\033[K', end='', file=self.stream, flush=True)
