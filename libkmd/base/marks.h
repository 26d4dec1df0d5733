/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* marks.h - which bytes of which sources describe the dump: a list that grows while it is read. */
#ifndef KMD_BASE_MARKS_H
#define KMD_BASE_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kmd_mark {
	const void *source;
	uint64_t start, end;
};

struct kmd_marks {
	struct kmd_mark *items;
	size_t n, cap;
	bool failed; /* memory was short */
};

/* Note @length bytes of @source from @start on. */
void kmd_marks_add(struct kmd_marks *marks, const void *source, uint64_t start, uint64_t length);
/* Sort them by source and start; those that touch become one. */
void kmd_marks_settle(struct kmd_marks *marks);
void kmd_marks_deinit(struct kmd_marks *marks);

#endif
