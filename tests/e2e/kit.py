# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Shared by the tests on real dumps: the dumps, the assembler, the debug kernel.

Every test is run as  TEST.py KMD_ASSEMBLE FOLDER...  with folders of
tests/fixtures/real.  The exit code is 0, 1, or 77 (skipped, with a reason).
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
ROOT = pathlib.Path(__file__).resolve().parents[2]


class Dump:
    """One folder of tests/fixtures/real: the dump in its forms, and facts about it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.name = self.folder.name
        self.facts = json.loads((self.folder / 'facts.json').read_text())
        self.vmcoreinfo = (self.folder / 'vmcoreinfo.txt').read_bytes()

    def form(self, name, where):
        """Unpack one stored form into the folder where; returns the path of the dump."""
        packed = self.folder / (name + '.zst')
        out = pathlib.Path(where) / name
        out.write_bytes(unzstd(packed))
        if out.suffix != '.tar':
            return out
        run(['tar', '-x', '-f', out, '-C', where])
        return out.with_suffix('')

    def dmesg(self):
        return unzstd(self.folder / 'dmesg.txt.zst').decode().splitlines()


def skip(reason):
    print(f'SKIP: {reason}')
    sys.exit(SKIPPED)


def fail(reason):
    print(f'FAIL: {reason}')
    sys.exit(1)


def check(truth, reason):
    if not truth:
        fail(reason)


def expect(kind, function, *arguments, **options):
    """The exception of that kind, which the call must raise."""
    try:
        function(*arguments, **options)
    except kind as error:
        return error
    return fail(f'{function} did not raise {kind}')


def same(got, want, what):
    check(got == want, f'{what}: got {got!r}, want {want!r}')


def tool(name):
    """The path of a program; the test is skipped if it is not installed."""
    return shutil.which(name) or skip(f'{name} is not installed (scripts/setup installs it)')


def run(command, **options):
    """Run a command that must succeed; returns its output as bytes."""
    done = subprocess.run([str(c) for c in command], capture_output=True, check=False, **options)
    if done.returncode:
        fail(f'{command[0]} exited {done.returncode}:\n' +
             (done.stdout + done.stderr).decode(errors='replace'))
    return done.stdout


def unzstd(path):
    return run([tool('zstd'), '-dcq', path])


@contextlib.contextmanager
def scratch():
    with tempfile.TemporaryDirectory(prefix='kmd-e2e-') as where:
        yield pathlib.Path(where)


def assemble(program, dump, core, *options, expect=0):
    """Run kmd-assemble; the dump is complete, so the exit code must be 0."""
    done = subprocess.run([program, *options, '-o', str(core), str(dump)],
                          capture_output=True, check=False)
    if done.returncode != expect:
        fail(f'kmd-assemble {dump} exited {done.returncode}, want {expect}:\n' +
             done.stderr.decode(errors='replace'))
    return core


def core_of(program, dump, where):
    """The core of the partition image, which most tests use."""
    return assemble(program, dump.form('rawdump.img', where), where / 'vmcore')


def fetch(script, *words):
    """The path that a fetch script of scripts/ prints.  Downloads only if KMD_FETCH=1."""
    command = [str(ROOT / 'scripts' / script)]
    if os.environ.get('KMD_FETCH') != '1':
        command.append('--cached')
    done = subprocess.run(command + list(words), stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode == SKIPPED:
        skip(f'{script} {" ".join(words)}: not available (reason above)')
    check(done.returncode == 0, f'{script} failed')
    return done.stdout.strip()


def debug_vmlinux(dump):
    """The debug vmlinux of exactly this kernel."""
    kernel = dump.facts['debug_kernel']
    return fetch('fetch-debug-kernel', kernel['arch'], kernel['package'], kernel['version'])


def validate_json(document):
    """Against docs/json-schema.json."""
    try:
        import jsonschema
    except ImportError:
        skip('python3-jsonschema is not installed (scripts/setup installs it)')
    schema = json.loads((ROOT / 'docs' / 'json-schema.json').read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema)


def stamp_and_text(line):
    """Split '[    1.234567] text'; lines that continue a record have no stamp."""
    match = re.match(r'(\[ *\d+\.\d+\]) ?(.*)', line)
    return match.groups() if match else (None, line)


def same_log(got, want, who):
    """Compare kernel logs line by line.

    The console repeats the time stamp on every line of a multi-line record; drgn
    and crash print it once, and crash indents the following lines.  So a line without a
    stamp has the stamp of its record, and leading blanks are ignored.
    """
    last = None
    for number, (left, right) in enumerate(zip(got, want), 1):
        stamp, text = stamp_and_text(left)
        last = stamp or last
        right_stamp, right_text = stamp_and_text(right)
        check(last == right_stamp and text.strip() == right_text.strip(),
              f'{who}: line {number} of the log:\n  got  {left!r}\n  want {right!r}')
    same(len(got), len(want), f'{who}: lines of the log')


def arguments():
    """(the assembler, the dumps) from the command line."""
    if len(sys.argv) < 3:
        sys.exit(f'usage: {sys.argv[0]} KMD_ASSEMBLE FOLDER...')
    return sys.argv[1], [Dump(folder) for folder in sys.argv[2:]]
