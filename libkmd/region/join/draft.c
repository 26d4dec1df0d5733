/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "region/join/draft.h"

#include "base/array.h"
#include "base/search.h"

#include <stdlib.h>
#include <string.h>

struct draft *kmd_join_add(struct join *join, const char *name, const char *file,
			   enum kmd_origin origin)
{
	struct draft *draft;

	if (!KMD_ARRAY_RESERVE(join->drafts, join->n, join->cap))
		return NULL;
	draft = &join->drafts[join->n];
	memset(draft, 0, sizeof(*draft));
	draft->name = strdup(name);
	draft->file = strdup(file);
	if (!draft->name || !draft->file) {
		free(draft->name);
		free(draft->file);
		return NULL;
	}
	draft->row.pub.origins = origin;
	join->n++;
	return draft;
}

/* So many regions at one address are no kernel's; a hostile table must not cost its square. */
#define RUN_MAX 8

size_t kmd_join_find_kelf(const struct join *join, uint64_t phys, uint64_t size, bool exact)
{
	size_t low = KMD_LOWER_BOUND(join->n_kelf, middle, join->kelf[middle]->phys < phys);
	size_t other = SIZE_MAX, same = SIZE_MAX;

	for (size_t end = low + RUN_MAX; low < end && low < join->n_kelf; low++) {
		if (join->kelf[low]->phys != phys)
			break;
		if (kmd_round4(join->kelf[low]->size) != kmd_round4(size)) {
			other = low;
			continue;
		}
		same = low;
		/* Several of one size: one that no other region has taken. */
		if (!join->kelf_used[low])
			break;
	}
	return same != SIZE_MAX || exact ? same : other;
}
