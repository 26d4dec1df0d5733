/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "base/diag.h"

#include "base/array.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A hostile table must not turn into a hostile report. */
#define FINDINGS_MAX 2000

void kmd_diag_init(struct kmd_diag *diag)
{
	memset(diag, 0, sizeof(*diag));
}

void kmd_diag_deinit(struct kmd_diag *diag)
{
	for (size_t i = 0; i < diag->n_findings; i++)
		free((char *)diag->findings[i].text);
	free(diag->findings);
	memset(diag, 0, sizeof(*diag));
}

/* "source: offset 0x10: sentence", each part where it is known. */
static void compose(char *out, size_t size, struct kmd_place place, const char *format,
		    va_list args)
{
	size_t used = 0;
	int n = 0;

	if (place.source && place.has_offset)
		n = snprintf(out, size, "%s: offset 0x%" PRIx64 ": ", place.source, place.offset);
	else if (place.source)
		n = snprintf(out, size, "%s: ", place.source);
	if (n > 0)
		used = (size_t)n < size ? (size_t)n : size - 1;
	vsnprintf(out + used, size - used, format, args);
}

enum kmd_status kmd_fail(struct kmd_diag *diag, enum kmd_status status, struct kmd_place place,
			 const char *format, ...)
{
	va_list args;

	diag->status = status;
	va_start(args, format);
	compose(diag->sentence, sizeof(diag->sentence), place, format, args);
	va_end(args);
	return status;
}

enum kmd_status kmd_fail_memory(struct kmd_diag *diag)
{
	return kmd_fail(diag, KMD_ERR_MEMORY, kmd_in(NULL), "out of memory");
}

enum kmd_status kmd_fail_errno(struct kmd_diag *diag, struct kmd_place place, const char *doing,
			       int error)
{
	char reason[128];

	/* The GNU strerror_r() may return a string of its own. */
	return kmd_fail(diag, KMD_ERR_IO, place, "%s: %s", doing,
			strerror_r(error, reason, sizeof(reason)));
}

enum kmd_status kmd_find(struct kmd_diag *diag, enum kmd_finding_code code,
			 enum kmd_severity severity, struct kmd_place place, const char *format,
			 ...)
{
	char sentence[KMD_SENTENCE_MAX];
	struct kmd_finding *finding;
	va_list args;

	va_start(args, format);
	compose(sentence, sizeof(sentence), place, format, args);
	va_end(args);
	if (diag->strict && severity == KMD_DAMAGE)
		return kmd_fail(diag, KMD_ERR_STRICT, kmd_in(NULL), "%s", sentence);
	diag->degraded |= severity == KMD_DAMAGE;
	if (diag->n_findings >= FINDINGS_MAX)
		return KMD_OK;
	if (!KMD_ARRAY_RESERVE(diag->findings, diag->n_findings, diag->cap_findings))
		return kmd_fail_memory(diag);
	finding = &diag->findings[diag->n_findings];
	memset(finding, 0, sizeof(*finding));
	finding->code = code;
	finding->severity = severity;
	finding->text = strdup(sentence);
	if (!finding->text)
		return kmd_fail_memory(diag);
	diag->n_findings++;
	return KMD_OK;
}
