/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The report as JSON; docs/json.md and docs/json-schema.json describe it. */
#include "json.h"

#include <string.h>

static json_t *frame_of(const struct kmd_frame *frame)
{
	json_t *object = json_object();

	json_set(object, "address", json_address(frame->pc));
	json_set(object, "function", json_word(frame->function));
	if (frame->function)
		json_set(object, "offset", json_number(frame->offset));
	json_set(object, "module", json_word(frame->module));
	json_set(object, "file", json_word(frame->file));
	if (frame->line)
		json_set(object, "line", json_number(frame->line));
	if (frame->flags & KMD_FRAME_INLINE)
		json_set(object, "inline", json_true());
	if (frame->flags & KMD_FRAME_GUESS)
		json_set(object, "guess", json_true());
	if (frame->flags & KMD_FRAME_EXACT)
		json_set(object, "exact", json_true());
	return object;
}

/* "frames", and "frames_end" if they end early or are missing. */
static void set_stack(json_t *object, struct kmd *kmd, enum kmd_status status,
		      const struct kmd_stack *stack)
{
	json_t *frames = json_array();

	for (size_t i = 0; status == KMD_OK && i < stack->n; i++)
		json_array_append_new(frames, frame_of(&stack->frames[i]));
	json_set(object, "frames", frames);
	json_set(object, "frames_end", json_word(status == KMD_OK ? stack->end : kmd_error(kmd)));
}

json_t *report_json_kernel(const struct kmd *kmd, const struct facts *facts)
{
	json_t *object = json_kernel(kmd);

	json_set(object, "hardware", json_word(facts->hardware));
	json_set(object, "taint", json_word(facts->taint));
	if (facts->has_uptime)
		json_set(object, "uptime_ns", json_number(facts->uptime));
	if (facts->has_memory) {
		json_set(object, "memory_bytes", json_number(facts->memory));
		json_set(object, "memory_free_bytes", json_number(facts->unused));
	}
	return object;
}

json_t *report_json_signature(struct kmd *kmd)
{
	const struct kmd_signature *signature;
	json_t *object, *frames;

	if (kmd_signature_get(kmd, &signature) != KMD_OK)
		return NULL;
	object = json_object();
	frames = json_array();
	for (size_t i = 0; i < signature->n; i++)
		json_array_append_new(frames, json_word(signature->frames[i]));
	json_set(object, "key", json_word(signature->key));
	json_set(object, "kind", json_word(signature->reason));
	json_set(object, "source", json_word(signature->source));
	json_set(object, "frames", frames);
	return object;
}

static json_t *cpus_of(struct kmd *kmd)
{
	json_t *array = json_array();

	for (size_t i = 0; i < kmd_cpu_count(kmd); i++) {
		const struct kmd_cpu_registers *cpu = kmd_cpu_get(kmd, i);
		const struct kmd_task *task = kmd_task_get(kmd, report_task_of_cpu(kmd, cpu->cpu));
		const struct kmd_stack *stack;
		uint64_t last_tick;
		enum kmd_status status;
		json_t *object = json_registers(cpu);

		if (task)
			json_set(object, "pid", json_number(task->pid));
		if (kmd_cpu_last_tick(kmd, cpu->cpu, &last_tick) == KMD_OK)
			json_set(object, "last_tick_ns", json_number(last_tick));
		/* Right before its error is used. */
		status = kmd_stack_of_cpu(kmd, i, &stack);
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

	json_set(object, "address", json_address(task->address));
	json_set(object, "pid", json_number(task->pid));
	if (task->has_tgid)
		json_set(object, "tgid", json_number(task->tgid));
	if (task->has_ppid)
		json_set(object, "ppid", json_number(task->ppid));
	json_set(object, "comm", json_word(task->comm));
	if (task->state)
		json_set(object, "state", json_text(&task->state, 1));
	if (task->has_cpu)
		json_set(object, "cpu", json_number(task->cpu));
	if (task->has_is_kernel)
		json_set(object, "kernel_thread", json_boolean(task->is_kernel));
	json_set(object, "running", json_boolean(task->is_running));
	if (task->is_idle)
		json_set(object, "idle", json_true());
	if (task->has_holder)
		json_set(object, "holder", json_number(task->holder));
	if (task->has_last_run)
		json_set(object, "last_run_ns", json_number(task->last_run));
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

/* Names in "Modules linked in: a(OE) b c [last unloaded: d]". */
static json_t *modules_of_log(const struct facts *facts)
{
	json_t *array = json_array();
	const char *at = facts->modules;

	while (at && *at && *at != '[') {
		size_t length = strcspn(at, " "), name = strcspn(at, "( ");
		json_t *object = json_object();

		json_set(object, "name", json_text(at, name));
		if (name < length && at[length - 1] == ')')
			json_set(object, "taint", json_text(at + name + 1, length - name - 2));
		json_array_append_new(array, object);
		at += length + strspn(at + length, " ");
	}
	return array;
}

/* Out of memory; if their list was not captured, as the log has them. */
static json_t *modules_of(struct kmd *kmd, const struct facts *facts)
{
	json_t *array;

	if (kmd_modules_load(kmd) != KMD_OK || (!kmd_module_count(kmd) && facts->modules))
		return modules_of_log(facts);
	array = json_array();
	for (size_t i = 0; i < kmd_module_count(kmd); i++) {
		const struct kmd_module *module = kmd_module_get(kmd, i);
		json_t *object = json_object();

		json_set(object, "name", json_word(module->name));
		json_set(object, "address", json_address(module->address));
		if (module->size) {
			json_set(object, "base", json_address(module->base));
			json_set(object, "size", json_number(module->size));
		}
		json_set(object, "build_id", json_word(module->build_id));
		if (module->taint && *module->taint)
			json_set(object, "taint", json_word(module->taint));
		json_array_append_new(array, object);
	}
	return array;
}

bool report_json(FILE *out, struct kmd *kmd, const struct report_options *options)
{
	struct facts facts;
	json_t *report;

	if (!facts_read(kmd, &facts))
		return false;
	report = json_document(KMD_REPORT_SCHEMA, kmd, &options->in);
	json_set(report, "kernel", report_json_kernel(kmd, &facts));
	json_set(report, "reason", json_reason(kmd));
	json_set(report, "signature", report_json_signature(kmd));
	json_set(report, "cpus", cpus_of(kmd));
	json_set(report, "tasks", tasks_of(kmd));
	json_set(report, "tasks_incomplete",
		 json_word(kmd_tasks_load(kmd) == KMD_OK ? kmd_tasks_incomplete(kmd)
							 : kmd_error(kmd)));
	json_set(report, "modules", modules_of(kmd, &facts));
	json_set(report, "modules_incomplete", json_word(kmd_modules_incomplete(kmd)));
	json_set(report, "log", json_log(kmd));
	json_set(report, "findings", json_findings(kmd));
	json_set(report, "degraded", json_boolean(kmd_is_degraded(kmd)));
	facts_deinit(&facts);
	return json_print(out, report);
}
