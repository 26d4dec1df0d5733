/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* zstd.h - zstd streams, by zstd's own library. */
#ifndef KMD_SOURCE_PACKING_ZSTD_H
#define KMD_SOURCE_PACKING_ZSTD_H

#include "source/packing/sink.h"

/*
 * Unpack @source, all its frames.  A stream that is cut or damaged is a finding
 * as long as anything could be unpacked; that much is then kept.
 */
enum kmd_status kmd_zstd_unpack(const struct kmd_source *source,
				const struct kmd_input_options *options, struct kmd_diag *diag,
				struct kmd_unpack_target *target);

#endif
