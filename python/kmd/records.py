# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What a dump hands out.  Each record is a copy: it stays valid after the dump is closed."""
from __future__ import annotations

import enum
from typing import NamedTuple, Optional


class _Open(enum.IntEnum):
    """Later versions of the library may return values that are not listed here."""

    @classmethod
    def _missing_(cls, value: object) -> Optional[_Open]:
        if not isinstance(value, int):
            return None
        member = int.__new__(cls, value)
        member._name_ = f'UNKNOWN_{value}'
        member._value_ = value
        return member


class Status(_Open):
    """Why a call failed; see enum kmd_status in kmd.h."""
    MEMORY = 1
    USAGE = 2
    IO = 3
    FORMAT = 4
    DAMAGED = 5
    UNSUPPORTED = 6
    LIMIT = 7
    STRICT = 8
    EXISTS = 9
    CANCELED = 10
    NOT_FOUND = 11
    MISMATCH = 12


class Phase(_Open):
    """What is at work when the progress call-back is called."""
    UNPACK = 1
    SCAN = 2
    WRITE = 3


class Origin(enum.IntFlag):
    """Where facts about a region came from."""
    SECTION = 1
    FILE = 2
    KELF = 4
    CORE = 8
    SMEM = 16
    DUMP_INFO = 32
    LOAD_CMM = 64
    ADDRESS = 128


class RegionState(_Open):
    """What became of a region."""
    OK = 0
    CUT = 1
    MISSING = 2
    INVALID = 3
    NO_ADDRESS = 4
    EMPTY = 5
    CONFLICT = 6
    AUXILIARY = 7
    OTHER_VM = 8
    EXCLUDED = 9


class Severity(_Open):
    NOTE = 0
    DAMAGE = 1


class Ready(_Open):
    """Whether a consumer can do something with the core."""
    WORKS = 0
    PARTLY = 1
    UNKNOWN = 2
    FAILS = 3


class Region(NamedTuple):
    name: str
    phys: Optional[int]
    virt: Optional[int]
    size: int
    captured: int  # bytes that the dump holds, from the start
    origins: Origin
    state: RegionState
    file: Optional[str]  # of which all bytes are this region's


class Finding(NamedTuple):
    code: int
    severity: Severity
    text: str
    source: Optional[str]
    offset: Optional[int]


class Kernel(NamedTuple):
    """None where nothing is known."""
    machine: Optional[str]
    release: Optional[str]
    build_id: Optional[str]
    banner: Optional[str]
    page_size: int
    kaslr_offset: Optional[int]
    vmcoreinfo_source: Optional[str]
    vmcoreinfo_generated: bool
    panic: Optional[str]
    panic_task: Optional[str]
    panic_cpu: Optional[int]
    panic_pid: Optional[int]
    gdb_relocates: bool
    panic_event: Optional[str]


class Value(NamedTuple):
    """A run-time value; without sources it is derived and not confirmed."""
    key: str
    value: int
    n_sources: int
    sources: str


class Cpu(NamedTuple):
    cpu: int
    source: str
    words: tuple[int, ...]  # in the order of the machine's user_regs structure
    pc: int
    sp: int


class LogRecord(NamedTuple):
    seq: int
    time: Optional[int]  # nanoseconds since boot
    caller: Optional[int]
    facility: int
    level: int
    text: str


class Task(NamedTuple):
    address: int
    pid: int
    tgid: Optional[int]
    ppid: Optional[int]
    cpu: Optional[int]
    comm: Optional[str]
    state: Optional[str]
    last_run: Optional[int]
    is_kernel: Optional[bool]
    is_running: bool
    is_idle: bool


class Module(NamedTuple):
    address: int
    name: str
    base: int
    size: int
    build_id: Optional[str]
    taint: Optional[str]


class Frame(NamedTuple):
    pc: int
    sp: int
    function: Optional[str]
    symbol: Optional[str]
    offset: int
    module: Optional[str]
    file: Optional[str]
    line: int
    flags: int  # enum kmd_frame_flag


class Stack(NamedTuple):
    frames: tuple[Frame, ...]  # innermost first
    end: Optional[str]  # why it ends early


class Signature(NamedTuple):
    key: str
    reason: str
    source: str
    frames: tuple[str, ...]


class Supplied(NamedTuple):
    what: str
    phys: int
    size: int


class Readiness(NamedTuple):
    consumer: str
    ability: str
    state: Ready
    missing: str
