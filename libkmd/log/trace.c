/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Sources: Linux arch/x86/kernel/dumpstack.c (show_trace_log_lvl(), show_ip()),
 * arch/arm64/kernel/{process,stacktrace}.c, arch/riscv/kernel/{process,stacktrace}.c,
 * arch/arm/kernel/{process,traps,unwind}.c, lib/vsprintf.c (%pS).
 */
#include "log/trace.h"

#include "base/array.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Lines of a report: modules, registers, code and the trace itself. */
#define LINES_MAX  400
#define FRAMES_MAX 256

struct text {
	const char *at, *end;
};

static bool skip(struct text *text, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(text->end - text->at) < length || memcmp(text->at, word, length) != 0)
		return false;
	text->at += length;
	return true;
}

static bool hex(struct text *text, uint64_t *value)
{
	const char *from = text->at;

	if (!skip(text, "0x"))
		return false;
	for (from = text->at; text->at < text->end && isxdigit((unsigned char)*text->at);)
		text->at++;
	return kmd_text_u64(from, (size_t)(text->at - from), 16, value);
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '$';
}

/* "function+0x12/0x34", perhaps with " [module]" or " [module build-id]". */
static bool parse_symbol(struct text text, struct kmd_trace_frame *frame)
{
	*frame = (struct kmd_trace_frame){ .function = text.at };
	while (text.at < text.end && is_name(*text.at))
		text.at++;
	frame->length = (size_t)(text.at - frame->function);
	if (!frame->length || !skip(&text, "+") || !hex(&text, &frame->offset) ||
	    !skip(&text, "/") || !hex(&text, &frame->size))
		return false;
	if (!skip(&text, " ["))
		return true;
	frame->module = text.at;
	while (text.at < text.end && is_name(*text.at))
		text.at++;
	frame->module_length = (size_t)(text.at - frame->module);
	return true;
}

/* The program counter of a report: x86_64 in kernel mode, arm64, riscv64, arm. */
static bool parse_pc(struct text text, struct kmd_trace_frame *frame)
{
	if (!skip(&text, "RIP: 0010:") && !skip(&text, "pc : ") && !skip(&text, "epc : ") &&
	    !skip(&text, "PC is at "))
		return false;
	if (!parse_symbol(text, frame))
		return false;
	frame->exact = true;
	return true;
}

/* "[<ffffffff80006c64>] ": print_ip_sym(), riscv64 and older kernels. */
static bool skip_address(struct text *text)
{
	struct text after = *text;

	if (!skip(&after, "[<"))
		return false;
	while (after.at < after.end && isxdigit((unsigned char)*after.at))
		after.at++;
	if (!skip(&after, ">] "))
		return false;
	*text = after;
	return true;
}

/*
 * arm: "CALLEE from CALLER+0x12/0x34", with addresses and brackets before 5.19:
 * "[<c0109f3c>] (CALLEE) from [<c0109f3c>] (CALLER+0x12/0x34)".
 */
static bool parse_call(struct text text, struct text *callee, struct kmd_trace_frame *frame)
{
	bool brackets;

	skip_address(&text);
	brackets = skip(&text, "(");
	callee->at = text.at;
	while (text.at < text.end && is_name(*text.at))
		text.at++;
	callee->end = text.at;
	if (skip(&text, " [")) {
		while (text.at < text.end && *text.at != ']')
			text.at++;
		if (!skip(&text, "]"))
			return false;
	}
	if (callee->at == callee->end || (brackets && !skip(&text, ")")) || !skip(&text, " from "))
		return false;
	skip_address(&text);
	return (!brackets || skip(&text, "(")) && parse_symbol(text, frame);
}

static bool push(struct kmd_trace *trace, const struct kmd_trace_frame *frame)
{
	const struct kmd_trace_frame *last = trace->n ? &trace->items[trace->n - 1] : NULL;

	/* arm64 repeats the program counter as the first line of the trace. */
	if (last && last->exact && last->offset == frame->offset && last->length == frame->length &&
	    !memcmp(last->function, frame->function, frame->length))
		return true;
	if (!KMD_ARRAY_RESERVE(trace->items, trace->n, trace->cap))
		return false;
	trace->items[trace->n++] = *frame;
	return true;
}

