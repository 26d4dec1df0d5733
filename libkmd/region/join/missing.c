/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * KELF's entries that no file or section has: their bytes may be inside other regions,
 * or in a RAM image; else they are missing.
 */
#include "region/join/join.h"

#include "base/checked.h"
#include "base/search.h"

#include <stdlib.h>
#include <string.h>

struct span {
	uint64_t start, end;
};

static int by_start(const void *a, const void *b)
{
	return kmd_cmp_u64(((const struct span *)a)->start, ((const struct span *)b)->start);
}

/* The captured memory, sorted and merged. */
static struct span *captured_spans(const struct join *join, size_t *count)
{
	struct span *spans = calloc(join->n + 1, sizeof(*spans));
	size_t n = 0, merged = 0;

	if (!spans)
		return NULL;
	for (size_t i = 0; i < join->n; i++) {
		const struct candidate *candidate = &join->candidates[i];
		const struct kmd_region *region = &candidate->row.pub;

		if (!candidate->row.has_bytes || !region->has_phys || !region->captured ||
		    candidate->invalid || candidate->conflict || candidate->other_vm ||
		    candidate->auxiliary)
			continue;
		spans[n++] = (struct span){ region->phys, region->phys + region->captured };
	}
	qsort(spans, n, sizeof(*spans), by_start);
	for (size_t i = 0; i < n; i++) {
		if (merged && spans[i].start <= spans[merged - 1].end)
			spans[merged - 1].end = kmd_max_u64(spans[merged - 1].end, spans[i].end);
		else
			spans[merged++] = spans[i];
	}
	*count = merged;
	return spans;
}

static bool is_covered(const struct span *spans, size_t n, uint64_t start, uint64_t size)
{
	uint64_t end;
	size_t low;

	if (!kmd_add_u64(start, size, &end))
		return false;
	low = KMD_LOWER_BOUND(n, middle, spans[middle].end < end);
	return low < n && spans[low].start <= start;
}

/* The RAM image, if there is one: it holds every region, listed or not. */
static const struct kmd_blob *find_ram(const struct kmd_image *image)
{
	for (size_t i = 0; i < image->n_blobs; i++)
		if (image->blobs[i].kind == KMD_BLOB_FLAT && image->blobs[i].has_phys)
			return &image->blobs[i];
	return NULL;
}

static void take_from_ram(const struct kmd_blob *ram, struct candidate *candidate)
{
	const struct kmd_region *region = &candidate->row.pub;

	if (region->phys < ram->phys ||
	    !kmd_inside(region->phys - ram->phys, region->size, ram->size))
		return;
	candidate->row.has_bytes = true;
	candidate->row.source = ram->source;
	candidate->row.offset = ram->offset + (region->phys - ram->phys);
	candidate->row.pub.captured = region->size;
}

/*
 * The bytes of a region that was set aside are missing to its header too: that is no
 * second defect.
 */
static void skip_set_aside(struct join *join)
{
	for (size_t i = 0; i < join->n; i++) {
		const struct candidate *candidate = &join->candidates[i];
		size_t at;

		if (!candidate->conflict || !candidate->reported || !candidate->row.has_bytes ||
		    !candidate->row.pub.has_phys)
			continue;
		at = kmd_join_find_kelf(join, candidate->row.pub.phys, 0, false);
		if (at != SIZE_MAX)
			join->kelf_reported[at] = true;
	}
}

enum kmd_status kmd_join_missing(struct join *join)
{
	const struct kmd_blob *ram = find_ram(join->image);
	enum kmd_status status = KMD_OK;
	struct span *spans;
	size_t n;

	spans = captured_spans(join, &n);
	if (!spans)
		return kmd_fail_memory(join->diag);
	skip_set_aside(join);
	for (size_t i = 0; status == KMD_OK && i < join->n_kelf; i++) {
		const struct kmd_claim *claim = join->kelf[i];
		struct candidate *candidate;

		if (join->kelf_used[i])
			continue;
		status = kmd_join_add_claim(join, claim);
		if (status != KMD_OK)
			break;
		candidate = &join->candidates[join->n - 1];
		candidate->reported |= join->kelf_reported[i];
		if (candidate->row.has_bytes || !claim->has_phys)
			continue;
		candidate->inside_others = is_covered(spans, n, claim->phys, claim->size);
		if (!candidate->inside_others && ram)
			take_from_ram(ram, candidate);
	}
	free(spans);
	return status;
}
