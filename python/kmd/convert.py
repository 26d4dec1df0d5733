# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""From the library's structures to records."""
from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, Optional, Union

from ._kmd import ffi
from .records import (Cpu, Finding, Frame, Kernel, LogRecord, Module, Origin, Readiness, Ready,
                      Region, RegionState, Severity, Signature, Stack, Supplied, Task, Value)


def text(pointer: Any) -> Optional[str]:
    """A C string as UTF-8; other bytes as Python has them in file names."""
    return None if pointer == ffi.NULL else some_text(pointer)


def some_text(pointer: Any) -> str:
    return str(ffi.string(pointer).decode(errors='surrogateescape'))


def path(name: Union[str, os.PathLike[str], None]) -> Optional[bytes]:
    return None if name is None else os.fsencode(name)


def bits(what: str, names: Mapping[str, int], words: Iterable[str]) -> int:
    """Words as one number; a single word may stand alone."""
    result = 0
    for word in [words] if isinstance(words, str) else words:
        if word not in names:
            raise ValueError(f'{what}: "{word}" is none of {", ".join(names)}')
        result |= names[word]
    return result


def _if(known: bool, number: Any) -> Any:
    return number if known else None


def region(c: Any) -> Region:
    return Region(some_text(c.name), _if(c.has_phys, c.phys), _if(c.has_virt, c.virt), c.size,
                  c.captured, Origin(c.origins), RegionState(c.state), text(c.file))


def finding(c: Any) -> Finding:
    return Finding(c.code, Severity(c.severity), some_text(c.text), text(c.source),
                   _if(c.has_offset, c.offset))


def kernel(c: Any) -> Kernel:
    return Kernel(text(c.machine), text(c.release), text(c.build_id), text(c.banner), c.page_size,
                  _if(c.has_kaslr_offset, c.kaslr_offset), text(c.vmcoreinfo_source),
                  c.vmcoreinfo_generated, text(c.panic), text(c.panic_task),
                  _if(c.has_panic_cpu, c.panic_cpu), _if(c.has_panic_pid, c.panic_pid),
                  c.gdb_relocates, text(c.panic_event))


def value(c: Any) -> Value:
    return Value(some_text(c.key), c.value, c.n_sources, some_text(c.sources))


def cpu(c: Any) -> Cpu:
    return Cpu(c.cpu, some_text(c.source), tuple(c.words[0:c.n_words]), c.pc, c.sp)


def log_record(c: Any) -> LogRecord:
    raw = bytes(ffi.buffer(c.text, c.length))
    return LogRecord(c.seq, _if(c.has_time, c.time), _if(c.has_caller, c.caller), c.facility,
                     c.level, raw.decode(errors='backslashreplace'))


def task(c: Any) -> Task:
    state = c.state.decode('ascii')
    return Task(c.address, c.pid, _if(c.has_tgid, c.tgid), _if(c.has_ppid, c.ppid),
                _if(c.has_cpu, c.cpu), text(c.comm), _if(state != '\0', state),
                _if(c.has_last_run, c.last_run), _if(c.has_is_kernel, c.is_kernel), c.is_running,
                c.is_idle)


def module(c: Any) -> Module:
    return Module(c.address, some_text(c.name), c.base, c.size, text(c.build_id), text(c.taint))


def frame(c: Any) -> Frame:
    return Frame(c.pc, c.sp, text(c.function), text(c.symbol), c.offset, text(c.module),
                 text(c.file), c.line, c.flags)


def stack(c: Any) -> Stack:
    return Stack(tuple(frame(c.frames[i]) for i in range(c.n)), text(c.end))


def signature(c: Any) -> Signature:
    return Signature(some_text(c.key), some_text(c.reason), some_text(c.source),
                     tuple(some_text(c.frames[i]) for i in range(c.n)))


def supplied(c: Any) -> Supplied:
    return Supplied(some_text(c.what), c.phys, c.size)


def readiness(c: Any) -> Readiness:
    return Readiness(some_text(c.consumer), some_text(c.ability), Ready(c.state),
                     some_text(c.missing))
