/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* prefix.h - what may lie before packed data: skippable frames, the program that unpacks it. */
#ifndef KMD_SOURCE_PACKING_PREFIX_H
#define KMD_SOURCE_PACKING_PREFIX_H

#include "source/source.h"

/* The magic of the first frame of zstd or lz4 behind skippable ones, and its offset; 0 = none. */
uint32_t kmd_prefix_frame(const struct kmd_source *source, struct kmd_diag *diag, uint64_t *at);

/*
 * True for a self-extracting archive: a program for Windows or Linux with a zip, 7z or RAR archive
 * behind.  *@at is where the archive begins.  A zip archive is found from its end, so of it *@at is
 * 0.
 */
bool kmd_prefix_is_program(const struct kmd_source *source, struct kmd_diag *diag, uint64_t *at);

/* Where libarchive must begin to read @source, which is packed. */
uint64_t kmd_prefix_length(const struct kmd_source *source, struct kmd_diag *diag);

#endif
