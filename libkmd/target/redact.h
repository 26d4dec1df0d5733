/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* redact.h - memory that must not leave the house: overwritten wherever a region holds it. */
#ifndef KMD_TARGET_REDACT_H
#define KMD_TARGET_REDACT_H

#include "base/text.h"
#include "target/target.h"

struct kmd_redaction {
	struct kmd_source **sources; /* they take the place of the regions' own */
	size_t n, cap;
	struct kmd_text text; /* "erase NAME SIZE" a line, as makedumpfile's ERASEINFO has it */
};

/*
 * Overwrite what @specs names, with commas between: "SYMBOL", whose size the vmlinux has;
 * "SYMBOL+SIZE"; "user-data" (target/user_data.h); "0xADDRESS+SIZE", virtual if the highest bit is
 * set, else physical.  Rows of
 * @regions then read 'X' there.  The sources must outlive @regions.
 *
 * KMD_ERR_USAGE for a text that cannot be read, KMD_ERR_NOT_FOUND for a symbol that is not known.
 * What was not captured is a note.
 */
enum kmd_status kmd_redact(const struct kmd_target *target, const char *specs,
			   struct kmd_regions *regions, struct kmd_redaction *redaction);
void kmd_redaction_deinit(struct kmd_redaction *redaction);

#endif
