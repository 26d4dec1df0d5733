/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Why the kernel died, out of its log.
 *
 * 1. find_reason() takes the line of the greatest severity, and of equal ones the last.
 * 2. find_report() takes the report "CPU: 1 PID: 123 Comm: NAME" that belongs to this line.
 * 3. Without a report, the record's caller is the CPU or the thread.
 *
 * Sources: Linux kernel/panic.c, lib/dump_stack.c, arch/.../kernel/{traps,dumpstack}.c,
 * kernel/watchdog.c, kernel/rcu/tree_stall.h, kernel/hung_task.c of 4.4 to 6.17; for the
 * run-time values arch/{x86,arm64}/kernel/setup.c (dump_kernel_offset()).
 */
#include "log/panic.h"

#include "base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REASON_MAX 500
#define COMM_MAX   64
#define CALLER_CPU (UINT32_C(1) << 31)

/* RCU warns again after three times its time limit and 3 s; the limit is 300 s at most. */
#define STALL_OVER UINT64_C(1000000000000) /* ns */

/* die() numbers the oopses. */
#define DIE_MARK   " [#"

/* In one report the first of these wins that it has: so the order of the oopses matters. */
static const struct panic_pattern {
	enum kmd_reason severity;
	bool anywhere; /* else at the line's start */
	const char *text;
} patterns[] = {
	{ KMD_REASON_PANIC, true, "Kernel panic - not syncing" },
	{ KMD_REASON_OOPS, false, "Internal error: " },
	{ KMD_REASON_LOCKUP, true, "BUG: soft lockup" },
	{ KMD_REASON_LOCKUP, true, "BUG: workqueue lockup" },
	{ KMD_REASON_LOCKUP, true, "detected hard LOCKUP" },
	{ KMD_REASON_OOPS, false, "BUG: " },
	{ KMD_REASON_OOPS, true, "kernel BUG at " },
	{ KMD_REASON_OOPS, false, "Unable to handle kernel" },
	{ KMD_REASON_OOPS, false, "Oops: " },
	{ KMD_REASON_OOPS, false, "general protection fault" },
	{ KMD_REASON_OOPS, true, DIE_MARK }, /* "divide error: 0000 [#1] SMP" */
	{ KMD_REASON_STALL, true, "detected stall" },
	{ KMD_REASON_STALL, true, "self-detected stall" },
	{ KMD_REASON_STALL, true, "detected expedited stalls" },
	{ KMD_REASON_HUNG, false, "INFO: task " },
};

#define N_PATTERNS (sizeof(patterns) / sizeof(patterns[0]))

struct line {
	const struct kmd_log_record *record;
	const char *text;
	size_t length;
	size_t number;
};

/* The fields of a line "CPU: 1 UID: 0 PID: 123 Comm: NAME Tainted: ...". */
struct report {
	size_t number; /* of the line */
	const struct kmd_log_record *record;
	uint32_t cpu, pid;
	const char *comm;
	size_t comm_length;
	bool found;
};

struct reason {
	struct line line;
	const struct panic_pattern *pattern;
	bool reported; /* a report followed: the lines after it are about another event */
};

/* The next line that the kernel itself wrote, the first if @line is zero; false at the end. */
static bool next_line(const struct kmd_log *log, struct line *line)
{
	const struct kmd_log_record *record = line->record;
	size_t next = record ? (size_t)(record - log->items) + 1 : 0;
	const char *end, *newline;

	if (record && line->text + line->length < record->text + record->length) {
		line->text += line->length + 1;
	} else {
		while (next < log->n && log->items[next].facility)
			next++;
		if (next == log->n)
			return false;
		line->record = record = &log->items[next];
		line->text = record->text;
	}
	end = record->text + record->length;
	newline = memchr(line->text, '\n', (size_t)(end - line->text));
	line->length = (size_t)((newline ? newline : end) - line->text);
	line->number++;
	return true;
}

