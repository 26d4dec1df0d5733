/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "source/packing/android_sparse.h"

#include "base/checked.h"
#include "source/cursor.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The file header; all numbers are little-endian. */
#define HEAD_VERSION    4
#define HEAD_SIZE       8
#define HEAD_CHUNK_SIZE 10
#define HEAD_BLOCK_SIZE 12
#define HEAD_BLOCKS     16
#define HEAD_CHUNKS     20
#define HEAD_END        28

/* The header of a chunk. */
#define CHUNK_TYPE      0
#define CHUNK_BLOCKS    4
#define CHUNK_TOTAL     8
#define CHUNK_END       12

enum chunk_type {
	CHUNK_RAW = 0xcac1,
	CHUNK_FILL = 0xcac2,
	CHUNK_LEFT_OUT = 0xcac3,
	CHUNK_CRC32 = 0xcac4,
};

#define BUFFER (256u * 1024)

struct sparse {
	struct kmd_sink sink;
	struct kmd_cursor in;
	uint64_t at; /* of the next chunk */
	uint64_t block_size, end;
	uint64_t chunk_header; /* its size */
	uint32_t n_chunks;
	bool stopped; /* nothing more can be expanded, see the finding */
	unsigned char *buffer;
};

struct chunk {
	uint16_t type;
	uint64_t data, data_size; /* in the file */
	uint64_t size;            /* of what it expands to */
};

/* A cut dump is of use up to the cut; an error only where there is nothing of it. */
static enum kmd_status stop(struct sparse *s, uint64_t at, const char *why)
{
	struct kmd_place place = kmd_at(s->sink.name, at);

	s->stopped = true;
	if (!s->sink.target->size)
		return kmd_fail(s->sink.diag, KMD_ERR_DAMAGED, place,
				"the Android sparse image is %s: nothing can be expanded", why);
	return kmd_report(s->sink.diag, KMD_FIND_TRUNCATED, KMD_DAMAGE, place,
			  "the Android sparse image is %s: only the first %" PRIu64
			  " expanded bytes are available",
			  why, s->sink.target->size);
}

static enum kmd_status read_header(struct sparse *s)
{
	uint64_t head = kmd_cursor_u16(&s->in, HEAD_SIZE);
	uint64_t blocks = kmd_cursor_u32(&s->in, HEAD_BLOCKS);

	s->chunk_header = kmd_cursor_u16(&s->in, HEAD_CHUNK_SIZE);
	s->block_size = kmd_cursor_u32(&s->in, HEAD_BLOCK_SIZE);
	s->n_chunks = kmd_cursor_u32(&s->in, HEAD_CHUNKS);
	if (!kmd_cursor_has(&s->in, 0, HEAD_END))
		return stop(s, 0, "truncated");
	if (kmd_cursor_u16(&s->in, HEAD_VERSION) != 1)
		return kmd_fail(s->sink.diag, KMD_ERR_UNSUPPORTED,
				kmd_at(s->sink.name, HEAD_VERSION),
				"an Android sparse image of a version other than 1");
	if (head < HEAD_END || s->chunk_header < CHUNK_END || !s->block_size || s->block_size % 4)
		return stop(s, HEAD_SIZE, "damaged in its header");
	/* Both have 32 bits, so the product fits. */
	s->end = blocks * s->block_size;
	s->at = head;
	if (s->end > s->sink.target->limit)
		return kmd_sink_over_limit(&s->sink);
	return KMD_OK;
}

/* False if the chunk cannot be one, or does not fit the image that the header describes. */
static bool read_chunk(struct sparse *s, struct chunk *chunk)
{
	uint64_t total = kmd_cursor_u32(&s->in, s->at + CHUNK_TOTAL);

	chunk->type = kmd_cursor_u16(&s->in, s->at + CHUNK_TYPE);
	chunk->size = kmd_cursor_u32(&s->in, s->at + CHUNK_BLOCKS) * s->block_size;
	chunk->data = s->at + s->chunk_header;
	chunk->data_size = total - s->chunk_header;
	if (total < s->chunk_header || chunk->size > s->end - s->sink.target->size)
		return false;
	switch (chunk->type) {
	case CHUNK_RAW:
		return chunk->data_size == chunk->size;
	case CHUNK_FILL:
		return chunk->data_size == 4;
	case CHUNK_LEFT_OUT:
		return !chunk->data_size;
	case CHUNK_CRC32:
		return chunk->data_size == 4 && !chunk->size;
	default:
		return false;
	}
}

