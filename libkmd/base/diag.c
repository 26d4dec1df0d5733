/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "base/diag.h"

#include "base/array.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A hostile table must not turn into a hostile report: so many of each severity are kept. */
#define FINDINGS_MAX 1000

/* A long path must leave room for the message. */
#define PLACE_MAX    300

void kmd_diag_init(struct kmd_diag *diag)
{
	memset(diag, 0, sizeof(*diag));
}

static void finding_free(struct kmd_finding *finding)
{
	if (finding) {
		free((char *)finding->text);
		free((char *)finding->source);
	}
	free(finding);
}

void kmd_diag_deinit(struct kmd_diag *diag)
{
	for (size_t i = 0; i < diag->n_findings; i++)
		finding_free(diag->findings[i]);
	free(diag->findings);
	memset(diag, 0, sizeof(*diag));
}

/* "source: offset 0x10: sentence", each part where it is known. */
static void compose(const struct kmd_diag *diag, char *out, size_t size, struct kmd_place place,
		    const char *format, va_list args)
{
	const char *source = place.source ? place.source : diag->name, *cut = "";
	size_t length, used = 0;
	int n = 0;

	if (source && *source) {
		length = strlen(source);
		if (length > PLACE_MAX) {
			source += length - PLACE_MAX;
			cut = "...";
		}
		if (place.has_offset)
			n = snprintf(out, size, "%s%s: offset 0x%" PRIx64 ": ", cut, source,
				     place.offset);
		else
			n = snprintf(out, size, "%s%s: ", cut, source);
	}
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
	compose(diag, diag->sentence, sizeof(diag->sentence), place, format, args);
	va_end(args);
	return status;
}

enum kmd_status kmd_searched(struct kmd_diag *diag, uint64_t done, uint64_t total)
{
	if (!diag->progress || !diag->progress(diag->progress_user, KMD_PHASE_SCAN, done, total))
		return KMD_OK;
	return kmd_fail(diag, KMD_ERR_CANCELED, kmd_in(NULL), "canceled");
}

enum kmd_status kmd_fail_memory(struct kmd_diag *diag)
{
	return kmd_fail(diag, KMD_ERR_MEMORY, kmd_in(NULL), "out of memory");
}

/* The GNU strerror_r() may return a string of its own; that of musl fills ours. */
static const char *reason_of(int error, char *text, size_t size)
{
#ifdef __GLIBC__
	return strerror_r(error, text, size);
#else
	return strerror_r(error, text, size) ? "unknown error" : text;
#endif
}

enum kmd_status kmd_fail_errno(struct kmd_diag *diag, struct kmd_place place, const char *doing,
			       int error)
{
	char reason[128];

	return kmd_fail(diag, KMD_ERR_IO, place, "%s: %s", doing,
			reason_of(error, reason, sizeof(reason)));
}

static bool is_duplicate(const struct kmd_diag *diag, const char *sentence)
{
	for (size_t i = diag->n_findings; i--;)
		if (!strcmp(diag->findings[i]->text, sentence))
			return true;
	return false;
}

static enum kmd_status keep(struct kmd_diag *diag, enum kmd_finding_code code,
			    enum kmd_severity severity, struct kmd_place place,
			    const char *sentence)
{
	struct kmd_finding *finding;

	if (!KMD_ARRAY_RESERVE(diag->findings, diag->n_findings, diag->cap_findings))
		return kmd_fail_memory(diag);
	finding = calloc(1, sizeof(*finding));
	if (finding) {
		finding->text = strdup(sentence);
		finding->source = place.source && *place.source ? strdup(place.source) : NULL;
	}
	if (!finding || !finding->text || (place.source && *place.source && !finding->source)) {
		finding_free(finding);
		return kmd_fail_memory(diag);
	}
	finding->code = code;
	finding->severity = severity;
	finding->offset = place.offset;
	finding->has_offset = place.has_offset;
	diag->findings[diag->n_findings++] = finding;
	return KMD_OK;
}

enum kmd_status kmd_report(struct kmd_diag *diag, enum kmd_finding_code code,
			   enum kmd_severity severity, struct kmd_place place, const char *format,
			   ...)
{
	char sentence[KMD_SENTENCE_MAX];
	va_list args;

	va_start(args, format);
	compose(diag, sentence, sizeof(sentence), place, format, args);
	va_end(args);
	diag->degraded |= severity == KMD_DAMAGE;
	if (diag->strict && severity == KMD_DAMAGE)
		return kmd_fail(diag, KMD_ERR_STRICT, kmd_in(""), "%s", sentence);
	if (diag->n_kept[severity] > FINDINGS_MAX || is_duplicate(diag, sentence))
		return KMD_OK;
	if (diag->n_kept[severity]++ == FINDINGS_MAX) {
		place = kmd_in(NULL);
		snprintf(sentence, sizeof(sentence), "further findings of %s are not listed",
			 severity == KMD_DAMAGE ? "damage" : "no consequence");
	}
	return keep(diag, code, severity, place, sentence);
}
