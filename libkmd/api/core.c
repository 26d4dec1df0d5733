/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What goes into the core: captured memory by every address at which the kernel had it,
 * and what is supplied, so that consumers find their way.
 */
#include "api/handle.h"
#include "vmcore/kmd_note.h"

static const struct kmd_vmlinux *vmlinux_of(const struct kmd *kmd)
{
	return kmd->vmlinux_path ? &kmd->vmlinux : NULL;
}

/* The mappings of captured page tables, if their format is known. */
static const struct kmd_mappings *mappings_of(const struct kmd *kmd)
{
	return kmd->target.has_paging ? &kmd->mappings : NULL;
}

enum kmd_status kmd_open_views(struct kmd *kmd)
{
	struct kmd_target *target = &kmd->target;
	struct kmd_diag *diag = &kmd->diag;
	enum kmd_status status = KMD_OK;

	kmd_target_init(target, &kmd->memory, &kmd->views, &kmd->facts, &kmd->info, &kmd->runtime,
			vmlinux_of(kmd), diag);
	if (target->has_paging)
		status = kmd_paging_walk(&target->paging, &kmd->memory, &kmd->facts.layout, diag,
					 &kmd->mappings);
	if (status == KMD_OK)
		status = kmd_views_build_mapped(&kmd->memory, &kmd->facts, mappings_of(kmd), diag,
						&kmd->views);
	return status;
}

enum kmd_status kmd_open_core(struct kmd *kmd)
{
	const struct kmd_prepare_options options = {
		.captured_only = kmd->flags & KMD_CAPTURED_ONLY,
		.complete = kmd->complete,
	};
	struct kmd_prepared *prepared = &kmd->prepared;
	enum kmd_status status;

	if (!options.captured_only && !kmd->vmlinux_path && kmd->complete &&
	    kmd->complete != KMD_COMPLETE_NONE)
		return kmd_usage_error(kmd, "sections of the vmlinux need kmd_set_vmlinux()");
	status = kmd_prepare(&kmd->target, mappings_of(kmd), &options, prepared);
	kmd_target_init(&kmd->core_target, &prepared->core.memory, &prepared->views, &kmd->facts,
			&kmd->info, &kmd->runtime, vmlinux_of(kmd), &kmd->diag);
	if (status == KMD_OK)
		status = kmd_note_supplied(&prepared->core, kmd->facts.big_endian, &kmd->diag,
					   &kmd->notes.bytes, &kmd->notes.size);
	return status;
}

/* ----- what is supplied */

static const struct kmd_region_entry *supplied(const struct kmd *kmd, size_t index)
{
	size_t first = kmd->regions.n;

	return kmd->ready && index < kmd->prepared.core.regions.n - first
		       ? &kmd->prepared.core.regions.rows[first + index]
		       : NULL;
}

KMD_EXPORT size_t kmd_supplied_count(const struct kmd *kmd)
{
	return kmd->ready ? kmd->prepared.core.regions.n - kmd->regions.n : 0;
}

KMD_EXPORT const struct kmd_region *kmd_supplied_get(const struct kmd *kmd, size_t index)
{
	const struct kmd_region_entry *row = supplied(kmd, index);

	return row ? &row->pub : NULL;
}
