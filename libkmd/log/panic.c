/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Sources: Linux kernel/panic.c, lib/dump_stack.c, arch/.../kernel/{traps,dumpstack}.c,
 * kernel/watchdog.c, kernel/rcu/tree_stall.h, kernel/hung_task.c of 4.4 to 6.17.
 */
#include "log/panic.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define REASON_MAX 500
#define COMM_MAX   64
#define CALLER_CPU (UINT32_C(1) << 31)

/* How sure a line is to tell the end; lower wins, and of equal ones the last. */
enum rank { PANIC, OOPS, LOCKUP, STALL, HUNG, NOTHING };

struct sign {
	enum rank rank;
	bool anywhere; /* else at the line's start */
	const char *text;
};

/* In one report the first of these wins that it has: so the order of the oopses matters. */
static const struct sign signs[] = {
	{ PANIC, true, "Kernel panic - not syncing" },
	{ OOPS, false, "Internal error: " },
	{ LOCKUP, true, "BUG: soft lockup" },
	{ LOCKUP, true, "BUG: workqueue lockup" },
	{ LOCKUP, true, "detected hard LOCKUP" },
	{ OOPS, false, "BUG: " },
	{ OOPS, true, "kernel BUG at " },
	{ OOPS, false, "Unable to handle kernel" },
	{ OOPS, false, "Oops: " },
	{ OOPS, false, "general protection fault" },
	{ STALL, true, "detected stall" },
	{ STALL, true, "self-detected stall" },
	{ STALL, true, "detected expedited stalls" },
	{ HUNG, false, "INFO: task " },
};

#define N_SIGNS (sizeof(signs) / sizeof(signs[0]))

struct line {
	const struct kmd_log_record *record;
	const char *text;
	size_t length;
	size_t number;
};

/* What a line "CPU: 1 UID: 0 PID: 123 Comm: NAME Tainted: ..." tells. */
struct report {
	size_t number; /* of the line */
	uint32_t cpu, pid;
	const char *comm;
	size_t comm_length;
	bool found;
};

struct find {
	struct line line;
	size_t sign;
	bool reported; /* a report followed: what comes now is another matter */
};

/* The next line of what the kernel itself wrote; false behind the last. */
static bool next_line(const struct kmd_log *log, size_t *record, struct line *line)
{
	const char *end, *newline;

	if (line->record) {
		end = line->record->text + line->record->length;
		if (line->text + line->length < end) {
			line->text += line->length + 1;
			goto found;
		}
	}
	while (*record < log->n && log->items[*record].facility)
		++*record;
	if (*record == log->n)
		return false;
	line->record = &log->items[(*record)++];
	line->text = line->record->text;
	end = line->text + line->record->length;
found:
	newline = memchr(line->text, '\n', (size_t)(end - line->text));
	line->length = (size_t)((newline ? newline : end) - line->text);
	line->number++;
	return true;
}

static bool starts(const struct line *line, const char *with)
{
	size_t length = strlen(with);

	return line->length >= length && !memcmp(line->text, with, length);
}

/* Which sign a line is; N_SIGNS if none. */
static size_t sign_of(const struct line *line)
{
	/* "---[ end Kernel panic - not syncing: ..." repeats it. */
	if (memmem(line->text, line->length, "---[ end", 8))
		return N_SIGNS;
	for (size_t i = 0; i < N_SIGNS; i++)
		if (signs[i].anywhere ? memmem(line->text, line->length, signs[i].text,
					       strlen(signs[i].text)) != NULL
				      : starts(line, signs[i].text))
			return i;
	return N_SIGNS;
}

/* Moves *@at over @word, blanks and a number. */
static bool field(const struct line *line, size_t *at, const char *word, uint32_t *value)
{
	size_t length = strlen(word), from = *at;
	uint64_t number;

	if (line->length - *at < length || memcmp(line->text + *at, word, length) != 0)
		return false;
	for (from += length; from < line->length && line->text[from] == ' '; from++)
		;
	for (length = from;
	     length < line->length && line->text[length] >= '0' && line->text[length] <= '9';
	     length++)
		;
	if (!kmd_text_u64(line->text + from, length - from, 10, &number) || number > INT32_MAX)
		return false;
	*value = (uint32_t)number;
	*at = length;
	return true;
}

/* A name may hold blanks; one of these follows it. */
static size_t measure_comm(const char *text, size_t length)
{
	static const char *const followers[] = { " Not tainted", " Tainted: ", " Kdump: loaded" };

	if (length > COMM_MAX)
		length = COMM_MAX;
	for (size_t i = 0; i < sizeof(followers) / sizeof(followers[0]); i++) {
		const char *found = memmem(text, length, followers[i], strlen(followers[i]));

		if (found)
			length = (size_t)(found - text);
	}
	return length;
}

