/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Headers that no file or section answers to: their bytes may lie in other regions,
 * or in a RAM image; else they are missing.
 */
#include "region/join/steps.h"

#include "base/checked.h"

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
		const struct draft *draft = &join->drafts[i];
		const struct kmd_region *region = &draft->row.pub;

		if (!draft->row.has_bytes || !region->has_phys || !region->captured ||
		    draft->invalid || draft->conflict || draft->other_vm || draft->auxiliary)
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
	size_t low = 0, high = n;
	uint64_t end;

	if (!kmd_add_u64(start, size, &end))
		return false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (spans[middle].end < end)
			low = middle + 1;
		else
			high = middle;
	}
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

static void take_from_ram(const struct kmd_blob *ram, struct draft *draft)
{
	const struct kmd_region *region = &draft->row.pub;

	if (region->phys < ram->phys ||
	    !kmd_inside(region->phys - ram->phys, region->size, ram->size))
		return;
	draft->row.has_bytes = true;
	draft->row.source = ram->source;
	draft->row.offset = ram->offset + (region->phys - ram->phys);
	draft->row.pub.captured = region->size;
}

/* A region that was set aside, with a finding that names it. */
static bool is_set_aside(const struct draft *draft)
{
	return draft->conflict && draft->silent && draft->row.has_bytes;
}

/* The header at this address whose bytes nothing has, or SIZE_MAX. */
static size_t open_head_at(const struct join *join, uint64_t phys)
{
	size_t at = kmd_join_find_kelf(join, phys, 0, false);

	return at != SIZE_MAX && !join->kelf_used[at] ? at : SIZE_MAX;
}

/* Work that a table of thousands of impossible addresses is worth. */
#define IMPOSSIBLE_MAX 1024

/* The only open header of @size, or SIZE_MAX. */
static size_t only_open_head(const struct join *join, uint64_t size)
{
	size_t found = SIZE_MAX;

	for (size_t i = 0; i < join->n_kelf; i++) {
		if (join->kelf_used[i] || join->kelf_silent[i] ||
		    kmd_round4(join->kelf[i]->size) != kmd_round4(size))
			continue;
		if (found != SIZE_MAX)
			return SIZE_MAX;
		found = i;
	}
	return found;
}

/*
 * The bytes of a region that was set aside are missing to its header too: that is no
 * second defect.  Where its address is impossible, the header is the only one of its size.
 */
static void silence_set_aside(struct join *join)
{
	size_t impossible = 0;

	for (size_t i = 0; i < join->n; i++) {
		const struct draft *draft = &join->drafts[i];
		size_t at;

		if (!is_set_aside(draft) || !draft->row.pub.has_phys)
			continue;
		if (kmd_join_is_possible(&draft->row.pub))
			at = open_head_at(join, draft->row.pub.phys);
		else
			at = impossible++ < IMPOSSIBLE_MAX
				     ? only_open_head(join, draft->row.pub.size)
				     : SIZE_MAX;
		if (at != SIZE_MAX)
			join->kelf_silent[at] = true;
	}
}

enum kmd_status kmd_join_unanswered(struct join *join)
{
	const struct kmd_blob *ram = find_ram(join->image);
	enum kmd_status status = KMD_OK;
	struct span *spans;
	size_t n;

	spans = captured_spans(join, &n);
	if (!spans)
		return kmd_fail_memory(join->diag);
	silence_set_aside(join);
	for (size_t i = 0; status == KMD_OK && i < join->n_kelf; i++) {
		const struct kmd_claim *claim = join->kelf[i];
		struct draft *draft;

		if (join->kelf_used[i])
			continue;
		status = kmd_join_add_claim(join, claim);
		if (status != KMD_OK)
			break;
		draft = &join->drafts[join->n - 1];
		draft->silent |= join->kelf_silent[i];
		if (draft->row.has_bytes || !claim->has_phys)
			continue;
		draft->covered = is_covered(spans, n, claim->phys, claim->size);
		if (!draft->covered && ram)
			take_from_ram(ram, draft);
	}
	free(spans);
	return status;
}
