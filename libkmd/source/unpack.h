/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * unpack.h - input that must be put into a scratch file before it can be read
 * at positions: compressed files, and streams.
 */
#ifndef KMD_SOURCE_UNPACK_H
#define KMD_SOURCE_UNPACK_H

#include "source/input.h"

/* Where unpacked bytes go: @fd from @start on, at most @limit of them. */
struct kmd_unpack_target {
	int fd;
	uint64_t start; /* a multiple of 4096 */
	uint64_t limit;
	uint64_t size; /* what was unpacked */
};

/* True if @source starts with the magic of zstd (a frame, or a skippable one before it). */
bool kmd_unpack_is_zstd(const struct kmd_source *source, struct kmd_diag *diag);

/*
 * Unpack @source, all its frames.  A stream that is cut or damaged is a finding
 * as long as anything could be unpacked; that much is then kept.
 */
enum kmd_status kmd_unpack_zstd(const struct kmd_source *source,
				const struct kmd_input_options *options, struct kmd_diag *diag,
				struct kmd_unpack_target *target);

/* Name @unpacked after @packed: offsets in messages are no longer those of the file. */
enum kmd_status kmd_unpack_name(struct kmd_source *unpacked, const struct kmd_source *packed,
				struct kmd_diag *diag);

/* Read the pipe or socket @stream to its end.  @name stands in messages. */
enum kmd_status kmd_unpack_stream(int stream, const char *name,
				  const struct kmd_input_options *options, struct kmd_diag *diag,
				  struct kmd_unpack_target *target);

#endif
