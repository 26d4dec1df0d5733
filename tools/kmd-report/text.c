/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The report as a text for a mail: at most 80 columns, where names allow it. */
#include "common/color.h"
#include "report.h"
#include "stacks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS    80
/* Lines of the log: before the reason, and after it. */
#define LOG_BEFORE 10
#define LOG_AFTER  60
#define LOG_TAIL   30

static void print_title(FILE *out, const char *name)
{
	fprintf(out, "%s%-12s%s", color_on(out, COLOR_TITLE), name, color_off(out));
}

void report_field(FILE *out, const char *name, const char *text)
{
	const size_t width = COLUMNS - 12;

	while (text) {
		size_t length = strlen(text), end = length;

		for (end = length; end > width;) {
			const char *blank = memrchr(text, ' ', end > width + 1 ? width + 1 : end);

			if (!blank || blank == text)
				break;
			end = (size_t)(blank - text);
		}
		print_title(out, name);
		fprintf(out, "%.*s\n", (int)end, text);
		name = "";
		text = text[end] ? text + end + strspn(text + end, " ") : NULL;
	}
}

static void print_kernel(FILE *out, const struct kmd *kmd, const struct facts *facts)
{
	const struct kmd_kernel *kernel = kmd_kernel_get(kmd);

	print_title(out, "kernel");
	fprintf(out, "%s (%s)\n", kernel->release ? kernel->release : "unknown",
		kernel->machine ? kernel->machine : "machine unknown");
	report_field(out, "build-id", kernel->build_id);
	report_field(out, "version", kernel->banner);
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

static void print_signature(FILE *out, struct kmd *kmd)
{
	const struct kmd_signature *signature;
	char text[1024];
	size_t used = 0;

	if (kmd_signature_get(kmd, &signature) != KMD_OK) {
		print_title(out, "signature");
		fprintf(out, "none: %s\n", kmd_error(kmd));
		return;
	}
	print_title(out, "signature");
	fprintf(out, "%s (by the %s)\n", signature->key, signature->source);
	for (size_t i = 0; i < signature->n && used < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " < " : "",
					 signature->frames[i]);
	report_field(out, "", text);
}

static void print_reason(FILE *out, struct kmd *kmd, const struct facts *facts)
{
	const struct kmd_kernel *kernel = kmd_kernel_get(kmd);

	report_field(out, "reason",
		     kernel->panic ? kernel->panic
		     : kmd_log_count(kmd)
			     ? "none in the log: a hang, a reset by the watchdog or by hardware"
			     : "unknown: there is no log");
	print_place(out, kernel);
	if (facts->taint)
		report_field(out, "taint", facts->taint);
	if (kernel->panic)
		print_signature(out, kmd);
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

static void print_stack(FILE *out, const struct kmd_stack *stack)
{
	for (size_t i = 0; i < stack->n; i++) {
		const struct kmd_frame *frame = &stack->frames[i];

		/* Another context begins where this one was interrupted. */
		if (i && frame->flags & KMD_FRAME_EXACT && frame->pc != frame[-1].pc)
			fputs("  --- interrupted:\n", out);
		print_frame(out, i, frame);
	}
	if (stack->end)
		fprintf(out, "  (it ends here: %s)\n", stack->end);
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

static void print_cpu(FILE *out, struct kmd *kmd, size_t index, bool first)
{
	const struct kmd_cpu_registers *cpu = kmd_cpu_get(kmd, index);
	const struct kmd_task *task = kmd_task_get(kmd, report_task_of_cpu(kmd, cpu->cpu));
	const struct kmd_stack *stack;
	uint64_t last_tick;

	fprintf(out, "\n%sCPU %u%s", color_on(out, COLOR_TITLE), cpu->cpu, color_off(out));
	if (task && task->is_idle)
		fputs(", idle", out);
	else if (task)
		fprintf(out, ", task %s (pid %u)", task->comm ? task->comm : "?", task->pid);
	if (kmd_cpu_last_tick(kmd, cpu->cpu, &last_tick) == KMD_OK)
		fprintf(out, ", last tick at %" PRIu64 ".%06" PRIu64, last_tick / 1000000000,
			last_tick % 1000000000 / 1000);
	fprintf(out, "%s\n", first ? ", which panicked" : "");
	if (first)
		print_registers(out, kmd, cpu);
	if (kmd_stack_of_cpu(kmd, index, &stack) == KMD_OK)
		print_stack(out, stack);
	else
		fprintf(out, "  no stack: %s\n", kmd_error(kmd));
}

/* The CPU that panicked comes first. */
static void print_cpus(FILE *out, struct kmd *kmd)
{
	size_t n = kmd_cpu_count(kmd), first = report_panic_cpu(kmd);

	if (first < n)
		print_cpu(out, kmd, first, true);
	for (size_t i = 0; i < n; i++)
		if (i != first)
			print_cpu(out, kmd, i, false);
	if (!n)
		fputs("\nNo registers of CPUs were captured.\n", out);
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

static void print_group(FILE *out, const struct kmd *kmd, const struct group *group)
{
	size_t column = 0;

	fputc('\n', out);
	for (size_t i = 0; i < group->n; i++) {
		const struct kmd_task *task = kmd_task_get(kmd, group->tasks[i]);
		char text[160];
		int length = snprintf(text, sizeof(text), "%s%s (pid %u, %c)", i ? ", " : "",
				      task->comm ? task->comm : "?", task->pid,
				      task->state ? task->state : '?');

		if (i && column + (size_t)length > COLUMNS) {
			fputc('\n', out);
			column = 0;
		}
		column += (size_t)length;
		fputs(text, out);
	}
	fputs(":\n", out);
	print_holders(out, kmd, group);
	if (group->stack)
		print_stack(out, group->stack);
	else
		fprintf(out, "  no stack: %s\n", group->error);
}

static bool print_groups(FILE *out, struct kmd *kmd, const char *title,
			 bool (*wanted)(const struct kmd_task *task))
{
	struct groups groups;

	if (!groups_make(kmd, wanted, &groups))
		return false;
	if (groups.n)
		fprintf(out, "\n%s%s%s\n", color_on(out, COLOR_TITLE), title, color_off(out));
	for (size_t i = 0; i < groups.n; i++)
		print_group(out, kmd, &groups.items[i]);
	groups_deinit(&groups);
	return true;
}

static bool print_tasks(FILE *out, struct kmd *kmd, bool full)
{
	size_t n = kmd_task_count(kmd), blocked = 0, kernel = 0;

	if (!n) {
		fprintf(out, "\nNo tasks: %s.\n",
			kmd_tasks_load(kmd) == KMD_OK ? "none was captured" : kmd_error(kmd));
		return true;
	}
	for (size_t i = 0; i < n; i++) {
		blocked += report_is_blocked(kmd_task_get(kmd, i));
		kernel += kmd_task_get(kmd, i)->is_kernel;
	}
	fprintf(out, "\n%zu tasks, %zu of them of the kernel; %zu in uninterruptible sleep (D)\n",
		n, kernel, blocked);
	if (kmd_tasks_incomplete(kmd))
		fprintf(out, "There may have been more: %s.\n", kmd_tasks_incomplete(kmd));
	return print_groups(out, kmd, "Tasks in uninterruptible sleep", report_is_blocked) &&
	       print_groups(out, kmd, "Tasks that hold a lock for which another one waits",
			    report_is_holder) &&
	       (!full || print_groups(out, kmd, "Other tasks that do not run", is_other));
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

static void print_log(FILE *out, const struct kmd *kmd, const struct facts *facts, bool full)
{
	size_t n = kmd_log_count(kmd), from = 0, to = n;

	if (!n)
		return;
	if (!full && facts->reason < n) {
		from = facts->reason > LOG_BEFORE ? facts->reason - LOG_BEFORE : 0;
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
		fprintf(out, "%s: %s\n", finding->severity == KMD_NOTE ? "note" : "damage",
			finding->text);
	}
}

bool report_text(FILE *out, struct kmd *kmd, const struct report_options *options)
{
	struct facts facts;
	bool good;

	if (!facts_read(kmd, &facts))
		return false;
	print_kernel(out, kmd, &facts);
	print_reason(out, kmd, &facts);
	report_field(out, "modules", facts.modules);
	print_cpus(out, kmd);
	good = print_tasks(out, kmd, options->full);
	if (options->full)
		print_modules(out, kmd);
	print_log(out, kmd, &facts, options->full);
	print_findings(out, kmd, options->verbose);
	facts_deinit(&facts);
	return good;
}
