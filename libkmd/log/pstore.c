/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Zones of fs/pstore: a head of three words, then a ring of text. */
#include "log/text.h"

#include "base/checked.h"

#include <string.h>

#define ZONE_MAGIC  UINT64_C(0x43474244) /* "DBGC" */
#define ZONE_HEAD   12
#define ZONE_ALIGN  4096
/* A record of the panic dump in its own zones begins so. */
#define DUMP_PREFIX "===="

struct zone {
	size_t at;          /* of its text */
	size_t start, size; /* where the oldest byte is; how many there are */
};

static bool read_zone(const struct kmd_target *target, const unsigned char *bytes, size_t size,
		      size_t at, struct zone *zone)
{
	if (size - at < ZONE_HEAD || kmd_log_number(target, bytes + at, 4) != ZONE_MAGIC)
		return false;
	zone->start = (size_t)kmd_log_number(target, bytes + at + 4, 4);
	zone->size = (size_t)kmd_log_number(target, bytes + at + 8, 4);
	zone->at = at + ZONE_HEAD;
	return zone->size && zone->size <= size - zone->at && zone->start <= zone->size;
}

bool kmd_pstore_is_zone(const struct kmd_target *target, const unsigned char *bytes, size_t size)
{
	return size >= ZONE_HEAD && kmd_log_number(target, bytes, 4) == ZONE_MAGIC;
}

/* Other zones hold compressed or binary records. */
static bool is_console(const char *text, const struct zone *zone)
{
	const char *bytes = text + zone->at;
	size_t odd = 0;

	if (zone->size > sizeof(DUMP_PREFIX) &&
	    !memcmp(bytes, DUMP_PREFIX, sizeof(DUMP_PREFIX) - 1))
		return false;
	for (size_t i = 0; i < zone->size; i++)
		odd += !kmd_text_is_printable(bytes + i, 1);
	return odd <= zone->size / 16;
}

static void reverse(char *text, size_t size)
{
	for (size_t i = 0; i < size / 2; i++) {
		char c = text[i];

		text[i] = text[size - 1 - i];
		text[size - 1 - i] = c;
	}
}

size_t kmd_pstore_console(const struct kmd_target *target, char *text, size_t size)
{
	struct zone zone, best = { 0 };

	for (size_t at = 0; at < size && size - at >= ZONE_HEAD; at += ZONE_ALIGN)
		if (read_zone(target, (unsigned char *)text, size, at, &zone) &&
		    zone.size > best.size && is_console(text, &zone))
			best = zone;
	memmove(text, text + best.at, best.size);
	/* Turned in place: the part behind the oldest byte comes first. */
	reverse(text, best.start);
	reverse(text + best.start, best.size - best.start);
	reverse(text, best.size);
	return best.size;
}
