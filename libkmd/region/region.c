/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "region/region.h"

#include "base/array.h"
#include "base/checked.h"
#include "base/search.h"

#include <stdlib.h>
#include <string.h>

enum kmd_status kmd_hints_add(struct kmd_hints *hints, struct kmd_diag *diag, uint64_t virt,
			      const char *name, size_t length)
{
	struct kmd_hint *hint;

	if (!KMD_ARRAY_RESERVE(hints->items, hints->n, hints->cap))
		return kmd_fail_memory(diag);
	hint = &hints->items[hints->n];
	hint->virt = virt;
	hint->name = strndup(name, length);
	if (!hint->name)
		return kmd_fail_memory(diag);
	hints->n++;
	return KMD_OK;
}

static int by_virt(const void *a, const void *b)
{
	const struct kmd_hint *x = a, *y = b;
	int order = kmd_cmp_u64(x->virt, y->virt);

	return order ? order : strcmp(x->name, y->name);
}

void kmd_hints_sort(struct kmd_hints *hints)
{
	if (hints->n)
		qsort(hints->items, hints->n, sizeof(*hints->items), by_virt);
}

const struct kmd_hint *kmd_hints_at(const struct kmd_hints *hints, uint64_t virt, size_t *count)
{
	size_t low = KMD_LOWER_BOUND(hints->n, middle, hints->items[middle].virt < virt);

	for (*count = 0; low + *count < hints->n && hints->items[low + *count].virt == virt;)
		++*count;
	return *count ? &hints->items[low] : NULL;
}

void kmd_hints_deinit(struct kmd_hints *hints)
{
	for (size_t i = 0; i < hints->n; i++)
		free(hints->items[i].name);
	free(hints->items);
	memset(hints, 0, sizeof(*hints));
}

void kmd_regions_deinit(struct kmd_regions *regions)
{
	for (size_t i = 0; i < regions->n; i++)
		free((char *)regions->rows[i].pub.name);
	free(regions->rows);
	memset(regions, 0, sizeof(*regions));
}

bool kmd_region_entry_is_used(const struct kmd_region_entry *row)
{
	return row->has_bytes && row->pub.captured &&
	       (row->pub.state == KMD_REGION_OK || row->pub.state == KMD_REGION_CUT) &&
	       (row->pub.has_phys || row->pub.has_virt);
}