/* Where the lines of a trace are, in the report. */
enum place { BEFORE, INSIDE, AFTER };

/* The caller of the line before is the callee of this one; else this is another trace. */
static bool goes_on(const struct kmd_trace *trace, const struct text *callee)
{
	const struct kmd_trace_frame *last = trace->n ? &trace->items[trace->n - 1] : NULL;

	return !last || (last->length == (size_t)(callee->end - callee->at) &&
			 !memcmp(last->function, callee->at, last->length));
}

/* arm has no line before the trace in kernels before 6.10. */
static bool take_call(const struct text *callee, const struct kmd_trace_frame *frame,
		      enum place *place, struct kmd_trace *trace)
{
	if (trace->by_calls || (trace->n && trace->items[0].exact))
		if (!goes_on(trace, callee)) {
			*place = AFTER;
			return true;
		}
	trace->by_calls = true;
	*place = INSIDE;
	return push(trace, frame);
}

/* False only if memory is short. */
static bool take_line(struct text line, enum place *place, struct kmd_trace *trace)
{
	struct kmd_trace_frame frame;
	struct text callee;

	if (skip(&line, "---[ end") || skip(&line, "Kernel Offset:")) {
		*place = AFTER;
		return true;
	}
	/* A second trace is that of another event, such as the panic after it. */
	if (skip(&line, "Call Trace:") || skip(&line, "Call trace:")) {
		*place = *place == INSIDE ? AFTER : INSIDE;
		return true;
	}
	/* Registers of an interrupt inside the trace are not its first frame. */
	if (parse_pc(line, &frame))
		return push(trace, &frame);
	while (line.at < line.end && *line.at == ' ')
		line.at++;
	if (parse_call(line, &callee, &frame))
		return take_call(&callee, &frame, place, trace);
	/* riscv64 has no line between the registers of an oops and its trace. */
	if (skip_address(&line) && *place == BEFORE && trace->n && trace->items[0].exact)
		*place = INSIDE;
	if (*place != INSIDE || !parse_symbol(line, &frame))
		return true;
	return push(trace, &frame);
}

static bool take_record(const struct kmd_log_record *record, enum place *place,
			struct kmd_trace *trace)
{
	struct text text = { record->text, record->text + record->length };

	while (text.at < text.end && *place != AFTER) {
		const char *newline = memchr(text.at, '\n', (size_t)(text.end - text.at));
		struct text line = { text.at, newline ? newline : text.end };

		if (!take_line(line, place, trace))
			return false;
		text.at = line.end + (newline != NULL);
	}
	return true;
}

enum kmd_status kmd_trace_read(const struct kmd_log *log, const struct kmd_log_panic *panic,
			       struct kmd_diag *diag, struct kmd_trace *trace)
{
	enum place place = BEFORE;
	const struct kmd_log_record *first;

	memset(trace, 0, sizeof(*trace));
	if (!panic->reason || panic->first >= log->n)
		return KMD_OK;
	first = &log->items[panic->first];
	for (size_t i = panic->first; i < log->n && i - panic->first < LINES_MAX; i++) {
		const struct kmd_log_record *record = &log->items[i];

		if (record->facility || place == AFTER || trace->n >= FRAMES_MAX)
			continue;
		/* Other CPUs write at the same time. */
		if (first->has_caller && record->has_caller && first->caller != record->caller)
			continue;
		if (!take_record(record, &place, trace)) {
			kmd_trace_deinit(trace);
			return kmd_fail_memory(diag);
		}
	}
	return KMD_OK;
}

void kmd_trace_deinit(struct kmd_trace *trace)
{
	free(trace->items);
	memset(trace, 0, sizeof(*trace));
}
