/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "supply/tables.h"

#include "base/array.h"
#include "base/checked.h"
#include "supply/table_tree.h"

#include <stdlib.h>
#include <string.h>

/* Entries to look for: 64 GiB in pages of 4K. */
#define STEPS_MAX ((size_t)1 << 24)

/* Entries to look at for tables that end a walk. */
#define CLOSE_MAX ((size_t)1 << 22)

/*
 * Where crash looks on x86_64 while it starts, whatever is there: the stacks in the CPU
 * entry area (arch/x86/include/asm/pgtable_64_types.h, CPU_ENTRY_AREA_PGD) and the fixed
 * mappings.  It takes "not mapped" for an answer, but gives up on a table that it
 * cannot read.
 */
static const struct {
	uint64_t low, last;
} looked_at[] = {
	{ UINT64_C(0xfffffe0000000000), UINT64_C(0xfffffe7fffffffff) },
	{ UINT64_C(0xffffffffff000000), UINT64_MAX },
};

/* Whole pages of one view. */
struct span {
	uint64_t virt, phys, size;
	enum kmd_view_kind kind;
};

struct make {
	const struct kmd_paging *paging;
	struct kmd_tree tree;
	struct kmd_diag *diag;
	size_t steps;
	struct kmd_made_tables *out;
};

/* A table on the way down; a captured one may be on the way to several places. */
struct at {
	struct kmd_node *node;
	unsigned int level;
	uint64_t virt; /* where what it maps begins */
};

enum slot {
	SLOT_FREE,   /* nothing captured, nothing put in */
	SLOT_USED,   /* holds an entry */
	SLOT_CLOSED, /* captured: not mapped, or not whole */
};

static enum slot target(const struct make *make, const struct kmd_node *node, size_t index,
			uint64_t *entry)
{
	bool whole = kmd_table_get(make->paging, &node->table, index, entry);
	bool ours = kmd_table_is_free(&node->table, index);

	if (*entry && (whole || ours))
		return SLOT_USED;
	return ours ? SLOT_FREE : SLOT_CLOSED;
}

static void put(const struct make *make, struct kmd_node *node, size_t index, uint64_t entry)
{
	kmd_table_set(make->paging, &node->table, index, entry);
	node->set = true;
}

/* Blocks of the last level but one are what every consumer knows. */
static bool fits(const struct make *make, unsigned int level, const struct span *span)
{
	uint64_t size = UINT64_C(1) << kmd_paging_shift(make->paging, level);

	return level + 1 == make->paging->levels ||
	       (level + 2 == make->paging->levels && !((span->virt | span->phys) & (size - 1)) &&
		span->size >= size);
}

static void refuse(struct make *make, const struct span *span, uint64_t size)
{
	if (span->kind != KMD_VIEW_OTHER)
		return;
	if (!make->out->refused)
		make->out->first_refused = span->virt;
	make->out->refused += kmd_min_u64(size, span->size);
}

/*
 * The table that the entry leads to, made where it is free; @next has no node if the
 * span's beginning is settled here: mapped, or refused.
 */
static enum kmd_status descend(struct make *make, const struct at *at, const struct span *span,
			       struct at *next)
{
	unsigned int level = at->level, shift = kmd_paging_shift(make->paging, level);
	uint64_t size = UINT64_C(1) << shift, virt = kmd_align_down(span->virt, size);
	size_t index = (size_t)((virt - at->virt) >> shift);
	enum kmd_status status = KMD_OK;
	uint64_t entry, phys;

	*next = (struct at){ NULL, level + 1, virt };
	switch (target(make, at->node, index, &entry)) {
	case SLOT_CLOSED:
		refuse(make, span, size - (span->virt - virt));
		return KMD_OK;
	case SLOT_FREE:
		if (fits(make, level, span)) {
			put(make, at->node, index, kmd_entry_leaf(make->paging, level, span->phys));
			make->out->mapped += size;
			return KMD_OK;
		}
		status = kmd_tree_add(&make->tree, level + 1, virt, &next->node, make->diag);
		if (next->node)
			put(make, at->node, index,
			    kmd_entry_table(make->paging, next->node->table.phys));
		else
			make->out->cut = true;
		return status;
	case SLOT_USED:
		break;
	}
	switch (kmd_entry_decode(make->paging, level, entry, &phys)) {
	case KMD_ENTRY_TABLE:
		status = kmd_tree_get(&make->tree, phys, level + 1, virt, &next->node, make->diag);
		if (next->node)
			return status;
		break;
	case KMD_ENTRY_LEAF:
		if (phys + (span->virt - virt) == span->phys)
			return KMD_OK;
		break;
	case KMD_ENTRY_NONE:
		break;
	}
	refuse(make, span, size - (span->virt - virt));
	return status;
}

