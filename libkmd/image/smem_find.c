/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "image/smem_find.h"

#include "base/bytes.h"
#include "base/checked.h"

#include <kmemdump/minidump.h>
#include <stdlib.h>
#include <string.h>

#define PAGE       4096
#define BLOCK      (1u << 20)
#define REMEMBERED 4
/* At which areas begin and end; small systems have small areas. */
#define STEP_LOW   (UINT64_C(128) << 10)
#define STEP_HIGH  (UINT64_C(1) << 20)
#define SIZE_STEP  (UINT64_C(64) << 10)
#define LOW_RAM    (UINT64_C(1) << 30)
/* RAM starts at a round address, so an area that gives one is not a copy. */
#define ROUND_BASE (1u << 28)

/* Score for each valid field.  Two weak fields score less than a strong one. */
enum {
	SCORE_INFO = 1,
	SCORE_TABLE = 2,
	SCORE_SIZE = 2,
	SCORE_HEADER = 4,
	SCORE_PARTITION = 4,
	SCORE_FULL = 13,
	SCORE_EXPECTED = 16, /* its recorded address is the one that the user gave */
};

/* The last places of one kind that the search went by. */
struct trail {
	uint64_t at[REMEMBERED];
	size_t n;
};

struct finder {
	const struct kmd_source *source;
	const struct kmd_image_options *options;
	struct kmd_diag *diag;
	bool any;
	bool forced; /* both options given: the area starts at @base */
	uint64_t base;
	struct trail headers, partitions;
	unsigned char *block;        /* what is read at a time ... */
	struct kmd_source *in_block; /* ... as a source */
	struct kmd_cursor page;      /* the page at hand */
	struct kmd_cursor target;    /* other places */
	struct kmd_smem_site best, heap;
	bool found, found_heap;
};

static void trail_add(struct trail *trail, uint64_t at)
{
	trail->at[trail->n++ % REMEMBERED] = at;
}

static size_t trail_count(const struct trail *trail)
{
	return trail->n < REMEMBERED ? trail->n : REMEMBERED;
}

/* ---------------------------------------------------------- weighing a place */

/* A failure to read outlives the move: scan_block() asks for it. */
static void look_at(struct finder *finder, uint64_t at, uint64_t size)
{
	enum kmd_status io = finder->target.io;

	kmd_cursor_init(&finder->target, finder->source, at, size, finder->diag);
	finder->target.io = io;
}

/* Offset of the global partition in the area, as the table at @table has it; 0 = none. */
static uint64_t global_entry(struct finder *finder, uint64_t table)
{
	struct kmd_smem_info info;
	uint32_t count;

	look_at(finder, table, MD_SMEM_PTABLE_SIZE);
	kmd_smem_info_read(&finder->target, 0, &info);
	count = kmd_cursor_u32(&finder->target, MD_SMEM_PTABLE_COUNT_OFFSET);
	if (info.present)
		count = info.slot;
	if (count > KMD_SMEM_TABLE_MAX)
		count = KMD_SMEM_TABLE_MAX;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t at = kmd_smem_slot(i);

		if (kmd_cursor_u16(&finder->target, at + MD_SMEM_PTE_HOST0) ==
			    MD_SMEM_GLOBAL_HOST &&
		    kmd_cursor_u16(&finder->target, at + MD_SMEM_PTE_HOST1) == MD_SMEM_GLOBAL_HOST)
			return kmd_cursor_u32(&finder->target, at + MD_SMEM_PTE_OFFSET);
	}
	return 0;
}

/* The area's address as the user gave it; false = not given. */
static bool expected_phys(const struct finder *finder, uint64_t base, uint64_t *phys)
{
	if (finder->options->has_smem) {
		*phys = finder->options->smem;
		return true;
	}
	return finder->options->has_ram_base && kmd_add_u64(finder->options->ram_base, base, phys);
}

