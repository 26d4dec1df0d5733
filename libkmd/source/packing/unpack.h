/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * unpack.h - input that must be put into a scratch file before it can be read at positions:
 * compressed files, archives and streams.
 */
#ifndef KMD_SOURCE_PACKING_UNPACK_H
#define KMD_SOURCE_PACKING_UNPACK_H

#include "source/packing/kind.h"
#include "source/packing/sink.h"

/* The same as kmd_packing_of(), and also whole disks. */
enum kmd_packing kmd_unpack_kind(const struct kmd_source *source, struct kmd_diag *diag);

/* True for compression of one file, as gzip and xz do. */
static inline bool kmd_unpack_is_filter(enum kmd_packing packing)
{
	return packing == KMD_PACKING_ZSTD || packing == KMD_PACKING_GZIP ||
	       packing == KMD_PACKING_ZLIB || packing == KMD_PACKING_FILTER;
}

/* The length of a file name without a suffix such as ".gz"; @length if it has none. */
size_t kmd_unpack_name_length(const char *name, size_t length);

/* Replace *@source, which is packed but no archive, by what it unpacks to. */
enum kmd_status kmd_unpack_filter(struct kmd_diag *diag, const struct kmd_input_options *options,
				  struct kmd_scratch *scratch, struct kmd_source **source);

/* Name @unpacked after @packed: offsets in messages are no longer those of the file. */
enum kmd_status kmd_unpack_name(struct kmd_source *unpacked, const struct kmd_source *packed,
				struct kmd_diag *diag);

#endif
