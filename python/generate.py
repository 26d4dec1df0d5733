#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""generate.py KMD_H OUT.c - the C source of kmd._kmd, with cffi, out of the public header itself."""
import re
import sys

import cffi


def declarations(text: str) -> str:
    """What cffi's parser takes: no comments, no preprocessor, no extern "C"."""
    text = re.sub(r'#ifdef __cplusplus.*?#endif', '', text, flags=re.S)
    text = re.sub(r'/\*.*?\*/', '', text, flags=re.S)
    return re.sub(r'(?m)^#.*$', '', text)


ffi = cffi.FFI()
with open(sys.argv[1], encoding='utf-8') as header:
    ffi.cdef(declarations(header.read()))
ffi.cdef('extern "Python" int kmd_py_progress(void *, enum kmd_phase, uint64_t, uint64_t);')
ffi.set_source('kmd._kmd', '#include <kmemdump/kmd.h>')
ffi.emit_c_code(sys.argv[2])
