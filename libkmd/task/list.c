/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "task/list.h"

#include "base/array.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define COMM_LEN        16

/* Flags and states of a task (include/linux/sched.h). */
#define PF_KTHREAD      0x00200000
#define TASK_REPORT     0x7f
#define TASK_IDLE       0x402
#define TASK_RTLOCK     0x1000
#define TASK_FROZEN     0x8000
#define UNINTERRUPTIBLE 2

struct reader {
	const struct kmd_target *target;
	struct kmd_tasks tasks;
	struct kmd_addresses addresses; /* sorted, each once */
	struct kmd_task_list *list;
};

/* As ps writes it; the rules are those of task_state_index() in include/linux/sched.h. */
static char state_letter(uint64_t state, uint64_t exit)
{
	static const char letters[] = "RSDTtXZP";
	uint64_t bits = (state | exit) & TASK_REPORT;
	size_t i = 0;

	if ((state & TASK_IDLE) == TASK_IDLE)
		return 'I';
	if (state & (TASK_RTLOCK | TASK_FROZEN))
		bits = UNINTERRUPTIBLE;
	while (bits) {
		bits >>= 1;
		i++;
	}
	return letters[i];
}

static void read_state(const struct kmd_target *target, struct kmd_task *task)
{
	uint64_t state, exit;

	if (!kmd_target_member(target, task->address, KMD_T_TASK_STATE, 4, &state) &&
	    !kmd_target_member(target, task->address, KMD_T_TASK_STATE_OLD, KMD_LONG, &state))
		return;
	if (kmd_target_member(target, task->address, KMD_T_TASK_EXIT_STATE, 4, &exit))
		task->state = state_letter(state, exit);
}

static void read_comm(const struct kmd_target *target, struct kmd_task_entry *entry)
{
	char bytes[COMM_LEN];
	uint64_t at;

	if (!kmd_target_type(target, KMD_T_TASK_COMM, &at) ||
	    !kmd_target_read(target, KMD_XLATE_ANY, entry->pub.address + at, bytes, sizeof(bytes)))
		return;
	kmd_text_name(entry->comm, sizeof(entry->comm), bytes, sizeof(bytes));
	entry->pub.has_comm = true;
}

static void read_cpu(const struct kmd_target *target, struct kmd_task *task)
{
	uint64_t cpu;

	if (!kmd_target_member(target, task->address, KMD_T_TASK_CPU, 4, &cpu) &&
	    !kmd_target_member(target, task->address, KMD_T_TASK_CPU_OLD, 4, &cpu))
		return;
	task->cpu = (uint32_t)cpu;
	task->has_cpu = cpu < KMD_TARGET_CPUS_MAX;
}

/* When it began to run for the last time. */
static void read_times(const struct kmd_target *target, struct kmd_task *task)
{
	task->has_last_run =
		kmd_target_member(target, task->address, KMD_T_TASK_ARRIVAL, 8, &task->last_run) ||
		kmd_target_member(target, task->address, KMD_T_TASK_EXEC_START, 8, &task->last_run);
}

/* False if this is no task that was captured. */
static bool read_task(const struct kmd_target *target, struct kmd_task_entry *entry)
{
	struct kmd_task *task = &entry->pub;
	uint64_t pid, value;

	if (!kmd_target_member(target, task->address, KMD_T_TASK_PID, 4, &pid))
		return false;
	task->pid = (uint32_t)pid;
	read_comm(target, entry);
	read_state(target, task);
	read_cpu(target, task);
	read_times(target, task);
	if (kmd_target_member(target, task->address, KMD_T_TASK_TGID, 4, &value)) {
		task->tgid = (uint32_t)value;
		task->has_tgid = true;
	}
	if (kmd_target_member(target, task->address, KMD_T_TASK_FLAGS, 4, &value)) {
		task->is_kernel = value & PF_KTHREAD;
		task->has_is_kernel = true;
	}
	if (kmd_target_member(target, task->address, KMD_T_TASK_PARENT, KMD_LONG, &value) &&
	    kmd_target_member(target, value, KMD_T_TASK_TGID, 4, &value)) {
		task->ppid = (uint32_t)value;
		task->has_ppid = true;
	}
	return true;
}

/* ----- which tasks */

static bool push(struct kmd_addresses *list, uint64_t address)
{
	if (!address)
		return true;
	if (!KMD_ARRAY_RESERVE(list->items, list->n, list->cap))
		return false;
	list->items[list->n++] = address;
	return true;
}

static bool push_all(struct kmd_addresses *list, const struct kmd_addresses *more)
{
	for (size_t i = 0; i < more->n; i++)
		if (!push(list, more->items[i]))
			return false;
	return true;
}

/* The list of processes from init_task on: for tasks whose place in the tree is missing. */
static bool push_list(struct reader *reader)
{
	const struct kmd_target *target = reader->target;
	uint64_t first, at, next;

	if (!kmd_target_symbol(target, "init_task", &first, NULL) ||
	    !kmd_target_type(target, KMD_T_TASK_LIST, &at))
		return true;
	next = first + at;
	for (size_t n = 0; n < KMD_TASKS_MAX; n++) {
		if (!kmd_target_read_uint(target, KMD_XLATE_ANY, next, KMD_LONG, &next) ||
		    next == first + at)
			break;
		if (!push(&reader->addresses, next - at))
			return false;
	}
	return true;
}

