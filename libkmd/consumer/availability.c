/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Helpers of the checks: plain variables, ranges, counts of equal objects. */
#include "consumer/objects.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void kmd_availability_add(struct kmd_availability *availability, enum kmd_presence presence,
			  const char *format, ...)
{
	size_t used = strlen(availability->names), room = sizeof(availability->names) - used;
	char name[sizeof(availability->names)];
	va_list args;

	if (presence > availability->presence)
		availability->presence = presence;
	va_start(args, format);
	vsnprintf(name, sizeof(name), format, args);
	va_end(args);
	/* The first few are enough; a name that does not fit is omitted. */
	if (strlen(name) + 3 < room)
		snprintf(availability->names + used, room, "%s%s", used ? ", " : "", name);
}

void kmd_check_span(const struct kmd_target *target, enum kmd_xlate mode,
		    struct kmd_availability *availability, const char *name, uint64_t virt,
		    uint64_t size)
{
	uint64_t first;
	enum kmd_extent extent = kmd_target_extent(target, mode, virt, size, &first);

	if (extent == KMD_EXTENT_NONE)
		kmd_availability_add(availability, KMD_ABSENT, "%s (0x%" PRIx64 ")", name, first);
	else if (extent == KMD_EXTENT_PART)
		kmd_availability_add(availability, KMD_IN_PART, "part of %s (0x%" PRIx64 ")", name,
				     first);
}

void kmd_check_variables(const struct kmd_target *target, enum kmd_xlate mode,
			 struct kmd_availability *availability, const char *const *names)
{
	uint64_t virt, size;

	for (; *names; names++)
		if (kmd_target_symbol(target, *names, &virt, &size))
			kmd_check_span(target, mode, availability, *names, virt,
				       size ? size : kmd_target_word(target));
}

void kmd_check_range(const struct kmd_target *target, enum kmd_xlate mode,
		     struct kmd_availability *availability, const char *name, const char *from,
		     const char *to)
{
	uint64_t start, end;

	if (kmd_target_symbol(target, from, &start, NULL) &&
	    kmd_target_symbol(target, to, &end, NULL) && start < end)
		kmd_check_span(target, mode, availability, name, start, end - start);
}

void kmd_count_span(const struct kmd_target *target, enum kmd_xlate mode, uint64_t virt,
		    uint64_t size, struct kmd_count *count)
{
	uint64_t first;
	enum kmd_extent extent = kmd_target_extent(target, mode, virt, size, &first);

	count->total++;
	if (extent == KMD_EXTENT_WHOLE)
		return;
	if (!count->gone && !count->part)
		count->first = virt;
	count->gone += extent == KMD_EXTENT_NONE;
	count->part += extent == KMD_EXTENT_PART;
}

void kmd_count_to_availability(const struct kmd_count *count, const char *name,
			       struct kmd_availability *availability)
{
	size_t lacking = count->gone + count->part;

	if (!lacking)
		return;
	if (count->total == 1)
		kmd_availability_add(availability, count->gone ? KMD_ABSENT : KMD_IN_PART,
				     "%s (0x%" PRIx64 ")", name, count->first);
	else
		kmd_availability_add(availability,
				     count->gone == count->total ? KMD_ABSENT : KMD_IN_PART,
				     "%zu of %zu %ss (first 0x%" PRIx64 ")", lacking, count->total,
				     name, count->first);
}
