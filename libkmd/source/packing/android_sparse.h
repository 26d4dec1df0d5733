/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* android_sparse.h - Android sparse images, as img2simg and fastboot use them. */
#ifndef KMD_SOURCE_PACKING_ANDROID_SPARSE_H
#define KMD_SOURCE_PACKING_ANDROID_SPARSE_H

#include "source/packing/sink.h"

#define KMD_ANDROID_SPARSE_MAGIC "\x3a\xff\x26\xed"

/*
 * Expand @source.  Blocks that the image leaves out become zeroes.  An image that is cut or
 * damaged is a finding as long as anything could be expanded; that much is then kept.  Its
 * checksum is not compared.
 */
enum kmd_status kmd_android_sparse_unpack(const struct kmd_source *source,
					  const struct kmd_input_options *options,
					  struct kmd_diag *diag, struct kmd_unpack_target *target);

#endif
