/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The panic's lines in the log as one more witness of what VMCOREINFO says.  The log is
 * found by VMCOREINFO, so this costs little; where that is missing, witness_text.c
 * searches all of memory for the same lines.
 *
 * Sources: arch/x86/kernel/setup.c, arch/arm64/kernel/setup.c (dump_kernel_offset()).
 */
#include "log/runtime_values.h"

#include "base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHO          "panic text"
/* A panic's last words are its last. */
#define LAST_RECORDS 256
#define KASLR_ALIGN  UINT64_C(0x10000)

static const struct {
	const char *text;
	enum kmd_runtime_key key;
} lines[] = {
	{ "Kernel Offset: 0x", KMD_RUNTIME_KASLR },
	{ "PHYS_OFFSET: 0x", KMD_RUNTIME_PHYS_OFFSET },
};

/* The number behind @start, if the record begins so. */
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
			       uint64_t heard, struct kmd_diag *diag)
{
	struct kmd_runtime_value *value = &runtime->values[key];
	char *grown;

	if (!value->known || (value->sources && strstr(value->sources, WHO)))
		return KMD_OK;
	/* Damage of a word is rarely a multiple of what KASLR moves an image by. */
	if (value->value != heard && key == KMD_RUNTIME_KASLR &&
	    !((value->value ^ heard) & (KASLR_ALIGN - 1)))
		return kmd_report(diag, KMD_FIND_KERNEL, KMD_DAMAGE, kmd_in(NULL),
				  "files of two different boots: the KASLR offset is 0x%" PRIx64
				  " (%s), and 0x%" PRIx64 " in the log (" WHO
				  "); the former is taken",
				  value->value, value->sources ? value->sources : "derived", heard);
	if (value->value != heard)
		return kmd_report(diag, KMD_FIND_KERNEL, KMD_DAMAGE, kmd_in(NULL),
				  "%s: 0x%" PRIx64 " is taken (%s), not 0x%" PRIx64 " (" WHO ")",
				  kmd_runtime_key_name(key), value->value,
				  value->sources ? value->sources : "derived", heard);
	if (asprintf(&grown, "%s%s" WHO, value->sources ? value->sources : "",
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
	uint64_t value;

	for (size_t i = first; status == KMD_OK && i < log->n; i++)
		for (size_t line = 0; status == KMD_OK && line < sizeof(lines) / sizeof(lines[0]);
		     line++)
			if (number_of(&log->items[i], lines[line].text, &value))
				status = confirm(runtime, lines[line].key, value, diag);
	return status;
}
