/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Objects that are tasks, their stacks, run queues and registers of CPUs. */
#include "consumer/objects.h"

#include "base/checked.h"

#include <elf.h>
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

static bool tasks_known(const struct kmd_tasks *tasks, struct kmd_availability *availability)
{
	if (tasks->unknown)
		kmd_availability_add(availability, KMD_UNKNOWN, "%s", tasks->unknown);
	return !tasks->unknown;
}

void kmd_check_pid_tree(struct kmd_consumer_check *check, enum kmd_xlate mode,
			struct kmd_availability *availability)
{
	static const char *const root[] = { "init_pid_ns", NULL };
	const struct kmd_tasks *tasks = &check->tasks;

	kmd_check_variables(check->target, mode, availability, root);
	if (!availability->presence && tasks_known(tasks, availability) && tasks->nodes_absent)
		kmd_availability_add(availability, KMD_ABSENT,
				     "%zu of %zu xa_nodes of pids (0x%" PRIx64 ")",
				     tasks->nodes_absent, tasks->nodes.n,
				     tasks->nodes.items[tasks->nodes.n - tasks->nodes_absent]);
}

void kmd_check_pids(struct kmd_consumer_check *check, enum kmd_xlate mode,
		    struct kmd_availability *availability)
{
	const struct kmd_tasks *tasks = &check->tasks;

	const struct kmd_target *target = check->target;
	uint64_t size;

	if (!tasks_known(tasks, availability))
		return;
	if (kmd_target_type(target, KMD_T_PID, &size))
		check_each(target, mode, &tasks->pids, size, "struct pid", availability);
	else
		kmd_availability_add(availability, KMD_UNKNOWN, "size of struct pid");
}

void kmd_check_tasks(struct kmd_consumer_check *check, enum kmd_xlate mode,
		     struct kmd_availability *availability)
{
	const struct kmd_tasks *tasks = &check->tasks;

	if (tasks_known(tasks, availability))
		check_task_structs(check->target, mode, &tasks->tasks, "task_struct", availability);
}

/* Of enum mm_counters: those that ps adds up (file, anonymous, shared memory). */
static const unsigned int rss_counters[] = { 0, 1, 3 };

struct rss {
	uint64_t at, size, counters; /* of rss_stat, of a counter, of its per-CPU part */
};

/* Since 6.2 each counter of struct mm_struct has a part for each CPU, if there are several. */
static bool has_per_cpu_rss(const struct kmd_target *target, struct rss *rss)
{
	uint64_t old;

	return !kmd_target_type(target, KMD_T_RSS_STAT_OLD, &old) &&
	       kmd_target_type(target, KMD_T_MM_RSS_STAT, &rss->at) &&
	       kmd_target_type(target, KMD_T_COUNTER, &rss->size) &&
	       kmd_target_type(target, KMD_T_COUNTER_COUNTERS, &rss->counters);
}

/* crash's ps stops at the first counter that is not there. */
static void count_rss(const struct kmd_consumer_check *check, enum kmd_xlate mode,
		      const struct rss *rss, uint64_t mm, struct kmd_count *count)
{
	const struct kmd_target_cpus *cpus = &check->tasks.cpus;
	uint64_t per_cpu;

	for (size_t i = 0; i < sizeof(rss_counters) / sizeof(rss_counters[0]); i++) {
		uint64_t counter = mm + rss->at + rss_counters[i] * rss->size;

		if (!kmd_target_read_uint(check->target, mode, counter + rss->counters, KMD_LONG,
					  &per_cpu) ||
		    !per_cpu)
			continue;
		for (size_t cpu = 0; cpu < cpus->n; cpu++)
			kmd_count_span(check->target, mode, per_cpu + cpus->offsets[cpu],
				       sizeof(int32_t), count);
	}
}

