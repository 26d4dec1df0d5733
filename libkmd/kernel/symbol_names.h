/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * symbol_names.h - addresses that were registered, against the symbols of a vmlinux.
 *
 * KASLR moves the image by a multiple of 64 KiB at least, so an address has few
 * symbols that it can be; the distance that most addresses agree on is the offset.
 * Names narrow it further: firmware keeps a K and the first 8 to 12 characters,
 * and appends a sequence number.
 */
#ifndef KMD_KERNEL_SYMBOL_NAMES_H
#define KMD_KERNEL_SYMBOL_NAMES_H

#include "arch/build.h"

struct kmd_named {
	const char *name; /* "" = none */
	uint64_t address;
};

struct kmd_offset_counts {
	uint64_t distance;
	size_t count, second; /* addresses that agree on it, and on the next best */
};

/*
 * The commonest distance between addresses and symbols.  With @by_name only symbols
 * count that a region's name can be short for.  @physical: the distance is symbol minus
 * address and a place of the image, else address minus symbol and a KASLR offset.
 */
bool kmd_match_offsets(const struct kmd_vmlinux *vmlinux, const struct kmd_build *build,
		       const struct kmd_named *named, size_t n, bool by_name, bool physical,
		       struct kmd_offset_counts *tally, struct kmd_diag *diag);

/* True if a region of this name may be called after that symbol. */
bool kmd_name_is_short_for(const char *name, const char *symbol);

#endif