static const char *find_in(const struct line *line, const char *text)
{
	return memmem(line->text, line->length, text, strlen(text));
}

static bool is_number_of_die(const struct line *line, const char *mark)
{
	const char *end = line->text + line->length, *digit = mark + strlen(DIE_MARK), *at = digit;

	while (at < end && isdigit((unsigned char)*at))
		at++;
	return at > digit && at < end && *at == ']';
}

static bool matches(const struct line *line, const struct panic_pattern *pattern)
{
	size_t length = strlen(pattern->text);
	const char *found;

	if (!pattern->anywhere)
		return line->length >= length && !memcmp(line->text, pattern->text, length);
	found = find_in(line, pattern->text);
	return found && (strcmp(pattern->text, DIE_MARK) != 0 || is_number_of_die(line, found));
}

static const struct panic_pattern *match_pattern(const struct line *line)
{
	/* "---[ end Kernel panic - not syncing: ..." repeats it. */
	if (find_in(line, "---[ end"))
		return NULL;
	for (size_t i = 0; i < N_PATTERNS; i++)
		if (matches(line, &patterns[i]))
			return &patterns[i];
	return NULL;
}

/* Moves *@at over @word, blanks and a number. */
static bool field(const struct line *line, size_t *at, const char *word, uint32_t *value)
{
	size_t length = strlen(word), from = *at, end;
	uint64_t number;

	if (line->length - *at < length || memcmp(line->text + *at, word, length) != 0)
		return false;
	for (from += length; from < line->length && line->text[from] == ' '; from++)
		;
	for (end = from; end < line->length && isdigit((unsigned char)line->text[end]); end++)
		;
	if (!kmd_text_u64(line->text + from, end - from, 10, &number) || number > INT32_MAX)
		return false;
	*value = (uint32_t)number;
	*at = end;
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
		.record = line->record,
		.cpu = cpu,
		.pid = pid,
		.comm = line->text + at + 7,
		.comm_length = measure_comm(line->text + at + 7, line->length - at - 7),
		.found = true,
	};
	return true;
}

static bool is_better(const struct reason *best, const struct panic_pattern *pattern)
{
	if (!best->pattern || pattern->severity != best->pattern->severity)
		return !best->pattern || pattern->severity < best->pattern->severity;
	return pattern->severity == KMD_REASON_PANIC || best->reported || pattern < best->pattern;
}

/* A stall that ended: the log went on, and the stall was not reported again. */
static bool is_over(const struct kmd_log *log, const struct line *line,
		    const struct panic_pattern *pattern)
{
	const struct kmd_log_record *last = &log->items[log->n - 1];

	return pattern->severity == KMD_REASON_STALL && last->has_time && line->record->has_time &&
	       last->time > line->record->time && last->time - line->record->time > STALL_OVER;
}

static bool find_reason(const struct kmd_log *log, struct reason *best)
{
	struct line line = { 0 };
	struct report report;

	memset(best, 0, sizeof(*best));
	while (next_line(log, &line)) {
		const struct panic_pattern *pattern = match_pattern(&line);

		if (pattern && is_over(log, &line, pattern))
			continue;
		if (pattern && is_better(best, pattern))
			*best = (struct reason){ .line = line, .pattern = pattern };
		else if (best->pattern && parse_report(&line, &report))
			best->reported = true;
	}
	return best->pattern != NULL;
}

/* The nearest report before the line, and the nearest one after it. */
static void find_reports(const struct kmd_log *log, const struct reason *reason, bool any_caller,
			 struct report *before, struct report *after)
{
	const struct kmd_log_record *own = reason->line.record;
	struct line line = { 0 };
	struct report report;

	*before = *after = (struct report){ 0 };
	while (!after->found && next_line(log, &line)) {
		if (!any_caller && own->has_caller && line.record->has_caller &&
		    own->caller != line.record->caller)
			continue;
		if (!parse_report(&line, &report))
			continue;
		*(report.number < reason->line.number ? before : after) = report;
	}
}

