/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "task/tasks.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>

#define NODES_MAX 65536
/* 16 with CONFIG_BASE_SMALL, otherwise this. */
#define SLOTS_MAX 64

/* An entry that leads to a node has the bits 10; what is below 4096 is no pointer. */
static bool is_node(uint64_t entry)
{
	return entry % 4 == 2 && entry > 4096;
}

static uint64_t node_of(uint64_t entry)
{
	return entry & ~UINT64_C(3);
}

static bool is_pointer(uint64_t entry)
{
	return entry % 4 == 0 && entry > 4096;
}

static bool push(struct kmd_addresses *list, uint64_t address)
{
	if (!KMD_ARRAY_RESERVE(list->items, list->n, list->cap))
		return false;
	list->items[list->n++] = address;
	return true;
}

static bool number(const struct kmd_target *target, uint64_t virt, size_t size, uint64_t *value)
{
	return kmd_target_read_uint(target, KMD_XLATE_ANY, virt, size, value);
}

/* A node's entries; a child's shift is less than its parent's, so that this ends. */
static bool read_node(const struct kmd_target *target, uint64_t node, uint64_t below,
		      struct kmd_tasks *tasks, struct kmd_addresses *absent)
{
	uint64_t shift = 0, shift_at, slots, count, entry;

	if (!kmd_target_type(target, KMD_T_XA_SHIFT, &shift_at) ||
	    !kmd_target_type(target, KMD_T_XA_SLOTS, &slots) ||
	    !kmd_target_type(target, KMD_T_XA_SLOT_COUNT, &count))
		return true;
	if (tasks->nodes.n >= NODES_MAX || tasks->pids.n >= KMD_TASKS_MAX)
		return true;
	if (!number(target, node + shift_at, 1, &shift) || shift >= below)
		return push(absent, node);
	if (!push(&tasks->nodes, node))
		return false;
	for (uint64_t i = 0; i < count && i < SLOTS_MAX; i++) {
		if (!number(target, node + slots + kmd_target_word(target) * i, KMD_LONG, &entry))
			continue;
		if (is_node(entry) ? !read_node(target, node_of(entry), shift, tasks, absent)
				   : is_pointer(entry) && !shift && !push(&tasks->pids, entry))
			return false;
	}
	return true;
}

static bool read_tree(const struct kmd_target *target, uint64_t head, struct kmd_tasks *tasks)
{
	struct kmd_addresses absent = { NULL, 0, 0 };
	bool good = true;

	if (is_node(head))
		good = read_node(target, node_of(head), 64, tasks, &absent);
	else if (is_pointer(head))
		good = push(&tasks->pids, head);
	tasks->nodes_absent = absent.n;
	for (size_t i = 0; good && i < absent.n; i++)
		good = push(&tasks->nodes, absent.items[i]);
	free(absent.items);
	return good;
}

/* The task that a struct pid leads to, as a process id. */
static bool read_pid(const struct kmd_target *target, uint64_t pid, uint64_t links,
		     uint64_t first_at, struct kmd_tasks *tasks)
{
	uint64_t first;

	if (!number(target, pid + first_at, KMD_LONG, &first)) {
		tasks->pids_absent++;
		return true;
	}
	if (first <= links)
		return true;
	return push(&tasks->tasks, first - links);
}

static bool read_by_pid(const struct kmd_target *target, struct kmd_tasks *tasks)
{
	uint64_t namespace, head_at, links, first_at, head;
	bool good;

	tasks->unknown = "layout of the pid tree";
	if (!kmd_target_type(target, KMD_T_PIDNS_HEAD, &head_at) ||
	    !kmd_target_type(target, KMD_T_TASK_PIDS, &links) ||
	    !kmd_target_type(target, KMD_T_PID_TASKS, &first_at) ||
	    !kmd_target_symbol(target, "init_pid_ns", &namespace, NULL))
		return true;
	tasks->unknown = "init_pid_ns";
	if (!number(target, namespace + head_at, KMD_LONG, &head))
		return true;
	tasks->unknown = NULL;
	good = read_tree(target, head, tasks);
	for (size_t i = 0; good && i < tasks->pids.n; i++)
		good = read_pid(target, tasks->pids.items[i], links, first_at, tasks);
	return good;
}

/* A pointer to a task in the CPU's run queue. */
static uint64_t task_of(const struct kmd_target *target, uint64_t rq, uint64_t at)
{
	uint64_t task;

	return number(target, rq + at, KMD_LONG, &task) ? task : 0;
}

/* rq->curr and rq->idle of each CPU. */
static bool read_current(const struct kmd_target *target, struct kmd_tasks *tasks)
{
	uint64_t curr_at, idle_at, rq;

	tasks->cpus_unknown = "masks of CPUs or __per_cpu_offset";
	if (!kmd_target_cpus(target, &tasks->cpus))
		return true;
	tasks->cpus_unknown = "layout of run queues";
	if (!kmd_target_type(target, KMD_T_RQ_CURR, &curr_at) ||
	    !kmd_target_type(target, KMD_T_RQ_IDLE, &idle_at))
		return true;
	tasks->cpus_unknown = "place of run queues";
	if (!kmd_target_per_cpu(target, "runqueues", 0, &rq))
		return true;
	tasks->cpus_unknown = NULL;
	for (size_t i = 0; i < tasks->cpus.n; i++)
		if (!push(&tasks->current, task_of(target, rq + tasks->cpus.offsets[i], curr_at)) ||
		    !push(&tasks->idle, task_of(target, rq + tasks->cpus.offsets[i], idle_at)))
			return false;
	return true;
}

enum kmd_status kmd_tasks_read(const struct kmd_target *target, struct kmd_tasks *tasks)
{
	memset(tasks, 0, sizeof(*tasks));
	if (!read_by_pid(target, tasks) || !read_current(target, tasks))
		return kmd_fail_memory(target->diag);
	return KMD_OK;
}

void kmd_tasks_deinit(struct kmd_tasks *tasks)
{
	free(tasks->nodes.items);
	free(tasks->pids.items);
	free(tasks->tasks.items);
	free(tasks->current.items);
	free(tasks->idle.items);
	kmd_target_cpus_deinit(&tasks->cpus);
	memset(tasks, 0, sizeof(*tasks));
}
