/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * From blobs and claims to the region table; region.h has the rules.
 *
 * A candidate is a region in the making.  The steps, in order:
 *   1. candidates.c  one candidate for each blob, and for each claim that has bytes
 *   2. lists.c       rows of load.cmm and dump_info.txt go to the files that they name
 *   3. check.c       the physical address; then KELF must have the same
 *                    address and size
 *   4. match.c       files without an address are paired with KELF's entries
 *   5. check.c       a file must not be longer than its region
 *   6. missing.c     KELF's entries that nothing has: inside other regions, in
 *                    RAM, or missing
 *   7. check.c       virtual addresses against VMCOREINFO, addresses that cannot be
 *   8. report.c      state and findings
 * If two descriptions of a region disagree and nothing decides, the region is not used.
 */
#include "region/join/join.h"

#include <stdlib.h>
#include <string.h>

static enum kmd_status run(struct join *join)
{
	enum kmd_status status = kmd_join_collect(join);

	if (status == KMD_OK)
		status = kmd_join_lists(join);
	if (status == KMD_OK)
		status = kmd_join_addresses(join);
	if (status == KMD_OK)
		status = kmd_join_check_kelf(join);
	if (status == KMD_OK)
		status = kmd_join_check_ranges(join);
	if (status == KMD_OK)
		status = kmd_join_match(join);
	if (status == KMD_OK)
		status = kmd_join_check_sizes(join);
	if (status == KMD_OK)
		status = kmd_join_missing(join);
	if (status == KMD_OK)
		status = kmd_join_check_maps(join);
	/* Addresses that the last two steps brought. */
	if (status == KMD_OK)
		status = kmd_join_check_ranges(join);
	return status;
}

static void join_deinit(struct join *join)
{
	for (size_t i = 0; i < join->n; i++) {
		free(join->candidates[i].name);
		free(join->candidates[i].file);
	}
	free(join->candidates);
	free(join->kelf);
	free(join->kelf_used);
	free(join->kelf_reported);
}

/* What the selected subsystem's row says of encryption holds for each of its regions. */
static void mark_encrypted(const struct kmd_claims *claims, struct kmd_regions *regions)
{
	bool encrypted = false;

	for (size_t i = 0; i < claims->n_subsystems; i++)
		encrypted |= claims->subsystems[i].selected && claims->subsystems[i].encrypted;
	for (size_t i = 0; encrypted && i < regions->n; i++) {
		struct kmd_region *region = &regions->rows[i].pub;

		region->encrypted = region->captured && region->origins & KMD_FROM_SMEM;
	}
}

enum kmd_status kmd_regions_join(const struct kmd_image *image, const struct kmd_claims *claims,
				 const struct kmd_hints *hints, struct kmd_diag *diag,
				 struct kmd_regions *regions)
{
	struct join join = { .image = image, .claims = claims, .hints = hints, .diag = diag };
	enum kmd_status status = run(&join);

	memset(regions, 0, sizeof(*regions));
	if (status == KMD_OK)
		status = kmd_join_finish(&join, regions);
	if (status == KMD_OK)
		mark_encrypted(claims, regions);
	if (status != KMD_OK)
		kmd_regions_deinit(regions);
	join_deinit(&join);
	return status;
}
