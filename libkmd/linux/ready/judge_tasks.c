/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Tasks, by pid and by CPU, and the CPUs' run queues. */
#include "linux/ready/objects.h"

#include <inttypes.h>
#include <stdio.h>

static void judge_each(const struct kmd_look *look, enum kmd_look_mode mode,
		       const struct kmd_addresses *list, uint64_t size, const char *name,
		       struct kmd_verdict *verdict)
{
	struct kmd_count count = { 0, 0, 0, 0 };

	for (size_t i = 0; i < list->n; i++)
		kmd_count_span(look, mode, list->items[i], size, &count);
	kmd_count_conclude(&count, name, verdict);
}

static void judge_task_structs(const struct kmd_look *look, enum kmd_look_mode mode,
			       const struct kmd_addresses *list, const char *name,
			       struct kmd_verdict *verdict)
{
	uint64_t size;

	if (kmd_look_task_size(look, &size))
		judge_each(look, mode, list, size, name, verdict);
	else
		kmd_verdict_add(verdict, KMD_UNKNOWN, "size of task_struct");
}

/* ----- by pid */

bool kmd_tasks_known(const struct kmd_tasks *tasks, struct kmd_verdict *verdict)
{
	if (tasks->unknown)
		kmd_verdict_add(verdict, KMD_UNKNOWN, "%s", tasks->unknown);
	return !tasks->unknown;
}

void kmd_judge_pid_tree(struct kmd_judging *judging, enum kmd_look_mode mode,
			struct kmd_verdict *verdict)
{
	static const char *const root[] = { "init_pid_ns", NULL };
	const struct kmd_tasks *tasks = kmd_judging_tasks(judging);

	kmd_judge_variables(&judging->look, mode, verdict, root);
	if (!verdict->presence && kmd_tasks_known(tasks, verdict) && tasks->nodes_absent)
		kmd_verdict_add(verdict, KMD_ABSENT, "%zu of %zu xa_nodes of pids (0x%" PRIx64 ")",
				tasks->nodes_absent, tasks->nodes.n,
				tasks->nodes.items[tasks->nodes.n - tasks->nodes_absent]);
}

void kmd_judge_pids(struct kmd_judging *judging, enum kmd_look_mode mode,
		    struct kmd_verdict *verdict)
{
	const struct kmd_tasks *tasks = kmd_judging_tasks(judging);

	const struct kmd_look *look = &judging->look;
	uint64_t size;

	if (!kmd_tasks_known(tasks, verdict))
		return;
	if (kmd_look_type(look, KMD_T_PID, &size))
		judge_each(look, mode, &tasks->pids, size, "struct pid", verdict);
	else
		kmd_verdict_add(verdict, KMD_UNKNOWN, "size of struct pid");
}

void kmd_judge_tasks(struct kmd_judging *judging, enum kmd_look_mode mode,
		     struct kmd_verdict *verdict)
{
	const struct kmd_tasks *tasks = kmd_judging_tasks(judging);

	if (kmd_tasks_known(tasks, verdict))
		judge_task_structs(&judging->look, mode, &tasks->tasks, "task_struct", verdict);
}

void kmd_judge_mms(struct kmd_judging *judging, enum kmd_look_mode mode,
		   struct kmd_verdict *verdict)
{
	const struct kmd_tasks *tasks = kmd_judging_tasks(judging);
	const struct kmd_look *look = &judging->look;
	struct kmd_count count = { 0, 0, 0, 0 };
	uint64_t at, size, mm;

	if (!kmd_tasks_known(tasks, verdict) || !kmd_look_type(look, KMD_T_TASK_MM, &at) ||
	    !kmd_look_type(look, KMD_T_MM, &size))
		return;
	for (size_t i = 0; i < tasks->tasks.n; i++)
		if (kmd_look_number(look, mode, tasks->tasks.items[i] + at, 8, &mm) && mm)
			kmd_count_span(look, mode, mm, size, &count);
	kmd_count_conclude(&count, "mm_struct", verdict);
}

/* ----- by CPU */

bool kmd_tasks_cpus_known(const struct kmd_tasks *tasks, struct kmd_verdict *verdict)
{
	if (tasks->cpus_unknown)
		kmd_verdict_add(verdict, KMD_UNKNOWN, "%s", tasks->cpus_unknown);
	return !tasks->cpus_unknown;
}

void kmd_judge_runqueues(struct kmd_judging *judging, enum kmd_look_mode mode,
			 struct kmd_verdict *verdict)
{
	const struct kmd_tasks *tasks = kmd_judging_tasks(judging);
	const struct kmd_look *look = &judging->look;
	uint64_t size, rq;
	char name[40];

	if (!kmd_look_type(look, KMD_T_RQ, &size) || !kmd_tasks_cpus_known(tasks, verdict))
		return;
	for (size_t i = 0; i < tasks->cpus.n; i++) {
		snprintf(name, sizeof(name), "runqueues of CPU %" PRIu32, tasks->cpus.numbers[i]);
		if (kmd_look_per_cpu(look, "runqueues", tasks->cpus.offsets[i], &rq))
			kmd_judge_span(look, mode, verdict, name, rq, size);
	}
}

void kmd_judge_current_tasks(struct kmd_judging *judging, enum kmd_look_mode mode,
			     struct kmd_verdict *verdict)
{
	const struct kmd_tasks *tasks = kmd_judging_tasks(judging);

	if (kmd_tasks_cpus_known(tasks, verdict))
		judge_task_structs(&judging->look, mode, &tasks->current, "current task_struct",
				   verdict);
}

void kmd_judge_idle_tasks(struct kmd_judging *judging, enum kmd_look_mode mode,
			  struct kmd_verdict *verdict)
{
	const struct kmd_tasks *tasks = kmd_judging_tasks(judging);

	if (kmd_tasks_cpus_known(tasks, verdict))
		judge_task_structs(&judging->look, mode, &tasks->idle, "idle task_struct", verdict);
}

bool kmd_judging_panic_task(struct kmd_judging *judging, uint64_t *task)
{
	const struct kmd_tasks *tasks = kmd_judging_tasks(judging);
	const struct kmd_kernel *kernel = &judging->look.in->facts->pub;

	if (!kernel->has_panic_cpu)
		return kmd_look_symbol(&judging->look, "init_task", task, NULL);
	for (size_t i = 0; i < tasks->current.n; i++)
		if (tasks->cpus.numbers[i] == kernel->panic_cpu && tasks->current.items[i]) {
			*task = tasks->current.items[i];
			return true;
		}
	return false;
}

void kmd_judge_panic_task(struct kmd_judging *judging, enum kmd_look_mode mode,
			  struct kmd_verdict *verdict)
{
	uint64_t task;
	struct kmd_addresses one = { &task, 1, 1 };

	if (kmd_judging_panic_task(judging, &task))
		judge_task_structs(&judging->look, mode, &one, "the panicked task's task_struct",
				   verdict);
	else
		kmd_verdict_add(verdict, KMD_UNKNOWN, "the panicked task");
}
