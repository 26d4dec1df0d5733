/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * zip_parts.h - a split zip archive, as zip -s makes: FILE.z01, FILE.z02, ..., and FILE.zip as the
 * last.  (What 7z splits, FILE.zip.001, is a split file as any other: see parts.h.)
 */
#ifndef KMD_SOURCE_ZIP_PARTS_H
#define KMD_SOURCE_ZIP_PARTS_H

#include "source/input.h"

/*
 * If *@source, named @path, is the first or the last part of a split zip archive, replace it by all
 * of them; a note says so.  KMD_ERR_FORMAT if a part is missing.  On an error *@source is
 * unchanged.
 */
enum kmd_status kmd_zip_parts_join(struct kmd_diag *diag, const char *path,
				   struct kmd_source **source);

/* The same among the members of a folder or archive, sorted.  *@joined grows by the number of sets.
 */
enum kmd_status kmd_zip_parts_join_members(struct kmd_diag *diag, struct kmd_input *input,
					   size_t *joined);

#endif
