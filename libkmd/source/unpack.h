/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* unpack.h - compressed sources. */
#ifndef KMD_SOURCE_UNPACK_H
#define KMD_SOURCE_UNPACK_H

#include "source/input.h"

/* True if @source starts with the magic of zstd (a frame, or a skippable one before it). */
bool kmd_unpack_is_zstd(const struct kmd_source *source, struct kmd_diag *diag);

/*
 * Unpack @source into a scratch file; *@budget is what it may unpack to and is
 * lowered by what it did.  @source is left open.
 */
enum kmd_status kmd_unpack_zstd(const struct kmd_source *source,
				const struct kmd_input_options *options, uint64_t *budget,
				struct kmd_diag *diag, struct kmd_source **out);

#endif
