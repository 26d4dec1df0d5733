/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "source/cursor.h"

#include "base/checked.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

void kmd_cursor_init(struct kmd_cursor *cursor, const struct kmd_source *source, uint64_t start,
		     uint64_t size, struct kmd_diag *diag)
{
	memset(cursor, 0, offsetof(struct kmd_cursor, buffer));
	cursor->source = source;
	cursor->diag = diag;
	cursor->start = kmd_min_u64(start, source->size);
	cursor->size = kmd_min_u64(size, source->size - cursor->start);
}

bool kmd_cursor_has(const struct kmd_cursor *cursor, uint64_t offset, uint64_t length)
{
	return kmd_inside(offset, length, cursor->size);
}

/* Copy bytes that are known to lie in the window. */
static bool fetch(struct kmd_cursor *cursor, uint64_t offset, void *out, size_t length)
{
	uint64_t take;

	if (length > KMD_CURSOR_BUFFER) {
		cursor->io = kmd_source_read(cursor->source, cursor->start + offset, out, length,
					     cursor->diag);
		return cursor->io == KMD_OK;
	}
	if (offset < cursor->buffer_at ||
	    !kmd_inside(offset - cursor->buffer_at, length, cursor->buffer_size)) {
		take = kmd_min_u64(KMD_CURSOR_BUFFER, cursor->size - offset);
		cursor->buffer_size = 0;
		cursor->io = kmd_source_read(cursor->source, cursor->start + offset, cursor->buffer,
					     take, cursor->diag);
		if (cursor->io != KMD_OK)
			return false;
		cursor->buffer_at = offset;
		cursor->buffer_size = take;
	}
	memcpy(out, cursor->buffer + (offset - cursor->buffer_at), length);
	return true;
}

static void mark(const struct kmd_cursor *cursor, uint64_t offset, size_t length)
{
	if (!cursor->sampling)
		kmd_source_mark(cursor->source, cursor->start + offset, length, cursor->diag);
}

bool kmd_cursor_bytes(struct kmd_cursor *cursor, uint64_t offset, void *out, size_t length)
{
	if (cursor->io == KMD_OK && kmd_cursor_has(cursor, offset, length) &&
	    fetch(cursor, offset, out, length)) {
		mark(cursor, offset, length);
		return true;
	}
	memset(out, 0, length);
	if (cursor->io == KMD_OK && !cursor->outside) {
		cursor->outside = true;
		cursor->outside_at = cursor->start + offset;
	}
	return false;
}

bool kmd_cursor_is(struct kmd_cursor *cursor, uint64_t offset, const void *magic, size_t length)
{
	unsigned char bytes[64];
	bool same = length <= sizeof(bytes) && cursor->io == KMD_OK &&
		    kmd_cursor_has(cursor, offset, length) &&
		    fetch(cursor, offset, bytes, length) && !memcmp(bytes, magic, length);

	/* Other bytes at this place may be memory. */
	if (same)
		mark(cursor, offset, length);
	return same;
}

static uint64_t number(struct kmd_cursor *cursor, uint64_t offset, size_t length)
{
	unsigned char bytes[8];
	uint64_t value = 0;

	kmd_cursor_bytes(cursor, offset, bytes, length);
	for (size_t i = 0; i < length; i++)
		value = value << 8 | bytes[cursor->big_endian ? i : length - 1 - i];
	return value;
}

uint16_t kmd_cursor_u16(struct kmd_cursor *cursor, uint64_t offset)
{
	return (uint16_t)number(cursor, offset, 2);
}

uint32_t kmd_cursor_u32(struct kmd_cursor *cursor, uint64_t offset)
{
	return (uint32_t)number(cursor, offset, 4);
}

uint64_t kmd_cursor_u64(struct kmd_cursor *cursor, uint64_t offset)
{
	return number(cursor, offset, 8);
}

char *kmd_cursor_name(struct kmd_cursor *cursor, uint64_t offset, size_t size)
{
	char *name = malloc(size + 1);

	if (!name)
		return NULL;
	kmd_cursor_bytes(cursor, offset, name, size);
	name[size] = '\0';
	return name;
}

enum kmd_status kmd_cursor_check(const struct kmd_cursor *cursor, const char *what)
{
	if (cursor->io != KMD_OK)
		return cursor->io;
	if (!cursor->outside)
		return KMD_OK;
	return kmd_fail(cursor->diag, KMD_ERR_DAMAGED,
			kmd_at(cursor->source->name, cursor->outside_at),
			"the %s extends past the end of the input", what);
}
