/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The ring buffer of Linux 5.10 and later: a ring of descriptors, an array of infos
 * beside it, and a ring of text in which each block begins with its descriptor's id.
 */
#include "linux/printk/log.h"

#include "base/checked.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 2^25 is the kernel's own limit (CONFIG_LOG_BUF_SHIFT). */
#define BITS_MAX    27
#define STRUCT_MAX  4096
#define PREFIX_SIZE 64

/* States of a descriptor, in the two highest bits of its state variable. */
enum state { RESERVED, COMMITTED, FINALIZED, REUSABLE };

/* Offsets and sizes, as VMCOREINFO has them. */
struct layout {
	uint64_t word; /* size of long */
	uint64_t desc_ring, text_ring, rb_size;
	uint64_t count_bits, descs, infos, head_id, tail_id;
	uint64_t size_bits, data;
	uint64_t desc_size, state, blk, begin, next;
	uint64_t info_size, seq, ts, text_len, caller, level;
	bool has_caller, has_level;
};

struct ring {
	struct layout at;
	uint64_t n, head, tail; /* descriptors */
	uint64_t text_size;
	unsigned char *descs, *infos, *data;
};

static bool offset(const struct kmd_vmcoreinfo *info, const char *name, uint64_t *to)
{
	char key[96];

	snprintf(key, sizeof(key), "OFFSET(%s)", name);
	return kmd_vmcoreinfo_number(info, key, to) && *to < STRUCT_MAX;
}

static bool size_of(const struct kmd_vmcoreinfo *info, const char *name, uint64_t *to)
{
	char key[96];

	snprintf(key, sizeof(key), "SIZE(%s)", name);
	return kmd_vmcoreinfo_number(info, key, to) && *to && *to <= STRUCT_MAX;
}

static bool learn_rings(const struct kmd_vmcoreinfo *info, struct layout *at)
{
	return size_of(info, "printk_ringbuffer", &at->rb_size) &&
	       offset(info, "printk_ringbuffer.desc_ring", &at->desc_ring) &&
	       offset(info, "printk_ringbuffer.text_data_ring", &at->text_ring) &&
	       offset(info, "prb_desc_ring.count_bits", &at->count_bits) &&
	       offset(info, "prb_desc_ring.descs", &at->descs) &&
	       offset(info, "prb_desc_ring.infos", &at->infos) &&
	       offset(info, "prb_desc_ring.head_id", &at->head_id) &&
	       offset(info, "prb_desc_ring.tail_id", &at->tail_id) &&
	       offset(info, "prb_data_ring.size_bits", &at->size_bits) &&
	       offset(info, "prb_data_ring.data", &at->data);
}

static bool learn_records(const struct kmd_vmcoreinfo *info, struct layout *at)
{
	return size_of(info, "prb_desc", &at->desc_size) &&
	       offset(info, "prb_desc.state_var", &at->state) &&
	       offset(info, "prb_desc.text_blk_lpos", &at->blk) &&
	       offset(info, "prb_data_blk_lpos.begin", &at->begin) &&
	       offset(info, "prb_data_blk_lpos.next", &at->next) &&
	       size_of(info, "printk_info", &at->info_size) &&
	       offset(info, "printk_info.seq", &at->seq) &&
	       offset(info, "printk_info.ts_nsec", &at->ts) &&
	       offset(info, "printk_info.text_len", &at->text_len);
}

/* Every field lies inside its structure, so that no index can leave an array. */
static bool fits(const struct layout *at)
{
	uint64_t w = at->word;

	return at->desc_ring + at->head_id + w <= at->rb_size &&
	       at->desc_ring + at->tail_id + w <= at->rb_size &&
	       at->desc_ring + at->descs + w <= at->rb_size &&
	       at->desc_ring + at->infos + w <= at->rb_size &&
	       at->desc_ring + at->count_bits + 4 <= at->rb_size &&
	       at->text_ring + at->data + w <= at->rb_size &&
	       at->text_ring + at->size_bits + 4 <= at->rb_size && at->state + w <= at->desc_size &&
	       at->blk + at->begin + w <= at->desc_size &&
	       at->blk + at->next + w <= at->desc_size && at->seq + 8 <= at->info_size &&
	       at->ts + 8 <= at->info_size && at->text_len + 2 <= at->info_size;
}

static bool learn(const struct kmd_vmcoreinfo *info, struct layout *at)
{
	uint64_t counter;

	memset(at, 0, sizeof(*at));
	if (!learn_rings(info, at) || !learn_records(info, at))
		return false;
	/* atomic_long_t is a long; its only member says nothing of its size, the structure does. */
	at->word = at->next - at->begin == 4 ? 4 : 8;
	if (offset(info, "atomic_long_t.counter", &counter))
		at->state += counter;
	at->has_caller = offset(info, "printk_info.caller_id", &at->caller) &&
			 at->caller + 4 <= at->info_size;
	/* facility (u8), then flags:5 and level:3 follow text_len in struct printk_info. */
	at->level = at->text_len + 2;
	at->has_level = at->level + 2 <= at->info_size;
	return fits(at);
}

static enum kmd_status fetch_array(const struct kmd_log_space *space, const char *what,
				   const unsigned char *pointer, size_t word, uint64_t size,
				   unsigned char **to)
{
	*to = malloc((size_t)size);
	if (!*to)
		return kmd_fail_memory(space->diag);
	return kmd_log_fetch(space, what, kmd_log_number(space, pointer, word), *to, size);
}

static enum kmd_status fail_ring(const struct kmd_log_space *space, const char *what)
{
	return kmd_fail(space->diag, KMD_ERR_DAMAGED, kmd_in(NULL),
			"the kernel log cannot be read: the %s of its ring buffer is impossible",
			what);
}

