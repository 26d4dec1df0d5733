/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A log buffer without the variables that tell where it begins and ends, as KLOGBUF of
 * downstream kernels.  Heads that lead from one to the next are believed.
 */
#include "log/records.h"
#include "log/text.h"

#include "base/array.h"
#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

/* Fewer in a chain are chance. */
#define CHAIN_MIN       4

/* ----- struct printk_log */

#define RECORD_TEXT_MAX 1024 /* LOG_LINE_MAX, with some room */
#define RECORD_DICT_MAX 1024
#define RECORD_TIME_MAX (UINT64_C(1) << 58) /* nine years */

static void reverse(struct kmd_log_record *items, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		struct kmd_log_record record = items[i];

		items[i] = items[n - 1 - i];
		items[n - 1 - i] = record;
	}
}

/* Put the older part, from record @turn on, in front. */
static void turn_records(struct kmd_log *log, size_t turn)
{
	if (!turn)
		return;
	reverse(log->items, turn);
	reverse(log->items + turn, log->n - turn);
	reverse(log->items, log->n);
	for (size_t i = 0; i < log->n; i++)
		log->items[i].seq = i;
}

static uint64_t believable_record(const struct kmd_target *target,
				  const struct kmd_records_layout *at,
				  const struct kmd_span *buffer, uint64_t index,
				  struct kmd_log_record *record)
{
	const unsigned char *head = kmd_span_at(buffer, index, at->size);
	uint64_t len, text, dict;

	if (!head)
		return 0;
	len = kmd_log_number(target, head + at->len, 2);
	text = kmd_log_number(target, head + at->text_len, 2);
	dict = kmd_log_number(target, head + at->text_len + 2, 2);
	if (text > RECORD_TEXT_MAX || dict > RECORD_DICT_MAX || len % 4 ||
	    len < at->size + text + dict || len - at->size - text - dict > 7)
		return 0;
	if (kmd_record_at(target, at, buffer, index, record) != len || !len ||
	    record->time > RECORD_TIME_MAX || !kmd_text_is_printable(record->text, record->length))
		return 0;
	return len;
}

static uint64_t measure_chain(const struct kmd_target *target, const struct kmd_records_layout *at,
			      const struct kmd_span *buffer, uint64_t index)
{
	struct kmd_log_record record;
	uint64_t n = 0, len;

	while (n < CHAIN_MIN &&
	       (len = believable_record(target, at, buffer, index, &record)) != 0) {
		index += len;
		n++;
	}
	return n;
}

static enum kmd_status take_chains(const struct kmd_target *target,
				   const struct kmd_records_layout *at,
				   const struct kmd_span *buffer, struct kmd_log *log)
{
	enum kmd_status status = KMD_OK;
	struct kmd_log_record record;
	uint64_t index = 0, len;

	while (status == KMD_OK && index < buffer->size) {
		/* The first may be followed by the place where the newest ends. */
		if (index && measure_chain(target, at, buffer, index) < CHAIN_MIN) {
			index += 4;
			continue;
		}
		while (status == KMD_OK &&
		       (len = believable_record(target, at, buffer, index, &record)) != 0) {
			record.seq = log->n;
			status = kmd_log_add(log, &record, target->diag);
			index += len;
		}
	}
	return status;
}

enum kmd_status kmd_log_guess_records(const struct kmd_target *target, struct kmd_log *log,
				      size_t size)
{
	/* Without and with CONFIG_PRINTK_CALLER; the last where long long is aligned. */
	static const uint64_t sizes[] = { 16, 20, 24 };
	struct kmd_span_part part = { 0, size, 0 };
	struct kmd_span buffer = { (unsigned char *)log->text, &part, 1, 1, size };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct kmd_records_layout at = {
			.size = sizes[i],
			.len = 8,
			.text_len = 10,
			.level = 14,
			.caller = 16,
			.has_level = true,
			.has_caller = sizes[i] > 16,
		};
		enum kmd_status status;

		/* A record begins at 0 in any such buffer. */
		if (!measure_chain(target, &at, &buffer, 0))
			continue;
		status = take_chains(target, &at, &buffer, log);
		if (status != KMD_OK || log->n >= CHAIN_MIN) {
			turn_records(log, kmd_log_find_wrap(log));
			return status;
		}
		log->n = 0;
	}
	return KMD_OK;
}

/* ----- text blocks of the ring buffer */

#define BLOCK_TEXT_MAX 4096
#define BLOCK_ID_STEP  16 /* records without text have no block */

struct block {
	uint64_t at;
	int64_t id;              /* the first ids are below 0 */
	uint32_t before, behind; /* how many lead here, and on from here */
};

struct blocks {
	struct block *items;
	size_t n, cap;
};

