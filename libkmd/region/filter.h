/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* filter.h - regions that the user wants, or does not want, by name. */
#ifndef KMD_REGION_FILTER_H
#define KMD_REGION_FILTER_H

#include "region/region.h"

/* Globs with commas between them; NULL = all, or none. */
struct kmd_filter {
	char *only, *exclude;
};

/* True if one of the globs of @globs matches @name. */
bool kmd_globs_match(const char *globs, const char *name);

/*
 * A glob of @globs (NULL = none) that matches no region is a finding of damage, with what it was
 * for: a mistyped name must not go unnoticed.
 */
enum kmd_status kmd_globs_check(const struct kmd_regions *regions, const char *globs,
				const char *purpose, struct kmd_diag *diag);

/*
 * Mark the regions that are not wanted: their bytes are gone for all later steps.  What .exclude
 * names also hides the same memory in other regions.  A glob that matches nothing is a finding.
 */
enum kmd_status kmd_regions_filter(struct kmd_regions *regions, const struct kmd_filter *filter,
				   struct kmd_diag *diag);

#endif
