/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "base/marks.h"

#include "base/array.h"
#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

static bool touches(const struct kmd_mark *mark, const void *source, uint64_t start, uint64_t end)
{
	return mark->source == source && start <= mark->end && end >= mark->start;
}

static void widen(struct kmd_mark *mark, uint64_t start, uint64_t end)
{
	mark->start = kmd_min_u64(mark->start, start);
	mark->end = kmd_max_u64(mark->end, end);
}

static int compare(const void *a, const void *b)
{
	const struct kmd_mark *x = a, *y = b;

	if (x->source != y->source)
		return (uintptr_t)x->source < (uintptr_t)y->source ? -1 : 1;
	return kmd_cmp_u64(x->start, y->start);
}

void kmd_marks_settle(struct kmd_marks *marks)
{
	size_t kept = 0;

	if (!marks->n)
		return;
	qsort(marks->items, marks->n, sizeof(*marks->items), compare);
	for (size_t i = 1; i < marks->n; i++) {
		const struct kmd_mark *next = &marks->items[i];

		if (touches(&marks->items[kept], next->source, next->start, next->end))
			widen(&marks->items[kept], next->start, next->end);
		else
			marks->items[++kept] = *next;
	}
	marks->n = kept + 1;
}

void kmd_marks_add(struct kmd_marks *marks, const void *source, uint64_t start, uint64_t length)
{
	uint64_t end = start + length;

	if (!length || end < start)
		return;
	if (marks->n && touches(&marks->items[marks->n - 1], source, start, end)) {
		widen(&marks->items[marks->n - 1], start, end);
		return;
	}
	/* Tables are read more than once. */
	if (marks->n == marks->cap)
		kmd_marks_settle(marks);
	if (!KMD_ARRAY_RESERVE(marks->items, marks->n, marks->cap)) {
		marks->failed = true;
		return;
	}
	marks->items[marks->n++] = (struct kmd_mark){ source, start, end };
}

void kmd_marks_deinit(struct kmd_marks *marks)
{
	free(marks->items);
	memset(marks, 0, sizeof(*marks));
}
