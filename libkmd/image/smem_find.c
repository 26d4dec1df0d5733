/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "image/smem_find.h"

#include "base/checked.h"

#include <kmemdump/minidump.h>
#include <string.h>

#define PAGE 4096
#define PROGRESS_STEP (1u << 20)
#define REMEMBERED 4
/* RAM starts at round addresses: an area that puts it at one is not a stray copy. */
#define ROUND_BASE (1u << 28)

/* What vouches for an area.  Any two weak marks weigh less than a strong one. */
enum {
	SCORE_INFO = 1,
	SCORE_TABLE = 2,
	SCORE_SIZE = 2,
	SCORE_HEADER = 4,
	SCORE_PARTITION = 4,
	SCORE_FULL = 13,
	SCORE_EXPECTED = 16,	/* it says that it lies where the user says */
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
	bool forced;		/* both options given: the area starts at @base */
	uint64_t base;
	struct trail headers, partitions;
	struct kmd_cursor page;	/* the page at hand */
	struct kmd_cursor look;	/* other places */
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

/* ------------------------------------------------------------- single marks */

static uint64_t slot_offset(uint32_t slot)
{
	return MD_SMEM_PTABLE_ENTRIES_OFFSET + (uint64_t)slot * MD_SMEM_PTABLE_ENTRY_SIZE;
}

static void info_at(struct kmd_cursor *table, uint32_t slot, struct kmd_smem_info *info)
{
	uint64_t at = slot_offset(slot);

	info->slot = slot;
	info->marked = kmd_cursor_u32(table, at) == MD_SMEM_INFO_MAGIC;
	info->size = kmd_cursor_u32(table, at + MD_SMEM_INFO_SIZE_OFFSET);
	info->phys = kmd_cursor_u32(table, at + MD_SMEM_INFO_BASE_OFFSET);
	info->items = kmd_cursor_u16(table, at + MD_SMEM_INFO_ITEMS_OFFSET);
	info->sane = info->size >= 2 * PAGE && info->size <= KMD_SMEM_AREA_MAX &&
		     !(info->size % PAGE) && info->phys && !(info->phys % PAGE);
}

void kmd_smem_info_read(struct kmd_cursor *table, uint64_t size, struct kmd_smem_info *info)
{
	uint32_t count = kmd_cursor_u32(table, MD_SMEM_PTABLE_COUNT_OFFSET);

	memset(info, 0, sizeof(*info));
	if (!kmd_cursor_has(table, 0, MD_SMEM_PTABLE_SIZE))
		return;
	if (count <= KMD_SMEM_TABLE_MAX) {
		info_at(table, count, info);
		/* A broken magic is forgiven where the size fits what is known of the area. */
		info->present = info->marked || (size && info->sane && info->size == size);
	}
	for (uint32_t slot = 0; slot <= KMD_SMEM_TABLE_MAX && !info->present; slot++) {
		info_at(table, slot, info);
		info->present = info->marked;
	}
	if (!info->present)
		memset(info, 0, sizeof(*info));
}

bool kmd_smem_is_header(struct kmd_cursor *area, uint32_t *version)
{
	*version = kmd_cursor_u32(area, MD_SMEM_VERSION_OFFSET) >> 16;
	return kmd_cursor_has(area, 0, MD_SMEM_TOC_OFFSET) &&
	       kmd_cursor_u32(area, MD_SMEM_INITIALIZED_OFFSET) == 1 &&
	       !kmd_cursor_u32(area, MD_SMEM_RESERVED_OFFSET) &&
	       (*version == MD_SMEM_GLOBAL_HEAP_VERSION || *version == MD_SMEM_GLOBAL_PART_VERSION);
}

/* One of the two words may be damaged where an info block stands in. */
static bool is_table(struct kmd_cursor *page)
{
	bool magic = kmd_cursor_u32(page, 0) == MD_SMEM_PTABLE_MAGIC;
	bool version = kmd_cursor_u32(page, MD_SMEM_PTABLE_VERSION_OFFSET) ==
		       MD_SMEM_PTABLE_VERSION;
	struct kmd_smem_info info;

	if (magic && version)
		return true;
	if (!magic && !version)
		return false;
	kmd_smem_info_read(page, 0, &info);
	return info.present;
}

static bool is_global_partition(struct kmd_cursor *part)
{
	return kmd_cursor_u32(part, 0) == MD_SMEM_PART_MAGIC &&
	       kmd_cursor_u16(part, MD_SMEM_PART_HOST0) == MD_SMEM_GLOBAL_HOST &&
	       kmd_cursor_u16(part, MD_SMEM_PART_HOST1) == MD_SMEM_GLOBAL_HOST;
}

/* A version 11 header carries its heap's table: 512 entries that all must make sense. */
static bool is_heap(struct kmd_cursor *area)
{
	size_t used = 0;

	for (uint64_t i = 0; i < MD_SMEM_TOC_ENTRIES; i++) {
		uint64_t at = MD_SMEM_TOC_OFFSET + i * MD_SMEM_TOC_ENTRY_SIZE;
		uint32_t allocated = kmd_cursor_u32(area, at + MD_SMEM_TOC_ALLOCATED);

		if (allocated > 1 || !kmd_cursor_has(area, at, MD_SMEM_TOC_ENTRY_SIZE))
			return false;
		if (allocated && (kmd_cursor_u32(area, at + MD_SMEM_TOC_ENTRY_LENGTH) & 7))
			return false;
		used += allocated;
	}
	return used > 0;
}

/* ---------------------------------------------------------- weighing a place */

static void look_at(struct finder *finder, uint64_t at, uint64_t size)
{
	kmd_cursor_init(&finder->look, finder->source, at, size, finder->diag);
}

/* Offset of the global partition in the area, as the table at @table has it; 0 = none. */
static uint64_t global_entry(struct finder *finder, uint64_t table)
{
	struct kmd_smem_info info;
	uint32_t count;

	look_at(finder, table, MD_SMEM_PTABLE_SIZE);
	kmd_smem_info_read(&finder->look, 0, &info);
	count = kmd_cursor_u32(&finder->look, MD_SMEM_PTABLE_COUNT_OFFSET);
	if (info.present)
		count = info.slot;
	if (count > KMD_SMEM_TABLE_MAX)
		count = KMD_SMEM_TABLE_MAX;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t at = slot_offset(i);

		if (kmd_cursor_u16(&finder->look, at + MD_SMEM_PTE_HOST0) == MD_SMEM_GLOBAL_HOST &&
		    kmd_cursor_u16(&finder->look, at + MD_SMEM_PTE_HOST1) == MD_SMEM_GLOBAL_HOST)
			return kmd_cursor_u32(&finder->look, at + MD_SMEM_PTE_OFFSET);
	}
	return 0;
}

