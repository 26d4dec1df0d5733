/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A log of which only the text is known, and which is no zone of pstore (pstore.c):
 *
 * - lines, as a console shows them (split_line());
 * - text blocks of a ring buffer, each with its id in front.  find_blocks() takes all numbers
 *   that may be ids, drop_short_chains() keeps those that count up, take_blocks() their text.
 */
#include "log/forms.h"

#include "base/array.h"
#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

#define SECONDS_MAX (UINT64_C(1) << 33)
/* Many times what a log of the usual size has; a region of newlines must not fill the memory. */
#define LINES_MAX   (UINT64_C(1) << 20)

/* ----- lines */

struct rest {
	const char *at, *end;
};

static bool skip(struct rest *rest, char c)
{
	if (rest->at == rest->end || *rest->at != c)
		return false;
	rest->at++;
	return true;
}

/* A bracket and blanks. */
static bool skip_bracket(struct rest *rest)
{
	if (!skip(rest, '['))
		return false;
	while (skip(rest, ' '))
		;
	return true;
}

/* How many decimal digits there are. */
static size_t digits(struct rest *rest, uint64_t *value)
{
	const char *start = rest->at;

	*value = 0;
	for (; rest->at < rest->end && *rest->at >= '0' && *rest->at <= '9'; rest->at++)
		if (*value < SECONDS_MAX)
			*value = *value * 10 + (uint64_t)(*rest->at - '0');
	return (size_t)(rest->at - start);
}

/* "<30>": level and facility, as for syslog(3). */
static void parse_level(struct rest *rest, struct kmd_log_record *record)
{
	struct rest r = *rest;
	uint64_t value;

	if (!skip(&r, '<') || !digits(&r, &value) || value > 1023 || !skip(&r, '>'))
		return;
	record->level = value & 7;
	record->facility = (uint8_t)(value >> 3);
	*rest = r;
}

/* "[    1.234567]" */
static void parse_time(struct rest *rest, struct kmd_log_record *record)
{
	uint64_t seconds, micro;
	struct rest r = *rest;

	if (!skip_bracket(&r) || !digits(&r, &seconds) || seconds >= SECONDS_MAX ||
	    !skip(&r, '.') || digits(&r, &micro) != 6 || !skip(&r, ']'))
		return;
	record->time = (seconds * 1000000 + micro) * 1000;
	record->has_time = true;
	*rest = r;
}

/* "[    T1]" or "[    C0]" */
static void parse_caller(struct rest *rest, struct kmd_log_record *record)
{
	struct rest r = *rest;
	uint64_t value;
	bool cpu;

	if (!skip_bracket(&r))
		return;
	cpu = skip(&r, 'C');
	if ((!cpu && !skip(&r, 'T')) || !digits(&r, &value) || value > INT32_MAX || !skip(&r, ']'))
		return;
	record->caller = (uint32_t)value | (cpu ? UINT32_C(1) << 31 : 0);
	record->has_caller = true;
	*rest = r;
}

static void split_line(struct kmd_log_record *record)
{
	struct rest rest = { record->text, record->text + record->length };

	parse_level(&rest, record);
	parse_time(&rest, record);
	if (record->has_time) {
		parse_caller(&rest, record);
		skip(&rest, ' ');
	}
	record->text = rest.at;
	record->length = (size_t)(rest.end - rest.at);
}

/* A byte that is no text, such as the part of a ring that was never written, ends a line. */
enum kmd_status kmd_log_split_lines(struct kmd_log *log, size_t size, struct kmd_diag *diag)
{
	enum kmd_status status = KMD_OK;
	size_t start = 0;

	for (size_t at = 0; status == KMD_OK && at <= size; at++) {
		struct kmd_log_record record = { .seq = log->n, .text = log->text + start };

		if (at < size && log->text[at] != '\n' && log->text[at] != '\r' &&
		    kmd_log_is_printable(log->text + at, 1))
			continue;
		record.length = at - start;
		start = at + 1;
		if (!record.length)
			continue;
		if (log->n == LINES_MAX) {
			log->damaged++;
			break;
		}
		split_line(&record);
		status = kmd_log_add(log, &record, diag);
	}
	return status;
}