static unsigned int score(const struct finder *finder, const struct kmd_smem_site *site)
{
	unsigned int sum = 0;
	uint64_t phys;

	sum += site->info.present ? SCORE_INFO : 0;
	sum += site->table_marked ? SCORE_TABLE : 0;
	sum += site->info.present && site->info.size == site->size ? SCORE_SIZE : 0;
	sum += site->version ? SCORE_HEADER : 0;
	sum += site->partition ? SCORE_PARTITION : 0;
	if (site->info.phys_sane && expected_phys(finder, site->base, &phys) &&
	    site->info.phys == phys)
		sum += SCORE_EXPECTED;
	return sum;
}

static void weigh(struct finder *finder, uint64_t table, uint64_t base, uint64_t global,
		  struct kmd_smem_site *best)
{
	struct kmd_smem_site site = { .base = base };

	if (base >= table || (table - base) % PAGE || table - base > KMD_SMEM_AREA_MAX - PAGE)
		return;
	site.size = table - base + MD_SMEM_PTABLE_SIZE;
	look_at(finder, table, MD_SMEM_PTABLE_SIZE);
	kmd_smem_info_read(&finder->target, site.size, &site.info);
	site.table_marked = kmd_cursor_u32(&finder->target, 0) == MD_SMEM_PTABLE_MAGIC &&
			    kmd_cursor_u32(&finder->target, MD_SMEM_PTABLE_VERSION_OFFSET) ==
				    MD_SMEM_PTABLE_VERSION;
	look_at(finder, base, site.size);
	if (!kmd_smem_is_header(&finder->target, &site.version))
		site.version = 0;
	if (global && kmd_inside(global, MD_SMEM_PART_HEADER_SIZE, site.size)) {
		look_at(finder, base + global, MD_SMEM_PART_HEADER_SIZE);
		site.partition = kmd_smem_is_global_partition(&finder->target);
	}
	if (!site.version && !site.partition && !(finder->forced && site.info.size == site.size))
		return;
	site.score = score(finder, &site);
	if (site.score > best->score)
		*best = site;
}

/* How round the address is at which RAM would start, were @site the right one. */
static uint64_t roundness(const struct kmd_smem_site *site)
{
	uint64_t base = site->info.phys - site->base;

	if (!site->info.phys_sane || site->info.phys < site->base)
		return 0;
	return base ? base & -base : UINT64_MAX;
}

/*
 * Memory may hold copies of an SMEM area, each as good as the original but for its place.
 * Of equals, take the one by which RAM starts at the rounder address, then the lowest.
 */
static void compare(struct finder *finder, const struct kmd_smem_site *site)
{
	struct kmd_smem_site *best = &finder->best;
	size_t rivals = best->rivals;

	if (finder->found && best->score == site->score)
		best->rivals = ++rivals;
	if (finder->found && best->score >= site->score &&
	    (best->score > site->score || roundness(best) >= roundness(site)))
		return;
	if (finder->found && best->score != site->score)
		rivals = 0;
	*best = *site;
	best->rivals = rivals;
	finder->found = true;
}

/* The page at @table may be a partition table: find the area that it ends. */
static void consider(struct finder *finder, uint64_t table)
{
	struct kmd_smem_site best = { 0 };
	struct kmd_smem_info info;
	uint64_t end = table + MD_SMEM_PTABLE_SIZE;
	uint64_t global = global_entry(finder, table);

	if (finder->forced) {
		weigh(finder, table, finder->base, global, &best);
	} else {
		look_at(finder, table, MD_SMEM_PTABLE_SIZE);
		kmd_smem_info_read(&finder->target, 0, &info);
		if (info.size_sane && info.size <= end)
			weigh(finder, table, end - info.size, global, &best);
		for (size_t i = 0; best.score < SCORE_FULL && i < trail_count(&finder->headers);
		     i++)
			weigh(finder, table, finder->headers.at[i], global, &best);
		for (size_t i = 0; best.score < SCORE_FULL && i < trail_count(&finder->partitions);
		     i++)
			if (global && finder->partitions.at[i] >= global)
				weigh(finder, table, finder->partitions.at[i] - global, global,
				      &best);
	}
	if (best.score)
		compare(finder, &best);
}

/* ------------------------------------------------------------------- search */

