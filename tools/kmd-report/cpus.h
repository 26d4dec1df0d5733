/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* cpus.h - the CPUs that a report has: those whose registers are known, and those that ran a task.
 */
#ifndef KMD_REPORT_CPUS_H
#define KMD_REPORT_CPUS_H

#include "facts.h"

struct cpu_row {
	uint32_t cpu;
	size_t registers;            /* as kmd_cpu_get() counts; kmd_cpu_count() = not known */
	const struct kmd_task *task; /* that it ran; NULL = not known */
	uint64_t last_tick;          /* nanoseconds, if has_last_tick */
	bool has_last_tick, panicked;
	uint64_t silent; /* whole seconds without a tick, although it was not idle; 0 = less than 2
			  */
};

struct cpu_rows {
	struct cpu_row *items; /* the CPU that panicked first, then by number */
	size_t n;
};

/* False if memory is short. */
bool cpu_rows_make(struct kmd *kmd, const struct facts *facts, struct cpu_rows *rows);

#endif
