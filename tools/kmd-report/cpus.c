/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cpus.h"

#include <stdlib.h>

#define SECOND     UINT64_C(1000000000)
/* A CPU with little to do may have one tick each second. */
#define SILENT_MIN 2

static bool has_row(const struct cpu_rows *rows, uint32_t cpu)
{
	for (size_t i = 0; i < rows->n; i++)
		if (rows->items[i].cpu == cpu)
			return true;
	return false;
}

static void add(struct kmd *kmd, uint32_t cpu, size_t registers, struct cpu_rows *rows)
{
	const struct kmd_kernel *kernel = kmd_kernel_get(kmd);
	struct cpu_row *row = &rows->items[rows->n++];

	*row = (struct cpu_row){
		.cpu = cpu,
		.registers = registers,
		.task = kmd_task_get(kmd, report_task_of_cpu(kmd, cpu)),
		.panicked = kernel->has_panic_cpu && kernel->panic_cpu == cpu,
	};
	row->has_last_tick = kmd_cpu_last_tick(kmd, cpu, &row->last_tick) == KMD_OK;
}

static int by_place(const void *a, const void *b)
{
	const struct cpu_row *x = a, *y = b;

	if (x->panicked != y->panicked)
		return x->panicked ? -1 : 1;
	return x->cpu < y->cpu ? -1 : x->cpu > y->cpu;
}

/*
 * When the kernel was at its end: the time of the event that led to the panic, since a slow console
 * may stop the ticks for longer; else the last that any CPU knows.
 */
static uint64_t end_of_kernel(const struct kmd *kmd, const struct facts *facts,
			      const struct cpu_rows *rows)
{
	const struct kmd_kernel *kernel = kmd_kernel_get(kmd);
	const struct kmd_log_record *event =
		kernel->panic ? kmd_log_get(kmd, kernel->panic_record) : NULL;
	uint64_t end = facts->has_uptime ? facts->uptime : 0;

	if (event && event->has_time)
		return event->time;
	for (size_t i = 0; i < rows->n; i++)
		if (rows->items[i].has_last_tick && rows->items[i].last_tick > end)
			end = rows->items[i].last_tick;
	return end;
}

/* An idle CPU needs no ticks. */
static void find_silent(uint64_t end, struct cpu_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++) {
		struct cpu_row *row = &rows->items[i];

		if (row->has_last_tick && row->task && !row->task->is_idle && row->last_tick < end)
			row->silent = (end - row->last_tick) / SECOND;
		if (row->silent < SILENT_MIN)
			row->silent = 0;
	}
}

bool cpu_rows_make(struct kmd *kmd, const struct facts *facts, struct cpu_rows *rows)
{
	size_t n = kmd_cpu_count(kmd), tasks = kmd_task_count(kmd);

	*rows = (struct cpu_rows){ calloc(n + tasks + 1, sizeof(*rows->items)), 0 };
	if (!rows->items)
		return false;
	for (size_t i = 0; i < n; i++)
		add(kmd, kmd_cpu_get(kmd, i)->cpu, i, rows);
	for (size_t i = 0; i < tasks; i++) {
		const struct kmd_task *task = kmd_task_get(kmd, i);

		if (task->is_running && task->has_cpu && !has_row(rows, task->cpu))
			add(kmd, task->cpu, n, rows);
	}
	qsort(rows->items, rows->n, sizeof(*rows->items), by_place);
	find_silent(end_of_kernel(kmd, facts, rows), rows);
	return true;
}
