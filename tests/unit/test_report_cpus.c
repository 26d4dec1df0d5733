/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_report_cpus.c - which CPUs a report has, and which of them were silent. */

/* The functions that cpus.c uses, with a kernel made by hand. */
#define kmd_kernel_get     fake_kernel_get
#define kmd_cpu_count      fake_cpu_count
#define kmd_cpu_get        fake_cpu_get
#define kmd_cpu_last_tick  fake_cpu_last_tick
#define kmd_task_count     fake_task_count
#define kmd_task_get       fake_task_get
#define kmd_log_get        fake_log_get
#define report_task_of_cpu fake_task_of_cpu
#include "../../tools/kmd-report/cpus.c"

#include "kit.h"

#include <stdio.h>
#include <string.h>

#define MAX 8
#define S   UINT64_C(1000000000)

struct kmd {
	struct kmd_kernel kernel;
	struct kmd_cpu_registers cpus[MAX];
	struct kmd_task tasks[MAX];
	struct kmd_log_record event;
	uint64_t ticks[MAX]; /* by CPU; 0 = not known */
	size_t n_cpus, n_tasks;
};

static struct kmd kmd;
static struct facts facts;

const struct kmd_kernel *fake_kernel_get(const struct kmd *from)
{
	return &from->kernel;
}

size_t fake_cpu_count(const struct kmd *from)
{
	return from->n_cpus;
}

const struct kmd_cpu_registers *fake_cpu_get(const struct kmd *from, size_t index)
{
	return index < from->n_cpus ? &from->cpus[index] : NULL;
}

enum kmd_status fake_cpu_last_tick(struct kmd *from, uint32_t cpu, uint64_t *last_tick)
{
	*last_tick = from->ticks[cpu];
	return *last_tick ? KMD_OK : KMD_ERR_NOT_FOUND;
}

size_t fake_task_count(const struct kmd *from)
{
	return from->n_tasks;
}

const struct kmd_task *fake_task_get(const struct kmd *from, size_t index)
{
	return index < from->n_tasks ? &from->tasks[index] : NULL;
}

const struct kmd_log_record *fake_log_get(const struct kmd *from, size_t index)
{
	return index == from->kernel.panic_record ? &from->event : NULL;
}

size_t fake_task_of_cpu(const struct kmd *from, uint32_t cpu)
{
	size_t i;

	for (i = 0; i < from->n_tasks; i++)
		if (from->tasks[i].is_running && from->tasks[i].cpu == cpu)
			break;
	return i;
}

static void setup(void)
{
	memset(&kmd, 0, sizeof(kmd));
	memset(&facts, 0, sizeof(facts));
	facts.has_uptime = true;
	facts.uptime = 100 * S;
}

/* A CPU that runs a task, and had its last tick at @tick. */
static void cpu(uint32_t number, bool registers, bool idle, uint64_t tick)
{
	kmd.tasks[kmd.n_tasks++] = (struct kmd_task){
		.cpu = number, .has_cpu = true, .is_running = true, .is_idle = idle
	};
	if (registers)
		kmd.cpus[kmd.n_cpus++].cpu = number;
	kmd.ticks[number] = tick;
}

static void panic_at(uint32_t number, uint64_t event)
{
	kmd.kernel.panic = "Kernel panic - not syncing: test";
	kmd.kernel.has_panic_cpu = true;
	kmd.kernel.panic_cpu = number;
	kmd.kernel.panic_record = 5;
	kmd.event.has_time = true;
	kmd.event.time = event;
}

/* "2!:regs:9 0:-:0": number, a mark if it panicked, whether it has registers, seconds. */
static void expect(const char *wanted)
{
	char text[256] = "";
	struct cpu_rows rows;

	ck_assert(cpu_rows_make(&kmd, &facts, &rows));
	for (size_t i = 0; i < rows.n; i++)
		sprintf(text + strlen(text), "%s%u%s:%s:%u", i ? " " : "", rows.items[i].cpu,
			rows.items[i].panicked ? "!" : "",
			rows.items[i].registers < kmd.n_cpus ? "regs" : "-",
			(unsigned int)rows.items[i].silent);
	free(rows.items);
	ck_assert_str_eq(text, wanted);
}

/* The one that panicked is the first; others, with or without registers, by number. */
START_TEST(order)
{
	cpu(3, true, false, 100 * S);
	cpu(0, false, false, 100 * S);
	cpu(1, true, false, 100 * S);
	panic_at(3, 100 * S);
	expect("3!:regs:0 0:-:0 1:regs:0");
}
END_TEST

/* Without a panic the end is the last that the log or any CPU knows. */
START_TEST(hang)
{
	cpu(0, false, false, 91 * S);
	cpu(1, false, false, 103 * S);
	cpu(2, false, true, 50 * S);
	cpu(3, false, false, 102 * S);
	cpu(4, false, false, 0);
	expect("0:-:12 1:-:0 2:-:0 3:-:0 4:-:0");
}
END_TEST

/* With one it is the event: what follows may take long, and CPUs may go on after it. */
START_TEST(event_of_a_panic)
{
	cpu(0, true, false, 79 * S);
	cpu(1, true, false, 90 * S - 1);
	cpu(2, true, false, 105 * S);
	panic_at(1, 90 * S);
	expect("1!:regs:0 0:regs:11 2:regs:0");
}
END_TEST

/* Registers alone: nothing is known of tasks. */
START_TEST(no_tasks)
{
	kmd.cpus[0].cpu = 1;
	kmd.cpus[1].cpu = 0;
	kmd.n_cpus = 2;
	kmd.ticks[0] = 10 * S;
	expect("0:regs:0 1:regs:0");
	kmd.n_cpus = 0;
	expect("");
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, order);
	tcase_add_test(tcase, hang);
	tcase_add_test(tcase, event_of_a_panic);
	tcase_add_test(tcase, no_tasks);
	return kit_run("report_cpus", tcase);
}
