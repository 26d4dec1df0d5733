/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Tasks, their stacks, the CPUs' run queues, modules. */
#include "linux/ready/objects.h"

#include "base/checked.h"

#include <inttypes.h>
#include <stdio.h>

#define MODULES_MAX 16384

/* How many of several alike objects are there, and which is the first that is not. */
struct count {
	size_t total, gone, part;
	uint64_t first;
};

static void count_span(const struct kmd_look *look, enum kmd_look_mode mode, uint64_t virt,
		       uint64_t size, struct count *count)
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

/* Where one is missing and others are there, the consumer shows those. */
static void conclude(const struct count *count, const char *name, struct kmd_verdict *verdict)
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

static void judge_all(const struct kmd_look *look, enum kmd_look_mode mode,
		      const struct kmd_addresses *list, enum kmd_look_type type, const char *name,
		      struct kmd_verdict *verdict)
{
	struct count count = { 0, 0, 0, 0 };
	uint64_t size;

	if (!kmd_look_type(look, type, &size)) {
		kmd_verdict_add(verdict, KMD_UNKNOWN, "size of %s", name);
		return;
	}
	for (size_t i = 0; i < list->n; i++)
		count_span(look, mode, list->items[i], size, &count);
	conclude(&count, name, verdict);
}

/* ----- by pid */

static bool is_known(const struct kmd_tasks *tasks, struct kmd_verdict *verdict)
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
	if (!verdict->presence && is_known(tasks, verdict) && tasks->nodes_absent)
		kmd_verdict_add(verdict, KMD_ABSENT, "%zu of %zu xa_nodes of pids (0x%" PRIx64 ")",
				tasks->nodes_absent, tasks->nodes.n,
				tasks->nodes.items[tasks->nodes.n - tasks->nodes_absent]);
}

void kmd_judge_pids(struct kmd_judging *judging, enum kmd_look_mode mode,
		    struct kmd_verdict *verdict)
{
	const struct kmd_tasks *tasks = kmd_judging_tasks(judging);

	if (is_known(tasks, verdict))
		judge_all(&judging->look, mode, &tasks->pids, KMD_T_PID, "struct pid", verdict);
}

void kmd_judge_tasks(struct kmd_judging *judging, enum kmd_look_mode mode,
		     struct kmd_verdict *verdict)
{
	const struct kmd_tasks *tasks = kmd_judging_tasks(judging);

	if (is_known(tasks, verdict))
		judge_all(&judging->look, mode, &tasks->tasks, KMD_T_TASK, "task_struct", verdict);
}

void kmd_judge_mms(struct kmd_judging *judging, enum kmd_look_mode mode,
		   struct kmd_verdict *verdict)
{
	const struct kmd_tasks *tasks = kmd_judging_tasks(judging);
	const struct kmd_look *look = &judging->look;
	struct count count = { 0, 0, 0, 0 };
	uint64_t at, size, mm;

	if (!is_known(tasks, verdict) || !kmd_look_type(look, KMD_T_TASK_MM, &at) ||
	    !kmd_look_type(look, KMD_T_MM, &size))
		return;
	for (size_t i = 0; i < tasks->tasks.n; i++)
		if (kmd_look_number(look, mode, tasks->tasks.items[i] + at, 8, &mm) && mm)
			count_span(look, mode, mm, size, &count);
	conclude(&count, "mm_struct", verdict);
}

static void count_stack(const struct kmd_look *look, enum kmd_look_mode mode, uint64_t task,
			uint64_t at, uint64_t size, struct count *count)
{
	uint64_t stack;

	/* Of a task that is not there nothing tells where its stack is. */
	count_span(look, mode, kmd_look_number(look, mode, task + at, 8, &stack) ? stack : 0, size,
		   count);
}

static void judge_stacks(const struct kmd_look *look, enum kmd_look_mode mode,
			 const struct kmd_addresses *list, struct kmd_verdict *verdict)
{
	struct count count = { 0, 0, 0, 0 };
	uint64_t at, size;

	if (!kmd_look_type(look, KMD_T_TASK_STACK, &at) || !kmd_look_stack_size(look, &size)) {
		kmd_verdict_add(verdict, KMD_UNKNOWN, "size of stacks");
		return;
	}
	for (size_t i = 0; i < list->n; i++)
		count_stack(look, mode, list->items[i], at, size, &count);
	conclude(&count, "stack", verdict);
}

