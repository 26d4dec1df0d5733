/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * tables.h - page tables for consumers that walk them, where the kernel's were not
 * captured.
 *
 * Who walks: crash for vmalloc, modules and vmemmap (linear map and image it computes);
 * drgn and libkdumpfile for what no p_vaddr covers; makedumpfile for every virtual
 * address, the linear map and the image included, on arm64 and x86_64.  So all views
 * are mapped.
 */
#ifndef KMD_SUPPLY_TABLES_H
#define KMD_SUPPLY_TABLES_H

#include "pagetable/pagetable.h"
#include "target/views.h"

/* Memory that was not captured and goes into the core; none of it was captured. */
struct kmd_made_table {
	uint64_t phys;
	uint64_t virt; /* in the image; 0 = in none */
	size_t size;
	unsigned char *bytes;
};

enum kmd_root_state {
	KMD_ROOT_CAPTURED, /* nothing of it is supplied */
	KMD_ROOT_PARTLY,   /* captured bytes are as they were, the rest may be supplied */
	KMD_ROOT_MISSING,
};

struct kmd_made_tables {
	struct kmd_made_table *items; /* by physical address, disjoint */
	size_t n, cap;
	enum kmd_root_state root;
	size_t tables_added;     /* at addresses that no RAM has */
	size_t tables_completed; /* where the kernel has them, captured in part or not at all */
	size_t tables_closed;    /* the same, but empty: crash dies where one is missing */
	uint64_t mapped;         /* bytes newly mapped */
	/* Captured tables map it elsewhere or not at all; linear map and image not counted. */
	uint64_t refused, first_refused;
	bool cut; /* a limit was reached: not all is mapped */
};

/*
 * Complete the tables so that they map the views' pages, and no other.  Entries that
 * were captured stay, and what they forbid stays unmapped.  Tables below a captured
 * entry are supplied where that entry points; new ones lie above all RAM that the dump
 * knows of and above @ram_end (0 = not known), below the machine's limit.  Where crash
 * looks at its start, on x86_64, tables that captured entries name are supplied empty.
 * Nothing is made where nothing is missing.
 */
enum kmd_status kmd_tables_make(const struct kmd_paging *paging, const struct kmd_memory *memory,
				const struct kmd_views *views, uint64_t ram_end,
				struct kmd_diag *diag, struct kmd_made_tables *made);
void kmd_made_tables_deinit(struct kmd_made_tables *made);

#endif