static bool believable_id(uint64_t value, size_t word, int64_t *id)
{
	unsigned int bits = (unsigned int)(8 * word - 2);
	int64_t limit = word == 8 ? INT64_C(1) << 40 : INT64_C(1) << 22;

	if (!value || value >> bits)
		return false;
	*id = (int64_t)(value << (64 - bits)) >> (64 - bits);
	return *id<limit && * id> - limit;
}

static enum kmd_status find_blocks(const struct kmd_target *target, const struct kmd_log *log,
				   size_t size, size_t word, struct blocks *blocks)
{
	for (size_t at = 0; size - at >= word; at += word) {
		struct block block = { .at = at };
		uint64_t value = kmd_log_number(target, (unsigned char *)log->text + at, word);

		if (!believable_id(value, word, &block.id))
			continue;
		if (!KMD_ARRAY_RESERVE(blocks->items, blocks->n, blocks->cap))
			return kmd_fail_memory(target->diag);
		blocks->items[blocks->n++] = block;
	}
	return KMD_OK;
}

/* The block that has the next id, near behind block @i; @n if there is none. */
static size_t find_follower(const struct blocks *blocks, size_t i)
{
	const struct block *block = &blocks->items[i];

	for (size_t j = i + 1; j < blocks->n && j - i <= BLOCK_ID_STEP; j++) {
		const struct block *next = &blocks->items[j];

		if (next->at - block->at > BLOCK_TEXT_MAX)
			break;
		if (next->id > block->id && next->id - block->id <= BLOCK_ID_STEP)
			return j;
	}
	return blocks->n;
}

/* Small numbers are found anywhere; only long chains of them are kept. */
static void keep_chains(struct blocks *blocks)
{
	size_t kept = 0;

	for (size_t i = blocks->n; i--;) {
		size_t next = find_follower(blocks, i);

		if (next < blocks->n)
			blocks->items[i].behind = blocks->items[next].behind + 1;
	}
	for (size_t i = 0; i < blocks->n; i++) {
		size_t next = find_follower(blocks, i);

		if (next < blocks->n && blocks->items[next].before <= blocks->items[i].before)
			blocks->items[next].before = blocks->items[i].before + 1;
	}
	for (size_t i = 0; i < blocks->n; i++)
		if (blocks->items[i].before + blocks->items[i].behind + 1 >= CHAIN_MIN)
			blocks->items[kept++] = blocks->items[i];
	blocks->n = kept;
}

/*
 * The text that printk() has left in a block, whose length only the info knows.  It wrote level
 * and text and a NUL, then moved the text over the level: so its last two bytes are there twice.
 * Not where the level came by another way, as with dev_info(): there "0000" loses two.
 */
static size_t measure_text(const char *text, size_t most)
{
	size_t length = 0;

	while (length < most && (text[length] == '\n' || kmd_text_is_printable(text + length, 1)))
		length++;
	if (length && text[length - 1] == '\n')
		length--;
	if (length >= 4 && !memcmp(text + length - 2, text + length - 4, 2))
		length -= 2;
	return length;
}

static int by_id(const void *a, const void *b)
{
	const struct kmd_log_record *left = a, *right = b;
	int64_t x = (int64_t)left->seq, y = (int64_t)right->seq;

	return (x > y) - (x < y);
}

static enum kmd_status take_blocks(const struct kmd_target *target, struct blocks *blocks,
				   size_t size, size_t word, struct kmd_log *log)
{
	enum kmd_status status = KMD_OK;

	/* Each ends where the next one begins. */
	for (size_t i = 0; status == KMD_OK && i < blocks->n; i++) {
		uint64_t at = blocks->items[i].at + word;
		uint64_t end = i + 1 < blocks->n ? blocks->items[i + 1].at : size;
		struct kmd_log_record record = {
			.seq = (uint64_t)blocks->items[i].id,
			.text = log->text + at,
		};

		end = kmd_min_u64(end, at + BLOCK_TEXT_MAX);
		/* A block that did not fit in front of the end left its id there. */
		if (end < at || (i && blocks->items[i].id == blocks->items[0].id))
			continue;
		record.length = measure_text(record.text, (size_t)(end - at));
		status = kmd_log_add(log, &record, target->diag);
	}
	if (log->n)
		qsort(log->items, log->n, sizeof(*log->items), by_id);
	for (size_t i = 0; i < log->n; i++)
		log->items[i].seq = i;
	return status;
}

enum kmd_status kmd_log_guess_blocks(const struct kmd_target *target, struct kmd_log *log,
				     size_t size)
{
	enum kmd_status status = KMD_OK;

	for (size_t word = 8; status == KMD_OK && word >= 4 && !log->n; word -= 4) {
		struct blocks blocks = { 0 };

		status = find_blocks(target, log, size, word, &blocks);
		keep_chains(&blocks);
		if (status == KMD_OK)
			status = take_blocks(target, &blocks, size, word, log);
		free(blocks.items);
	}
	return status;
}
