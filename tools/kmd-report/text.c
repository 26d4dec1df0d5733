/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The report as a text for a mail: at most 80 columns, where names allow it. */
#include "common/color.h"
#include "cpus.h"
#include "report.h"
#include "stacks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS     80
#define TITLE       12
/* Lines of the log: before the reason, and after it. */
#define LOG_BEFORE  10
#define LOG_AFTER   60
#define LOG_TAIL    30
/* An event that is further from the reason is not shown. */
#define LOG_EVENT   80
/* Frames of a recursion, and how often they are repeated before the rest is left out. */
#define PERIOD_MAX  8
#define REPEATS_MIN 3

static void print_title(FILE *out, const char *name)
{
	fprintf(out, "%s%-*s%s", color_on(out, COLOR_TITLE), TITLE, name, color_off(out));
}

/* @text in lines of @width columns; those after the first begin with @name's width in blanks. */
static void print_lines(FILE *out, const char *text, size_t width, int indent)
{
	while (text) {
		size_t length = strlen(text), end = length;

		for (end = length; end > width;) {
			const char *blank = memrchr(text, ' ', end > width + 1 ? width + 1 : end);

			if (!blank || blank == text)
				break;
			end = (size_t)(blank - text);
		}
		fprintf(out, "%.*s\n", (int)end, text);
		text = text[end] ? text + end + strspn(text + end, " ") : NULL;
		if (text)
			fprintf(out, "%*s", indent, "");
	}
}

void report_field(FILE *out, const char *name, const char *text)
{
	if (!text)
		return;
	print_title(out, name);
	print_lines(out, text, COLUMNS - TITLE, TITLE);
}

/* A sentence between @before and @after. */
static void print_sentence(FILE *out, int indent, const char *before, const char *text,
			   const char *after)
{
	char *line;

	if (asprintf(&line, "%s%s%s", before, text, after) < 0)
		return;
	fprintf(out, "%*s", indent, "");
	print_lines(out, line, COLUMNS - (size_t)indent, indent);
	free(line);
}

static void print_kernel(FILE *out, const struct kmd *kmd, const struct facts *facts)
{
	const struct kmd_kernel *kernel = kmd_kernel_get(kmd);

	print_title(out, "kernel");
	fprintf(out, "%s (%s)\n", kernel->release ? kernel->release : "unknown",
		kernel->machine ? kernel->machine : "machine unknown");
	report_field(out, "build-id", kernel->build_id);
	report_field(out, "version", facts->version);
	report_field(out, "hardware", facts->hardware);
	if (facts->has_uptime) {
		print_title(out, "uptime");
		fprintf(out, "%" PRIu64 ".%03" PRIu64 " s (last record of the log)\n",
			facts->uptime / 1000000000, facts->uptime / 1000000 % 1000);
	}
	if (facts->has_memory) {
		print_title(out, "memory");
		fprintf(out, "%" PRIu64 " MiB, %" PRIu64 " MiB of them free\n", facts->memory >> 20,
			facts->unused >> 20);
	}
}

static void print_place(FILE *out, const struct kmd_kernel *kernel)
{
	const char *comma = "";

	if (!kernel->has_panic_cpu && !kernel->has_panic_pid && !kernel->panic_task)
		return;
	print_title(out, "where");
	if (kernel->has_panic_cpu) {
		fprintf(out, "CPU %u", kernel->panic_cpu);
		comma = ", ";
	}
	if (kernel->panic_task || kernel->has_panic_pid)
		fprintf(out, "%stask %s", comma, kernel->panic_task ? kernel->panic_task : "");
	if (kernel->has_panic_pid)
		fprintf(out, "%spid %u%s", kernel->panic_task ? " (" : "", kernel->panic_pid,
			kernel->panic_task ? ")" : "");
	fputc('\n', out);
}

