/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "check.h"

#include <string.h>

static const char *word(enum kmd_ready_state state)
{
	static const char *const words[] = { "yes", "part", "?", "no" };

	return (unsigned int)state < sizeof(words) / sizeof(words[0]) ? words[state] : "?";
}

static bool is_start(const struct kmd_readiness *row)
{
	return !strcmp(row->ability, "start");
}

void check_print(FILE *out, const struct kmd *kmd)
{
	const struct kmd_readiness *row, *start = NULL;

	fprintf(out, "%-26s %-15s %-5s %s\n", "CONSUMER", "ABILITY", "WORKS", "MISSING");
	for (size_t i = 0; (row = kmd_readiness_get(kmd, i)); i++) {
		const char *missing = *row->missing ? row->missing : "-";

		if (is_start(row))
			start = row;
		else if (start && start->state == KMD_READY_FAILS)
			missing = "(it does not start)";
		fprintf(out, "%-26s %-15s %-5s %s\n", row->consumer, row->ability, word(row->state),
			missing);
	}
}

static bool starts(const struct kmd *kmd, const char *consumer)
{
	const struct kmd_readiness *row;

	for (size_t i = 0; (row = kmd_readiness_get(kmd, i)); i++)
		if (is_start(row) && !strcmp(row->consumer, consumer))
			return row->state == KMD_READY_WORKS || row->state == KMD_READY_PARTLY;
	return false;
}

const char *check_crash(const struct kmd *kmd)
{
	static const char *const ways[] = { "crash", "crash --no_panic" };

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (starts(kmd, ways[i]))
			return ways[i];
	return "crash --minimal";
}

/* "drgn: log, tasks | gdb: variables": all of one state. */
static void print_state(FILE *out, const struct kmd *kmd, enum kmd_ready_state state,
			const char *title)
{
	const struct kmd_readiness *row;
	const char *consumer = NULL;

	for (size_t i = 0; (row = kmd_readiness_get(kmd, i)); i++) {
		if (row->state != state || is_start(row))
			continue;
		if (!consumer)
			fprintf(out, "%-8s %s: %s", title, row->consumer, row->ability);
		else if (strcmp(consumer, row->consumer) != 0)
			fprintf(out, " | %s: %s", row->consumer, row->ability);
		else
			fprintf(out, ", %s", row->ability);
		consumer = row->consumer;
	}
	if (consumer)
		fputc('\n', out);
}

/* What does not work, with its reason: one line for each consumer and reason. */
static void print_failures(FILE *out, const struct kmd *kmd)
{
	const struct kmd_readiness *row, *last = NULL;
	const char *title = "not";

	for (size_t i = 0; (row = kmd_readiness_get(kmd, i)); i++) {
		if (row->state != KMD_READY_FAILS)
			continue;
		/* Where it does not start nothing else needs a word. */
		if (last && !strcmp(last->consumer, row->consumer) && is_start(last))
			continue;
		fprintf(out, "%-8s %s%s%s: %s missing\n", title, row->consumer,
			is_start(row) ? "" : " ", is_start(row) ? "" : row->ability, row->missing);
		last = row;
		title = "";
	}
}

void check_summary(FILE *out, const struct kmd *kmd, bool vmlinux)
{
	print_state(out, kmd, KMD_READY_WORKS, "works");
	print_state(out, kmd, KMD_READY_PARTLY, "in part");
	if (vmlinux)
		print_state(out, kmd, KMD_READY_UNKNOWN, "perhaps");
	else
		fputs("perhaps  the rest: with a vmlinux (-x) more can be said\n", out);
	print_failures(out, kmd);
}
