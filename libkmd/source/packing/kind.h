/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* kind.h - how a source is packed. */
#ifndef KMD_SOURCE_PACKING_KIND_H
#define KMD_SOURCE_PACKING_KIND_H

#include "source/source.h"

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

/* Does not look for partition tables: never KMD_PACKING_DISK. */
enum kmd_packing kmd_packing_of(const struct kmd_source *source, struct kmd_diag *diag);

#endif