/* Settle the beginning of the span, and take it off. */
static enum kmd_status map_first(struct make *make, struct kmd_node *root, struct span *span)
{
	struct at at = { 0 }, next = { root, 0, kmd_paging_base(make->paging) };
	enum kmd_status status = KMD_OK;
	uint64_t size, step;

	while (status == KMD_OK && next.node) {
		at = next;
		status = descend(make, &at, span, &next);
	}
	size = UINT64_C(1) << kmd_paging_shift(make->paging, at.level);
	step = kmd_min_u64(span->size, size - (span->virt & (size - 1)));
	span->virt += step;
	span->phys += step;
	span->size -= step;
	return status;
}

/* The pages that hold the view; false if it is none of the kernel's half. */
static bool pages_of(const struct make *make, const struct kmd_view *view, struct span *span)
{
	const struct kmd_paging *paging = make->paging;
	uint64_t page = kmd_paging_page(paging), into = view->virt & (page - 1), end;
	uint64_t low = 0 - (UINT64_C(1) << paging->va_bits);

	if (paging->layout == KMD_PA_X86_64)
		low = 0 - (UINT64_C(1) << (paging->va_bits - 1));
	if (view->virt < low || !view->size || (view->phys & (page - 1)) != into ||
	    !kmd_add_u64(view->virt, view->size, &end) || end > 0 - page ||
	    !kmd_add_u64(view->phys, view->size, &end) || (end - 1) >> paging->pa_bits)
		return false;
	*span = (struct span){ view->virt - into, view->phys - into,
			       kmd_align_up(view->size + into, page), view->kind };
	return true;
}

static enum kmd_status map_view(struct make *make, struct kmd_node *root,
				const struct kmd_view *view)
{
	enum kmd_status status = KMD_OK;
	struct span span;

	if (view->kind == KMD_VIEW_VIRTUAL)
		return KMD_OK;
	if (!pages_of(make, view, &span)) {
		span = (struct span){ view->virt, view->phys, view->size, view->kind };
		refuse(make, &span, view->size);
		return KMD_OK;
	}
	while (status == KMD_OK && span.size && !make->out->cut) {
		if (++make->steps == STEPS_MAX ||
		    make->tree.n + make->paging->levels > make->tree.max)
			make->out->cut = true;
		else
			status = map_first(make, root, &span);
	}
	return status;
}

static enum kmd_status close_below(struct make *make, const struct at *at, uint64_t low,
				   uint64_t last, size_t *budget);

/* Where a captured entry leads to a table that is missing, put an empty one. */
static enum kmd_status close_entry(struct make *make, const struct at *at, size_t index,
				   uint64_t low, uint64_t last, size_t *budget)
{
	unsigned int shift = kmd_paging_shift(make->paging, at->level);
	struct at next = { NULL, at->level + 1, at->virt + ((uint64_t)index << shift) };
	enum kmd_status status;
	uint64_t entry, phys;

	if (target(make, at->node, index, &entry) != SLOT_USED ||
	    kmd_entry_decode(make->paging, at->level, entry, &phys) != KMD_ENTRY_TABLE)
		return KMD_OK;
	status = kmd_tree_get(&make->tree, phys, next.level, next.virt, &next.node, make->diag);
	if (status != KMD_OK || !next.node)
		return status;
	if (!next.node->table.n_known) {
		next.node->closed = !next.node->set;
		return KMD_OK;
	}
	return next.level + 1 < make->paging->levels ? close_below(make, &next, low, last, budget)
						     : KMD_OK;
}

static enum kmd_status close_below(struct make *make, const struct at *at, uint64_t low,
				   uint64_t last, size_t *budget)
{
	unsigned int shift = kmd_paging_shift(make->paging, at->level);
	size_t first, n = kmd_paging_entries(make->paging, at->level, &first);
	enum kmd_status status = KMD_OK;

	for (size_t i = first; status == KMD_OK && i < n; i++) {
		uint64_t virt = at->virt + ((uint64_t)i << shift);

		if (virt > last || virt + ((UINT64_C(1) << shift) - 1) < low)
			continue;
		if (!*budget || make->tree.n == make->tree.max)
			return KMD_OK;
		--*budget;
		status = close_entry(make, at, i, low, last, budget);
	}
	return status;
}

