/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* stacks.h - stacks of tasks, those that are equal in one group. */
#ifndef KMD_REPORT_STACKS_H
#define KMD_REPORT_STACKS_H

#include <kmemdump/kmd.h>

struct group {
	size_t *tasks; /* indexes, as kmd_task_get() counts */
	size_t n;
	const struct kmd_stack *stack; /* NULL = not known */
	char *error;                   /* why not */
};

struct groups {
	struct group *items; /* large ones first */
	size_t n;
};

/*
 * Group the tasks for which @wanted returns true.  False if memory is short.
 */
bool groups_make(struct kmd *kmd, bool (*wanted)(const struct kmd_task *task),
		 struct groups *groups);
void groups_deinit(struct groups *groups);

#endif
