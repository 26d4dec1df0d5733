/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "vmcore/segments.h"

#include "base/array.h"
#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

#define NO_VIEW SIZE_MAX

static bool add(struct kmd_segments *segments, struct kmd_segment segment)
{
	struct kmd_segment *last = segments->n ? &segments->items[segments->n - 1] : NULL;

	/* A continuation in every address is one segment. */
	if (last && last->by_virt == segment.by_virt && last->slot + last->size == segment.slot &&
	    (last->virt ? last->virt + last->size == segment.virt : !segment.virt) &&
	    (last->phys == KMD_NO_PHYS ? segment.phys == KMD_NO_PHYS
				       : last->phys + last->size == segment.phys)) {
		last->size += segment.size;
		return true;
	}
	if (!KMD_ARRAY_RESERVE(segments->items, segments->n, segments->cap))
		return false;
	segments->items[segments->n++] = segment;
	return true;
}

/* Which view leads: the linear map, the image, then what a region was registered with. */
static size_t rank_of(const struct kmd_views *views, size_t index)
{
	return (size_t)views->items[index].kind * views->n + index;
}

/* Every physical address with the view that leads there; owner = view or NO_VIEW. */
static struct kmd_interval *lead(const struct kmd_memory *memory, const struct kmd_views *views,
				 size_t *count)
{
	struct kmd_interval *spans = calloc(memory->n_phys + views->n + 1, sizeof(*spans)), *out;
	size_t n = 0;

	if (!spans)
		return NULL;
	for (size_t i = 0; i < memory->n_phys; i++, n++)
		spans[n] = (struct kmd_interval){ memory->phys[i].start, memory->phys[i].end,
						  NO_VIEW, (KMD_VIEW_VIRTUAL + 1) * views->n + i };
	for (size_t i = 0; i < views->n; i++) {
		const struct kmd_view *view = &views->items[i];

		if (view->kind != KMD_VIEW_VIRTUAL)
			spans[n++] = (struct kmd_interval){ view->phys, view->phys + view->size, i,
							    rank_of(views, i) };
	}
	out = kmd_intervals_resolve(spans, n, count);
	free(spans);
	return out;
}

static bool add_leading(const struct kmd_interval *lead_spans, size_t n,
			const struct kmd_views *views, struct kmd_segments *segments)
{
	for (size_t i = 0; i < n; i++) {
		const struct kmd_interval *span = &lead_spans[i];
		struct kmd_segment segment = { .phys = span->start,
					       .size = span->end - span->start,
					       .slot = span->start };

		if (span->owner != NO_VIEW) {
			const struct kmd_view *view = &views->items[span->owner];

			segment.virt = view->virt + (span->start - view->phys);
		}
		if (!add(segments, segment))
			return false;
	}
	return true;
}

/* Views that show the same memory over and over are no kernel's. */
#define ALIAS_WORK (1u << 22)

/* The parts of a view that another one leads; *@work is what may still be looked at. */
static bool add_alias(const struct kmd_interval *lead_spans, size_t n,
		      const struct kmd_views *views, size_t index, size_t *work,
		      struct kmd_segments *segments)
{
	const struct kmd_view *view = &views->items[index];
	uint64_t end = view->phys + view->size;

	for (size_t i = kmd_intervals_find(lead_spans, n, view->phys);
	     i < n && lead_spans[i].start < end && *work; i++, --*work) {
		uint64_t from = kmd_max_u64(view->phys, lead_spans[i].start);
		uint64_t to = kmd_min_u64(end, lead_spans[i].end);
		struct kmd_segment segment = { .virt = view->virt + (from - view->phys),
					       .phys = from,
					       .size = to - from,
					       .slot = from };

		/* A physical address would make makedumpfile take it for the linear map. */
		if (view->kind == KMD_VIEW_OTHER || view->kind == KMD_VIEW_LINK)
			segment.phys = KMD_NO_PHYS;
		if (lead_spans[i].owner != index && !add(segments, segment))
			return false;
	}
	return true;
}

static bool add_virtual(const struct kmd_view *view, struct kmd_segments *segments)
{
	return add(segments, (struct kmd_segment){ .virt = view->virt,
						   .phys = KMD_NO_PHYS,
						   .size = view->size,
						   .slot = view->virt,
						   .by_virt = true });
}

/*
 * With a single PT_LOAD crash checks no address at all and reads file headers for
 * memory, so a lone segment is cut in two; one of a single byte gets an empty twin.
 */
static bool at_least_two(struct kmd_segments *segments)
{
	struct kmd_segment second;
	uint64_t half;

	if (segments->n != 1)
		return true;
	second = segments->items[0];
	half = second.size / 2;
	if (half) {
		segments->items[0].size = half;
		second.virt += second.virt ? half : 0;
		second.phys += second.phys != KMD_NO_PHYS ? half : 0;
		second.slot += half;
	}
	second.size -= half ? half : second.size;
	if (!KMD_ARRAY_RESERVE(segments->items, segments->n, segments->cap))
		return false;
	segments->items[segments->n++] = second;
	return true;
}

enum kmd_status kmd_segments_build(const struct kmd_memory *memory, const struct kmd_views *views,
				   struct kmd_diag *diag, struct kmd_segments *segments)
{
	size_t n = 0;
	struct kmd_interval *leading = lead(memory, views, &n);
	size_t work = ALIAS_WORK;
	bool ok = leading && add_leading(leading, n, views, segments);

	for (size_t i = 0; ok && i < views->n; i++)
		if (views->items[i].kind != KMD_VIEW_VIRTUAL)
			ok = add_alias(leading, n, views, i, &work, segments);
	for (size_t i = 0; ok && i < views->n; i++)
		if (views->items[i].kind == KMD_VIEW_VIRTUAL)
			ok = add_virtual(&views->items[i], segments);
	free(leading);
	if (!work) {
		kmd_segments_deinit(segments);
		return kmd_fail(diag, KMD_ERR_LIMIT, kmd_in(NULL),
				"too many virtual aliases of the same memory");
	}
	if (ok && at_least_two(segments))
		return KMD_OK;
	kmd_segments_deinit(segments);
	return kmd_fail_memory(diag);
}

void kmd_segments_deinit(struct kmd_segments *segments)
{
	free(segments->items);
	memset(segments, 0, sizeof(*segments));
}
