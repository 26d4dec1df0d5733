/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "target/user_ranges.h"

#include "base/array.h"
#include "base/checked.h"
#include "kernel/uts.h"
#include "target/user_data.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK      (1u << 20)
#define RANGES_MAX (4u << 20)
/* Regions that are registered one by one have some MiB together. */
#define ALL_MEMORY (UINT64_C(96) << 20)
#define HOST_MIN   3
/* Physical and virtual addresses of a 32-bit machine are alike; of a 64-bit kernel's this bit is
 * set. */
#define VIRTUAL    (UINT64_C(1) << 63)

struct search {
	const struct kmd_target *target;
	struct kmd_interval *items;
	size_t n, cap;
	char host[KMD_UTS_FIELD];
	unsigned char *block; /* KMD_USER_DATA_MAX bytes of the last one, then BLOCK */
};

static enum kmd_status add(struct search *search, uint64_t start, uint64_t end)
{
	struct kmd_diag *diag = search->target->diag;

	if (search->n == RANGES_MAX)
		return kmd_fail(diag, KMD_ERR_LIMIT, kmd_in(""),
				"more than %u texts look like user data: redact whole ranges "
				"instead",
				RANGES_MAX);
	if (!KMD_ARRAY_RESERVE(search->items, search->n, search->cap))
		return kmd_fail_memory(diag);
	search->items[search->n] = (struct kmd_interval){ start, end, 0, search->n };
	search->n++;
	return KMD_OK;
}

static bool base_of(const struct kmd_region_entry *row, uint64_t *base)
{
	*base = row->pub.has_phys ? row->pub.phys : row->pub.virt | VIRTUAL;
	return row->has_bytes && row->pub.captured && (row->pub.has_phys || row->pub.has_virt);
}

/* ----- the search */

static enum kmd_status search_text(struct search *search, size_t length, uint64_t address)
{
	enum kmd_status status = KMD_OK;
	struct kmd_user_search text = { search->block, length, search->host, 0, 0, 0 };
	struct kmd_user_span span;

	while (status == KMD_OK && kmd_user_data_next(&text, &span))
		status = add(search, address + span.start, address + span.end);
	return status;
}

/* The end of each block is searched once more before the next one. */
static enum kmd_status search_row(struct search *search, const struct kmd_region_entry *row)
{
	uint64_t base, end = row->pub.captured;
	enum kmd_status status = KMD_OK;
	size_t kept = 0;

	if (!base_of(row, &base))
		return KMD_OK;
	for (uint64_t at = 0; status == KMD_OK && at < end;) {
		uint64_t data =
			kmd_source_skip_hole(row->source, row->offset + at, row->offset + end) -
			row->offset;
		size_t take;

		kept = data == at ? kept : 0;
		at = data;
		take = (size_t)kmd_min_u64(BLOCK, end - at);
		status = kmd_source_read(row->source, row->offset + at, search->block + kept, take,
					 search->target->diag);
		if (status == KMD_OK)
			status = search_text(search, kept + take, base + at - kept);
		at += take;
		take += kept;
		kept = take > KMD_USER_DATA_MAX ? KMD_USER_DATA_MAX : take;
		memmove(search->block, search->block + take - kept, kept);
	}
	return status;
}

/* ----- what the kernel's own addresses show */

/* The name of the machine, at its place and as a word everywhere. */
static enum kmd_status find_host(struct search *search)
{
	const struct kmd_target *target = search->target;
	uint64_t offsets[2], uts;
	size_t n = kmd_uts_offsets(target->info, offsets);
	char text[KMD_UTS_FIELD];

	if (!target->info->text || !kmd_target_symbol(target, "init_uts_ns", &uts, NULL))
		return KMD_OK;
	for (size_t i = 0; i < n; i++) {
		uint64_t at = uts + offsets[i];

		if (kmd_target_read(target, KMD_XLATE_ANY, at, text, sizeof(text)) &&
		    !strncmp(text, "Linux", sizeof(text)) &&
		    kmd_target_read(target, KMD_XLATE_ANY, at + KMD_UTS_FIELD, search->host,
				    KMD_UTS_FIELD))
			break;
		search->host[0] = '\0';
	}
	search->host[KMD_UTS_FIELD - 1] = '\0';
	/* Names that every machine has are no secret. */
	if (strlen(search->host) < HOST_MIN || !strcmp(search->host, "(none)") ||
	    !strcmp(search->host, "localhost") || !strcmp(search->host, "localhost.localdomain"))
		search->host[0] = '\0';
	return KMD_OK;
}

