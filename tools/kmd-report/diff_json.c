/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The difference as JSON; docs/json.md and docs/json-schema.json describe it. */
#include "diff.h"
#include "json.h"

static const char *const sides[SIDES] = { "a", "b" };

static json_t *side_of(const struct diff_side *side)
{
	json_t *object = json_object(), *missing = json_object();

	json_set(object, "input", json_word(side->in.input));
	json_set(object, "form", json_word(kmd_input_form(side->kmd)));
	json_set(object, "kernel", report_json_kernel(side->kmd, &side->facts));
	json_set(object, "reason", json_reason(side->kmd));
	json_set(object, "signature", report_json_signature(side->kmd));
	json_set(object, "degraded", json_boolean(kmd_is_degraded(side->kmd)));
	json_set(missing, "vmlinux", json_word(side->no_vmlinux));
	json_set(missing, "modules", json_word(side->no_modules));
	json_set(missing, "tasks", json_word(side->no_tasks));
	json_set(missing, "variables", json_word(side->no_variables));
	json_set(object, "missing", missing);
	return object;
}

static json_t *facts_of(const struct diff *diff)
{
	json_t *array = json_array();

	for (size_t i = 0; i < diff->n_facts; i++) {
		const struct diff_fact *fact = &diff->facts[i];
		json_t *object;

		if (!fact->differs)
			continue;
		object = json_object();
		json_set(object, "name", json_word(fact->name));
		for (int side = 0; side < SIDES; side++)
			json_set(object, sides[side], json_word(fact->text[side]));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *regions_of(const struct diff *diff)
{
	json_t *array = json_array();

	for (size_t i = 0; i < diff->n_regions; i++) {
		const struct stem *stem = diff->regions[i].stem;
		const struct stem *named = stem[0].regions ? &stem[0] : &stem[1];
		json_t *object = json_object();

		json_set(object, "name", json_text(named->name, named->length));
		for (int side = 0; side < SIDES; side++) {
			json_t *part = json_object();

			json_set(part, "regions", json_number(stem[side].regions));
			json_set(part, "captured_regions",
				 json_number(stem[side].captured_regions));
			json_set(part, "size", json_number(stem[side].size));
			json_set(part, "captured", json_number(stem[side].captured));
			json_set(object, sides[side], part);
		}
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *modules_of(const struct diff *diff)
{
	json_t *array = json_array();

	for (size_t i = 0; i < diff->n_modules; i++) {
		bool in_b = diff->modules[i].name[1] != NULL;
		json_t *object = json_object();

		json_set(object, "name", json_word(diff->modules[i].name[in_b]));
		json_set(object, "only_in", json_word(sides[in_b]));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *tasks_of(const struct diff *diff)
{
	json_t *array = json_array();

	for (size_t i = 0; i < diff->n_tasks; i++) {
		const struct diff_task *row = &diff->tasks[i];
		const struct kmd_task *any = row->task[0] ? row->task[0] : row->task[1];
		json_t *object = json_object();

		json_set(object, "pid", json_number(any->pid));
		json_set(object, "comm", json_word(any->comm));
		for (int side = 0; side < SIDES; side++) {
			const struct kmd_task *task = row->task[side];
			json_t *part;

			if (!task)
				continue;
			part = json_object();
			json_set(part, "pid", json_number(task->pid));
			if (task->state)
				json_set(part, "state", json_text(&task->state, 1));
			json_set(part, "running", json_boolean(task->is_running));
			if (*row->function[side])
				json_set(part, "function", json_word(row->function[side]));
			json_set(object, sides[side], part);
		}
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *variables_of(const struct diff *diff)
{
	static const char *const kinds[] = { "other", "unsigned", "signed", "bool", "pointer" };
	json_t *array = json_array();

	for (size_t i = 0; i < diff->n_variables; i++) {
		const struct diff_variable *variable = &diff->variables[i];
		json_t *object = json_object();

		json_set(object, "name", json_word(variable->name));
		json_set(object, "kind", json_word(kinds[variable->kind % 5]));
		for (int side = 0; side < SIDES; side++)
			json_set(object, sides[side], json_word(variable->text[side]));
		json_array_append_new(array, object);
	}
	return array;
}

bool diff_json(FILE *out, const struct diff *diff)
{
	json_t *report = json_object();

	if (!report)
		return false;
	json_set(report, "schema", json_string(DIFF_SCHEMA));
	json_set(report, "program", json_string("kmd-report"));
	json_set(report, "version", json_string(kmd_version()));
	for (int side = 0; side < SIDES; side++)
		json_set(report, sides[side], side_of(&diff->sides[side]));
	json_set(report, "facts", facts_of(diff));
	json_set(report, "regions", regions_of(diff));
	json_set(report, "modules", modules_of(diff));
	json_set(report, "tasks", tasks_of(diff));
	json_set(report, "variables", variables_of(diff));
	json_set(report, "variables_compared", json_number(diff->n_compared));
	return json_print(out, report);
}
