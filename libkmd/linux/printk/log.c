/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "linux/printk/log.h"

#include "base/array.h"
#include "base/checked.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A text ring of a downstream kernel; the largest seen is 2 MiB. */
#define TEXT_MAX (UINT64_C(64) << 20)

/* Regions that hold the log as plain text (downstream kernels, pstore zones). */
static const char *const text_names[] = { "KLOGBUF", "KDMESG", "KCONSOLE", "KDPDLOGBUF" };

uint64_t kmd_log_number(const struct kmd_log_space *space, const unsigned char *bytes, size_t size)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++)
		value = value << 8 | bytes[space->big_endian ? i : size - 1 - i];
	return value;
}

enum kmd_status kmd_log_fetch(const struct kmd_log_space *space, const char *what, uint64_t virt,
			      void *to, uint64_t size)
{
	uint64_t missing = virt;
	enum kmd_status status =
		kmd_views_read(space->views, space->memory, virt, to, size, &missing, space->diag);

	if (status == KMD_ERR_NOT_FOUND)
		return kmd_fail(space->diag, KMD_ERR_NOT_FOUND, kmd_in(NULL),
				"the kernel log cannot be read: %s, virtual address 0x%" PRIx64
				", was not captured",
				what, missing);
	return status;
}

enum kmd_status kmd_log_word(const struct kmd_log_space *space, const char *what, uint64_t virt,
			     size_t size, uint64_t *word)
{
	unsigned char bytes[8];
	enum kmd_status status = kmd_log_fetch(space, what, virt, bytes, size);

	if (status == KMD_OK)
		*word = kmd_log_number(space, bytes, size);
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

static bool is_text_region(const struct kmd_row *row)
{
	for (size_t i = 0; i < sizeof(text_names) / sizeof(text_names[0]); i++)
		if (strstr(row->pub.name, text_names[i]) && row->has_bytes && row->pub.captured)
			return true;
	return false;
}

static bool is_text(char c)
{
	return c == '\n' || c == '\t' || (unsigned char)c >= ' ';
}

/* Lines; what is no text, such as the part of a ring that was never written, ends one. */
static enum kmd_status split_lines(struct kmd_log *log, size_t size, struct kmd_diag *diag)
{
	enum kmd_status status = KMD_OK;
	size_t start = 0;

	for (size_t at = 0; status == KMD_OK && at <= size; at++) {
		struct kmd_log_record record = { .seq = log->n, .text = log->text + start };

		if (at < size && log->text[at] != '\n' && is_text(log->text[at]))
			continue;
		record.length = at - start;
		start = at + 1;
		if (record.length && record.text[record.length - 1] == '\r')
			record.length--;
		if (record.length)
			status = kmd_log_add(log, &record, diag);
	}
	return status;
}

static enum kmd_status read_text(const struct kmd_log_space *space, const struct kmd_row *row,
				 struct kmd_log *log)
{
	size_t size = (size_t)kmd_min_u64(row->pub.captured, TEXT_MAX);
	enum kmd_status status;

	log->form = "text region";
	log->text = malloc(size);
	if (!log->text)
		return kmd_fail_memory(space->diag);
	status = kmd_source_read(row->source, row->offset, log->text, size, space->diag);
	return status == KMD_OK ? split_lines(log, size, space->diag) : status;
}

static bool read_text_regions(const struct kmd_log_space *space, struct kmd_log *log,
			      enum kmd_status *status)
{
	for (size_t i = 0; i < space->regions->n; i++)
		if (is_text_region(&space->regions->rows[i])) {
			*status = read_text(space, &space->regions->rows[i], log);
			return true;
		}
	return false;
}

enum kmd_status kmd_log_read(const struct kmd_log_space *space, struct kmd_log *log)
{
	enum kmd_status status;

	memset(log, 0, sizeof(*log));
	if (!kmd_log_read_ring(space, log, &status) && !kmd_log_read_records(space, log, &status) &&
	    !read_text_regions(space, log, &status))
		status = kmd_fail(space->diag, KMD_ERR_NOT_FOUND, kmd_in(NULL), "no kernel log: %s",
				  space->info->text
					  ? "VMCOREINFO does not tell where it is"
					  : "there is no VMCOREINFO that tells where it is");
	if (status != KMD_OK)
		kmd_log_deinit(log);
	return status;
}

void kmd_log_deinit(struct kmd_log *log)
{
	free(log->items);
	free(log->text);
	memset(log, 0, sizeof(*log));
}
