/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* array.h - an array of the dumped kernel, of which parts may not have been captured. */
#ifndef KMD_TARGET_ARRAY_H
#define KMD_TARGET_ARRAY_H

#include "target/target.h"

/* Bytes [start, end) of the array, at @at of what was captured. */
struct kmd_target_array_part {
	uint64_t start, end;
	size_t at;
};

struct kmd_target_array {
	unsigned char *bytes;                /* captured ones only: never more than the dump has */
	struct kmd_target_array_part *parts; /* sorted; no two touch */
	size_t n, cap;
	uint64_t size; /* of the array */
};

/*
 * Read what was captured of [virt, virt + size); @array->n is 0 if nothing was.
 * KMD_ERR_DAMAGED if the array would cross the end of the address space.
 */
enum kmd_status kmd_target_array_read(const struct kmd_target *target, uint64_t virt, uint64_t size,
				      struct kmd_target_array *array);
/* The first @size bytes of a region, whatever its address. */
enum kmd_status kmd_target_array_read_region(const struct kmd_region_entry *region, uint64_t size,
					     struct kmd_diag *diag, struct kmd_target_array *array);
/* @length bytes at @offset of the array; NULL if one of them was not captured. */
const unsigned char *kmd_target_array_at(const struct kmd_target_array *array, uint64_t offset,
					 uint64_t length);
void kmd_target_array_deinit(struct kmd_target_array *array);

#endif
