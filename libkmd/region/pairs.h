/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* pairs.h - physical and virtual addresses that cannot belong together. */
#ifndef KMD_REGION_PAIRS_H
#define KMD_REGION_PAIRS_H

#include "region/claim.h"

/*
 * Mark as conflicts the claims from @first on whose two addresses contradict each
 * other: they lie at different places of a page, or are as far apart as many
 * others are but for one bit.  It is not known which of the two is damaged.
 */
enum kmd_status kmd_pairs_check(struct kmd_claims *claims, size_t first, struct kmd_diag *diag);

#endif