static void print_signature(FILE *out, struct kmd *kmd, const char *input)
{
	const struct kmd_signature *signature;
	char text[1024];
	size_t used = 0;

	if (kmd_signature_get(kmd, &signature) != KMD_OK) {
		print_title(out, "signature");
		fputs("none: ", out);
		print_lines(out, report_error(kmd_error(kmd), input), COLUMNS - TITLE - 6, TITLE);
		return;
	}
	print_title(out, "signature");
	fprintf(out, "%s (by the %s)\n", signature->key, signature->source);
	for (size_t i = 0; i < signature->n && used < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " < " : "",
					 signature->frames[i]);
	report_field(out, "", text);
}

static void print_taint(FILE *out, const struct facts *facts)
{
	char text[1024];

	if (!facts->taint)
		return;
	snprintf(text, sizeof(text), facts->taint_words ? "%s (%s)" : "%s", facts->taint,
		 facts->taint_words);
	report_field(out, "taint", text);
}

static void print_reason(FILE *out, struct kmd *kmd, const struct facts *facts, const char *input)
{
	const struct kmd_kernel *kernel = kmd_kernel_get(kmd);

	report_field(out, "reason",
		     kernel->panic ? kernel->panic
		     : kmd_log_count(kmd)
			     ? "none in the log: a hang, a reset by the watchdog or by hardware"
			     : "unknown: no log was found");
	report_field(out, "event", kernel->panic_event);
	print_place(out, kernel);
	print_taint(out, facts);
	if (kernel->panic)
		print_signature(out, kmd, input);
}

/* ----- stacks */

static void print_frame(FILE *out, size_t number, const struct kmd_frame *frame)
{
	char name[256];
	int length;

	if (!frame->function)
		length = snprintf(name, sizeof(name), "0x%016" PRIx64, frame->pc);
	else if (frame->flags & KMD_FRAME_INLINE)
		length = snprintf(name, sizeof(name), "%s (inline)", frame->function);
	else
		length = snprintf(name, sizeof(name), "%s+0x%" PRIx64 "%s%s%s", frame->function,
				  frame->offset, frame->module ? " [" : "",
				  frame->module ? frame->module : "", frame->module ? "]" : "");
	fprintf(out, "  #%-3zu%s%s", number, frame->flags & KMD_FRAME_GUESS ? "? " : "", name);
	if (frame->file)
		fprintf(out, "%*s%s:%u", length < 38 ? 40 - length : 2, "", frame->file,
			frame->line);
	fputc('\n', out);
}

static bool is_same_frame(const struct kmd_frame *a, const struct kmd_frame *b)
{
	return a->pc == b->pc && a->flags == b->flags && a->line == b->line && a->function &&
	       b->function && !strcmp(a->function, b->function);
}

/* Frames from @at on that repeat the @period frames before them. */
static size_t repeated(const struct kmd_stack *stack, size_t at, size_t period)
{
	size_t n = 0;

	while (at + n < stack->n &&
	       is_same_frame(&stack->frames[at + n], &stack->frames[at + n - period]))
		n++;
	return n - n % period;
}

/* Of a recursion, how many frames behind @printed ones are left out. */
static size_t print_recursion(FILE *out, const struct kmd_stack *stack, size_t printed)
{
	for (size_t period = 1; period <= PERIOD_MAX && period <= printed; period++) {
		size_t n = repeated(stack, printed, period);

		if (n < REPEATS_MIN * period)
			continue;
		if (period == 1)
			fprintf(out, "       (the same %zu times more)\n", n);
		else
			fprintf(out, "       (these %zu frames %zu times more)\n", period,
				n / period);
		return n;
	}
	return 0;
}

static void print_stack(FILE *out, const struct kmd_stack *stack)
{
	for (size_t i = 0; i < stack->n;) {
		const struct kmd_frame *frame = &stack->frames[i];

		/* Another context begins where this one was interrupted. */
		if (i && frame->flags & KMD_FRAME_EXACT && frame->pc != frame[-1].pc)
			fputs("  --- interrupted:\n", out);
		print_frame(out, i++, frame);
		i += print_recursion(out, stack, i);
	}
	if (stack->end)
		print_sentence(out, 2, "(it ends here: ", stack->end, ")");
}

