/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* search.h - binary search in sorted arrays. */
#ifndef KMD_BASE_SEARCH_H
#define KMD_BASE_SEARCH_H

#include <stddef.h>

/*
 * Index of the first element that is not below the wanted one; @n if all are.  @below is an
 * expression in the variable @index, true for the elements of a sorted array that come
 * before the wanted one.
 */
#define KMD_LOWER_BOUND(n, index, below)                                                           \
	__extension__({                                                                            \
		size_t low_ = 0, high_ = (n);                                                      \
		while (low_ < high_) {                                                             \
			size_t index = low_ + (high_ - low_) / 2;                                  \
			if (below)                                                                 \
				low_ = index + 1;                                                  \
			else                                                                       \
				high_ = index;                                                     \
		}                                                                                  \
		low_;                                                                              \
	})

#endif
