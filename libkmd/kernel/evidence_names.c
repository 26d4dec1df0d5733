/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Registered addresses, with and without names, against the symbols of vmlinux. */
#include "kernel/evidence.h"
#include "kernel/runtime.h"
#include "kernel/symbol_names.h"

#include <stdlib.h>

#define WHO_NAMES     "names of regions"
#define WHO_ADDRESSES "addresses of regions"

/* Without names chance has a part: so many addresses must agree, and twice as many as next. */
#define ANONYMOUS_MIN 4

struct list {
	struct kmd_named *items;
	size_t n;
};

static bool is_clear(const struct kmd_offset_counts *tally, bool by_name)
{
	if (by_name)
		return tally->count > tally->second;
	return tally->count >= ANONYMOUS_MIN && tally->count >= 2 * tally->second;
}

static enum kmd_status candidate(struct kmd_evidence *evidence, const struct list *list,
				 bool physical)
{
	const struct kmd_arch *arch = evidence->build.arch;
	bool decided = false;

	/* The same addresses without their names are not a second source. */
	for (int by_name = 1; !decided && by_name >= 0; by_name--) {
		struct kmd_offset_counts tally;

		/* Addresses without names are for where KASLR hides the rest. */
		if (!by_name && arch && arch->no_kaslr)
			break;
		if (!kmd_match_offsets(evidence->vmlinux, &evidence->build, list->items, list->n,
				       by_name, physical, &tally, evidence->diag))
			return KMD_ERR_MEMORY;
		decided = is_clear(&tally, by_name);
		if (decided)
			kmd_candidates_add(&evidence->candidates,
					   physical ? KMD_RUNTIME_IMAGE_DELTA : KMD_RUNTIME_KASLR,
					   tally.distance, by_name ? WHO_NAMES : WHO_ADDRESSES,
					   tally.count >= ANONYMOUS_MIN ? KMD_WEIGHT_STRONG
									: KMD_WEIGHT_PLAIN);
	}
	return KMD_OK;
}

static enum kmd_status run_sources(struct kmd_evidence *evidence, struct list *list, bool physical)
{
	const struct kmd_regions *regions = evidence->memory->regions;

	list->n = 0;
	for (size_t i = 0; i < regions->n; i++) {
		const struct kmd_region *region = &regions->rows[i].pub;
		uint64_t address = physical ? region->phys : region->virt;

		if (physical ? !region->has_phys
			     : !region->has_virt || !kmd_build_is_image(&evidence->build, address))
			continue;
		list->items[list->n++] = (struct kmd_named){ region->name, address };
	}
	return candidate(evidence, list, physical);
}

enum kmd_status kmd_evidence_from_names(struct kmd_evidence *evidence)
{
	struct list list = { 0 };
	enum kmd_status status;

	if (!evidence->vmlinux)
		return KMD_OK;
	list.items = calloc(evidence->memory->regions->n + 1, sizeof(*list.items));
	if (!list.items)
		return kmd_fail_memory(evidence->diag);
	status = run_sources(evidence, &list, false);
	if (status == KMD_OK)
		status = run_sources(evidence, &list, true);
	free(list.items);
	return status;
}

bool kmd_runtime_kaslr_from_claims(const struct kmd_claims *claims,
				   const struct kmd_vmlinux *vmlinux, uint64_t *kaslr)
{
	struct kmd_named *named = calloc(claims->n + 1, sizeof(*named));
	struct kmd_offset_counts tally = { 0 };
	struct kmd_build build;
	struct kmd_diag diag;
	bool found = false;
	size_t n = 0;

	if (!named)
		return false;
	kmd_build_read(vmlinux, &build);
	for (size_t i = 0; i < claims->n; i++) {
		const struct kmd_claim *claim = &claims->items[i];

		if (claim->has_virt && !claim->invalid && !claim->conflict &&
		    kmd_build_is_image(&build, claim->virt))
			named[n++] = (struct kmd_named){ claim->name, claim->virt };
	}
	kmd_diag_init(&diag);
	for (int by_name = 1; !found && by_name >= 0; by_name--)
		found = kmd_match_offsets(vmlinux, &build, named, n, by_name, false, &tally,
					  &diag) &&
			is_clear(&tally, by_name) && (!by_name || tally.count > 1);
	kmd_diag_deinit(&diag);
	free(named);
	*kaslr = tally.distance;
	return found;
}
