/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Tasks, by pid and by CPU, and the CPUs' run queues. */
#include "consumer/objects.h"

#include <inttypes.h>
#include <stdio.h>

static void check_each(const struct kmd_target *target, enum kmd_xlate mode,
		       const struct kmd_addresses *list, uint64_t size, const char *name,
		       struct kmd_availability *availability)
{
	struct kmd_count count = { 0, 0, 0, 0 };

	for (size_t i = 0; i < list->n; i++)
		kmd_count_span(target, mode, list->items[i], size, &count);
	kmd_count_to_availability(&count, name, availability);
}

static void check_task_structs(const struct kmd_target *target, enum kmd_xlate mode,
			       const struct kmd_addresses *list, const char *name,
			       struct kmd_availability *availability)
{
	uint64_t size;

	if (kmd_target_task_size(target, &size))
		check_each(target, mode, list, size, name, availability);
	else
		kmd_availability_add(availability, KMD_UNKNOWN, "size of task_struct");
}

/* ----- by pid */

bool kmd_tasks_known(const struct kmd_tasks *tasks, struct kmd_availability *availability)
{
	if (tasks->unknown)
		kmd_availability_add(availability, KMD_UNKNOWN, "%s", tasks->unknown);
	return !tasks->unknown;
}

void kmd_check_pid_tree(struct kmd_consumer_check *check, enum kmd_xlate mode,
			struct kmd_availability *availability)
{
	static const char *const root[] = { "init_pid_ns", NULL };
	const struct kmd_tasks *tasks = kmd_check_tasks_of(check);

	kmd_check_variables(check->target, mode, availability, root);
	if (!availability->presence && kmd_tasks_known(tasks, availability) && tasks->nodes_absent)
		kmd_availability_add(availability, KMD_ABSENT,
				     "%zu of %zu xa_nodes of pids (0x%" PRIx64 ")",
				     tasks->nodes_absent, tasks->nodes.n,
				     tasks->nodes.items[tasks->nodes.n - tasks->nodes_absent]);
}

void kmd_check_pids(struct kmd_consumer_check *check, enum kmd_xlate mode,
		    struct kmd_availability *availability)
{
	const struct kmd_tasks *tasks = kmd_check_tasks_of(check);

	const struct kmd_target *target = check->target;
	uint64_t size;

	if (!kmd_tasks_known(tasks, availability))
		return;
	if (kmd_target_type(target, KMD_T_PID, &size))
		check_each(target, mode, &tasks->pids, size, "struct pid", availability);
	else
		kmd_availability_add(availability, KMD_UNKNOWN, "size of struct pid");
}

void kmd_check_tasks(struct kmd_consumer_check *check, enum kmd_xlate mode,
		     struct kmd_availability *availability)
{
	const struct kmd_tasks *tasks = kmd_check_tasks_of(check);

	if (kmd_tasks_known(tasks, availability))
		check_task_structs(check->target, mode, &tasks->tasks, "task_struct", availability);
}

void kmd_check_mms(struct kmd_consumer_check *check, enum kmd_xlate mode,
		   struct kmd_availability *availability)
{
	const struct kmd_tasks *tasks = kmd_check_tasks_of(check);
	const struct kmd_target *target = check->target;
	struct kmd_count count = { 0, 0, 0, 0 };
	uint64_t at, size, mm;

	if (!kmd_tasks_known(tasks, availability) || !kmd_target_type(target, KMD_T_TASK_MM, &at) ||
	    !kmd_target_type(target, KMD_T_MM, &size))
		return;
	for (size_t i = 0; i < tasks->tasks.n; i++)
		if (kmd_target_read_uint(target, mode, tasks->tasks.items[i] + at, 8, &mm) && mm)
			kmd_count_span(target, mode, mm, size, &count);
	kmd_count_to_availability(&count, "mm_struct", availability);
}

/* ----- by CPU */

bool kmd_tasks_cpus_known(const struct kmd_tasks *tasks, struct kmd_availability *availability)
{
	if (tasks->cpus_unknown)
		kmd_availability_add(availability, KMD_UNKNOWN, "%s", tasks->cpus_unknown);
	return !tasks->cpus_unknown;
}

void kmd_check_runqueues(struct kmd_consumer_check *check, enum kmd_xlate mode,
			 struct kmd_availability *availability)
{
	const struct kmd_tasks *tasks = kmd_check_tasks_of(check);
	const struct kmd_target *target = check->target;
	uint64_t size, rq;
	char name[40];

	if (!kmd_target_type(target, KMD_T_RQ, &size) || !kmd_tasks_cpus_known(tasks, availability))
		return;
	for (size_t i = 0; i < tasks->cpus.n; i++) {
		snprintf(name, sizeof(name), "runqueues of CPU %" PRIu32, tasks->cpus.numbers[i]);
		if (kmd_target_per_cpu(target, "runqueues", tasks->cpus.offsets[i], &rq))
			kmd_check_span(target, mode, availability, name, rq, size);
	}
}

void kmd_check_current_tasks(struct kmd_consumer_check *check, enum kmd_xlate mode,
			     struct kmd_availability *availability)
{
	const struct kmd_tasks *tasks = kmd_check_tasks_of(check);

	if (kmd_tasks_cpus_known(tasks, availability))
		check_task_structs(check->target, mode, &tasks->current, "current task_struct",
				   availability);
}

void kmd_check_idle_tasks(struct kmd_consumer_check *check, enum kmd_xlate mode,
			  struct kmd_availability *availability)
{
	const struct kmd_tasks *tasks = kmd_check_tasks_of(check);

	if (kmd_tasks_cpus_known(tasks, availability))
		check_task_structs(check->target, mode, &tasks->idle, "idle task_struct",
				   availability);
}

bool kmd_check_panic_task_of(struct kmd_consumer_check *check, uint64_t *task)
{
	const struct kmd_tasks *tasks = kmd_check_tasks_of(check);
	const struct kmd_kernel *kernel = &check->target->facts->pub;

	if (!kernel->has_panic_cpu)
		return kmd_target_symbol(check->target, "init_task", task, NULL);
	for (size_t i = 0; i < tasks->current.n; i++)
		if (tasks->cpus.numbers[i] == kernel->panic_cpu && tasks->current.items[i]) {
			*task = tasks->current.items[i];
			return true;
		}
	return false;
}

void kmd_check_panic_task(struct kmd_consumer_check *check, enum kmd_xlate mode,
			  struct kmd_availability *availability)
{
	uint64_t task;
	struct kmd_addresses one = { &task, 1, 1 };

	if (kmd_check_panic_task_of(check, &task))
		check_task_structs(check->target, mode, &one, "the panicked task's task_struct",
				   availability);
	else
		kmd_availability_add(availability, KMD_UNKNOWN, "the panicked task");
}