static void print_registers(FILE *out, const struct kmd *kmd, const struct kmd_cpu_registers *cpu)
{
	char buffer[REGISTER_NAME_SIZE];
	int digits = report_digits(kmd);
	size_t printed = 0;

	for (size_t i = 0; i < cpu->n_words; i++) {
		const char *name = report_register_name(kmd, i, buffer);

		if (name)
			fprintf(out, "  %4s %0*" PRIx64 "%s", name, digits, cpu->words[i],
				++printed % 3 ? "" : "\n");
	}
	if (printed % 3)
		fputc('\n', out);
}

static void print_head_of_cpu(FILE *out, const struct cpu_row *row)
{
	fprintf(out, "\n%sCPU %u%s", color_on(out, COLOR_TITLE), row->cpu, color_off(out));
	if (row->task && row->task->is_idle)
		fputs(", idle", out);
	else if (row->task)
		fprintf(out, ", task %s (pid %u)", row->task->comm ? row->task->comm : "?",
			row->task->pid);
	if (row->has_last_tick)
		fprintf(out, ", last tick at %" PRIu64 ".%06" PRIu64, row->last_tick / 1000000000,
			row->last_tick % 1000000000 / 1000);
	fprintf(out, "%s\n", row->panicked ? ", which panicked" : "");
	if (row->silent)
		fprintf(out, "  no tick in its last %" PRIu64 " s\n", row->silent);
}

static void print_cpu(FILE *out, struct kmd *kmd, const struct cpu_row *row, const char *input)
{
	const struct kmd_cpu_registers *cpu = kmd_cpu_get(kmd, row->registers);
	const struct kmd_stack *stack;

	print_head_of_cpu(out, row);
	if (cpu && row->panicked)
		print_registers(out, kmd, cpu);
	if (!cpu)
		fputs("  no stack: its registers were not captured\n", out);
	else if (kmd_stack_of_cpu(kmd, row->registers, &stack) == KMD_OK)
		print_stack(out, stack);
	else
		print_sentence(out, 2, "no stack: ", report_error(kmd_error(kmd), input), "");
}

/* The CPU that panicked comes first. */
static bool print_cpus(FILE *out, struct kmd *kmd, const struct facts *facts, const char *input)
{
	size_t n = kmd_cpu_count(kmd);
	struct cpu_rows rows;

	if (!cpu_rows_make(kmd, facts, &rows))
		return false;
	for (size_t i = 0; i < rows.n; i++)
		print_cpu(out, kmd, &rows.items[i], input);
	free(rows.items);
	if (!n)
		fputs("\nNo registers of CPUs were captured (--registers gives those of QEMU).\n",
		      out);
	return true;
}

static bool is_other(const struct kmd_task *task)
{
	return !report_is_blocked(task) && !report_is_holder(task) && !task->is_running;
}

/* Who holds the locks that tasks of the group wait for. */
static void print_holders(FILE *out, const struct kmd *kmd, const struct group *group)
{
	for (size_t i = 0; i < group->n; i++) {
		const struct kmd_task *task = kmd_task_get(kmd, group->tasks[i]), *holder;

		if (!task->has_holder)
			continue;
		holder = report_task_by_pid(kmd, task->holder);
		fprintf(out, "  pid %u waits for a lock; likely held by %s (pid %u)\n", task->pid,
			holder && holder->comm ? holder->comm : "?", task->holder);
	}
}

