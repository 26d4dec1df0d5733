/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* diff.h - what differs between two dumps. */
#ifndef KMD_REPORT_DIFF_H
#define KMD_REPORT_DIFF_H

#include "report.h"
#include "stems.h"

#define DIFF_SCHEMA "kmd-diff-1"
#define SIDES       2 /* A and B */

struct diff_side {
	struct kmd *kmd;
	struct input_options in; /* one input */
	struct facts facts;
	/* Why something of this side is not known; NULL = it is. */
	char *no_vmlinux, *no_tasks, *no_modules, *no_variables;
};

/* A text of both sides; NULL = not known. */
struct diff_fact {
	const char *name;
	char *text[SIDES];
	bool differs;
};

struct diff_stem {
	struct stem stem[SIDES]; /* .regions is 0 where there is none of that name */
};

struct diff_module {
	const char *name[SIDES]; /* one is NULL */
};

/* Of a task that only one side has, the other is NULL. */
struct diff_task {
	const struct kmd_task *task[SIDES];
	const char *function[SIDES]; /* where it waits; "" = not known */
};

struct diff_variable {
	const char *name;
	enum kmd_variable_kind kind;
	char *text[SIDES];
};

#define DIFF_FACTS 16

struct diff {
	struct diff_side sides[SIDES];
	struct diff_fact facts[DIFF_FACTS];
	size_t n_facts;
	struct stems stems[SIDES];
	struct diff_stem *regions;
	size_t n_regions;
	char **module_names[SIDES]; /* sorted */
	size_t n_module_names[SIDES];
	struct diff_module *modules;
	size_t n_modules;
	struct diff_task *tasks;
	size_t n_tasks;
	struct diff_variable *variables;
	size_t n_variables, n_compared;
};

/* Compare the open dumps of .sides; each returns false if memory is short. */
bool diff_make(struct diff *diff);
/* A copy of the error, or of a phrase if there is none. */
bool diff_keep_error(const struct kmd *kmd, char **out);
bool diff_add_tasks(struct diff *diff);
bool diff_add_variables(struct diff *diff);
void diff_deinit(struct diff *diff);

void diff_text(FILE *out, const struct diff *diff, bool full);
bool diff_json(FILE *out, const struct diff *diff);

/* kmd-report --diff: opens both dumps, compares and prints; returns the exit code. */
int diff_run(const struct report_options *options);

#endif
