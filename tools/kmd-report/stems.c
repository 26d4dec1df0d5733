/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "stems.h"

#include <stdlib.h>
#include <string.h>

int stems_compare(const struct stem *a, const struct stem *b)
{
	size_t length = a->length < b->length ? a->length : b->length;
	int order = memcmp(a->name, b->name, length);

	return order ? order : a->length < b->length ? -1 : a->length > b->length;
}

static int by_name(const void *a, const void *b)
{
	return stems_compare(a, b);
}

static int by_size(const void *a, const void *b)
{
	const struct stem *x = a, *y = b;

	if (x->captured != y->captured)
		return x->captured > y->captured ? -1 : 1;
	return stems_compare(x, y);
}

static struct stem stem_of(const struct kmd_region *region)
{
	struct stem stem = { region->name, strlen(region->name), 1, 0, region->size, 0 };

	if (region->state <= KMD_REGION_CUT) {
		stem.captured = region->captured;
		stem.captured_regions = 1;
	}
	while (stem.length > 1 && stem.name[stem.length - 1] >= '0' &&
	       stem.name[stem.length - 1] <= '9')
		stem.length--;
	return stem;
}

static bool is_memory(const struct kmd_region *region)
{
	return region->state != KMD_REGION_AUXILIARY && region->state != KMD_REGION_OTHER_VM;
}

/* Sizes of a damaged table may be anything. */
static uint64_t add(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static void merge(struct stem *into, const struct stem *from)
{
	into->regions += from->regions;
	into->captured_regions += from->captured_regions;
	into->size = add(into->size, from->size);
	into->captured = add(into->captured, from->captured);
}

bool stems_make(const struct kmd *kmd, struct stems *stems)
{
	size_t regions = kmd_region_count(kmd), n = 0;

	*stems = (struct stems){ calloc(regions + 1, sizeof(*stems->items)), 0 };
	if (!stems->items)
		return false;
	for (size_t i = 0; i < regions; i++)
		if (is_memory(kmd_region_get(kmd, i)))
			stems->items[n++] = stem_of(kmd_region_get(kmd, i));
	qsort(stems->items, n, sizeof(*stems->items), by_name);
	for (size_t i = 0; i < n; i++)
		if (stems->n && !stems_compare(&stems->items[stems->n - 1], &stems->items[i]))
			merge(&stems->items[stems->n - 1], &stems->items[i]);
		else
			stems->items[stems->n++] = stems->items[i];
	return true;
}

void stems_sort_by_size(struct stems *stems)
{
	qsort(stems->items, stems->n, sizeof(*stems->items), by_size);
}
