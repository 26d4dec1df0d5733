/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Tasks, and the stacks of tasks and CPUs; each made when it is first asked for. */
#include "api/handle.h"

#include "target/image_search.h"
#include "target/kallsyms.h"
#include "task/locks.h"
#include "types/btf.h"

#include <inttypes.h>
#include <stdlib.h>

enum kmd_status kmd_load_types(struct kmd *kmd)
{
	enum kmd_status status = KMD_OK;

	if (!kmd->types_read)
		status = kmd_target_read_types(&kmd->core_target);
	kmd->types_read = status == KMD_OK;
	return status;
}

bool kmd_btf_of_kernel(const struct kmd_target *target, uint64_t *virt, uint64_t *size)
{
	uint64_t end;

	*virt = target->found.btf;
	*size = target->found.btf_size;
	if (*virt)
		return true;
	if (!kmd_target_symbol(target, "__start_BTF", virt, NULL) ||
	    !kmd_target_symbol(target, "__stop_BTF", &end, NULL) || end <= *virt ||
	    end - *virt > KMD_BTF_MAX)
		return false;
	*size = end - *virt;
	return true;
}

/* The kernel's own BTF, for types that no vmlinux gave. */
static enum kmd_status read_btf(struct kmd *kmd)
{
	struct kmd_target *target = &kmd->own_target;
	enum kmd_status status = KMD_OK;
	uint64_t start, size;
	const char *wrong = NULL;
	unsigned char *bytes;
	size_t at;

	if (!kmd_btf_of_kernel(target, &start, &size))
		return KMD_OK;
	bytes = malloc((size_t)size);
	if (!bytes)
		return kmd_fail_memory(&kmd->diag);
	if (kmd_target_read(target, KMD_XLATE_ANY, start, bytes, size))
		status = kmd_btf_types(bytes, (size_t)size, kmd->facts.big_endian, target->types,
				       KMD_T_N, &kmd->diag, &wrong, &at);
	free(bytes);
	if (status == KMD_OK && wrong)
		status = kmd_report(&kmd->diag, KMD_FIND_TABLE, KMD_DAMAGE, kmd_in(NULL),
				    "the kernel's types (BTF at 0x%" PRIx64
				    ") are not used whole: %s, at offset 0x%zx",
				    start, wrong, at);
	return status;
}

enum kmd_status kmd_load_own_target(struct kmd *kmd)
{
	struct kmd_target *target = &kmd->own_target;
	enum kmd_status status = kmd_load_types(kmd);
	uint64_t at;

	if (status != KMD_OK || target->memory)
		return status;
	*target = kmd->core_target;
	if (!target->has_symbols) {
		status = kmd_kallsyms_read(&kmd->core_target, &kmd->kallsyms);
		if (kmd->kallsyms.n)
			target->kallsyms = &kmd->kallsyms;
	}
	if (status == KMD_OK && !kmd_target_type(target, KMD_T_TASK_PID, &at)) {
		kmd_image_find_btf(target);
		status = read_btf(kmd);
	}
	if (status == KMD_OK)
		kmd_image_find_init_task(target);
	return status;
}

/* ----- tasks */

static enum kmd_status read_tasks(struct kmd *kmd)
{
	enum kmd_status status = kmd_load_own_target(kmd);
	uint64_t at;

	if (status == KMD_OK && !kmd_target_type(&kmd->own_target, KMD_T_TASK_PID, &at))
		return kmd_fail(&kmd->diag, KMD_ERR_NOT_FOUND, kmd_in(kmd->input.name),
				"the types of its kernel are not known, so that no tasks can be "
				"listed: it needs a vmlinux with debug information, or BTF in the "
				"dump");
	if (status == KMD_OK)
		status = kmd_task_list_read(&kmd->own_target, &kmd->tasks);
	if (status == KMD_OK)
		kmd_task_locks_find(&kmd->own_target, &kmd->tasks);
	else
		kmd_task_list_deinit(&kmd->tasks);
	kmd->tasks_read = status == KMD_OK;
	return status;
}

KMD_EXPORT enum kmd_status kmd_tasks_load(struct kmd *kmd)
{
	enum kmd_status status = kmd_begin_opened(kmd);

	if (status == KMD_OK && !kmd->tasks_read)
		status = read_tasks(kmd);
	if (status == KMD_OK && !kmd->tasks.n)
		return kmd_fail(&kmd->diag, KMD_ERR_NOT_FOUND, kmd_in(kmd->input.name),
				"no task was captured");
	/* What was looked for and is not there may have left a sentence. */
	kmd->diag.status = status;
	return status;
}

KMD_EXPORT size_t kmd_task_count(const struct kmd *kmd)
{
	return kmd->tasks.n;
}

