/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* list.h - the symbols of the kernel and of its modules, as the dump itself has them. */
#ifndef KMD_SYMBOL_LIST_H
#define KMD_SYMBOL_LIST_H

#include "symbol/modules.h"
#include "target/kallsyms.h"

struct kmd_symbol_list {
	struct kmd_symbol *items; /* by address; names belong to the list */
	size_t n, cap;
	size_t name_bytes; /* of all names */
};

/*
 * All symbols of @kallsyms, and those of @modules whose names were captured.  The list refers to
 * names of modules, so @modules must outlive it.  KMD_ERR_MEMORY, and KMD_ERR_LIMIT if the
 * names are far longer than those of any kernel.
 */
enum kmd_status kmd_symbol_list_read(const struct kmd_target *target, struct kmd_kallsyms *kallsyms,
				     struct kmd_modules *modules, struct kmd_symbol_list *list);
void kmd_symbol_list_deinit(struct kmd_symbol_list *list);

#endif
