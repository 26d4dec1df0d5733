/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The ring buffer of Linux 5.10 and later.  A record is a descriptor, an info of the same
 * index, and a block of text that begins with the descriptor's id.  Id and state of a
 * descriptor share one variable.
 *
 * 1. learn_layout() takes sizes and offsets of the structures from VMCOREINFO.
 * 2. read_ring() follows the variable prb to struct printk_ringbuffer, and reads its arrays.
 * 3. walk() goes from the tail id to the head id, as the kernel does.
 * 4. read_record() takes a descriptor, its info and its block, if all three have one id.
 *
 * Where VMCOREINFO is missing, regions may hold the arrays.  guess_layout() derives the sizes
 * from those of the regions, and gather() sorts the records of all descriptors.
 */
#include "log/forms.h"

#include "base/checked.h"

#include <string.h>

/* log_buf_len= ends at 2 GiB. */
#define BITS_MAX   31
#define STRUCT_MAX 1024
/* struct printk_info of 5.10; it has grown to 112 bytes. */
#define INFO_MIN   88
/* Both ends of the block of a record that is an empty line; it has no text. */
#define EMPTY_LINE 3
/* The bits that ids of all kernels have in common. */
#define SEQ_MASK   ((UINT64_C(1) << 30) - 1)

/* Offsets are from the start of printk_ringbuffer, prb_desc and printk_info. */
struct layout {
	uint64_t word; /* size of long: 4 or 8 */
	uint64_t rb_size, desc_ring, text_ring;
	uint64_t count_bits, descs, infos, head_id, tail_id, size_bits, data;
	uint64_t desc_size, state, block, begin, next;
	uint64_t info_size, seq, ts, text_len, caller;
	bool has_caller;
};

enum { DESCS, INFOS, TEXT, N_ARRAYS };

struct ring {
	struct layout at;
	uint64_t n;                               /* descriptors, a power of 2 */
	struct kmd_target_array arrays[N_ARRAYS]; /* size of the text: a power of 2 */
};

/* States of a descriptor, in the two highest bits of its state variable. */
enum state { RESERVED, COMMITTED, FINALIZED, REUSABLE };

/* What reading a descriptor results in. */
enum outcome { VALID, REUSED, DAMAGED };

/* ----- one record */

static unsigned int state_shift(const struct ring *ring)
{
	return (unsigned int)(8 * ring->at.word - 2);
}

/* Ids count modulo this mask plus 1. */
static uint64_t id_mask(const struct ring *ring)
{
	return (UINT64_C(1) << state_shift(ring)) - 1;
}

/*
 * Where the block of @begin to @next has its text, as offset and size of the ring.  A block
 * that would cross the end of the ring lies at its start instead.  Since 6.18 one that ends
 * exactly there does not count as crossing; before, it went to the start as well.
 */
static bool place_block(const struct ring *ring, uint64_t begin, uint64_t next, uint64_t *at,
			uint64_t *size)
{
	uint64_t w = ring->at.word, ring_size = ring->arrays[TEXT].size, mask = ring_size - 1;
	uint64_t all = w == 4 ? UINT32_MAX : UINT64_MAX;
	uint64_t length = (next - begin) & all;

	if (begin % w || next % w)
		return false;
	*at = begin & mask;
	*size = length;
	if (*at + length > ring_size) {
		/* The rest before the ring's end was not used: it was too small. */
		*size = next & mask;
		if (length - *size != ring_size - *at || *size < ring_size - *at)
			return false;
		*at = 0;
	}
	return *size >= w && *size <= ring_size;
}

