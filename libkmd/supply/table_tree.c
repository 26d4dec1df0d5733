/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "supply/table_tree.h"

#include "base/array.h"
#include "base/checked.h"
#include "base/search.h"

#include <stdlib.h>
#include <string.h>

/* All tables together; as page tables of 4K this maps 32 GiB of single pages. */
#define BYTES_MAX (UINT64_C(64) << 20)

/*
 * The end of RAM is not known, and what a consumer reads there must not be a made
 * table.  A terabyte is beyond the RAM of what makes minidumps, and keeps bitmaps
 * that consumers allocate for all pages (makedumpfile) at 32 MiB.
 */
static const uint64_t steps[] = { UINT64_C(1) << 40, UINT64_C(1) << 36, UINT64_C(1) << 30 };

/* Behind everything that the dump names. */
static uint64_t top_of(const struct kmd_tree *tree, uint64_t ram_end)
{
	const struct kmd_memory *memory = tree->memory;
	uint64_t top = kmd_max_u64(ram_end, tree->paging->root + kmd_paging_page(tree->paging));

	if (memory->n_phys)
		top = kmd_max_u64(top, memory->phys[memory->n_phys - 1].end);
	for (size_t i = 0; i < memory->regions->n; i++) {
		const struct kmd_region *region = &memory->regions->rows[i].pub;
		uint64_t end;

		if (!region->has_phys || region->phys >> tree->paging->pa_bits)
			continue;
		if (kmd_add_u64(region->phys, region->size, &end))
			top = kmd_max_u64(top, end);
	}
	return top;
}

enum kmd_status kmd_tree_init(struct kmd_tree *tree, const struct kmd_paging *paging,
			      const struct kmd_memory *memory, uint64_t ram_end)
{
	uint64_t limit = UINT64_C(1) << paging->pa_bits, top;

	*tree = (struct kmd_tree){ .paging = paging, .memory = memory };
	tree->max = (size_t)(BYTES_MAX >> paging->page_shift);
	top = top_of(tree, ram_end);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && top < limit; i++) {
		tree->fresh = kmd_align_up(top, steps[i]);
		tree->fresh_end = tree->fresh + BYTES_MAX;
		if (tree->fresh_end <= limit)
			return KMD_OK;
	}
	return KMD_ERR_LIMIT;
}

void kmd_tree_deinit(struct kmd_tree *tree)
{
	for (size_t i = 0; i < tree->n; i++) {
		kmd_table_deinit(&tree->nodes[i]->table);
		free(tree->nodes[i]);
	}
	free(tree->nodes);
	memset(tree, 0, sizeof(*tree));
}

/* Where @phys is, or belongs, in the nodes. */
static size_t find(const struct kmd_tree *tree, uint64_t phys)
{
	return KMD_LOWER_BOUND(tree->n, middle, tree->nodes[middle]->table.phys < phys);
}

static struct kmd_node *node_at(const struct kmd_tree *tree, uint64_t phys)
{
	size_t at = find(tree, phys);

	return at < tree->n && tree->nodes[at]->table.phys == phys ? tree->nodes[at] : NULL;
}

static struct kmd_node *insert(struct kmd_tree *tree, uint64_t phys, unsigned int level,
			       uint64_t virt)
{
	size_t at = find(tree, phys);
	struct kmd_node *node;

	if (!KMD_ARRAY_RESERVE(tree->nodes, tree->n, tree->cap))
		return NULL;
	node = calloc(1, sizeof(*node));
	if (!node || !kmd_table_init(&node->table, (size_t)kmd_paging_page(tree->paging),
				     kmd_paging_entry_size(tree->paging))) {
		free(node);
		return NULL;
	}
	node->table.phys = phys;
	node->level = level;
	node->virt = virt;
	memmove(tree->nodes + at + 1, tree->nodes + at, (tree->n - at) * sizeof(*tree->nodes));
	tree->nodes[at] = node;
	tree->n++;
	return node;
}

enum kmd_status kmd_tree_get(struct kmd_tree *tree, uint64_t phys, unsigned int level,
			     uint64_t virt, struct kmd_node **node, struct kmd_diag *diag)
{
	*node = node_at(tree, phys);
	if (*node) {
		bool whole = (*node)->table.n_known == (*node)->table.size;

		/* An entry put in for one place would show at the other as well. */
		if (!whole && ((*node)->level != level || (*node)->virt != virt))
			*node = NULL;
		return KMD_OK;
	}
	if (phys >> tree->paging->pa_bits)
		return KMD_OK;
	*node = insert(tree, phys, level, virt);
	if (!*node)
		return kmd_fail_memory(diag);
	return kmd_table_load(&(*node)->table, tree->memory, phys, diag);
}

enum kmd_status kmd_tree_add(struct kmd_tree *tree, unsigned int level, uint64_t virt,
			     struct kmd_node **node, struct kmd_diag *diag)
{
	uint64_t page = kmd_paging_page(tree->paging);

	*node = NULL;
	/* A captured entry may name such an address, however wrongly. */
	while (tree->fresh < tree->fresh_end && node_at(tree, tree->fresh))
		tree->fresh += page;
	if (tree->fresh == tree->fresh_end)
		return KMD_OK;
	*node = insert(tree, tree->fresh, level, virt);
	if (!*node)
		return kmd_fail_memory(diag);
	(*node)->fresh = true;
	tree->fresh += page;
	return KMD_OK;
}
