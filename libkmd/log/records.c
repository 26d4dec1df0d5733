/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "log/records.h"

#include "base/checked.h"

#include <stdio.h>
#include <string.h>

#define STRUCT_MAX 256

struct layout {
	struct kmd_records_layout record;
	uint64_t word; /* size of a pointer */
};

static bool member(const struct kmd_vmcoreinfo *info, const char *type, const char *name,
		   uint64_t *to)
{
	char key[64];

	snprintf(key, sizeof(key), "OFFSET(%s.%s)", type, name);
	return kmd_vmcoreinfo_number(info, key, to) && *to < STRUCT_MAX;
}

static bool learn_type(const struct kmd_vmcoreinfo *info, const char *type,
		       struct kmd_records_layout *at)
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

static bool learn(const struct kmd_vmcoreinfo *info, struct layout *at)
{
	uint64_t symbol;

	if (!kmd_vmcoreinfo_hex(info, "SYMBOL(log_buf)", &symbol) ||
	    (!learn_type(info, "printk_log", &at->record) && !learn_type(info, "log", &at->record)))
		return false;
	at->word = symbol >> 32 ? 8 : 4;
	return true;
}

uint64_t kmd_record_at(const struct kmd_target *target, const struct kmd_records_layout *at,
		       const struct kmd_span *buffer, uint64_t index, struct kmd_log_record *record)
{
	const unsigned char *head = kmd_span_at(buffer, index, at->size), *whole;
	uint64_t len, text_len;

	if (!head)
		return UINT64_MAX;
	len = kmd_log_number(target, head + at->len, 2);
	if (!len)
		return 0;
	text_len = kmd_log_number(target, head + at->text_len, 2);
	whole = kmd_span_at(buffer, index, len);
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
	if (at->has_level) {
		record->facility = head[at->level];
		record->level = kmd_log_level(target, head[at->level + 1]);
	}
	return len;
}

/* [@index, @end) of the buffer; a record of no length ends it as well. */
static enum kmd_status walk_part(const struct kmd_target *target,
				 const struct kmd_records_layout *at, const struct kmd_span *buffer,
				 uint64_t index, uint64_t end, struct kmd_log *log)
{
	enum kmd_status status = KMD_OK;
	struct kmd_log_record record;

	while (status == KMD_OK && index < end) {
		uint64_t len = kmd_record_at(target, at, buffer, index, &record);

		/* The mark belongs behind the last record in front of the end. */
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

enum kmd_status kmd_records_walk(const struct kmd_target *target,
				 const struct kmd_records_layout *at, const struct kmd_span *buffer,
				 uint64_t first, uint64_t next, struct kmd_log *log)
{
	enum kmd_status status;

	/* The kernel never fills it wholly: where both are the same, it is empty. */
	if (first <= next)
		return walk_part(target, at, buffer, first, next, log);
	status = walk_part(target, at, buffer, first, buffer->size, log);
	return status == KMD_OK ? walk_part(target, at, buffer, 0, next, log) : status;
}

static enum kmd_status variable(const struct kmd_target *target, const char *name, size_t size,
				uint64_t *value)
{
	uint64_t virt;
	char key[64];

	snprintf(key, sizeof(key), "SYMBOL(%s)", name);
	if (!kmd_vmcoreinfo_hex(target->info, key, &virt))
		return kmd_fail(target->diag, KMD_ERR_NOT_FOUND, kmd_in(NULL),
				"the kernel log cannot be read: VMCOREINFO has no %s", key);
	return kmd_log_word(target, name, virt, size, value);
}

static enum kmd_status read_buffer(const struct kmd_target *target, const struct layout *at,
				   struct kmd_span *buffer, struct kmd_log *log)
{
	uint64_t virt, size, first, next;
	enum kmd_status status = variable(target, "log_buf", (size_t)at->word, &virt);

	if (status == KMD_OK)
		status = variable(target, "log_buf_len", 4, &size);
	if (status == KMD_OK)
		status = variable(target, "log_first_idx", 4, &first);
	if (status == KMD_OK)
		status = variable(target, "log_next_idx", 4, &next);
	if (status != KMD_OK)
		return status;
	if (size < at->record.size || size > KMD_SPAN_MAX || first >= size || next >= size)
		return kmd_fail(
			target->diag, KMD_ERR_DAMAGED, kmd_in(NULL),
			"the kernel log cannot be read: its size or an index is impossible");
	status = kmd_span_read(buffer, target->views, target->memory, virt, size, target->diag);
	if (status == KMD_OK && !buffer->n)
		status = kmd_log_absent(target, "log_buf's buffer", virt);
	if (status == KMD_OK)
		status = kmd_records_walk(target, &at->record, buffer, first, next, log);
	return status;
}

bool kmd_log_read_records(const struct kmd_target *target, struct kmd_log *log,
			  enum kmd_status *status)
{
	struct kmd_span buffer = { 0 };
	struct layout at;

	if (!target->info->text || !learn(target->info, &at))
		return false;
	log->form = "record buffer";
	*status = read_buffer(target, &at, &buffer, log);
	kmd_log_take(log, &buffer);
	return true;
}
