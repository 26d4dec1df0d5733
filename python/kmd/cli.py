# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Habits of the command line that all tools of kmemdump share.

It needs Python's standard library only, as it is a part of kmd-collect too.
"""
from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import IO, Any, NoReturn, Optional

# Part of the interface, see the man pages.
EXIT_FAILED, EXIT_MISMATCH, EXIT_DEGRADED, EXIT_USAGE = 1, 2, 3, 64
LICENCE = 'licence  BSD-2-Clause OR GPL-2.0-only'
_COLORS = {'title': '\033[1m', 'good': '\033[32m', 'warning': '\033[33m', 'bad': '\033[31m'}
_SHOW_AFTER, _SHOW_EVERY = 0.5, 0.2
_when = 'auto'


def colored(text: str, color: str, stream: IO[str]) -> str:
    """The text in this colour; as it is where @stream shall have none."""
    if _when == 'auto':
        wanted = not os.environ.get('NO_COLOR') and os.environ.get('TERM', 'dumb') != 'dumb' and stream.isatty()
    else:
        wanted = _when == 'always'
    return f'{_COLORS[color]}{text}\033[0m' if wanted else text


def say(program: str, text: str, color: str = 'bad') -> None:
    """A message of the program."""
    print(colored(f'{program}:', color, sys.stderr), text, file=sys.stderr)


def sentence(error: Exception) -> str:
    """An error as the tools in C print it: without the number of errno."""
    if isinstance(error, OSError) and error.strerror:
        return f'{error.filename}: {error.strerror}' if error.filename else error.strerror
    return str(error)


def end_by(number: signal.Signals) -> NoReturn:
    """The shell must see that a signal ended the program."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    sys.exit(128 + number)


def put(text: str) -> None:
    """Print on standard output; if its reader is gone, end silently, as other programs do."""
    try:
        print(text, end='', flush=True)
    except BrokenPipeError:
        end_by(signal.SIGPIPE)


class _Formatter(argparse.HelpFormatter):
    """Options as the tools in C print them, on any terminal."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=24, width=90)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if not action.option_strings:
            return super()._format_action_invocation(action)
        text = ('' if len(action.option_strings[0]) == 2 else '    ') + ', '.join(action.option_strings)
        if action.nargs == 0:
            return text
        argument = self._format_args(action, self._get_default_metavar_for_optional(action))
        return f'{text}[={argument[1:]}' if action.nargs == '?' else f'{text}={argument}'

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: Optional[str] = None) -> None:
        super().add_usage(usage, actions, groups, prefix or 'Usage: ')


class _Help(argparse.Action):
    """--help, or --help=TOPIC."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any,
                 option_string: Optional[str] = None) -> None:
        if not values:
            put(parser.format_help())
            parser.exit()
        topics = parser.topics() if isinstance(parser, Parser) else {}
        if values not in topics:
            parser.error(f"--help: there is no topic '{values}'; topics are {', '.join(topics)}")
        put(topics[values])
        parser.exit()


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any,
                 option_string: Optional[str] = None) -> None:
        if isinstance(parser, Parser):
            put(f'{parser.prog} {parser.version()}\nfeatures {parser.features()}\n{LICENCE}\n')
        parser.exit()


class _Color(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any,
                 option_string: Optional[str] = None) -> None:
        global _when
        if values not in ('auto', 'always', 'never'):
            parser.error(f"--color: '{values}' is not auto, always or never")
        _when = values


class Parser(argparse.ArgumentParser):
    """Options in groups, each of which is a topic of --help; call common() when all are added."""

    def __init__(self, *, version: Callable[[], str], features: Callable[[], str], exits: str,
                 **words: Any) -> None:
        if sys.version_info >= (3, 14):
            words['color'] = False
        super().__init__(add_help=False, formatter_class=_Formatter, epilog=f'Exit codes: {exits}, 64 usage.', **words)
        self.version, self.features = version, features

    def common(self, verbose: str = '') -> None:
        """The options that every tool has."""
        out = self.add_argument_group('Messages')
        if verbose:
            out.add_argument('-v', '--verbose', action='store_true', help=verbose)
        out.add_argument('--color', action=_Color, metavar='WHEN',
                         help='colours: auto (on a terminal; not with NO_COLOR), always, never')
        text = out.add_argument('-h', '--help', action=_Help, nargs='?', metavar='TOPIC')
        text.help = f'print this text, or one topic: {", ".join(self.topics())}'
        out.add_argument('-V', '--version', action=_Version, nargs=0,
                         help='print the version, and what this build can do')

    def topics(self) -> dict[str, str]:
        """The last word of each group's title, and its part of --help."""
        found = {}
        for group in self._action_groups:
            if group._group_actions and group.title:
                formatter = self._get_formatter()
                formatter.start_section(group.title)
                formatter.add_arguments(group._group_actions)
                formatter.end_section()
                found[group.title.split(' --')[-1].split()[-1].lower()] = formatter.format_help()
        formatter = self._get_formatter()
        formatter.add_text(self.epilog)
        return {**found, 'exit': formatter.format_help()}

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """A topic follows --help= only, as in the other tools: the next word is no topic."""
        words = list(sys.argv[1:] if args is None else args)
        end = words.index('--') if '--' in words else len(words)
        words[:end] = ['--help=' if word == '-h' or (len(word) > 4 and '--help'.startswith(word)) else word
                       for word in words[:end]]
        return super().parse_args(words, namespace)

    def error(self, message: str) -> NoReturn:
        say(self.prog, message)
        print(f"Try '{self.prog} --help'.", file=sys.stderr)
        sys.exit(EXIT_USAGE)


def duration(seconds: int) -> str:
    if seconds < 90:
        return f'{seconds} s'
    if seconds < 90 * 60:
        return f'{seconds // 60} min'
    return f'{seconds // 3600} h {seconds // 60 % 60} min'


class Progress:
    """A line on a terminal for work that takes long; silence elsewhere.  It is called with
    (phase, done, total), as kmd.Dump does."""

    _words = {1: 'unpacking', 2: 'searching', 3: 'writing'}

    def __init__(self, stream: IO[str] = sys.stderr, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._began = self._last = clock()
        self._phase, self._phase_began, self._from, self._done = 0, 0.0, 0, 0
        self._shown, self._shows = False, stream.isatty()

    def __call__(self, phase: int, done: int, total: int) -> bool:
        """Never cancels."""
        if not self._shows:
            return False
        now = self._clock()
        if phase != self._phase or done < self._done:
            self._phase, self._phase_began, self._from = phase, now, done
        self._done = done
        if now - self._began < _SHOW_AFTER or (self._shown and now - self._last < _SHOW_EVERY):
            return False
        self._last, self._shown = now, True
        self._stream.write(f'\r{self._line(done, total, now - self._phase_began)}\033[K')
        self._stream.flush()
        return False

    def _line(self, done: int, total: int, seconds: float) -> str:
        text = f'{self._words.get(self._phase, "working")} {done >> 20} MiB'
        rate = (done - self._from) / seconds if seconds > 0 else 0.0
        if total:
            text += f' of {total >> 20} ({done * 100 // total}%)'
        if rate >= 1:
            text += f', {rate / (1 << 20):.0f} MiB/s'
            if total > done and seconds >= 1:
                text += f', {duration(int((total - done) / rate) + 1)} left'
        return text

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            self._stream.write('\r\033[K')
            self._stream.flush()
        self._shown = False
