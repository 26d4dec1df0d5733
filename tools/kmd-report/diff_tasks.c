/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Tasks that differ.
 *
 * Two boots give a task of one name different pids, and workers of one pool are alike.  So tasks
 * are paired by pid and name first; then those of one name that do the same; then the rest of
 * that name, in the order of their pids.
 */
#include "diff.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *comm_of(const struct kmd_task *task)
{
	return task->comm ? task->comm : "";
}

/* A task that has no partner yet. */
struct ref {
	const struct kmd_task *task;
	const char *function; /* where it waits; "" = not known */
	bool is_paired;
};

struct refs {
	struct ref *items;
	size_t n;
};

/* "kworker/0:1H": workers of a pool differ in the number behind the colon. */
static bool is_worker(const struct kmd_task *task)
{
	return !strncmp(comm_of(task), "kworker/", 8) && strchr(comm_of(task), ':');
}

/* The name without a worker's own number. */
static int compare_names(const struct kmd_task *a, const struct kmd_task *b)
{
	const char *x = comm_of(a), *y = comm_of(b);
	size_t n;
	int order;

	if (!is_worker(a) || !is_worker(b))
		return strcmp(x, y);
	n = strcspn(x, ":");
	order = n != strcspn(y, ":") ? strcmp(x, y) : strncmp(x, y, n);
	if (order)
		return order;
	x += n + 1;
	y += n + 1;
	return strcmp(x + strspn(x, "0123456789"), y + strspn(y, "0123456789"));
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int by_pid(const void *a, const void *b)
{
	const struct kmd_task *x = ((const struct ref *)a)->task;
	const struct kmd_task *y = ((const struct ref *)b)->task;
	int order = compare_numbers(x->pid, y->pid);

	/* A worker's pid says nothing. */
	if (is_worker(x) != is_worker(y))
		return is_worker(x) ? 1 : -1;
	return order ? order : strcmp(comm_of(x), comm_of(y));
}

static int by_name(const void *a, const void *b)
{
	return compare_names(((const struct ref *)a)->task, ((const struct ref *)b)->task);
}

/* The name, and what the task does. */
static int by_work(const void *a, const void *b)
{
	const struct ref *x = a, *y = b;
	int order = by_name(a, b);

	if (!order)
		order = compare_numbers((unsigned char)x->task->state,
					(unsigned char)y->task->state);
	if (!order)
		order = compare_numbers(x->task->is_running, y->task->is_running);
	return order ? order : strcmp(x->function, y->function);
}

static int by_work_and_pid(const void *a, const void *b)
{
	int order = by_work(a, b);

	return order ? order : by_pid(a, b);
}

static int by_name_and_pid(const void *a, const void *b)
{
	int order = by_name(a, b);

	return order ? order : by_pid(a, b);
}

/* Those that have a partner are not looked at again. */
static void drop_paired(struct refs *refs)
{
	size_t kept = 0;

	for (size_t i = 0; i < refs->n; i++)
		if (!refs->items[i].is_paired)
			refs->items[kept++] = refs->items[i];
	refs->n = kept;
}

/* A stack or state that is not known differs from none. */
static bool is_equal(const struct diff_task *row)
{
	const struct kmd_task *a = row->task[0], *b = row->task[1];

	return a && b && (a->state == b->state || !a->state || !b->state) &&
	       a->is_running == b->is_running &&
	       (!*row->function[0] || !*row->function[1] ||
		!strcmp(row->function[0], row->function[1]));
}

static void add_row(struct diff *diff, const struct ref *a, const struct ref *b)
{
	struct diff_task row = { .function = { "", "" } };

	if (a) {
		row.task[0] = a->task;
		row.function[0] = a->function;
	}
	if (b) {
		row.task[1] = b->task;
		row.function[1] = b->function;
	}
	if (!is_equal(&row))
		diff->tasks[diff->n_tasks++] = row;
}

typedef int compare(const void *a, const void *b);

/* Pair what @same calls equal; both lists are put in the order of @order, which refines it. */
static void pair(struct diff *diff, struct refs *a, struct refs *b, compare *same, compare *order)
{
	if (a->n)
		qsort(a->items, a->n, sizeof(*a->items), order);
	if (b->n)
		qsort(b->items, b->n, sizeof(*b->items), order);
	for (size_t i = 0, k = 0; i < a->n && k < b->n;) {
		int less = same(&a->items[i], &b->items[k]);

		if (!less && !(same == by_pid && is_worker(a->items[i].task))) {
			add_row(diff, &a->items[i], &b->items[k]);
			a->items[i].is_paired = b->items[k].is_paired = true;
		}
		i += less <= 0;
		k += less >= 0;
	}
	drop_paired(a);
	drop_paired(b);
}

static int by_any_pid(const void *a, const void *b)
{
	const struct diff_task *x = a, *y = b;
	const struct kmd_task *s = x->task[0] ? x->task[0] : x->task[1];
	const struct kmd_task *t = y->task[0] ? y->task[0] : y->task[1];
	int order = compare_numbers(s->pid, t->pid);

	if (!order)
		order = strcmp(comm_of(s), comm_of(t));
	return order ? order : compare_numbers(!x->task[0], !y->task[0]);
}

static void pair_all(struct diff *diff, struct refs *a, struct refs *b)
{
	pair(diff, a, b, by_pid, by_pid);
	pair(diff, a, b, by_work, by_work_and_pid);
	pair(diff, a, b, by_name, by_name_and_pid);
	for (size_t i = 0; i < a->n; i++)
		add_row(diff, &a->items[i], NULL);
	for (size_t i = 0; i < b->n; i++)
		add_row(diff, NULL, &b->items[i]);
	if (diff->n_tasks)
		qsort(diff->tasks, diff->n_tasks, sizeof(*diff->tasks), by_any_pid);
}

static bool read_refs(struct kmd *kmd, struct refs *refs)
{
	const struct kmd_stack *stack;

	refs->n = kmd_task_count(kmd);
	refs->items = calloc(refs->n + 1, sizeof(*refs->items));
	for (size_t i = 0; refs->items && i < refs->n; i++)
		refs->items[i] = (struct ref){
			.task = kmd_task_get(kmd, i),
			.function = kmd_stack_of_task(kmd, i, &stack) == KMD_OK
					    ? report_waits_in(stack)
					    : "",
		};
	return refs->items;
}

bool diff_add_tasks(struct diff *diff)
{
	struct refs refs[SIDES];
	bool both = true;
	size_t n = 1;

	for (int i = 0; i < SIDES; i++) {
		struct diff_side *side = &diff->sides[i];

		if (kmd_tasks_load(side->kmd) != KMD_OK) {
			both = false;
			if (!diff_keep_error(side->kmd, &side->no_tasks))
				return false;
		}
		n += kmd_task_count(side->kmd);
	}
	if (!both)
		return true;
	diff->tasks = calloc(n, sizeof(*diff->tasks));
	both = read_refs(diff->sides[0].kmd, &refs[0]);
	both = read_refs(diff->sides[1].kmd, &refs[1]) && both && diff->tasks;
	if (both)
		pair_all(diff, &refs[0], &refs[1]);
	free(refs[0].items);
	free(refs[1].items);
	return both;
}
