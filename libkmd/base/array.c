/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "base/array.h"

#include <stdint.h>
#include <stdlib.h>

bool kmd_array_reserve(void **items, size_t count, size_t *capacity, size_t item_size)
{
	size_t wanted, bytes;
	void *grown;

	if (count < *capacity)
		return true;
	wanted = *capacity ? *capacity : 8;
	if (*capacity && __builtin_mul_overflow(wanted, (size_t)2, &wanted))
		return false;
	if (__builtin_mul_overflow(wanted, item_size, &bytes))
		return false;
	grown = realloc(*items, bytes);
	if (!grown)
		return false;
	*items = grown;
	*capacity = wanted;
	return true;
}
