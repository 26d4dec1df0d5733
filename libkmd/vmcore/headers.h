/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* headers.h - ELF header, program headers and section 0 as bytes. */
#ifndef KMD_VMCORE_HEADERS_H
#define KMD_VMCORE_HEADERS_H

#include "vmcore/plan.h"

/* plan->headers_size bytes in fresh memory. */
enum kmd_status kmd_headers_build(const struct kmd_plan *plan, struct kmd_diag *diag,
				  unsigned char **bytes);

#endif
