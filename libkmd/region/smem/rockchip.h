/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* rockchip.h - the regions that Rockchip's Minidump table in RAM lists. */
#ifndef KMD_REGION_SMEM_ROCKCHIP_H
#define KMD_REGION_SMEM_ROCKCHIP_H

#include "region/claim.h"

/* Read the table at image->smem.offset of blob image->smem.blob, and its region array. */
enum kmd_status kmd_rockchip_table_read(const struct kmd_image *image, struct kmd_diag *diag,
					struct kmd_claims *claims);

#endif
