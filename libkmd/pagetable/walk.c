/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "pagetable/walk.h"

#include "base/array.h"
#include "base/checked.h"
#include "pagetable/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* How often one table, or one page, is shown before it is a filler. */
#define SHOWN_MAX   16
/* Entries to look at: those of 65536 tables of 4K. */
#define ENTRIES_MAX (UINT64_C(1) << 25)
/* Tables to follow from one level to the next, and runs of memory to find. */
#define PLACES_MAX  ((size_t)1 << 20)
#define RUNS_MAX    ((size_t)1 << 20)

/* A table, and where what it maps begins. */
struct place {
	uint64_t phys, virt;
};

struct places {
	struct place *items;
	size_t n, cap;
};

struct walk {
	const struct kmd_paging *paging;
	const struct kmd_memory *memory;
	const struct kmd_layout *known;
	struct kmd_diag *diag;
	struct kmd_table table;
	struct places next;
	struct kmd_mapping *runs;
	size_t n_runs, cap_runs;
	uint64_t entries; /* looked at */
	struct kmd_mappings *out;
};

static bool says_the_same(const struct kmd_map *map, const struct kmd_mapping *leaf)
{
	return map->known && leaf->virt - leaf->phys == map->delta && leaf->virt >= map->low &&
	       leaf->virt < map->high && leaf->size <= map->high - leaf->virt;
}

/* The captured parts of a page or block. */
static bool add_leaf(struct walk *walk, const struct kmd_mapping *leaf)
{
	const struct kmd_interval *pieces = walk->memory->phys;
	uint64_t end = leaf->phys + leaf->size;

	if (walk->known &&
	    (says_the_same(&walk->known->linear, leaf) || says_the_same(&walk->known->image, leaf)))
		return true;
	for (size_t i = kmd_intervals_find(pieces, walk->memory->n_phys, leaf->phys);
	     i < walk->memory->n_phys && pieces[i].start < end; i++) {
		uint64_t from = kmd_max_u64(leaf->phys, pieces[i].start);
		uint64_t to = kmd_min_u64(end, pieces[i].end);

		if (walk->n_runs == RUNS_MAX) {
			walk->out->cut = true;
			return true;
		}
		if (!KMD_ARRAY_RESERVE(walk->runs, walk->n_runs, walk->cap_runs))
			return false;
		walk->runs[walk->n_runs++] =
			(struct kmd_mapping){ leaf->virt + (from - leaf->phys), from, to - from };
	}
	return true;
}

static bool add_table(struct walk *walk, unsigned int level, uint64_t phys, uint64_t virt)
{
	struct places *next = &walk->next;

	if (!kmd_table_captured(walk->memory, phys, kmd_paging_table_size(walk->paging, level))) {
		walk->out->tables_missing++;
		return true;
	}
	if (next->n == PLACES_MAX) {
		walk->out->cut = true;
		return true;
	}
	if (!KMD_ARRAY_RESERVE(next->items, next->n, next->cap))
		return false;
	next->items[next->n++] = (struct place){ phys, virt };
	return true;
}

static bool add_entry(struct walk *walk, unsigned int level, uint64_t entry, uint64_t virt)
{
	struct kmd_mapping leaf = { .virt = virt };
	uint64_t end;

	switch (kmd_entry_decode(walk->paging, level, entry, &leaf.phys)) {
	case KMD_ENTRY_TABLE:
		return add_table(walk, level + 1, leaf.phys, virt);
	case KMD_ENTRY_LEAF:
		leaf.size = UINT64_C(1) << kmd_paging_shift(walk->paging, level);
		/* The last page of the address space has no end, and the kernel never uses it. */
		return !kmd_add_u64(virt, leaf.size, &end) || add_leaf(walk, &leaf);
	case KMD_ENTRY_NONE:
		break;
	}
	return true;
}

static bool expand(struct walk *walk, unsigned int level, uint64_t virt)
{
	unsigned int shift = kmd_paging_shift(walk->paging, level);
	size_t first, n = kmd_paging_entries(walk->paging, level, &first);

	if (walk->entries + n > ENTRIES_MAX) {
		walk->out->cut = true;
		return true;
	}
	walk->entries += n;
	for (size_t i = first; i < n; i++) {
		uint64_t entry;

		if (kmd_table_get(walk->paging, &walk->table, i, &entry) && entry &&
		    !add_entry(walk, level, entry, virt + ((uint64_t)i << shift)))
			return false;
	}
	return true;
}

static int by_table(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int order = kmd_cmp_u64(x->phys, y->phys);

	return order ? order : kmd_cmp_u64(x->virt, y->virt);
}

/* One level's tables, each read once. */
static enum kmd_status walk_level(struct walk *walk, unsigned int level, struct places *now)
{
	enum kmd_status status = KMD_OK;
	size_t shown = 0;