static bool parse_report(const struct line *line, struct report *report)
{
	uint32_t uid, cpu, pid;
	size_t at = 0;

	if (!field(line, &at, "CPU: ", &cpu))
		return false;
	field(line, &at, " UID: ", &uid); /* since 6.12 */
	if (!field(line, &at, " PID: ", &pid) || line->length - at < 7 ||
	    memcmp(line->text + at, " Comm: ", 7) != 0)
		return false;
	*report = (struct report){
		.number = line->number,
		.cpu = cpu,
		.pid = pid,
		.comm = line->text + at + 7,
		.comm_length = measure_comm(line->text + at + 7, line->length - at - 7),
		.found = true,
	};
	return true;
}

static bool is_better(const struct find *best, size_t sign)
{
	if (signs[sign].rank != signs[best->sign].rank)
		return signs[sign].rank < signs[best->sign].rank;
	return signs[sign].rank == PANIC || best->reported || sign < best->sign;
}

static bool find_reason(const struct kmd_log *log, struct find *best)
{
	struct line line = { 0 };
	struct report report;
	size_t record = 0;

	memset(best, 0, sizeof(*best));
	while (next_line(log, &record, &line)) {
		size_t sign = sign_of(&line);

		if (sign < N_SIGNS && (!best->line.text || is_better(best, sign)))
			*best = (struct find){ .line = line, .sign = sign };
		else if (best->line.text && parse_report(&line, &report))
			best->reported = true;
	}
	return best->line.text != NULL;
}

/* Whoever panics after an oops has shown its registers already, and does not again. */
static bool is_after_oops(const struct line *line)
{
	return memmem(line->text, line->length, "Fatal exception", 15) != NULL;
}

static bool is_same_caller(const struct line *a, const struct line *b)
{
	return !a->record->has_caller || !b->record->has_caller ||
	       a->record->caller == b->record->caller;
}

/* The report nearest before the line, and the one nearest behind it. */
static void find_reports(const struct kmd_log *log, const struct find *reason, bool any_caller,
			 struct report *before, struct report *after)
{
	struct line line = { 0 };
	struct report report;
	size_t record = 0;

	*before = *after = (struct report){ 0 };
	while (!after->found && next_line(log, &record, &line)) {
		if (!(any_caller || is_same_caller(&line, &reason->line)) ||
		    !parse_report(&line, &report))
			continue;
		if (report.number < reason->line.number)
			*before = report;
		else
			*after = report;
	}
}

static struct report find_report(const struct kmd_log *log, const struct find *reason)
{
	struct report before, after;

	for (int any_caller = 0; any_caller < 2; any_caller++) {
		find_reports(log, reason, any_caller, &before, &after);
		if (signs[reason->sign].rank != PANIC && after.found)
			return after;
		if (signs[reason->sign].rank != PANIC)
			continue;
		if (before.found && is_after_oops(&reason->line))
			return before;
		if (after.found)
			return after;
		if (before.found)
			return before;
	}
	return (struct report){ 0 };
}

static enum kmd_status copy_reason(const struct line *line, size_t sign, struct kmd_diag *diag,
				   char **reason)
{
	const char *from = line->text;
	size_t length = line->length;

	/* A vendor's prefix says nothing, but "watchdog: " does. */
	if (signs[sign].rank == PANIC)
		from = memmem(from, length, signs[sign].text, strlen(signs[sign].text));
	length -= (size_t)(from - line->text);
	*reason = kmd_text_name_dup(from, length < REASON_MAX ? length : REASON_MAX);
	return *reason ? KMD_OK : kmd_fail_memory(diag);
}

/* What a thread's, or an interrupted CPU's, records say of themselves. */
static void take_caller(const struct kmd_log_record *record, struct kmd_log_panic *panic)
{
	if (!record->has_caller)
		return;
	if (record->caller & CALLER_CPU) {
		panic->cpu = record->caller & ~CALLER_CPU;
		panic->has_cpu = true;
	} else {
		panic->pid = record->caller;
		panic->has_pid = true;
	}
}

static enum kmd_status take_report(const struct report *report, struct kmd_diag *diag,
				   struct kmd_log_panic *panic)
{
	panic->cpu = report->cpu;
	panic->pid = report->pid;
	panic->has_cpu = panic->has_pid = true;
	panic->task = kmd_text_name_dup(report->comm, report->comm_length);
	return panic->task ? KMD_OK : kmd_fail_memory(diag);
}

enum kmd_status kmd_log_panic(const struct kmd_log *log, struct kmd_diag *diag,
			      struct kmd_log_panic *panic)
{
	struct report report;
	struct find reason;
	enum kmd_status status;

	memset(panic, 0, sizeof(*panic));
	if (!find_reason(log, &reason))
		return KMD_OK;
	status = copy_reason(&reason.line, reason.sign, diag, &panic->reason);
	/* Who reports a stall or a hung task is not who hangs. */
	if (status != KMD_OK || signs[reason.sign].rank > LOCKUP)
		return status;
	report = find_report(log, &reason);
	if (report.found)
		status = take_report(&report, diag, panic);
	else
		take_caller(reason.line.record, panic);
	if (status != KMD_OK)
		kmd_log_panic_deinit(panic);
	return status;
}

void kmd_log_panic_deinit(struct kmd_log_panic *panic)
{
	free(panic->reason);
	free(panic->task);
	memset(panic, 0, sizeof(*panic));
}
