/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "stacks.h"

#include <stdlib.h>
#include <string.h>

struct entry {
	size_t task;
	const struct kmd_stack *stack;
	char *error;
};

static int compare_texts(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

/* By functions and the places in them: only tasks that wait at the same line are equal. */
static int compare_stacks(const struct entry *a, const struct entry *b)
{
	if (!a->stack || !b->stack)
		return a->stack ? -1 : b->stack ? 1 : compare_texts(a->error, b->error);
	for (size_t i = 0; i < a->stack->n && i < b->stack->n; i++) {
		const struct kmd_frame *x = &a->stack->frames[i], *y = &b->stack->frames[i];

		if (x->pc != y->pc)
			return x->pc < y->pc ? -1 : 1;
	}
	if (a->stack->n != b->stack->n)
		return a->stack->n < b->stack->n ? -1 : 1;
	return compare_texts(a->stack->end, b->stack->end);
}

static int by_stack(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = compare_stacks(x, y);

	return order ? order : x->task < y->task ? -1 : x->task > y->task;
}

static int by_size(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return x->tasks[0] < y->tasks[0] ? -1 : 1;
}

static bool read_entry(struct kmd *kmd, size_t task, struct entry *entry)
{
	enum kmd_status status;

	*entry = (struct entry){ .task = task };
	status = kmd_stack_of_task(kmd, task, &entry->stack);
	if (status == KMD_OK)
		return true;
	entry->stack = NULL;
	entry->error = strdup(kmd_error(kmd));
	return entry->error != NULL;
}

static bool add_group(struct entry *entries, size_t n, struct groups *groups)
{
	struct group *group = &groups->items[groups->n];

	*group = (struct group){ .stack = entries[0].stack, .n = n };
	group->tasks = calloc(n, sizeof(*group->tasks));
	if (!group->tasks)
		return false;
	for (size_t i = 0; i < n; i++)
		group->tasks[i] = entries[i].task;
	group->error = entries[0].error;
	entries[0].error = NULL;
	groups->n++;
	return true;
}

static bool make_groups(struct entry *entries, size_t n, struct groups *groups)
{
	size_t end;

	groups->items = calloc(n + 1, sizeof(*groups->items));
	if (!groups->items)
		return false;
	for (size_t i = 0; i < n; i = end) {
		for (end = i + 1; end < n && !compare_stacks(&entries[i], &entries[end]); end++)
			;
		if (!add_group(&entries[i], end - i, groups))
			return false;
	}
	qsort(groups->items, groups->n, sizeof(*groups->items), by_size);
	return true;
}

bool groups_make(struct kmd *kmd, bool (*wanted)(const struct kmd_task *task),
		 struct groups *groups)
{
	size_t n = 0, tasks = kmd_task_count(kmd);
	struct entry *entries = calloc(tasks + 1, sizeof(*entries));
	bool good = entries != NULL;

	memset(groups, 0, sizeof(*groups));
	for (size_t i = 0; good && i < tasks; i++)
		if (wanted(kmd_task_get(kmd, i)))
			good = read_entry(kmd, i, &entries[n++]);
	if (good && n)
		qsort(entries, n, sizeof(*entries), by_stack);
	good = good && make_groups(entries, n, groups);
	for (size_t i = 0; entries && i < n; i++)
		free(entries[i].error);
	free(entries);
	if (!good)
		groups_deinit(groups);
	return good;
}

void groups_deinit(struct groups *groups)
{
	for (size_t i = 0; i < groups->n; i++) {
		free(groups->items[i].tasks);
		free(groups->items[i].error);
	}
	free(groups->items);
	memset(groups, 0, sizeof(*groups));
}
