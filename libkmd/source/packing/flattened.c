/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * flattened.c - a file as a series of writes, each with its offset.
 *
 * A header of 4096 bytes, then pieces: offset, size, bytes.  Later pieces replace earlier ones:
 * the headers of the dump come last.  Offset and size -1 end it.  Numbers are big-endian.
 */
#include "source/packing/flattened.h"

#include "base/checked.h"
#include "source/cursor.h"

#include <stdlib.h>

#define HEAD_TYPE    16
#define HEAD_VERSION 24
#define HEAD_END     4096

#define PIECE_OFFSET 0
#define PIECE_SIZE   8
#define PIECE_END    16

#define BUFFER       (256u * 1024)
/* Pieces leave no large gaps: an offset far behind all bytes of the file is damaged. */
#define GAP_MAX      (UINT64_C(1) << 30)

struct flattened {
	struct kmd_sink sink;
	struct kmd_cursor in;
	unsigned char *buffer;
};

static enum kmd_status stop(struct flattened *f, uint64_t at, const char *why)
{
	struct kmd_place place = kmd_at(f->sink.name, at);

	if (!f->sink.target->size)
		return kmd_fail(f->sink.diag, KMD_ERR_DAMAGED, place,
				"the flattened dump %s: nothing of it can be used", why);
	return kmd_report(f->sink.diag, KMD_FIND_TRUNCATED, KMD_DAMAGE, place,
			  "the flattened dump %s: what follows is missing", why);
}

static enum kmd_status put_piece(struct flattened *f, uint64_t at, uint64_t offset, uint64_t size)
{
	enum kmd_status status = KMD_OK;

	for (uint64_t done = 0; done < size && status == KMD_OK;) {
		size_t part = (size_t)kmd_min_u64(BUFFER, size - done);

		if (!kmd_cursor_bytes(&f->in, at + done, f->buffer, part))
			return kmd_cursor_check(&f->in, "flattened dump");
		status = kmd_sink_put_at(&f->sink, offset + done, f->buffer, part);
		done += part;
		if (status == KMD_OK)
			status = kmd_sink_progress(&f->sink, at + done, f->in.size);
	}
	return status;
}

static enum kmd_status put_pieces(struct flattened *f)
{
	enum kmd_status status = KMD_OK;
	uint64_t at = HEAD_END;

	while (status == KMD_OK) {
		uint64_t offset = kmd_cursor_u64(&f->in, at + PIECE_OFFSET);
		uint64_t size = kmd_cursor_u64(&f->in, at + PIECE_SIZE), there;

		if (!kmd_cursor_has(&f->in, at, PIECE_END))
			return stop(f, at, "is truncated");
		status = kmd_cursor_check(&f->in, "flattened dump");
		if (status != KMD_OK || (offset == UINT64_MAX && size == UINT64_MAX))
			return status;
		if (!size || size > INT64_MAX || offset > f->in.size + GAP_MAX)
			return stop(f, at, "has a damaged piece");
		at += PIECE_END;
		there = kmd_min_u64(size, f->in.size - at);
		status = put_piece(f, at, offset, there);
		if (status == KMD_OK && there < size)
			return stop(f, f->in.size, "is truncated");
		at += size;
	}
	return status;
}

static enum kmd_status unflatten(struct flattened *f)
{
	uint64_t type = kmd_cursor_u64(&f->in, HEAD_TYPE);
	uint64_t version = kmd_cursor_u64(&f->in, HEAD_VERSION);

	if (!kmd_cursor_has(&f->in, 0, HEAD_END))
		return stop(f, 0, "is truncated");
	if (type != 1 || version != 1)
		return kmd_fail(f->sink.diag, KMD_ERR_UNSUPPORTED, kmd_at(f->sink.name, HEAD_TYPE),
				"a flattened dump of an unknown type or version");
	return put_pieces(f);
}

enum kmd_status kmd_flattened_unpack(const struct kmd_source *source,
				     const struct kmd_input_options *options, struct kmd_diag *diag,
				     struct kmd_unpack_target *target)
{
	struct flattened f = { .sink = { target, options, source->name, diag, 0 } };
	enum kmd_status status;

	target->size = 0;
	f.buffer = malloc(BUFFER);
	if (!f.buffer)
		return kmd_fail_memory(diag);
	kmd_cursor_init(&f.in, source, 0, source->size, diag);
	f.in.big_endian = true;
	status = unflatten(&f);
	if (status == KMD_OK)
		status = kmd_sink_end(&f.sink);
	free(f.buffer);
	return status;
}
