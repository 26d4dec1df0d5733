/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* core_bytes.h - which segments of a core file have bytes that are used. */
#ifndef KMD_REGION_CORE_BYTES_H
#define KMD_REGION_CORE_BYTES_H

#include "region/claim.h"
#include "source/cursor.h"

/*
 * Mark a claim from @first on as a conflict if its bytes in @core belong to another
 * address, to the headers or to the notes, or if it would make the result many times
 * as large as the core.  The program headers end at @table_end.
 */
enum kmd_status kmd_core_settle(struct kmd_claims *claims, size_t first,
				const struct kmd_cursor *core, uint64_t table_end);

#endif
