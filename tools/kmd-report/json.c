/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The report as JSON; docs/json.md and docs/json-schema.json describe it. */
#include "report.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA "kmd-report-1"

/* Set a member to @value, unless that is NULL: then the member is absent. */
static void set(json_t *object, const char *key, json_t *value)
{
	if (value)
		json_object_set_new(object, key, value);
}

/* Bytes that are no UTF-8 become "\xNN" texts. */
static json_t *text_of(const char *bytes, size_t length)
{
	char *escaped;
	json_t *text = json_stringn(bytes, length);
	size_t used = 0;

	if (text)
		return text;
	escaped = malloc(4 * length + 1);
	for (size_t i = 0; escaped && i < length; i++)
		if ((unsigned char)bytes[i] < 0x80)
			escaped[used++] = bytes[i];
		else
			used += (size_t)sprintf(escaped + used, "\\x%02x", (unsigned char)bytes[i]);
	text = escaped ? json_stringn(escaped, used) : NULL;
	free(escaped);
	return text;
}

static json_t *string(const char *text)
{
	return text ? text_of(text, strlen(text)) : NULL;
}

static json_t *address(uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	return json_string(text);
}

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *frame_of(const struct kmd_frame *frame)
{
	json_t *object = json_object();

	set(object, "address", address(frame->pc));
	set(object, "function", string(frame->function));
	if (frame->function)
		set(object, "offset", number(frame->offset));
	set(object, "module", string(frame->module));
	set(object, "file", string(frame->file));
	if (frame->line)
		set(object, "line", number(frame->line));
	if (frame->flags & KMD_FRAME_INLINE)
		set(object, "inline", json_true());
	if (frame->flags & KMD_FRAME_GUESS)
		set(object, "guess", json_true());
	if (frame->flags & KMD_FRAME_EXACT)
		set(object, "exact", json_true());
	return object;
}

/* "frames", and "frames_end" if they end early or are missing. */
static void set_stack(json_t *object, struct kmd *kmd, enum kmd_status status,
		      const struct kmd_stack *stack)
{
	json_t *frames = json_array();

	for (size_t i = 0; status == KMD_OK && i < stack->n; i++)
		json_array_append_new(frames, frame_of(&stack->frames[i]));
	set(object, "frames", frames);
	set(object, "frames_end", string(status == KMD_OK ? stack->end : kmd_error(kmd)));
}

static json_t *kernel_of(const struct kmd *kmd, const struct facts *facts)
{
	const struct kmd_kernel *kernel = kmd_kernel_get(kmd);
	json_t *object = json_object();

	set(object, "release", string(kernel->release));
	set(object, "machine", string(kernel->machine));
	set(object, "build_id", string(kernel->build_id));
	set(object, "version", string(kernel->banner));
	if (kernel->has_kaslr_offset)
		set(object, "kaslr_offset", address(kernel->kaslr_offset));
	set(object, "hardware", string(facts->hardware));
	set(object, "taint", string(facts->taint));
	if (facts->has_uptime)
		set(object, "uptime_ns", number(facts->uptime));
	return object;
}

static json_t *reason_of(const struct kmd *kmd)
{
	const struct kmd_kernel *kernel = kmd_kernel_get(kmd);
	json_t *object = json_object();

	set(object, "text", string(kernel->panic));
	set(object, "task", string(kernel->panic_task));
	if (kernel->has_panic_cpu)
		set(object, "cpu", number(kernel->panic_cpu));
	if (kernel->has_panic_pid)
		set(object, "pid", number(kernel->panic_pid));
	return object;
}

static json_t *signature_of(struct kmd *kmd)
{
	const struct kmd_signature *signature;
	json_t *object, *frames;

	if (kmd_signature_get(kmd, &signature) != KMD_OK)
		return NULL;
	object = json_object();
	frames = json_array();
	for (size_t i = 0; i < signature->n; i++)
		json_array_append_new(frames, string(signature->frames[i]));
	set(object, "key", string(signature->key));
	set(object, "kind", string(signature->reason));
	set(object, "source", string(signature->source));
	set(object, "frames", frames);
	return object;
}

