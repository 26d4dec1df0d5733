/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "supply/prepare.h"

#include <string.h>

/* Each table becomes an item of the supply, its bytes a source of their own. */
static enum kmd_status supply_tables(const struct kmd_target *target, struct kmd_prepared *prepared)
{
	struct kmd_diag *diag = target->diag;
	enum kmd_status status = kmd_tables_make(&target->paging, target->memory, target->views, 0,
						 diag, &prepared->tables);

	if (status == KMD_OK && prepared->tables.cut)
		status = kmd_report(diag, KMD_FIND_KERNEL, KMD_NOTE, kmd_in(NULL),
				    "the limit of page tables is reached: some captured memory is "
				    "not mapped by them");
	for (size_t i = 0; status == KMD_OK && i < prepared->tables.n; i++) {
		const struct kmd_made_table *table = &prepared->tables.items[i];
		struct kmd_supply_item item = { .phys = table->phys,
						.size = table->size,
						.what = "page table" };
		struct kmd_source *source = NULL;

		status =
			kmd_source_from_memory(diag, table->bytes, table->size, item.what, &source);
		if (status == KMD_OK)
			status = kmd_supply_own(&prepared->supply, source, diag);
		item.source = source;
		if (status == KMD_OK)
			status = kmd_supply_add(&prepared->supply, &item, diag);
	}
	return status;
}

static enum kmd_status supply_all(const struct kmd_target *target,
				  const struct kmd_prepare_options *options,
				  struct kmd_prepared *prepared)
{
	enum kmd_status status = KMD_OK;

	if (target->vmlinux)
		status = kmd_complete_from_vmlinux(target->vmlinux, target->runtime, target->memory,
						   options->complete, target->diag,
						   &prepared->supply, &prepared->completion);
	return status == KMD_OK && target->has_paging && kmd_paging_can_make(&target->paging)
		       ? supply_tables(target, prepared)
		       : status;
}

enum kmd_status kmd_prepare(const struct kmd_target *target, const struct kmd_mappings *mappings,
			    const struct kmd_prepare_options *options,
			    struct kmd_prepared *prepared)
{
	struct kmd_diag *diag = target->diag;
	enum kmd_status status = KMD_OK;

	memset(prepared, 0, sizeof(*prepared));
	if (!options->captured_only)
		status = supply_all(target, options, prepared);
	if (status == KMD_OK)
		status = kmd_core_memory_build(target->memory, &prepared->supply, diag,
					       &prepared->core);
	if (status == KMD_OK)
		status = kmd_views_build_mapped(&prepared->core.memory, target->facts, mappings,
						diag, &prepared->views);
	return status;
}

void kmd_prepared_deinit(struct kmd_prepared *prepared)
{
	kmd_views_deinit(&prepared->views);
	kmd_core_memory_deinit(&prepared->core);
	kmd_completion_deinit(&prepared->completion);
	kmd_supply_deinit(&prepared->supply);
	kmd_made_tables_deinit(&prepared->tables);
}