void kmd_check_mms(struct kmd_consumer_check *check, enum kmd_xlate mode,
		   struct kmd_availability *availability)
{
	const struct kmd_tasks *tasks = &check->tasks;
	const struct kmd_target *target = check->target;
	struct kmd_count count = { 0, 0, 0, 0 }, counters = { 0, 0, 0, 0 };
	uint64_t at, size, mm;
	struct rss rss;
	bool per_cpu;

	if (!tasks_known(tasks, availability) || !kmd_target_type(target, KMD_T_TASK_MM, &at) ||
	    !kmd_target_type(target, KMD_T_MM, &size))
		return;
	per_cpu = !tasks->cpus_unknown && has_per_cpu_rss(target, &rss);
	for (size_t i = 0; i < tasks->tasks.n; i++) {
		if (!kmd_target_read_uint(target, mode, tasks->tasks.items[i] + at, KMD_LONG,
					  &mm) ||
		    !mm)
			continue;
		kmd_count_span(target, mode, mm, size, &count);
		if (per_cpu)
			count_rss(check, mode, &rss, mm, &counters);
	}
	kmd_count_to_availability(&count, "mm_struct", availability);
	kmd_count_to_availability(&counters, "per-CPU rss_stat counter", availability);
}

/* ----- by CPU */

static bool cpus_known(const struct kmd_tasks *tasks, struct kmd_availability *availability)
{
	if (tasks->cpus_unknown)
		kmd_availability_add(availability, KMD_UNKNOWN, "%s", tasks->cpus_unknown);
	return !tasks->cpus_unknown;
}

void kmd_check_runqueues(struct kmd_consumer_check *check, enum kmd_xlate mode,
			 struct kmd_availability *availability)
{
	const struct kmd_tasks *tasks = &check->tasks;
	const struct kmd_target *target = check->target;
	uint64_t size, rq;
	char name[40];

	if (!kmd_target_type(target, KMD_T_RQ, &size) || !cpus_known(tasks, availability))
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
	const struct kmd_tasks *tasks = &check->tasks;

	if (cpus_known(tasks, availability))
		check_task_structs(check->target, mode, &tasks->current, "current task_struct",
				   availability);
}

void kmd_check_idle_tasks(struct kmd_consumer_check *check, enum kmd_xlate mode,
			  struct kmd_availability *availability)
{
	const struct kmd_tasks *tasks = &check->tasks;

	if (cpus_known(tasks, availability))
		check_task_structs(check->target, mode, &tasks->idle, "idle task_struct",
				   availability);
}

static bool find_panic_task(struct kmd_consumer_check *check, uint64_t *task)
{
	const struct kmd_tasks *tasks = &check->tasks;
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

	if (find_panic_task(check, &task))
		check_task_structs(check->target, mode, &one, "the panicked task's task_struct",
				   availability);
	else
		kmd_availability_add(availability, KMD_UNKNOWN, "the panicked task");
}

/* ----- stacks */

static void count_stack(const struct kmd_target *target, enum kmd_xlate mode, uint64_t task,
			uint64_t at, uint64_t size, struct kmd_count *count)
{
	uint64_t stack;

	/* The stack of a task that was not captured is not known. */
	kmd_count_span(target, mode,
		       kmd_target_read_uint(target, mode, task + at, KMD_LONG, &stack) ? stack : 0,
		       size, count);
}

static void check_stacks(const struct kmd_target *target, enum kmd_xlate mode,
			 const struct kmd_addresses *list, struct kmd_availability *availability)
{
	struct kmd_count count = { 0, 0, 0, 0 };
	uint64_t at, size;

	if (!kmd_target_type(target, KMD_T_TASK_STACK, &at) ||
	    !kmd_target_stack_size(target, &size)) {
		kmd_availability_add(availability, KMD_UNKNOWN, "size of stacks");
		return;
	}
	for (size_t i = 0; i < list->n; i++)
		count_stack(target, mode, list->items[i], at, size, &count);
	kmd_count_to_availability(&count, "stack", availability);
}