KMD_EXPORT const struct kmd_task *kmd_task_get(const struct kmd *kmd, size_t index)
{
	return index < kmd->tasks.n ? &kmd->tasks.items[index].pub : NULL;
}

KMD_EXPORT const char *kmd_tasks_incomplete(const struct kmd *kmd)
{
	return kmd->tasks.unknown;
}

KMD_EXPORT enum kmd_status kmd_cpu_last_tick(struct kmd *kmd, uint32_t cpu, uint64_t *last_tick)
{
	enum kmd_status status = kmd_begin_opened(kmd);

	if (status != KMD_OK)
		return status;
	for (size_t i = 0; i < kmd->tasks.n_clocks; i++)
		if (kmd->tasks.clocks[i].cpu == cpu) {
			*last_tick = kmd->tasks.clocks[i].clock;
			return KMD_OK;
		}
	return kmd_fail(&kmd->diag, KMD_ERR_NOT_FOUND, kmd_in(kmd->input.name),
			"the run queue of CPU %u was not captured", cpu);
}

/* ----- modules */

enum kmd_status kmd_load_modules(struct kmd *kmd)
{
	enum kmd_status status = kmd_load_own_target(kmd);

	if (status == KMD_OK && !kmd->modules_read)
		status = kmd_modules_read(&kmd->own_target, &kmd->modules);
	kmd->modules_read = status == KMD_OK;
	return status;
}

KMD_EXPORT enum kmd_status kmd_modules_load(struct kmd *kmd)
{
	enum kmd_status status = kmd_begin_opened(kmd);
	uint64_t at;

	if (status == KMD_OK)
		status = kmd_load_modules(kmd);
	if (status == KMD_OK && !kmd_target_type(&kmd->own_target, KMD_T_MODULE_LIST, &at))
		return kmd_fail(&kmd->diag, KMD_ERR_NOT_FOUND, kmd_in(kmd->input.name),
				"the types of its kernel are not known, so that no modules can be "
				"listed: it needs a vmlinux with debug information, or BTF in the "
				"dump");
	kmd->diag.status = status;
	return status;
}

KMD_EXPORT size_t kmd_module_count(const struct kmd *kmd)
{
	return kmd->modules.n;
}

KMD_EXPORT const struct kmd_module *kmd_module_get(const struct kmd *kmd, size_t index)
{
	return index < kmd->modules.n ? &kmd->modules.items[index].pub : NULL;
}

KMD_EXPORT const char *kmd_modules_incomplete(const struct kmd *kmd)
{
	return kmd->modules.unknown;
}

/* ----- stacks */

/* Room for @n stacks that are made later. */
static bool allocate(struct kmd_stack_entry **entries, size_t *n, size_t wanted)
{
	if (*entries || !wanted)
		return true;
	*entries = calloc(wanted, sizeof(**entries));
	*n = *entries ? wanted : 0;
	return *entries != NULL;
}

/* The tables of the unwinder and the source lines. */
static enum kmd_status begin_unwinding(struct kmd *kmd)
{
	struct kmd_stacks *stacks = &kmd->stacks;
	const struct kmd_target *target = &kmd->own_target;
	enum kmd_status status = KMD_OK;

	if (!allocate(&stacks->of_cpus, &stacks->n_cpus, kmd->cpus.n) ||
	    !allocate(&stacks->of_tasks, &stacks->n_tasks, kmd->tasks.n))
		return kmd_fail_memory(&kmd->diag);
	if (stacks->unwinder.target)
		return KMD_OK;
	status = kmd_load_modules(kmd);
	if (status == KMD_OK && target->vmlinux && !stacks->lines)
		status = kmd_source_lines_new(target->vmlinux, &kmd->diag, &stacks->lines);
	if (status == KMD_OK)
		status = kmd_unwinder_init(target, &kmd->modules, &stacks->unwinder);
	return status;
}

/* The task that runs on @cpu; 0 = not known. */
static uint64_t task_on(struct kmd *kmd, uint32_t cpu)
{
	if (!kmd->tasks_read && read_tasks(kmd) != KMD_OK)
		return 0;
	for (size_t i = 0; i < kmd->tasks.n; i++) {
		const struct kmd_task *task = &kmd->tasks.items[i].pub;

		if (task->is_running && task->has_cpu && task->cpu == cpu)
			return task->address;
	}
	return 0;
}

/* @cpu is where the stack was; NULL = it is that of a task. */
static enum kmd_status make_stack(struct kmd *kmd, const struct kmd_cpu *cpu,
				  struct kmd_unwind_start *start, struct kmd_stack_entry *entry)
{
	struct kmd_unwind unwind;
	enum kmd_status status;

