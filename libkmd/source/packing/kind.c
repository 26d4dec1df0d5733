/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "source/packing/kind.h"

#include "source/packing/android_sparse.h"
#include "source/cursor.h"
#include "source/packing/flattened.h"
#include "source/packing/gzip.h"
#include "source/packing/kdump.h"
#include "source/packing/lime.h"
#include "source/packing/packed.h"
#include "source/packing/prefix.h"

#include <string.h>
#include <zstd.h>

struct magic {
	uint64_t offset;
	size_t length;
	const char *bytes;
	enum kmd_packing packing;
};

/* Octal where a hexadecimal escape would swallow the next letter. */
static const struct magic magics[] = {
	{ 0, KMD_GZIP_MAGIC_LENGTH, KMD_GZIP_MAGIC, KMD_PACKING_GZIP },
	{ 0, 6, "\3757zXZ\0", KMD_PACKING_FILTER },
	{ 0, 3, "BZh", KMD_PACKING_FILTER },
	{ 0, 5, "LZIP\1", KMD_PACKING_FILTER },
	{ 0, 4, KMD_ANDROID_SPARSE_MAGIC, KMD_PACKING_SPARSE },
	{ 0, KMD_FLATTENED_MAGIC_SIZE, KMD_FLATTENED_MAGIC, KMD_PACKING_FLATTENED },
	{ 0, KMD_KDUMP_MAGIC_SIZE, KMD_KDUMP_MAGIC, KMD_PACKING_KDUMP },
	{ 0, KMD_LIME_MAGIC_SIZE, KMD_AVML_MAGIC, KMD_PACKING_AVML },
	{ 0, 3, "\x1f\x9d\x90", KMD_PACKING_FILTER }, /* compress, of 16 bits as always */
	{ 257, 5, "ustar", KMD_PACKING_ARCHIVE },
	{ 0, 6, "070701", KMD_PACKING_ARCHIVE }, /* cpio */
	{ 0, 6, "070702", KMD_PACKING_ARCHIVE },
	{ 0, 6, "070707", KMD_PACKING_ARCHIVE },
	{ 32769, 5, "CD001", KMD_PACKING_ARCHIVE },
	{ 0, 4, "PK\3\4", KMD_PACKING_ARCHIVE },
	{ 0, 6, "7z\xbc\xaf\x27\x1c", KMD_PACKING_ARCHIVE },
	{ 0, 6, "Rar!\x1a\x07", KMD_PACKING_ARCHIVE },
	{ 0, 8, "!<arch>\n", KMD_PACKING_ARCHIVE },
	{ 0, 8, "MSCF\0\0\0\0", KMD_PACKING_ARCHIVE },
};

/*
 * What xz --format=lzma writes: the properties 0x5d, a dictionary of 2^n or 2^n + 2^(n-1) bytes,
 * an unknown size or one below 2^40, and the first byte of the range coder, which is 0.
 */
static bool is_lzma(struct kmd_cursor *cursor)
{
	uint32_t dictionary;
	uint64_t size;

	if (!kmd_cursor_is(cursor, 0, "\x5d", 1) || !kmd_cursor_has(cursor, 0, 18) ||
	    !kmd_cursor_is(cursor, 13, "", 1))
		return false;
	dictionary = kmd_cursor_u32(cursor, 1);
	size = kmd_cursor_u64(cursor, 5);
	while (dictionary && !(dictionary & 1))
		dictionary >>= 1;
	return (dictionary == 1 || dictionary == 3) && size &&
	       (size == UINT64_MAX || size >> 40 == 0);
}

/* The method's name, "-lh5-", and the level of the header, 0 to 3. */
static bool is_lha(struct kmd_cursor *cursor)
{
	unsigned char head[21];

	return kmd_cursor_has(cursor, 0, sizeof(head)) &&
	       kmd_cursor_bytes(cursor, 0, head, sizeof(head)) && !memcmp(head + 2, "-lh", 3) &&
	       head[6] == '-' && (head[5] == 'd' || (head[5] >= '0' && head[5] <= '7')) &&
	       head[20] <= 3;
}

enum kmd_packing kmd_packing_of(const struct kmd_source *source, struct kmd_diag *diag)
{
	struct kmd_cursor cursor;
	char bytes[16];
	uint32_t frame;
	uint64_t at;

	kmd_cursor_init(&cursor, source, 0, source->size, diag);
	cursor.sampling = true;
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (kmd_cursor_has(&cursor, magics[i].offset, magics[i].length) &&
		    kmd_cursor_bytes(&cursor, magics[i].offset, bytes, magics[i].length) &&
		    !memcmp(bytes, magics[i].bytes, magics[i].length))
			return magics[i].packing;
	frame = kmd_prefix_frame(source, diag, &at);
	if (frame)
		return frame == ZSTD_MAGICNUMBER ? KMD_PACKING_ZSTD : KMD_PACKING_FILTER;
	if (is_lha(&cursor) || kmd_packed_is_old_tar(source, diag) ||
	    kmd_prefix_is_program(source, diag, &at))
		return KMD_PACKING_ARCHIVE;
	if (is_lzma(&cursor))
		return KMD_PACKING_FILTER;
	if (kmd_zlib_is_lime(source, diag))
		return KMD_PACKING_ZLIB;
	return KMD_PACKING_NONE;
}