static enum kmd_status put_raw(struct sparse *s, const struct chunk *chunk)
{
	uint64_t there =
		kmd_min_u64(chunk->size, s->in.size - kmd_min_u64(chunk->data, s->in.size));
	enum kmd_status status = KMD_OK;

	for (uint64_t done = 0; done < there && status == KMD_OK;) {
		size_t part = (size_t)kmd_min_u64(BUFFER, there - done);

		if (!kmd_cursor_bytes(&s->in, chunk->data + done, s->buffer, part))
			return kmd_cursor_check(&s->in, "Android sparse image");
		status = kmd_sink_put(&s->sink, s->buffer, part);
		done += part;
		if (status == KMD_OK)
			status = kmd_sink_progress(&s->sink, s->sink.target->size, s->end);
	}
	if (status == KMD_OK && there < chunk->size)
		status = stop(s, s->in.size, "truncated");
	return status;
}

static enum kmd_status put_fill(struct sparse *s, const struct chunk *chunk)
{
	uint64_t end = s->sink.target->size + chunk->size;
	enum kmd_status status = KMD_OK;
	unsigned char fill[4];

	if (!kmd_cursor_has(&s->in, chunk->data, sizeof(fill)))
		return stop(s, s->in.size, "truncated");
	if (!kmd_cursor_bytes(&s->in, chunk->data, fill, sizeof(fill)))
		return kmd_cursor_check(&s->in, "Android sparse image");
	if (kmd_all_zero(fill, sizeof(fill)))
		return kmd_sink_skip_to(&s->sink, end);
	for (size_t i = 0; i < BUFFER; i += sizeof(fill))
		memcpy(s->buffer + i, fill, sizeof(fill));
	while (status == KMD_OK && s->sink.target->size < end) {
		status = kmd_sink_put(&s->sink, s->buffer,
				      (size_t)kmd_min_u64(BUFFER, end - s->sink.target->size));
		if (status == KMD_OK)
			status = kmd_sink_progress(&s->sink, s->sink.target->size, s->end);
	}
	return status;
}

static enum kmd_status put_chunk(struct sparse *s, const struct chunk *chunk)
{
	switch (chunk->type) {
	case CHUNK_RAW:
		return put_raw(s, chunk);
	case CHUNK_FILL:
		return put_fill(s, chunk);
	case CHUNK_LEFT_OUT:
		return kmd_sink_skip_to(&s->sink, s->sink.target->size + chunk->size);
	default:
		return KMD_OK;
	}
}

static enum kmd_status expand(struct sparse *s)
{
	enum kmd_status status = read_header(s);

	for (uint32_t i = 0; i < s->n_chunks && status == KMD_OK && !s->stopped; i++) {
		struct chunk chunk;

		if (!kmd_cursor_has(&s->in, s->at, s->chunk_header))
			return stop(s, s->at, "truncated");
		if (!read_chunk(s, &chunk))
			return stop(s, s->at, "damaged in the header of a chunk");
		status = put_chunk(s, &chunk);
		s->at = chunk.data + chunk.data_size;
	}
	if (status == KMD_OK && !s->stopped && s->sink.target->size < s->end)
		status = stop(s, s->at, "shorter than its header gives");
	return status;
}

enum kmd_status kmd_android_sparse_unpack(const struct kmd_source *source,
					  const struct kmd_input_options *options,
					  struct kmd_diag *diag, struct kmd_unpack_target *target)
{
	struct sparse s = { .sink = { target, options, source->name, diag, 0 } };
	enum kmd_status status;

	target->size = 0;
	s.buffer = malloc(BUFFER);
	if (!s.buffer)
		return kmd_fail_memory(diag);
	kmd_cursor_init(&s.in, source, 0, source->size, diag);
	status = expand(&s);
	if (status == KMD_OK)
		status = kmd_sink_end(&s.sink);
	free(s.buffer);
	return status;
}