static struct report find_report(const struct kmd_log *log, const struct reason *reason)
{
	bool panic = reason->pattern->severity == KMD_REASON_PANIC;
	/* A panic after an oops, which has shown its registers, does not show them again. */
	bool after_oops = panic && find_in(&reason->line, "Fatal exception");
	struct report before, after = { 0 };

	for (int any_caller = 0; any_caller < 2 && !after.found; any_caller++) {
		find_reports(log, reason, any_caller, &before, &after);
		if (panic && before.found && (after_oops || !after.found))
			return before;
	}
	return after;
}

/* The thread that wrote a record, or the CPU if it was in an interrupt. */
static void take_caller(const struct kmd_log_record *record, struct kmd_log_panic *panic)
{
	if (!record->has_caller)
		return;
	panic->has_cpu = record->caller & CALLER_CPU;
	panic->has_pid = !panic->has_cpu;
	*(panic->has_cpu ? &panic->cpu : &panic->pid) = record->caller & ~CALLER_CPU;
}

/* Panics that another event of the log caused. */
static const struct {
	const char *text;
	enum kmd_reason cause;
} causes[] = {
	{ "Fatal exception", KMD_REASON_OOPS },          { "Oops", KMD_REASON_OOPS },
	{ "softlockup: hung tasks", KMD_REASON_LOCKUP }, { "Hard LOCKUP", KMD_REASON_LOCKUP },
	{ "hung_task: blocked tasks", KMD_REASON_HUNG }, { "RCU Stall", KMD_REASON_STALL },
};

/* "INFO: task NAME:PID blocked for more than ..." */
static void take_blocked(const struct line *line, struct kmd_log_panic *panic)
{
	const char *end = find_in(line, " blocked for more than"), *digits = end;
	uint64_t pid;

	while (digits && digits > line->text && isdigit((unsigned char)digits[-1]))
		digits--;
	if (digits && kmd_text_u64(digits, (size_t)(end - digits), 10, &pid) && pid <= INT32_MAX) {
		panic->blocked_pid = (uint32_t)pid;
		panic->has_blocked_pid = true;
	}
}

/* What kind of event led to the reason. */
static enum kmd_reason kind_of(const struct reason *reason)
{
	if (reason->pattern->severity == KMD_REASON_PANIC)
		for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
			if (find_in(&reason->line, causes[i].text))
				return causes[i].cause;
	return reason->pattern->severity;
}

/* The last event of a kind that is no oops, and where its report begins. */
static struct line find_event(const struct kmd_log *log, const struct reason *reason,
			      struct kmd_log_panic *panic)
{
	struct line line = { 0 }, event = { 0 };

	while (next_line(log, &line) && line.number <= reason->line.number) {
		const struct panic_pattern *pattern = match_pattern(&line);

		if (!pattern || pattern->severity != panic->kind)
			continue;
		event = line;
		panic->first = (size_t)(line.record - log->items);
		take_blocked(&line, panic);
	}
	return event;
}

/*
 * The first line of the oops whose report is @report: "BUG: kernel NULL pointer dereference,
 * address: ...", which stands before its registers and behind the report before it.
 */
static struct line find_oops(const struct kmd_log *log, const struct reason *reason,
			     const struct report *report)
{
	const struct kmd_log_record *own = report->found ? report->record : reason->line.record;
	size_t end = report->found ? report->number : reason->line.number;
	struct line line = { 0 }, event = { 0 };

	while (next_line(log, &line) && line.number <= end) {
		const struct panic_pattern *pattern = match_pattern(&line);
		struct report other;

		if (own->has_caller && line.record->has_caller &&
		    own->caller != line.record->caller)
			continue;
		if (line.number < end && parse_report(&line, &other))
			event = (struct line){ 0 };
		else if (!event.record && pattern && pattern->severity == KMD_REASON_OOPS)
			event = line;
	}
	return event;
}

