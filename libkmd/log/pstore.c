/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Zones of pstore's ramoops (fs/pstore/ram_core.c): the console's lines, or the records that
 * were written when the kernel died.
 *
 * A zone is a ring: mark, where the oldest byte is, how many there are, bytes.  A record begins
 * with "====SECONDS.MICROSECONDS-C" or "-D" and a line feed: C is compressed (deflate without a
 * header), D is not.  Its first line is "Panic#1 Part2": part 1 has the end of the log.
 */
#include "log/forms.h"

#include "base/array.h"
#include "base/checked.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define ZONE_MAGIC  UINT64_C(0x43474244) /* "DBGC" */
#define ZONE_ALIGN  4096
#define DUMP_PREFIX "===="

#define RECORDS_MAX 4096
/* A record holds 10 KiB of the log by default. */
#define TEXT_MAX    (UINT64_C(1) << 20)

struct zone {
	char *text;
	size_t start, size; /* where the oldest byte is; how many there are */
};

bool kmd_pstore_is_zone(const struct kmd_target *target, const void *bytes)
{
	return kmd_log_number(target, bytes, 4) == ZONE_MAGIC;
}

static bool read_zone(const struct kmd_target *target, char *bytes, size_t size, struct zone *zone)
{
	if (!kmd_pstore_is_zone(target, bytes))
		return false;
	zone->start = (size_t)kmd_log_number(target, bytes + 4, 4);
	zone->size = (size_t)kmd_log_number(target, bytes + 8, 4);
	zone->text = bytes + KMD_PSTORE_HEAD;
	return zone->size && zone->size <= size - KMD_PSTORE_HEAD && zone->start <= zone->size;
}

static bool is_record(const struct zone *zone)
{
	return zone->size > sizeof(DUMP_PREFIX) &&
	       !memcmp(zone->text, DUMP_PREFIX, sizeof(DUMP_PREFIX) - 1);
}

/* Other zones hold binary records. */
static bool is_console(const struct zone *zone)
{
	size_t odd = 0;

	if (is_record(zone))
		return false;
	for (size_t i = 0; i < zone->size; i++)
		odd += !kmd_log_is_printable(zone->text + i, 1);
	return odd <= zone->size / 16;
}

/* ----- records of the dump */

struct record {
	char *text; /* without its first line; inside .bytes */
	char *bytes;
	size_t length;
	uint64_t number, part;
};

struct records {
	struct record *items;
	size_t n, cap, size; /* .size: of all texts */
};

static void records_deinit(struct records *records)
{
	for (size_t i = 0; i < records->n; i++)
		free(records->items[i].bytes);
	free(records->items);
}

/* The text of a compressed record; false if nothing of it can be unpacked. */
static bool inflate_record(const char *packed, size_t size, char *out, size_t *length)
{
	z_stream z = { 0 };

	if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
		return false;
	z.next_in = (unsigned char *)(uintptr_t)packed;
	z.avail_in = (uInt)size;
	z.next_out = (unsigned char *)out;
	z.avail_out = (uInt)*length;
	inflate(&z, Z_FINISH);
	*length -= z.avail_out;
	inflateEnd(&z);
	return *length != 0;
}

/* Bring the record's text into fresh memory. */
static bool unpack_record(const struct zone *zone, struct record *record)
{
	const char *end = memchr(zone->text, '\n', zone->size);
	size_t size;

	if (!end)
		return false;
	size = zone->size - (size_t)(end + 1 - zone->text);
	record->length = end[-1] == 'C' ? TEXT_MAX : (size_t)kmd_min_u64(size, TEXT_MAX);
	record->bytes = malloc(record->length + 1);
	if (!record->bytes)
		return false;
	if (end[-1] == 'C')
		return inflate_record(end + 1, size, record->bytes, &record->length);
	memcpy(record->bytes, end + 1, record->length);
	return record->length;
}

/* "Panic#1 Part2" */
static void read_title(struct record *record)
{
	char *end = memchr(record->bytes, '\n', record->length), *mark;

	record->text = record->bytes;
	if (!end)
		return;
	*end = '\0';
	mark = strchr(record->bytes, '#');
	if (!mark) {
		*end = '\n';
		return;
	}
	record->number = strtoull(mark + 1, &mark, 10);
	while (*mark && (*mark < '0' || *mark > '9'))
		mark++;
	record->part = strtoull(mark, NULL, 10);
	record->text = end + 1;
	record->length -= (size_t)(end + 1 - record->bytes);
}

static enum kmd_status add_record(struct records *records, const struct zone *zone,
				  struct kmd_log *log, struct kmd_diag *diag)
{
	struct record record = { 0 };

	if (records->n == RECORDS_MAX || !unpack_record(zone, &record)) {
		free(record.bytes);
		log->damaged++;
		return KMD_OK;
	}
	/* The room was for the largest one. */
	record.bytes[record.length] = '\0';
	read_title(&record);
	if (!KMD_ARRAY_RESERVE(records->items, records->n, records->cap)) {
		free(record.bytes);
		return kmd_fail_memory(diag);
	}
	records->items[records->n++] = record;
	records->size += record.length + 1;
	return KMD_OK;
}

static int by_time(const void *a, const void *b)
{
	const struct record *one = a, *two = b;

	if (one->number != two->number)
		return kmd_cmp_u64(one->number, two->number);
	return kmd_cmp_u64(two->part, one->part);
}

/* The texts one after another become the log's. */
static enum kmd_status join_records(struct records *records, struct kmd_log *log,
				    struct kmd_diag *diag)
{
	char *text = malloc(records->size), *at = text;

	if (!text)
		return kmd_fail_memory(diag);
	qsort(records->items, records->n, sizeof(records->items[0]), by_time);
	for (size_t i = 0; i < records->n; i++) {
		memcpy(at, records->items[i].text, records->items[i].length);
		at += records->items[i].length;
		*at++ = '\n';
	}
	free(log->text);
	log->text = text;
	log->form = "pstore records";
	return kmd_log_split_lines(log, records->size, diag);
}

static enum kmd_status split_records(const struct kmd_target *target, struct kmd_log *log,
				     size_t size)
{
	enum kmd_status status = KMD_OK;
	struct records records = { 0 };
	struct zone zone;

	for (size_t at = 0; status == KMD_OK && at < size && size - at >= KMD_PSTORE_HEAD;
	     at += ZONE_ALIGN)
		if (read_zone(target, log->text + at, size - at, &zone) && is_record(&zone))
			status = add_record(&records, &zone, log, target->diag);
	if (status == KMD_OK && records.n)
		status = join_records(&records, log, target->diag);
	records_deinit(&records);
	return status;
}

enum kmd_status kmd_log_split_pstore(const struct kmd_target *target, struct kmd_log *log,
				     size_t size)
{
	struct zone zone, best = { .text = log->text };

	for (size_t at = 0; at < size && size - at >= KMD_PSTORE_HEAD; at += ZONE_ALIGN)
		if (read_zone(target, log->text + at, size - at, &zone) && zone.size > best.size &&
		    is_console(&zone))
			best = zone;
	if (!best.size)
		return split_records(target, log, size);
	memmove(log->text, best.text, best.size);
	kmd_log_rotate(log->text, best.start, best.size);
	return kmd_log_split_lines(log, best.size, target->diag);
}
