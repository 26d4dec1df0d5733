# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Kernel minidumps, opened with libkmd.

    import kmd

    with kmd.Dump("minidump.bin", vmlinux="vmlinux") as dump:
        print(dump.kernel.panic)
        dump.assemble("vmcore")

A call that fails raises kmd.Error, which carries a code and a sentence with the place.  While the
library works, other threads of Python run; a dump serves one of them at a time.
"""
from .dump import Dump, Error, List, NotFound, features, version
from .records import (Cpu, Finding, Frame, Kernel, LogRecord, Module, Origin, Phase, Readiness,
                      Ready, Region, RegionState, Severity, Signature, Stack, Status, Supplied,
                      Task, Value)

__all__ = ['Cpu', 'Dump', 'Error', 'Finding', 'Frame', 'Kernel', 'List', 'LogRecord', 'Module',
           'NotFound', 'Origin', 'Phase', 'Readiness', 'Ready', 'Region', 'RegionState', 'Severity',
           'Signature', 'Stack', 'Status', 'Supplied', 'Task', 'Value', 'features', 'version']
