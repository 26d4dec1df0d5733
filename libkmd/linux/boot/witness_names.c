/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Registered addresses, with and without names, against the symbols of vmlinux. */
#include "linux/boot/inquiry.h"
#include "linux/boot/names.h"

#include <stdlib.h>

#define WHO_NAMES     "names of regions"
#define WHO_ADDRESSES "addresses of regions"

/* Without names chance has a part: so many addresses must agree, and twice as many as next. */
#define ANONYMOUS_MIN 4

struct list {
	struct kmd_named *items;
	size_t n;
};

static bool is_clear(const struct kmd_tally *tally, bool by_name)
{
	if (by_name)
		return tally->count > tally->second;
	return tally->count >= ANONYMOUS_MIN && tally->count >= 2 * tally->second;
}

static enum kmd_status vote(struct kmd_inquiry *inquiry, const struct list *list, bool physical)
{
	bool told = false;

	/* The same addresses without their names are no second witness. */
	for (int by_name = 1; !told && by_name >= 0; by_name--) {
		struct kmd_tally tally;

		if (!kmd_named_tally(inquiry->vmlinux, &inquiry->build, list->items, list->n,
				     by_name, physical, &tally, inquiry->diag))
			return KMD_ERR_MEMORY;
		told = is_clear(&tally, by_name);
		if (told)
			kmd_votes_add(&inquiry->votes, physical ? KMD_VOTE_PLACE : KMD_BOOT_KASLR,
				      tally.distance, by_name ? WHO_NAMES : WHO_ADDRESSES,
				      tally.count >= ANONYMOUS_MIN ? KMD_WEIGHT_STRONG
								   : KMD_WEIGHT_PLAIN);
	}
	return KMD_OK;
}

static enum kmd_status ask(struct kmd_inquiry *inquiry, struct list *list, bool physical)
{
	const struct kmd_regions *regions = inquiry->memory->regions;

	list->n = 0;
	for (size_t i = 0; i < regions->n; i++) {
		const struct kmd_region *region = &regions->rows[i].pub;
		uint64_t address = physical ? region->phys : region->virt;

		if (physical ? !region->has_phys
			     : !region->has_virt || !kmd_build_is_image(&inquiry->build, address))
			continue;
		list->items[list->n++] = (struct kmd_named){ region->name, address };
	}
	return vote(inquiry, list, physical);
}

enum kmd_status kmd_witness_names(struct kmd_inquiry *inquiry)
{
	struct list list = { 0 };
	enum kmd_status status;

	if (!inquiry->vmlinux)
		return KMD_OK;
	list.items = calloc(inquiry->memory->regions->n + 1, sizeof(*list.items));
	if (!list.items)
		return kmd_fail_memory(inquiry->diag);
	status = ask(inquiry, &list, false);
	if (status == KMD_OK)
		status = ask(inquiry, &list, true);
	free(list.items);
	return status;
}

bool kmd_boot_kaslr_of_claims(const struct kmd_claims *claims, const struct kmd_vmlinux *vmlinux,
			      uint64_t *kaslr)
{
	struct kmd_named *named = calloc(claims->n + 1, sizeof(*named));
	struct kmd_tally tally = { 0 };
	struct kmd_build build;
	struct kmd_diag diag;
	bool found = false;
	size_t n = 0;

	if (!named)
		return false;
	kmd_build_learn(vmlinux, &build);
	for (size_t i = 0; i < claims->n; i++) {
		const struct kmd_claim *claim = &claims->items[i];

		if (claim->has_virt && !claim->invalid && !claim->conflict &&
		    kmd_build_is_image(&build, claim->virt))
			named[n++] = (struct kmd_named){ claim->name, claim->virt };
	}
	kmd_diag_init(&diag);
	for (int by_name = 1; !found && by_name >= 0; by_name--)
		found = kmd_named_tally(vmlinux, &build, named, n, by_name, false, &tally, &diag) &&
			is_clear(&tally, by_name) && (!by_name || tally.count > 1);
	kmd_diag_deinit(&diag);
	free(named);
	*kaslr = tally.distance;
	return found;
}
