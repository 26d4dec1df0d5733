/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* window.h - bytes of the planned core at positions, as they would be in the file. */
#ifndef KMD_VMCORE_WINDOW_H
#define KMD_VMCORE_WINDOW_H

#include "vmcore/plan.h"

/* @headers is from kmd_headers_build().  The bytes must lie inside the core. */
enum kmd_status kmd_window_read(const struct kmd_plan *plan, const unsigned char *headers,
				uint64_t offset, void *buffer, uint64_t length,
				struct kmd_diag *diag);

#endif