static bool read_text(const struct kmd_target *target, const struct ring *ring, uint64_t id,
		      const unsigned char *desc, struct kmd_log_record *record)
{
	uint64_t w = ring->at.word, at, size;
	uint64_t begin = kmd_log_number(target, desc + ring->at.begin, w);
	uint64_t next = kmd_log_number(target, desc + ring->at.next, w);
	const unsigned char *block;

	if ((begin & 1) && (next & 1)) {
		/* Any other pair means that there was no room for the text. */
		record->length = 0;
		return begin == EMPTY_LINE && next == EMPTY_LINE;
	}
	if (!place_block(ring, begin, next, &at, &size))
		return false;
	record->length = (size_t)kmd_min_u64(record->length, size - w);
	block = kmd_target_array_at(&ring->arrays[TEXT], at, w + record->length);
	/* Another id: a newer record was written over this one. */
	if (!block || kmd_log_number(target, block, w) != id)
		return false;
	record->text = (const char *)block + w;
	return true;
}

static bool read_info(const struct kmd_target *target, const struct ring *ring, uint64_t id,
		      struct kmd_log_record *record)
{
	const struct layout *at = &ring->at;
	const unsigned char *info = kmd_target_array_at(
		&ring->arrays[INFOS], (id & (ring->n - 1)) * at->info_size, at->info_size);

	if (!info)
		return false;
	*record = (struct kmd_log_record){
		.seq = kmd_log_number(target, info + at->seq, 8),
		.time = kmd_log_number(target, info + at->ts, 8),
		.has_time = true,
		.has_caller = at->has_caller,
		.text = "",
		.length = (size_t)kmd_log_number(target, info + at->text_len, 2),
	};
	if (at->has_caller)
		record->caller = (uint32_t)kmd_log_number(target, info + at->caller, 4);
	/* VMCOREINFO does not have them: facility and level follow text_len. */
	if (at->text_len + 4 <= at->info_size)
		kmd_log_set_level(target, info + at->text_len + 2, record);
	/*
	 * Ids and sequence numbers go up in step.  The first id is the number of descriptors
	 * below 0: with older kernels (6.12 still) below 0 of 32 bits also where ids have 62.
	 */
	return !((id + ring->n - record->seq) & SEQ_MASK);
}

/* NULL if it was not captured as a whole. */
static const unsigned char *desc_at(const struct ring *ring, uint64_t index)
{
	uint64_t size = ring->at.desc_size;

	return kmd_target_array_at(&ring->arrays[DESCS], index * size, size);
}

static enum outcome read_record(const struct kmd_target *target, const struct ring *ring,
				const unsigned char *desc, uint64_t id,
				struct kmd_log_record *record)
{
	uint64_t state = desc ? kmd_log_number(target, desc + ring->at.state, ring->at.word) : 0;

	/* Another id, or still being written: lost to a reader, as to the kernel's own. */
	if (!desc || (state & id_mask(ring)) != id || state >> state_shift(ring) == RESERVED)
		return DAMAGED;
	if (state >> state_shift(ring) == REUSABLE)
		return REUSED;
	return read_info(target, ring, id, record) && read_text(target, ring, id, desc, record)
		       ? VALID
		       : DAMAGED;
}

/* ----- all records */

/* Records between two ids, as the kernel walks. */
static enum kmd_status walk(const struct kmd_target *target, const struct ring *ring, uint64_t tail,
			    uint64_t head, struct kmd_log *log)
{
	uint64_t left = ((head - tail) & id_mask(ring)) + 1;
	enum kmd_status status = KMD_OK;
	struct kmd_log_record record;

	if (left > ring->n)
		return kmd_fail(target->diag, KMD_ERR_DAMAGED, kmd_in(NULL),
				"the kernel log cannot be read: head and tail of its ring buffer "
				"are too far apart");
	for (uint64_t id = tail; status == KMD_OK && left; left--, id++) {
		const unsigned char *desc = desc_at(ring, id & (ring->n - 1));
		enum outcome outcome = read_record(target, ring, desc, id & id_mask(ring), &record);

		if (outcome == VALID)
			status = kmd_log_add(log, &record, target->diag);
		log->damaged += outcome == DAMAGED;
	}
	return status;
}

/* All records that there are, where head and tail are not known. */
static enum kmd_status gather(const struct kmd_target *target, const struct ring *ring,
			      struct kmd_log *log)
{
	enum kmd_status status = KMD_OK;
	struct kmd_log_record record;

