/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "source/packing/prefix.h"

#include "base/checked.h"
#include "source/cursor.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Skippable frames of zstd and lz4: a magic of 28 bits, the size of what follows. */
#define SKIPPABLE      0x184d2a50u
#define SKIPPABLE_MASK 0xfffffff0u
#define ZSTD_FRAME     0xfd2fb528u
#define LZ4_FRAME      0x184d2204u
#define LZ4_LEGACY     0x184c2102u
#define FRAMES_MAX     16

uint32_t kmd_prefix_frame(const struct kmd_source *source, struct kmd_diag *diag, uint64_t *at)
{
	struct kmd_cursor cursor;
	uint64_t next;

	*at = 0;
	kmd_cursor_init(&cursor, source, 0, source->size, diag);
	cursor.sampling = true;
	/* Skippable frames alone are too weak a mark: 16 values of 32 bits. */
	for (int i = 0; i < FRAMES_MAX && kmd_cursor_has(&cursor, *at, 8); i++) {
		uint32_t magic = kmd_cursor_u32(&cursor, *at);

		if (magic == ZSTD_FRAME || magic == LZ4_FRAME || magic == LZ4_LEGACY)
			return magic;
		if ((magic & SKIPPABLE_MASK) != SKIPPABLE ||
		    !kmd_add_u64(*at, 8 + (uint64_t)kmd_cursor_u32(&cursor, *at + 4), &next))
			return 0;
		*at = next;
	}
	return 0;
}

/* ----- programs */

/* The modules that unpack are smaller. */
#define PROGRAM_MAX     (UINT64_C(1) << 20)

/* PKWARE APPNOTE 4.3.16: the end record, and the comment behind it. */
#define ZIP_END_SIZE    22
#define ZIP_COMMENT_MAX 65535

static bool is_program(struct kmd_cursor *cursor)
{
	if (kmd_cursor_is(cursor, 0, "MZ", 2))
		return true;
	if (!kmd_cursor_is(cursor, 0, ELFMAG, SELFMAG) || !kmd_cursor_has(cursor, 0, 18))
		return false;
	cursor->big_endian = kmd_cursor_is(cursor, EI_DATA, "\2", 1);
	return kmd_cursor_u16(cursor, EI_NIDENT) != ET_CORE;
}

static uint32_t u32_at(const unsigned char *bytes)
{
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

/*
 * The end record ends the file, but for zeroes behind one without a comment, and the list of files
 * ends where it begins.
 */
static bool is_zip_end(const unsigned char *end, size_t left, uint64_t at,
		       struct kmd_cursor *cursor)
{
	uint32_t size = u32_at(end + 12);
	size_t length = ZIP_END_SIZE + (size_t)(end[20] | end[21] << 8);

	if (memcmp(end, "PK\5\6", 4) != 0 || !size || size > at || length > left ||
	    !kmd_cursor_is(cursor, at - size, "PK\1\2", 4))
		return false;
	for (size_t i = length; i < left; i++)
		if (length != ZIP_END_SIZE || end[i])
			return false;
	return true;
}

static bool has_zip_end(const struct kmd_source *source, struct kmd_cursor *cursor,
			struct kmd_diag *diag)
{
	size_t size = (size_t)kmd_min_u64(source->size, ZIP_END_SIZE + ZIP_COMMENT_MAX);
	unsigned char *tail = malloc(size);
	bool found = false;

	if (tail && size >= ZIP_END_SIZE &&
	    kmd_source_read(source, source->size - size, tail, size, diag) == KMD_OK)
		for (size_t i = size - ZIP_END_SIZE + 1; !found && i-- > 0;)
			found = is_zip_end(tail + i, size - i, source->size - size + i, cursor);
	free(tail);
	return found;
}

/* 7z: signature, version, and a checksum of the 20 bytes that lead to the list of files. */
static bool is_7z(const unsigned char *bytes, size_t left)
{
	return left >= 32 && !memcmp(bytes, "7z\xbc\xaf\x27\x1c", 6) &&
	       crc32(0, bytes + 12, 20) == u32_at(bytes + 8);
}

/* RAR: the main header is the first; of RAR 5 it has a checksum, and no more than 127 bytes. */
static bool is_rar(const unsigned char *bytes, size_t left)
{
	if (left < 160 || memcmp(bytes, "Rar!\x1a\x07", 6) != 0)
		return false;
	if (!bytes[6])
		return bytes[9] == 0x73;
	return bytes[6] == 1 && !bytes[7] && bytes[12] < 128 &&
	       crc32(0, bytes + 12, 1u + bytes[12]) == u32_at(bytes + 8);
}

static bool find_archive(const struct kmd_source *source, struct kmd_diag *diag, uint64_t *at)
{
	size_t size = (size_t)kmd_min_u64(source->size, PROGRAM_MAX);
	unsigned char *bytes = malloc(size);
	bool found = false;

	if (bytes && kmd_source_read(source, 0, bytes, size, diag) == KMD_OK)
		for (size_t i = 0; !found && i < size; i++) {
			if (bytes[i] != '7' && bytes[i] != 'R')
				continue;
			found = is_7z(bytes + i, size - i) || is_rar(bytes + i, size - i);
			*at = i;
		}
	free(bytes);
	return found;
}

bool kmd_prefix_is_program(const struct kmd_source *source, struct kmd_diag *diag, uint64_t *at)
{
	struct kmd_cursor cursor;

	*at = 0;
	kmd_cursor_init(&cursor, source, 0, source->size, diag);
	cursor.sampling = true;
	if (!is_program(&cursor))
		return false;
	if (has_zip_end(source, &cursor, diag))
		return true;
	if (find_archive(source, diag, at))
		return true;
	*at = 0;
	return false;
}

uint64_t kmd_prefix_length(const struct kmd_source *source, struct kmd_diag *diag)
{
	uint64_t at;

	if (kmd_prefix_frame(source, diag, &at) || kmd_prefix_is_program(source, diag, &at))
		return at;
	return 0;
}
