/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "log/log.h"

#include "base/array.h"
#include "log/span.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

uint64_t kmd_log_number(const struct kmd_target *target, const unsigned char *bytes, size_t size)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++)
		value = value << 8 | bytes[target->facts->big_endian ? i : size - 1 - i];
	return value;
}

uint8_t kmd_log_level(const struct kmd_target *target, unsigned char byte)
{
	return target->facts->big_endian ? byte & 7 : byte >> 5;
}

enum kmd_status kmd_log_absent(const struct kmd_target *target, const char *what, uint64_t virt)
{
	return kmd_fail(target->diag, KMD_ERR_NOT_FOUND, kmd_in(NULL),
			"the kernel log cannot be read: virtual address 0x%" PRIx64
			" (%s) was not captured",
			virt, what);
}

enum kmd_status kmd_log_fetch(const struct kmd_target *target, const char *what, uint64_t virt,
			      void *to, uint64_t size)
{
	uint64_t missing = virt;
	enum kmd_status status = kmd_views_read(target->views, target->memory, virt, to, size,
						&missing, target->diag);

	return status == KMD_ERR_NOT_FOUND ? kmd_log_absent(target, what, missing) : status;
}

enum kmd_status kmd_log_word(const struct kmd_target *target, const char *what, uint64_t virt,
			     size_t size, uint64_t *word)
{
	unsigned char bytes[8];
	enum kmd_status status = kmd_log_fetch(target, what, virt, bytes, size);

	if (status == KMD_OK)
		*word = kmd_log_number(target, bytes, size);
	return status;
}

enum kmd_status kmd_log_add(struct kmd_log *log, const struct kmd_log_record *record,
			    struct kmd_diag *diag)
{
	if (!KMD_ARRAY_RESERVE(log->items, log->n, log->cap))
		return kmd_fail_memory(diag);
	log->items[log->n++] = *record;
	return KMD_OK;
}

void kmd_log_take(struct kmd_log *log, struct kmd_span *span)
{
	log->text = (char *)span->bytes;
	span->bytes = NULL;
	kmd_span_deinit(span);
}

enum kmd_status kmd_log_read(const struct kmd_target *target, struct kmd_log *log)
{
	enum kmd_status status, first;
	bool known;

	memset(log, 0, sizeof(*log));
	known = kmd_log_read_ring(target, log, &status) ||
		kmd_log_read_records(target, log, &status);
	if (known && status == KMD_OK)
		return KMD_OK;
	if (!known)
		status = kmd_fail(
			target->diag, KMD_ERR_NOT_FOUND, kmd_in(NULL), "no kernel log: %s",
			target->info->text ? "VMCOREINFO does not tell where it is"
					   : "there is no VMCOREINFO that tells where it is");
	first = status;
	kmd_log_deinit(log);
	if (first != KMD_ERR_NOT_FOUND && first != KMD_ERR_DAMAGED)
		return first;
	/* The sentence stays: where nothing else is found, it is the reason. */
	if (!kmd_log_read_ring_rows(target, log, &status) &&
	    !kmd_log_read_rows(target, log, &status))
		return first;
	if (status != KMD_OK)
		kmd_log_deinit(log);
	else
		target->diag->status = KMD_OK;
	return status;
}

void kmd_log_deinit(struct kmd_log *log)
{
	free(log->items);
	free(log->text);
	memset(log, 0, sizeof(*log));
}
