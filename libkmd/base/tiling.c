/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "base/tiling.h"

#include "base/checked.h"

#include <stdlib.h>

/* A tile among its neighbours. */
struct spot {
	struct kmd_tile *tile;
	unsigned int ties;	/* ends that meet a neighbour's: 0 .. 2 */
	size_t overlaps;	/* tiles that share bytes with it */
	struct spot *under;	/* the one kept before it */
};

static int by_start(const void *a, const void *b)
{
	const struct kmd_tile *x = a, *y = b;
	int order = kmd_cmp_u64(x->start, y->start);

	if (!order)
		order = kmd_cmp_u64(x->end, y->end);
	return order ? order : kmd_cmp_u64(x->owner, y->owner);
}

static int by_number(const void *a, const void *b)
{
	return kmd_cmp_u64(*(const uint64_t *)a, *(const uint64_t *)b);
}

/* How many of the sorted @values are below @limit. */
static size_t below(const uint64_t *values, size_t n, uint64_t limit)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (values[middle] < limit)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool has_value(const uint64_t *values, size_t n, uint64_t value)
{
	size_t at = below(values, n, value);

	return at < n && values[at] == value;
}

/* Positive if @a is the better placed of two that overlap, negative if @b is. */
static int better(const struct spot *a, const struct spot *b)
{
	if (a->ties != b->ties)
		return a->ties > b->ties ? 1 : -1;
	if (a->overlaps != b->overlaps)
		return a->overlaps < b->overlaps ? 1 : -1;
	return 0;
}

/* @starts and @ends hold the sorted bounds of all tiles. */
static void weigh(struct spot *spots, size_t n, const uint64_t *starts, const uint64_t *ends,
		  uint64_t first)
{
	for (size_t i = 0; i < n; i++) {
		const struct kmd_tile *tile = spots[i].tile;

		spots[i].ties = (unsigned int)(tile->start == first ||
					       has_value(ends, n, tile->start)) +
				(unsigned int)has_value(starts, n, tile->end);
		spots[i].overlaps =
			below(starts, n, tile->end) - below(ends, n, tile->start + 1) - 1;
	}
}

/* Walk the spots by offset, keeping a chain of those that do not overlap. */
static void drop_overlapping(struct spot *spots, size_t n)
{
	struct spot *top = NULL;

	for (size_t i = 0; i < n; i++) {
		struct spot *next = &spots[i];

		while (next && top && top->tile->end > next->tile->start &&
		       top->tile->bind != next->tile->bind) {
			int verdict = better(top, next);

			if (verdict >= 0)
				next->tile->conflict = true;
			if (verdict <= 0) {
				top->tile->conflict = true;
				top = top->under;
			}
			if (verdict >= 0)
				next = NULL;
		}
		if (next) {
			next->under = top;
			top = next;
		}
	}
}

bool kmd_tiles_settle(struct kmd_tile *tiles, size_t n, uint64_t first)
{
	struct spot *spots = calloc(n + 1, sizeof(*spots));
	uint64_t *bounds = calloc(2 * n + 1, sizeof(*bounds));

	if (!spots || !bounds) {
		free(spots);
		free(bounds);
		return false;
	}
	qsort(tiles, n, sizeof(*tiles), by_start);
	for (size_t i = 0; i < n; i++) {
		spots[i].tile = &tiles[i];
		bounds[i] = tiles[i].start;
		bounds[n + i] = tiles[i].end;
	}
	qsort(bounds, n, sizeof(*bounds), by_number);
	qsort(bounds + n, n, sizeof(*bounds), by_number);
	weigh(spots, n, bounds, bounds + n, first);
	drop_overlapping(spots, n);
	free(spots);
	free(bounds);
	return true;
}
