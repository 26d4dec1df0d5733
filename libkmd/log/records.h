/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* records.h - the list of log records that each form fills, and the memory that it reads. */
#ifndef KMD_LOG_RECORDS_H
#define KMD_LOG_RECORDS_H

#include "base/bytes.h"
#include "target/array.h"

/* No buffer of the log is larger: log_buf_len= ends at 2 GiB. */
#define KMD_LOG_BUFFER_MAX (UINT64_C(1) << 31)

struct kmd_log {
	struct kmd_log_record *items; /* oldest first */
	size_t n, cap;
	size_t damaged;   /* records that were skipped */
	char *text;       /* what the records' texts point into */
	const char *form; /* for people; NULL = there is no log */
};

/* Copy @record; its text must lie in what log->text is, or will be. */
enum kmd_status kmd_log_add(struct kmd_log *log, const struct kmd_log_record *record,
			    struct kmd_diag *diag);
/* Make the array's bytes the log's text, and release the rest of it. */
void kmd_log_take_text(struct kmd_log *log, struct kmd_target_array *array);
/* By sequence number. */
void kmd_log_sort(struct kmd_log *log);
/*
 * The first record of the older part, if the log is a ring: the one after the largest step back
 * in time.  0 if the records are in order.  A log that starts again at 0 is of another boot.
 */
size_t kmd_log_find_wrap(const struct kmd_log *log);
/* Move the first @cut of @size bytes to the end. */
void kmd_log_rotate(void *bytes, size_t cut, size_t size);
/* Text that a terminal could show. */
bool kmd_log_is_printable(const char *text, size_t length);
void kmd_log_deinit(struct kmd_log *log);

static inline uint64_t kmd_log_number(const struct kmd_target *target, const void *bytes,
				      uint64_t size)
{
	return kmd_get(bytes, (size_t)size, target->facts->big_endian);
}

/* Facility (u8), flags:5 and level:3 at @bytes. */
void kmd_log_set_level(const struct kmd_target *target, const unsigned char *bytes,
		       struct kmd_log_record *record);
/* KMD_ERR_NOT_FOUND names @what and the first byte that was not captured. */
enum kmd_status kmd_log_read_memory(const struct kmd_target *target, const char *what,
				    uint64_t virt, void *to, uint64_t size);
enum kmd_status kmd_log_read_number(const struct kmd_target *target, const char *what,
				    uint64_t virt, uint64_t size, uint64_t *number);
/* KMD_ERR_NOT_FOUND only if no byte was captured; KMD_ERR_DAMAGED if it is too large. */
enum kmd_status kmd_log_read_array(const struct kmd_target *target, const char *what, uint64_t virt,
				   uint64_t size, struct kmd_target_array *array);

/*
 * What a reader of the log reads: variables, what they point to, arrays.  In the order of
 * reading, as an address is known only once the memory that holds it was read.
 */
struct kmd_log_extent {
	const char *what;
	uint64_t virt, size;
};

struct kmd_log_extents {
	struct kmd_log_extent items[5];
	size_t n;
	bool complete; /* else there are more, but their addresses are not known */
};

#endif
