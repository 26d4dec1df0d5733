/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* scan.h - texts in captured memory. */
#ifndef KMD_MEMORY_SCAN_H
#define KMD_MEMORY_SCAN_H

#include "memory/memory.h"

#define KMD_HIT_AFTER 96

struct kmd_hit {
	size_t needle;                 /* index of the text that was found */
	uint64_t address;              /* where it begins */
	bool physical;                 /* of which kind */
	char before;                   /* the byte before it; 0 where there is none */
	char after[KMD_HIT_AFTER + 1]; /* what follows it, terminated */
	size_t n_after;
};

struct kmd_hits {
	struct kmd_hit *items;
	size_t n, cap;
};

/*
 * Find @needles in captured memory.  Of each the first 64 are kept, and of memory the
 * first GiB is searched: kernels lie low in RAM, and so do their first allocations.
 */
enum kmd_status kmd_scan(const struct kmd_memory *memory, const char *const *needles, size_t n,
			 struct kmd_diag *diag, struct kmd_hits *hits);
void kmd_hits_deinit(struct kmd_hits *hits);

#endif
