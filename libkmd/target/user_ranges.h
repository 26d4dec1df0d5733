/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* user_ranges.h - where in captured memory there is text that looks like user data. */
#ifndef KMD_TARGET_USER_RANGES_H
#define KMD_TARGET_USER_RANGES_H

#include "base/interval.h"
#include "target/target.h"

struct kmd_user_ranges {
	/* Sorted, disjoint.  Physical; those of regions without such an address are virtual. */
	struct kmd_interval *items;
	size_t n;
	uint64_t bytes;
	bool has_all_memory; /* so many bytes were captured that programs' are among them */
};

/*
 * Search every region, but for the read-only parts of the kernel image, which are the same in all
 * machines that run it.  The name of the machine (init_uts_ns) is found with its address.
 */
enum kmd_status kmd_user_ranges_find(const struct kmd_target *target,
				     const struct kmd_regions *regions,
				     struct kmd_user_ranges *ranges);
void kmd_user_ranges_deinit(struct kmd_user_ranges *ranges);

/* Those in @row, from its start, to @spans, which has room for all; returns how many. */
size_t kmd_user_ranges_of_row(const struct kmd_user_ranges *ranges,
			      const struct kmd_region_entry *row, struct kmd_span *spans);

#endif
