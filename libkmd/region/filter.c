/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "region/filter.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* The next glob of a list as fresh text, and *@at behind it; NULL = the end, or no memory. */
static char *next_glob(const char **at)
{
	size_t length = strcspn(*at, ",");
	const char *start = *at;

	*at += length + (start[length] == ',');
	return strndup(start, length);
}

/* Names hold \xNN for bytes that cannot be printed: a backslash stands for itself. */
static bool matches(const char *glob, const char *name)
{
	return !fnmatch(glob, name, FNM_NOESCAPE);
}

bool kmd_globs_match(const char *globs, const char *name)
{
	bool found = false;

	while (!found && *globs) {
		char *glob = next_glob(&globs);

		found = glob && matches(glob, name);
		free(glob);
	}
	return found;
}

static void leave_out(struct kmd_region_entry *row, bool hidden)
{
	row->hidden = hidden && row->pub.size && (row->pub.has_phys || row->pub.has_virt);
	if (!row->has_bytes || !row->pub.captured)
		return;
	row->pub.state = KMD_REGION_EXCLUDED;
	row->has_bytes = false;
}

static bool matches_any(const struct kmd_regions *regions, const char *glob)
{
	for (size_t i = 0; i < regions->n; i++)
		if (matches(glob, regions->rows[i].pub.name))
			return true;
	return false;
}

enum kmd_status kmd_globs_check(const struct kmd_regions *regions, const char *globs,
				const char *purpose, struct kmd_diag *diag)
{
	enum kmd_status status = KMD_OK;

	while (status == KMD_OK && globs && *globs) {
		char *glob = next_glob(&globs);

		if (!glob)
			return kmd_fail_memory(diag);
		if (!matches_any(regions, glob))
			status = kmd_report(diag, KMD_FIND_MISSING, KMD_DAMAGE, kmd_in(NULL),
					    "no region is called \"%s\", which was to be %s", glob,
					    purpose);
		free(glob);
	}
	return status;
}

enum kmd_status kmd_regions_filter(struct kmd_regions *regions, const struct kmd_filter *filter,
				   struct kmd_diag *diag)
{
	static const char selected[] = "selected or excluded";
	enum kmd_status status = kmd_globs_check(regions, filter->only, selected, diag);

	if (status == KMD_OK)
		status = kmd_globs_check(regions, filter->exclude, selected, diag);
	for (size_t i = 0; status == KMD_OK && i < regions->n; i++) {
		struct kmd_region_entry *row = &regions->rows[i];

		if (filter->exclude && kmd_globs_match(filter->exclude, row->pub.name))
			leave_out(row, true);
		else if (filter->only && !kmd_globs_match(filter->only, row->pub.name))
			leave_out(row, false);
	}
	return status;
}
