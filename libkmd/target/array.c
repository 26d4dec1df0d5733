/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "target/array.h"

#include "base/array.h"
#include "base/checked.h"
#include "base/search.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool add_part(struct kmd_target_array *array, uint64_t start, uint64_t end)
{
	struct kmd_target_array_part *last = array->n ? &array->parts[array->n - 1] : NULL;
	size_t at = last ? last->at + (size_t)(last->end - last->start) : 0;

	if (last && last->end == start) {
		last->end = end;
		return true;
	}
	if (!KMD_ARRAY_RESERVE(array->parts, array->n, array->cap))
		return false;
	array->parts[array->n++] = (struct kmd_target_array_part){ start, end, at };
	return true;
}

static bool find_parts(struct kmd_target_array *array, const struct kmd_views *views, uint64_t virt)
{
	const struct kmd_view *view = views->items;
	/* The first view that ends above @virt. */
	size_t i =
		KMD_LOWER_BOUND(views->n, middle, view[middle].virt + view[middle].size - 1 < virt);

	for (; i < views->n; i++) {
		uint64_t start = view[i].virt > virt ? view[i].virt - virt : 0;
		uint64_t end = kmd_min_u64(view[i].virt + view[i].size - virt, array->size);

		if (start >= array->size)
			break;
		if (!add_part(array, start, end))
			return false;
	}
	return true;
}

static bool allocate(struct kmd_target_array *array)
{
	const struct kmd_target_array_part *last = array->n ? &array->parts[array->n - 1] : NULL;

	array->bytes = malloc(last ? last->at + (size_t)(last->end - last->start) : 1);
	return array->bytes != NULL;
}

enum kmd_status kmd_target_array_read(const struct kmd_target *target, uint64_t virt, uint64_t size,
				      struct kmd_target_array *array)
{
	enum kmd_status status = KMD_OK;
	uint64_t end, missing;

	memset(array, 0, sizeof(*array));
	if (!kmd_add_u64(virt, size, &end))
		return kmd_fail(target->diag, KMD_ERR_DAMAGED, kmd_in(NULL),
				"0x%" PRIx64 " bytes at virtual address 0x%" PRIx64
				" would cross the end of the address space",
				size, virt);
	array->size = size;
	if (!find_parts(array, target->views, virt) || !allocate(array))
		status = kmd_fail_memory(target->diag);
	for (size_t i = 0; status == KMD_OK && i < array->n; i++) {
		const struct kmd_target_array_part *part = &array->parts[i];

		status = kmd_views_read(target->views, target->memory, virt + part->start,
					array->bytes + part->at, part->end - part->start, &missing,
					target->diag);
	}
	if (status != KMD_OK)
		kmd_target_array_deinit(array);
	return status;
}

enum kmd_status kmd_target_array_read_region(const struct kmd_region_entry *region, uint64_t size,
					     struct kmd_diag *diag, struct kmd_target_array *array)
{
	uint64_t captured = kmd_min_u64(region->pub.captured, size);
	enum kmd_status status;

	memset(array, 0, sizeof(*array));
	array->size = size;
	if (!add_part(array, 0, captured) || !allocate(array))
		status = kmd_fail_memory(diag);
	else
		status = kmd_source_read(region->source, region->offset, array->bytes, captured,
					 diag);
	if (status != KMD_OK)
		kmd_target_array_deinit(array);
	return status;
}

const unsigned char *kmd_target_array_at(const struct kmd_target_array *array, uint64_t offset,
					 uint64_t length)
{
	/* The first part that ends above @offset. */
	size_t i = KMD_LOWER_BOUND(array->n, middle, array->parts[middle].end <= offset);
	const struct kmd_target_array_part *part;

	if (i == array->n)
		return NULL;
	part = &array->parts[i];
	if (offset < part->start || !kmd_inside(offset, length, part->end))
		return NULL;
	return array->bytes + part->at + (offset - part->start);
}

void kmd_target_array_deinit(struct kmd_target_array *array)
{
	free(array->bytes);
	free(array->parts);
	memset(array, 0, sizeof(*array));
}
