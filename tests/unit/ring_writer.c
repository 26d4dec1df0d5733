/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "ring_writer.h"

#include "base/array.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAILED     1
#define EMPTY_LINE 3

static uint64_t n_descs(const struct ring *ring)
{
	return UINT64_C(1) << ring->count_bits;
}

static uint64_t text_size(const struct ring *ring)
{
	return UINT64_C(1) << ring->size_bits;
}

/* The values of a long of the kernel. */
static uint64_t as_long(const struct ring *ring, uint64_t value)
{
	return ring->kind.word == 4 ? (uint32_t)value : value;
}

static uint64_t as_id(const struct ring *ring, uint64_t value)
{
	return value & ((UINT64_C(1) << (8 * ring->kind.word - 2)) - 1);
}

static struct ring_desc *desc_of(struct ring *ring, uint64_t id)
{
	return &ring->descs[id & (n_descs(ring) - 1)];
}

void ring_init(struct ring *ring, struct ring_kind kind, unsigned int count_bits,
	       unsigned int size_bits)
{
	uint64_t n, first;

	memset(ring, 0, sizeof(*ring));
	ring->kind = kind;
	ring->count_bits = count_bits;
	ring->size_bits = size_bits;
	n = n_descs(ring);
	first = 0 - (n + 1);
	ring->head_id = ring->tail_id = as_id(ring, kind.ids_of_32_bits ? (uint32_t)first : first);
	ring->head_lpos = ring->tail_lpos = as_long(ring, 0 - text_size(ring));
	ring->descs = calloc((size_t)n, sizeof(*ring->descs));
	ck_assert_ptr_nonnull(ring->descs);
	ring->descs[n - 1] = (struct ring_desc){ ring->head_id, FAILED, FAILED, 0, DESC_REUSABLE };
	ring->descs[0].seq = 0 - n;
	ring->infos.big_endian = ring->text.big_endian = kind.big_endian;
	bytes_zero_until(&ring->infos, (size_t)n * kind.info_size);
	bytes_zero_until(&ring->text, (size_t)text_size(ring));
}

void ring_deinit(struct ring *ring)
{
	for (size_t i = 0; i < ring->n_all; i++)
		free(ring->all[i].text);
	free(ring->all);
	free(ring->descs);
	bytes_free(&ring->infos);
	bytes_free(&ring->text);
}

static uint64_t text_number(const struct ring *ring, uint64_t lpos)
{
	const unsigned char *from = ring->text.at + (lpos & (text_size(ring) - 1));
	uint64_t value = 0;

	for (unsigned int i = 0; i < ring->kind.word; i++)
		value = value << 8 | from[ring->kind.big_endian ? i : ring->kind.word - 1 - i];
	return value;
}

/* Make the records of the oldest blocks reusable, until the text of the ring begins at @lpos. */
static bool push_text(struct ring *ring, uint64_t lpos)
{
	if (lpos & 1)
		return true;
	while (as_long(ring, lpos - ring->tail_lpos) - 1 < text_size(ring)) {
		struct ring_desc *desc = desc_of(ring, text_number(ring, ring->tail_lpos));

		ck_assert_uint_eq(desc->begin, ring->tail_lpos);
		if (desc->state != DESC_FINALIZED && desc->state != DESC_REUSABLE)
			return false;
		desc->state = DESC_REUSABLE;
		ring->tail_lpos = desc->next;
	}
	return true;
}

static bool push_desc(struct ring *ring)
{
	struct ring_desc *tail = desc_of(ring, ring->tail_id);

	if (tail->state != DESC_FINALIZED && tail->state != DESC_REUSABLE)
		return false;
	tail->state = DESC_REUSABLE;
	if (!push_text(ring, tail->next))
		return false;
	ring->tail_id = as_id(ring, ring->tail_id + 1);
	return true;
}

static bool wraps(const struct ring *ring, uint64_t begin, uint64_t next)
{
	if (ring->kind.fits_exactly)
		next = as_long(ring, next - 1);
	return begin >> ring->size_bits != next >> ring->size_bits;
}

static void allocate(struct ring *ring, struct ring_desc *desc, size_t size)
{
	uint64_t begin = ring->head_lpos, next, w = ring->kind.word;
	bool moved;

	desc->begin = desc->next = EMPTY_LINE;
	if (!size)
		return;
	size = (size_t)((size + w + w - 1) & ~(w - 1));
	desc->begin = desc->next = FAILED;
	if (size > text_size(ring) / 2)
		return;
	next = as_long(ring, begin + size);
	moved = wraps(ring, begin, next);
	if (moved)
		next = as_long(ring, (next & ~(text_size(ring) - 1)) + size);
	if (!push_text(ring, as_long(ring, next - text_size(ring))))
		return;
	ring->exact += !moved && !(next & (text_size(ring) - 1));
	ring->wrapped += moved;
	ring->head_lpos = next;
	bytes_set(&ring->text, (size_t)(begin & (text_size(ring) - 1)), desc->id, (size_t)w);
	if (moved)
		bytes_set(&ring->text, 0, desc->id, (size_t)w);
	desc->begin = begin;
	desc->next = next;
}

struct ring_desc *ring_reserve(struct ring *ring, size_t size)
{
	uint64_t id = as_id(ring, ring->head_id + 1);
	struct ring_desc *desc = desc_of(ring, id);