	for (uint64_t index = 0; status == KMD_OK && index < ring->n; index++) {
		const unsigned char *desc = desc_at(ring, index);
		uint64_t state =
			desc ? kmd_log_number(target, desc + ring->at.state, ring->at.word) : 0;
		enum outcome outcome;

		/* A descriptor of zeroes was never used. */
		if (!state)
			continue;
		outcome = read_record(target, ring, desc, state & id_mask(ring), &record);
		if (outcome == VALID && (state & (ring->n - 1)) == index)
			status = kmd_log_add(log, &record, target->diag);
		else if (outcome != REUSED)
			log->damaged++;
	}
	kmd_log_sort(log);
	return status;
}

/* Give the text to @log, whose records point into it, and release the arrays. */
static void finish(struct ring *ring, struct kmd_log *log)
{
	kmd_log_take_text(log, &ring->arrays[TEXT]);
	kmd_target_array_deinit(&ring->arrays[DESCS]);
	kmd_target_array_deinit(&ring->arrays[INFOS]);
}

/* ----- by VMCOREINFO */

static bool number_of(const struct kmd_vmcoreinfo *info, const char *key, uint64_t *to)
{
	return kmd_vmcoreinfo_number(info, key, to) && *to <= STRUCT_MAX;
}

/* Every field lies inside its structure, so that no index can leave an array. */
static bool fields_fit(const struct layout *at)
{
	uint64_t w = at->word, rb = at->rb_size, desc = at->desc_size, info = at->info_size;

	return at->count_bits + 4 <= rb && at->size_bits + 4 <= rb && at->descs + w <= rb &&
	       at->infos + w <= rb && at->head_id + w <= rb && at->tail_id + w <= rb &&
	       at->data + w <= rb && at->state + w <= desc && at->begin + w <= desc &&
	       at->next + w <= desc && at->seq + 8 <= info && at->ts + 8 <= info &&
	       at->text_len + 2 <= info;
}

static bool learn_layout(const struct kmd_vmcoreinfo *info, struct layout *at)
{
	const struct {
		const char *key;
		uint64_t *to;
	} keys[] = {
		{ "SIZE(printk_ringbuffer)", &at->rb_size },
		{ "OFFSET(printk_ringbuffer.desc_ring)", &at->desc_ring },
		{ "OFFSET(printk_ringbuffer.text_data_ring)", &at->text_ring },
		{ "OFFSET(prb_desc_ring.count_bits)", &at->count_bits },
		{ "OFFSET(prb_desc_ring.descs)", &at->descs },
		{ "OFFSET(prb_desc_ring.infos)", &at->infos },
		{ "OFFSET(prb_desc_ring.head_id)", &at->head_id },
		{ "OFFSET(prb_desc_ring.tail_id)", &at->tail_id },
		{ "OFFSET(prb_data_ring.size_bits)", &at->size_bits },
		{ "OFFSET(prb_data_ring.data)", &at->data },
		{ "SIZE(prb_desc)", &at->desc_size },
		{ "OFFSET(prb_desc.state_var)", &at->state },
		{ "OFFSET(prb_desc.text_blk_lpos)", &at->block },
		{ "OFFSET(prb_data_blk_lpos.begin)", &at->begin },
		{ "OFFSET(prb_data_blk_lpos.next)", &at->next },
		{ "SIZE(printk_info)", &at->info_size },
		{ "OFFSET(printk_info.seq)", &at->seq },
		{ "OFFSET(printk_info.ts_nsec)", &at->ts },
		{ "OFFSET(printk_info.text_len)", &at->text_len },
	};
	uint64_t counter = 0;

	memset(at, 0, sizeof(*at));
	if (!info->text)
		return false;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!number_of(info, keys[i].key, keys[i].to))
			return false;
	/* Two longs in sequence: no other key has the size of one. */
	at->word = at->next - at->begin;
	number_of(info, "OFFSET(atomic_long_t.counter)", &counter);
	if ((at->word != 4 && at->word != 8) || counter > STRUCT_MAX)
		return false;
	at->count_bits += at->desc_ring;
	at->descs += at->desc_ring;
	at->infos += at->desc_ring;
	at->head_id += at->desc_ring + counter;
	at->tail_id += at->desc_ring + counter;
	at->size_bits += at->text_ring;
	at->data += at->text_ring;
	at->state += counter;
	at->begin += at->block;
	at->next += at->block;
	at->has_caller = number_of(info, "OFFSET(printk_info.caller_id)", &at->caller) &&
			 at->caller + 4 <= at->info_size;
	return fields_fit(at);
}

