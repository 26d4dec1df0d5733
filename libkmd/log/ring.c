/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Records out of descriptors, infos and blocks of text; who has read those is find_ring.c. */
#include "log/ring.h"

#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

/* States of a descriptor, in the two highest bits of its state variable. */
enum state { RESERVED, COMMITTED, FINALIZED, REUSABLE };

/* Both ends of the block of a record that is an empty line; it has no text. */
#define EMPTY_LINE 3

/* The bits that ids of all kernels have in common. */
#define SEQ_MASK   ((UINT64_C(1) << 30) - 1)

/* What a descriptor turns out to be. */
enum availability { RECORD, GONE, DAMAGED };

static unsigned int state_shift(const struct kmd_ring *ring)
{
	return (unsigned int)(8 * ring->at.word - 2);
}

/* Ids, and the highest bits of a state variable, count modulo this mask plus 1. */
static uint64_t id_mask(const struct kmd_ring *ring)
{
	return (UINT64_C(1) << state_shift(ring)) - 1;
}

static uint64_t number(const struct kmd_target *target, const unsigned char *from, uint64_t offset,
		       uint64_t size)
{
	return kmd_log_number(target, from + offset, (size_t)size);
}

/*
 * Where the block of @begin to @next has its text, as offset and size of the ring.  A block
 * that would cross the end of the ring lies at its start instead.  Since 6.18 one that ends
 * exactly there does not count as crossing; before, it went to the start as well.
 */
static bool place_block(const struct kmd_ring *ring, uint64_t begin, uint64_t next, uint64_t *at,
			uint64_t *size)
{
	uint64_t w = ring->at.word, mask = ring->text_size - 1;
	uint64_t all = w == 4 ? UINT32_MAX : UINT64_MAX;
	uint64_t length = (next - begin) & all;

	if (begin % w || next % w)
		return false;
	*at = begin & mask;
	*size = length;
	if (*at + length > ring->text_size) {
		/* What is left in front of the end was not used: it was too little. */
		*size = next & mask;
		if (length - *size != ring->text_size - *at || *size < ring->text_size - *at)
			return false;
		*at = 0;
	}
	return *size >= w && *size <= ring->text_size;
}

static enum availability find_text(const struct kmd_target *target, const struct kmd_ring *ring,
				   uint64_t id, uint64_t begin, uint64_t next,
				   struct kmd_log_record *record)
{
	uint64_t w = ring->at.word, at, size;
	const unsigned char *block;

	if ((begin & 1) && (next & 1)) {
		/* Any other pair says that there was no room for the text. */
		record->length = 0;
		return begin == EMPTY_LINE && next == EMPTY_LINE ? RECORD : DAMAGED;
	}
	if (!place_block(ring, begin, next, &at, &size))
		return DAMAGED;
	record->length = (size_t)kmd_min_u64(record->length, size - w);
	block = kmd_span_at(&ring->text, at, w + record->length);
	/* Another id: a newer record was written over this one. */
	if (!block || number(target, block, 0, w) != id)
		return DAMAGED;
	record->text = (const char *)block + w;
	return RECORD;
}

/*
 * Ids and sequence numbers go up in step.  The first id is the number of descriptors below 0:
 * with older kernels (6.12 still) below 0 of 32 bits also where ids have 62.
 */
static bool is_seq_of(const struct kmd_ring *ring, uint64_t seq, uint64_t id)
{
	return !((id + ring->n - seq) & SEQ_MASK);
}

static enum availability read_info(const struct kmd_target *target, const struct kmd_ring *ring,
				   uint64_t id, struct kmd_log_record *record)
{
	const struct kmd_ring_layout *at = &ring->at;
	const unsigned char *info =
		kmd_span_at(&ring->infos, (id & (ring->n - 1)) * at->info_size, at->info_size);

	if (!info)
		return DAMAGED;
	*record = (struct kmd_log_record){
		.seq = number(target, info, at->seq, 8),
		.time = number(target, info, at->ts, 8),
		.has_time = true,
		.has_caller = at->has_caller,
		.text = "",
		.length = (size_t)number(target, info, at->text_len, 2),
	};
	if (at->has_caller)
		record->caller = (uint32_t)number(target, info, at->caller, 4);
	if (at->has_level) {
		record->facility = info[at->level];
		record->level = kmd_log_level(target, info[at->level + 1]);
	}
	return is_seq_of(ring, record->seq, id) ? RECORD : DAMAGED;
}

