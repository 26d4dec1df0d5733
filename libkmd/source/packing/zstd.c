/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "source/packing/zstd.h"

#include "base/checked.h"
#include "source/cursor.h"

#include <inttypes.h>
#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

/* What zstd -d takes without --long, and the most memory that unpacking may need. */
#define WINDOW_LOG_MAX 27
/* A frame's magic, descriptor, window, dictionary and content size. */
#define FRAME_HEAD_MAX 18

enum frame_end {
	FRAME_WHOLE,
	FRAME_BAD_CHECKSUM, /* all of it is there, but it is not what was packed */
	FRAME_LAST,         /* nothing more can be unpacked, see the finding */
};

struct unzstd {
	struct kmd_sink sink;
	struct kmd_cursor in;
	uint64_t at; /* of the next packed byte */
	ZSTD_DCtx *zstd;
	size_t in_size, out_size;
	unsigned char *in_bytes, *out_bytes;
};

static bool is_frame_magic(uint32_t magic)
{
	return magic == ZSTD_MAGICNUMBER ||
	       (magic & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START;
}

/* A cut dump is of use up to the cut; an error only where there is nothing of it. */
static enum kmd_status stop(struct unzstd *u, uint64_t at, const char *why)
{
	struct kmd_place place = kmd_at(u->sink.name, at);

	if (!u->sink.target->size)
		return kmd_fail(u->sink.diag, KMD_ERR_DAMAGED, place, "%s: nothing can be unpacked",
				why);
	return kmd_report(u->sink.diag, KMD_FIND_TRUNCATED, KMD_DAMAGE, place,
			  "%s: only the first %" PRIu64 " unpacked bytes are available", why,
			  u->sink.target->size);
}

/* What zstd calls an error: some end the work, some only the unpacking. */
static enum kmd_status zstd_error(struct unzstd *u, size_t code, uint64_t at, enum frame_end *end)
{
	struct kmd_place place = kmd_at(u->sink.name, at);

	switch (ZSTD_getErrorCode(code)) {
	case ZSTD_error_memory_allocation:
		return kmd_fail_memory(u->sink.diag);
	case ZSTD_error_frameParameter_windowTooLarge:
		return kmd_fail(u->sink.diag, KMD_ERR_LIMIT, place,
				"packed with a window of more than 128 MiB (zstd --long): unpack "
				"it with zstd -d --long=31 first");
	case ZSTD_error_dictionary_wrong:
		return kmd_fail(u->sink.diag, KMD_ERR_UNSUPPORTED, place,
				"packed with a zstd dictionary: unpack it with zstd -d -D first");
	case ZSTD_error_checksum_wrong:
		*end = FRAME_BAD_CHECKSUM;
		return kmd_report(u->sink.diag, KMD_FIND_DISAGREE, KMD_DAMAGE, place,
				  "the checksum of the compressed data is wrong: what was unpacked "
				  "may be damaged");
	default:
		*end = FRAME_LAST;
		return stop(u, at, "the compressed data is damaged");
	}
}

/* Take what zstd makes of @in; *@hint becomes its answer. */
static enum kmd_status decode(struct unzstd *u, ZSTD_inBuffer *in, size_t *hint)
{
	enum kmd_status status = KMD_OK;
	ZSTD_outBuffer out;

	do {
		out = (ZSTD_outBuffer){ u->out_bytes, u->out_size, 0 };
		*hint = ZSTD_decompressStream(u->zstd, &out, in);
		if (out.pos)
			status = kmd_sink_put(&u->sink, u->out_bytes, out.pos);
	} while (status == KMD_OK && !ZSTD_isError(*hint) && *hint &&
		 (in->pos < in->size || out.pos == out.size));
	return status;
}

/*
 * Unpack one frame.  zstd is given exactly as much as it asks for, so that an
 * error costs one block and not all that was unpacked in the same call.
 */
static enum kmd_status unpack_frame(struct unzstd *u, enum frame_end *end)
{
	size_t hint = ZSTD_initDStream(u->zstd);
	enum kmd_status status;

	*end = FRAME_WHOLE;
	while (hint) {
		uint64_t take = kmd_min_u64(kmd_min_u64(hint, u->in_size), u->in.size - u->at);
		ZSTD_inBuffer in = { u->in_bytes, (size_t)take, 0 };

		if (!take) {
			*end = FRAME_LAST;
			return stop(u, u->at, "the compressed data is truncated");
		}
		if (!kmd_cursor_bytes(&u->in, u->at, u->in_bytes, (size_t)take))
			return kmd_cursor_check(&u->in, "compressed data");
		status = decode(u, &in, &hint);
		if (status == KMD_OK && ZSTD_isError(hint))
			status = zstd_error(u, hint, u->at, end);
		u->at += *end == FRAME_BAD_CHECKSUM ? take : in.pos;
		if (status == KMD_OK)
			status = kmd_sink_progress(&u->sink, u->at, u->in.size);
		if (status != KMD_OK || *end != FRAME_WHOLE)
			return status;
	}
	return KMD_OK;
}

/* Refuse a frame whose header has a size above the limit, before its first byte. */
static enum kmd_status check_content_size(struct unzstd *u)
{
	const struct kmd_unpack_target *target = u->sink.target;
	unsigned char head[FRAME_HEAD_MAX];
	size_t length = (size_t)kmd_min_u64(sizeof(head), u->in.size - u->at);
	unsigned long long content;

	if (!kmd_cursor_bytes(&u->in, u->at, head, length))
		return kmd_cursor_check(&u->in, "compressed data");
	content = ZSTD_getFrameContentSize(head, length);
	if (content == ZSTD_CONTENTSIZE_UNKNOWN || content == ZSTD_CONTENTSIZE_ERROR ||
	    content <= target->limit - target->size)
		return KMD_OK;
	return kmd_sink_over_limit(&u->sink);
}

static enum kmd_status unpack_frames(struct unzstd *u)
{
	enum frame_end end = FRAME_WHOLE;
	enum kmd_status status = KMD_OK;

	while (status == KMD_OK && end != FRAME_LAST && u->at < u->in.size) {
		if (!kmd_cursor_has(&u->in, u->at, 4) ||
		    !is_frame_magic(kmd_cursor_u32(&u->in, u->at)))
			return kmd_sink_report_tail(&u->sink, u->in.source, u->at,
						    "compressed data");
		status = check_content_size(u);
		if (status == KMD_OK)
			status = unpack_frame(u, &end);
	}
	return status;
}

static bool unzstd_init(struct unzstd *u)
{
	u->in_size = ZSTD_DStreamInSize();
	u->out_size = ZSTD_DStreamOutSize();
	u->zstd = ZSTD_createDCtx();
	u->in_bytes = malloc(u->in_size);
	u->out_bytes = malloc(u->out_size);
	return u->zstd && u->in_bytes && u->out_bytes &&
	       !ZSTD_isError(ZSTD_DCtx_setParameter(u->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX));
}

static void unzstd_deinit(struct unzstd *u)
{
	ZSTD_freeDCtx(u->zstd);
	free(u->in_bytes);
	free(u->out_bytes);
}

enum kmd_status kmd_zstd_unpack(const struct kmd_source *source,
				const struct kmd_input_options *options, struct kmd_diag *diag,
				struct kmd_unpack_target *target)
{
	struct unzstd u = { .sink = { target, options, source->name, diag, 0 } };
	enum kmd_status status;

	target->size = 0;
	kmd_cursor_init(&u.in, source, 0, source->size, diag);
	status = unzstd_init(&u) ? unpack_frames(&u) : kmd_fail_memory(diag);
	if (status == KMD_OK)
		status = kmd_sink_end(&u.sink);
	unzstd_deinit(&u);
	return status;
}