/* Where struct printk_ringbuffer, at @rb, has the arrays; else which member is impossible. */
static const char *find_arrays(const struct kmd_target *target, const unsigned char *rb,
			       struct ring *ring, struct kmd_log_extent arrays[N_ARRAYS])
{
	const struct layout *at = &ring->at;
	uint64_t count_bits = kmd_log_number(target, rb + at->count_bits, 4);
	uint64_t size_bits = kmd_log_number(target, rb + at->size_bits, 4);
	uint64_t w = at->word;

	if (!count_bits || count_bits > BITS_MAX)
		return "number of descriptors";
	if (!size_bits || size_bits > BITS_MAX)
		return "size of the text";
	ring->n = UINT64_C(1) << count_bits;
	arrays[DESCS] = (struct kmd_log_extent){ "the log's descriptors",
						 kmd_log_number(target, rb + at->descs, w),
						 ring->n * at->desc_size };
	arrays[INFOS] = (struct kmd_log_extent){ "the log's infos",
						 kmd_log_number(target, rb + at->infos, w),
						 ring->n * at->info_size };
	arrays[TEXT] =
		(struct kmd_log_extent){ "the log's text", kmd_log_number(target, rb + at->data, w),
					 UINT64_C(1) << size_bits };
	return NULL;
}

static enum kmd_status read_ring(const struct kmd_target *target, uint64_t prb, struct ring *ring,
				 struct kmd_log *log)
{
	struct kmd_log_extent arrays[N_ARRAYS];
	const struct layout *at = &ring->at;
	unsigned char rb[STRUCT_MAX];
	const char *impossible;
	uint64_t virt;
	enum kmd_status status = kmd_log_read_number(target, "prb", prb, at->word, &virt);

	if (status == KMD_OK)
		status = kmd_log_read_memory(target, "printk_ringbuffer", virt, rb, at->rb_size);
	if (status != KMD_OK)
		return status;
	impossible = find_arrays(target, rb, ring, arrays);
	if (impossible)
		return kmd_fail(target->diag, KMD_ERR_DAMAGED, kmd_in(NULL),
				"the kernel log cannot be read: the %s of its ring buffer is "
				"impossible",
				impossible);
	for (size_t i = 0; status == KMD_OK && i < N_ARRAYS; i++)
		status = kmd_log_read_array(target, arrays[i].what, arrays[i].virt, arrays[i].size,
					    &ring->arrays[i]);
	if (status != KMD_OK)
		return status;
	return walk(target, ring, kmd_log_number(target, rb + at->tail_id, at->word),
		    kmd_log_number(target, rb + at->head_id, at->word), log);
}

bool kmd_log_read_ring(const struct kmd_target *target, struct kmd_log *log,
		       enum kmd_status *status)
{
	struct ring ring = { 0 };
	uint64_t prb;

	if (!learn_layout(target->info, &ring.at) ||
	    !kmd_vmcoreinfo_hex(target->info, "SYMBOL(prb)", &prb))
		return false;
	log->form = "ring buffer";
	*status = read_ring(target, prb, &ring, log);
	finish(&ring, log);
	return true;
}

bool kmd_log_ring_extents(const struct kmd_target *target, enum kmd_xlate mode,
			  struct kmd_log_extents *extents)
{
	unsigned char rb[STRUCT_MAX];
	struct ring ring = { 0 };
	bool known = learn_layout(target->info, &ring.at);
	uint64_t prb, virt, word = known ? ring.at.word : 8;

