/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "region/join/match_table.h"

#include "base/checked.h"

#include <string.h>

void kmd_match_pair(struct match *match, size_t file, size_t head)
{
	struct draft *draft = &match->join->drafts[file];
	const struct kmd_claim *claim = head_of(match, head);

	draft->row.pub.has_phys = claim->has_phys;
	draft->row.pub.phys = claim->phys;
	draft->row.pub.has_virt = claim->has_virt;
	draft->row.pub.virt = claim->virt;
	draft->row.pub.origins |= KMD_FROM_KELF;
	if (!draft->sized)
		draft->row.pub.size = claim->size;
	draft->named = draft->sized = draft->confirmed = true;
	match->join->kelf_used[head] = true;
}

bool kmd_match_same_bytes(const struct match *match, size_t a, size_t b, bool *same)
{
	const struct kmd_region_entry *x = &match->join->drafts[a].row,
				      *y = &match->join->drafts[b].row;
	unsigned char one[4096], two[4096];

	*same = x->pub.captured == y->pub.captured;
	for (uint64_t at = 0; *same && at < x->pub.captured; at += sizeof(one)) {
		uint64_t part = kmd_min_u64(sizeof(one), x->pub.captured - at);

		if (kmd_source_read(x->source, x->offset + at, one, part, match->join->diag) ||
		    kmd_source_read(y->source, y->offset + at, two, part, match->join->diag))
			return false;
		*same = !memcmp(one, two, (size_t)part);
	}
	return true;
}

/* Open files and headers to the front, closed ones out. */
void kmd_match_compact(struct match *match)
{
	size_t n = 0;

	for (size_t i = 0; i < match->n_files; i++)
		if (open_file(match, match->files[i]))
			match->files[n++] = match->files[i];
	match->n_files = n;
	n = 0;
	for (size_t i = 0; i < match->n_heads; i++)
		if (open_head(match, match->heads[i]))
			match->heads[n++] = match->heads[i];
	match->n_heads = n;
}

/* Both lists are sorted by size: the next size's group, from the two positions on. */
struct group kmd_match_next(const struct match *match, size_t *file, size_t *head)
{
	struct group group = { match->files + *file, 0, match->heads + *head, 0 };
	uint64_t size = UINT64_MAX;

	if (*file < match->n_files)
		size = file_size(match, match->files[*file]);
	if (*head < match->n_heads)
		size = kmd_min_u64(size, head_size(match, match->heads[*head]));
	for (; *file < match->n_files && file_size(match, match->files[*file]) == size; ++*file)
		group.n_files++;
	for (; *head < match->n_heads && head_size(match, match->heads[*head]) == size; ++*head)
		group.n_heads++;
	return group;
}
