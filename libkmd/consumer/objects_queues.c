/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The tasks that wait in the CPUs' queues, and what leads to them: crash's runq. */
#include "consumer/objects.h"

#include "base/checked.h"

#include <inttypes.h>

#define ENTITIES_MAX 65536
#define DEPTH_MAX    128 /* of trees in trees */

struct walk {
	const struct kmd_target *target;
	enum kmd_xlate mode;
	struct kmd_count queues, tasks, pids;
	uint64_t n, task_size, pid_size;
	uint64_t offsets[KMD_T_QUEUES_END - KMD_T_QUEUES];
};

static uint64_t at(const struct walk *walk, enum kmd_target_type type)
{
	return walk->offsets[type - KMD_T_QUEUES];
}

static uint64_t pointer(const struct walk *walk, uint64_t virt)
{
	uint64_t value;

	return kmd_target_read_uint(walk->target, walk->mode, virt, 8, &value) ? value : 0;
}

/* crash knows a task by its struct pid. */
static void count_task(struct walk *walk, uint64_t task)
{
	uint64_t pid;

	kmd_count_span(walk->target, walk->mode, task, walk->task_size, &walk->tasks);
	pid = pointer(walk, task + at(walk, KMD_T_TASK_PID));
	if (pid)
		kmd_count_span(walk->target, walk->mode, pid, walk->pid_size, &walk->pids);
}

static void count_queue(struct walk *walk, uint64_t queue, unsigned int depth);

/* A task's or a group's; true if it is a group's. */
static bool count_group(struct walk *walk, uint64_t entity, unsigned int depth)
{
	uint64_t queue;

	kmd_count_span(walk->target, walk->mode, entity + at(walk, KMD_T_ENTITY_QUEUE), 8,
		       &walk->queues);
	queue = pointer(walk, entity + at(walk, KMD_T_ENTITY_QUEUE));
	if (queue)
		count_queue(walk, queue, depth + 1);
	return queue;
}

/* A struct rb_node: its parent, and what is to its right and left. */
static void count_node(struct walk *walk, uint64_t node, unsigned int depth)
{
	uint64_t entity = node - at(walk, KMD_T_ENTITY_NODE);

	if (!node || depth > DEPTH_MAX || walk->n++ > ENTITIES_MAX)
		return;
	if (!count_group(walk, entity, depth))
		count_task(walk, entity - at(walk, KMD_T_TASK_ENTITY));
	count_node(walk, pointer(walk, node + 8), depth + 1);
	count_node(walk, pointer(walk, node + 16), depth + 1);
}

static void count_queue(struct walk *walk, uint64_t queue, unsigned int depth)
{
	uint64_t entity = pointer(walk, queue + at(walk, KMD_T_QUEUE_CURR));

	if (depth > DEPTH_MAX || walk->n++ > ENTITIES_MAX)
		return;
	kmd_count_span(walk->target, walk->mode, queue + at(walk, KMD_T_QUEUE_CURR), 8,
		       &walk->queues);
	if (entity)
		count_group(walk, entity, depth);
	count_node(walk, pointer(walk, queue + at(walk, KMD_T_QUEUE_ROOT)), depth + 1);
}

static bool learn(struct walk *walk)
{
	const struct kmd_target *target = walk->target;

	for (size_t i = 0; i < KMD_T_QUEUES_END - KMD_T_QUEUES; i++)
		if (!kmd_target_type(target, (enum kmd_target_type)(KMD_T_QUEUES + i),
				     &walk->offsets[i]))
			return false;
	return kmd_target_task_size(target, &walk->task_size) &&
	       kmd_target_type(target, KMD_T_PID, &walk->pid_size);
}

void kmd_check_queues(struct kmd_consumer_check *check, enum kmd_xlate mode,
		      struct kmd_availability *availability)
{
	const struct kmd_tasks *tasks = kmd_check_tasks_of(check);
	struct walk walk = { .target = check->target, .mode = mode };
	uint64_t rq, waiting;

	if (!kmd_tasks_cpus_known(tasks, availability))
		return;
	if (!learn(&walk)) {
		kmd_availability_add(availability, KMD_UNKNOWN, "the run queues' layout");
		return;
	}
	for (size_t i = 0; i < tasks->cpus.n; i++) {
		if (tasks->current.items[i] != tasks->idle.items[i])
			count_task(&walk, tasks->current.items[i]);
		if (!kmd_target_per_cpu(walk.target, "runqueues", tasks->cpus.offsets[i], &rq))
			continue;
		count_queue(&walk, rq + at(&walk, KMD_T_RQ_QUEUE), 0);
		/* Of real-time tasks only that there are some. */
		if (kmd_target_read_uint(walk.target, mode, rq + at(&walk, KMD_T_RQ_REALTIME), 4,
					 &waiting) &&
		    waiting)
			kmd_availability_add(availability, KMD_UNKNOWN,
					     "real-time tasks that wait");
	}
	kmd_count_to_availability(&walk.queues, "run queue", availability);
	kmd_count_to_availability(&walk.tasks, "queued task_struct", availability);
	kmd_count_to_availability(&walk.pids, "queued task's struct pid", availability);
}
