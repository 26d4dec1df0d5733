/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The rows of load.cmm and dump_info.txt are applied to the files that they name.  Collecting hosts
 * fold the case of names, so a name in another case will do where only one file has it.
 */
#include "region/join/join.h"

#include "base/checked.h"
#include "base/text.h"
#include "base/search.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Indices of candidates, since adding candidates moves them. */
struct index {
	size_t *at;
	size_t n;
};

static int by_file(const void *a, const void *b, void *candidates)
{
	const struct candidate *x = &((struct candidate *)candidates)[*(const size_t *)a];
	const struct candidate *y = &((struct candidate *)candidates)[*(const size_t *)b];
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
	qsort_r(index->at, index->n, sizeof(*index->at), by_file, join->candidates);
	return KMD_OK;
}

/* The first of the files whose name is @file except for its case; @count is their number. */
static size_t find_folded(const struct join *join, const struct index *index, const char *file,
			  size_t *count)
{
	size_t low = KMD_LOWER_BOUND(
		index->n, middle,
		kmd_text_casecmp(join->candidates[index->at[middle]].file, file) < 0);

	for (*count = 0; low + *count < index->n; ++*count)
		if (kmd_text_casecmp(join->candidates[index->at[low + *count]].file, file))
			break;
	return low;
}

static enum kmd_status report_ambiguous(const struct join *join, const struct kmd_claim *claim,
					size_t count)
{
	char name[256];

	kmd_text_name(name, sizeof(name), claim->file, strlen(claim->file));
	return kmd_report(join->diag, KMD_FIND_NAME, KMD_DAMAGE, claim->place,
			  "%zu file names differ from \"%s\" only in case, and none is equal to "
			  "it; none is used",
			  count, name);
}

/*
 * The candidate that the row means: the one of exactly this name, or the only one in
 * another case.  Of several sections of one name (a damaged one bears another's)
 * it is the one at the row's address.
 */
static bool resolve(const struct join *join, const struct index *index,
		    const struct kmd_claim *claim, size_t *found, size_t *count)
{
	size_t first = find_folded(join, index, claim->file, count), exact = 0;

	for (size_t i = 0; i < *count; i++) {
		size_t at = index->at[first + i];
		const struct candidate *candidate = &join->candidates[at];

		if (strcmp(candidate->file, claim->file) != 0)
			continue;
		if (!exact++ || (candidate->recorded[ADDRESS_TABLE].made &&
				 candidate->recorded[ADDRESS_TABLE].phys == claim->phys))
			*found = at;
	}
	if (!exact && *count)
		*found = index->at[first];
	return exact || *count == 1;
}

static bool lists_files(const struct kmd_claim *claim)
{
	return claim->file[0] != '\0';
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
		if (!lists_files(claim) || resolve(join, index, claim, &at, &count))
			continue;
		if (count)
			status = report_ambiguous(join, claim, count);
		lost[(*n)++] = claim;
	}
	qsort(lost, *n, sizeof(const struct kmd_claim *), by_claimed_file);
	return status;
}

/* Where several files may be the row's, that was reported: of them nothing else is. */
static void skip_ambiguous(struct join *join, const struct index *index,
			   const struct kmd_claim *claim, struct candidate *lost)
{
	size_t count, first = find_folded(join, index, claim->file, &count);

	lost->reported = count > 0;
	for (size_t i = 0; i < count; i++)
		join->candidates[index->at[first + i]].reported = true;
}

/* One candidate without bytes for each distinct name. */
static enum kmd_status add_lost(struct join *join, const struct index *index,
				const struct kmd_claim *const *lost, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct candidate *candidate;
		char *name;

		if (i && !strcmp(lost[i]->file, lost[i - 1]->file))
			continue;
		name = kmd_region_name_of_file(lost[i]->file);
		candidate = name ? kmd_join_add(join, name, lost[i]->file, lost[i]->origin) : NULL;
		free(name);
		if (!candidate)
			return kmd_fail_memory(join->diag);
		candidate->place = lost[i]->place;
		skip_ambiguous(join, index, lost[i], candidate);
	}
	return KMD_OK;
}

static void apply_row(struct candidate *candidate, const struct kmd_claim *claim)
{
	enum address_source rank =
		claim->origin == KMD_FROM_LOAD_CMM ? ADDRESS_LOAD_CMM : ADDRESS_DUMP_INFO;
	bool file = candidate->row.pub.origins & KMD_FROM_FILE;

	candidate->named = true;
	candidate->row.pub.origins |= claim->origin;
	/* 0 stands for "no address" in lists that firmware and its tools write. */
	if (claim->has_phys && claim->phys && !candidate->recorded[rank].made) {
		candidate->recorded[rank].made = true;
		candidate->recorded[rank].phys = claim->phys;
	}
	/* A file's own size is not that of the region; a section's is. */
	if (claim->has_size && (file || !candidate->row.has_bytes)) {
		candidate->row.pub.size = claim->size;
		candidate->sized = true;
	}
}