static int by_address(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static bool collect(struct reader *reader)
{
	struct kmd_addresses *all = &reader->addresses;
	const struct kmd_tasks *tasks = &reader->tasks;
	size_t kept = 0;

	if (!push_all(all, &tasks->tasks) || !push_all(all, &tasks->current) ||
	    !push_all(all, &tasks->idle))
		return false;
	if ((tasks->unknown || tasks->nodes_absent || tasks->pids_absent) && !push_list(reader))
		return false;
	if (all->n)
		qsort(all->items, all->n, sizeof(*all->items), by_address);
	for (size_t i = 0; i < all->n; i++)
		if (!i || all->items[i] != all->items[kept - 1])
			all->items[kept++] = all->items[i];
	all->n = kept;
	return true;
}

/* By the run queue of its CPU; if that was not captured, by the task's own flag. */
static void mark_running(const struct kmd_target *target, const struct kmd_tasks *tasks,
			 struct kmd_task *task)
{
	bool queue_known = false;
	uint64_t flag;

	for (size_t i = 0; i < tasks->current.n; i++) {
		if (task->has_cpu && tasks->cpus.numbers[i] == task->cpu)
			queue_known = tasks->current.items[i] != 0;
		if (tasks->current.items[i] == task->address) {
			task->is_running = queue_known = true;
			task->cpu = tasks->cpus.numbers[i];
			task->has_cpu = true;
		}
		/* The idle task's own CPU is not written before it runs. */
		if (i < tasks->idle.n && tasks->idle.items[i] == task->address) {
			task->is_idle = true;
			task->cpu = tasks->cpus.numbers[i];
			task->has_cpu = true;
		}
	}
	if (!queue_known)
		task->is_running =
			kmd_target_member(target, task->address, KMD_T_TASK_ON_CPU, 4, &flag) &&
			flag;
}

static bool add(struct reader *reader, uint64_t address)
{
	struct kmd_task_list *list = reader->list;
	struct kmd_task_entry *entry;

	if (!KMD_ARRAY_RESERVE(list->items, list->n, list->cap))
		return false;
	entry = &list->items[list->n];
	memset(entry, 0, sizeof(*entry));
	entry->pub.address = address;
	if (!read_task(reader->target, entry)) {
		list->unknown = "some of the tasks were not captured";
		return true;
	}
	mark_running(reader->target, &reader->tasks, &entry->pub);
	list->n++;
	return true;
}

static int by_pid(const void *a, const void *b)
{
	const struct kmd_task *x = &((const struct kmd_task_entry *)a)->pub;
	const struct kmd_task *y = &((const struct kmd_task_entry *)b)->pub;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	if (x->cpu != y->cpu)
		return x->cpu < y->cpu ? -1 : 1;
	return by_address(&x->address, &y->address);
}

/* Idle tasks have no pid of their own: only run queues refer to them. */
static bool idle_known(const struct kmd_tasks *tasks)
{
	for (size_t i = 0; i < tasks->idle.n; i++)
		if (!tasks->idle.items[i])
			return false;
	return tasks->idle.n;
}

static const char *missing(const struct kmd_tasks *tasks)
{
	if (tasks->unknown)
		return "the tree of pids was not captured, or its layout is not known";
	if (tasks->nodes_absent || tasks->pids_absent)
		return "parts of the tree of pids were not captured";
	return idle_known(tasks) ? NULL : "run queues of CPUs were not captured";
}

static bool read_list(struct reader *reader)
{
	struct kmd_task_list *list = reader->list;

	list->unknown = missing(&reader->tasks);
	if (!collect(reader))
		return false;
	for (size_t i = 0; i < reader->addresses.n; i++)
		if (!add(reader, reader->addresses.items[i]))
			return false;
	if (list->n)
		qsort(list->items, list->n, sizeof(*list->items), by_pid);
	/* The array does not move from here on. */
	for (size_t i = 0; i < list->n; i++)
		list->items[i].pub.comm = list->items[i].pub.has_comm ? list->items[i].comm : NULL;
	return true;
}

/* rq->clock: 0 on a CPU that never ran. */
static bool read_clocks(const struct kmd_target *target, const struct kmd_target_cpus *cpus,
			struct kmd_task_list *list)
{
	uint64_t rq;

	list->clocks = calloc(cpus->n + 1, sizeof(*list->clocks));
	if (!kmd_target_per_cpu(target, "runqueues", 0, &rq))
		return list->clocks;
	for (size_t i = 0; list->clocks && i < cpus->n; i++) {
		struct kmd_cpu_clock *one = &list->clocks[list->n_clocks];

		one->cpu = cpus->numbers[i];
		if (kmd_target_member(target, rq + cpus->offsets[i], KMD_T_RQ_CLOCK, 8,
				      &one->clock) &&
		    one->clock)
			list->n_clocks++;
	}
	return list->clocks;
}

enum kmd_status kmd_task_list_read(const struct kmd_target *target, struct kmd_task_list *list)
{
	struct reader reader = { .target = target, .list = list };
	enum kmd_status status;

	memset(list, 0, sizeof(*list));
	status = kmd_tasks_read(target, &reader.tasks);
	if (status == KMD_OK &&
	    (!read_list(&reader) || !read_clocks(target, &reader.tasks.cpus, list)))
		status = kmd_fail_memory(target->diag);
	kmd_tasks_deinit(&reader.tasks);
	free(reader.addresses.items);
	return status;
}

void kmd_task_list_deinit(struct kmd_task_list *list)
{
	free(list->items);
	free(list->clocks);
	memset(list, 0, sizeof(*list));
}
