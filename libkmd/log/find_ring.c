/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Where the ring buffer is: by VMCOREINFO's offsets from the variable prb on, or by the
 * names under which its arrays were registered.
 */
#include "log/ring.h"

#include "base/checked.h"

#include <stdio.h>
#include <string.h>

/* log_buf_len= ends at 2 GiB. */
#define BITS_MAX   31
#define STRUCT_MAX 1024
/* struct printk_info of 5.10; it has grown to 112 bytes. */
#define INFO_MIN   88

/* struct printk_ringbuffer with the structures in it. */
struct heads {
	uint64_t size, desc_ring, text_ring;
	uint64_t count_bits, descs, infos, head_id, tail_id;
	uint64_t size_bits, data;
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

static bool learn_heads(const struct kmd_vmcoreinfo *info, uint64_t counter, struct heads *at)
{
	if (!size_of(info, "printk_ringbuffer", &at->size) ||
	    !offset(info, "printk_ringbuffer.desc_ring", &at->desc_ring) ||
	    !offset(info, "printk_ringbuffer.text_data_ring", &at->text_ring) ||
	    !offset(info, "prb_desc_ring.count_bits", &at->count_bits) ||
	    !offset(info, "prb_desc_ring.descs", &at->descs) ||
	    !offset(info, "prb_desc_ring.infos", &at->infos) ||
	    !offset(info, "prb_desc_ring.head_id", &at->head_id) ||
	    !offset(info, "prb_desc_ring.tail_id", &at->tail_id) ||
	    !offset(info, "prb_data_ring.size_bits", &at->size_bits) ||
	    !offset(info, "prb_data_ring.data", &at->data))
		return false;
	at->count_bits += at->desc_ring;
	at->descs += at->desc_ring;
	at->infos += at->desc_ring;
	at->head_id += at->desc_ring + counter;
	at->tail_id += at->desc_ring + counter;
	at->size_bits += at->text_ring;
	at->data += at->text_ring;
	return true;
}

static bool learn_records(const struct kmd_vmcoreinfo *info, uint64_t counter,
			  struct kmd_ring_layout *at)
{
	uint64_t block;

	if (!size_of(info, "prb_desc", &at->desc_size) ||
	    !offset(info, "prb_desc.state_var", &at->state) ||
	    !offset(info, "prb_desc.text_blk_lpos", &block) ||
	    !offset(info, "prb_data_blk_lpos.begin", &at->begin) ||
	    !offset(info, "prb_data_blk_lpos.next", &at->next) ||
	    !size_of(info, "printk_info", &at->info_size) ||
	    !offset(info, "printk_info.seq", &at->seq) ||
	    !offset(info, "printk_info.ts_nsec", &at->ts) ||
	    !offset(info, "printk_info.text_len", &at->text_len))
		return false;
	/* Two longs, one behind the other: nothing else tells the size of one. */
	at->word = at->next - at->begin;
	at->state += counter;
	at->begin += block;
	at->next += block;
	return at->word == 4 || at->word == 8;
}

/* Every field lies inside its structure, so that no index can leave an array. */
static bool heads_fit(const struct heads *at, uint64_t w)
{
	return at->count_bits + 4 <= at->size && at->size_bits + 4 <= at->size &&
	       at->descs + w <= at->size && at->infos + w <= at->size &&
	       at->head_id + w <= at->size && at->tail_id + w <= at->size &&
	       at->data + w <= at->size;
}

static bool records_fit(const struct kmd_ring_layout *at)
{
	return at->state + at->word <= at->desc_size && at->begin + at->word <= at->desc_size &&
	       at->next + at->word <= at->desc_size && at->seq + 8 <= at->info_size &&
	       at->ts + 8 <= at->info_size && at->text_len + 2 <= at->info_size;
}

/* What VMCOREINFO does not tell: facility (u8), flags:5 and level:3 follow text_len. */
static void learn_level(struct kmd_ring_layout *at)
{
	at->level = at->text_len + 2;
	at->has_level = at->level + 2 <= at->info_size;
}

static bool learn(const struct kmd_vmcoreinfo *info, struct heads *heads,
		  struct kmd_ring_layout *at)
{
	uint64_t counter = 0;

