/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "common/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Set a member to @value, unless that is NULL: then the member is absent. */
void json_set(json_t *object, const char *key, json_t *value)
{
	if (value)
		json_object_set_new(object, key, value);
}

/* Bytes that are no UTF-8 become "\xNN" texts. */
json_t *json_text(const char *bytes, size_t length)
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

json_t *json_word(const char *text)
{
	return text ? json_text(text, strlen(text)) : NULL;
}

json_t *json_address(uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	return json_string(text);
}

json_t *json_number(uint64_t value)
{
	/* Jansson's integers have a sign.  Only damage leads to more. */
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

json_t *json_kernel(const struct kmd *kmd)
{
	const struct kmd_kernel *kernel = kmd_kernel_get(kmd);
	json_t *object = json_object();

	json_set(object, "release", json_word(kernel->release));
	json_set(object, "machine", json_word(kernel->machine));
	json_set(object, "build_id", json_word(kernel->build_id));
	json_set(object, "version", json_word(kernel->banner));
	if (kernel->has_kaslr_offset)
		json_set(object, "kaslr_offset", json_address(kernel->kaslr_offset));
	return object;
}

json_t *json_reason(const struct kmd *kmd)
{
	const struct kmd_kernel *kernel = kmd_kernel_get(kmd);
	json_t *object = json_object();

	json_set(object, "text", json_word(kernel->panic));
	json_set(object, "event", json_word(kernel->panic_event));
	json_set(object, "task", json_word(kernel->panic_task));
	if (kernel->has_panic_cpu)
		json_set(object, "cpu", json_number(kernel->panic_cpu));
	if (kernel->has_panic_pid)
		json_set(object, "pid", json_number(kernel->panic_pid));
	return object;
}

json_t *json_log(const struct kmd *kmd)
{
	json_t *array = json_array();

	for (size_t i = 0; i < kmd_log_count(kmd); i++) {
		const struct kmd_log_record *record = kmd_log_get(kmd, i);
		json_t *object = json_object();

		json_set(object, "seq", json_number(record->seq));
		if (record->has_time)
			json_set(object, "time_ns", json_number(record->time));
		json_set(object, "level", json_number(record->level));
		json_set(object, "facility", json_number(record->facility));
		json_set(object, "text", json_text(record->text, record->length));
		json_array_append_new(array, object);
	}
	return array;
}

json_t *json_findings(const struct kmd *kmd)
{
	json_t *array = json_array();

	for (size_t i = 0; i < kmd_finding_count(kmd); i++) {
		const struct kmd_finding *finding = kmd_finding_get(kmd, i);
		json_t *object = json_object();

		json_set(object, "code", json_number(finding->code));
		json_set(object, "severity",
			 json_string(finding->severity == KMD_DAMAGE ? "damage" : "note"));
		json_set(object, "text", json_word(finding->text));
		json_set(object, "source", json_word(finding->source));
		if (finding->has_offset)
			json_set(object, "offset", json_number(finding->offset));
		json_array_append_new(array, object);
	}
	return array;
}

json_t *json_registers(const struct kmd_cpu_registers *cpu)
{
	json_t *object = json_object(), *words = json_array();

	json_set(object, "cpu", json_number(cpu->cpu));
	json_set(object, "pc", json_address(cpu->pc));
	json_set(object, "sp", json_address(cpu->sp));
	for (size_t word = 0; word < cpu->n_words; word++)
		json_array_append_new(words, json_address(cpu->words[word]));
	json_set(object, "registers", words);
	json_set(object, "registers_source", json_word(cpu->source));
	return object;
}

json_t *json_document(const char *schema, const struct kmd *kmd,
		      const struct input_options *options)
{
	json_t *document = json_object();

	json_set(document, "schema", json_word(schema));
	json_set(document, "program", json_word(program_name));
	json_set(document, "version", json_word(kmd_version()));
	json_set(document, "input", json_word(options->input));
	json_set(document, "form", json_word(kmd_input_form(kmd)));
	return document;
}

bool json_print(FILE *out, json_t *document)
{
	int failed = json_dumpf(document, out, JSON_INDENT(1) | JSON_ENSURE_ASCII);

	fputc('\n', out);
	json_decref(document);
	return !failed && !ferror(out);
}

bool json_print_error(FILE *out, const char *schema, const struct kmd *kmd,
		      const struct input_options *options)
{
	json_t *document = json_document(schema, kmd, options);

	json_set(document, "error", json_word(kmd_error(kmd) ? kmd_error(kmd) : "out of memory"));
	json_set(document, "findings", json_findings(kmd));
	return json_print(out, document);
}
