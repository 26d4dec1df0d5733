/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* match_table.h - files and program headers that are still to be paired, between the match's files.
 */
#ifndef KMD_REGION_JOIN_MATCH_TABLE_H
#define KMD_REGION_JOIN_MATCH_TABLE_H

#include "region/join/draft.h"

struct match {
	struct join *join;
	size_t *files, n_files; /* free drafts, by rounded size */
	size_t *heads, n_heads; /* free headers (join->kelf), by rounded size */
	/* As they were before any pairing. */
	size_t *all_files, n_all_files;
	size_t *all_heads, n_all_heads;
};

/* One size of region: the files and headers of it that are still free. */
struct group {
	size_t *files, n_files;
	size_t *heads, n_heads;
};

static inline const struct kmd_claim *head_of(const struct match *match, size_t head)
{
	return match->join->kelf[head];
}

static inline uint64_t head_size(const struct match *match, size_t head)
{
	return kmd_round4(head_of(match, head)->size);
}

static inline uint64_t file_size(const struct match *match, size_t file)
{
	return kmd_round4(match->join->drafts[file].row.pub.captured);
}

/* A paired file has an address from KELF, a paired header is used. */
static inline bool open_file(const struct match *match, size_t file)
{
	return !(match->join->drafts[file].row.pub.origins & KMD_FROM_KELF);
}

static inline bool open_head(const struct match *match, size_t head)
{
	return !match->join->kelf_used[head];
}

/* match_table.c */
/* Whether two files hold the same bytes; false if they cannot be read. */
bool kmd_match_same_bytes(const struct match *match, size_t a, size_t b, bool *same);
void kmd_match_pair(struct match *match, size_t file, size_t head);
/* Drop what is paired from both lists. */
void kmd_match_compact(struct match *match);
/* Both lists are sorted by size: the next size's group, from the two positions on. */
struct group kmd_match_next(const struct match *match, size_t *file, size_t *head);

/* A region name without its 'K' and its number: the length of that, and of the number. */
size_t kmd_match_stem(const struct draft *draft, const char **stem, size_t *digits);

#endif
