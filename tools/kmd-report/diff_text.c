/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The difference as a text. */
#include "diff.h"

#include <inttypes.h>
#include <string.h>

/* Rows of a list, unless all are wanted. */
#define ROWS 60

static void print_facts(FILE *out, const struct diff *diff)
{
	for (int i = 0; i < SIDES; i++)
		fprintf(out, "%-12s%s\n", i ? "B" : "A", diff->sides[i].in.input);
	for (size_t i = 0; i < diff->n_facts; i++) {
		const struct diff_fact *fact = &diff->facts[i];

		if (!fact->differs) {
			report_field(out, fact->name, fact->text[0]);
			continue;
		}
		for (int side = 0; side < SIDES; side++) {
			char name[24];

			snprintf(name, sizeof(name), "%-10s%c", side ? "" : fact->name, 'A' + side);
			report_field(out, name, fact->text[side] ? fact->text[side] : "not known");
		}
	}
	for (int i = 0; i < SIDES; i++)
		if (diff->sides[i].no_vmlinux)
			fprintf(out, "\n%c is compared without the vmlinux: %s\n", 'A' + i,
				diff->sides[i].no_vmlinux);
}

/* The name of the input is in the first lines. */
static const char *why(const struct diff_side *side, const char *error)
{
	return error ? report_error(error, side->in.input) : NULL;
}

/* A list's title; false if there is nothing to print. */
static bool begin(FILE *out, const char *title, size_t n, const char *missing_a,
		  const char *missing_b)
{
	fprintf(out, "\n%s", title);
	if (missing_a || missing_b)
		fprintf(out, ": not compared\n  %c: %s\n", missing_a ? 'A' : 'B',
			missing_a ? missing_a : missing_b);
	else if (!n)
		fputs(": no difference\n", out);
	else
		fputs(":\n", out);
	return n && !missing_a && !missing_b;
}

static size_t shown(size_t n, bool full)
{
	return full || n <= ROWS ? n : ROWS;
}

static void end(FILE *out, size_t n, bool full)
{
	if (shown(n, full) < n)
		fprintf(out, "  and %zu more (--full)\n", n - ROWS);
}

static void print_stem(FILE *out, const struct stem *stem, const char *name)
{
	fprintf(out, "  %-26s %s ", name, *name ? "A" : "B");
	if (!stem->regions) {
		fputs("-\n", out);
		return;
	}
	fprintf(out, "%zu region%s, %" PRIu64 " bytes", stem->regions,
		stem->regions == 1 ? "" : "s", stem->size);
	if (stem->captured != stem->size)
		fprintf(out, ", %" PRIu64 " captured", stem->captured);
	fputc('\n', out);
}

static void print_regions(FILE *out, const struct diff *diff, bool full)
{
	size_t n = diff->n_regions;

	if (!begin(out, "Regions, by name without final digits", n, NULL, NULL))
		return;
	for (size_t i = 0; i < shown(n, full); i++) {
		const struct stem *stem = diff->regions[i].stem;
		const struct stem *named = stem[0].regions ? &stem[0] : &stem[1];
		char name[64];

		snprintf(name, sizeof(name), "%.*s", (int)named->length,
			 named->length ? named->name : "-");
		print_stem(out, &stem[0], name);
		print_stem(out, &stem[1], "");
	}
	end(out, n, full);
}

static void print_modules(FILE *out, const struct diff *diff)
{
	if (!begin(out, "Modules", diff->n_modules, why(&diff->sides[0], diff->sides[0].no_modules),
		   why(&diff->sides[1], diff->sides[1].no_modules)))
		return;
	for (int side = 0; side < SIDES; side++) {
		size_t printed = 0;

		for (size_t i = 0; i < diff->n_modules; i++)
			if (diff->modules[i].name[side])
				fprintf(out, "%s%s",
					printed++ ? " "
					: side    ? "  only in B  "
						  : "  only in A  ",
					diff->modules[i].name[side]);
		if (printed)
			fputc('\n', out);
	}
}

static void print_task(FILE *out, const struct diff_task *row, int side)
{
	const struct kmd_task *task = row->task[side];

	/* The other side's pid is in the first column. */
	if (side && row->task[0] && row->task[0]->pid != task->pid)
		fprintf(out, "pid %" PRIu32 ", ", task->pid);
	fprintf(out, "%c", task->state ? task->state : '?');
	if (task->is_running)
		fputs(", on a CPU", out);
	if (*row->function[side])
		fprintf(out, ", in %s", row->function[side]);
}

static void print_tasks(FILE *out, const struct diff *diff, bool full)
{
	size_t n = diff->n_tasks;

	if (!begin(out, "Tasks, by name and pid", n, why(&diff->sides[0], diff->sides[0].no_tasks),
		   why(&diff->sides[1], diff->sides[1].no_tasks)))
		return;
	for (size_t i = 0; i < shown(n, full); i++) {
		const struct diff_task *row = &diff->tasks[i];
		const struct kmd_task *any = row->task[0] ? row->task[0] : row->task[1];

		fprintf(out, "  %7" PRIu32 " %-16s ", any->pid, any->comm ? any->comm : "?");
		if (row->task[0] && row->task[1]) {
			fputs("A ", out);
			print_task(out, row, 0);
			fprintf(out, "\n%27sB ", "");
			print_task(out, row, 1);
		} else {
			fprintf(out, "only in %c: ", row->task[0] ? 'A' : 'B');
			print_task(out, row, !row->task[0]);
		}
		fputc('\n', out);
	}
	end(out, n, full);
}

static void print_variables(FILE *out, const struct diff *diff, bool full)
{
	size_t n = diff->n_variables;
	char title[96];

	snprintf(title, sizeof(title), "Variables, %zu of %zu that both dumps have", n,
		 diff->n_compared);
	if (!begin(out, diff->n_compared ? title : "Variables", n,
		   why(&diff->sides[0], diff->sides[0].no_variables),
		   why(&diff->sides[1], diff->sides[1].no_variables)))
		return;
	fprintf(out, "  %-32s %-20s B\n", "", "A");
	for (size_t i = 0; i < shown(n, full); i++) {
		const struct diff_variable *variable = &diff->variables[i];

		fprintf(out, "  %-32s %-20s %s\n", variable->name, variable->text[0],
			variable->text[1]);
	}
	end(out, n, full);
}

void diff_text(FILE *out, const struct diff *diff, bool full)
{
	print_facts(out, diff);
	print_regions(out, diff, full);
	print_modules(out, diff);
	print_tasks(out, diff, full);
	print_variables(out, diff, full);
}