static enum availability read_record(const struct kmd_target *target, const struct kmd_ring *ring,
				     const unsigned char *desc, uint64_t id,
				     struct kmd_log_record *record)
{
	const struct kmd_ring_layout *at = &ring->at;
	uint64_t state = number(target, desc, at->state, at->word);
	enum availability availability;

	/* Another id, or still being written: lost to a reader, as to the kernel's own. */
	if ((state & id_mask(ring)) != id || state >> state_shift(ring) == RESERVED)
		return DAMAGED;
	if (state >> state_shift(ring) == REUSABLE)
		return GONE;
	availability = read_info(target, ring, id, record);
	if (availability != RECORD)
		return availability;
	return find_text(target, ring, id, number(target, desc, at->begin, at->word),
			 number(target, desc, at->next, at->word), record);
}

/* How many descriptors from index @index on were not captured, at most @most. */
static uint64_t count_absent(const struct kmd_ring *ring, uint64_t index, uint64_t most)
{
	uint64_t size = ring->at.desc_size;
	uint64_t next = kmd_span_next(&ring->descs, index * size);

	/* A descriptor of which only a part was captured is absent, too. */
	next = kmd_max_u64((next + size - 1) / size, index + 1);
	return kmd_min_u64(kmd_min_u64(next, ring->n) - index, most);
}

enum kmd_status kmd_ring_walk(const struct kmd_target *target, const struct kmd_ring *ring,
			      uint64_t tail, uint64_t head, struct kmd_log *log)
{
	uint64_t left = ((head - tail) & id_mask(ring)) + 1, size = ring->at.desc_size, step;
	enum kmd_status status = KMD_OK;
	struct kmd_log_record record;

	if (left > ring->n)
		return kmd_fail(target->diag, KMD_ERR_DAMAGED, kmd_in(NULL),
				"the kernel log cannot be read: head and tail of its ring buffer "
				"are too far apart");
	for (uint64_t id = tail & id_mask(ring); status == KMD_OK && left; left -= step) {
		uint64_t index = id & (ring->n - 1);
		const unsigned char *desc = kmd_span_at(&ring->descs, index * size, size);
		enum availability availability = DAMAGED;

		step = desc ? 1 : count_absent(ring, index, left);
		if (desc)
			availability = read_record(target, ring, desc, id, &record);
		if (availability == RECORD)
			status = kmd_log_add(log, &record, target->diag);
		if (availability == DAMAGED)
			log->damaged += step;
		id = (id + step) & id_mask(ring);
	}
	return status;
}

static int by_seq(const void *a, const void *b)
{
	const struct kmd_log_record *left = a, *right = b;

	return kmd_cmp_u64(left->seq, right->seq);
}

enum kmd_status kmd_ring_gather(const struct kmd_target *target, const struct kmd_ring *ring,
				struct kmd_log *log)
{
	uint64_t size = ring->at.desc_size, step;
	enum kmd_status status = KMD_OK;
	struct kmd_log_record record;

	for (uint64_t index = 0; status == KMD_OK && index < ring->n; index += step) {
		const unsigned char *desc = kmd_span_at(&ring->descs, index * size, size);
		uint64_t state = desc ? number(target, desc, ring->at.state, ring->at.word) : 0;
		enum availability availability;

		step = desc ? 1 : count_absent(ring, index, ring->n);
		/* All zeroes: it was never used. */
		if (!desc || !state)
			continue;
		availability = read_record(target, ring, desc, state & id_mask(ring), &record);
		if (availability == RECORD && (state & (ring->n - 1)) == index)
			status = kmd_log_add(log, &record, target->diag);
		else if (availability != GONE)
			log->damaged++;
	}
	if (log->n)
		qsort(log->items, log->n, sizeof(*log->items), by_seq);
	return status;
}

void kmd_ring_finish(struct kmd_ring *ring, struct kmd_log *log)
{
	kmd_log_take(log, &ring->text);
	kmd_span_deinit(&ring->descs);
	kmd_span_deinit(&ring->infos);
}
