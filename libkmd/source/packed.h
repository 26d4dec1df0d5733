/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* packed.h - packed sources as libarchive reads them, one file inside after another. */
#ifndef KMD_SOURCE_PACKED_H
#define KMD_SOURCE_PACKED_H

#include "source/sink.h"

#include <archive.h>
#include <archive_entry.h>

/* A source that libarchive reads. */
struct kmd_packed {
	const struct kmd_source *source;
	const struct kmd_input_options *options;
	struct kmd_diag *diag;
	struct archive *archive;
	uint64_t at; /* of the next packed byte */
	unsigned char *buffer;
	bool read_failed; /* the source could not be read; .diag has the error */
};

/* Open @source: with compression around it, or none.  Close it also after an error. */
enum kmd_status kmd_packed_open(struct kmd_packed *packed, const struct kmd_source *source,
				const struct kmd_input_options *options, struct kmd_diag *diag);
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
 * something could be unpacked; *@whole is then false.
 */
enum kmd_status kmd_packed_copy(struct kmd_packed *packed, const char *name,
				struct kmd_unpack_target *target, bool *whole);

/*
 * True if the current file lies in the source as it is, @size bytes from @offset on: in a tar that
 * is not compressed.  Its header, which is checked, is the block before.
 */
bool kmd_packed_is_plain(struct kmd_packed *packed, struct archive_entry *entry, uint64_t *offset,
			 uint64_t *size);

/* Unpack a single compressed file. */
enum kmd_status kmd_packed_filter(const struct kmd_source *source,
				  const struct kmd_input_options *options, struct kmd_diag *diag,
				  struct kmd_unpack_target *target);

/* A tar archive of the oldest kind, which has no mark but a checksum. */
bool kmd_packed_is_old_tar(const struct kmd_source *source, struct kmd_diag *diag);

#endif