/* No later area can be better, or none is wanted. */
static bool settled(const struct finder *finder)
{
	const struct kmd_smem_site *best = &finder->best;
	uint64_t phys;

	if (!finder->found)
		return false;
	if (finder->any)
		return true;
	if (expected_phys(finder, best->base, &phys))
		return best->score >= SCORE_FULL + SCORE_EXPECTED;
	return best->score >= SCORE_FULL && roundness(best) >= ROUND_BASE;
}

/* An error describes a header without a table: what it is, and why it cannot be used. */
static void keep_heap(struct finder *finder, uint64_t at, uint32_t version)
{
	if (finder->found_heap)
		return;
	if (version == MD_SMEM_GLOBAL_HEAP_VERSION) {
		look_at(finder, at, MD_SMEM_HEADER_SIZE);
		finder->found_heap = kmd_smem_is_heap(&finder->target);
	}
	finder->found_heap |= !at || (finder->forced && at == finder->base);
	finder->heap = (struct kmd_smem_site){ .base = at, .version = version };
}

/* The page at @at lies @offset bytes into the block. */
static void visit(struct finder *finder, uint64_t at, uint64_t offset)
{
	uint32_t version;

	kmd_cursor_init(&finder->page, finder->in_block, offset, PAGE, finder->diag);
	if (kmd_smem_is_table(&finder->page))
		consider(finder, at);
	if (kmd_smem_is_global_partition(&finder->page))
		trail_add(&finder->partitions, at);
	if (kmd_smem_is_header(&finder->page, &version)) {
		trail_add(&finder->headers, at);
		keep_heap(finder, at, version);
	}
}

static enum kmd_status report(const struct finder *finder, uint64_t at)
{
	const struct kmd_image_options *options = finder->options;

	if (!options->progress ||
	    !options->progress(options->progress_user, KMD_PHASE_SCAN, at, finder->source->size))
		return KMD_OK;
	return kmd_fail(finder->diag, KMD_ERR_CANCELED, kmd_in(finder->source->name), "canceled");
}

static enum kmd_status scan_block(struct finder *finder, uint64_t at, uint64_t length)
{
	enum kmd_status status;

	status = kmd_source_read(finder->source, at, finder->block, length, finder->diag);
	for (uint64_t offset = 0; status == KMD_OK && length - offset >= PAGE; offset += PAGE) {
		visit(finder, at + offset, offset);
		status = finder->target.io;
		if (settled(finder))
			break;
	}
	return status == KMD_OK ? report(finder, at + length) : status;
}

static enum kmd_status scan(struct finder *finder)
{
	uint64_t size = finder->source->size, end = size;
	uint64_t at = finder->forced ? finder->base : 0;
	enum kmd_status status = KMD_OK;

	if (finder->forced)
		end = kmd_min_u64(size, at + KMD_SMEM_AREA_MAX);
	while (status == KMD_OK && at < end && !settled(finder)) {
		uint64_t length;

		at += kmd_align_down(kmd_source_skip_hole(finder->source, at, end) - at, PAGE);
		length = kmd_min_u64(BLOCK, end - at);
		status = scan_block(finder, at, length);
		at += length;
	}
	/* An area cut out by hand may not be made of whole pages of the file. */
	if (status == KMD_OK && !settled(finder) && size % PAGE && end == size && size >= PAGE)
		status = scan_block(finder, size - PAGE, PAGE);
	return status;
}

/* The page at @at, if its first bytes are those of a header or a table. */
static enum kmd_status look_at_page(struct finder *finder, uint64_t at)
{
	unsigned char head[MD_SMEM_TOC_OFFSET];
	enum kmd_status status =
		kmd_source_read(finder->source, at, head, sizeof(head), finder->diag);

	if (status != KMD_OK ||
	    (kmd_get_le(head, 4) != MD_SMEM_PTABLE_MAGIC &&
	     kmd_get_le(head + MD_SMEM_PTABLE_VERSION_OFFSET, 4) != MD_SMEM_PTABLE_VERSION &&
	     kmd_get_le(head + MD_SMEM_INITIALIZED_OFFSET, 4) != 1))
		return status;
	status = kmd_source_read(finder->source, at, finder->block, PAGE, finder->diag);
	if (status == KMD_OK)
		visit(finder, at, 0);
	return status == KMD_OK ? finder->target.io : status;
}

