/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "log/span.h"

#include "base/array.h"
#include "base/checked.h"
#include "base/search.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool add_part(struct kmd_span *span, uint64_t start, uint64_t end)
{
	struct kmd_span_part *last = span->n ? &span->parts[span->n - 1] : NULL;
	size_t at = last ? last->at + (size_t)(last->end - last->start) : 0;

	if (last && last->end == start) {
		last->end = end;
		return true;
	}
	if (!KMD_ARRAY_RESERVE(span->parts, span->n, span->cap))
		return false;
	span->parts[span->n++] = (struct kmd_span_part){ start, end, at };
	return true;
}

/* The first view that ends above @virt. */
static size_t first_view(const struct kmd_views *views, uint64_t virt)
{
	return KMD_LOWER_BOUND(views->n, middle,
			       views->items[middle].virt + views->items[middle].size - 1 < virt);
}

static bool find_parts(struct kmd_span *span, const struct kmd_views *views, uint64_t virt)
{
	for (size_t i = first_view(views, virt); i < views->n; i++) {
		const struct kmd_view *view = &views->items[i];
		uint64_t start = view->virt > virt ? view->virt - virt : 0;
		uint64_t end = kmd_min_u64(view->virt + view->size - virt, span->size);

		if (start >= span->size)
			break;
		if (!add_part(span, start, end))
			return false;
	}
	return true;
}

static bool make_room(struct kmd_span *span)
{
	const struct kmd_span_part *last = span->n ? &span->parts[span->n - 1] : NULL;

	span->bytes = malloc(last ? last->at + (size_t)(last->end - last->start) : 1);
	return span->bytes != NULL;
}

enum kmd_status kmd_span_read(struct kmd_span *span, const struct kmd_views *views,
			      const struct kmd_memory *memory, uint64_t virt, uint64_t size,
			      struct kmd_diag *diag)
{
	enum kmd_status status = KMD_OK;
	uint64_t end, missing;

	memset(span, 0, sizeof(*span));
	if (size > KMD_SPAN_MAX || !kmd_add_u64(virt, size, &end))
		return kmd_fail(diag, KMD_ERR_DAMAGED, kmd_in(NULL),
				"the kernel log cannot be read: a part of it would have %" PRIu64
				" bytes",
				size);
	span->size = size;
	if (!find_parts(span, views, virt) || !make_room(span)) {
		kmd_span_deinit(span);
		return kmd_fail_memory(diag);
	}
	for (size_t i = 0; status == KMD_OK && i < span->n; i++) {
		const struct kmd_span_part *part = &span->parts[i];

		status = kmd_views_read(views, memory, virt + part->start, span->bytes + part->at,
					part->end - part->start, &missing, diag);
	}
	if (status != KMD_OK)
		kmd_span_deinit(span);
	return status;
}

enum kmd_status kmd_span_read_row(struct kmd_span *span, const struct kmd_region_entry *row,
				  struct kmd_diag *diag)
{
	enum kmd_status status;

	memset(span, 0, sizeof(*span));
	span->size = kmd_min_u64(row->pub.size, KMD_SPAN_MAX);
	if (!add_part(span, 0, kmd_min_u64(row->pub.captured, span->size)) || !make_room(span)) {
		kmd_span_deinit(span);
		return kmd_fail_memory(diag);
	}
	status = kmd_source_read(row->source, row->offset, span->bytes, span->parts[0].end, diag);
	if (status != KMD_OK)
		kmd_span_deinit(span);
	return status;
}

/* The first part that ends behind @offset, or @span->n. */
static size_t find_part(const struct kmd_span *span, uint64_t offset)
{
	return KMD_LOWER_BOUND(span->n, middle, span->parts[middle].end <= offset);
}

const unsigned char *kmd_span_at(const struct kmd_span *span, uint64_t offset, uint64_t length)
{
	size_t i = find_part(span, offset);
	const struct kmd_span_part *part;

	if (i == span->n)
		return NULL;
	part = &span->parts[i];
	if (offset < part->start || !kmd_inside(offset, length, part->end))
		return NULL;
	return span->bytes + part->at + (offset - part->start);
}

uint64_t kmd_span_next(const struct kmd_span *span, uint64_t offset)
{
	size_t i = find_part(span, offset);

	return i == span->n ? span->size : kmd_max_u64(span->parts[i].start, offset);
}

void kmd_span_deinit(struct kmd_span *span)
{
	free(span->bytes);
	free(span->parts);
	memset(span, 0, sizeof(*span));
}
