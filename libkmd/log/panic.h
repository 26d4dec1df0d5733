/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* panic.h - why the kernel died, as its log tells. */
#ifndef KMD_LOG_PANIC_H
#define KMD_LOG_PANIC_H

#include "log/log.h"

struct kmd_log_panic {
	char *reason; /* the line, printable; NULL = none found */
	char *task;   /* command name of the task, printable; NULL = not told */
	uint32_t cpu, pid;
	bool has_cpu, has_pid;
};

/*
 * The last panic; without one the last oops, lockup, stall or hung task, in that order.  Task and
 * CPU are those of the report that belongs to it.  Lines that user space wrote do not count.
 */
enum kmd_status kmd_log_panic(const struct kmd_log *log, struct kmd_diag *diag,
			      struct kmd_log_panic *panic);
void kmd_log_panic_deinit(struct kmd_log_panic *panic);

#endif
