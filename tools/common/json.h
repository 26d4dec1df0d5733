/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* json.h - what the tools' JSON has in common; docs/json.md describes it. */
#ifndef KMD_TOOLS_JSON_H
#define KMD_TOOLS_JSON_H

#include "common/input.h"

#include <jansson.h>
#include <stdio.h>

/* Set a member to @value, unless that is NULL: then the member is absent. */
void json_set(json_t *object, const char *key, json_t *value);
/* Bytes that are no UTF-8 become "\xNN" texts. */
json_t *json_text(const char *bytes, size_t length);
json_t *json_word(const char *text); /* NULL for NULL */
json_t *json_address(uint64_t value);
json_t *json_number(uint64_t value);

/* "schema", "program", "version", "input" and "form" of a document of @schema. */
json_t *json_document(const char *schema, const struct kmd *kmd,
		      const struct input_options *options);
/* Members that more than one document has. */
json_t *json_kernel(const struct kmd *kmd);
json_t *json_reason(const struct kmd *kmd);
json_t *json_log(const struct kmd *kmd);
json_t *json_findings(const struct kmd *kmd);
json_t *json_registers(const struct kmd_cpu_registers *cpu);

/* Print @document and free it; false if that failed. */
bool json_print(FILE *out, json_t *document);
/* The document of an input that could not be opened: "error" and "findings". */
bool json_print_error(FILE *out, const char *schema, const struct kmd *kmd,
		      const struct input_options *options);

#endif
