/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "source/filter.h"

#include "base/checked.h"
#include "source/packed.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* The footer of an xz stream: checksum of what follows, size of the index, flags, "YZ". */
#define XZ_MAGIC  "\3757zXZ\0"
#define XZ_FOOTER 12
/* liblzma has looked at no more behind the footer when it fails. */
#define XZ_LOOK   (512u << 10)

static bool is_footer(const unsigned char *footer)
{
	uint32_t sum = footer[0] | (uint32_t)footer[1] << 8 | (uint32_t)footer[2] << 16 |
		       (uint32_t)footer[3] << 24;

	return footer[10] == 'Y' && footer[11] == 'Z' && crc32(0, footer + 4, 6) == sum;
}

/*
 * liblzma takes anything but zeroes behind a stream for damage, and libarchive then loses the last
 * bytes.  True if a stream ends shortly before *@end, and is not followed by another; *@end is
 * then its end.
 */
static bool find_xz_end(const struct kmd_source *source, uint64_t *end, struct kmd_diag *diag)
{
	size_t size = (size_t)kmd_min_u64(XZ_LOOK, *end), at = 0;
	unsigned char *bytes = malloc(size + 1);
	uint64_t start = *end - size;

	if (bytes && kmd_source_read(source, start, bytes, size, diag) == KMD_OK)
		for (at = size; at >= XZ_FOOTER && !is_footer(bytes + at - XZ_FOOTER);)
			at--;
	*end = start + at;
	if (at >= XZ_FOOTER)
		while (at < size && !bytes[at])
			at++;
	if (at < XZ_FOOTER || (size - at >= sizeof(XZ_MAGIC) - 1 &&
			       !memcmp(bytes + at, XZ_MAGIC, sizeof(XZ_MAGIC) - 1)))
		at = 0;
	free(bytes);
	return at;
}

/* Unpack [0, end) of @packed's source; *@done is how far that was read. */
static enum kmd_status unpack_until(struct kmd_packed *packed, const struct kmd_source *source,
				    struct kmd_sink *sink, uint64_t end, uint64_t *done)
{
	enum kmd_status status =
		kmd_packed_open_filter(packed, source, sink->options, sink->diag, end);
	struct archive_entry *entry = NULL;

	if (status == KMD_OK)
		status = kmd_packed_next(packed, &entry);
	sink->target->size = 0;
	if (status == KMD_OK && entry)
		status = kmd_packed_read(packed, sink);
	*done = kmd_packed_position(packed);
	return status;
}

enum kmd_status kmd_filter_unpack(const struct kmd_source *source,
				  const struct kmd_input_options *options, struct kmd_diag *diag,
				  struct kmd_unpack_target *target)
{
	struct kmd_sink sink = { target, options, source->name, diag, 0 };
	struct kmd_packed packed;
	uint64_t done, end;
	enum kmd_status status = unpack_until(&packed, source, &sink, source->size, &done);

	end = packed.at;
	if (status == KMD_ERR_DAMAGED && target->size && diag->status == KMD_OK &&
	    find_xz_end(source, &end, diag)) {
		kmd_packed_close(&packed);
		status = unpack_until(&packed, source, &sink, end, &done);
	}
	if (status == KMD_ERR_DAMAGED && diag->status == KMD_OK)
		status = kmd_packed_stop(&packed, source->name, target->size);
	else if (status == KMD_OK)
		status = kmd_sink_report_tail(&sink, source, done, "compressed data");
	kmd_packed_close(&packed);
	return status == KMD_OK ? kmd_sink_end(&sink) : status;
}
