/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Region files against program headers by size, where it leaves no choice that matters. */
#include "region/join/match_passes.h"

static enum kmd_status match_group(struct match *match, const struct group *group)
{
	bool same = true;

	/* More files than headers will do where they are copies of one another. */
	if (!group->n_heads || group->n_files < group->n_heads)
		return KMD_OK;
	for (size_t i = 1; same && i < group->n_files; i++)
		if (!kmd_match_same_bytes(match, group->files[0], group->files[i], &same))
			return match->join->diag->status;
	for (size_t i = 0; same && i < group->n_heads; i++)
		kmd_match_pair(match, group->files[i], group->heads[i]);
	return KMD_OK;
}

enum kmd_status kmd_match_sizes(struct match *match)
{
	enum kmd_status status = KMD_OK;
	size_t file = 0, head = 0;

	kmd_match_compact(match);
	while (status == KMD_OK && (file < match->n_files || head < match->n_heads)) {
		struct group group = kmd_match_next(match, &file, &head);

		status = match_group(match, &group);
	}
	return status;
}
