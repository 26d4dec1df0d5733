/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * rar.c - the headers of a RAR archive, as far as they show what cannot be read.
 *
 * A header: CRC (4 bytes), and as numbers of 7 bits a byte its size from there on, type, flags,
 * and, if the flags have them, the sizes of the extra area and of the data that follows.  The extra
 * area is the end of the header: records of size, type, content.  The main header goes on with
 * flags.  Before version 5: CRC (2 bytes), type, flags (2 bytes).  Source: RARLAB's technote.
 */
#include "source/packing/rar.h"

#include "base/checked.h"
#include "source/cursor.h"

#define SIGNATURE_SIZE    8
#define CRC_SIZE          4
#define HEADERS_MAX       65536
#define TYPE_MAIN         1
#define TYPE_FILE         2
#define TYPE_SERVICE      3
#define TYPE_ENCRYPTION   4
#define FLAG_EXTRA        1
#define FLAG_DATA         2
#define MAIN_VOLUME       1
#define RECORD_ENCRYPTION 1

/* A number at *@at, which moves behind it; false = there is none. */
static bool number(struct kmd_cursor *cursor, uint64_t *at, uint64_t *value)
{
	unsigned char byte = 0x80;

	*value = 0;
	for (unsigned int shift = 0; byte & 0x80; shift += 7) {
		if (shift > 56 || !kmd_cursor_has(cursor, *at, 1))
			return false;
		kmd_cursor_bytes(cursor, (*at)++, &byte, 1);
		*value |= (uint64_t)(byte & 0x7f) << shift;
	}
	return true;
}

static bool has_record(struct kmd_cursor *cursor, uint64_t at, uint64_t end, uint64_t wanted)
{
	uint64_t size, type, start;

	while (at < end && number(cursor, &at, &size)) {
		start = at;
		if (!size || size > end - start || !number(cursor, &at, &type))
			return false;
		if (type == wanted)
			return true;
		at = start + size;
	}
	return false;
}

/* Read the header at *@at and go behind its data; false at the end. */
static bool next(struct kmd_cursor *cursor, uint64_t *at, struct kmd_rar *out)
{
	uint64_t size, type, flags, extra = 0, data = 0, end, more;

	*at += CRC_SIZE;
	if (!number(cursor, at, &size) || !kmd_cursor_has(cursor, *at, size))
		return false;
	end = *at + size;
	if (!number(cursor, at, &type) || !number(cursor, at, &flags) ||
	    (flags & FLAG_EXTRA && !number(cursor, at, &extra)) ||
	    (flags & FLAG_DATA && !number(cursor, at, &data)) || extra > size)
		return false;
	if (type == TYPE_MAIN && number(cursor, at, &more))
		out->volume |= more & MAIN_VOLUME;
	out->encrypted |= type == TYPE_ENCRYPTION;
	if (type == TYPE_FILE || type == TYPE_SERVICE)
		out->encrypted |= has_record(cursor, end - extra, end, RECORD_ENCRYPTION);
	return kmd_add_u64(end, data, at);
}

void kmd_rar5_look(const struct kmd_source *source, uint64_t start, struct kmd_diag *diag,
		   struct kmd_rar *rar)
{
	uint64_t at = SIGNATURE_SIZE;
	struct kmd_cursor cursor;

	*rar = (struct kmd_rar){ .volume = false };
	kmd_cursor_init(&cursor, source, start, source->size - start, diag);
	cursor.sampling = true;
	for (int i = 0; i < HEADERS_MAX && !rar->encrypted && next(&cursor, &at, rar); i++)
		;
}

#define RAR4_SIGNATURE_SIZE 7
#define RAR4_FLAGS          3
#define RAR4_VOLUME         0x01
#define RAR4_ENCRYPTED      0x80

void kmd_rar4_look(const struct kmd_source *source, uint64_t start, struct kmd_diag *diag,
		   struct kmd_rar *rar)
{
	struct kmd_cursor cursor;
	uint16_t flags = 0;

	kmd_cursor_init(&cursor, source, start, source->size - start, diag);
	cursor.sampling = true;
	if (kmd_cursor_has(&cursor, RAR4_SIGNATURE_SIZE + RAR4_FLAGS, 2))
		flags = kmd_cursor_u16(&cursor, RAR4_SIGNATURE_SIZE + RAR4_FLAGS);
	*rar = (struct kmd_rar){ .encrypted = flags & RAR4_ENCRYPTED,
				 .volume = flags & RAR4_VOLUME };
}
