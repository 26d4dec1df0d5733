/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* segments.h - captured memory and its views cut into segments, without file offsets. */
#ifndef KMD_VMCORE_SEGMENTS_H
#define KMD_VMCORE_SEGMENTS_H

#include "vmcore/plan.h"

/* A segment before it has its place: where its bytes are found in the page slots. */
struct kmd_segment {
	uint64_t virt, phys, size; /* as in struct kmd_load */
	uint64_t slot;             /* address that finds the slot: physical or virtual ... */
	bool by_virt;              /* ... for memory without a physical address */
};

struct kmd_segments {
	struct kmd_segment *items;
	size_t n, cap;
};

/*
 * In this order: each captured physical byte once, by address, with the best
 * virtual address it has (linear map, image, registered); every further virtual
 * address of it; memory that has no physical address.  At least two segments.
 */
enum kmd_status kmd_segments_build(const struct kmd_memory *memory, const struct kmd_views *views,
				   struct kmd_diag *diag, struct kmd_segments *segments);
void kmd_segments_deinit(struct kmd_segments *segments);

#endif
