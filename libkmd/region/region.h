/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * region.h - the region table: every region that any description names, once.
 */
#ifndef KMD_REGION_REGION_H
#define KMD_REGION_REGION_H

#include "region/claim.h"

/* What a region is to the stages to the right. */
struct kmd_region_entry {
	struct kmd_region pub; /* as handed out; .name is fit for printing */
	bool supplied;         /* not captured; see memory/supply.h */
	unsigned int supply_kind;
	bool hidden;    /* its memory stays out of the core, whoever else holds it */
	bool has_bytes; /* .pub.captured bytes are there: */
	const struct kmd_source *source;
	uint64_t offset;
};

struct kmd_regions {
	struct kmd_region_entry *rows; /* by physical address; those without one last */
	size_t n, cap;
};

/* A kernel symbol's run-time address: identifies region files if only KELF has addresses. */
struct kmd_hint {
	uint64_t virt;
	char *name;
};

/* All kernel addresses in [low, high) are virtual = physical + delta: a map of the kernel's. */
struct kmd_known_map {
	uint64_t low, high, delta;
};

#define KMD_KNOWN_MAPS 2

/* What is known of the kernel before its memory is. */
struct kmd_hints {
	struct kmd_hint *items;
	size_t n, cap;
	struct kmd_known_map maps[KMD_KNOWN_MAPS];
	size_t n_maps;
};

/* Copies @name. */
enum kmd_status kmd_hints_add(struct kmd_hints *hints, struct kmd_diag *diag, uint64_t virt,
			      const char *name, size_t length);
/* Once all are there: sorted by address, for kmd_hints_at(). */
void kmd_hints_sort(struct kmd_hints *hints);
/* The first hint at @virt, and in *@count how many there are; NULL if none. */
const struct kmd_hint *kmd_hints_at(const struct kmd_hints *hints, uint64_t virt, size_t *count);
void kmd_hints_deinit(struct kmd_hints *hints);

/*
 * Join blobs and claims by address and size, then by name, never by a number in
 * the name.  The rules:
 *   content    from the container (section, file, RAM); what a table describes
 *              and no bytes exist for is MISSING
 *   extent     the firmware's table (section, ToC, dump_info.txt); bytes after
 *              it are not used, fewer are CUT (up to 3 fewer: sizes are rounded)
 *   address    load.cmm, dump_info.txt or the section table; where they differ, the
 *              one that KELF has too, else the region is not used
 *   virtual    KELF
 */
enum kmd_status kmd_regions_join(const struct kmd_image *image, const struct kmd_claims *claims,
				 const struct kmd_hints *hints, struct kmd_diag *diag,
				 struct kmd_regions *regions);
void kmd_regions_deinit(struct kmd_regions *regions);

/* True if the row has bytes that go into the core. */
bool kmd_region_entry_is_used(const struct kmd_region_entry *row);

#endif