/* A header was seen at @base: the last pages of areas of any size. */
static enum kmd_status look_for_table(struct finder *finder, uint64_t base)
{
	uint64_t end = kmd_min_u64(finder->source->size, base + KMD_SMEM_AREA_MAX);
	enum kmd_status status = KMD_OK;

	for (uint64_t at = base + SIZE_STEP; status == KMD_OK && at <= end && !settled(finder);
	     at += SIZE_STEP)
		status = look_at_page(finder, at - PAGE);
	return status;
}

/*
 * Areas begin and end at round addresses, and so do images of RAM: look there before all is
 * read.  The table is in the last page of an area.
 */
static enum kmd_status look_at_steps(struct finder *finder)
{
	uint64_t size = kmd_align_down(finder->source->size, PAGE), step = STEP_LOW;
	enum kmd_status status = KMD_OK;

	for (uint64_t at = 0; status == KMD_OK && at <= size && !settled(finder); at += step) {
		uint64_t look = at >= PAGE ? at - PAGE : at, next;
		size_t headers = finder->headers.n;

		step = at < LOW_RAM ? STEP_LOW : STEP_HIGH;
		next = kmd_source_skip_hole(finder->source, look, size);
		if (next - look >= step) {
			at += kmd_align_down(next - look, step);
			/* Low steps may have led to a place that is none of the high ones. */
			at = (at < LOW_RAM ? at : kmd_align_down(at, STEP_HIGH)) - step;
			continue;
		}
		status = at >= PAGE ? look_at_page(finder, at - PAGE) : KMD_OK;
		if (status == KMD_OK && at < size)
			status = look_at_page(finder, at);
		if (status == KMD_OK && finder->headers.n > headers)
			status = look_for_table(finder, at);
	}
	return status;
}

static bool saw_marks(const struct finder *finder)
{
	return finder->found || finder->found_heap || finder->headers.n || finder->partitions.n;
}

/* All is read unless an area that no other can surpass is found before. */
static enum kmd_status search(struct finder *finder)
{
	const struct kmd_image_options *options = finder->options;
	enum kmd_status status;

	if (finder->forced || finder->source->size < KMD_SOURCE_MUCH)
		return scan(finder);
	status = look_at_steps(finder);
	if (status != KMD_OK || settled(finder) || (options->quick && !saw_marks(finder)))
		return status;
	memset(&finder->headers, 0, sizeof(finder->headers));
	memset(&finder->partitions, 0, sizeof(finder->partitions));
	memset(&finder->best, 0, sizeof(finder->best));
	finder->found = finder->found_heap = false;
	return scan(finder);
}

static enum kmd_status search_with_block(struct finder *finder)
{
	uint64_t size = kmd_min_u64(BLOCK, finder->source->size);
	enum kmd_status status;

	finder->block = calloc(1, size ? (size_t)size : 1);
	if (!finder->block)
		return kmd_fail_memory(finder->diag);
	status = kmd_source_from_memory(finder->diag, finder->block, size, finder->source->name,
					&finder->in_block);
	if (status == KMD_OK) {
		status = search(finder);
		kmd_source_free(finder->in_block);
	}
	free(finder->block);
	return status;
}

enum kmd_status kmd_smem_find(const struct kmd_source *source,
			      const struct kmd_image_options *options, bool any,
			      struct kmd_diag *diag, struct kmd_smem_site *site, bool *found)
{
	struct finder finder = { .source = source, .options = options, .diag = diag, .any = any };
	enum kmd_status status;

	*found = false;
	finder.forced = options->has_smem && options->has_ram_base;
	if (finder.forced) {
		finder.base = options->smem - options->ram_base;
		if (options->smem < options->ram_base ||
		    !kmd_inside(finder.base, 2 * PAGE, source->size))
			return KMD_OK;
	}
	status = search_with_block(&finder);
	if (status != KMD_OK)
		return status;
	*found = finder.found || finder.found_heap;
	*site = finder.found ? finder.best : finder.heap;
	return KMD_OK;
}