	if (as_id(ring, id - n_descs(ring)) == ring->tail_id && !push_desc(ring))
		return NULL;
	ring->head_id = id;
	desc->id = id;
	desc->state = DESC_RESERVED;
	if (!desc->seq && (id & (n_descs(ring) - 1)))
		desc->seq = id & (n_descs(ring) - 1);
	else
		desc->seq += n_descs(ring);
	allocate(ring, desc, size);
	return desc;
}

static void write_info(struct ring *ring, const struct ring_desc *desc, const struct logged *logged,
		       size_t length)
{
	size_t at = (size_t)(desc->id & (n_descs(ring) - 1)) * ring->kind.info_size;
	unsigned int flags = 2; /* LOG_NEWLINE */

	bytes_set(&ring->infos, at, desc->seq, 8);
	bytes_set(&ring->infos, at + 8, logged->time, 8);
	bytes_set(&ring->infos, at + 16, length, 2);
	bytes_set(&ring->infos, at + 18, logged->facility, 1);
	bytes_set(&ring->infos, at + 19,
		  ring->kind.big_endian ? flags << 3 | logged->level : flags | logged->level << 5,
		  1);
	bytes_set(&ring->infos, at + 20, logged->caller, 4);
}

void ring_log(struct ring *ring, uint64_t time, unsigned int facility, unsigned int level,
	      uint32_t caller, const char *text)
{
	struct ring_desc *desc = ring_reserve(ring, strlen(text));
	struct logged *logged;
	size_t at;

	if (!desc)
		return;
	ck_assert(KMD_ARRAY_RESERVE(ring->all, ring->n_all, ring->cap_all));
	logged = &ring->all[ring->n_all++];
	*logged =
		(struct logged){ desc->id, desc->seq, time, caller, level, facility, strdup(text) };
	write_info(ring, desc, logged, desc->begin == FAILED ? 0 : strlen(text));
	if (!(desc->begin & 1)) {
		at = (size_t)(desc->begin & (text_size(ring) - 1));
		if (wraps(ring, desc->begin, desc->next))
			at = 0;
		memcpy(ring->text.at + at + ring->kind.word, text, strlen(text));
	}
	desc->state = DESC_FINALIZED;
}

bool ring_holds(const struct ring *ring, const struct logged *logged)
{
	const struct ring_desc *desc = &ring->descs[logged->id & (n_descs(ring) - 1)];

	return desc->id == logged->id && desc->begin != FAILED &&
	       (desc->state == DESC_COMMITTED || desc->state == DESC_FINALIZED);
}

void ring_descs(const struct ring *ring, struct bytes *bytes)
{
	bytes->big_endian = ring->kind.big_endian;
	for (size_t i = 0; i < n_descs(ring); i++) {
		const struct ring_desc *desc = &ring->descs[i];
		uint64_t state = (uint64_t)desc->state << (8 * ring->kind.word - 2);

		bytes_number(bytes, state | desc->id, ring->kind.word);
		bytes_number(bytes, desc->begin, ring->kind.word);
		bytes_number(bytes, desc->next, ring->kind.word);
	}
}

void ring_heads(const struct ring *ring, uint64_t descs, uint64_t infos, uint64_t text,
		struct bytes *bytes)
{
	size_t w = ring->kind.word;

	bytes->big_endian = ring->kind.big_endian;
	bytes_set(bytes, 0, ring->count_bits, 4);
	bytes_set(bytes, w, descs, w);
	bytes_set(bytes, 2 * w, infos, w);
	bytes_set(bytes, 3 * w, ring->head_id, w);
	bytes_set(bytes, 4 * w, ring->tail_id, w);
	bytes_set(bytes, 6 * w, ring->size_bits, 4);
	bytes_set(bytes, 7 * w, text, w);
	bytes_set(bytes, 8 * w, ring->head_lpos, w);
	bytes_set(bytes, 9 * w, ring->tail_lpos, w);
	bytes_zero_until(bytes, 11 * w);
}

const char *ring_vmcoreinfo(const struct ring *ring, uint64_t prb)
{
	static char text[2048];
	unsigned int w = ring->kind.word;

	snprintf(text, sizeof(text),
		 "OSRELEASE=6.1.0\nPAGESIZE=4096\nSYMBOL(prb)=%" PRIx64 "\n"
		 "SIZE(printk_ringbuffer)=%u\nOFFSET(printk_ringbuffer.desc_ring)=0\n"
		 "OFFSET(printk_ringbuffer.text_data_ring)=%u\n"
		 "OFFSET(prb_desc_ring.count_bits)=0\nOFFSET(prb_desc_ring.descs)=%u\n"
		 "OFFSET(prb_desc_ring.infos)=%u\nOFFSET(prb_desc_ring.head_id)=%u\n"
		 "OFFSET(prb_desc_ring.tail_id)=%u\nSIZE(prb_desc)=%u\n"
		 "OFFSET(prb_desc.state_var)=0\nOFFSET(prb_desc.text_blk_lpos)=%u\n"
		 "OFFSET(prb_data_blk_lpos.begin)=0\nOFFSET(prb_data_blk_lpos.next)=%u\n"
		 "SIZE(printk_info)=%zu\nOFFSET(printk_info.seq)=0\nOFFSET(printk_info.ts_nsec)=8\n"
		 "OFFSET(printk_info.text_len)=16\nOFFSET(printk_info.caller_id)=20\n"
		 "OFFSET(prb_data_ring.size_bits)=0\nOFFSET(prb_data_ring.data)=%u\n"
		 "OFFSET(atomic_long_t.counter)=0\n",
		 prb, 11 * w, 6 * w, w, 2 * w, 3 * w, 4 * w, 3 * w, w, w, ring->kind.info_size, w);
	return text;
}