void kmd_check_stacks(struct kmd_consumer_check *check, enum kmd_xlate mode,
		      struct kmd_availability *availability)
{
	const struct kmd_tasks *tasks = &check->tasks;

	if (tasks_known(tasks, availability))
		check_stacks(check->target, mode, &tasks->tasks, availability);
}

void kmd_check_current_stacks(struct kmd_consumer_check *check, enum kmd_xlate mode,
			      struct kmd_availability *availability)
{
	const struct kmd_tasks *tasks = &check->tasks;

	if (cpus_known(tasks, availability))
		check_stacks(check->target, mode, &tasks->current, availability);
}

void kmd_check_idle_stacks(struct kmd_consumer_check *check, enum kmd_xlate mode,
			   struct kmd_availability *availability)
{
	const struct kmd_tasks *tasks = &check->tasks;

	if (cpus_known(tasks, availability))
		check_stacks(check->target, mode, &tasks->idle, availability);
}

/* ----- where the CPUs' registers point to */

/* A CPU's interrupt stack, which is as large as a task's. */
static bool irq_stack(const struct kmd_target *target, uint64_t offset, uint64_t size,
		      uint64_t *base)
{
	bool is_x86 = target->facts->machine == EM_X86_64;
	const struct kmd_arch *arch = kmd_arch_by_machine(target->facts->machine);
	bool by_end = arch && arch->irq_stack_by_end;
	uint64_t virt, at = 0;

	/* x86_64 of 6.2 to 6.14 has it in pcpu_hot. */
	if (!kmd_target_per_cpu(target, is_x86 ? "hardirq_stack_ptr" : "irq_stack_ptr", offset,
				&virt) &&
	    (!is_x86 || !kmd_target_type(target, KMD_T_HOT_IRQ_STACK, &at) ||
	     !kmd_target_per_cpu(target, "pcpu_hot", offset, &virt)))
		return false;
	if (!kmd_target_read_uint(target, KMD_XLATE_ANY, virt + at, KMD_LONG, base))
		return false;
	/* x86_64 has a pointer to its last word, or (to 5.7) to its end; it is aligned to pages. */
	if (by_end)
		*base = ((*base + target->page - 1) & ~(target->page - 1)) - size;
	return kmd_target_is_kernel(target, *base);
}

/* Whether the stack pointer is in a CPU's interrupt stack. */
static bool is_on_irq_stack(struct kmd_consumer_check *check, uint64_t sp, uint64_t size,
			    uint64_t *base)
{
	const struct kmd_target_cpus *cpus = &check->tasks.cpus;

	for (size_t i = 0; i < cpus->n; i++)
		if (irq_stack(check->target, cpus->offsets[i], size, base) && sp >= *base &&
		    sp - *base < size)
			return true;
	return false;
}

static bool stack_size(const struct kmd_target *target, uint64_t *size,
		       struct kmd_availability *availability)
{
	if (kmd_target_stack_size(target, size) && kmd_is_pow2(*size))
		return true;
	kmd_availability_add(availability, KMD_UNKNOWN, "size of stacks");
	return false;
}

/* The interrupt stacks that CPUs are on, whole: what crash reads of them. */
static void check_irq_stacks(struct kmd_consumer_check *check, enum kmd_xlate mode,
			     const struct kmd_cpu *cpus, size_t n,
			     struct kmd_availability *availability)
{
	struct kmd_count count = { 0, 0, 0, 0 };
	uint64_t size, base;

	if (!stack_size(check->target, &size, availability))
		return;
	for (size_t i = 0; i < n; i++)
		if (is_on_irq_stack(check, cpus[i].pub.sp, size, &base))
			kmd_count_span(check->target, mode, base, size, &count);
	kmd_count_to_availability(&count, "interrupt stack", availability);
}

void kmd_check_irq_stacks(struct kmd_consumer_check *check, enum kmd_xlate mode,
			  struct kmd_availability *availability)
{
	const struct kmd_cpus *cpus = check->cpus;

