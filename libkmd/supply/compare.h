/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* compare.h - captured bytes of the image, against those of the vmlinux. */
#ifndef KMD_SUPPLY_COMPARE_H
#define KMD_SUPPLY_COMPARE_H

#include "supply/relocated_image.h"

/* One stretch of a part, from both sides. */
struct kmd_stretch {
	uint64_t link;
	size_t size;
	unsigned char expected[KMD_IMAGE_CHUNK]; /* by vmlinux */
	unsigned char states[KMD_IMAGE_CHUNK];
	unsigned char got[KMD_IMAGE_CHUNK]; /* captured */
	bool have[KMD_IMAGE_CHUNK];
	bool whole; /* .have all of them, */
	bool none;  /* or none */
};

struct kmd_comparison {
	uint64_t compared; /* captured bytes whose value is known */
	uint64_t words, differing;
	uint64_t first_differing; /* link address of a word */
	/* Captured words that seem to be addresses: they moved by KASLR; did anything else. */
	uint64_t moved, unmoved;
};

/* How many bytes of it were captured, at least: by physical or by virtual address. */
uint64_t kmd_captured_of_part(const struct kmd_link_image *image,
			      const struct kmd_image_part *part);

/* The stretch at @link, as long as chunk and part are. */
enum kmd_status kmd_stretch_read(const struct kmd_link_image *image,
				 const struct kmd_image_part *part, uint64_t link, bool learned,
				 struct kmd_diag *diag, struct kmd_stretch *stretch);

enum kmd_status kmd_compare_part(const struct kmd_link_image *image,
				 const struct kmd_image_part *part, bool learned,
				 struct kmd_stretch *stretch, struct kmd_diag *diag,
				 struct kmd_comparison *comparison);

#endif
