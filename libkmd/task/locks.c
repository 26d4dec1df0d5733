/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "task/locks.h"

#include "base/bytes.h"
#include "base/search.h"

#include <stdlib.h>

/* The low bits of an owner are flags of the lock. */
#define OWNER_FLAGS     7
/* A list that is damaged must end, and so must many of them. */
#define WAITERS_MAX     4096
#define ALL_WAITERS_MAX (1u << 20)
/* Larger stacks than any kernel has. */
#define STACK_MAX       (64u << 10)

/* A mutex, or an rw_semaphore: offsets in it, and of the task in its waiter. */
struct lock_layout {
	uint64_t task, owner, waiters;
};

struct finder {
	const struct kmd_target *target;
	const struct kmd_task_list *list;
	struct kmd_task **by_address;
	uint64_t stack_size;
	size_t word;
	struct lock_layout layouts[2];
	size_t n_layouts;
	size_t left; /* waiters that may still be followed */
};

static bool read_word(const struct finder *finder, uint64_t at, uint64_t *value)
{
	return kmd_target_read_uint(finder->target, KMD_XLATE_ANY, at, KMD_LONG, value);
}

static struct kmd_task *task_at(const struct finder *finder, uint64_t address)
{
	size_t n = finder->list->n;
	size_t i = KMD_LOWER_BOUND(n, middle, finder->by_address[middle]->address < address);

	return i < n && finder->by_address[i]->address == address ? finder->by_address[i] : NULL;
}

static bool on_stack_of(const struct finder *finder, const struct kmd_task *task, uint64_t at)
{
	uint64_t stack;

	return kmd_target_member(finder->target, task->address, KMD_T_TASK_STACK, KMD_LONG,
				 &stack) &&
	       at - stack < finder->stack_size;
}

/* True if @node is a waiter: on the stack of the task that it names. */
static bool is_waiter(const struct finder *finder, const struct lock_layout *layout, uint64_t node)
{
	const struct kmd_task *task;
	uint64_t address;

	if (!read_word(finder, node + layout->task, &address))
		return false;
	task = task_at(finder, address);
	return task && on_stack_of(finder, task, node);
}

/* The head of the list in which @waiter is: what is no waiter.  Its links must be whole. */
static bool find_head(struct finder *finder, const struct lock_layout *layout, uint64_t waiter,
		      uint64_t *head)
{
	uint64_t node = waiter, next, back;

	for (size_t n = 0; n < WAITERS_MAX && finder->left; n++, finder->left--) {
		if (!read_word(finder, node, &next) ||
		    !read_word(finder, next + finder->word, &back) || back != node)
			return false;
		node = next;
		if (node == waiter)
			return false;
		if (!is_waiter(finder, layout, node)) {
			*head = node;
			return true;
		}
	}
	return false;
}

/* The task that holds the lock in whose list @waiter is; NULL if it is none. */
static struct kmd_task *holder_by(struct finder *finder, const struct lock_layout *layout,
				  uint64_t waiter)
{
	uint64_t head, owner;

	if (!find_head(finder, layout, waiter, &head) ||
	    !read_word(finder, head - layout->waiters + layout->owner, &owner))
		return NULL;
	return task_at(finder, owner & ~(uint64_t)OWNER_FLAGS);
}

/*
 * The task that holds the rt_mutex that @task waits for.  PREEMPT_RT builds mutexes,
 * rw_semaphores and spinlocks of them; other kernels have them for futexes.
 */
static struct kmd_task *rt_holder(const struct finder *finder, const struct kmd_task *task)
{
	const struct kmd_target *target = finder->target;
	uint64_t waiter, waits, lock, owner;

	if (!kmd_target_member(target, task->address, KMD_T_TASK_PI_BLOCKED, KMD_LONG, &waiter) ||
	    !waiter || !kmd_target_member(target, waiter, KMD_T_RT_WAITER_TASK, KMD_LONG, &waits) ||
	    waits != task->address ||
	    !kmd_target_member(target, waiter, KMD_T_RT_WAITER_LOCK, KMD_LONG, &lock))
		return NULL;
	if (!kmd_target_member(target, lock, KMD_T_RT_MUTEX_OWNER, KMD_LONG, &owner) &&
	    !kmd_target_member(target, lock, KMD_T_RT_MUTEX_OWNER_OLD, KMD_LONG, &owner))
		return NULL;
	return task_at(finder, owner & ~(uint64_t)OWNER_FLAGS);
}