	memset(at, 0, sizeof(*at));
	offset(info, "atomic_long_t.counter", &counter);
	if (counter >= STRUCT_MAX || !learn_heads(info, counter, heads) ||
	    !learn_records(info, counter, at))
		return false;
	at->has_caller = offset(info, "printk_info.caller_id", &at->caller) &&
			 at->caller + 4 <= at->info_size;
	learn_level(at);
	return heads_fit(heads, at->word) && records_fit(at);
}

static enum kmd_status fetch(const struct kmd_target *target, const char *what, uint64_t virt,
			     uint64_t size, struct kmd_span *span)
{
	enum kmd_status status =
		kmd_span_read(span, target->views, target->memory, virt, size, target->diag);

	if (status == KMD_OK && !span->n)
		return kmd_log_absent(target, what, virt);
	return status;
}

static enum kmd_status fail_ring(const struct kmd_target *target, const char *what)
{
	return kmd_fail(target->diag, KMD_ERR_DAMAGED, kmd_in(NULL),
			"the kernel log cannot be read: the %s of its ring buffer is impossible",
			what);
}

static enum kmd_status fetch_ring(const struct kmd_target *target, const struct heads *at,
				  const unsigned char *rb, struct kmd_ring *ring)
{
	uint64_t count_bits = kmd_log_number(target, rb + at->count_bits, 4);
	uint64_t size_bits = kmd_log_number(target, rb + at->size_bits, 4);
	size_t w = (size_t)ring->at.word;
	enum kmd_status status;

	if (!count_bits || count_bits > BITS_MAX)
		return fail_ring(target, "number of descriptors");
	if (!size_bits || size_bits > BITS_MAX)
		return fail_ring(target, "size of the text");
	ring->n = UINT64_C(1) << count_bits;
	ring->text_size = UINT64_C(1) << size_bits;
	status = fetch(target, "its descriptors", kmd_log_number(target, rb + at->descs, w),
		       ring->n * ring->at.desc_size, &ring->descs);
	if (status == KMD_OK)
		status = fetch(target, "its infos", kmd_log_number(target, rb + at->infos, w),
			       ring->n * ring->at.info_size, &ring->infos);
	if (status == KMD_OK)
		status = fetch(target, "its text", kmd_log_number(target, rb + at->data, w),
			       ring->text_size, &ring->text);
	return status;
}

static enum kmd_status read_ring(const struct kmd_target *target, const struct heads *at,
				 uint64_t prb, struct kmd_ring *ring, struct kmd_log *log)
{
	unsigned char rb[STRUCT_MAX];
	size_t w = (size_t)ring->at.word;
	uint64_t virt;
	enum kmd_status status = kmd_log_word(target, "prb", prb, w, &virt);

	if (status == KMD_OK)
		status = kmd_log_fetch(target, "what prb points to", virt, rb, at->size);
	if (status == KMD_OK)
		status = fetch_ring(target, at, rb, ring);
	if (status == KMD_OK)
		status = kmd_ring_walk(target, ring, kmd_log_number(target, rb + at->tail_id, w),
				       kmd_log_number(target, rb + at->head_id, w), log);
	return status;
}

bool kmd_log_read_ring(const struct kmd_target *target, struct kmd_log *log,
		       enum kmd_status *status)
{
	struct kmd_ring ring;
	struct heads heads;
	uint64_t prb;

	memset(&ring, 0, sizeof(ring));
	if (!target->info->text || !kmd_vmcoreinfo_hex(target->info, "SYMBOL(prb)", &prb) ||
	    !learn(target->info, &heads, &ring.at))
		return false;
	log->form = "ring buffer";
	*status = read_ring(target, &heads, prb, &ring, log);
	kmd_ring_finish(&ring, log);
	return true;
}

/* --- without VMCOREINFO */

/* Names of the three arrays, as downstream kernels register them, then as kmemdump does. */
static const char *const array_names[][3] = {
	{ "LOG_DESC", "LOG_INFO", "KLOGBUF" },
	{ "prb_desc", "prb_info", "prb_data" },
};

static const struct kmd_region_entry *find_row(const struct kmd_regions *regions, const char *name)
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
static bool guess(const struct kmd_region *descs, const struct kmd_region *infos,
		  const struct kmd_region *text, uint64_t word, struct kmd_ring *ring)
{
	struct kmd_ring_layout *at = &ring->at;

	*at = (struct kmd_ring_layout){
		.word = word,
		.desc_size = 3 * word,
		.begin = word,
		.next = 2 * word,
		.ts = 8,
		.text_len = 16,
		.caller = 20,
		.has_caller = true,
	};
	ring->n = descs->size / at->desc_size;
	ring->text_size = text->size;
	if (descs->size % at->desc_size || !kmd_is_pow2(ring->n) || !kmd_is_pow2(text->size) ||
	    ring->n < 2 || text->size > KMD_SPAN_MAX || infos->size % ring->n)
		return false;
	at->info_size = infos->size / ring->n;
	learn_level(at);
	/* Taken for words of another size, infos would be half or twice as long. */
	return at->info_size >= INFO_MIN && at->info_size < 2 * INFO_MIN;
}

static enum kmd_status read_rows(const struct kmd_target *target,
				 const struct kmd_region_entry *const *rows, struct kmd_ring *ring,
				 struct kmd_log *log)
{
	enum kmd_status status = kmd_span_read_row(&ring->descs, rows[0], target->diag);

	if (status == KMD_OK)
		status = kmd_span_read_row(&ring->infos, rows[1], target->diag);
	if (status == KMD_OK)
		status = kmd_span_read_row(&ring->text, rows[2], target->diag);
	if (status == KMD_OK)
		status = kmd_ring_gather(target, ring, log);
	return status;
}

bool kmd_log_read_ring_rows(const struct kmd_target *target, struct kmd_log *log,
			    enum kmd_status *status)
{
	struct kmd_ring ring;

	for (size_t i = 0; i < sizeof(array_names) / sizeof(array_names[0]); i++) {
		const struct kmd_region_entry *rows[3];

		for (size_t j = 0; j < 3; j++)
			rows[j] = find_row(target->memory->regions, array_names[i][j]);
		memset(&ring, 0, sizeof(ring));
		if (!rows[0] || !rows[1] || !rows[2] ||
		    (!guess(&rows[0]->pub, &rows[1]->pub, &rows[2]->pub, 8, &ring) &&
		     !guess(&rows[0]->pub, &rows[1]->pub, &rows[2]->pub, 4, &ring)))
			continue;
		log->form = "registered arrays of the ring buffer";
		*status = read_rows(target, rows, &ring, log);
		kmd_ring_finish(&ring, log);
		if (log->n || *status != KMD_OK)
			return true;
		kmd_log_deinit(log);
	}
	return false;
}
