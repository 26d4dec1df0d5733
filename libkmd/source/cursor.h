/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * cursor.h - the one door to input bytes.
 *
 * A cursor is a bounded window on a source with a byte order.  Reading outside
 * of it answers 0 and is remembered, so that a parser reads a whole table entry
 * and then asks once.
 */
#ifndef KMD_SOURCE_CURSOR_H
#define KMD_SOURCE_CURSOR_H

#include "source/source.h"

#define KMD_CURSOR_BUFFER 4096

struct kmd_cursor {
	const struct kmd_source *source;
	struct kmd_diag *diag;
	uint64_t start, size; /* the window, in the source */
	bool big_endian;
	bool sampling;       /* what is read is not noted as a description of the dump */
	bool outside;        /* a read went out of the window ... */
	uint64_t outside_at; /* ... first at this offset of the source */
	enum kmd_status io;  /* KMD_OK, or why the source could not be read */
	uint64_t buffer_at, buffer_size;
	unsigned char buffer[KMD_CURSOR_BUFFER];
};

/* [start, start + size) is cut to the source's own size. */
void kmd_cursor_init(struct kmd_cursor *cursor, const struct kmd_source *source, uint64_t start,
		     uint64_t size, struct kmd_diag *diag);

/* Offsets are from the window's start. */
uint16_t kmd_cursor_u16(struct kmd_cursor *cursor, uint64_t offset);
uint32_t kmd_cursor_u32(struct kmd_cursor *cursor, uint64_t offset);
uint64_t kmd_cursor_u64(struct kmd_cursor *cursor, uint64_t offset);
/* False, and @out zeroed, if not all bytes lie in the window. */
bool kmd_cursor_bytes(struct kmd_cursor *cursor, uint64_t offset, void *out, size_t length);
bool kmd_cursor_has(const struct kmd_cursor *cursor, uint64_t offset, uint64_t length);
/* True if the bytes at @offset are @magic; never marks the cursor as bad. */
bool kmd_cursor_is(struct kmd_cursor *cursor, uint64_t offset, const void *magic, size_t length);
/* @size raw characters, ended at the first NUL; fresh memory, NULL = memory is short. */
char *kmd_cursor_name(struct kmd_cursor *cursor, uint64_t offset, size_t size);

/*
 * KMD_OK if every read so far was good; else the error, with the text that @what
 * (such as "section table") runs out of the input, and where.
 */
enum kmd_status kmd_cursor_check(const struct kmd_cursor *cursor, const char *what);

#endif
