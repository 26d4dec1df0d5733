/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* ring.h - the log of Linux 5.10 and later: kernel/printk/printk_ringbuffer.[ch]. */
#ifndef KMD_LOG_RING_H
#define KMD_LOG_RING_H

#include "log/records.h"

/* By VMCOREINFO.  True, and *@status, if it describes a ring buffer. */
bool kmd_log_read_ring(const struct kmd_target *target, struct kmd_log *log,
		       enum kmd_status *status);
/* Without VMCOREINFO: the ring buffer's arrays in regions of known names. */
bool kmd_log_read_ring_regions(const struct kmd_target *target, struct kmd_log *log,
			       enum kmd_status *status);
/* What kmd_log_read_ring() reads, with the translation of @mode; false if there is no prb. */
bool kmd_log_ring_extents(const struct kmd_target *target, enum kmd_xlate mode,
			  struct kmd_log_extents *extents);

#endif