static enum kmd_status take_event(const struct kmd_log *log, const struct reason *reason,
				  const struct line *event, struct kmd_diag *diag,
				  struct kmd_log_panic *panic)
{
	size_t length = event->length < REASON_MAX ? event->length : REASON_MAX;

	panic->begin = (size_t)(reason->line.record - log->items);
	if (!event->record || event->number >= reason->line.number)
		return KMD_OK;
	panic->begin = (size_t)(event->record - log->items);
	panic->event = kmd_text_name_dup(event->text, length);
	return panic->event ? KMD_OK : kmd_fail_memory(diag);
}

/* Of the report that belongs to the line; without one, who wrote the line. */
static enum kmd_status take_report(const struct kmd_log *log, const struct reason *reason,
				   const struct report *report, struct kmd_diag *diag,
				   struct kmd_log_panic *panic)
{
	if (!report->found) {
		take_caller(reason->line.record, panic);
		return KMD_OK;
	}
	if (panic->kind <= KMD_REASON_OOPS)
		panic->first = (size_t)(report->record - log->items);
	panic->cpu = report->cpu;
	panic->pid = report->pid;
	panic->has_cpu = panic->has_pid = true;
	panic->task = kmd_text_name_dup(report->comm, report->comm_length);
	return panic->task ? KMD_OK : kmd_fail_memory(diag);
}

/* Fills in all but .reason. */
static enum kmd_status describe(const struct kmd_log *log, const struct reason *reason,
				struct kmd_diag *diag, struct kmd_log_panic *panic)
{
	enum kmd_status status = KMD_OK;
	struct report report = { 0 };
	struct line event = { 0 };

	panic->kind = kind_of(reason);
	panic->first = (size_t)(reason->line.record - log->items);
	/* The task that reports a stall or a hung task is not the one that hangs. */
	if (reason->pattern->severity <= KMD_REASON_LOCKUP) {
		report = find_report(log, reason);
		status = take_report(log, reason, &report, diag, panic);
	}
	if (panic->kind == KMD_REASON_OOPS)
		event = find_oops(log, reason, &report);
	else if (panic->kind > KMD_REASON_OOPS)
		event = find_event(log, reason, panic);
	return status == KMD_OK ? take_event(log, reason, &event, diag, panic) : status;
}

enum kmd_status kmd_log_panic(const struct kmd_log *log, struct kmd_diag *diag,
			      struct kmd_log_panic *panic)
{
	enum kmd_status status;
	struct reason reason;
	const char *from;
	size_t length;

	memset(panic, 0, sizeof(*panic));
	if (!find_reason(log, &reason))
		return KMD_OK;
	/* A vendor's prefix is dropped, but "watchdog: " is kept. */
	from = reason.pattern->severity == KMD_REASON_PANIC
		       ? find_in(&reason.line, reason.pattern->text)
		       : reason.line.text;
	length = reason.line.length - (size_t)(from - reason.line.text);
	panic->reason = kmd_text_name_dup(from, length < REASON_MAX ? length : REASON_MAX);
	status = panic->reason ? describe(log, &reason, diag, panic) : kmd_fail_memory(diag);
	if (status != KMD_OK)
		kmd_log_panic_deinit(panic);
	return status;
}

void kmd_log_panic_deinit(struct kmd_log_panic *panic)
{
	free(panic->reason);
	free(panic->event);
	free(panic->task);
	memset(panic, 0, sizeof(*panic));
}

/* ----- the shim's own words */

enum kmd_status kmd_log_report_refusals(const struct kmd_log *log, struct kmd_diag *diag)
{
	static const char mark[] = "kmemdump: ", words[] = " regions refused";
	char text[REASON_MAX];

