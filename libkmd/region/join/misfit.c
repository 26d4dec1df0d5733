/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Files that are not their region's: too long for it, or just as long as another
 * region whose own file does not fit either.  Names get exchanged; sizes show it.
 */
#include "region/join/steps.h"

#include "base/checked.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool is_candidate(const struct draft *draft)
{
	return draft->row.has_bytes && draft->row.pub.origins & KMD_FROM_FILE &&
	       draft->row.pub.size && draft->row.pub.captured && !draft->auxiliary &&
	       !draft->conflict && !draft->invalid && !draft->other_vm;
}

/* Up to three bytes more or fewer are a matter of rounding. */
static bool is_long(const struct draft *draft)
{
	return draft->row.pub.captured > kmd_round4(draft->row.pub.size) + 3;
}

static bool is_short(const struct draft *draft)
{
	return kmd_round4(draft->row.pub.captured) < kmd_round4(draft->row.pub.size);
}

static int by_number(const void *a, const void *b)
{
	return kmd_cmp_u64(*(const uint64_t *)a, *(const uint64_t *)b);
}

/* The sizes of the regions whose files do not fit, sorted. */
static uint64_t *misfit_sizes(const struct join *join, size_t *count)
{
	uint64_t *sizes = calloc(join->n + 1, sizeof(*sizes));
	size_t n = 0;

	for (size_t i = 0; sizes && i < join->n; i++) {
		const struct draft *draft = &join->drafts[i];

		if (is_candidate(draft) && draft->sized && (is_long(draft) || is_short(draft)))
			sizes[n++] = kmd_round4(draft->row.pub.size);
	}
	if (n)
		qsort(sizes, n, sizeof(*sizes), by_number);
	*count = n;
	return sizes;
}

static enum kmd_status leave(const struct join *join, struct draft *draft, const char *why)
{
	char name[128];

	draft->conflict = draft->silent = true;
	kmd_text_name(name, sizeof(name), draft->name, strlen(draft->name));
	return kmd_report(join->diag, KMD_FIND_SHORT, KMD_DAMAGE, draft->place,
			  "region \"%s\": 0x%" PRIx64 " bytes are present, 0x%" PRIx64
			  " are described: %s; it is not used",
			  name, draft->row.pub.captured, draft->row.pub.size, why);
}

enum kmd_status kmd_join_misfits(struct join *join)
{
	enum kmd_status status = KMD_OK;
	size_t n = 0;
	uint64_t *sizes = misfit_sizes(join, &n);

	if (!sizes)
		return kmd_fail_memory(join->diag);
	for (size_t i = 0; status == KMD_OK && n && i < join->n; i++) {
		struct draft *draft = &join->drafts[i];
		uint64_t own = kmd_round4(draft->row.pub.captured);

		if (!is_candidate(draft))
			continue;
		if (is_long(draft))
			status = leave(join, draft, "the file is larger than the region");
		else if ((is_short(draft) || (draft->named && !draft->sized)) &&
			 bsearch(&own, sizes, n, sizeof(own), by_number))
			status = leave(join, draft,
				       "the file has the size of another region whose own file "
				       "does not fit");
	}
	free(sizes);
	return status;
}
