/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * supply.h - memory that was not captured and goes into the core all the same.
 *
 * Captured bytes are never changed: what is supplied fills places between them.  The
 * core announces each range (note "KMD"), so that a reader can always distinguish them.
 */
#ifndef KMD_MEMORY_SUPPLY_H
#define KMD_MEMORY_SUPPLY_H

#include "memory/memory.h"

/* How far a supplied byte can be trusted. */
enum kmd_supply_kind {
	KMD_SUPPLY_MADE,    /* made for consumers: page tables */
	KMD_SUPPLY_FILE,    /* what the dumped kernel had there, out of its vmlinux */
	KMD_SUPPLY_SIMILAR, /* the same before the kernel patched it: text */
};

struct kmd_supply_item {
	uint64_t phys, size;
	uint64_t virt; /* an address in no map of the kernel's, as of a region; 0 = none */
	const struct kmd_source *source;
	uint64_t offset;
	const char *what; /* a constant: "page table", "rodata of vmlinux" */
	enum kmd_supply_kind kind;
};

struct kmd_supply {
	struct kmd_supply_item *items;
	size_t n, cap;
	struct kmd_source **sources; /* owned */
	size_t n_sources, cap_sources;
};

enum kmd_status kmd_supply_add(struct kmd_supply *supply, const struct kmd_supply_item *item,
			       struct kmd_diag *diag);
/* @source becomes the supply's, also on an error. */
enum kmd_status kmd_supply_own(struct kmd_supply *supply, struct kmd_source *source,
			       struct kmd_diag *diag);
void kmd_supply_deinit(struct kmd_supply *supply);

/* What goes into the core: captured memory, and what of the supply it leaves room for. */
struct kmd_core_memory {
	struct kmd_regions regions; /* those captured, and one row for each piece supplied */
	struct kmd_memory memory;
};

/*
 * @captured and @supply must outlive the result.  Where captured memory begins with an ELF
 * header, its first byte is left out: gdb would take its notes for threads.
 */
enum kmd_status kmd_core_memory_build(const struct kmd_memory *captured,
				      const struct kmd_supply *supply, struct kmd_diag *diag,
				      struct kmd_core_memory *core);
void kmd_core_memory_deinit(struct kmd_core_memory *core);

#endif
