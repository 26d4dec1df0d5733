# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The handle of a dump."""
from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import IO, Any, Generic, Optional, TypeVar, Union, cast, overload

from . import convert
from ._kmd import ffi, lib
from .records import (Cpu, Finding, Kernel, LogRecord, Module, Phase, Readiness, Region, Signature,
                      Stack, Status, Supplied, Task, Value)

Path = Union[str, 'os.PathLike[str]']
Source = Union[Path, Sequence[Path], bytes, bytearray, memoryview, IO[bytes]]
Progress = Callable[[Phase, int, int], object]
T = TypeVar('T')

_ACCEPT = {'invalid': lib.KMD_ACCEPT_INVALID, 'order': lib.KMD_ACCEPT_ORDER,
           'vmlinux': lib.KMD_ACCEPT_VMLINUX}
_COMPLETE = {'rodata': lib.KMD_COMPLETE_RODATA, 'text': lib.KMD_COMPLETE_TEXT,
             'orc': lib.KMD_COMPLETE_ORC, 'btf': lib.KMD_COMPLETE_BTF,
             'all': lib.KMD_COMPLETE_ALL, 'none': lib.KMD_COMPLETE_NONE}
_LIMITS = {'unpacked': lib.KMD_LIMIT_UNPACKED, 'ratio': lib.KMD_LIMIT_RATIO,
           'depth': lib.KMD_LIMIT_DEPTH, 'files': lib.KMD_LIMIT_FILES,
           'kept': lib.KMD_LIMIT_KEPT}

# Of this thread: the exception that canceled its call.
_raised = threading.local()
# Memory that is about to be filled.
_uncleared = ffi.new_allocator(should_clear_after_alloc=False)