	walk->table.size = kmd_paging_table_size(walk->paging, level);
	if (now->n)
		qsort(now->items, now->n, sizeof(*now->items), by_table);
	for (size_t i = 0; status == KMD_OK && i < now->n; i++) {
		const struct place *place = &now->items[i];

		if (!i || place->phys != place[-1].phys) {
			status =
				kmd_table_load(&walk->table, walk->memory, place->phys, walk->diag);
			walk->out->tables_read++;
			shown = 0;
		}
		if (status == KMD_OK && shown++ < SHOWN_MAX && !expand(walk, level, place->virt))
			status = kmd_fail_memory(walk->diag);
	}
	return status;
}

static enum kmd_status walk_all(struct walk *walk)
{
	enum kmd_status status = KMD_OK;

	if (!add_table(walk, 0, walk->paging->root, kmd_paging_base(walk->paging)))
		status = kmd_fail_memory(walk->diag);
	for (unsigned int level = 0; status == KMD_OK && level < walk->paging->levels; level++) {
		struct places now = walk->next;

		walk->next = (struct places){ 0 };
		status = walk_level(walk, level, &now);
		free(now.items);
	}
	return status;
}

static int by_phys(const void *a, const void *b)
{
	const struct kmd_mapping *x = a, *y = b;
	int order = kmd_cmp_u64(x->phys, y->phys);

	return order ? order : kmd_cmp_u64(x->virt, y->virt);
}

static int by_virt(const void *a, const void *b)
{
	const struct kmd_mapping *x = a, *y = b;

	return kmd_cmp_u64(x->virt, y->virt);
}

static void drop_fillers(struct walk *walk)
{
	size_t kept = 0, shown = 0;
	uint64_t phys = 0;

	qsort(walk->runs, walk->n_runs, sizeof(*walk->runs), by_phys);
	for (size_t i = 0; i < walk->n_runs; i++) {
		shown = i && walk->runs[i].phys == phys ? shown + 1 : 0;
		phys = walk->runs[i].phys;
		if (shown < SHOWN_MAX)
			walk->runs[kept++] = walk->runs[i];
	}
	walk->n_runs = kept;
}

static void merge(struct walk *walk)
{
	size_t n = 0;

	qsort(walk->runs, walk->n_runs, sizeof(*walk->runs), by_virt);
	for (size_t i = 0; i < walk->n_runs; i++) {
		const struct kmd_mapping *run = &walk->runs[i];
		struct kmd_mapping *last = n ? &walk->runs[n - 1] : NULL;

		if (last && last->virt + last->size == run->virt &&
		    last->phys + last->size == run->phys)
			last->size += run->size;
		else
			walk->runs[n++] = *run;
	}
	walk->n_runs = n;
}

/* Damaged tables, or wrong facts of the kernel, would show up here first. */
static enum kmd_status check_root(const struct walk *walk, bool *sound)
{
	const struct kmd_paging *paging = walk->paging;
	uint64_t phys = 0;
	bool found;
	enum kmd_status status = kmd_paging_translate(paging, walk->memory, paging->root_virt,
						      &found, &phys, walk->diag);

	*sound = status == KMD_OK && (!found || phys == paging->root);
	if (status != KMD_OK || *sound)
		return status;
	return kmd_report(walk->diag, KMD_FIND_KERNEL, KMD_DAMAGE, kmd_in(NULL),
			  "the page tables at physical 0x%" PRIx64
			  " map their own address 0x%" PRIx64 " to physical 0x%" PRIx64
			  ": not used",
			  paging->root, paging->root_virt, phys);
}

static enum kmd_status say_cut(const struct walk *walk)
{
	if (!walk->out->cut)
		return KMD_OK;
	return kmd_report(walk->diag, KMD_FIND_KERNEL, KMD_DAMAGE, kmd_in(NULL),
			  "the page tables map more than a kernel does: not all of it is used");
}

enum kmd_status kmd_paging_walk(const struct kmd_paging *paging, const struct kmd_memory *memory,
				const struct kmd_layout *known, struct kmd_diag *diag,
				struct kmd_mappings *mappings)
{
	struct walk walk = {
		.paging = paging, .memory = memory, .known = known, .diag = diag, .out = mappings
	};
	enum kmd_status status;
	bool sound;

	memset(mappings, 0, sizeof(*mappings));
	status = check_root(&walk, &sound);
	if (status != KMD_OK || !sound)
		return status;
	/* The root is the largest. */
	if (!kmd_table_init(&walk.table, kmd_paging_table_size(paging, 0),
			    kmd_paging_entry_size(paging)))
		return kmd_fail_memory(diag);
	status = walk_all(&walk);
	if (status == KMD_OK && walk.n_runs) {
		drop_fillers(&walk);
		merge(&walk);
	}
	if (status == KMD_OK)
		status = say_cut(&walk);
	free(walk.next.items);
	kmd_table_deinit(&walk.table);
	mappings->items = walk.runs;
	mappings->n = walk.n_runs;
	if (status != KMD_OK)
		kmd_mappings_deinit(mappings);
	return status;
}

void kmd_mappings_deinit(struct kmd_mappings *mappings)
{
	free(mappings->items);
	memset(mappings, 0, sizeof(*mappings));
}
