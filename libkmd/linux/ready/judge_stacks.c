/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The stacks of tasks, and those that CPUs are on. */
#include "linux/ready/objects.h"

#include "base/checked.h"

#include <elf.h>

static void count_stack(const struct kmd_look *look, enum kmd_look_mode mode, uint64_t task,
			uint64_t at, uint64_t size, struct kmd_count *count)
{
	uint64_t stack;

	/* Of a task that is not there nothing tells where its stack is. */
	kmd_count_span(look, mode, kmd_look_number(look, mode, task + at, 8, &stack) ? stack : 0,
		       size, count);
}

static void judge_stacks(const struct kmd_look *look, enum kmd_look_mode mode,
			 const struct kmd_addresses *list, struct kmd_verdict *verdict)
{
	struct kmd_count count = { 0, 0, 0, 0 };
	uint64_t at, size;

	if (!kmd_look_type(look, KMD_T_TASK_STACK, &at) || !kmd_look_stack_size(look, &size)) {
		kmd_verdict_add(verdict, KMD_UNKNOWN, "size of stacks");
		return;
	}
	for (size_t i = 0; i < list->n; i++)
		count_stack(look, mode, list->items[i], at, size, &count);
	kmd_count_conclude(&count, "stack", verdict);
}

void kmd_judge_stacks(struct kmd_judging *judging, enum kmd_look_mode mode,
		      struct kmd_verdict *verdict)
{
	const struct kmd_tasks *tasks = kmd_judging_tasks(judging);

	if (kmd_tasks_known(tasks, verdict))
		judge_stacks(&judging->look, mode, &tasks->tasks, verdict);
}

void kmd_judge_current_stacks(struct kmd_judging *judging, enum kmd_look_mode mode,
			      struct kmd_verdict *verdict)
{
	const struct kmd_tasks *tasks = kmd_judging_tasks(judging);

	if (kmd_tasks_cpus_known(tasks, verdict))
		judge_stacks(&judging->look, mode, &tasks->current, verdict);
}

void kmd_judge_idle_stacks(struct kmd_judging *judging, enum kmd_look_mode mode,
			   struct kmd_verdict *verdict)
{
	const struct kmd_tasks *tasks = kmd_judging_tasks(judging);

	if (kmd_tasks_cpus_known(tasks, verdict))
		judge_stacks(&judging->look, mode, &tasks->idle, verdict);
}

/* ----- where the CPUs' registers point to */

/* A CPU's interrupt stack, which is as large as a task's. */
static bool irq_stack(const struct kmd_look *look, uint64_t offset, uint64_t size, uint64_t *base)
{
	bool is_x86 = look->in->facts->machine == EM_X86_64;
	uint64_t virt, at = 0;

	/* x86_64 of 6.2 to 6.14 has it in pcpu_hot. */
	if (!kmd_look_per_cpu(look, is_x86 ? "hardirq_stack_ptr" : "irq_stack_ptr", offset,
			      &virt) &&
	    (!is_x86 || !kmd_look_type(look, KMD_T_HOT_IRQ_STACK, &at) ||
	     !kmd_look_per_cpu(look, "pcpu_hot", offset, &virt)))
		return false;
	if (!kmd_look_number(look, KMD_LOOK_EITHER, virt + at, 8, base))
		return false;
	/* x86_64 has a pointer to its last word, or (to 5.7) to its end; it is aligned to pages. */
	if (is_x86)
		*base = ((*base + look->page - 1) & ~(look->page - 1)) - size;
	return *base >> 63;
}

/* Whether the stack pointer is in a CPU's interrupt stack. */
static bool is_on_irq_stack(struct kmd_judging *judging, uint64_t sp, uint64_t size, uint64_t *base)
{
	const struct kmd_look_cpus *cpus = &kmd_judging_tasks(judging)->cpus;

	for (size_t i = 0; i < cpus->n; i++)
		if (irq_stack(&judging->look, cpus->offsets[i], size, base) && sp >= *base &&
		    sp - *base < size)
			return true;
	return false;
}

