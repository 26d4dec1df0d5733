/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* core_bytes.h - which segments' bytes in a core file are used. */
#ifndef KMD_REGION_CORE_BYTES_H
#define KMD_REGION_CORE_BYTES_H

#include "region/claim.h"
#include "source/cursor.h"

/*
 * Mark as conflicts the claims from @first on whose bytes in @core are other
 * addresses', or headers or notes, and those that would make the result many times
 * as large as the core.  The program headers end at @table_end.
 */
enum kmd_status kmd_core_settle(struct kmd_claims *claims, size_t first,
				const struct kmd_cursor *core, uint64_t table_end);

#endif
