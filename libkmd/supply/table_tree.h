/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* table_tree.h - the tables that tables.c reads, completes and adds. */
#ifndef KMD_SUPPLY_TABLE_TREE_H
#define KMD_SUPPLY_TABLE_TREE_H

#include "pagetable/table.h"

struct kmd_node {
	struct kmd_table table;
	unsigned int level;
	uint64_t virt; /* where what it maps begins */
	bool fresh;    /* at an address that no RAM has */
	bool set;      /* an entry was put into it */
	bool closed;   /* supplied empty */
};

struct kmd_tree {
	const struct kmd_paging *paging;
	const struct kmd_memory *memory;
	struct kmd_node **nodes; /* by physical address */
	size_t n, cap, max;
	uint64_t fresh, fresh_end; /* addresses for new tables */
};

/* KMD_ERR_LIMIT, without a sentence, if no physical addresses are left for new tables. */
enum kmd_status kmd_tree_init(struct kmd_tree *tree, const struct kmd_paging *paging,
			      const struct kmd_memory *memory, uint64_t ram_end);
void kmd_tree_deinit(struct kmd_tree *tree);

/*
 * The table at @phys, with what was captured of it.  *@node = NULL if it cannot serve:
 * beyond physical memory, or in use for another place.
 */
enum kmd_status kmd_tree_get(struct kmd_tree *tree, uint64_t phys, unsigned int level,
			     uint64_t virt, struct kmd_node **node, struct kmd_diag *diag);
/* A new table; *@node = NULL if addresses are used up. */
enum kmd_status kmd_tree_add(struct kmd_tree *tree, unsigned int level, uint64_t virt,
			     struct kmd_node **node, struct kmd_diag *diag);

#endif