static enum kmd_status fetch_ring(const struct kmd_log_space *space, uint64_t rb, struct ring *ring)
{
	const struct layout *at = &ring->at;
	unsigned char bytes[STRUCT_MAX], *desc = bytes + at->desc_ring,
					 *text = bytes + at->text_ring;
	enum kmd_status status = kmd_log_fetch(space, "prb's buffer", rb, bytes, at->rb_size);
	uint64_t count_bits, size_bits;
	size_t w = (size_t)at->word;

	if (status != KMD_OK)
		return status;
	count_bits = kmd_log_number(space, desc + at->count_bits, 4);
	size_bits = kmd_log_number(space, text + at->size_bits, 4);
	if (!count_bits || count_bits > BITS_MAX)
		return fail_ring(space, "number of descriptors");
	if (!size_bits || size_bits > BITS_MAX)
		return fail_ring(space, "size of the text");
	ring->n = UINT64_C(1) << count_bits;
	ring->text_size = UINT64_C(1) << size_bits;
	ring->head = kmd_log_number(space, desc + at->head_id, w);
	ring->tail = kmd_log_number(space, desc + at->tail_id, w);
	status = fetch_array(space, "prb_descs", desc + at->descs, w, ring->n * at->desc_size,
			     &ring->descs);
	if (status == KMD_OK)
		status = fetch_array(space, "prb_infos", desc + at->infos, w,
				     ring->n * at->info_size, &ring->infos);
	if (status == KMD_OK)
		status = fetch_array(space, "prb_data", text + at->data, w, ring->text_size,
				     &ring->data);
	return status;
}

/* The block of @begin to @next; false if it cannot be one of descriptor @id. */
static bool find_text(const struct kmd_log_space *space, const struct ring *ring, uint64_t id,
		      uint64_t begin, uint64_t next, struct kmd_log_record *record)
{
	uint64_t mask = ring->text_size - 1, w = ring->at.word, at = begin & mask, end;

	/* Odd: the record has no text. */
	if ((begin & 1) && (next & 1)) {
		record->length = 0;
		return true;
	}
	if ((begin ^ next) & ~mask && (next & mask))
		at = 0; /* it did not fit in front of the end, and begins anew */
	end = next & mask ? next & mask : ring->text_size;
	if (end <= at || end - at < w || kmd_log_number(space, ring->data + at, (size_t)w) != id)
		return false;
	record->text = (const char *)ring->data + at + w;
	record->length = (size_t)kmd_min_u64(record->length, end - at - w);
	return true;
}

/* Whether the descriptor of @id holds a record. */
static bool read_record(const struct kmd_log_space *space, const struct ring *ring, uint64_t id,
			bool *damaged, struct kmd_log_record *record)
{
	const struct layout *at = &ring->at;
	size_t w = (size_t)at->word;
	unsigned int shift = (unsigned int)(8 * w - 2);
	const unsigned char *desc = ring->descs + (id & (ring->n - 1)) * at->desc_size;
	const unsigned char *info = ring->infos + (id & (ring->n - 1)) * at->info_size;
	uint64_t state = kmd_log_number(space, desc + at->state, w);

	*damaged = false;
	if ((state & ~(UINT64_C(3) << shift)) != id ||
	    ((state >> shift) != COMMITTED && (state >> shift) != FINALIZED))
		return false;
	memset(record, 0, sizeof(*record));
	record->seq = kmd_log_number(space, info + at->seq, 8);
	record->time = kmd_log_number(space, info + at->ts, 8);
	record->length = (size_t)kmd_log_number(space, info + at->text_len, 2);
	if (at->has_caller)
		record->caller = (uint32_t)kmd_log_number(space, info + at->caller, 4);
	if (at->has_level) {
		record->facility = info[at->level];
		record->level = info[at->level + 1] >> 5;
	}
	record->text = "";
	*damaged = !find_text(space, ring, id, kmd_log_number(space, desc + at->blk + at->begin, w),
			      kmd_log_number(space, desc + at->blk + at->next, w), record);
	return !*damaged;
}

static enum kmd_status walk(const struct kmd_log_space *space, const struct ring *ring,
			    struct kmd_log *log)
{
	uint64_t mask = ~(UINT64_C(3) << (8 * ring->at.word - 2));
	uint64_t steps = (ring->head - ring->tail) & mask;
	enum kmd_status status = KMD_OK;
	struct kmd_log_record record;
	bool damaged;

	if (ring->at.word == 4)
		steps &= UINT32_MAX;
	if (steps >= ring->n)
		return fail_ring(space, "distance of head and tail");
	for (uint64_t i = 0; status == KMD_OK && i <= steps; i++) {
		uint64_t id = (ring->tail + i) & mask;

		if (ring->at.word == 4)
			id &= UINT32_MAX;
		if (read_record(space, ring, id, &damaged, &record))
			status = kmd_log_add(log, &record, space->diag);
		log->damaged += damaged;
	}
	return status;
}

bool kmd_log_read_ring(const struct kmd_log_space *space, struct kmd_log *log,
		       enum kmd_status *status)
{
	struct ring ring = { 0 };
	uint64_t prb, rb = 0;

	if (!space->info->text || !kmd_vmcoreinfo_hex(space->info, "SYMBOL(prb)", &prb) ||
	    !learn(space->info, &ring.at))
		return false;
	log->form = "ring buffer";
	*status = kmd_log_word(space, "prb", prb, (size_t)ring.at.word, &rb);
	if (*status == KMD_OK)
		*status = fetch_ring(space, rb, &ring);
	if (*status == KMD_OK)
		*status = walk(space, &ring, log);
	log->text = (char *)ring.data;
	free(ring.descs);
	free(ring.infos);
	return true;
}
