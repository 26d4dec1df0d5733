/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* unpack.c - how a source is packed, and single compressed files. */
#include "source/unpack.h"

#include "base/checked.h"
#include "base/text.h"
#include "source/android_sparse.h"
#include "source/avml.h"
#include "source/cursor.h"
#include "source/filter.h"
#include "source/flattened.h"
#include "source/kdump.h"
#include "source/lime.h"
#include "source/disk.h"
#include "source/gzip.h"
#include "source/packed.h"
#include "source/prefix.h"
#include "source/zstd.h"

#include <stdio.h>
#include <stdlib.h>
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

static const char *const suffixes[] = { ".zst", ".zstd", ".gz", ".xz", ".bz2",
					".lz4", ".lzma", ".lz", ".Z" };

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
	char head[21];

	return kmd_cursor_has(cursor, 0, sizeof(head)) &&
	       kmd_cursor_bytes(cursor, 0, head, sizeof(head)) && !memcmp(head + 2, "-lh", 3) &&
	       head[6] == '-' && (head[5] == 'd' || (head[5] >= '0' && head[5] <= '7')) &&
	       head[20] >= 0 && head[20] <= 3;
}

enum kmd_packing kmd_unpack_kind(const struct kmd_source *source, struct kmd_diag *diag)
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
	return kmd_disk_is(source, diag) ? KMD_PACKING_DISK : KMD_PACKING_NONE;
}

size_t kmd_unpack_name_length(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (length > strlen(suffixes[i]) &&
		    kmd_text_has_suffix(name + (length - strlen(suffixes[i])), suffixes[i]))
			return length - strlen(suffixes[i]);
	return length;
}

enum kmd_status kmd_unpack_name(struct kmd_source *unpacked, const struct kmd_source *packed,
				struct kmd_diag *diag)
{
	char *name;

	if (asprintf(&name, "%s (unpacked)", packed->name) < 0)
		return kmd_fail_memory(diag);
	free(unpacked->name);
	unpacked->name = name;
	return KMD_OK;
}

/* Each chunk of a split image leaves out the blocks of the others. */
static enum kmd_status unpack_sparse(const struct kmd_source *packed,
				     const struct kmd_input_options *options, struct kmd_diag *diag,
				     struct kmd_unpack_target *target)
{
	enum kmd_status status = KMD_OK;
	uint64_t size = 0;

	if (packed->n_pieces < 2)
		return kmd_android_sparse_unpack(packed, options, diag, target);
	for (size_t i = 0; status == KMD_OK && i < packed->n_pieces; i++) {
		status = kmd_android_sparse_unpack(packed->pieces[i].source, options, diag, target);
		size = kmd_max_u64(size, target->size);
	}
	target->size = size;
	return status;
}

static enum kmd_status (*const unpackers[])(const struct kmd_source *source,
					    const struct kmd_input_options *options,
					    struct kmd_diag *diag,
					    struct kmd_unpack_target *target) = {
	[KMD_PACKING_ZSTD] = kmd_zstd_unpack,           [KMD_PACKING_SPARSE] = unpack_sparse,
	[KMD_PACKING_FLATTENED] = kmd_flattened_unpack, [KMD_PACKING_AVML] = kmd_avml_unpack,
	[KMD_PACKING_KDUMP] = kmd_kdump_unpack,         [KMD_PACKING_GZIP] = kmd_gzip_unpack,
	[KMD_PACKING_FILTER] = kmd_filter_unpack,       [KMD_PACKING_ZLIB] = kmd_zlib_unpack,
};

enum kmd_status kmd_unpack_filter(struct kmd_diag *diag, const struct kmd_input_options *options,
				  struct kmd_scratch *scratch, struct kmd_source **source)
{
	struct kmd_source *packed = *source, *unpacked;
	enum kmd_packing kind = kmd_unpack_kind(packed, diag);
	struct kmd_unpack_target target;
	enum kmd_status status = kmd_scratch_begin(scratch, packed->name, diag, &target);

	if (status != KMD_OK)
		return status;
	status = unpackers[kind](packed, options, diag, &target);
	if (status == KMD_OK)
		status = kmd_scratch_end(scratch, packed->name, diag, &target, &unpacked);
	if (status != KMD_OK)
		return status;
	*source = unpacked;
	status = kmd_unpack_name(unpacked, packed, diag);
	kmd_source_free(packed);
	return status;
}
