/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The record buffer of Linux 3.5 to 5.9: struct printk_log, its text and its
 * dictionary, one record behind the other; a length of 0 leads back to the start.
 */
#include "linux/printk/log.h"

#include "base/checked.h"

#include <stdio.h>
#include <stdlib.h>

#define STRUCT_MAX 256
#define BUFFER_MAX (UINT64_C(128) << 20)

struct layout {
	uint64_t size, ts, len, text_len;
	uint64_t word;
};

static bool member(const struct kmd_vmcoreinfo *info, const char *name, uint64_t size, uint64_t *to)
{
	char key[64];

	snprintf(key, sizeof(key), "OFFSET(%s)", name);
	return kmd_vmcoreinfo_number(info, key, to) && *to <= STRUCT_MAX - size;
}

static bool learn(const struct kmd_vmcoreinfo *info, struct layout *at)
{
	uint64_t symbol;

	if (!kmd_vmcoreinfo_number(info, "SIZE(printk_log)", &at->size) ||
	    !member(info, "printk_log.ts_nsec", 8, &at->ts) ||
	    !member(info, "printk_log.len", 2, &at->len) ||
	    !member(info, "printk_log.text_len", 2, &at->text_len) ||
	    !kmd_vmcoreinfo_hex(info, "SYMBOL(log_buf)", &symbol))
		return false;
	at->word = symbol >> 32 ? 8 : 4;
	return at->size && at->size <= STRUCT_MAX && at->ts + 8 <= at->size &&
	       at->len + 2 <= at->size && at->text_len + 2 <= at->size;
}

static enum kmd_status variable(const struct kmd_log_space *space, const char *name, size_t size,
				uint64_t *value)
{
	uint64_t virt;
	char key[64];

	snprintf(key, sizeof(key), "SYMBOL(%s)", name);
	if (!kmd_vmcoreinfo_hex(space->info, key, &virt))
		return kmd_fail(space->diag, KMD_ERR_NOT_FOUND, kmd_in(NULL),
				"the kernel log cannot be read: VMCOREINFO has no %s", key);
	return kmd_log_word(space, name, virt, size, value);
}

static enum kmd_status fetch_buffer(const struct kmd_log_space *space, const struct layout *at,
				    uint64_t *first, uint64_t *next, uint64_t *size,
				    struct kmd_log *log)
{
	uint64_t buffer;
	enum kmd_status status = variable(space, "log_buf", (size_t)at->word, &buffer);

	if (status == KMD_OK)
		status = variable(space, "log_buf_len", 4, size);
	if (status == KMD_OK)
		status = variable(space, "log_first_idx", 4, first);
	if (status == KMD_OK)
		status = variable(space, "log_next_idx", 4, next);
	if (status != KMD_OK)
		return status;
	if (*size < at->size || *size > BUFFER_MAX || *first >= *size || *next >= *size)
		return kmd_fail(
			space->diag, KMD_ERR_DAMAGED, kmd_in(NULL),
			"the kernel log cannot be read: its size or an index is impossible");
	log->text = malloc((size_t)*size);
	if (!log->text)
		return kmd_fail_memory(space->diag);
	return kmd_log_fetch(space, "log_buf's buffer", buffer, log->text, *size);
}

/* The record at *@index, which is moved on; false where there can be none. */
static bool step(const struct kmd_log_space *space, const struct layout *at, uint64_t size,
		 uint64_t *index, const struct kmd_log *log, struct kmd_log_record *record)
{
	const unsigned char *bytes = (const unsigned char *)log->text + *index;
	uint64_t len, text_len;

	if (*index + at->size > size)
		return false;
	len = kmd_log_number(space, bytes + at->len, 2);
	text_len = kmd_log_number(space, bytes + at->text_len, 2);
	if (len < at->size || len > size - *index || text_len > len - at->size)
		return false;
	*record = (struct kmd_log_record){
		.time = kmd_log_number(space, bytes + at->ts, 8),
		.text = (const char *)bytes + at->size,
		.length = (size_t)text_len,
	};
	*index += len;
	return true;
}

static enum kmd_status walk(const struct kmd_log_space *space, const struct layout *at,
			    uint64_t first, uint64_t next, uint64_t size, struct kmd_log *log)
{
	enum kmd_status status = KMD_OK;
	struct kmd_log_record record;
	bool wrapped = next > first;

	for (uint64_t at_index = first; status == KMD_OK && (at_index != next || !wrapped);) {
		uint64_t len =
			at_index + at->size <= size
				? kmd_log_number(space,
						 (unsigned char *)log->text + at_index + at->len, 2)
				: 0;

		if (!len && !wrapped) {
			wrapped = true;
			at_index = 0;
			continue;
		}
		if ((wrapped && at_index > next) ||
		    !step(space, at, size, &at_index, log, &record)) {
			log->damaged++;
			break;
		}
		record.seq = log->n;
		status = kmd_log_add(log, &record, space->diag);
	}
	return status;
}

bool kmd_log_read_records(const struct kmd_log_space *space, struct kmd_log *log,
			  enum kmd_status *status)
{
	uint64_t first, next, size;
	struct layout at;

	if (!space->info->text || !learn(space->info, &at))
		return false;
	log->form = "record buffer";
	*status = fetch_buffer(space, &at, &first, &next, &size, log);
	if (*status == KMD_OK)
		*status = walk(space, &at, first, next, size, log);
	return true;
}
