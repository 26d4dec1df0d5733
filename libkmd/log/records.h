/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * records.h - the record buffer of Linux 3.5 to 5.9: struct printk_log (until 3.10 struct
 * log), its text and its dictionary, one record behind the other.  A length of 0 leads
 * back to the start.
 */
#ifndef KMD_LOG_RECORDS_H
#define KMD_LOG_RECORDS_H

#include "log/log.h"
#include "log/span.h"

/* Size and offsets of the head of a record. */
struct kmd_records_layout {
	uint64_t size, ts, len, text_len, level, caller;
	bool has_level, has_caller;
};

/*
 * The record at @index: its length with text, dictionary and padding.  0 if it is the mark
 * that leads back to the start; UINT64_MAX if there can be none.
 */
uint64_t kmd_record_at(const struct kmd_target *target, const struct kmd_records_layout *at,
		       const struct kmd_span *buffer, uint64_t index,
		       struct kmd_log_record *record);
/*
 * From @first, the oldest, to @next, where none is yet; *@log gets the buffer.  A broken
 * chain goes on at the start of the buffer, where a record always begins.
 */
enum kmd_status kmd_records_walk(const struct kmd_target *target,
				 const struct kmd_records_layout *at, const struct kmd_span *buffer,
				 uint64_t first, uint64_t next, struct kmd_log *log);

#endif
