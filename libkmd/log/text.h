/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* text.h - logs that a downstream kernel keeps in a region of its own. */
#ifndef KMD_LOG_TEXT_H
#define KMD_LOG_TEXT_H

#include "log/log.h"

/* Text that a terminal could show. */
bool kmd_text_is_printable(const char *text, size_t length);

/*
 * The record where the older part of a ring begins: behind the largest step back in time.  0 if
 * the records are in order.  A log that starts again at 0 is another boot's, not older.
 */
size_t kmd_log_find_wrap(const struct kmd_log *log);

/* Each of the three below takes a log whose text is read, of @size bytes. */

/* Lines; time stamps, level and caller in front of them go to the record. */
enum kmd_status kmd_log_split(struct kmd_log *log, size_t size, struct kmd_diag *diag);
/*
 * A record buffer, or the text of a ring buffer, of which nothing but the bytes is known:
 * chains of what looks like its heads.  No records if it does not look like one.
 */
enum kmd_status kmd_log_guess_records(const struct kmd_target *target, struct kmd_log *log,
				      size_t size);
enum kmd_status kmd_log_guess_blocks(const struct kmd_target *target, struct kmd_log *log,
				     size_t size);

/* --- zones of fs/pstore: "DBGC", start, size, then a ring of text */

bool kmd_pstore_is_zone(const struct kmd_target *target, const unsigned char *bytes, size_t size);
/*
 * The console's text out of the zones in *@text, in its order: moved to the start of the buffer;
 * its length, 0 if there is none.
 */
size_t kmd_pstore_console(const struct kmd_target *target, char *text, size_t size);

#endif
