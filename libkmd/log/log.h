/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* log.h - the kernel log, out of captured memory and by VMCOREINFO's offsets alone. */
#ifndef KMD_LOG_LOG_H
#define KMD_LOG_LOG_H

#include "log/records.h"

/*
 * Read the log.  KMD_ERR_NOT_FOUND, with a sentence that names what is missing, if
 * there is none.  kmd_log_deinit() releases it.
 */
enum kmd_status kmd_log_read(const struct kmd_target *target, struct kmd_log *log);
/* What a reader of the log reads, with the translation of @mode. */
void kmd_log_find_extents(const struct kmd_target *target, enum kmd_xlate mode,
			  struct kmd_log_extents *extents);

#endif