static void print_group(FILE *out, const struct kmd *kmd, const struct group *group,
			const char *input)
{
	size_t column = 0;

	fputc('\n', out);
	for (size_t i = 0; i < group->n; i++) {
		const struct kmd_task *task = kmd_task_get(kmd, group->tasks[i]);
		char text[160];
		size_t length = (size_t)snprintf(
			text, sizeof(text), "%s (pid %u, %c)%s", task->comm ? task->comm : "?",
			task->pid, task->state ? task->state : '?', i + 1 < group->n ? "," : ":");
		bool full = column + 1 + length > COLUMNS;

		if (i)
			fputc(full ? '\n' : ' ', out);
		column = !i || full ? length : column + 1 + length;
		fputs(text, out);
	}
	fputc('\n', out);
	print_holders(out, kmd, group);
	if (group->stack)
		print_stack(out, group->stack);
	else
		print_sentence(out, 2, "no stack: ", report_error(group->error, input), "");
}

static bool print_groups(FILE *out, struct kmd *kmd, const char *input, const char *title,
			 bool (*wanted)(const struct kmd_task *task))
{
	struct groups groups;

	if (!groups_make(kmd, wanted, &groups))
		return false;
	if (groups.n)
		fprintf(out, "\n%s%s%s\n", color_on(out, COLOR_TITLE), title, color_off(out));
	for (size_t i = 0; i < groups.n; i++)
		print_group(out, kmd, &groups.items[i], input);
	groups_deinit(&groups);
	return true;
}

static bool print_tasks(FILE *out, struct kmd *kmd, bool full, const char *input)
{
	size_t n = kmd_task_count(kmd), blocked = 0, kernel = 0;

	if (!n) {
		bool loaded = kmd_tasks_load(kmd) == KMD_OK;

		fputc('\n', out);
		print_sentence(out, 0, "No tasks: ",
			       loaded ? "none was captured" : report_error(kmd_error(kmd), input),
			       ".");
		return true;
	}
	for (size_t i = 0; i < n; i++) {
		blocked += report_is_blocked(kmd_task_get(kmd, i));
		kernel += kmd_task_get(kmd, i)->is_kernel;
	}
	fprintf(out, "\n%zu tasks, %zu of them of the kernel; %zu in uninterruptible sleep (D)\n",
		n, kernel, blocked);
	if (kmd_tasks_incomplete(kmd))
		print_sentence(out, 0, "There may have been more: ", kmd_tasks_incomplete(kmd),
			       ".");
	return print_groups(out, kmd, input, "Tasks in uninterruptible sleep", report_is_blocked) &&
	       print_groups(out, kmd, input, "Tasks that hold a lock for which another one waits",
			    report_is_holder) &&
	       (!full || print_groups(out, kmd, input, "Other tasks that do not run", is_other));
}

/* As the report of the event has them; else out of memory. */
static bool print_names_of_modules(FILE *out, struct kmd *kmd, const struct facts *facts)
{
	const struct kmd_kernel *kernel = kmd_kernel_get(kmd);
	size_t n = kmd_modules_load(kmd) == KMD_OK ? kmd_module_count(kmd) : 0, size = 0;
	char *text = NULL;
	FILE *list;

	if (!n || kmd_modules_incomplete(kmd) ||
	    (facts->modules && kernel->panic && facts->modules_at >= kernel->panic_record)) {
		report_field(out, "modules", facts->modules);
		return true;
	}
	list = open_memstream(&text, &size);
	if (!list)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct kmd_module *module = kmd_module_get(kmd, i);
		bool tainted = module->taint && *module->taint;

		fprintf(list, "%s%s%s%s%s", i ? " " : "", module->name, tainted ? "(" : "",
			tainted ? module->taint : "", tainted ? ")" : "");
	}
	if (!fclose(list))
		report_field(out, "modules", text);
	free(text);
	return true;
}

