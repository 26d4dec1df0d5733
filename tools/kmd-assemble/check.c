/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "check.h"

#include "common/color.h"

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

/* Such a row depends on the vmlinux. */
static bool needs_vmlinux(const struct kmd_readiness *row, bool vmlinux)
{
	return !vmlinux && row->state == KMD_READY_UNKNOWN;
}

/* "21 more with a vmlinux (-x FILE): crash 9, drgn 6" */
static void print_more(FILE *out, const struct kmd *kmd, bool vmlinux, const char *title)
{
	const struct kmd_readiness *row;
	size_t total = 0, n = 0;

	for (size_t i = 0; (row = kmd_readiness_get(kmd, i)); i++)
		total += needs_vmlinux(row, vmlinux);
	if (!total)
		return;
	fprintf(out, "%s%zu more can be checked with a vmlinux (-x FILE):", title, total);
	total = 0;
	for (size_t i = 0; (row = kmd_readiness_get(kmd, i)); i++) {
		const struct kmd_readiness *next = kmd_readiness_get(kmd, i + 1);

		n += needs_vmlinux(row, vmlinux);
		if (next && !strcmp(next->consumer, row->consumer))
			continue;
		if (n)
			fprintf(out, "%s %s %zu", total ? "," : "", row->consumer, n);
		total += n;
		n = 0;
	}
	fputc('\n', out);
}

static enum color state_color(enum kmd_ready_state state)
{
	return state == KMD_READY_WORKS   ? COLOR_GOOD
	       : state == KMD_READY_FAILS ? COLOR_BAD
					  : COLOR_WARNING;
}

void check_print(FILE *out, const struct kmd *kmd, bool vmlinux)
{
	const struct kmd_readiness *row, *start = NULL;

	fprintf(out, "%-26s %-15s %-5s %s\n", "CONSUMER", "ABILITY", "WORKS", "MISSING");
	for (size_t i = 0; (row = kmd_readiness_get(kmd, i)); i++) {
		const char *missing = *row->missing ? row->missing : "-";

		if (is_start(row))
			start = row;
		else if (start && start->state == KMD_READY_FAILS)
			missing = "(it does not start)";
		if (!needs_vmlinux(row, vmlinux))
			fprintf(out, "%-26s %-15s %s%-5s%s %s\n", row->consumer, row->ability,
				color_on(out, state_color(row->state)), word(row->state),
				color_off(out), missing);
	}
	print_more(out, kmd, vmlinux, "");
}

enum kmd_ready_state check_start(const struct kmd *kmd, const char *consumer)
{
	const struct kmd_readiness *row;

	for (size_t i = 0; (row = kmd_readiness_get(kmd, i)); i++)
		if (is_start(row) && !strcmp(row->consumer, consumer))
			return row->state;
	return KMD_READY_FAILS;
}

const char *check_crash(const struct kmd *kmd)
{
	static const char *const ways[] = { "crash", "crash --minimal" };

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (check_start(kmd, ways[i]) <= KMD_READY_PARTLY)
			return ways[i];
	return NULL;
}

const char *check_start_lacks(const struct kmd *kmd)
{
	const struct kmd_readiness *row;
	const char *least = NULL;

	for (size_t i = 0; (row = kmd_readiness_get(kmd, i)); i++)
		if (is_start(row) && row->state == KMD_READY_FAILS &&
		    (!least || strlen(row->missing) < strlen(least)))
			least = row->missing;
	return least ? least : "";
}

static const char *title(bool *first)
{
	const char *text = *first ? "tools    " : "         ";

	*first = false;
	return text;
}

/* "drgn: log, tasks available": the abilities of one consumer that have this state and reason. */
static void print_group(FILE *out, const struct kmd *kmd, size_t at, bool *first)
{
	static const char *const states[] = {
		[KMD_READY_WORKS] = "available",
		[KMD_READY_PARTLY] = "partly available: lacks",
		[KMD_READY_UNKNOWN] = "unknown: depends on",
		[KMD_READY_FAILS] = "not available: lacks",
	};
	const struct kmd_readiness *group = kmd_readiness_get(kmd, at), *row;
	size_t n = 0;

	fprintf(out, "%s%s:", title(first), group->consumer);
	for (size_t i = at; (row = kmd_readiness_get(kmd, i)); i++)
		if (!is_start(row) && !strcmp(row->consumer, group->consumer) &&
		    row->state == group->state && !strcmp(row->missing, group->missing))
			fprintf(out, "%s %s", n++ ? "," : "", row->ability);
	fprintf(out, " %s", states[group->state & 3]);
	if (group->state != KMD_READY_WORKS)
		fprintf(out, " %s", group->missing);
	fputc('\n', out);
}

/* True if an earlier row of the consumer has the same state and reason. */
static bool is_grouped(const struct kmd *kmd, size_t at)
{
	const struct kmd_readiness *row = kmd_readiness_get(kmd, at), *other;

	for (size_t i = 0; i < at; i++) {
		other = kmd_readiness_get(kmd, i);
		if (!is_start(other) && !strcmp(other->consumer, row->consumer) &&
		    other->state == row->state && !strcmp(other->missing, row->missing))
			return true;
	}
	return false;
}

void check_summary(FILE *out, const struct kmd *kmd, bool vmlinux)
{
	const struct kmd_readiness *row, *start = NULL;
	bool first = true;

	for (size_t i = 0; (row = kmd_readiness_get(kmd, i)); i++) {
		if (is_start(row)) {
			start = row;
			if (row->state == KMD_READY_FAILS)
				fprintf(out, "%s%s does not start: lacks %s\n", title(&first),
					row->consumer, row->missing);
		} else if (!(start && start->state == KMD_READY_FAILS) &&
			   !needs_vmlinux(row, vmlinux) && !is_grouped(kmd, i)) {
			print_group(out, kmd, i, &first);
		}
	}
	print_more(out, kmd, vmlinux, first ? "tools    " : "         ");
}
