/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What judges say, the judges of plain variables and spans, and counting. */
#include "linux/ready/objects.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void kmd_verdict_add(struct kmd_verdict *verdict, enum kmd_presence presence, const char *format,
		     ...)
{
	size_t used = strlen(verdict->names), room = sizeof(verdict->names) - used;
	char name[sizeof(verdict->names)];
	va_list args;

	if (presence > verdict->presence)
		verdict->presence = presence;
	va_start(args, format);
	vsnprintf(name, sizeof(name), format, args);
	va_end(args);
	/* The first few tell enough; a name that does not fit whole is not begun. */
	if (strlen(name) + 3 < room)
		snprintf(verdict->names + used, room, "%s%s", used ? ", " : "", name);
}

void kmd_judge_span(const struct kmd_look *look, enum kmd_look_mode mode,
		    struct kmd_verdict *verdict, const char *name, uint64_t virt, uint64_t size)
{
	uint64_t first;
	enum kmd_extent extent = kmd_look_extent(look, mode, virt, size, &first);

	if (extent == KMD_EXTENT_GONE)
		kmd_verdict_add(verdict, KMD_ABSENT, "%s (0x%" PRIx64 ")", name, first);
	else if (extent == KMD_EXTENT_PART)
		kmd_verdict_add(verdict, KMD_IN_PART, "part of %s (0x%" PRIx64 ")", name, first);
}

void kmd_judge_variables(const struct kmd_look *look, enum kmd_look_mode mode,
			 struct kmd_verdict *verdict, const char *const *names)
{
	uint64_t virt, size;

	for (; *names; names++)
		if (kmd_look_symbol(look, *names, &virt, &size))
			kmd_judge_span(look, mode, verdict, *names, virt, size ? size : 8);
}

void kmd_judge_range(const struct kmd_look *look, enum kmd_look_mode mode,
		     struct kmd_verdict *verdict, const char *name, const char *from,
		     const char *to)
{
	uint64_t start, end;

	if (kmd_look_symbol(look, from, &start, NULL) && kmd_look_symbol(look, to, &end, NULL) &&
	    start < end)
		kmd_judge_span(look, mode, verdict, name, start, end - start);
}

void kmd_count_span(const struct kmd_look *look, enum kmd_look_mode mode, uint64_t virt,
		    uint64_t size, struct kmd_count *count)
{
	uint64_t first;
	enum kmd_extent extent = kmd_look_extent(look, mode, virt, size, &first);

	count->total++;
	if (extent == KMD_EXTENT_WHOLE)
		return;
	if (!count->gone && !count->part)
		count->first = virt;
	count->gone += extent == KMD_EXTENT_GONE;
	count->part += extent == KMD_EXTENT_PART;
}

void kmd_count_conclude(const struct kmd_count *count, const char *name,
			struct kmd_verdict *verdict)
{
	size_t lacking = count->gone + count->part;

	if (!lacking)
		return;
	if (count->total == 1)
		kmd_verdict_add(verdict, count->gone ? KMD_ABSENT : KMD_IN_PART,
				"%s (0x%" PRIx64 ")", name, count->first);
	else
		kmd_verdict_add(verdict, count->gone == count->total ? KMD_ABSENT : KMD_IN_PART,
				"%zu of %zu %ss (first 0x%" PRIx64 ")", lacking, count->total, name,
				count->first);
}