static json_t *cpus_of(struct kmd *kmd)
{
	json_t *array = json_array();

	for (size_t i = 0; i < kmd_cpu_count(kmd); i++) {
		const struct kmd_cpu_registers *cpu = kmd_cpu_get(kmd, i);
		const struct kmd_task *task = kmd_task_get(kmd, report_task_of_cpu(kmd, cpu->cpu));
		const struct kmd_stack *stack;
		enum kmd_status status = kmd_stack_of_cpu(kmd, i, &stack);
		json_t *object = json_object(), *words = json_array();

		set(object, "cpu", number(cpu->cpu));
		set(object, "pc", address(cpu->pc));
		set(object, "sp", address(cpu->sp));
		for (size_t word = 0; word < cpu->n_words; word++)
			json_array_append_new(words, address(cpu->words[word]));
		set(object, "registers", words);
		set(object, "registers_source", string(cpu->source));
		if (task)
			set(object, "pid", number(task->pid));
		set_stack(object, kmd, status, stack);
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *task_of(struct kmd *kmd, size_t index)
{
	const struct kmd_task *task = kmd_task_get(kmd, index);
	const struct kmd_stack *stack;
	enum kmd_status status = kmd_stack_of_task(kmd, index, &stack);
	json_t *object = json_object();

	set(object, "address", address(task->address));
	set(object, "pid", number(task->pid));
	if (task->has_tgid)
		set(object, "tgid", number(task->tgid));
	if (task->has_ppid)
		set(object, "ppid", number(task->ppid));
	set(object, "comm", string(task->comm));
	if (task->state)
		set(object, "state", text_of(&task->state, 1));
	if (task->has_cpu)
		set(object, "cpu", number(task->cpu));
	if (task->has_is_kernel)
		set(object, "kernel_thread", json_boolean(task->is_kernel));
	set(object, "running", json_boolean(task->is_running));
	if (task->is_idle)
		set(object, "idle", json_true());
	if (task->has_last_run)
		set(object, "last_run_ns", number(task->last_run));
	set_stack(object, kmd, status, stack);
	return object;
}

static json_t *tasks_of(struct kmd *kmd)
{
	json_t *array = json_array();

	for (size_t i = 0; i < kmd_task_count(kmd); i++)
		json_array_append_new(array, task_of(kmd, i));
	return array;
}

static json_t *log_of(const struct kmd *kmd)
{
	json_t *array = json_array();

	for (size_t i = 0; i < kmd_log_count(kmd); i++) {
		const struct kmd_log_record *record = kmd_log_get(kmd, i);
		json_t *object = json_object();

		set(object, "seq", number(record->seq));
		if (record->has_time)
			set(object, "time_ns", number(record->time));
		set(object, "level", number(record->level));
		set(object, "facility", number(record->facility));
		set(object, "text", text_of(record->text, record->length));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *findings_of(const struct kmd *kmd)
{
	json_t *array = json_array();

	for (size_t i = 0; i < kmd_finding_count(kmd); i++) {
		const struct kmd_finding *finding = kmd_finding_get(kmd, i);
		json_t *object = json_object();

		set(object, "code", number(finding->code));
		set(object, "severity",
		    json_string(finding->severity == KMD_DAMAGE ? "damage" : "note"));
		set(object, "text", string(finding->text));
		set(object, "source", string(finding->source));
		if (finding->has_offset)
			set(object, "offset", number(finding->offset));
		json_array_append_new(array, object);
	}
	return array;
}

/* Names in "Modules linked in: a(OE) b c [last unloaded: d]". */
static json_t *modules_of(const struct facts *facts)
{
	json_t *array = json_array();
	const char *at = facts->modules;

	while (at && *at && *at != '[') {
		size_t length = strcspn(at, " "), name = strcspn(at, "( ");
		json_t *object = json_object();

		set(object, "name", text_of(at, name));
		if (name < length && at[length - 1] == ')')
			set(object, "taint", text_of(at + name + 1, length - name - 2));
		json_array_append_new(array, object);
		at += length + strspn(at + length, " ");
	}
	return array;
}

bool report_json(FILE *out, struct kmd *kmd, const struct report_options *options)
{
	struct facts facts;
	json_t *report = json_object();
	int failed;

	if (!report || !facts_read(kmd, &facts))
		return false;
	set(report, "schema", json_string(SCHEMA));
	set(report, "program", json_string("kmd-report"));
	set(report, "version", json_string(kmd_version()));
	set(report, "input", string(options->in.input));
	set(report, "form", string(kmd_input_form(kmd)));
	set(report, "kernel", kernel_of(kmd, &facts));
	set(report, "reason", reason_of(kmd));
	set(report, "signature", signature_of(kmd));
	set(report, "cpus", cpus_of(kmd));
	set(report, "tasks", tasks_of(kmd));
	set(report, "tasks_incomplete", string(kmd_tasks_incomplete(kmd)));
	set(report, "modules", modules_of(&facts));
	set(report, "log", log_of(kmd));
	set(report, "findings", findings_of(kmd));
	set(report, "degraded", json_boolean(kmd_is_degraded(kmd)));
	failed = json_dumpf(report, out, JSON_INDENT(1) | JSON_ENSURE_ASCII);
	fputc('\n', out);
	json_decref(report);
	facts_deinit(&facts);
	return !failed && !ferror(out);
}