	if (kmd->stacks.n_frames > KMD_STACKS_FRAMES_MAX)
		return kmd_fail(&kmd->diag, KMD_ERR_LIMIT, kmd_in(kmd->input.name),
				"all stacks together have more than %u frames",
				KMD_STACKS_FRAMES_MAX);
	status = kmd_unwind(&kmd->stacks.unwinder, start, &unwind);
	if (status == KMD_OK && cpu && unwind.needs_task &&
	    (start->task = task_on(kmd, cpu->cpu)) != 0) {
		kmd_unwind_deinit(&unwind);
		status = kmd_unwind(&kmd->stacks.unwinder, start, &unwind);
	}
	if (status == KMD_OK)
		status = kmd_stack_make(&kmd->own_target, &kmd->modules, kmd->stacks.lines, &unwind,
					entry);
	kmd->stacks.n_frames += entry->pub.n;
	kmd_unwind_deinit(&unwind);
	return status;
}

static enum kmd_status hand_out(struct kmd *kmd, enum kmd_status status,
				const struct kmd_stack_entry *entry, const struct kmd_stack **stack)
{
	if (status == KMD_OK)
		*stack = &entry->pub;
	kmd->diag.status = status;
	return status;
}

static enum kmd_status stack_of_cpu(struct kmd *kmd, size_t index, const struct kmd_stack **stack)
{
	const struct kmd_cpu *cpu = &kmd->cpus.items[index];
	enum kmd_status status = begin_unwinding(kmd);
	struct kmd_unwind_start start;
	struct kmd_stack_entry *entry;

	if (status != KMD_OK)
		return status;
	entry = &kmd->stacks.of_cpus[index];
	if (!entry->pub.n) {
		if (!kmd_unwind_cpu(&kmd->own_target, cpu, &start))
			return kmd_fail(&kmd->diag, KMD_ERR_NOT_FOUND, kmd_in(kmd->input.name),
					"CPU %u was in user space", cpu->cpu);
		status = make_stack(kmd, cpu, &start, entry);
	}
	return hand_out(kmd, status, entry, stack);
}

KMD_EXPORT enum kmd_status kmd_stack_of_cpu(struct kmd *kmd, size_t index,
					    const struct kmd_stack **stack)
{
	enum kmd_status status = kmd_begin_opened(kmd);

	if (status != KMD_OK)
		return status;
	if (index >= kmd->cpus.n)
		return kmd_usage_error(kmd, "there is no such CPU");
	return stack_of_cpu(kmd, index, stack);
}

/* A task that runs has its registers in its CPU. */
static enum kmd_status stack_of_running(struct kmd *kmd, const struct kmd_task *task,
					const struct kmd_stack **stack)
{
	for (size_t i = 0; i < kmd->cpus.n; i++)
		if (task->has_cpu && kmd->cpus.items[i].cpu == task->cpu)
			return stack_of_cpu(kmd, i, stack);
	return kmd_fail(&kmd->diag, KMD_ERR_NOT_FOUND, kmd_in(kmd->input.name),
			"task %u runs, and the registers of CPU %u are not known", task->pid,
			task->cpu);
}

static enum kmd_status stack_of_sleeping(struct kmd *kmd, size_t index,
					 const struct kmd_stack **stack)
{
	const struct kmd_task *task = &kmd->tasks.items[index].pub;
	enum kmd_status status = begin_unwinding(kmd);
	struct kmd_unwind_start start;
	struct kmd_stack_entry *entry;

	if (status != KMD_OK)
		return status;
	entry = &kmd->stacks.of_tasks[index];
	if (!entry->pub.n) {
		if (!kmd_unwind_sleeping(&kmd->own_target, task->address, &start))
			return kmd_fail(&kmd->diag, KMD_ERR_NOT_FOUND, kmd_in(kmd->input.name),
					"the saved registers of task %u (task_struct at 0x%" PRIx64
					") were not captured",
					task->pid, task->address);
		status = make_stack(kmd, NULL, &start, entry);
	}
	return hand_out(kmd, status, entry, stack);
}

KMD_EXPORT enum kmd_status kmd_stack_of_task(struct kmd *kmd, size_t index,
					     const struct kmd_stack **stack)
{
	enum kmd_status status = kmd_begin_opened(kmd);

	if (status != KMD_OK)
		return status;
	if (index >= kmd->tasks.n)
		return kmd_usage_error(kmd, "there is no such task");
	return kmd->tasks.items[index].pub.is_running
		       ? stack_of_running(kmd, &kmd->tasks.items[index].pub, stack)
		       : stack_of_sleeping(kmd, index, stack);
}
