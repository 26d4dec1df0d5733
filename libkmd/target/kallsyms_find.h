/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* kallsyms_find.h - where the kernel's symbol table is. */
#ifndef KMD_TARGET_KALLSYMS_FIND_H
#define KMD_TARGET_KALLSYMS_FIND_H

#include "target/target.h"

/* Virtual addresses of its parts.  .base is 0 where each offset counts from its own place. */
struct kmd_kallsyms_places {
	uint64_t names, n_symbols, tokens, index, offsets, base;
};

/* Ways to read what was found: the table of offsets has no sign of its own. */
#define KMD_KALLSYMS_WAYS 3

/*
 * By VMCOREINFO, which names them since 6.0; else by a search of captured memory for the tables
 * as scripts/kallsyms.c lays them out.  Returns the number of @ways, most likely first; 0 if
 * nothing was found.
 *
 *	until 4.19 as until 6.1, with markers of 8 bytes
 *	until 6.1  offsets, base, number, names, markers, tokens, index
 *	6.2, 6.3   the same with a table of 3 or 4 bytes a symbol before the tokens
 *	since 6.4  number, names, markers, tokens, index, offsets, base
 *	since 7.0  the same without base
 */
size_t kmd_kallsyms_places(const struct kmd_target *target,
			   struct kmd_kallsyms_places ways[KMD_KALLSYMS_WAYS]);

#endif
