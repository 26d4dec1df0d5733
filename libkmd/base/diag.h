/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * diag.h - what each stage returns besides its result: one error, or findings.
 *
 * An error ends the work; a finding is a named defect of the input that can be
 * lived with.  Both carry their place: which source, which offset.
 */
#ifndef KMD_BASE_DIAG_H
#define KMD_BASE_DIAG_H

#include "base/marks.h"

#include <kmemdump/kmd.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KMD_SENTENCE_MAX 1024

struct kmd_place {
	const char
		*source; /* file or member; NULL = the whole input; "" = in the sentence already */
	uint64_t offset;
	bool has_offset;
};

struct kmd_diag {
	bool strict;            /* damage is an error */
	enum kmd_status status; /* of the last error */
	char sentence[KMD_SENTENCE_MAX];
	const char *name;              /* of the whole input; for sentences without another place */
	struct kmd_finding **findings; /* each allocated: they are handed out */
	size_t n_findings, cap_findings;
	size_t n_kept[2]; /* by severity */
	bool degraded;    /* damage was found, kept in the list or not */
	kmd_progress_fn progress;
	void *progress_user;
	struct kmd_marks *marks; /* NULL = nobody asks which bytes describe the dump */
};

void kmd_diag_init(struct kmd_diag *diag);
void kmd_diag_deinit(struct kmd_diag *diag);

static inline struct kmd_place kmd_at(const char *source, uint64_t offset)
{
	return (struct kmd_place){ source, offset, true };
}

static inline struct kmd_place kmd_in(const char *source)
{
	return (struct kmd_place){ source, 0, false };
}

/* Set the error and return @status, so that a stage can `return kmd_fail(...)`. */
enum kmd_status kmd_fail(struct kmd_diag *diag, enum kmd_status status, struct kmd_place place,
			 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* All of memory is searched, and @done of @total bytes are: KMD_ERR_CANCELED if that is to end. */
enum kmd_status kmd_searched(struct kmd_diag *diag, uint64_t done, uint64_t total);

/* As kmd_fail() for the two errors that need no words of their own. */
enum kmd_status kmd_fail_memory(struct kmd_diag *diag);
enum kmd_status kmd_fail_errno(struct kmd_diag *diag, struct kmd_place place, const char *doing,
			       int error);

/*
 * Note a finding, once: the same sentence again adds nothing.  KMD_OK to go on; an error where the
 * handle is strict and the finding is damage, or where memory is short.
 */
enum kmd_status kmd_report(struct kmd_diag *diag, enum kmd_finding_code code,
			   enum kmd_severity severity, struct kmd_place place, const char *format,
			   ...) __attribute__((format(printf, 5, 6)));

#endif
