/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* minidump_array.h - a subsystem's array of Minidump regions, in RAM. */
#ifndef KMD_REGION_SMEM_MINIDUMP_ARRAY_H
#define KMD_REGION_SMEM_MINIDUMP_ARRAY_H

#include "region/claim.h"

/*
 * Turn the array of @count regions at physical @phys into claims.  Finding none that is well
 * formed is an error: the array is not there.
 */
enum kmd_status kmd_minidump_array_read(const struct kmd_image *image, uint64_t phys,
					uint32_t count, struct kmd_diag *diag,
					struct kmd_claims *claims);

#endif