	check_irq_stacks(check, mode, cpus->items, cpus->n, availability);
}

/* From each known stack pointer to the end of its stack: what gdb unwinds. */
void kmd_check_register_stacks(struct kmd_consumer_check *check, enum kmd_xlate mode,
			       struct kmd_availability *availability)
{
	const struct kmd_target *target = check->target;
	const struct kmd_cpus *cpus = check->cpus;
	struct kmd_count count = { 0, 0, 0, 0 };
	uint64_t size, base;

	if (!stack_size(target, &size, availability))
		return;
	for (size_t i = 0; i < cpus->n; i++) {
		uint64_t sp = cpus->items[i].pub.sp;

		if (!is_on_irq_stack(check, sp, size, &base))
			base = sp & ~(size - 1);
		/* In user space there is nothing to unwind. */
		if (kmd_target_is_kernel(target, sp))
			kmd_count_span(target, mode, sp, base + size - sp, &count);
	}
	kmd_count_to_availability(&count, "running stack", availability);
}

/* By the stack pointers, or, of a CPU that is in an interrupt, by the run queues. */
bool kmd_check_first_task_runs(struct kmd_consumer_check *check)
{
	const struct kmd_addresses *current = &check->tasks.current;
	const struct kmd_target *target = check->target;
	const struct kmd_cpus *cpus = check->cpus;
	uint64_t task, start, size;

	if (kmd_target_first_stack(target, &start, &size))
		for (size_t i = 0; i < cpus->n; i++)
			if (cpus->items[i].pub.sp - start < size)
				return true;
	if (kmd_target_symbol(target, "init_task", &task, NULL))
		for (size_t i = 0; i < current->n; i++)
			if (current->items[i] == task)
				return true;
	return false;
}

void kmd_check_panic_stack(struct kmd_consumer_check *check, enum kmd_xlate mode,
			   struct kmd_availability *availability)
{
	const struct kmd_kernel *kernel = &check->target->facts->pub;
	const struct kmd_cpus *cpus = check->cpus;
	uint64_t task;
	struct kmd_addresses one = { &task, 1, 1 };

	if (find_panic_task(check, &task))
		check_stacks(check->target, mode, &one, availability);
	else
		kmd_availability_add(availability, KMD_UNKNOWN, "the panicked task");
	/* In an interrupt the way to it leads through that one's stack. */
	for (size_t i = 0; kernel->has_panic_cpu && i < cpus->n; i++)
		if (cpus->items[i].cpu == kernel->panic_cpu)
			check_irq_stacks(check, mode, &cpus->items[i], 1, availability);
}

/* ----- registers */

void kmd_check_registers(struct kmd_consumer_check *check, enum kmd_xlate mode,
			 struct kmd_availability *availability)
{
	const struct kmd_tasks *tasks = &check->tasks;
	size_t known = check->cpus->n;

	(void)mode;
	if (!known)
		kmd_availability_add(availability, KMD_ABSENT, "registers of CPUs");
	else if (known < tasks->cpus.n)
		kmd_availability_add(availability, KMD_IN_PART, "registers of %zu of %zu CPUs",
				     tasks->cpus.n - known, tasks->cpus.n);
}

void kmd_check_panic_cpu(struct kmd_consumer_check *check, enum kmd_xlate mode,
			 struct kmd_availability *availability)
{
	static const char *const panic_cpu[] = { "panic_cpu", NULL };
	const struct kmd_target *target = check->target;
	uint64_t virt, cpu;

	kmd_check_variables(target, mode, availability, panic_cpu);
	if (!availability->presence && kmd_target_symbol(target, "panic_cpu", &virt, NULL) &&
	    kmd_target_read_uint(target, mode, virt, 4, &cpu) && cpu == UINT32_MAX)
		kmd_availability_add(availability, KMD_ABSENT, "a panic (panic_cpu is -1)");
}
