/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* tasks.h - the tasks that the kernel has: by pid, and those that run. */
#ifndef KMD_TASK_TASKS_H
#define KMD_TASK_TASKS_H

#include "target/target.h"

#define KMD_TASKS_MAX 131072

struct kmd_addresses {
	uint64_t *items;
	size_t n, cap;
};

struct kmd_tasks {
	/* Why nothing is known of the tasks by pid; NULL = it is. */
	const char *unknown;
	struct kmd_addresses nodes; /* xa_nodes of the tree of pids; those not there are the last */
	struct kmd_addresses pids;  /* struct pid */
	struct kmd_addresses tasks; /* task_structs of the pids that are there */
	size_t nodes_absent, pids_absent;
	/* The same of the CPUs that are present. */
	const char *cpus_unknown;
	struct kmd_target_cpus cpus;
	/* task_struct by place in .cpus; 0 = not known */
	struct kmd_addresses current, idle;
};

/* What cannot be known stays empty, with the reason. */
enum kmd_status kmd_tasks_read(const struct kmd_target *target, struct kmd_tasks *tasks);
void kmd_tasks_deinit(struct kmd_tasks *tasks);

#endif