	for (size_t i = 0; i < log->n; i++) {
		const struct kmd_log_record *record = &log->items[i];

		/* Facility 0 is the kernel; user space may write anything. */
		if (record->facility || record->length < sizeof(mark) - 1 ||
		    memcmp(record->text, mark, sizeof(mark) - 1) != 0 ||
		    !memmem(record->text, record->length, words, sizeof(words) - 1))
			continue;
		kmd_text_name(text, sizeof(text), record->text, record->length);
		return kmd_report(diag, KMD_FIND_MISSING, KMD_DAMAGE, kmd_in(NULL),
				  "the kernel could not register all memory: \"%s\"", text);
	}
	return KMD_OK;
}

/* ----- run-time values */

/*
 * The log is found by VMCOREINFO.  Where that is missing, kernel/evidence_text.c searches all
 * of memory for the same lines.
 */
#define SOURCE       "panic text"
/* Only the last records can be of the panic. */
#define LAST_RECORDS 256
#define KASLR_ALIGN  UINT64_C(0x10000)

static const struct {
	const char *text;
	enum kmd_runtime_key key;
} value_lines[] = {
	{ "Kernel Offset: 0x", KMD_RUNTIME_KASLR },
	{ "PHYS_OFFSET: 0x", KMD_RUNTIME_PHYS_OFFSET },
};

/* The number after @start, if the record begins so. */
static bool number_of(const struct kmd_log_record *record, const char *start, uint64_t *value)
{
	size_t at = strlen(start), end = at;

	if (record->facility || record->length <= at || memcmp(record->text, start, at) != 0)
		return false;
	while (end < record->length && isxdigit((unsigned char)record->text[end]))
		end++;
	return kmd_text_u64(record->text + at, end - at, 16, value);
}

static enum kmd_status confirm(struct kmd_runtime *runtime, enum kmd_runtime_key key,
			       uint64_t number, struct kmd_diag *diag)
{
	struct kmd_runtime_value *value = &runtime->values[key];
	const char *sources = value->sources ? value->sources : "derived";
	char *grown;

	if (!value->known || strstr(sources, SOURCE))
		return KMD_OK;
	/* Damage of a word is rarely a multiple of what KASLR moves an image by. */
	if (value->value != number && key == KMD_RUNTIME_KASLR &&
	    !((value->value ^ number) & (KASLR_ALIGN - 1)))
		return kmd_report(diag, KMD_FIND_KERNEL, KMD_DAMAGE, kmd_in(NULL),
				  "files of two different boots: the KASLR offset is 0x%" PRIx64
				  " (%s), and 0x%" PRIx64 " in the log (" SOURCE
				  "); using the former",
				  value->value, sources, number);
	if (value->value != number)
		return kmd_report(diag, KMD_FIND_KERNEL, KMD_DAMAGE, kmd_in(NULL),
				  "%s: using 0x%" PRIx64 " (%s), not 0x%" PRIx64 " (" SOURCE ")",
				  kmd_runtime_key_name(key), value->value, sources, number);
	if (asprintf(&grown, "%s%s" SOURCE, value->sources ? value->sources : "",
		     value->sources ? ", " : "") < 0)
		return kmd_fail_memory(diag);
	free(value->sources);
	value->sources = grown;
	value->n_sources++;
	return KMD_OK;
}

enum kmd_status kmd_runtime_confirm_from_log(const struct kmd_log *log, struct kmd_diag *diag,
					     struct kmd_runtime *runtime)
{
	size_t first = log->n > LAST_RECORDS ? log->n - LAST_RECORDS : 0;
	enum kmd_status status = KMD_OK;
	uint64_t number;

	for (size_t i = first; status == KMD_OK && i < log->n; i++)
		for (size_t j = 0;
		     status == KMD_OK && j < sizeof(value_lines) / sizeof(value_lines[0]); j++)
			if (number_of(&log->items[i], value_lines[j].text, &number))
				status = confirm(runtime, value_lines[j].key, number, diag);
	return status;
}