static enum kmd_status close_all(struct make *make, struct kmd_node *root)
{
	const struct at at = { root, 0, kmd_paging_base(make->paging) };
	enum kmd_status status = KMD_OK;
	size_t budget = CLOSE_MAX;

	if (make->paging->layout != KMD_PA_X86_64)
		return KMD_OK;
	for (size_t i = 0; status == KMD_OK && i < sizeof(looked_at) / sizeof(*looked_at); i++)
		status = close_below(make, &at, looked_at[i].low, looked_at[i].last, &budget);
	return status;
}

static bool add_supplied(struct make *make, const struct kmd_table *table, size_t from, size_t to)
{
	struct kmd_made_tables *out = make->out;
	struct kmd_made_table piece = { .phys = table->phys + from, .size = to - from };

	if (table->phys == make->paging->root)
		piece.virt = make->paging->root_virt + from;
	if (!KMD_ARRAY_RESERVE(out->items, out->n, out->cap))
		return false;
	piece.bytes = malloc(piece.size);
	if (!piece.bytes)
		return false;
	memcpy(piece.bytes, table->bytes + from, piece.size);
	out->items[out->n++] = piece;
	return true;
}

/* What was not captured of a table. */
static bool supply(struct make *make, const struct kmd_table *table)
{
	for (size_t from = 0, to; from < table->size; from = to) {
		unsigned char known = table->known[from];

		for (to = from; to < table->size && table->known[to] == known; to++)
			;
		if (!known && !add_supplied(make, table, from, to))
			return false;
	}
	return true;
}

static enum kmd_status supply_all(struct make *make)
{
	for (size_t i = 0; i < make->tree.n; i++) {
		const struct kmd_node *node = make->tree.nodes[i];

		if (!node->set && !node->closed)
			continue;
		make->out->tables_added += node->fresh;
		make->out->tables_completed += !node->fresh && node->set;
		make->out->tables_closed += node->closed;
		if (!supply(make, &node->table))
			return kmd_fail_memory(make->diag);
	}
	if (!make->out->cut)
		return KMD_OK;
	return kmd_report(
		make->diag, KMD_FIND_KERNEL, KMD_NOTE, kmd_in(NULL),
		"the limit of page tables is reached: some captured memory is not mapped");
}

static enum kmd_status map_all(struct make *make, const struct kmd_views *views)
{
	struct kmd_node *root;
	enum kmd_status status = kmd_tree_get(&make->tree, make->paging->root, 0,
					      kmd_paging_base(make->paging), &root, make->diag);

	if (status != KMD_OK)
		return status;
	if (!root->table.n_known)
		make->out->root = KMD_ROOT_MISSING;
	else if (root->table.n_known < root->table.size)
		make->out->root = KMD_ROOT_PARTLY;
	for (size_t i = 0; status == KMD_OK && i < views->n; i++)
		status = map_view(make, root, &views->items[i]);
	if (status == KMD_OK)
		status = close_all(make, root);
	return status == KMD_OK ? supply_all(make) : status;
}

enum kmd_status kmd_tables_make(const struct kmd_paging *paging, const struct kmd_memory *memory,
				const struct kmd_views *views, uint64_t ram_end,
				struct kmd_diag *diag, struct kmd_made_tables *made)
{
	struct make make = { .paging = paging, .diag = diag, .out = made };
	enum kmd_status status;

	memset(made, 0, sizeof(*made));
	if (kmd_tree_init(&make.tree, paging, memory, ram_end) == KMD_OK)
		status = map_all(&make, views);
	else
		status = kmd_report(diag, KMD_FIND_KERNEL, KMD_NOTE, kmd_in(NULL),
				    "no physical address is left for page tables: none are made");
	kmd_tree_deinit(&make.tree);
	if (status != KMD_OK)
		kmd_made_tables_deinit(made);
	return status;
}

void kmd_made_tables_deinit(struct kmd_made_tables *made)
{
	for (size_t i = 0; i < made->n; i++)
		free(made->items[i].bytes);
	free(made->items);
	memset(made, 0, sizeof(*made));
}
