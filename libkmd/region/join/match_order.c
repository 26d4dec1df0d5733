/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Region files against program headers by order.
 *
 * The kernel registers its own list in the order of ids, and firmware puts the id
 * after the name.  Numbers are never looked up, only compared: where they rise
 * along the headers for every pair that is certain, they decide what is not.
 */
#include "region/join/match_passes.h"

#include "base/checked.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* So many pairs must already agree with the order before it decides anything. */
#define ORDER_MIN 8

struct numbered {
	uint64_t number; /* at the end of the file's name */
	size_t position; /* of the header in its table */
};

static bool number_of(const struct draft *draft, uint64_t *number)
{
	const char *stem;
	size_t digits, length = kmd_match_stem(draft, &stem, &digits);

	return digits && kmd_text_u64(stem + length, digits, 10, number);
}

static size_t position_of(const struct match *match, size_t head)
{
	return (size_t)(head_of(match, head) - match->join->claims->items);
}

static int by_position(const void *a, const void *b)
{
	return kmd_cmp_u64(((const struct numbered *)a)->position,
			   ((const struct numbered *)b)->position);
}

static bool rises(struct numbered *pairs, size_t n)
{
	qsort(pairs, n, sizeof(*pairs), by_position);
	for (size_t i = 1; i < n; i++)
		if (pairs[i].number <= pairs[i - 1].number)
			return false;
	return true;
}

/* The pairs that are certain so far, into @pairs. */
static size_t certain_pairs(const struct match *match, struct numbered *pairs)
{
	const struct join *join = match->join;
	size_t n = 0;

	for (size_t i = 0; i < join->n; i++) {
		const struct draft *draft = &join->drafts[i];
		uint64_t number;
		size_t at;

		if (!draft->row.has_bytes || !(draft->row.pub.origins & KMD_FROM_KELF) ||
		    !number_of(draft, &number))
			continue;
		at = kmd_join_find_kelf(join, draft->row.pub.phys, draft->row.pub.size, true);
		if (at != SIZE_MAX)
			pairs[n++] = (struct numbered){ number, position_of(match, at) };
	}
	return n;
}

static int by_number(const void *a, const void *b, void *match)
{
	const struct join *join = ((struct match *)match)->join;
	uint64_t x = 0, y = 0;

	number_of(&join->drafts[*(const size_t *)a], &x);
	number_of(&join->drafts[*(const size_t *)b], &y);
	return kmd_cmp_u64(x, y);
}

static int by_table(const void *a, const void *b, void *match)
{
	return kmd_cmp_u64(position_of(match, *(const size_t *)a),
			   position_of(match, *(const size_t *)b));
}

/* Regions smaller than this (CPU masks, words) are alike too often to mean anything. */
#define COPY_MIN 4096

/* A copy of another file under a new name would take a place that is not its own. */
static enum kmd_status has_copies(const struct match *match, const struct group *group, bool *found)
{
	*found = false;
	if (!group->n_heads || head_size(match, group->heads[0]) < COPY_MIN)
		return KMD_OK;
	for (size_t i = 0; !*found && i < group->n_files; i++)
		for (size_t j = 0; !*found && j < match->n_all_files; j++) {
			if (match->all_files[j] == group->files[i] ||
			    file_size(match, match->all_files[j]) !=
				    file_size(match, group->files[i]))
				continue;
			if (!kmd_match_same_bytes(match, group->files[i], match->all_files[j],
						  found))
				return match->join->diag->status;
		}
	return KMD_OK;
}

/* Pair one group in order, if that fits the order of the @n certain pairs. */
static enum kmd_status order_group(struct match *match, const struct group *group,
				   struct numbered *pairs, size_t *n)
{
	struct join *join = match->join;
	size_t total = *n;
	enum kmd_status status;
	bool copies;

	if (!group->n_files || group->n_files != group->n_heads)
		return KMD_OK;
	status = has_copies(match, group, &copies);
	if (status != KMD_OK || copies)
		return status;
	qsort_r(group->files, group->n_files, sizeof(*group->files), by_number, match);
	qsort_r(group->heads, group->n_heads, sizeof(*group->heads), by_table, match);
	for (size_t i = 0; i < group->n_files; i++) {
		uint64_t number;

		if (!number_of(&join->drafts[group->files[i]], &number))
			return KMD_OK;
		pairs[total++] = (struct numbered){ number, position_of(match, group->heads[i]) };
	}
	if (!rises(pairs, total)) {
		*n = certain_pairs(match, pairs);
		return KMD_OK;
	}
	*n = total;
	for (size_t i = 0; i < group->n_files; i++)
		kmd_match_pair(match, group->files[i], group->heads[i]);
	return kmd_report(join->diag, KMD_FIND_AMBIGUOUS, KMD_NOTE,
			  kmd_in(head_of(match, group->heads[0])->place.source),
			  "%zu files of 0x%" PRIx64
			  " bytes are told apart by the numbers in their names, which rise as the "
			  "program headers do",
			  group->n_files, head_size(match, group->heads[0]));
}

enum kmd_status kmd_match_order(struct match *match)
{
	struct numbered *pairs = calloc(match->join->n + 1, sizeof(*pairs));
	enum kmd_status status = KMD_OK;
	size_t n, file = 0, head = 0;

	if (!pairs)
		return kmd_fail_memory(match->join->diag);
	kmd_match_compact(match);
	n = certain_pairs(match, pairs);
	/* One file too few or too many, and the counts of a size show nothing. */
	if (n >= ORDER_MIN && match->n_all_files == match->n_all_heads && rises(pairs, n))
		while (status == KMD_OK && (file < match->n_files || head < match->n_heads)) {
			struct group group = kmd_match_next(match, &file, &head);

			status = order_group(match, &group, pairs, &n);
		}
	free(pairs);
	return status;
}