/* What the area's address should be by the user's word; false = the user said nothing. */
static bool expected_phys(const struct finder *finder, uint64_t base, uint64_t *phys)
{
	if (finder->options->has_smem) {
		*phys = finder->options->smem;
		return true;
	}
	return finder->options->has_ram_base &&
	       kmd_add_u64(finder->options->ram_base, base, phys);
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
	if (site->info.sane && expected_phys(finder, site->base, &phys) && site->info.phys == phys)
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
	kmd_smem_info_read(&finder->look, site.size, &site.info);
	site.table_marked = kmd_cursor_u32(&finder->look, 0) == MD_SMEM_PTABLE_MAGIC &&
			    kmd_cursor_u32(&finder->look, MD_SMEM_PTABLE_VERSION_OFFSET) ==
				    MD_SMEM_PTABLE_VERSION;
	look_at(finder, base, site.size);
	if (!kmd_smem_is_header(&finder->look, &site.version))
		site.version = 0;
	if (global && kmd_inside(global, MD_SMEM_PART_HEADER_SIZE, site.size)) {
		look_at(finder, base + global, MD_SMEM_PART_HEADER_SIZE);
		site.partition = is_global_partition(&finder->look);
	}
	if (!finder->forced && !site.version && !site.partition)
		return;
	site.score = score(finder, &site);
	if (site.score > best->score)
		*best = site;
}

/* How round the address is at which RAM would start, were @site the right one. */
static uint64_t roundness(const struct kmd_smem_site *site)
{
	uint64_t base = site->info.phys - site->base;

	if (!site->info.sane || site->info.phys < site->base)
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
		kmd_smem_info_read(&finder->look, 0, &info);
		if (info.sane && info.size <= end)
			weigh(finder, table, end - info.size, global, &best);
		for (size_t i = 0; best.score < SCORE_FULL && i < trail_count(&finder->headers); i++)
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

/* No area behind this one can be better, or none is asked for. */
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

/* A header without a table is worth telling: what it is, and why it does not help. */
static void keep_heap(struct finder *finder, uint64_t at, uint32_t version)
{
	if (finder->found_heap)
		return;
	if (version == MD_SMEM_GLOBAL_HEAP_VERSION) {
		look_at(finder, at, MD_SMEM_HEADER_SIZE);
		finder->found_heap = is_heap(&finder->look);
	}
	finder->found_heap |= !at || (finder->forced && at == finder->base);
	finder->heap = (struct kmd_smem_site){ .base = at, .version = version };
}

static void visit(struct finder *finder, uint64_t at)
{
	uint32_t version;

	kmd_cursor_init(&finder->page, finder->source, at, PAGE, finder->diag);
	if (is_table(&finder->page))
		consider(finder, at);
	if (is_global_partition(&finder->page))
		trail_add(&finder->partitions, at);
	if (kmd_smem_is_header(&finder->page, &version)) {
		trail_add(&finder->headers, at);
		keep_heap(finder, at, version);
	}
}

static enum kmd_status check(const struct finder *finder, uint64_t at)
{
	const struct kmd_image_options *options = finder->options;

	if (finder->page.io != KMD_OK)
		return finder->page.io;
	if (finder->look.io != KMD_OK)
		return finder->look.io;
	if (at % PROGRESS_STEP || !options->progress)
		return KMD_OK;
	if (options->progress(options->progress_user, KMD_PHASE_SCAN, at, finder->source->size))
		return kmd_fail(finder->diag, KMD_ERR_CANCELED, kmd_in(finder->source->name),
				"canceled");
	return KMD_OK;
}

static enum kmd_status scan(struct finder *finder)
{
	uint64_t size = finder->source->size, end = size;
	uint64_t at = finder->forced ? finder->base : 0;
	enum kmd_status status;

	if (finder->forced)
		end = kmd_min_u64(size, at + KMD_SMEM_AREA_MAX);
	for (; kmd_inside(at, PAGE, end); at += PAGE) {
		visit(finder, at);
		status = check(finder, at);
		if (status != KMD_OK || settled(finder))
			return status;
	}
	/* An area cut out by hand may not be made of whole pages of the file. */
	if (size % PAGE && end == size && size >= PAGE) {
		visit(finder, size - PAGE);
		return check(finder, 1);
	}
	return KMD_OK;
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
	status = scan(&finder);
	if (status != KMD_OK)
		return status;
	*found = finder.found || finder.found_heap;
	*site = finder.found ? finder.best : finder.heap;
	return KMD_OK;
}
