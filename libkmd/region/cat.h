/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* cat.h - KELF and region files in one file, as `cat` or qdl put them there. */
#ifndef KMD_REGION_CAT_H
#define KMD_REGION_CAT_H

#include "region/claim.h"

/*
 * Only the running sum of sizes shows to which region bytes of such a file belong:
 * one file left out, or given twice, moves all that follow.  Where the length of
 * the file shows that this may have happened, mark the claims from @first on whose
 * bytes may be others' as conflicts.
 */
enum kmd_status kmd_cat_check(struct kmd_claims *claims, size_t first, uint64_t file_size,
			      struct kmd_diag *diag);

#endif
