/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* interval.h - overlapping spans of an address space cut into disjoint pieces. */
#ifndef KMD_BASE_INTERVAL_H
#define KMD_BASE_INTERVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kmd_interval {
	uint64_t start, end; /* [start, end), start < end */
	size_t owner;        /* the caller's number of it */
	size_t rank;         /* lower wins where two overlap; distinct per interval */
};

/*
 * Cut @n intervals into disjoint ones, sorted by address, each address going to
 * the lowest rank that holds it; touching pieces of one owner become one.  The
 * result is fresh memory of *@count pieces, NULL when memory is short.  @items is
 * reordered.  Cost: n log n.
 */
struct kmd_interval *kmd_intervals_resolve(struct kmd_interval *items, size_t n, size_t *count);

/*
 * The piece that holds @address, or the next one above it, in a sorted disjoint
 * array; @n if there is none.
 */
size_t kmd_intervals_find(const struct kmd_interval *pieces, size_t n, uint64_t address);

#endif
