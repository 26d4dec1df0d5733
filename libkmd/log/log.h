/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * log.h - the kernel log, out of captured memory and by VMCOREINFO's offsets alone.
 *
 * Sources: Linux kernel/printk/printk_ringbuffer.[ch] (since 5.10),
 * kernel/printk/printk.c (struct printk_log, 3.5 to 5.9), fs/pstore/ram_core.c.
 */
#ifndef KMD_LOG_LOG_H
#define KMD_LOG_LOG_H

#include "target/target.h"

struct kmd_span;

struct kmd_log {
	struct kmd_log_record *items; /* oldest first */
	size_t n, cap;
	size_t damaged;   /* records that were skipped */
	char *text;       /* what the records' texts point into */
	const char *form; /* for people; NULL = there is no log */
};

/*
 * Read the log.  KMD_ERR_NOT_FOUND, with a sentence that names what is missing, if
 * there is none.
 */
enum kmd_status kmd_log_read(const struct kmd_target *target, struct kmd_log *log);
void kmd_log_deinit(struct kmd_log *log);

/* --- one for each form; true and *@status if the kernel keeps its log so */

bool kmd_log_read_ring(const struct kmd_target *target, struct kmd_log *log,
		       enum kmd_status *status);
bool kmd_log_read_records(const struct kmd_target *target, struct kmd_log *log,
			  enum kmd_status *status);
/* Without VMCOREINFO: arrays of the ring buffer, a log buffer or text in regions of known names. */
bool kmd_log_read_ring_rows(const struct kmd_target *target, struct kmd_log *log,
			    enum kmd_status *status);
bool kmd_log_read_rows(const struct kmd_target *target, struct kmd_log *log,
		       enum kmd_status *status);

/* --- what they share */

uint64_t kmd_log_number(const struct kmd_target *target, const unsigned char *bytes, size_t size);
/* The level in the byte that flags:5 and level:3 share. */
uint8_t kmd_log_level(const struct kmd_target *target, unsigned char byte);
/* KMD_ERR_NOT_FOUND: @what should be at @virt. */
enum kmd_status kmd_log_absent(const struct kmd_target *target, const char *what, uint64_t virt);
/* Memory that must be there: kmd_log_absent() names the first byte that is not. */
enum kmd_status kmd_log_fetch(const struct kmd_target *target, const char *what, uint64_t virt,
			      void *to, uint64_t size);
enum kmd_status kmd_log_word(const struct kmd_target *target, const char *what, uint64_t virt,
			     size_t size, uint64_t *word);
/* Copy @record; its text must lie in what log->text will be. */
enum kmd_status kmd_log_add(struct kmd_log *log, const struct kmd_log_record *record,
			    struct kmd_diag *diag);
/* Make the span's bytes the log's text, and release the rest of it. */
void kmd_log_take(struct kmd_log *log, struct kmd_span *span);

#endif
