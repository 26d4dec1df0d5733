/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* symbols.h - the kernel's own symbols as an ELF file, for gdb, perf and objdump. */
#ifndef KMD_ASSEMBLE_SYMBOLS_H
#define KMD_ASSEMBLE_SYMBOLS_H

#include "options.h"

#include <stdio.h>

/* Write them to options->symbols; false, with a message, if that fails. */
bool symbols_write(struct kmd *kmd, const struct options *options);

#endif
