# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Stores what the shim found of the last kernel (kmemdump_reserved copy=1), after a warm reset."""
import contextlib
import errno
import fcntl
import gzip
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import zlib

from errors import CollectError, reason

SYSFS = '/sys/kernel/kmemdump'
FOLDER = '/var/lib/kmemdump'
COPY = 1 << 20
NUMBERS = ('regions', 'whole', 'not-copied', 'no-room', 'damaged', 'bytes', 'size', 'crashed', 'later')
NAMES = re.compile(r'([0-9]{4,})-[0-9]{8}-[0-9]{6}\.img\.gz')
REPORT_SECONDS = 300
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class NothingFound(Exception):
    """The last kernel left no dump; the text says why."""


def state(sysfs):
    """What the shim says of the last kernel."""
    try:
        text = (sysfs / 'state').read_text(encoding='ascii', errors='replace')
    except FileNotFoundError:
        raise CollectError(f'{sysfs}: not there; is kmemdump_reserved loaded?') from None
    except OSError as error:
        raise CollectError(f'{sysfs}/state: {reason(error)}') from error
    words = dict(line.split(' ', 1) for line in text.splitlines() if ' ' in line)
    if words.get('found') == 'no':
        raise NothingFound(words.get('reason', 'no reason is given'))
    try:
        if words['found'] != 'yes':
            raise ValueError
        return {**words, **{name: int(words[name]) for name in NUMBERS}}
    except (KeyError, ValueError):
        raise CollectError(f'{sysfs}/state: not understood: {text[:200]!r}') from None


def stored(folder):
    """The dumps that are there, the oldest first: number and path."""
    found = ((NAMES.fullmatch(path.name), path) for path in folder.iterdir())
    return sorted((int(match[1]), path) for match, path in found if match)


def report_of(dump):
    return dump.with_name(dump.name.removesuffix('.img.gz') + '.txt')


def remove(dump):
    report_of(dump).unlink(missing_ok=True)
    dump.unlink(missing_ok=True)


def sync_folder(folder):
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def locked(folder):
    """The folder, for one program at a time; what an interrupted one left is removed."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(folder / '.lock', os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CollectError(f'{folder}: {reason(error)}; the dump stays in memory') from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        for path in folder.glob('.partial-*'):
            path.unlink()
        yield
    finally:
        os.close(handle)


def compress(source, size, crashed, path):
    """Write a gzip file; all of it reaches the disk, or an error says what is wrong."""
    total = 0
    with open(path, 'xb', opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        with gzip.GzipFile('', 'wb', 6, file, min(crashed, (1 << 32) - 1)) as packed:
            while data := source.read(COPY):
                if not total and not data.startswith(b'Raw_Dmp!'):
                    raise CollectError(f'{source.name}: no dump')
                total += len(data)
                packed.write(data)
        if not total:
            raise CollectError(f'{source.name}: empty')
        if total != size:
            raise CollectError(f'{source.name}: {total} bytes came, not {size}')
        file.flush()
        os.fsync(file.fileno())


def write(sysfs, found, folder, name):
    """The path of the stored dump."""
    partial, path = folder / f'.partial-{name}', folder / name
    try:
        with open(sysfs / 'dump', 'rb', buffering=0) as source:
            compress(source, found['size'], found['crashed'], partial)
        os.rename(partial, path)
        sync_folder(folder)
        return path
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def same_bytes(one, other):
    """Whether two open files have the same bytes."""
    while True:
        data = one.read(COPY)
        if not data:
            return not other.read(1)
        if other.read(len(data)) != data:
            return False


def stored_before(sysfs, folder, when):
    """This dump, if it is the newest that is there: the boot before could not release the memory."""
    newest = stored(folder)[-1:]
    if not newest or not newest[0][1].name.endswith(f'-{when}.img.gz'):
        return None
    with contextlib.suppress(OSError, EOFError, zlib.error), gzip.open(newest[0][1]) as kept, \
            open(sysfs / 'dump', 'rb', buffering=0) as source:
        return newest[0][1] if same_bytes(source, kept) else None
    return None


def store(sysfs, found, folder, keep, say):
    """Write the dump; on a full disk the oldest goes first, if it is to go anyway."""
    try:
        dumps = stored(folder)
        number = dumps[-1][0] + 1 if dumps else 1
        when = time.strftime('%Y%m%d-%H%M%S', time.gmtime(min(found['crashed'], 1 << 37)))
        before = stored_before(sysfs, folder, when)
        if before:
            say(f'{before}: is this dump already')
            return before
        while True:
            try:
                return write(sysfs, found, folder, f'{number:04}-{when}.img.gz')
            except OSError as error:
                if error.errno not in FULL or len(dumps) < keep:
                    raise
                oldest = dumps.pop(0)[1]
                say(f'{folder}: {reason(error)}; {oldest.name} is removed')
                remove(oldest)
    except OSError as error:
        raise CollectError(f'{folder}: {reason(error)}; the dump stays in memory') from error


def release(sysfs):
    """The memory may be used again."""
    try:
        (sysfs / 'taken').write_text('1\n', encoding='ascii')
    except OSError as error:
        raise CollectError(f'{sysfs}/taken: {reason(error)}; the next boot finds this dump again, '
                           'and until then a panic copies nothing') from error


def reporter():
    """kmd-report: beside this program, or in PATH."""
    beside = pathlib.Path(sys.argv[0]).resolve().parent / 'kmd-report'
    return str(beside) if os.access(beside, os.X_OK) else shutil.which('kmd-report')


def write_report(path, program):
    """The text report beside the dump; its path, or None.  A report may be made again at any time."""
    if not program:
        return None, 'kmd-report is not installed'
    try:
        done = subprocess.run([program, path], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=REPORT_SECONDS, check=False)
        if not done.stdout:
            why = done.stderr.decode(errors='replace').strip().splitlines()
            return None, f'{program} exited {done.returncode}: {why[-1] if why else "no output"}'
        text = report_of(path)
        with open(text, 'wb', opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(done.stdout + done.stderr)
        return text, None
    except subprocess.TimeoutExpired:
        return None, f'{program} took more than {REPORT_SECONDS} s'
    except OSError as error:
        with contextlib.suppress(OSError):
            report_of(path).unlink(missing_ok=True)
        return None, reason(error)


def describe(found, path, text, why, fact):
    fact('crashed', time.strftime('%Y-%m-%d %H:%M:%S UTC', time.gmtime(min(found['crashed'], 1 << 37))))
    for name, meaning in (('not-copied', 'the machine was reset before they were copied, or they cannot be read'),
                          ('no-room', 'the set-aside memory is too small'),
                          ('damaged', 'their checksums are wrong')):
        if found[name]:
            fact('absent', f'{found[name]} regions: {meaning}')
    if found['later']:
        fact('later', f'{found["later"]} more panics came before this dump was taken; of them there is no dump')
    fact('report', text or why)
    fact('next', f'kmd-report {path}')


def collect(options, say, fact):
    """True if no region is absent."""
    sysfs, folder = pathlib.Path(options.sysfs), pathlib.Path(options.output or FOLDER)
    state(sysfs)
    with locked(folder):
        # Another program may have taken it meanwhile.
        found = state(sysfs)
        path = store(sysfs, found, folder, options.keep, say)
        say(f'{path}: {found["whole"]} of {found["regions"]} regions, {found["bytes"]:,} bytes')
        release(sysfs)
        text, why = write_report(path, reporter())
        describe(found, path, text, why, fact)
        for _, old in stored(folder)[:-options.keep]:
            remove(old)
    return found['whole'] == found['regions']