static bool stack_size(const struct kmd_look *look, uint64_t *size, struct kmd_verdict *verdict)
{
	if (kmd_look_stack_size(look, size) && kmd_is_pow2(*size))
		return true;
	kmd_verdict_add(verdict, KMD_UNKNOWN, "size of stacks");
	return false;
}

/* The interrupt stacks that CPUs are on, whole: what crash reads of them. */
static void judge_irq_stacks(struct kmd_judging *judging, enum kmd_look_mode mode,
			     const struct kmd_cpu *cpus, size_t n, struct kmd_verdict *verdict)
{
	struct kmd_count count = { 0, 0, 0, 0 };
	uint64_t size, base;

	if (!stack_size(&judging->look, &size, verdict))
		return;
	for (size_t i = 0; i < n; i++)
		if (is_on_irq_stack(judging, cpus[i].pub.sp, size, &base))
			kmd_count_span(&judging->look, mode, base, size, &count);
	kmd_count_conclude(&count, "interrupt stack", verdict);
}

void kmd_judge_irq_stacks(struct kmd_judging *judging, enum kmd_look_mode mode,
			  struct kmd_verdict *verdict)
{
	const struct kmd_cpus *cpus = judging->look.in->cpus;

	judge_irq_stacks(judging, mode, cpus->items, cpus->n, verdict);
}

/* From each known stack pointer to the end of its stack: what gdb unwinds. */
void kmd_judge_register_stacks(struct kmd_judging *judging, enum kmd_look_mode mode,
			       struct kmd_verdict *verdict)
{
	const struct kmd_look *look = &judging->look;
	const struct kmd_cpus *cpus = look->in->cpus;
	struct kmd_count count = { 0, 0, 0, 0 };
	uint64_t size, base;

	if (!stack_size(look, &size, verdict))
		return;
	for (size_t i = 0; i < cpus->n; i++) {
		uint64_t sp = cpus->items[i].pub.sp;

		if (!is_on_irq_stack(judging, sp, size, &base))
			base = sp & ~(size - 1);
		/* In user space there is nothing to unwind. */
		if (sp >> 63)
			kmd_count_span(look, mode, sp, base + size - sp, &count);
	}
	kmd_count_conclude(&count, "running stack", verdict);
}

/* By the stack pointers, or, of a CPU that is in an interrupt, by the run queues. */
bool kmd_judging_is_first_task_on(struct kmd_judging *judging)
{
	const struct kmd_addresses *current = &kmd_judging_tasks(judging)->current;
	const struct kmd_look *look = &judging->look;
	const struct kmd_cpus *cpus = look->in->cpus;
	uint64_t task, start, size;

	if (kmd_look_first_stack(look, &start, &size))
		for (size_t i = 0; i < cpus->n; i++)
			if (cpus->items[i].pub.sp - start < size)
				return true;
	if (kmd_look_symbol(look, "init_task", &task, NULL))
		for (size_t i = 0; i < current->n; i++)
			if (current->items[i] == task)
				return true;
	return false;
}

void kmd_judge_panic_stack(struct kmd_judging *judging, enum kmd_look_mode mode,
			   struct kmd_verdict *verdict)
{
	const struct kmd_kernel *kernel = &judging->look.in->facts->pub;
	const struct kmd_cpus *cpus = judging->look.in->cpus;
	uint64_t task;
	struct kmd_addresses one = { &task, 1, 1 };

	if (kmd_judging_panic_task(judging, &task))
		judge_stacks(&judging->look, mode, &one, verdict);
	else
		kmd_verdict_add(verdict, KMD_UNKNOWN, "the panicked task");
	/* In an interrupt the way to it leads through that one's stack. */
	for (size_t i = 0; kernel->has_panic_cpu && i < cpus->n; i++)
		if (cpus->items[i].cpu == kernel->panic_cpu)
			judge_irq_stacks(judging, mode, &cpus->items[i], 1, verdict);
}
