/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* kallsyms_find.h - where the kernel's symbol table is. */
#ifndef KMD_TARGET_KALLSYMS_FIND_H
#define KMD_TARGET_KALLSYMS_FIND_H

#include "target/target.h"

/* Virtual addresses of its parts. */
struct kmd_kallsyms_places {
	uint64_t names, n_symbols, tokens, index, offsets, base;
};

/*
 * By VMCOREINFO, which names them since 6.0; else by a search of captured memory for the tables
 * as scripts/kallsyms.c laid them out until 6.3: offsets, base, number, names, markers, tokens and
 * their index.  False if they were not found.
 */
bool kmd_kallsyms_places(const struct kmd_target *target, struct kmd_kallsyms_places *places);

#endif
