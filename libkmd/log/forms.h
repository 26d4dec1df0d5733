/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* forms.h - a reader for each form in which kernels keep their log. */
#ifndef KMD_LOG_FORMS_H
#define KMD_LOG_FORMS_H

#include "log/records.h"

/* --- by VMCOREINFO; true, and *@status, if it describes a log of this form */

/* Linux 5.10 and later: kernel/printk/printk_ringbuffer.[ch]. */
bool kmd_log_read_ring(const struct kmd_target *target, struct kmd_log *log,
		       enum kmd_status *status);
/* Linux 3.5 to 5.9: struct printk_log of kernel/printk/printk.c. */
bool kmd_log_read_printk_log(const struct kmd_target *target, struct kmd_log *log,
			     enum kmd_status *status);

/* What these two read, with the translation of @mode; the first is false if there is no prb. */
bool kmd_log_ring_extents(const struct kmd_target *target, enum kmd_xlate mode,
			  struct kmd_log_extents *extents);
void kmd_log_printk_log_extents(const struct kmd_target *target, enum kmd_xlate mode,
				struct kmd_log_extents *extents);

/* --- without VMCOREINFO */

/* The ring buffer's arrays in regions of known names; true, and *@status, if there are such. */
bool kmd_log_read_ring_regions(const struct kmd_target *target, struct kmd_log *log,
			       enum kmd_status *status);

/* All others take a log whose text is read, of @size bytes; no records if it has another form. */

/* Records of struct printk_log that lead from one to the next. */
enum kmd_status kmd_log_guess_printk_log(const struct kmd_target *target, struct kmd_log *log,
					 size_t size);
/* Text blocks of the ring buffer. */
enum kmd_status kmd_log_guess_blocks(const struct kmd_target *target, struct kmd_log *log,
				     size_t size);
/* Zones of fs/pstore (pstore.c): the console's lines, or the records of a panic.  @size is at least
 * KMD_PSTORE_HEAD. */
#define KMD_PSTORE_HEAD 12
bool kmd_pstore_is_zone(const struct kmd_target *target, const void *bytes);
enum kmd_status kmd_log_split_pstore(const struct kmd_target *target, struct kmd_log *log,
				     size_t size);
/* Lines in the order of the text. */
enum kmd_status kmd_log_split_lines(struct kmd_log *log, size_t size, struct kmd_diag *diag);
/* Lines, or a ring of such.  Time stamps, level and caller at their start go to the record. */
enum kmd_status kmd_log_split_ring(struct kmd_log *log, size_t size, struct kmd_diag *diag);

#endif
