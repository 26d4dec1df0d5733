/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* packed.h - packed sources as libarchive reads them, one file inside after another. */
#ifndef KMD_SOURCE_PACKING_PACKED_H
#define KMD_SOURCE_PACKING_PACKED_H

#include "source/packing/sink.h"

#include <archive.h>
#include <archive_entry.h>

/* A source that libarchive reads. */
struct kmd_packed {
	const struct kmd_source *source;
	const struct kmd_input_options *options;
	struct kmd_diag *diag;
	struct archive *archive;
	uint64_t start, end; /* what is read of the source */
	uint64_t at;         /* of the next packed byte */
	unsigned char *buffer;
	bool read_failed; /* the source could not be read; .diag has the error */
};

/* Open the archive @source.  Close it also after an error. */
enum kmd_status kmd_packed_open(struct kmd_packed *packed, const struct kmd_source *source,
				const struct kmd_input_options *options, struct kmd_diag *diag);
/* The same of a single compressed file, and no more than its first @end bytes. */
enum kmd_status kmd_packed_open_filter(struct kmd_packed *packed, const struct kmd_source *source,
				       const struct kmd_input_options *options,
				       struct kmd_diag *diag, uint64_t end);
void kmd_packed_close(struct kmd_packed *packed);

/*
 * Go to the next file.  *@entry is NULL at the end.  KMD_ERR_DAMAGED if the rest cannot be read,
 * KMD_ERR_UNSUPPORTED if it is encrypted.
 */
enum kmd_status kmd_packed_next(struct kmd_packed *packed, struct archive_entry **entry);

/* KMD_ERR_UNSUPPORTED if the archive, of which a header was read, is of a kind that libarchive
 * reads wrongly. */
enum kmd_status kmd_packed_check(const struct kmd_packed *packed);

/*
 * Unpack the current file, named @name in messages, into @target.  Damage is a finding if
 * something could be unpacked.
 */
enum kmd_status kmd_packed_copy(struct kmd_packed *packed, const char *name,
				struct kmd_unpack_target *target);

/* The same in two steps: KMD_ERR_DAMAGED without an error in the diag, and what is said of it. */
enum kmd_status kmd_packed_read(struct kmd_packed *packed, struct kmd_sink *sink);
enum kmd_status kmd_packed_stop(struct kmd_packed *packed, const char *name, uint64_t size);

/* Behind what was unpacked, in the source. */
uint64_t kmd_packed_position(const struct kmd_packed *packed);

/*
 * True if the current file lies in the source as it is, @size bytes from @offset on: in a tar that
 * is not compressed.  Its header, which is checked, is the block before.
 */
bool kmd_packed_is_plain(struct kmd_packed *packed, struct archive_entry *entry, uint64_t *offset,
			 uint64_t *size);

/* A tar archive of the oldest kind, which has no mark but a checksum. */
bool kmd_packed_is_old_tar(const struct kmd_source *source, struct kmd_diag *diag);

#endif
