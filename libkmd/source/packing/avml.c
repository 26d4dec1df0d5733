/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * avml.c - AVML 2: each range of RAM is a Snappy stream behind a header as LiME's.
 *
 * The stream is in Snappy's framing format: chunks of at most 64 KiB, each with a checksum.
 * The length of the compressed stream follows it as a u64.  A range keeps its header here, so
 * what is lost of it is found by image/lime.c.
 */
#include "source/packing/avml.h"

#include "base/checked.h"
#include "source/cursor.h"
#include "source/packing/lime.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_SNAPPY
#include <snappy-c.h>

enum chunk_type {
	CHUNK_COMPRESSED = 0x00,
	CHUNK_PLAIN = 0x01,
	CHUNK_SKIP = 0x80, /* from here on; below it are types that must not be skipped */
	CHUNK_IDENTIFIER = 0xff,
};

#define CHUNK_HEAD   4
#define CHUNK_SUM    4
#define CHUNK_PLAINS 65536u
/* No chunk of so much data is longer, even if Snappy made it larger. */
#define CHUNK_MAX    (CHUNK_SUM + CHUNK_PLAINS + CHUNK_PLAINS / 6 + 32)
#define IDENTIFIER   "sNaPpY"
#define STREAM_SIZE  8

struct avml {
	struct kmd_sink sink;
	struct kmd_cursor in;
	uint64_t at;
	const char *damage; /* why nothing more can be unpacked */
	unsigned char *packed, *plain;
	uint32_t table[256]; /* CRC-32C of each byte */
};

bool kmd_avml_supported(void)
{
	return true;
}

static void make_table(uint32_t *table)
{
	for (uint32_t i = 0; i < 256; i++) {
		table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0x82f63b78 : 0);
	}
}

/* The checksum as the framing format masks it. */
static uint32_t checksum(const struct avml *a, size_t size)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < size; i++)
		crc = crc >> 8 ^ a->table[(crc ^ a->plain[i]) & 0xff];
	crc = ~crc;
	return (crc >> 15 | crc << 17) + 0xa282ead8;
}

/* Bring the chunk's data into .plain; false if it is damaged. */
static bool unpack_chunk(struct avml *a, uint8_t type, uint64_t at, size_t length, size_t *size)
{
	*size = CHUNK_PLAINS;
	if (length < CHUNK_SUM || length > CHUNK_MAX ||
	    !kmd_cursor_bytes(&a->in, at, a->packed, length))
		return false;
	if (type == CHUNK_PLAIN && length - CHUNK_SUM <= CHUNK_PLAINS) {
		*size = length - CHUNK_SUM;
		memcpy(a->plain, a->packed + CHUNK_SUM, *size);
	} else if (type == CHUNK_PLAIN ||
		   snappy_uncompress((const char *)a->packed + CHUNK_SUM, length - CHUNK_SUM,
				     (char *)a->plain, size) != SNAPPY_OK) {
		return false;
	}
	return kmd_cursor_u32(&a->in, at) == checksum(a, *size);
}

/* One chunk of the stream; *left is how much of the range is missing. */
static enum kmd_status next_chunk(struct avml *a, uint64_t *left)
{
	uint32_t head = kmd_cursor_u32(&a->in, a->at);
	uint8_t type = (uint8_t)head;
	size_t length = head >> 8, size;
	uint64_t data = a->at + CHUNK_HEAD;
	enum kmd_status status;

	if (!kmd_cursor_has(&a->in, a->at, CHUNK_HEAD) || !kmd_cursor_has(&a->in, data, length)) {
		a->damage = "is truncated";
		return KMD_OK;
	}
	a->at = data + length;
	if (type >= CHUNK_SKIP) {
		if (type == CHUNK_IDENTIFIER &&
		    (length != strlen(IDENTIFIER) ||
		     !kmd_cursor_is(&a->in, data, IDENTIFIER, strlen(IDENTIFIER))))
			a->damage = "has a damaged stream";
		return KMD_OK;
	}
	if (type > CHUNK_PLAIN || !unpack_chunk(a, type, data, length, &size) || size > *left) {
		a->damage = "has a damaged chunk";
		return KMD_OK;
	}
	status = kmd_sink_put(&a->sink, a->plain, size);
	*left -= size;
	return status == KMD_OK ? kmd_sink_progress(&a->sink, a->at, a->in.size) : status;
}

