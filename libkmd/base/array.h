/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* array.h - growth of the library's tables. */
#ifndef KMD_BASE_ARRAY_H
#define KMD_BASE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Room for one more element in a {pointer, count, capacity} triple: doubles the
 * capacity where it is used up.  False when memory is short; the array is then
 * as it was.
 */
bool kmd_array_reserve(void **items, size_t count, size_t *capacity, size_t item_size);

#define KMD_ARRAY_RESERVE(items, count, capacity)                                                  \
	kmd_array_reserve((void **)&(items), (count), &(capacity), sizeof(*(items)))

#endif
