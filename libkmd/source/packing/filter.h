/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* filter.h - single compressed files, by libarchive: xz, lzma, lzip, bzip2, lz4, compress. */
#ifndef KMD_SOURCE_PACKING_FILTER_H
#define KMD_SOURCE_PACKING_FILTER_H

#include "source/packing/sink.h"

/*
 * Unpack @source into @target, all its members.  Data that is damaged or truncated is a finding if
 * something could be unpacked, else KMD_ERR_DAMAGED.  Bytes behind it are a finding.
 */
enum kmd_status kmd_filter_unpack(const struct kmd_source *source,
				  const struct kmd_input_options *options, struct kmd_diag *diag,
				  struct kmd_unpack_target *target);

#endif
