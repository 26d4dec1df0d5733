/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Which file does load.cmm or dump_info.txt mean?  Collecting hosts fold the case
 * of names, so a name in another case will do where only one file has it.
 */
#include "region/join.h"

#include "base/checked.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Indices of drafts, since adding drafts moves them. */
struct index {
	size_t *at;
	size_t n;
};

static int by_file(const void *a, const void *b, void *drafts)
{
	const struct draft *x = &((struct draft *)drafts)[*(const size_t *)a];
	const struct draft *y = &((struct draft *)drafts)[*(const size_t *)b];
	int order = kmd_text_casecmp(x->file, y->file);

	return order ? order : strcmp(x->file, y->file);
}

static enum kmd_status index_files(const struct join *join, struct index *index)
{
	index->n = join->n;
	index->at = calloc(join->n + 1, sizeof(*index->at));
	if (!index->at)
		return kmd_fail_memory(join->diag);
	for (size_t i = 0; i < join->n; i++)
		index->at[i] = i;
	qsort_r(index->at, index->n, sizeof(*index->at), by_file, join->drafts);
	return KMD_OK;
}

/* The first of the files whose name is @file but for its case; @count says how many. */
static size_t find_folded(const struct join *join, const struct index *index, const char *file,
			  size_t *count)
{
	size_t low = 0, high = index->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (kmd_text_casecmp(join->drafts[index->at[middle]].file, file) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (*count = 0; low + *count < index->n; ++*count)
		if (kmd_text_casecmp(join->drafts[index->at[low + *count]].file, file))
			break;
	return low;
}

static enum kmd_status say_ambiguous(const struct join *join, const struct kmd_claim *claim,
				     size_t count)
{
	char name[256];

	kmd_text_name(name, sizeof(name), claim->file, strlen(claim->file));
	return kmd_find(join->diag, KMD_FIND_NAME, KMD_DAMAGE, claim->place,
			"%zu files are called \"%s\" but for the case of letters, none of them "
			"exactly; none is used",
			count, name);
}

/* The draft that the name means: the exact one, or the only one in another case. */
static bool resolve(const struct join *join, const struct index *index, const char *file,
		    size_t *found, size_t *count)
{
	size_t first = find_folded(join, index, file, count);

	for (size_t i = 0; i < *count; i++) {
		*found = index->at[first + i];
		if (!strcmp(join->drafts[*found].file, file))
			return true;
	}
	return *count == 1;
}

static bool lists_files(const struct kmd_claim *claim)
{
	return claim->origin == KMD_FROM_LOAD_CMM || claim->origin == KMD_FROM_DUMP_INFO;
}

static int by_claimed_file(const void *a, const void *b)
{
	const struct kmd_claim *const *x = a, *const *y = b;
	int order = strcmp((*x)->file, (*y)->file);

	return order ? order : (*x < *y ? -1 : *x > *y);
}

/* The rows whose file is not there, sorted by its name. */
static enum kmd_status find_lost(struct join *join, const struct index *index,
				 const struct kmd_claim **lost, size_t *n)
{
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; status == KMD_OK && i < join->claims->n; i++) {
		const struct kmd_claim *claim = &join->claims->items[i];
		size_t at, count;

		join->has_list |= lists_files(claim);
		if (!lists_files(claim) || resolve(join, index, claim->file, &at, &count))
			continue;
		if (count)
			status = say_ambiguous(join, claim, count);
		lost[(*n)++] = claim;
	}
	qsort(lost, *n, sizeof(const struct kmd_claim *), by_claimed_file);
	return status;
}

/* One draft without bytes for each distinct name. */
static enum kmd_status add_lost(struct join *join, const struct kmd_claim *const *lost, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct draft *draft;
		char *name;

		if (i && !strcmp(lost[i]->file, lost[i - 1]->file))
			continue;
		name = kmd_region_name_of_file(lost[i]->file);
		draft = name ? kmd_join_add(join, name, lost[i]->file, lost[i]->origin) : NULL;
		free(name);
		if (!draft)
			return kmd_fail_memory(join->diag);
		draft->place = lost[i]->place;
	}
	return KMD_OK;
}

static void hand_over(struct draft *draft, const struct kmd_claim *claim)
{
	enum offer_rank rank =
		claim->origin == KMD_FROM_LOAD_CMM ? OFFER_LOAD_CMM : OFFER_DUMP_INFO;
	bool file = draft->row.pub.origins & KMD_FROM_FILE;

	draft->named = true;
	draft->row.pub.origins |= claim->origin;
	/* 0 stands for "no address" in lists that firmware and its tools write. */
	if (claim->has_phys && claim->phys && !draft->offers[rank].made) {
		draft->offers[rank].made = true;
		draft->offers[rank].phys = claim->phys;
	}
	/* A file's own size says nothing of the region's; a section's does. */
	if (claim->has_size && (file || !draft->row.has_bytes))
		draft->row.pub.size = claim->size;
}

static void hand_over_all(struct join *join, const struct index *index)
{
	for (size_t i = 0; i < join->claims->n; i++) {
		const struct kmd_claim *claim = &join->claims->items[i];
		size_t at, count;

		if (lists_files(claim) && resolve(join, index, claim->file, &at, &count) &&
		    !join->drafts[at].auxiliary)
			hand_over(&join->drafts[at], claim);
	}
}

enum kmd_status kmd_join_files(struct join *join)
{
	const struct kmd_claim **lost = calloc(join->claims->n + 1, sizeof(*lost));
	struct index index = { NULL, 0 };
	enum kmd_status status;
	size_t n = 0;

	if (!lost)
		return kmd_fail_memory(join->diag);
	status = index_files(join, &index);
	if (status == KMD_OK)
		status = find_lost(join, &index, lost, &n);
	if (status == KMD_OK)
		status = add_lost(join, lost, n);
	free(index.at);
	index.at = NULL;
	if (status == KMD_OK)
		status = index_files(join, &index);
	if (status == KMD_OK)
		hand_over_all(join, &index);
	free(index.at);
	free(lost);
	return status;
}
