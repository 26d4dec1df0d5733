/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What goes into the core: captured memory by every address at which the kernel had it,
 * and what is supplied, so that consumers find their way.
 */
#include "api/handle.h"
#include "supply/tables.h"
#include "vmcore/kmd_note.h"

#include <inttypes.h>
#include <stdlib.h>

/* Each table becomes an item of the supply, its bytes a source of their own. */
static enum kmd_status supply_tables(struct kmd *kmd)
{
	struct kmd_diag *diag = &kmd->diag;
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; status == KMD_OK && i < kmd->tables.n; i++) {
		const struct kmd_supplied *table = &kmd->tables.items[i];
		struct kmd_supply_item item = { .phys = table->phys,
						.size = table->size,
						.what = "page table" };
		struct kmd_source *source = NULL;

		status =
			kmd_source_from_memory(diag, table->bytes, table->size, item.what, &source);
		if (status == KMD_OK)
			status = kmd_supply_own(&kmd->supply, source, diag);
		item.source = source;
		if (status == KMD_OK)
			status = kmd_supply_add(&kmd->supply, &item, diag);
	}
	return status;
}

static enum kmd_status make_tables(struct kmd *kmd, const struct kmd_paging *paging)
{
	enum kmd_status status =
		kmd_tables_make(paging, &kmd->memory, &kmd->views, 0, &kmd->diag, &kmd->tables);

	if (status == KMD_OK && kmd->tables.cut)
		status = kmd_report(
			&kmd->diag, KMD_FIND_KERNEL, KMD_NOTE, kmd_in(NULL),
			"not all of captured memory is mapped by the page tables that were "
			"made: there is too much of it");
	return status == KMD_OK ? supply_tables(kmd) : status;
}

enum kmd_status kmd_open_views(struct kmd *kmd)
{
	struct kmd_diag *diag = &kmd->diag;
	enum kmd_status status = KMD_OK;

	kmd->has_paging = kmd->info.text && kmd_paging_init(&kmd->info, &kmd->facts, &kmd->paging);
	if (kmd->has_paging)
		status = kmd_paging_walk(&kmd->paging, &kmd->memory, &kmd->facts.layout, diag,
					 &kmd->mappings);
	if (status == KMD_OK)
		status = kmd_views_build_mapped(&kmd->memory, &kmd->facts,
						kmd->has_paging ? &kmd->mappings : NULL, diag,
						&kmd->views);
	kmd_target_init(&kmd->target, &kmd->memory, &kmd->views, &kmd->facts, &kmd->info,
			&kmd->runtime, kmd->vmlinux_path ? &kmd->vmlinux : NULL, diag);
	return status;
}

static enum kmd_status supply(struct kmd *kmd)
{
	enum kmd_status status = kmd_complete_memory(kmd, &kmd->supply, &kmd->completion);

	return status == KMD_OK && kmd->has_paging ? make_tables(kmd, &kmd->paging) : status;
}

enum kmd_status kmd_prepare_core(struct kmd *kmd)
{
	struct kmd_diag *diag = &kmd->diag;
	enum kmd_status status = KMD_OK;

	if (!(kmd->flags & KMD_CAPTURED_ONLY))
		status = supply(kmd);
	if (status == KMD_OK)
		status = kmd_core_memory_build(&kmd->memory, &kmd->supply, diag, &kmd->core);
	if (status == KMD_OK)
		status = kmd_views_build_mapped(&kmd->core.memory, &kmd->facts,
						kmd->has_paging ? &kmd->mappings : NULL, diag,
						&kmd->core_views);
	kmd_target_init(&kmd->core_target, &kmd->core.memory, &kmd->core_views, &kmd->facts,
			&kmd->info, &kmd->runtime, kmd->vmlinux_path ? &kmd->vmlinux : NULL, diag);
	if (status == KMD_OK)
		status = kmd_note_supplied(&kmd->core, kmd->facts.big_endian, diag,
					   &kmd->notes.bytes, &kmd->notes.size);
	return status;
}

void kmd_core_deinit(struct kmd *kmd)
{
	kmd_views_deinit(&kmd->core_views);
	kmd_core_memory_deinit(&kmd->core);
	kmd_completion_deinit(&kmd->completion);
	kmd_supply_deinit(&kmd->supply);
	kmd_made_tables_deinit(&kmd->tables);
	kmd_mappings_deinit(&kmd->mappings);
}

/* ----- what is supplied, as it is told */

static const struct kmd_region_entry *supplied(const struct kmd *kmd, size_t index)
{
	size_t first = kmd->regions.n;

	return kmd->ready && index < kmd->core.regions.n - first
		       ? &kmd->core.regions.rows[first + index]
		       : NULL;
}

KMD_EXPORT size_t kmd_supplied_count(const struct kmd *kmd)
{
	return kmd->ready ? kmd->core.regions.n - kmd->regions.n : 0;
}

KMD_EXPORT const struct kmd_region *kmd_supplied_get(const struct kmd *kmd, size_t index)
{
	const struct kmd_region_entry *row = supplied(kmd, index);

	return row ? &row->pub : NULL;
}