/* Look for a waiter of @task in the words of its stack. */
static struct kmd_task *waiter_on_stack(struct finder *finder, const struct kmd_task *task,
					unsigned char *bytes)
{
	uint64_t stack;

	if (!kmd_target_member(finder->target, task->address, KMD_T_TASK_STACK, KMD_LONG, &stack) ||
	    !kmd_target_read(finder->target, KMD_XLATE_ANY, stack, bytes, finder->stack_size))
		return NULL;
	for (uint64_t at = 0; at < finder->stack_size; at += finder->word) {
		if (kmd_get_le(bytes + at, finder->word) != task->address)
			continue;
		for (size_t i = 0; i < finder->n_layouts; i++) {
			const struct lock_layout *layout = &finder->layouts[i];
			struct kmd_task *holder = NULL;

			if (at >= layout->task)
				holder = holder_by(finder, layout, stack + at - layout->task);
			if (holder && holder != task)
				return holder;
		}
	}
	return NULL;
}

static struct kmd_task *find_holder(struct finder *finder, const struct kmd_task *task,
				    unsigned char *bytes)
{
	struct kmd_task *holder = rt_holder(finder, task);

	if (holder)
		return holder != task ? holder : NULL;
	return finder->n_layouts ? waiter_on_stack(finder, task, bytes) : NULL;
}

static void add_layout(struct finder *finder, enum kmd_target_type task, enum kmd_target_type owner,
		       enum kmd_target_type waiters)
{
	struct lock_layout *layout = &finder->layouts[finder->n_layouts];

	if (kmd_target_type(finder->target, task, &layout->task) &&
	    kmd_target_type(finder->target, owner, &layout->owner) &&
	    kmd_target_type(finder->target, waiters, &layout->waiters))
		finder->n_layouts++;
}

static int by_address(const void *a, const void *b)
{
	const struct kmd_task *x = *(const struct kmd_task *const *)a;
	const struct kmd_task *y = *(const struct kmd_task *const *)b;

	return x->address < y->address ? -1 : x->address > y->address;
}

void kmd_task_locks_find(const struct kmd_target *target, struct kmd_task_list *list)
{
	struct finder finder = { .target = target,
				 .list = list,
				 .left = ALL_WAITERS_MAX,
				 .word = kmd_target_word(target) };
	unsigned char *bytes = NULL;

	add_layout(&finder, KMD_T_MUTEX_WAITER_TASK, KMD_T_MUTEX_OWNER, KMD_T_MUTEX_WAITERS);
	add_layout(&finder, KMD_T_RWSEM_WAITER_TASK, KMD_T_RWSEM_OWNER, KMD_T_RWSEM_WAITERS);
	if (target->facts->big_endian || !list->n ||
	    !kmd_target_stack_size(target, &finder.stack_size) || finder.stack_size > STACK_MAX)
		return;
	finder.by_address = calloc(list->n, sizeof(*finder.by_address));
	bytes = malloc((size_t)finder.stack_size);
	for (size_t i = 0; finder.by_address && i < list->n; i++)
		finder.by_address[i] = &list->items[i].pub;
	if (finder.by_address)
		qsort(finder.by_address, list->n, sizeof(*finder.by_address), by_address);
	for (size_t i = 0; bytes && finder.by_address && i < list->n; i++) {
		struct kmd_task *task = &list->items[i].pub;
		struct kmd_task *holder = NULL;

		/* Those who wait sleep; a wait that can be interrupted is S. */
		if (!task->is_running && (task->state == 'D' || task->state == 'S'))
			holder = find_holder(&finder, task, bytes);
		task->has_holder = holder != NULL;
		task->holder = holder ? holder->pid : 0;
		if (holder)
			holder->holds_lock = true;
	}
	free(finder.by_address);
	free(bytes);
}
