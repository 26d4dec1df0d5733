/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The record buffer of Linux 3.5 to 5.9: struct printk_log (until 3.10 struct log), its text
 * and its dictionary, one record after the other.  A length of 0 leads back to the start.
 *
 * 1. learn_layout() takes size and offsets of the struct from VMCOREINFO.
 * 2. read_buffer() reads the variables, and the buffer that log_buf points to.
 * 3. walk() goes from log_first_idx, the oldest record, to log_next_idx, where none is yet.
 *    A broken chain goes on at the start of the buffer, where a record always begins.
 *
 * Where VMCOREINFO is missing, as for KLOGBUF of downstream kernels, where the log begins and
 * ends is not known: gather_chains() takes all records that lead from one to the next.
 */
#include "log/forms.h"

#include "base/checked.h"

#include <stdio.h>
#include <string.h>

#define STRUCT_MAX      256

/* Limits for records in a buffer that may be none; a shorter chain of them is chance. */
#define CHAIN_MIN       4
#define RECORD_TEXT_MAX 1024 /* LOG_LINE_MAX, with some room */
#define RECORD_DICT_MAX 1024
#define RECORD_TIME_MAX (UINT64_C(1) << 58) /* nine years */

struct layout {
	uint64_t size, ts, len, text_len, level, caller;
	bool has_level, has_caller;
};

static bool member(const struct kmd_vmcoreinfo *info, const char *type, const char *name,
		   uint64_t *to)
{
	char key[64];

	snprintf(key, sizeof(key), "OFFSET(%s.%s)", type, name);
	return kmd_vmcoreinfo_number(info, key, to) && *to < STRUCT_MAX;
}

static bool learn_layout(const struct kmd_vmcoreinfo *info, const char *type, struct layout *at)
{
	uint64_t dict;
	char key[64];

	memset(at, 0, sizeof(*at));
	snprintf(key, sizeof(key), "SIZE(%s)", type);
	if (!kmd_vmcoreinfo_number(info, key, &at->size) || at->size > STRUCT_MAX ||
	    !member(info, type, "ts_nsec", &at->ts) || !member(info, type, "len", &at->len) ||
	    !member(info, type, "text_len", &at->text_len))
		return false;
	/* facility (u8), then flags:5 and level:3 follow dict_len. */
	at->has_level = member(info, type, "dict_len", &dict) && dict + 4 <= at->size;
	at->level = at->has_level ? dict + 2 : 0;
	at->has_caller = member(info, type, "caller_id", &at->caller) && at->caller + 4 <= at->size;
	return at->ts + 8 <= at->size && at->len + 2 <= at->size && at->text_len + 2 <= at->size;
}

/*
 * The record at @index: its length with text, dictionary and padding.  0 if it is the mark
 * that leads back to the start; UINT64_MAX if there can be none.
 */
static uint64_t read_record(const struct kmd_target *target, const struct layout *at,
			    const struct kmd_target_array *buffer, uint64_t index,
			    struct kmd_log_record *record)
{
	const unsigned char *head = kmd_target_array_at(buffer, index, at->size), *whole;
	uint64_t len, text_len;

	if (!head)
		return UINT64_MAX;
	len = kmd_log_number(target, head + at->len, 2);
	if (!len)
		return 0;
	text_len = kmd_log_number(target, head + at->text_len, 2);
	whole = kmd_target_array_at(buffer, index, len);
	if (!whole || len < at->size || text_len > len - at->size)
		return UINT64_MAX;
	*record = (struct kmd_log_record){
		.time = kmd_log_number(target, head + at->ts, 8),
		.has_time = true,
		.has_caller = at->has_caller,
		.text = (const char *)whole + at->size,
		.length = (size_t)text_len,
	};
	if (at->has_caller)
		record->caller = (uint32_t)kmd_log_number(target, head + at->caller, 4);
	if (at->has_level)
		kmd_log_set_level(target, head + at->level, record);
	return len;
}

/* Records of [@index, @end) of the buffer; a broken chain, or the mark, ends it as well. */
static enum kmd_status walk(const struct kmd_target *target, const struct layout *at,
			    const struct kmd_target_array *buffer, uint64_t index, uint64_t end,
			    struct kmd_log *log)
{
	enum kmd_status status = KMD_OK;
	struct kmd_log_record record;

	while (status == KMD_OK && index < end) {
		uint64_t len = read_record(target, at, buffer, index, &record);

		/* The mark follows the last record before the buffer's end. */
		if (!len && end == buffer->size)
			break;
		if (!len || len > end - index) {
			log->damaged++;
			break;
		}
		record.seq = log->n;
		status = kmd_log_add(log, &record, target->diag);
		index += len;
	}
	return status;
}

/* ----- by VMCOREINFO */

enum { LOG_BUF, LOG_BUF_LEN, LOG_FIRST_IDX, LOG_NEXT_IDX, N_VARIABLES };

static const char *const variables[] = { "log_buf", "log_buf_len", "log_first_idx",
					 "log_next_idx" };

static enum kmd_status read_buffer(const struct kmd_target *target, const struct layout *at,
				   uint64_t word, struct kmd_target_array *buffer,
				   struct kmd_log *log)
{
	uint64_t virt, values[N_VARIABLES], size, first, next;
	enum kmd_status status = KMD_OK;
	char key[64];