	memset(extents, 0, sizeof(*extents));
	if (!kmd_target_symbol(target, "prb", &prb, NULL))
		return false;
	extents->items[extents->n++] = (struct kmd_log_extent){ "prb", prb, word };
	if (!kmd_target_read_uint(target, mode, prb, (size_t)word, &virt))
		return true;
	extents->items[extents->n++] = (struct kmd_log_extent){ "printk_ringbuffer", virt,
								known ? ring.at.rb_size : word };
	if (known && kmd_target_read(target, mode, virt, rb, ring.at.rb_size) &&
	    !find_arrays(target, rb, &ring, &extents->items[extents->n])) {
		extents->n += N_ARRAYS;
		extents->complete = true;
	}
	return true;
}

/* ----- by the names of regions */

/* Names of the three arrays, as downstream kernels register them, then as kmemdump does. */
static const char *const array_names[][N_ARRAYS] = {
	{ "LOG_DESC", "LOG_INFO", "KLOGBUF" },
	{ "prb_desc", "prb_info", "prb_data" },
};

static const struct kmd_region_entry *find_region(const struct kmd_regions *regions,
						  const char *name)
{
	for (size_t i = 0; i < regions->n; i++)
		if (regions->rows[i].has_bytes && regions->rows[i].pub.captured &&
		    strstr(regions->rows[i].pub.name, name))
			return &regions->rows[i];
	return NULL;
}

/*
 * The layout since 5.10, in words of @word bytes: state, begin, next; and an info that has
 * grown at its end only.  False if regions of these sizes are no such arrays.
 */
static bool guess_layout(const struct kmd_region_entry *const regions[N_ARRAYS], uint64_t word,
			 struct ring *ring)
{
	uint64_t descs = regions[DESCS]->pub.size, infos = regions[INFOS]->pub.size;
	uint64_t text = regions[TEXT]->pub.size;
	struct layout *at = &ring->at;

	*ring = (struct ring){
		.at = { .word = word,
			.desc_size = 3 * word,
			.begin = word,
			.next = 2 * word,
			.ts = 8,
			.text_len = 16,
			.caller = 20,
			.has_caller = true },
		.n = descs / (3 * word),
	};
	if (descs % at->desc_size || !kmd_is_pow2(ring->n) || !kmd_is_pow2(text) || ring->n < 2 ||
	    text > KMD_LOG_BUFFER_MAX || infos % ring->n)
		return false;
	at->info_size = infos / ring->n;
	/* Read with the wrong size of a word, infos would be half or twice as long. */
	return at->info_size >= INFO_MIN && at->info_size < 2 * INFO_MIN;
}

bool kmd_log_read_ring_regions(const struct kmd_target *target, struct kmd_log *log,
			       enum kmd_status *status)
{
	for (size_t i = 0; i < sizeof(array_names) / sizeof(array_names[0]); i++) {
		const struct kmd_region_entry *regions[N_ARRAYS];
		struct ring ring;

		for (size_t j = 0; j < N_ARRAYS; j++)
			regions[j] = find_region(target->memory->regions, array_names[i][j]);
		if (!regions[DESCS] || !regions[INFOS] || !regions[TEXT] ||
		    (!guess_layout(regions, 8, &ring) && !guess_layout(regions, 4, &ring)))
			continue;
		log->form = "registered arrays of the ring buffer";
		*status = KMD_OK;
		for (size_t j = 0; *status == KMD_OK && j < N_ARRAYS; j++)
			*status = kmd_target_array_read_region(
				regions[j], kmd_min_u64(regions[j]->pub.size, KMD_LOG_BUFFER_MAX),
				target->diag, &ring.arrays[j]);
		if (*status == KMD_OK)
			*status = gather(target, &ring, log);
		finish(&ring, log);
		if (log->n || *status != KMD_OK)
			return true;
		kmd_log_deinit(log);
	}
	return false;
}