/* The physical addresses of [@start, @end) get the lower, that is the better, rank. */
static enum kmd_status keep_range(struct search *search, const char *start, const char *end)
{
	const struct kmd_views *views = search->target->views;
	enum kmd_status status = KMD_OK;
	uint64_t from, to;

	if (!kmd_target_symbol(search->target, start, &from, NULL) ||
	    !kmd_target_symbol(search->target, end, &to, NULL))
		return KMD_OK;
	for (size_t i = 0; status == KMD_OK && i < views->n; i++) {
		const struct kmd_view *view = &views->items[i];
		uint64_t low = kmd_max_u64(from, view->virt);
		uint64_t high = kmd_min_u64(to, view->virt + view->size);

		if (low >= high)
			continue;
		if (view->kind == KMD_VIEW_VIRTUAL)
			status = add(search, low | VIRTUAL, high | VIRTUAL);
		else
			status = add(search, view->phys + (low - view->virt),
				     view->phys + (high - view->virt));
		if (status == KMD_OK)
			search->items[search->n - 1].owner = 1;
	}
	return status;
}

static enum kmd_status conclude(struct search *search, struct kmd_user_ranges *ranges)
{
	size_t n, kept = 0;
	struct kmd_interval *pieces = kmd_intervals_resolve(search->items, search->n, &n);

	if (!pieces)
		return search->n ? kmd_fail_memory(search->target->diag) : KMD_OK;
	for (size_t i = 0; i < n; i++) {
		if (pieces[i].owner)
			continue;
		ranges->bytes += pieces[i].end - pieces[i].start;
		pieces[kept++] = pieces[i];
	}
	ranges->items = pieces;
	ranges->n = kept;
	return KMD_OK;
}

enum kmd_status kmd_user_ranges_find(const struct kmd_target *target,
				     const struct kmd_regions *regions,
				     struct kmd_user_ranges *ranges)
{
	struct search search = { .target = target };
	enum kmd_status status = KMD_OK;
	uint64_t captured = 0;

	memset(ranges, 0, sizeof(*ranges));
	search.block = malloc(KMD_USER_DATA_MAX + BLOCK);
	if (!search.block)
		return kmd_fail_memory(target->diag);
	status = keep_range(&search, "_stext", "_etext");
	if (status == KMD_OK)
		status = keep_range(&search, "__start_rodata", "__end_rodata");
	if (status == KMD_OK)
		status = find_host(&search);
	for (size_t i = 0; status == KMD_OK && i < regions->n; i++) {
		status = search_row(&search, &regions->rows[i]);
		captured += regions->rows[i].pub.captured;
	}
	if (status == KMD_OK)
		status = conclude(&search, ranges);
	ranges->has_all_memory = captured >= ALL_MEMORY;
	free(search.block);
	free(search.items);
	return status;
}

void kmd_user_ranges_deinit(struct kmd_user_ranges *ranges)
{
	free(ranges->items);
	memset(ranges, 0, sizeof(*ranges));
}

size_t kmd_user_ranges_of_row(const struct kmd_user_ranges *ranges,
			      const struct kmd_region_entry *row, struct kmd_span *spans)
{
	uint64_t base, end;
	size_t n = 0;

	if (!base_of(row, &base) || !kmd_add_u64(base, row->pub.captured, &end))
		return 0;
	for (size_t i = kmd_intervals_find(ranges->items, ranges->n, base); i < ranges->n; i++) {
		const struct kmd_interval *item = &ranges->items[i];

		if (item->start >= end)
			break;
		spans[n++] = (struct kmd_span){ kmd_max_u64(item->start, base) - base,
						kmd_min_u64(item->end, end) - base };
	}
	return n;
}
