/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * text.h - a log of which only the text is known, as downstream kernels keep it in a region of
 * its own.  The functions that fill a log take one whose text is read, of @size bytes.
 */
#ifndef KMD_LOG_TEXT_H
#define KMD_LOG_TEXT_H

#include "log/records.h"

/* Text that a terminal could show. */
bool kmd_log_is_printable(const char *text, size_t length);

/* Lines; time stamps, level and caller at their start go to the record. */
enum kmd_status kmd_log_split(struct kmd_log *log, size_t size, struct kmd_diag *diag);
/* Lines of a ring of text, the oldest first. */
enum kmd_status kmd_log_split_ring(struct kmd_log *log, size_t size, struct kmd_diag *diag);
/* Text blocks of the ring buffer; no records if the text does not look like such. */
enum kmd_status kmd_log_guess_blocks(const struct kmd_target *target, struct kmd_log *log,
				     size_t size);

/* --- zones of fs/pstore (ram_core.c): "DBGC", start, size, then a ring of text */

#define KMD_PSTORE_HEAD 12

/* Whether @bytes, of KMD_PSTORE_HEAD, begin a zone. */
bool kmd_pstore_is_zone(const struct kmd_target *target, const void *bytes);
/* Lines of the console's zone among those in the text; no records if there is none. */
enum kmd_status kmd_log_split_pstore(const struct kmd_target *target, struct kmd_log *log,
				     size_t size);

#endif
