/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* All that kmd-assemble reports, as JSON; docs/json.md describes it. */
#include "json.h"

#include "common/json.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>

static json_t *split(const char *names)
{
	json_t *array = json_array();

	while (*names) {
		size_t length = strcspn(names, ",");

		json_array_append_new(array, json_text(names, length));
		names += length;
		names += strspn(names, ", ");
	}
	return array;
}

static json_t *regions_of(const struct kmd *kmd)
{
	json_t *array = json_array();
	const struct kmd_region *region;
	char from[80];

	for (size_t i = 0; (region = kmd_region_get(kmd, i)); i++) {
		json_t *object = json_object();

		json_set(object, "name", json_word(region->name));
		json_set(object, "state", json_word(kmd_region_state_name(region->state)));
		if (region->has_phys)
			json_set(object, "phys", json_address(region->phys));
		if (region->has_virt)
			json_set(object, "virt", json_address(region->virt));
		json_set(object, "size", json_number(region->size));
		json_set(object, "captured", json_number(region->captured));
		report_origins(region->origins, from, sizeof(from));
		json_set(object, "from", split(from));
		json_set(object, "file", json_word(region->file));
		if (region->encrypted)
			json_set(object, "encrypted", json_true());
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *values_of(const struct kmd *kmd)
{
	json_t *array = json_array();
	const struct kmd_value *value;

	for (size_t i = 0; (value = kmd_value_get(kmd, i)); i++) {
		json_t *object = json_object();

		json_set(object, "key", json_word(value->key));
		json_set(object, "value", json_address(value->value));
		json_set(object, "confirmed", json_boolean(value->n_sources > 0));
		json_set(object, "sources", split(value->sources));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *cpus_of(const struct kmd *kmd)
{
	json_t *array = json_array();

	for (size_t i = 0; i < kmd_cpu_count(kmd); i++)
		json_array_append_new(array, json_registers(kmd_cpu_get(kmd, i)));
	return array;
}

static json_t *supplied_of(const struct kmd *kmd)
{
	json_t *array = json_array();
	const struct kmd_supplied *range;

	for (size_t i = 0; (range = kmd_supplied_get(kmd, i)); i++) {
		json_t *object = json_object();

		json_set(object, "what", json_word(range->what));
		json_set(object, "phys", json_address(range->phys));
		json_set(object, "size", json_number(range->size));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *readiness_of(const struct kmd *kmd)
{
	static const char *const states[] = { "yes", "part", "unknown", "no" };
	json_t *array = json_array();
	const struct kmd_readiness *row;

	for (size_t i = 0; (row = kmd_readiness_get(kmd, i)); i++) {
		json_t *object = json_object();

		json_set(object, "consumer", json_word(row->consumer));
		json_set(object, "ability", json_word(row->ability));
		json_set(object, "works", json_word(states[row->state & 3]));
		if (*row->missing)
			json_set(object, "missing", json_word(row->missing));
		json_array_append_new(array, object);
	}
	return array;
}

/* The lines of @print, without the first 9 columns, in which the title stands. */
static json_t *lines_of(void (*print)(FILE *, const struct kmd *, const struct options *),
			const struct kmd *kmd, const struct options *options)
{
	json_t *array = json_array();
	size_t size;
	char *text, *line, *rest;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return array;
	print(out, kmd, options);
	if (fclose(out))
		return array;
	for (rest = text; (line = strsep(&rest, "\n")) && *line;)
		json_array_append_new(array, json_word(strlen(line) > 9 ? line + 9 : line));
	free(text);
	return array;
}

static json_t *kernel_of(const struct kmd *kmd)
{
	const struct kmd_kernel *kernel = kmd_kernel_get(kmd);
	json_t *object = json_kernel(kmd);

	json_set(object, "vmcoreinfo_source", json_word(kernel->vmcoreinfo_source));
	json_set(object, "vmcoreinfo_generated", json_boolean(kernel->vmcoreinfo_generated));
	return object;
}

bool report_json(FILE *out, const struct kmd *kmd, const struct options *options)
{
	json_t *report = json_document(KMD_ASSEMBLE_SCHEMA, kmd, &options->in);

	json_set(report, "kernel", kernel_of(kmd));
	json_set(report, "values", values_of(kmd));
	json_set(report, "reason", json_reason(kmd));
	json_set(report, "regions", regions_of(kmd));
	json_set(report, "cpus", cpus_of(kmd));
	json_set(report, "findings", json_findings(kmd));
	json_set(report, "degraded", json_boolean(kmd_is_degraded(kmd)));
	if (options->dmesg)
		json_set(report, "log", json_log(kmd));
	if (options->output) {
		json_set(report, "core", json_word(options->output));
		json_set(report, "supplied", supplied_of(kmd));
	}
	if (kmd_readiness_count(kmd)) {
		json_set(report, "readiness", readiness_of(kmd));
		json_set(report, "next", lines_of(report_next, kmd, options));
	}
	return json_print(out, report);
}
