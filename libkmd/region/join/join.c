/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* From blobs and claims to the region table; region.h has the rules. */
#include "region/join/steps.h"

#include <stdlib.h>
#include <string.h>

static enum kmd_status run(struct join *join)
{
	enum kmd_status status = kmd_join_collect(join);

	if (status == KMD_OK)
		status = kmd_join_files(join);
	if (status == KMD_OK)
		status = kmd_join_addresses(join);
	if (status == KMD_OK)
		status = kmd_join_confirm(join);
	if (status == KMD_OK)
		status = kmd_join_match(join);
	if (status == KMD_OK)
		status = kmd_join_misfits(join);
	if (status == KMD_OK)
		status = kmd_join_unanswered(join);
	if (status == KMD_OK)
		status = kmd_join_check_maps(join);
	/* Addresses that the last two steps brought. */
	if (status == KMD_OK)
		status = kmd_join_ranges(join);
	return status;
}

static void join_deinit(struct join *join)
{
	for (size_t i = 0; i < join->n; i++) {
		free(join->drafts[i].name);
		free(join->drafts[i].file);
	}
	free(join->drafts);
	free(join->kelf);
	free(join->kelf_used);
	free(join->kelf_silent);
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
	if (status != KMD_OK)
		kmd_regions_deinit(regions);
	join_deinit(&join);
	return status;
}