/* The same header, but of a range that is not compressed. */
static enum kmd_status put_header(struct avml *a)
{
	unsigned char header[KMD_LIME_HEADER];

	kmd_cursor_bytes(&a->in, a->at, header, sizeof(header));
	memcpy(header, KMD_LIME_MAGIC, KMD_LIME_MAGIC_SIZE);
	header[KMD_LIME_VERSION] = 1;
	return kmd_sink_put(&a->sink, header, sizeof(header));
}

static enum kmd_status unpack_range(struct avml *a)
{
	uint64_t first = kmd_cursor_u64(&a->in, a->at + KMD_LIME_FIRST);
	uint64_t left = kmd_cursor_u64(&a->in, a->at + KMD_LIME_LAST) - first + 1, stream;
	enum kmd_status status;

	if (!kmd_cursor_has(&a->in, a->at, KMD_LIME_HEADER) ||
	    !kmd_cursor_is(&a->in, a->at, KMD_AVML_MAGIC, KMD_LIME_MAGIC_SIZE) ||
	    kmd_cursor_u32(&a->in, a->at + KMD_LIME_VERSION) != 2 || !left ||
	    left > UINT64_MAX - first) {
		a->damage = "has a damaged header of a range";
		return KMD_OK;
	}
	status = put_header(a);
	a->at += KMD_LIME_HEADER;
	stream = a->at;
	while (status == KMD_OK && left && !a->damage)
		status = next_chunk(a, &left);
	if (status != KMD_OK || a->damage)
		return status;
	if (kmd_cursor_u64(&a->in, a->at) != a->at - stream)
		a->damage = "has a stream of another length than recorded";
	else
		a->at += STREAM_SIZE;
	return KMD_OK;
}

static enum kmd_status unpack_all(struct avml *a)
{
	enum kmd_status status = KMD_OK;

	while (status == KMD_OK && !a->damage && a->at < a->in.size)
		status = unpack_range(a);
	if (status != KMD_OK || a->in.io != KMD_OK)
		return kmd_cursor_check(&a->in, "AVML dump") != KMD_OK ? a->sink.diag->status
								       : status;
	if (!a->damage)
		return KMD_OK;
	if (a->sink.target->size <= KMD_LIME_HEADER)
		return kmd_fail(a->sink.diag, KMD_ERR_DAMAGED, kmd_at(a->sink.name, a->at),
				"the AVML dump %s: nothing can be unpacked", a->damage);
	return kmd_report(a->sink.diag, KMD_FIND_TRUNCATED, KMD_DAMAGE, kmd_at(a->sink.name, a->at),
			  "the AVML dump %s: what follows is not used", a->damage);
}

enum kmd_status kmd_avml_unpack(const struct kmd_source *source,
				const struct kmd_input_options *options, struct kmd_diag *diag,
				struct kmd_unpack_target *target)
{
	struct avml a = { .sink = { target, options, source->name, diag, 0 } };
	enum kmd_status status;

	target->size = 0;
	make_table(a.table);
	a.packed = malloc(CHUNK_MAX + CHUNK_PLAINS);
	if (!a.packed)
		return kmd_fail_memory(diag);
	a.plain = a.packed + CHUNK_MAX;
	kmd_cursor_init(&a.in, source, 0, source->size, diag);
	status = unpack_all(&a);
	if (status == KMD_OK)
		status = kmd_sink_end(&a.sink);
	free(a.packed);
	return status;
}

#else

bool kmd_avml_supported(void)
{
	return false;
}

enum kmd_status kmd_avml_unpack(const struct kmd_source *source,
				const struct kmd_input_options *options, struct kmd_diag *diag,
				struct kmd_unpack_target *target)
{
	(void)options;
	(void)target;
	return kmd_fail(diag, KMD_ERR_UNSUPPORTED, kmd_in(source->name),
			"an AVML dump of version 2, which is compressed, and libkmd was built "
			"without libsnappy: convert it with avml-convert");
}
#endif