/* Each module with its place and build. */
static void print_modules(FILE *out, struct kmd *kmd)
{
	size_t n = kmd_modules_load(kmd) == KMD_OK ? kmd_module_count(kmd) : 0;

	if (!n)
		return;
	fprintf(out, "\n%zu modules: name, address, size, taint, build-id\n", n);
	for (size_t i = 0; i < n; i++) {
		const struct kmd_module *module = kmd_module_get(kmd, i);
		const char *taint = module->taint ? module->taint : "?";

		fprintf(out, "  %s 0x%" PRIx64 " 0x%" PRIx64 " %s %s\n", module->name, module->base,
			module->size, *taint ? taint : "-",
			module->build_id ? module->build_id : "not captured");
	}
	if (kmd_modules_incomplete(kmd))
		fprintf(out, "There may have been more: %s.\n", kmd_modules_incomplete(kmd));
}

/* ----- log and findings */

static void print_record(FILE *out, const struct kmd_log_record *record)
{
	const char *at = record->text, *end = at + record->length;

	for (;;) {
		if (record->has_time)
			fprintf(out, "[%5" PRIu64 ".%06" PRIu64 "] ", record->time / 1000000000,
				record->time % 1000000000 / 1000);
		for (; at < end && *at != '\n'; at++)
			if ((unsigned char)*at < ' ' || (unsigned char)*at == 0x7f)
				fprintf(out, "\\x%02x", (unsigned char)*at);
			else
				fputc(*at, out);
		fputc('\n', out);
		if (at++ == end)
			break;
	}
}

/* Some records before the reason; the event that led to it, with what stands right before it. */
static size_t first_of_log(const struct kmd *kmd, size_t reason)
{
	size_t event = kmd_kernel_get(kmd)->panic_record, before = LOG_BEFORE;

	if (kmd_kernel_get(kmd)->panic && event <= reason && reason - event <= LOG_EVENT &&
	    reason - event + 2 > before)
		before = reason - event + 2;
	return reason > before ? reason - before : 0;
}

static void print_log(FILE *out, const struct kmd *kmd, const struct facts *facts, bool full)
{
	size_t n = kmd_log_count(kmd), from = 0, to = n;

	if (!n)
		return;
	if (!full && facts->reason < n) {
		from = first_of_log(kmd, facts->reason);
		to = n - facts->reason > LOG_AFTER ? facts->reason + LOG_AFTER : n;
	} else if (!full) {
		from = n > LOG_TAIL ? n - LOG_TAIL : 0;
	}
	fprintf(out, "\n%sLog%s, records %zu to %zu of %zu\n", color_on(out, COLOR_TITLE),
		color_off(out), from + 1, to, n);
	for (size_t i = from; i < to; i++)
		print_record(out, kmd_log_get(kmd, i));
}

static void print_findings(FILE *out, const struct kmd *kmd, bool notes)
{
	size_t n = kmd_finding_count(kmd);
	bool titled = false;

	for (size_t i = 0; i < n; i++) {
		const struct kmd_finding *finding = kmd_finding_get(kmd, i);

		if (finding->severity == KMD_NOTE && !notes)
			continue;
		fprintf(out, "%s", titled ? "" : "\nThe dump is not whole\n");
		titled = true;
		fputs(finding->severity == KMD_NOTE ? "note: " : "damage: ", out);
		print_lines(out, finding->text, COLUMNS - 8, 2);
	}
}

bool report_text(FILE *out, struct kmd *kmd, const struct report_options *options)
{
	const char *input = options->in.input ? options->in.input : "";
	struct facts facts;
	bool good;

	if (!facts_read(kmd, &facts))
		return false;
	print_kernel(out, kmd, &facts);
	print_reason(out, kmd, &facts, input);
	good = print_names_of_modules(out, kmd, &facts);
	good = good && print_cpus(out, kmd, &facts, input);
	good = good && print_tasks(out, kmd, options->full, input);
	if (options->full)
		print_modules(out, kmd);
	print_log(out, kmd, &facts, options->full);
	print_findings(out, kmd, options->verbose);
	facts_deinit(&facts);
	return good;
}
