/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* walk.h - what the captured page tables map. */
#ifndef KMD_PAGETABLE_WALK_H
#define KMD_PAGETABLE_WALK_H

#include "pagetable/pagetable.h"

/* [virt, virt + size) is mapped to captured memory at phys. */
struct kmd_mapping {
	uint64_t virt, phys, size;
};

struct kmd_mappings {
	struct kmd_mapping *items; /* by virtual address; disjoint, neighbours merged */
	size_t n;
	size_t tables_read;    /* table pages of which something was captured */
	size_t tables_missing; /* entries that lead to a table of which nothing was */
	bool cut;              /* a limit was reached: there is more */
};

/*
 * All that the captured tables show of captured memory in the kernel's half, down to
 * the exact bytes that were captured.  A table that was not captured hides what is
 * below it; that is normal.  What @known (may be NULL) has already is omitted.
 *
 * Bounded, whatever the tables hold.  A table or page that is shown over and over
 * (KASAN's shadow, espfix) is followed at the lowest few of its addresses.  Tables that
 * do not map their own root to where it is are not used at all: a finding.
 */
enum kmd_status kmd_paging_walk(const struct kmd_paging *paging, const struct kmd_memory *memory,
				const struct kmd_layout *known, struct kmd_diag *diag,
				struct kmd_mappings *mappings);
void kmd_mappings_deinit(struct kmd_mappings *mappings);

#endif
