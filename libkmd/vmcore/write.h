/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* write.h - the planned core to a descriptor or a file. */
#ifndef KMD_VMCORE_WRITE_H
#define KMD_VMCORE_WRITE_H

#include "vmcore/plan.h"

struct kmd_write_options {
	kmd_progress_fn progress;
	void *progress_user;
};

/* One pass forwards from the descriptor's position; @name is for messages. */
enum kmd_status kmd_write_fd(const struct kmd_plan *plan, const struct kmd_write_options *options,
			     int fd, const char *name, struct kmd_diag *diag);

/*
 * Whole or not at all: to an unnamed or temporary file in the folder of @path,
 * mode 0600, synced, then linked or renamed to @path.
 */
enum kmd_status kmd_write_path(const struct kmd_plan *plan, const struct kmd_write_options *options,
			       const char *path, bool overwrite, struct kmd_diag *diag);

#endif
