/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Pairs of addresses against the kernel's own maps, which VMCOREINFO gives.
 *
 * Where the physical address comes from another table than the virtual one, the
 * latter is the damaged one.  Of a core's own segment either may be.
 */
#include "region/join/steps.h"

#include "base/text.h"

#include <inttypes.h>
#include <string.h>

static const struct kmd_known_map *find_contradiction(const struct join *join,
						      const struct kmd_region *region)
{
	for (size_t i = 0; i < join->hints->n_maps; i++) {
		const struct kmd_known_map *map = &join->hints->maps[i];

		if (region->virt >= map->low && region->virt < map->high &&
		    region->virt - region->phys != map->delta)
			return map;
	}
	return NULL;
}

/* Work that a table of thousands of contradictions is worth. */
#define CONTRADICTIONS_MAX 1024

/* Whether a region of this size has its bytes where the map puts the virtual address. */
static bool is_captured_at(const struct join *join, uint64_t phys, uint64_t size)
{
	for (size_t i = 0; i < join->n; i++) {
		const struct draft *draft = &join->drafts[i];

		if (draft->row.has_bytes && draft->row.pub.has_phys && !draft->conflict &&
		    !draft->invalid && draft->row.pub.phys == phys &&
		    kmd_round4(draft->row.pub.size) == kmd_round4(size))
			return true;
	}
	return false;
}

enum kmd_status kmd_join_check_maps(struct join *join)
{
	enum kmd_status status = KMD_OK;
	size_t contradictions = 0;

	for (size_t i = 0; status == KMD_OK && i < join->n; i++) {
		struct draft *draft = &join->drafts[i];
		struct kmd_region *region = &draft->row.pub;
		const struct kmd_known_map *map;
		char name[128];

		if (!region->has_phys || !region->has_virt || draft->conflict || draft->invalid)
			continue;
		map = find_contradiction(join, region);
		if (!map)
			continue;
		if (region->origins & KMD_FROM_CORE)
			draft->conflict = draft->silent = true;
		else
			region->has_virt = false;
		/* A damaged address of a region that is there: its bytes are not missing. */
		if (!draft->row.has_bytes && contradictions++ < CONTRADICTIONS_MAX)
			draft->silent |=
				is_captured_at(join, region->virt - map->delta, region->size);
		if (join->claims->two_boots)
			continue;
		kmd_text_name(name, sizeof(name), *draft->name ? draft->name : "(unnamed)", 100);
		status = kmd_report(join->diag, KMD_FIND_DISAGREE, KMD_DAMAGE, draft->place,
				    "region \"%s\": virtual 0x%" PRIx64 " is physical 0x%" PRIx64
				    " by VMCOREINFO, not 0x%" PRIx64 "; %s is not used",
				    name, region->virt, region->virt - map->delta, region->phys,
				    draft->conflict ? "it" : "its virtual address");
	}
	return status;
}
