/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* stems.h - regions by name: those whose names differ in their final digits only are one. */
#ifndef KMD_REPORT_STEMS_H
#define KMD_REPORT_STEMS_H

#include <kmemdump/kmd.h>

struct stem {
	const char *name; /* @length bytes */
	size_t length, regions, captured_regions;
	uint64_t size, captured; /* bytes */
};

struct stems {
	struct stem *items; /* free() releases them */
	size_t n;
};

/* Regions that are memory, by name.  False if memory is short. */
bool stems_make(const struct kmd *kmd, struct stems *stems);
/* Those with most captured bytes first. */
void stems_sort_by_size(struct stems *stems);
/* As memcmp(), by name. */
int stems_compare(const struct stem *a, const struct stem *b);

#endif
