/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "source/packing/filter.h"

#include "base/checked.h"
#include "source/cursor.h"
#include "source/packing/packed.h"
#include "source/packing/prefix.h"

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

/* ----- lz4 (lz4_Frame_format.md): frames of blocks, each behind its size */

#define LZ4_FRAME          0x184d2204u
#define LZ4_LEGACY         0x184c2102u
#define LZ4_SKIPPABLE      0x184d2a50u
#define LZ4_SKIPPABLE_MASK 0xfffffff0u
/* Legacy blocks hold 8 MiB, and little more where that does not pack. */
#define LZ4_LEGACY_MAX     0x808000u
#define LZ4_STORED         0x80000000u
#define LZ4_BLOCK_SUM      0x10
#define LZ4_CONTENT_SIZE   0x08
#define LZ4_CONTENT_SUM    0x04
#define LZ4_DICTIONARY     0x01

/* Go behind the blocks of a frame; false if one is cut. */
static bool skip_blocks(struct kmd_cursor *cursor, uint64_t *at, unsigned char flags)
{
	while (kmd_cursor_has(cursor, *at, 4)) {
		uint32_t size = kmd_cursor_u32(cursor, *at) & ~LZ4_STORED;

		*at += 4;
		if (!size) {
			*at += flags & LZ4_CONTENT_SUM ? 4 : 0;
			return *at <= cursor->size;
		}
		*at += (uint64_t)size + (flags & LZ4_BLOCK_SUM ? 4 : 0);
	}
	return false;
}

static bool skip_legacy_blocks(struct kmd_cursor *cursor, uint64_t *at)
{
	while (kmd_cursor_has(cursor, *at, 4)) {
		uint32_t size = kmd_cursor_u32(cursor, *at);

		if (!size || size > LZ4_LEGACY_MAX)
			return true;
		*at += 4 + (uint64_t)size;
	}
	return *at <= cursor->size;
}

/* Go behind one frame; false if there is none, or it is cut. */
static bool skip_frame(struct kmd_cursor *cursor, uint64_t *at)
{
	uint32_t magic = kmd_cursor_has(cursor, *at, 4) ? kmd_cursor_u32(cursor, *at) : 0;
	unsigned char flags;

	if ((magic & LZ4_SKIPPABLE_MASK) == LZ4_SKIPPABLE && kmd_cursor_has(cursor, *at, 8)) {
		*at += 8 + (uint64_t)kmd_cursor_u32(cursor, *at + 4);
		return *at <= cursor->size;
	}
	if (magic == LZ4_LEGACY) {
		*at += 4;
		return skip_legacy_blocks(cursor, at);
	}
	if (magic != LZ4_FRAME || !kmd_cursor_has(cursor, *at, 7))
		return false;
	kmd_cursor_bytes(cursor, *at + 4, &flags, 1);
	*at += 7u + (flags & LZ4_CONTENT_SIZE ? 8 : 0) + (flags & LZ4_DICTIONARY ? 4 : 0);
	return skip_blocks(cursor, at, flags);
}

/*
 * Where the last whole frame ends, if nothing begins behind it that may be a frame; else the size:
 * libarchive takes some bytes behind frames for a part of them.
 */
static uint64_t find_lz4_end(const struct kmd_source *source, struct kmd_diag *diag)
{
	struct kmd_cursor cursor;
	uint64_t at = 0, next = 0;
	uint32_t magic;

	kmd_cursor_init(&cursor, source, 0, source->size, diag);
	cursor.sampling = true;
	while (skip_frame(&cursor, &next))
		at = next;
	magic = kmd_cursor_has(&cursor, at, 4) ? kmd_cursor_u32(&cursor, at) : 0;
	if (magic == LZ4_FRAME || magic == LZ4_LEGACY ||
	    (magic & LZ4_SKIPPABLE_MASK) == LZ4_SKIPPABLE)
		return source->size;
	return at;
}

static bool is_lz4(const struct kmd_source *source, struct kmd_diag *diag)
{
	uint64_t at;
	uint32_t magic = kmd_prefix_frame(source, diag, &at);

	return magic == LZ4_FRAME || magic == LZ4_LEGACY;
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
	bool lz4 = is_lz4(source, diag);
	uint64_t done, end = lz4 ? find_lz4_end(source, diag) : source->size;
	enum kmd_status status = unpack_until(&packed, source, &sink, end, &done);

	done = lz4 ? end : done;
	end = packed.at;
	if (status == KMD_ERR_DAMAGED && find_xz_end(source, &end, diag)) {
		diag->status = KMD_OK;
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