	for (size_t i = 0; status == KMD_OK && i < N_VARIABLES; i++) {
		snprintf(key, sizeof(key), "SYMBOL(%s)", variables[i]);
		if (!kmd_vmcoreinfo_hex(target->info, key, &virt))
			return kmd_fail(target->diag, KMD_ERR_NOT_FOUND, kmd_in(NULL),
					"the kernel log cannot be read: VMCOREINFO has no %s", key);
		status = kmd_log_read_number(target, variables[i], virt, i == LOG_BUF ? word : 4,
					     &values[i]);
	}
	if (status != KMD_OK)
		return status;
	size = values[LOG_BUF_LEN];
	first = values[LOG_FIRST_IDX];
	next = values[LOG_NEXT_IDX];
	if (size < at->size || size > KMD_LOG_BUFFER_MAX || first >= size || next >= size)
		return kmd_fail(
			target->diag, KMD_ERR_DAMAGED, kmd_in(NULL),
			"the kernel log cannot be read: its size or an index is impossible");
	status = kmd_log_read_array(target, "the log's buffer", values[LOG_BUF], size, buffer);
	/* The kernel never fills the buffer wholly: where both are the same, it is empty. */
	if (status == KMD_OK && first > next) {
		status = walk(target, at, buffer, first, size, log);
		first = 0;
	}
	return status == KMD_OK ? walk(target, at, buffer, first, next, log) : status;
}

bool kmd_log_read_printk_log(const struct kmd_target *target, struct kmd_log *log,
			     enum kmd_status *status)
{
	const struct kmd_vmcoreinfo *info = target->info;
	struct kmd_target_array buffer = { 0 };
	struct layout at;
	uint64_t symbol;

	if (!info->text || !kmd_vmcoreinfo_hex(info, "SYMBOL(log_buf)", &symbol) ||
	    (!learn_layout(info, "printk_log", &at) && !learn_layout(info, "log", &at)))
		return false;
	log->form = "record buffer";
	*status = read_buffer(target, &at, symbol >> 32 ? 8 : 4, &buffer, log);
	kmd_log_take_text(log, &buffer);
	return true;
}

void kmd_log_printk_log_extents(const struct kmd_target *target, enum kmd_xlate mode,
				struct kmd_log_extents *extents)
{
	uint64_t virt, values[N_VARIABLES];
	bool known = true;

	memset(extents, 0, sizeof(*extents));
	for (size_t i = 0; i < N_VARIABLES; i++) {
		uint64_t size;

		if (!kmd_target_symbol(target, variables[i], &virt, NULL))
			return;
		size = i == LOG_BUF && virt >> 32 ? 8 : 4;
		extents->items[extents->n++] = (struct kmd_log_extent){ variables[i], virt, size };
		known &= kmd_target_read_uint(target, mode, virt, (size_t)size, &values[i]);
	}
	if (!known)
		return;
	extents->items[extents->n++] =
		(struct kmd_log_extent){ "the log's buffer", values[LOG_BUF], values[LOG_BUF_LEN] };
	extents->complete = true;
}

/* ----- without VMCOREINFO */

/* The length of what is a record for certain; 0 if it may be none. */
static uint64_t read_valid_record(const struct kmd_target *target, const struct layout *at,
				  const struct kmd_target_array *buffer, uint64_t index,
				  struct kmd_log_record *record)
{
	uint64_t len = read_record(target, at, buffer, index, record), dict, padding;
	const unsigned char *head = kmd_target_array_at(buffer, index, at->size);

	if (!len || len == UINT64_MAX)
		return 0;
	dict = kmd_log_number(target, head + at->text_len + 2, 2);
	padding = len - at->size - record->length - dict;
	if (record->length > RECORD_TEXT_MAX || dict > RECORD_DICT_MAX || len % 4 || padding > 7 ||
	    record->time > RECORD_TIME_MAX || !kmd_log_is_printable(record->text, record->length))
		return 0;
	return len;
}

/* From 0 on a chain of any length, as the place where the newest record ends may follow it. */
static enum kmd_status gather_chains(const struct kmd_target *target, const struct layout *at,
				     const struct kmd_target_array *buffer, struct kmd_log *log)
{
	enum kmd_status status = KMD_OK;
	struct kmd_log_record record;
	uint64_t index, len;

	for (uint64_t start = 0; status == KMD_OK && start < buffer->size; start = index) {
		size_t before = log->n;

		index = start;
		while (status == KMD_OK &&
		       (len = read_valid_record(target, at, buffer, index, &record)) != 0) {
			status = kmd_log_add(log, &record, target->diag);
			index += len;
		}
		if (index == start || (start && log->n - before < CHAIN_MIN)) {
			log->n = before;
			index = start + 4;
		}
	}
	return status;
}

enum kmd_status kmd_log_guess_printk_log(const struct kmd_target *target, struct kmd_log *log,
					 size_t size)
{
	/* Without and with CONFIG_PRINTK_CALLER; the last where long long is aligned. */
	static const uint64_t sizes[] = { 16, 20, 24 };
	struct kmd_target_array_part part = { 0, size, 0 };
	struct kmd_target_array buffer = { (unsigned char *)log->text, &part, 1, 1, size };
	enum kmd_status status = KMD_OK;
	struct kmd_log_record record;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct layout at = { .size = sizes[i],
				     .len = 8,
				     .text_len = 10,
				     .level = 14,
				     .caller = 16,
				     .has_level = true,
				     .has_caller = sizes[i] > 16 };

		/* A record begins at 0 in any such buffer. */
		log->n = 0;
		if (!read_valid_record(target, &at, &buffer, 0, &record))
			continue;
		status = gather_chains(target, &at, &buffer, log);
		if (status != KMD_OK || log->n >= CHAIN_MIN)
			break;
	}
	if (log->n < CHAIN_MIN)
		log->n = 0;
	else
		kmd_log_rotate(log->items, kmd_log_find_wrap(log) * sizeof(*log->items),
			       log->n * sizeof(*log->items));
	for (size_t i = 0; i < log->n; i++)
		log->items[i].seq = i;
	return status;
}
