# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""kmd.h compiles alone in strict C and C++, and its functions have C linkage in both.

one_header.py TREE NM CC [CXX]
"""
import subprocess
import sys
import tempfile
from pathlib import Path

import kit

# The header is included twice, and every kind of declaration is used.
SOURCE = '''
#include <kmemdump/kmd.h>
#include <kmemdump/kmd.h>

static int progress(void *user, enum kmd_phase phase, uint64_t done, uint64_t total)
{
	return user != NULL && phase == KMD_PHASE_WRITE && done == total;
}

int use(void);
int use(void)
{
	struct kmd *kmd = kmd_new();
	const struct kmd_region *region = kmd_region_get(kmd, 0);
	const struct kmd_finding *finding = kmd_finding_get(kmd, 0);
	const struct kmd_kernel *kernel = kmd_kernel_get(kmd);
	bool known = region && region->has_phys && finding && kernel && kernel->has_kaslr_offset;

	kmd_set_progress(kmd, progress, NULL);
	kmd_free(kmd);
	return known && kmd_version()[0] == KMD_VERSION[0];
}
'''

USED = ['kmd_new', 'kmd_free', 'kmd_version', 'kmd_region_get', 'kmd_finding_get', 'kmd_kernel_get',
        'kmd_set_progress']


def compile_as(compiler, suffix, standard, include, folder):
    source, made = folder / f'use{suffix}', folder / 'use.o'
    source.write_text(SOURCE)
    done = subprocess.run([compiler, f'-std={standard}', '-Wall', '-Wextra', '-pedantic', '-Werror',
                           f'-I{include}', '-c', source, '-o', made], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.stdout if done.returncode else None, made


def main():
    top, nm, compilers = kit.root(), sys.argv[2], sys.argv[3:]
    problems, tried = [], 0
    jobs = [(compilers[0], '.c', standard) for standard in ('c99', 'c11', 'c17')]
    jobs += [(cxx, '.cpp', standard) for cxx in compilers[1:] for standard in ('c++11', 'c++17')]
    with tempfile.TemporaryDirectory() as folder:
        for compiler, suffix, standard in jobs:
            error, made = compile_as(compiler, suffix, standard, top / 'include', Path(folder))
            tried += 1
            if error:
                problems.append(f'{standard}: {error}')
                continue
            names = subprocess.run([nm, '-u', made], check=True, text=True,
                                   stdout=subprocess.PIPE).stdout.split()
            problems += [f'{standard}: {symbol} has no C linkage' for symbol in USED
                         if symbol not in names]
    kit.conclude(problems, tried)


main()
