/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* report.h - the report in its forms. */
#ifndef KMD_REPORT_REPORT_H
#define KMD_REPORT_REPORT_H

#include "common/input.h"
#include "facts.h"

#include <stdio.h>

struct report_options {
	struct input_options in;
	bool full; /* all tasks, the whole log */
	bool json, quiet, verbose;
};

/* Each returns false if memory is short. */
bool report_text(FILE *out, struct kmd *kmd, const struct report_options *options);
bool report_json(FILE *out, struct kmd *kmd, const struct report_options *options);

/* The index of the task that a CPU runs, or kmd_task_count(). */
size_t report_task_of_cpu(const struct kmd *kmd, uint32_t cpu);

#endif
