/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* table.h - one table out of captured memory, which may hold only parts of it. */
#ifndef KMD_PAGETABLE_TABLE_H
#define KMD_PAGETABLE_TABLE_H

#include "pagetable/pagetable.h"

struct kmd_table {
	uint64_t phys;
	size_t size, entry;   /* in bytes; .size may be lowered for a smaller one */
	unsigned char *bytes; /* 0 where not captured */
	unsigned char *known; /* 1 for each captured byte */
	size_t n_known;
};

/* Room for a table; false when memory is short. */
bool kmd_table_init(struct kmd_table *table, size_t size, size_t entry);
void kmd_table_deinit(struct kmd_table *table);

/* What was captured of the table at @phys. */
enum kmd_status kmd_table_load(struct kmd_table *table, const struct kmd_memory *memory,
			       uint64_t phys, struct kmd_diag *diag);
/* True if any byte of the table at @phys was captured. */
bool kmd_table_captured(const struct kmd_memory *memory, uint64_t phys, uint64_t size);

/* False if the entry was not captured whole. */
bool kmd_table_get(const struct kmd_paging *paging, const struct kmd_table *table, size_t index,
		   uint64_t *entry);
/* True if no byte of the entry was captured. */
bool kmd_table_is_free(const struct kmd_table *table, size_t index);
void kmd_table_set(const struct kmd_paging *paging, struct kmd_table *table, size_t index,
		   uint64_t entry);

#endif