class Error(Exception):
    """A call of the library that failed: .code says how, .sentence what and where."""

    def __init__(self, code: Status, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence

    def __reduce__(self) -> tuple[type[Error], tuple[Status, str]]:
        return type(self), (self.code, self.sentence)


class NotFound(Error):
    """Not captured, or no such key."""


def _name(text: Optional[str]) -> Any:
    return ffi.NULL if text is None else text.encode()


def _fail(kmd: Any, code: int) -> Error:
    status = Status(code)
    kind = NotFound if status is Status.NOT_FOUND else Error
    return kind(status, convert.text(lib.kmd_error(kmd)) or status.name)


def _keep_raised(_type: object, exception: BaseException, _traceback: object) -> int:
    _raised.exception = exception
    return 1


@ffi.def_extern(name='kmd_py_progress', error=1, onerror=_keep_raised)  # type: ignore[misc]
def _on_progress(user: Any, phase: int, done: int, total: int) -> int:
    # Ctrl-C becomes an exception here, as in any other function of Python.
    progress = ffi.from_handle(user)
    if progress is not None and progress(Phase(phase), done, total):
        return 1
    return 0


def version() -> str:
    """The library's version."""
    return convert.some_text(lib.kmd_version())


def features() -> str:
    """What this build of the library can read, such as "+snappy -lzo"."""
    return convert.some_text(lib.kmd_features())


class List(Sequence[T], Generic[T]):
    """A list of the dump.  Its elements are made when they are asked for."""

    def __init__(self, dump: Dump, count: Any, get: Any, make: Callable[[Any], T],
                 incomplete: Optional[str] = None) -> None:
        self._dump, self._count, self._get, self._make = dump, count, get, make
        self.incomplete = incomplete  # why there may have been more; None = these are all

    def __len__(self) -> int:
        with self._dump._use() as kmd:
            return int(self._count(kmd))

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...

    def __getitem__(self, index: Union[int, slice]) -> Union[T, list[T]]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if index < 0:
            index += len(self)
        with self._dump._use() as kmd:
            row = self._get(kmd, index) if index >= 0 else ffi.NULL
            if row == ffi.NULL:
                raise IndexError(index)
            return self._make(row)

    def __repr__(self) -> str:
        return f'<{len(self)} of {self._make.__name__}>'


class _Use:
    """The handle, for one thread at a time."""

    def __init__(self) -> None:
        self.kmd: Any = ffi.NULL
        self.lock = threading.Lock()
        self.owner: Optional[int] = None

    def __enter__(self) -> Any:
        if self.owner == threading.get_ident():
            raise RuntimeError('a progress call-back must not use its own dump')
        self.lock.acquire()
        if self.kmd == ffi.NULL:
            self.lock.release()
            raise ValueError('the dump is closed')
        self.owner = threading.get_ident()
        return self.kmd

    def __exit__(self, *_: object) -> None:
        self.owner = None
        self.lock.release()


class Dump:
    """A dump, open.  @source is a path, several paths, bytes, or a file object of the system.

    Options are those of kmd.h: vmlinux, vmcoreinfo and registers are paths; values maps names
    such as "kaslr" to numbers; accept and complete are words of kmd-assemble's options of these
    names; limits maps "unpacked", "ratio", "depth", "files" or "kept" to numbers; only and exclude are
    globs of region names; redact names what is overwritten, as --redact does.  progress(phase, done, total) is called
    during long work and cancels it with a true answer, or with an exception, which then comes out
    of the call.
    """

    def __init__(self, source: Source, *, vmlinux: Optional[Path] = None,
                 vmcoreinfo: Optional[Path] = None, registers: Optional[Path] = None,
                 values: Optional[Mapping[str, int]] = None, smem: Optional[int] = None,
                 ram_base: Optional[int] = None, rockchip: Optional[int] = None,
                 subsystem: Optional[str] = None,
                 only: Optional[str] = None, exclude: Optional[str] = None,
                 redact: Optional[str] = None,
                 complete: Iterable[str] = (), accept: Iterable[str] = (),
                 limits: Optional[Mapping[str, int]] = None, strict: bool = False,
                 all_memory: bool = False, captured_only: bool = False,
                 no_registers: bool = False, debuginfod: bool = False,
                 progress: Optional[Progress] = None) -> None:
        self._handle = _Use()
        self._handle.kmd = kmd = lib.kmd_new()
        if kmd == ffi.NULL:
            raise MemoryError
        self._keep: list[Any] = [ffi.new_handle(progress)]
        flags = sum(bit for bit, on in (
            (lib.KMD_STRICT, strict), (lib.KMD_ALL_MEMORY, all_memory),
            (lib.KMD_CAPTURED_ONLY, captured_only), (lib.KMD_NO_REGISTERS, no_registers)) if on)
        flags |= convert.bits('accept', _ACCEPT, accept)
        try:
            self._call(lib.kmd_set_progress, lib.kmd_py_progress, self._keep[0])
            self._call(lib.kmd_set_flags, flags)
            self._call(lib.kmd_set_complete, convert.bits('complete', _COMPLETE, complete))
            self._call(lib.kmd_set_debuginfod, debuginfod)
            for function, value in (
                    (lib.kmd_set_vmlinux, convert.path(vmlinux)),
                    (lib.kmd_set_vmcoreinfo, convert.path(vmcoreinfo)),
                    (lib.kmd_set_registers, convert.path(registers)),
                    (lib.kmd_set_smem_address, smem), (lib.kmd_set_ram_base, ram_base),
                    (lib.kmd_set_rockchip_table, rockchip),
                    (lib.kmd_set_subsystem, subsystem and subsystem.encode()),
                    (lib.kmd_set_only, convert.path(only)),
                    (lib.kmd_set_exclude, convert.path(exclude)),
                    (lib.kmd_set_redact, redact and redact.encode())):
                if value is not None:
                    self._call(function, value)
            for name, number in (values or {}).items():
                self._call(lib.kmd_set_value, name.encode(), number)
            for name, number in (limits or {}).items():
                self._call(lib.kmd_set_limit, convert.bits('limit', _LIMITS, [name]), number)
            self._open(source)
        except BaseException:
            self.close()
            raise

    def _open(self, source: Source) -> None:
        if isinstance(source, (str, os.PathLike)):
            self._call(lib.kmd_open_path, convert.path(source))
        elif isinstance(source, (bytes, bytearray, memoryview)):
            data = ffi.from_buffer(source)
            self._keep.append(data)
            self._call(lib.kmd_open_memory, data, len(data), ffi.NULL)
        elif isinstance(source, Sequence):
            names = [ffi.new('char[]', convert.path(name)) for name in cast(Sequence[Path], source)]
            self._call(lib.kmd_open_paths, ffi.new('char *[]', names), len(names))
        else:
            name = getattr(source, 'name', None)
            self._call(lib.kmd_open_fd, source.fileno(),
                       os.fsencode(name) if isinstance(name, str) else ffi.NULL)

    def _use(self) -> _Use:
        return self._handle

    def _call(self, function: Any, *arguments: Any) -> None:
        """Call the library; other threads of Python run meanwhile."""
        with self._handle as kmd:
            _raised.exception = None
            code = function(kmd, *arguments)
            exception, _raised.exception = _raised.exception, None
            if exception is not None:
                raise exception
            if code != lib.KMD_OK:
                raise _fail(kmd, code)

    def close(self) -> None:
        """Release the dump.  Records that were handed out stay valid."""
        with self._handle.lock:
            kmd, self._handle.kmd = self._handle.kmd, ffi.NULL
            lib.kmd_free(kmd)
            self._keep.clear()

    def __enter__(self) -> Dump:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, '_keep'):
            self.close()

    # ----- the dump

    @property
    def form(self) -> str:
        """The form of the input, for people."""
        with self._use() as kmd:
            return convert.some_text(lib.kmd_input_form(kmd))

    @property
    def regions(self) -> List[Region]:
        """Regions, in order of physical address."""
        return List(self, lib.kmd_region_count, lib.kmd_region_get, convert.region)

    @property
    def findings(self) -> List[Finding]:
        """Defects of the input."""
        return List(self, lib.kmd_finding_count, lib.kmd_finding_get, convert.finding)

    @property
    def is_degraded(self) -> bool:
        """True if damage was found."""
        with self._use() as kmd:
            return bool(lib.kmd_is_degraded(kmd))

    @property
    def kernel(self) -> Kernel:
        """What is known of the dumped kernel, and why it died."""
        with self._use() as kmd:
            return convert.kernel(lib.kmd_kernel_get(kmd))

    @property
    def values(self) -> List[Value]:
        """Run-time values of the kernel, such as the KASLR offset."""
        return List(self, lib.kmd_value_count, lib.kmd_value_get, convert.value)

    @property
    def cpus(self) -> List[Cpu]:
        """CPUs whose registers are known."""
        return List(self, lib.kmd_cpu_count, lib.kmd_cpu_get, convert.cpu)

    @property
    def vmcoreinfo(self) -> Optional[str]:
        """The text of VMCOREINFO, or None."""
        text, length = ffi.new('char **'), ffi.new('size_t *')
        try:
            self._call(lib.kmd_vmcoreinfo_text, text, length)
        except NotFound:
            return None
        return bytes(ffi.buffer(text[0], length[0])).decode(errors='surrogateescape')

    def symbol_address(self, name: str) -> int:
        """The run-time address of a symbol; NotFound if it is not known."""
        out = ffi.new('uint64_t *')
        self._call(lib.kmd_symbol_address, name.encode(), out)
        return int(out[0])

    def symbol_at(self, address: int) -> tuple[str, int]:
        """The symbol at an address, and the distance from its start; NotFound without one."""
        name, offset = ffi.new('char **'), ffi.new('uint64_t *')
        self._call(lib.kmd_symbol_at, address, name, offset)
        return convert.some_text(name[0]), int(offset[0])

    def type_size(self, name: str, module: Optional[str] = None) -> int:
        """Size of a structure, union or typedef, of the kernel or one that @module defines; NotFound."""
        out = ffi.new('uint64_t *')
        self._call(lib.kmd_type_size, _name(module), name.encode(), out)
        return int(out[0])

    def member_offset(self, name: str, member: str, module: Optional[str] = None) -> int:
        """Offset of a member ("a.b" leads into the member a) in a structure; NotFound without one."""
        out = ffi.new('uint64_t *')
        self._call(lib.kmd_type_member, _name(module), name.encode(), member.encode(), out)
        return int(out[0])

    def enumerator(self, name: str, module: Optional[str] = None) -> int:
        """The value of an enumerator of the kernel, or of one that @module defines; NotFound."""
        out = ffi.new('uint64_t *')
        self._call(lib.kmd_type_enumerator, _name(module), name.encode(), out)
        return int(out[0])

    # ----- what takes work

    def log(self) -> List[LogRecord]:
        """The kernel log, oldest record first; NotFound where there is none."""
        self._call(lib.kmd_log_load)
        return List(self, lib.kmd_log_count, lib.kmd_log_get, convert.log_record)

    def tasks(self) -> List[Task]:
        """Tasks by pid; NotFound where types of the kernel are not known."""
        self._call(lib.kmd_tasks_load)
        with self._use() as kmd:
            incomplete = convert.text(lib.kmd_tasks_incomplete(kmd))
        return List(self, lib.kmd_task_count, lib.kmd_task_get, convert.task, incomplete)

    def modules(self) -> List[Module]:
        """Loaded modules, the newest first; NotFound as for tasks()."""
        self._call(lib.kmd_modules_load)
        with self._use() as kmd:
            incomplete = convert.text(lib.kmd_modules_incomplete(kmd))
        return List(self, lib.kmd_module_count, lib.kmd_module_get, convert.module, incomplete)

    def stack_of_cpu(self, index: int) -> Stack:
        """The backtrace of CPU @index of .cpus."""
        out = ffi.new('struct kmd_stack **')
        self._call(lib.kmd_stack_of_cpu, index, out)
        return convert.stack(out[0])

    def stack_of_task(self, index: int) -> Stack:
        """The backtrace of task @index of tasks()."""
        out = ffi.new('struct kmd_stack **')
        self._call(lib.kmd_stack_of_task, index, out)
        return convert.stack(out[0])

    def signature(self) -> Optional[Signature]:
        """The key that equal crashes have in common; None where there is not enough for one."""
        out = ffi.new('struct kmd_signature **')
        try:
            self._call(lib.kmd_signature_get, out)
        except NotFound:
            return None
        return convert.signature(out[0])

    # ----- memory

    def _read(self, function: Any, length: int, *where: int) -> bytes:
        buffer = _uncleared('char[]', length or 1)
        self._call(function, *where, buffer, length)
        return bytes(ffi.buffer(buffer, length))

    def _read_into(self, function: Any, buffer: Union[bytearray, memoryview], *where: int) -> None:
        data = ffi.from_buffer(buffer, require_writable=True)
        self._call(function, *where, data, len(data))

    def read_phys(self, address: int, length: int) -> bytes:
        """Captured memory by physical address; NotFound where a byte was not captured."""
        return self._read(lib.kmd_read_phys, length, address)

    def read_virt(self, address: int, length: int) -> bytes:
        """The same by kernel virtual address."""
        return self._read(lib.kmd_read_virt, length, address)

    def read_phys_into(self, address: int, buffer: Union[bytearray, memoryview]) -> None:
        """Fill @buffer from a physical address on."""
        self._read_into(lib.kmd_read_phys, buffer, address)

    def read_virt_into(self, address: int, buffer: Union[bytearray, memoryview]) -> None:
        """Fill @buffer from a kernel virtual address on."""
        self._read_into(lib.kmd_read_virt, buffer, address)

    def read_region(self, index: int, offset: int, length: int) -> bytes:
        """Bytes of region @index of .regions, also of one without an address."""
        return self._read(lib.kmd_read_region, length, index, offset)

    # ----- the core

    def core_size(self) -> int:
        """The size of the core that assemble() would write."""
        out = ffi.new('uint64_t *')
        self._call(lib.kmd_core_size, out)
        return int(out[0])

    def core_read(self, offset: int, length: int) -> bytes:
        """Bytes of the core, without writing it."""
        return self._read(lib.kmd_core_read, length, offset)

    def assemble(self, target: Union[Path, IO[bytes]], *, overwrite: bool = False) -> None:
        """Write the core: to a path, where it appears whole or not at all, or to a file object."""
        if isinstance(target, (str, os.PathLike)):
            self._call(lib.kmd_assemble_path, convert.path(target),
                       lib.KMD_OVERWRITE if overwrite else 0)
        else:
            target.flush()
            self._call(lib.kmd_assemble_fd, target.fileno())

    def extract(self, folder: Path, *, globs: Optional[str] = None, overwrite: bool = False) -> None:
        """Write each region to a file of @folder."""
        self._call(lib.kmd_extract_path, convert.path(folder), convert.path(globs) or ffi.NULL,
                   lib.KMD_OVERWRITE if overwrite else 0)

    @property
    def supplied(self) -> List[Supplied]:
        """Ranges of the core that were not captured."""
        return List(self, lib.kmd_supplied_count, lib.kmd_supplied_get, convert.supplied)

    def readiness(self) -> List[Readiness]:
        """What crash, gdb, drgn and makedumpfile can do with the core."""
        self._call(lib.kmd_check)
        return List(self, lib.kmd_readiness_count, lib.kmd_readiness_get, convert.readiness)
