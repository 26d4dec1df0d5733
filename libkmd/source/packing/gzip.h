/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * gzip.h - unpack gzip (RFC 1952) with zlib.  libarchive reads gzip too, but does not compare
 * the checksum at the end of each member.
 */
#ifndef KMD_SOURCE_PACKING_GZIP_H
#define KMD_SOURCE_PACKING_GZIP_H

#include "source/packing/sink.h"

#define KMD_GZIP_MAGIC        "\x1f\x8b\x08"
#define KMD_GZIP_MAGIC_LENGTH 3

/*
 * Unpack all members of @source into @target.  Data that is damaged or truncated is a finding if
 * something could be unpacked, else KMD_ERR_DAMAGED; a wrong checksum is a finding.
 */
/*
 * True for a zlib stream (RFC 1950) with a LiME dump inside, as LiME's compress=1 writes.  The two
 * bytes of zlib's header alone would be no evidence.
 */
bool kmd_zlib_is_lime(const struct kmd_source *source, struct kmd_diag *diag);
enum kmd_status kmd_zlib_unpack(const struct kmd_source *source,
				const struct kmd_input_options *options, struct kmd_diag *diag,
				struct kmd_unpack_target *target);
enum kmd_status kmd_gzip_unpack(const struct kmd_source *source,
				const struct kmd_input_options *options, struct kmd_diag *diag,
				struct kmd_unpack_target *target);

#endif
