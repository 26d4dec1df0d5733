/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* list.h - each task with its members: pid, name, state, CPU. */
#ifndef KMD_TASK_LIST_H
#define KMD_TASK_LIST_H

#include "task/tasks.h"

/* TASK_COMM_LEN, each byte as \xNN if it is not printable. */
#define KMD_TASK_COMM 65

struct kmd_task_entry {
	struct kmd_task pub; /* .comm is @comm */
	char comm[KMD_TASK_COMM];
};

/* The scheduler's clock of a CPU. */
struct kmd_cpu_clock {
	uint32_t cpu;
	uint64_t clock;
};

struct kmd_task_list {
	struct kmd_task_entry *items; /* by pid; idle tasks first, by CPU */
	size_t n, cap;
	struct kmd_cpu_clock *clocks; /* those that were captured */
	size_t n_clocks;
	const char *unknown; /* why there may be more tasks than these; NULL = these are all */
};

/*
 * The tasks that were captured.  Members that were not captured, or are not known of this kernel,
 * are absent from an entry.
 */
enum kmd_status kmd_task_list_read(const struct kmd_target *target, struct kmd_task_list *list);
void kmd_task_list_deinit(struct kmd_task_list *list);

#endif
