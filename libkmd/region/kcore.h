/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* kcore.h - /proc/kcore, or a copy of it: the memory of a kernel that runs. */
#ifndef KMD_REGION_KCORE_H
#define KMD_REGION_KCORE_H

#include "region/claim.h"
#include "source/cursor.h"

/*
 * If @core is one, keep the claims from @first on that are RAM, and let those that show the same
 * RAM at another address (the kernel's image) read the same bytes.  Areas that only page tables map
 * are dropped: they are tebibytes of address space, and what is in them is in RAM as well.
 */
enum kmd_status kmd_kcore_settle(struct kmd_claims *claims, size_t first,
				 const struct kmd_cursor *core);

#endif
