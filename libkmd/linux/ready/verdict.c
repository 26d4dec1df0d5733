/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What judges say, and the judges of plain variables and spans. */
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
