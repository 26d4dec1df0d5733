/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "base/interval.h"

#include "base/checked.h"
#include "base/search.h"

#include <stdlib.h>

/* The intervals that hold the sweep's address, the best on top: a binary heap. */
struct heap {
	const struct kmd_interval **items;
	size_t n;
};

static void swap(struct heap *heap, size_t a, size_t b)
{
	const struct kmd_interval *item = heap->items[a];

	heap->items[a] = heap->items[b];
	heap->items[b] = item;
}

static void push(struct heap *heap, const struct kmd_interval *item)
{
	size_t at = heap->n++;

	heap->items[at] = item;
	while (at && heap->items[(at - 1) / 2]->rank > heap->items[at]->rank) {
		swap(heap, at, (at - 1) / 2);
		at = (at - 1) / 2;
	}
}

static void pop(struct heap *heap)
{
	size_t at = 0;

	heap->items[0] = heap->items[--heap->n];
	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= heap->n)
			return;
		if (child + 1 < heap->n && heap->items[child + 1]->rank < heap->items[child]->rank)
			child++;
		if (heap->items[at]->rank <= heap->items[child]->rank)
			return;
		swap(heap, at, child);
		at = child;
	}
}

static int by_start(const void *a, const void *b)
{
	const struct kmd_interval *x = a, *y = b;
	int order = kmd_cmp_u64(x->start, y->start);

	return order ? order : kmd_cmp_u64(x->rank, y->rank);
}

static void emit(struct kmd_interval *out, size_t *n, const struct kmd_interval *from,
		 uint64_t start, uint64_t end)
{
	if (*n && out[*n - 1].end == start && out[*n - 1].owner == from->owner) {
		out[*n - 1].end = end;
		return;
	}
	out[*n] = *from;
	out[*n].start = start;
	out[*n].end = end;
	++*n;
}

/* Each step ends at an interval's start or end, so there are fewer than 2 n pieces. */
static size_t sweep(const struct kmd_interval *items, size_t n, struct heap *heap,
		    struct kmd_interval *out)
{
	uint64_t at = 0;
	size_t next = 0, count = 0;

	while (next < n || heap->n) {
		uint64_t end;

		while (heap->n && heap->items[0]->end <= at)
			pop(heap);
		if (!heap->n) {
			if (next == n)
				break;
			at = items[next].start;
		}
		while (next < n && items[next].start <= at)
			push(heap, &items[next++]);
		/* Pushed ones end after at; the best of all now lasts until it ends or a
		 * newcomer may beat it. */
		end = heap->items[0]->end;
		if (next < n)
			end = kmd_min_u64(end, items[next].start);
		if (end > at)
			emit(out, &count, heap->items[0], at, end);
		at = end;
	}
	return count;
}

struct kmd_interval *kmd_intervals_resolve(struct kmd_interval *items, size_t n, size_t *count)
{
	struct kmd_interval *out = calloc(2 * n + 1, sizeof(*out));
	struct heap heap = { calloc(n + 1, sizeof(*heap.items)), 0 };

	if (!out || !heap.items) {
		free(out);
		free(heap.items);
		return NULL;
	}
	if (n)
		qsort(items, n, sizeof(*items), by_start);
	*count = sweep(items, n, &heap, out);
	free(heap.items);
	return out;
}

size_t kmd_intervals_find(const struct kmd_interval *pieces, size_t n, uint64_t address)
{
	return KMD_LOWER_BOUND(n, middle, pieces[middle].end <= address);
}
