/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* wrap.c - what a dump is kept in: form ... in=tar, flattened, disk, sparse or zlib. */
#include "mkdump.h"

#include <stdio.h>
#include <string.h>

#define SECTOR       512
#define DISK_START   65536 /* of the only partition */
#define FLAT_HEADER  4096
#define SPARSE_BLOCK 4096
#define STORED_MAX   65535

struct wrap {
	struct recipe *recipe;
	struct bytes *bytes;
	uint64_t size; /* of the dump */
};

/* Room for what comes before: places in the dump move with it. */
static void make_room(const struct wrap *wrap, uint64_t room)
{
	struct bytes *bytes = wrap->bytes;

	bytes_write(bytes, wrap->size + room, NULL, 0);
	memmove(bytes->data + room, bytes->data, (size_t)wrap->size);
	memset(bytes->data, 0, (size_t)room);
	for (size_t i = 0; i < wrap->recipe->n_labels; i++)
		if (wrap->recipe->labels[i].home == bytes)
			wrap->recipe->labels[i].offset += room;
}

/* A field of the wrapping, by name. */
#define FIELD(wrap, at, width, value, name)                                                        \
	field((wrap)->recipe, (wrap)->bytes, at, width, value, name)

static void in_tar(const struct wrap *wrap)
{
	struct bytes *bytes = wrap->bytes;
	unsigned int sum = 0;
	char text[24];

	make_room(wrap, SECTOR);
	bytes_write(bytes, 0, "dump.img", 8);
	bytes_write(bytes, 100, "0000644", 7);
	snprintf(text, sizeof(text), "%011llo", (unsigned long long)wrap->size);
	bytes_write(bytes, 124, text, 11);
	name_place(wrap->recipe, bytes, 124, "tar.size");
	bytes_write(bytes, 156, "0", 1);
	bytes_write(bytes, 257,
		    "ustar\0"
		    "00",
		    8);
	memset(bytes->data + 148, ' ', 8);
	for (size_t i = 0; i < SECTOR; i++)
		sum += bytes->data[i];
	snprintf(text, sizeof(text), "%06o", sum);
	bytes_write(bytes, 148, text, 7);
	name_place(wrap->recipe, bytes, 148, "tar.sum");
	bytes_write(bytes, round_up(bytes->size, SECTOR) + 2 * SECTOR, NULL, 0);
}

/* makedumpfile -F: one piece, and the end. */
static void in_flattened(const struct wrap *wrap)
{
	struct bytes *bytes = wrap->bytes;
	uint64_t end = FLAT_HEADER + 16 + wrap->size;

	make_room(wrap, FLAT_HEADER + 16);
	bytes_write(bytes, 0, "makedumpfile", 12);
	bytes_number(bytes, 16, 1, 8, true);
	bytes_number(bytes, 24, 1, 8, true);
	bytes_number(bytes, FLAT_HEADER + 8, wrap->size, 8, true);
	name_place(wrap->recipe, bytes, FLAT_HEADER, "piece.offset");
	name_place(wrap->recipe, bytes, FLAT_HEADER + 8, "piece.size");
	bytes_number(bytes, end, UINT64_MAX, 8, true);
	bytes_number(bytes, end + 8, UINT64_MAX, 8, true);
}

static void in_disk(const struct wrap *wrap)
{
	struct bytes *bytes = wrap->bytes;

	make_room(wrap, DISK_START);
	FIELD(wrap, 440, 4, 0x12345678, "mbr.id");
	FIELD(wrap, 446 + 4, 1, 0x83, "mbr.type");
	FIELD(wrap, 446 + 8, 4, DISK_START / SECTOR, "mbr.start");
	FIELD(wrap, 446 + 12, 4, round_up(wrap->size, SECTOR) / SECTOR, "mbr.size");
	FIELD(wrap, 510, 2, 0xaa55, "mbr.magic");
	bytes_write(bytes, round_up(bytes->size, SECTOR), NULL, 0);
}

static void in_sparse(const struct wrap *wrap)
{
	struct bytes *bytes = wrap->bytes;
	uint64_t blocks = round_up(wrap->size, SPARSE_BLOCK) / SPARSE_BLOCK;

	make_room(wrap, 28 + 12);
	FIELD(wrap, 0, 4, 0xed26ff3a, "sparse.magic");
	FIELD(wrap, 4, 2, 1, "sparse.version");
	FIELD(wrap, 8, 2, 28, "sparse.header");
	FIELD(wrap, 10, 2, 12, "sparse.chunk_header");
	FIELD(wrap, 12, 4, SPARSE_BLOCK, "sparse.block");
	FIELD(wrap, 16, 4, blocks, "sparse.blocks");
	FIELD(wrap, 20, 4, 1, "sparse.chunks");
	FIELD(wrap, 28, 2, 0xcac1, "chunk.type");
	FIELD(wrap, 32, 4, blocks, "chunk.blocks");
	FIELD(wrap, 36, 4, 12 + blocks * SPARSE_BLOCK, "chunk.size");
	bytes_write(bytes, 40 + blocks * SPARSE_BLOCK, NULL, 0);
}

/* A zlib stream of stored blocks, with the window that LiME's compress=1 has. */
static void in_zlib(const struct wrap *wrap)
{
	struct bytes *bytes = wrap->bytes;
	const uint64_t blocks = (wrap->size + STORED_MAX - 1) / STORED_MAX;
	uint32_t a = 1, b = 0;

	make_room(wrap, 2 + 5 * blocks);
	for (uint64_t i = 0, from = 2 + 5 * blocks, to = 2; i < blocks; i++) {
		uint64_t size = wrap->size - i * STORED_MAX;

		if (size > STORED_MAX)
			size = STORED_MAX;
		for (uint64_t at = from; at < from + size; at++) {
			a = (a + bytes->data[at]) % 65521;
			b = (b + a) % 65521;
		}
		memmove(bytes->data + to + 5, bytes->data + from, (size_t)size);
		bytes_number(bytes, to, i + 1 == blocks, 1, false);
		bytes_number(bytes, to + 1, size, 2, false);
		bytes_number(bytes, to + 3, ~size & 0xffff, 2, false);
		from += size;
		to += 5 + size;
	}
	bytes_write(bytes, 0, "\x38\x11", 2);
	bytes_number(bytes, bytes->size, (uint64_t)b << 16 | a, 4, true);
	name_place(wrap->recipe, bytes, 3, "zlib.size");
	name_place(wrap->recipe, bytes, bytes->size - 4, "zlib.sum");
}

void wrap_dump(struct recipe *recipe)
{
	static const struct {
		const char *name;
		void (*wrap)(const struct wrap *wrap);
	} kinds[] = { { "tar", in_tar },
		      { "flattened", in_flattened },
		      { "disk", in_disk },
		      { "sparse", in_sparse },
		      { "zlib", in_zlib } };
	const char *in = option_text(recipe, "in", "");
	const struct wrap wrap = { recipe, &recipe->files[0]->bytes, recipe->files[0]->bytes.size };

	if (!*in)
		return;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, in))
			continue;
		kinds[i].wrap(&wrap);
		return;
	}
	fail(recipe, "in=%s: tar, flattened, disk, sparse or zlib", in);
}
