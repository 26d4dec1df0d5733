/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "source/packing/gzip.h"

#include "base/checked.h"
#include "source/packing/lime.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define IN_SIZE     (64u << 10)
#define OUT_SIZE    (256u << 10)
/* zlib: the largest window, and gzip's header and trailer. */
#define WINDOW      (15 + 16)
/* Of zlib alone; enough of a stream for its first bytes. */
#define ZLIB_WINDOW 15
#define ZLIB_LOOK   4096

struct gunzip {
	struct kmd_sink sink;
	const struct kmd_source *source;
	const char *form;
	uint64_t at; /* of the next byte that zlib has not taken */
	unsigned char *in, *out;
	z_stream zlib;
	bool stopped; /* nothing more can be unpacked */
};

/* The rest cannot be unpacked. */
static enum kmd_status stop(struct gunzip *g, const char *why)
{
	struct kmd_place place = kmd_at(g->sink.name, g->at);

	g->stopped = true;
	if (!g->sink.target->size)
		return kmd_fail(g->sink.diag, KMD_ERR_DAMAGED, place,
				"the %s is %s: nothing can be unpacked", g->form, why);
	return kmd_report(g->sink.diag, KMD_FIND_TRUNCATED, KMD_DAMAGE, place,
			  "the %s is %s: only the first %" PRIu64 " unpacked bytes are available",
			  g->form, why, g->sink.target->size);
}

/* What zlib reports when it cannot go on.  The trailer is only read after all data. */
static enum kmd_status zlib_error(struct gunzip *g, int code)
{
	const char *why = g->zlib.msg ? g->zlib.msg : "";

	if (code == Z_MEM_ERROR)
		return kmd_fail_memory(g->sink.diag);
	if (strcmp(why, "incorrect data check") != 0 && strcmp(why, "incorrect length check") != 0)
		return stop(g, "damaged");
	g->stopped = true;
	return kmd_report(g->sink.diag, KMD_FIND_DISAGREE, KMD_DAMAGE, kmd_at(g->sink.name, g->at),
			  "the %s of the %s is wrong: what was unpacked may be damaged",
			  strstr(why, "length") ? "size" : "checksum", g->form);
}

/* Unpack one member. */
static enum kmd_status unpack_member(struct gunzip *g)
{
	enum kmd_status status = KMD_OK;
	int code = Z_OK;

	while (status == KMD_OK && code != Z_STREAM_END) {
		uint64_t take = kmd_min_u64(IN_SIZE, g->source->size - g->at);

		if (!take)
			return stop(g, "truncated");
		status = kmd_source_read(g->source, g->at, g->in, take, g->sink.diag);
		if (status != KMD_OK)
			return status;
		g->zlib.next_in = g->in;
		g->zlib.avail_in = (uInt)take;
		do {
			g->zlib.next_out = g->out;
			g->zlib.avail_out = OUT_SIZE;
			code = inflate(&g->zlib, Z_NO_FLUSH);
			if (g->zlib.avail_out < OUT_SIZE)
				status = kmd_sink_put(&g->sink, g->out,
						      OUT_SIZE - g->zlib.avail_out);
		} while (status == KMD_OK && code == Z_OK && !g->zlib.avail_out);
		g->at += take - g->zlib.avail_in;
		if (status == KMD_OK && code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
			return zlib_error(g, code);
		if (status == KMD_OK)
			status = kmd_sink_progress(&g->sink, g->at, g->source->size);
	}
	return status;
}

static bool is_member(struct gunzip *g)
{
	unsigned char magic[KMD_GZIP_MAGIC_LENGTH];

	return g->source->size - g->at >= sizeof(magic) &&
	       kmd_source_read(g->source, g->at, magic, sizeof(magic), g->sink.diag) == KMD_OK &&
	       !memcmp(magic, KMD_GZIP_MAGIC, sizeof(magic));
}

static enum kmd_status unpack_members(struct gunzip *g)
{
	enum kmd_status status = KMD_OK;

	while (status == KMD_OK && !g->stopped && g->at < g->source->size) {
		if (!is_member(g))
			return kmd_sink_report_tail(&g->sink, g->source, g->at, g->form);
		if (inflateReset(&g->zlib) != Z_OK)
			return kmd_fail_memory(g->sink.diag);
		status = unpack_member(g);
	}
	return status;
}

static enum kmd_status unpack_with(const struct kmd_source *source,
				   const struct kmd_input_options *options, struct kmd_diag *diag,
				   struct kmd_unpack_target *target, int window,
				   enum kmd_status (*all)(struct gunzip *))
{
	struct gunzip g = { .sink = { target, options, source->name, diag, 0 }, .source = source };
	enum kmd_status status;

	g.form = window == ZLIB_WINDOW ? "zlib data" : "gzip data";
	target->size = 0;
	g.in = malloc(IN_SIZE);
	g.out = malloc(OUT_SIZE);
	if (g.in && g.out && inflateInit2(&g.zlib, window) == Z_OK) {
		status = all(&g);
		if (status == KMD_OK)
			status = kmd_sink_end(&g.sink);
		inflateEnd(&g.zlib);
	} else {
		status = kmd_fail_memory(diag);
	}
	free(g.in);
	free(g.out);
	return status;
}

enum kmd_status kmd_gzip_unpack(const struct kmd_source *source,
				const struct kmd_input_options *options, struct kmd_diag *diag,
				struct kmd_unpack_target *target)
{
	return unpack_with(source, options, diag, target, WINDOW, unpack_members);
}

/* ----- zlib */

static enum kmd_status unpack_stream(struct gunzip *g)
{
	enum kmd_status status = unpack_member(g);

	if (status != KMD_OK || g->stopped)
		return status;
	return kmd_sink_report_tail(&g->sink, g->source, g->at, g->form);
}

enum kmd_status kmd_zlib_unpack(const struct kmd_source *source,
				const struct kmd_input_options *options, struct kmd_diag *diag,
				struct kmd_unpack_target *target)
{
	return unpack_with(source, options, diag, target, ZLIB_WINDOW, unpack_stream);
}

bool kmd_zlib_is_lime(const struct kmd_source *source, struct kmd_diag *diag)
{
	unsigned char in[ZLIB_LOOK], out[KMD_LIME_MAGIC_SIZE];
	size_t size = (size_t)kmd_min_u64(sizeof(in), source->size);
	z_stream zlib = { .next_in = in, .avail_in = (uInt)size };
	bool found;

	if (size < 2 || kmd_source_read(source, 0, in, size, diag) != KMD_OK ||
	    (in[0] & 15) != Z_DEFLATED || in[0] >> 4 > 7 || (in[0] << 8 | in[1]) % 31 ||
	    inflateInit2(&zlib, ZLIB_WINDOW) != Z_OK)
		return false;
	zlib.next_out = out;
	zlib.avail_out = sizeof(out);
	inflate(&zlib, Z_SYNC_FLUSH);
	found = !zlib.avail_out && !memcmp(out, KMD_LIME_MAGIC, sizeof(out));
	inflateEnd(&zlib);
	return found;
}
