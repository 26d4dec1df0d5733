/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* minidump_toc.h - from the bytes of SMEM item 602 to claims. */
#ifndef KMD_REGION_SMEM_MINIDUMP_TOC_H
#define KMD_REGION_SMEM_MINIDUMP_TOC_H

#include "region/claim.h"

/* The contents of an SMEM item. */
struct kmd_smem_item {
	uint64_t offset; /* in the source */
	uint64_t size;
};

#define KMD_TOC_MARKS 8

/*
 * How many of KMD_TOC_MARKS fields of a Minidump table of contents the item's bytes hold as
 * firmware and Linux write them.
 */
unsigned int kmd_minidump_toc_marks(const struct kmd_source *source, struct kmd_smem_item item,
				    struct kmd_diag *diag);

/*
 * Read item 602, then the region array of subsystem image->smem.subsystem, which lies outside
 * of SMEM in the flat blob image->smem.blob.
 */
enum kmd_status kmd_minidump_toc_read(const struct kmd_image *image, struct kmd_smem_item item,
				      struct kmd_diag *diag, struct kmd_claims *claims);

/* The number of a subsystem by its name or number; false = none. */
bool kmd_subsystem_number(const char *text, uint32_t *number);

#endif
