/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "base/tiling.h"

#include "base/checked.h"
#include "base/search.h"

#include <stdlib.h>

/* A tile among its neighbours. */
struct spot {
	struct kmd_tile *tile;
	unsigned int fit; /* how well it meets its neighbours: 0 .. 2 */
	size_t overlaps;  /* tiles that share bytes with it */
};

/* The spots kept so far, the one that ends last on top: a binary heap. */
struct kept {
	struct spot **items;
	size_t n;
};

static uint64_t end_of(const struct kept *kept, size_t at)
{
	return kept->items[at]->tile->end;
}

static void swap(struct kept *kept, size_t a, size_t b)
{
	struct spot *item = kept->items[a];

	kept->items[a] = kept->items[b];
	kept->items[b] = item;
}

static void push(struct kept *kept, struct spot *spot)
{
	size_t at = kept->n++;

	kept->items[at] = spot;
	for (; at && end_of(kept, (at - 1) / 2) < end_of(kept, at); at = (at - 1) / 2)
		swap(kept, at, (at - 1) / 2);
}

static void pop(struct kept *kept)
{
	size_t at = 0;

	kept->items[0] = kept->items[--kept->n];
	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < kept->n && end_of(kept, child + 1) > end_of(kept, child))
			child++;
		if (child >= kept->n || end_of(kept, at) >= end_of(kept, child))
			return;
		swap(kept, at, child);
		at = child;
	}
}

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
	return KMD_LOWER_BOUND(n, middle, values[middle] < limit);
}

static bool has_value(const uint64_t *values, size_t n, uint64_t value)
{
	size_t at = below(values, n, value);

	return at < n && values[at] == value;
}

/* Positive if @a is the better placed of two that overlap, negative if @b is. */
static int better(const struct spot *a, const struct spot *b)
{
	if (a->fit != b->fit)
		return a->fit > b->fit ? 1 : -1;
	if (a->overlaps != b->overlaps)
		return a->overlaps < b->overlaps ? 1 : -1;
	return 0;
}

/*
 * A damaged size frees a tile's end, a damaged offset both of its ends.  So a free start
 * with an end that meets is a neighbour's fault, and a start alone is worth less.
 */
static unsigned int fit_of(bool start_meets, bool end_meets)
{
	if (end_meets)
		return 2;
	return start_meets;
}

/* @starts and @ends hold the sorted bounds of all tiles. */
static void weigh(struct spot *spots, size_t n, const uint64_t *starts, const uint64_t *ends,
		  const struct kmd_tile *bounds)
{
	bool closed = has_value(ends, n, bounds->end);

	for (size_t i = 0; i < n; i++) {
		const struct kmd_tile *tile = spots[i].tile;
		bool start_meets = tile->start == bounds->start || has_value(ends, n, tile->start);
		bool end_meets = tile->end == bounds->end || has_value(starts, n, tile->end);

		spots[i].fit = fit_of(start_meets, end_meets);
		/* If the end of all is not known, that of the last one may be right. */
		if (i == n - 1 && !closed && !end_meets)
			spots[i].fit = 1;
		spots[i].overlaps =
			below(starts, n, tile->end) - below(ends, n, tile->start + 1) - 1;
	}
}

/*
 * Walk the spots by offset.  Of those kept the one that ends last is the one to
 * compare with: where it is of the same bind, no other can be in the way.
 */
static void drop_overlapping(struct spot *spots, size_t n, struct kept *kept)
{
	for (size_t i = 0; i < n; i++) {
		struct spot *next = &spots[i];

		while (next && kept->n && end_of(kept, 0) > next->tile->start &&
		       kept->items[0]->tile->bind != next->tile->bind) {
			int availability = better(kept->items[0], next);

			if (availability >= 0)
				next->tile->conflict = true;
			if (availability <= 0) {
				kept->items[0]->tile->conflict = true;
				pop(kept);
			}
			if (availability >= 0)
				next = NULL;
		}
		if (next)
			push(kept, next);
	}
}

static void settle(struct kmd_tile *tiles, size_t n, const struct kmd_tile *all, struct spot *spots,
		   uint64_t *bounds, struct kept *kept)
{
	qsort(tiles, n, sizeof(*tiles), by_start);
	for (size_t i = 0; i < n; i++) {
		spots[i].tile = &tiles[i];
		bounds[i] = tiles[i].start;
		bounds[n + i] = tiles[i].end;
	}
	qsort(bounds, n, sizeof(*bounds), by_number);
	qsort(bounds + n, n, sizeof(*bounds), by_number);
	weigh(spots, n, bounds, bounds + n, all);
	drop_overlapping(spots, n, kept);
}

bool kmd_tiles_settle(struct kmd_tile *tiles, size_t n, uint64_t first, uint64_t last)
{
	const struct kmd_tile all = { .start = first, .end = last };
	struct spot *spots = calloc(n + 1, sizeof(*spots));
	uint64_t *bounds = calloc(2 * n + 1, sizeof(*bounds));
	struct kept kept = { calloc(n + 1, sizeof(*kept.items)), 0 };
	bool ok = spots && bounds && kept.items;

	if (ok)
		settle(tiles, n, &all, spots, bounds, &kept);
	free(spots);
	free(bounds);
	free(kept.items);
	return ok;
}
