/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * unpack.h - input that must be put into a scratch file before it can be read at positions:
 * compressed files, archives and streams.
 */
#ifndef KMD_SOURCE_UNPACK_H
#define KMD_SOURCE_UNPACK_H

#include "source/sink.h"

/* How a source is packed, by its first bytes. */
enum kmd_packing {
	KMD_PACKING_NONE,
	KMD_PACKING_ZSTD,      /* also behind skippable frames */
	KMD_PACKING_SPARSE,    /* an Android sparse image */
	KMD_PACKING_FLATTENED, /* by makedumpfile -F */
	KMD_PACKING_AVML,      /* AVML 2 */
	KMD_PACKING_KDUMP,     /* kdump-compressed */
	KMD_PACKING_GZIP,
	KMD_PACKING_ZLIB,    /* by LiME */
	KMD_PACKING_FILTER,  /* xz, lzma, lzip, bzip2, lz4, compress */
	KMD_PACKING_ARCHIVE, /* tar, zip, 7z, rar, cpio, ISO, ar, cab, lha; also behind a program */
	KMD_PACKING_DISK,    /* perhaps a disk with partitions */
};

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
