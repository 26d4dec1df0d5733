/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * smem_find.h - the place of an SMEM area in a RAM image, by the area's own marks.
 *
 * The start of the area does not have its size: the partition table lies in its last
 * 4 KiB, and the info block ("SIII") after the table's entries holds size and address.
 * So the table is searched for, and the header confirms it.
 */
#ifndef KMD_IMAGE_SMEM_FIND_H
#define KMD_IMAGE_SMEM_FIND_H

#include "image/image.h"
#include "image/smem_marks.h"

struct kmd_smem_site {
	uint64_t base; /* of the area, in the source */
	uint64_t size; /* 0 = no partition table was found */
	struct kmd_smem_info info;
	uint32_t version;  /* of the header, 0 = the header is not whole */
	bool table_marked; /* the table's magic and version are whole */
	bool partition;    /* the global partition is where the table has it */
	unsigned int score;
	size_t rivals; /* other areas that looked as good */
};

/*
 * Search @source.  KMD_OK and *@found false: there is none.  @any = the first that will do
 * is enough, not the best one.
 */
enum kmd_status kmd_smem_find(const struct kmd_source *source,
			      const struct kmd_image_options *options, bool any,
			      struct kmd_diag *diag, struct kmd_smem_site *site, bool *found);

#endif
