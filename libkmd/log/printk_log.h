/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* printk_log.h - the log of Linux 3.5 to 5.9: struct printk_log of kernel/printk/printk.c. */
#ifndef KMD_LOG_PRINTK_LOG_H
#define KMD_LOG_PRINTK_LOG_H

#include "log/records.h"

/* By VMCOREINFO.  True, and *@status, if it describes a record buffer. */
bool kmd_log_read_printk_log(const struct kmd_target *target, struct kmd_log *log,
			     enum kmd_status *status);
/*
 * Without VMCOREINFO: log->text, of @size bytes, is such a buffer if records of it lead from
 * one to the next.  Else there are no records.
 */
enum kmd_status kmd_log_guess_printk_log(const struct kmd_target *target, struct kmd_log *log,
					 size_t size);
/* What kmd_log_read_printk_log() reads, with the translation of @mode. */
void kmd_log_printk_log_extents(const struct kmd_target *target, enum kmd_xlate mode,
				struct kmd_log_extents *extents);

#endif
