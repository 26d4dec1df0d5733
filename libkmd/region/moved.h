/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* moved.h - rows of KELF whose addresses the kernel changed in the wrong place. */
#ifndef KMD_REGION_MOVED_H
#define KMD_REGION_MOVED_H

#include "region/claim.h"

/*
 * The downstream driver changes the addresses of a stack's rows when another task runs.  A
 * published one counts rows that it does not have, and so changes the rows behind them.  The
 * pages of a stack, KSTACK1_0 and on, are then no longer adjacent in virtual memory: the
 * claims from the first row on that may move are marked as conflicts.
 */
enum kmd_status kmd_moved_check(struct kmd_claims *claims, size_t first, struct kmd_diag *diag);

#endif