enum kmd_status kmd_log_split_ring(struct kmd_log *log, size_t size, struct kmd_diag *diag)
{
	enum kmd_status status = kmd_log_split_lines(log, size, diag);
	size_t wrap = status == KMD_OK ? kmd_log_find_wrap(log) : 0;
	const struct kmd_log_record *newest;

	if (!wrap)
		return status;
	newest = &log->items[wrap - 1];
	kmd_log_rotate(log->text, (size_t)(newest->text - log->text) + newest->length, size);
	log->n = 0;
	return kmd_log_split_lines(log, size, diag);
}

/* ----- blocks of a ring buffer */

#define BLOCK_TEXT_MAX 4096
#define BLOCK_ID_STEP  16 /* records without text have no block */
/* Fewer in a chain are chance. */
#define CHAIN_MIN      4

struct block {
	uint64_t at;
	int64_t id;    /* the first ids are below 0 */
	size_t length; /* of the chain from here on; then of one that leads here, if it is kept */
};

struct blocks {
	struct block *items;
	size_t n, cap;
};

static bool id_is_plausible(uint64_t value, size_t word, int64_t *id)
{
	unsigned int bits = (unsigned int)(8 * word - 2);
	int64_t limit = word == 8 ? INT64_C(1) << 40 : INT64_C(1) << 22;

	if (!value || value >> bits)
		return false;
	*id = (int64_t)(value << (64 - bits)) >> (64 - bits);
	return -limit < *id && *id < limit;
}

static enum kmd_status find_blocks(const struct kmd_target *target, const struct kmd_log *log,
				   size_t size, size_t word, struct blocks *blocks)
{
	for (size_t at = 0; size - at >= word; at += word) {
		struct block block = { .at = at };

		if (!id_is_plausible(kmd_log_number(target, log->text + at, word), word, &block.id))
			continue;
		if (!KMD_ARRAY_RESERVE(blocks->items, blocks->n, blocks->cap))
			return kmd_fail_memory(target->diag);
		blocks->items[blocks->n++] = block;
	}
	return KMD_OK;
}

/* The block that has the next id, soon after block @i; @n if there is none. */
static size_t find_next_block(const struct blocks *blocks, size_t i)
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
static void drop_short_chains(struct blocks *blocks)
{
	struct block *items = blocks->items;
	size_t kept = 0;

	for (size_t i = blocks->n; i--;) {
		size_t next = find_next_block(blocks, i);

		items[i].length = next < blocks->n ? items[next].length + 1 : 1;
	}
	for (size_t i = 0; i < blocks->n; i++) {
		size_t next = find_next_block(blocks, i);

		if (items[i].length < CHAIN_MIN)
			continue;
		if (next < blocks->n)
			items[next].length = CHAIN_MIN;
		items[kept++] = items[i];
	}
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

	while (length < most && kmd_log_is_printable(text + length, 1))
		length++;
	if (length && text[length - 1] == '\n')
		length--;
	if (length >= 4 && !memcmp(text + length - 2, text + length - 4, 2))
		length -= 2;
	return length;
}

static enum kmd_status take_blocks(const struct blocks *blocks, size_t size, size_t word,
				   struct kmd_log *log, struct kmd_diag *diag)
{
	enum kmd_status status = KMD_OK;

	/* Each ends where the next one begins. */
	for (size_t i = 0; status == KMD_OK && i < blocks->n; i++) {
		uint64_t at = blocks->items[i].at + word;
		uint64_t end = i + 1 < blocks->n ? blocks->items[i + 1].at : size;
		struct kmd_log_record record = {
			/* Made unsigned in its order, to be sorted. */
			.seq = (uint64_t)blocks->items[i].id + (UINT64_C(1) << 63),
			.text = log->text + at,
		};

		end = kmd_min_u64(end, at + BLOCK_TEXT_MAX);
		/* A block that did not fit before the ring's end left its id there. */
		if (end < at || (i && blocks->items[i].id == blocks->items[0].id))
			continue;
		record.length = measure_text(record.text, (size_t)(end - at));
		status = kmd_log_add(log, &record, diag);
	}
	kmd_log_sort(log);
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
		drop_short_chains(&blocks);
		if (status == KMD_OK)
			status = take_blocks(&blocks, size, word, log, target->diag);
		free(blocks.items);
	}
	return status;
}
