/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What goes into the core: captured memory by every address at which the kernel had it,
 * and what is supplied, so that consumers find their way.
 */
#include "api/handle.h"
#include "vmcore/kmd_note.h"

#include <elf.h>
#include <stdlib.h>

static const struct kmd_vmlinux *vmlinux_of(const struct kmd *kmd)
{
	return kmd->vmlinux_path ? &kmd->vmlinux : NULL;
}

/* The mappings of captured page tables, if their format is known. */
static const struct kmd_mappings *mappings_of(const struct kmd *kmd)
{
	return kmd->target.has_paging ? &kmd->mappings : NULL;
}

/*
 * Each consumer finds the kernel by its virtual addresses.  No VMCOREINFO of a 32-bit kernel
 * gives them, so a core without any is not complete.  With others a key is missing.
 */
static enum kmd_status check_views(struct kmd *kmd)
{
	bool narrow = kmd->facts.elf_class == ELFCLASS32;

	if (kmd->views.n || !kmd->memory.n_phys || !kmd->info.text || !kmd->facts.arch)
		return KMD_OK;
	return kmd_report(&kmd->diag, KMD_FIND_KERNEL, narrow ? KMD_DAMAGE : KMD_NOTE, kmd_in(NULL),
			  "virtual addresses are not known: neither VMCOREINFO%s nor a region "
			  "gives one, so the core can be read by physical address only; an input "
			  "with the KELF region has them",
			  narrow ? ", which never does for a 32-bit kernel," : "");
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
	return status == KMD_OK ? check_views(kmd) : status;
}

/* The core's regions are the captured ones, then the supplied ones. */
static enum kmd_status publish_supplied(struct kmd *kmd)
{
	const struct kmd_regions *regions = &kmd->prepared.core.regions;
	size_t first = kmd->regions.n, n = regions->n - first;

	if (!n)
		return KMD_OK;
	kmd->supplied = calloc(n, sizeof(*kmd->supplied));
	if (!kmd->supplied)
		return kmd_fail_memory(&kmd->diag);
	for (size_t i = 0; i < n; i++) {
		const struct kmd_region *region = &regions->rows[first + i].pub;

		kmd->supplied[i] =
			(struct kmd_supplied){ region->name, region->phys, region->size };
	}
	kmd->n_supplied = n;
	return KMD_OK;
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
	if (status == KMD_OK)
		status = kmd_note_filter(&kmd->regions, &kmd->filter, kmd->facts.big_endian,
					 &kmd->diag, &kmd->notes.bytes, &kmd->notes.size);
	if (status == KMD_OK)
		status = kmd_note_erased(&kmd->redaction.text, kmd->facts.big_endian, &kmd->diag,
					 &kmd->notes.bytes, &kmd->notes.size);
	if (status == KMD_OK)
		status = publish_supplied(kmd);
	return status;
}

/* ----- what is supplied */

KMD_EXPORT size_t kmd_supplied_count(const struct kmd *kmd)
{
	return kmd->ready ? kmd->n_supplied : 0;
}

KMD_EXPORT const struct kmd_supplied *kmd_supplied_get(const struct kmd *kmd, size_t index)
{
	return index < kmd_supplied_count(kmd) ? &kmd->supplied[index] : NULL;
}
