/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* fill.h - the gaps of a part, filled. */
#ifndef KMD_SUPPLY_FILL_H
#define KMD_SUPPLY_FILL_H

#include "supply/compare.h"

/* More gaps than that are not filled; real kernels have up to 15000. */
#define KMD_FILL_RUNS (1u << 18)

/* Bytes as they run go to one unnamed file, those that are in vmlinux alike come from there. */
struct kmd_filler {
	const struct kmd_link_image *image;
	const struct kmd_source *vmlinux;
	struct kmd_supply *supply;
	size_t first; /* our first item */
	int scratch;  /* -1 = none yet */
	uint64_t used;
	size_t runs;
};

void kmd_filler_init(const struct kmd_link_image *image, struct kmd_supply *supply,
		     struct kmd_filler *filler);
/* *@supplied and *@left_out count bytes that were not captured. */
enum kmd_status kmd_filler_add(struct kmd_filler *filler, const struct kmd_image_part *part,
			       bool learned, struct kmd_stretch *stretch, struct kmd_diag *diag,
			       uint64_t *supplied, uint64_t *left_out);
/* The supply's items are good from here on.  Also on an error, before the supply is let go. */
enum kmd_status kmd_filler_finish(struct kmd_filler *filler, struct kmd_diag *diag);

#endif