void kmd_judge_stacks(struct kmd_judging *judging, enum kmd_look_mode mode,
		      struct kmd_verdict *verdict)
{
	const struct kmd_tasks *tasks = kmd_judging_tasks(judging);

	if (is_known(tasks, verdict))
		judge_stacks(&judging->look, mode, &tasks->tasks, verdict);
}

/* ----- by CPU */

static bool are_cpus_known(const struct kmd_tasks *tasks, struct kmd_verdict *verdict)
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

	if (!kmd_look_type(look, KMD_T_RQ, &size) || !are_cpus_known(tasks, verdict))
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

	if (are_cpus_known(tasks, verdict))
		judge_all(&judging->look, mode, &tasks->current, KMD_T_TASK, "current task_struct",
			  verdict);
}

void kmd_judge_current_stacks(struct kmd_judging *judging, enum kmd_look_mode mode,
			      struct kmd_verdict *verdict)
{
	const struct kmd_tasks *tasks = kmd_judging_tasks(judging);

	if (are_cpus_known(tasks, verdict))
		judge_stacks(&judging->look, mode, &tasks->current, verdict);
}

/* From each known stack pointer to the end of its stack: what gdb unwinds. */
void kmd_judge_register_stacks(struct kmd_judging *judging, enum kmd_look_mode mode,
			       struct kmd_verdict *verdict)
{
	const struct kmd_look *look = &judging->look;
	const struct kmd_cpus *cpus = look->in->cpus;
	struct count count = { 0, 0, 0, 0 };
	uint64_t size;

	if (!kmd_look_stack_size(look, &size) || !kmd_is_pow2(size)) {
		kmd_verdict_add(verdict, KMD_UNKNOWN, "size of stacks");
		return;
	}
	for (size_t i = 0; i < cpus->n; i++) {
		uint64_t sp = cpus->items[i].pub.sp;

		/* In user space there is nothing to unwind. */
		if (sp >> 63)
			count_span(look, mode, sp, size - (sp & (size - 1)), &count);
	}
	conclude(&count, "running stack", verdict);
}

/* The task that `bt` is of: the one that panicked, else init_task; a list of one. */
static bool panic_task(struct kmd_judging *judging, uint64_t *task)
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

	if (panic_task(judging, &task))
		judge_all(&judging->look, mode, &one, KMD_T_TASK, "the panicked task's task_struct",
			  verdict);
	else
		kmd_verdict_add(verdict, KMD_UNKNOWN, "the panicked task");
}

void kmd_judge_panic_stack(struct kmd_judging *judging, enum kmd_look_mode mode,
			   struct kmd_verdict *verdict)
{
	uint64_t task;
	struct kmd_addresses one = { &task, 1, 1 };

	if (panic_task(judging, &task))
		judge_stacks(&judging->look, mode, &one, verdict);
	else
		kmd_verdict_add(verdict, KMD_UNKNOWN, "the panicked task");
}

/* ----- modules */

void kmd_judge_modules(struct kmd_judging *judging, enum kmd_look_mode mode,
		       struct kmd_verdict *verdict)
{
	const struct kmd_look *look = &judging->look;
	struct count count = { 0, 0, 0, 0 };
	uint64_t head, entry, at, size;

	if (!kmd_look_symbol(look, "modules", &head, NULL))
		return;
	if (!kmd_look_type(look, KMD_T_MODULE, &size) ||
	    !kmd_look_type(look, KMD_T_MODULE_LIST, &at)) {
		kmd_verdict_add(verdict, KMD_UNKNOWN, "size of struct module");
		return;
	}
	for (entry = head; count.total < MODULES_MAX;) {
		if (!kmd_look_number(look, mode, entry, 8, &entry) || entry == head)
			break;
		count_span(look, mode, entry - at, size, &count);
	}
	/* What follows one that is not there is not reached. */
	if (count.gone)
		kmd_verdict_add(verdict, KMD_ABSENT, "struct module (0x%" PRIx64 ")", count.first);
	else
		conclude(&count, "struct module", verdict);
}
