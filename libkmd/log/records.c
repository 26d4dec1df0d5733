/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "log/records.h"

#include "base/array.h"
#include "base/checked.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum kmd_status kmd_log_add(struct kmd_log *log, const struct kmd_log_record *record,
			    struct kmd_diag *diag)
{
	if (!KMD_ARRAY_RESERVE(log->items, log->n, log->cap))
		return kmd_fail_memory(diag);
	log->items[log->n++] = *record;
	return KMD_OK;
}

void kmd_log_take_text(struct kmd_log *log, struct kmd_target_array *array)
{
	log->text = (char *)array->bytes;
	array->bytes = NULL;
	kmd_target_array_deinit(array);
}

size_t kmd_log_find_wrap(const struct kmd_log *log)
{
	const struct kmd_log_record *first = NULL, *last = NULL;
	uint64_t step = 0;
	size_t wrap = 0;

	for (size_t i = 0; i < log->n; i++) {
		const struct kmd_log_record *record = &log->items[i];

		if (!record->has_time)
			continue;
		if (last && record->time && record->time < last->time &&
		    last->time - record->time > step) {
			step = last->time - record->time;
			/* Lines without a time stamp are the rest of the oldest record. */
			wrap = (size_t)(last - log->items) + 1;
		}
		first = first ? first : record;
		last = record;
	}
	return last && last->time <= first->time ? wrap : 0;
}

bool kmd_log_is_printable(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
			return false;
	}
	return true;
}

static int by_seq(const void *a, const void *b)
{
	const struct kmd_log_record *left = a, *right = b;

	return kmd_cmp_u64(left->seq, right->seq);
}

void kmd_log_sort(struct kmd_log *log)
{
	if (log->n)
		qsort(log->items, log->n, sizeof(*log->items), by_seq);
}

static void reverse(unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size / 2; i++) {
		unsigned char byte = bytes[i];

		bytes[i] = bytes[size - 1 - i];
		bytes[size - 1 - i] = byte;
	}
}

void kmd_log_rotate(void *bytes, size_t cut, size_t size)
{
	reverse(bytes, cut);
	reverse((unsigned char *)bytes + cut, size - cut);
	reverse(bytes, size);
}

void kmd_log_deinit(struct kmd_log *log)
{
	free(log->items);
	free(log->text);
	memset(log, 0, sizeof(*log));
}

void kmd_log_set_level(const struct kmd_target *target, const unsigned char *bytes,
		       struct kmd_log_record *record)
{
	record->facility = bytes[0];
	record->level = target->facts->big_endian ? bytes[1] & 7 : bytes[1] >> 5;
}

static enum kmd_status fail_absent(const struct kmd_target *target, const char *what, uint64_t virt)
{
	return kmd_fail(target->diag, KMD_ERR_NOT_FOUND, kmd_in(NULL),
			"the kernel log cannot be read: virtual address 0x%" PRIx64
			" (%s) was not captured",
			virt, what);
}

enum kmd_status kmd_log_read_memory(const struct kmd_target *target, const char *what,
				    uint64_t virt, void *to, uint64_t size)
{
	uint64_t missing = virt;
	enum kmd_status status = kmd_views_read(target->views, target->memory, virt, to, size,
						&missing, target->diag);

	return status == KMD_ERR_NOT_FOUND ? fail_absent(target, what, missing) : status;
}

enum kmd_status kmd_log_read_number(const struct kmd_target *target, const char *what,
				    uint64_t virt, uint64_t size, uint64_t *number)
{
	unsigned char bytes[8];
	enum kmd_status status = kmd_log_read_memory(target, what, virt, bytes, size);

	if (status == KMD_OK)
		*number = kmd_log_number(target, bytes, size);
	return status;
}

enum kmd_status kmd_log_read_array(const struct kmd_target *target, const char *what, uint64_t virt,
				   uint64_t size, struct kmd_target_array *array)
{
	enum kmd_status status;

	if (size > KMD_LOG_BUFFER_MAX)
		return kmd_fail(target->diag, KMD_ERR_DAMAGED, kmd_in(NULL),
				"the kernel log cannot be read: %s would have %" PRIu64 " bytes",
				what, size);
	status = kmd_target_array_read(target, virt, size, array);
	return status == KMD_OK && !array->n ? fail_absent(target, what, virt) : status;
}