static void apply_row_all(struct join *join, const struct index *index)
{
	for (size_t i = 0; i < join->claims->n; i++) {
		const struct kmd_claim *claim = &join->claims->items[i];
		size_t at, count;

		if (lists_files(claim) && resolve(join, index, claim, &at, &count) &&
		    !join->candidates[at].auxiliary)
			apply_row(&join->candidates[at], claim);
	}
}

/* ----- files under other names than the lists have */

struct alias {
	char *core; /* of the name */
	size_t candidate;
};

static int by_core(const void *a, const void *b)
{
	const struct alias *x = a, *y = b;
	int order = strcmp(x->core, y->core);

	return order ? order : (x->candidate > y->candidate) - (x->candidate < y->candidate);
}

/* The files that no list names, sorted by the core of their names. */
static struct alias *unnamed_files(const struct join *join, size_t *count)
{
	struct alias *aliases = calloc(join->n + 1, sizeof(*aliases));
	size_t n = 0;

	for (size_t i = 0; aliases && i < join->n; i++) {
		const struct candidate *candidate = &join->candidates[i];

		if (candidate->named || candidate->auxiliary || !candidate->row.has_bytes ||
		    !(candidate->row.pub.origins & KMD_FROM_FILE))
			continue;
		aliases[n].candidate = i;
		aliases[n].core = kmd_region_name_core(candidate->file);
		if (aliases[n].core)
			n++;
	}
	if (n)
		qsort(aliases, n, sizeof(*aliases), by_core);
	*count = n;
	return aliases;
}

/* The one unnamed file of the same core name, and of the size that a list has for it. */
static size_t find_alias(const struct join *join, const struct candidate *lost,
			 const struct alias *aliases, size_t n)
{
	struct alias key = { kmd_region_name_core(lost->file), 0 };
	size_t low = n, found = SIZE_MAX;

	if (key.core)
		low = KMD_LOWER_BOUND(n, middle, strcmp(aliases[middle].core, key.core) < 0);
	for (; key.core && low < n && !strcmp(aliases[low].core, key.core); low++) {
		const struct candidate *candidate = &join->candidates[aliases[low].candidate];

		if (candidate->auxiliary ||
		    (lost->sized &&
		     kmd_round4(candidate->row.pub.captured) != kmd_round4(lost->row.pub.size)))
			continue;
		if (found != SIZE_MAX) {
			found = SIZE_MAX;
			break;
		}
		found = aliases[low].candidate;
	}
	free(key.core);
	return found;
}

/* @lost gets the bytes of @file, which is not a region of its own then. */
static enum kmd_status take_alias(struct join *join, struct candidate *lost, struct candidate *file)
{
	char name[256];

	lost->row.has_bytes = true;
	lost->row.source = file->row.source;
	lost->row.offset = file->row.offset;
	lost->row.pub.captured = file->row.pub.captured;
	lost->row.pub.origins |= KMD_FROM_FILE;
	lost->is_metadata = file->is_metadata;
	file->auxiliary = file->named = true;
	kmd_text_name(name, sizeof(name), lost->file, strlen(lost->file));
	return kmd_report(join->diag, KMD_FIND_NAME, KMD_NOTE, file->place,
			  "used in place of the missing file \"%s\"", name);
}

static enum kmd_status find_renamed(struct join *join)
{
	size_t n = 0;
	struct alias *aliases = unnamed_files(join, &n);
	enum kmd_status status = aliases ? KMD_OK : kmd_fail_memory(join->diag);

	for (size_t i = 0; status == KMD_OK && n && i < join->n; i++) {
		struct candidate *candidate = &join->candidates[i];
		size_t file;

		if (candidate->row.has_bytes || !candidate->named || candidate->auxiliary)
			continue;
		file = find_alias(join, candidate, aliases, n);
		if (file != SIZE_MAX)
			status = take_alias(join, candidate, &join->candidates[file]);
	}
	for (size_t i = 0; i < n; i++)
		free(aliases[i].core);
	free(aliases);
	return status;
}

enum kmd_status kmd_join_lists(struct join *join)
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
		status = add_lost(join, &index, lost, n);
	free(index.at);
	index.at = NULL;
	if (status == KMD_OK)
		status = index_files(join, &index);
	if (status == KMD_OK)
		apply_row_all(join, &index);
	if (status == KMD_OK)
		status = find_renamed(join);
	free(index.at);
	free(lost);
	return status;
}
