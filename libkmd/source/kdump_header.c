/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * struct disk_dump_header and struct kdump_sub_header of makedumpfile's diskdump_mod.h, as a
 * 64-bit machine lays them out.  Blocks are pages: the header, sub_hdr_size blocks of
 * sub-header, bitmap_blocks blocks of bitmaps, the page descriptors.
 */
#include "source/kdump_header.h"

#include "base/checked.h"
#include "source/kdump.h"

#include <elf.h>
#include <inttypes.h>
#include <string.h>

#define HEAD_VERSION       8
#define HEAD_MACHINE       272 /* char[65], of struct new_utsname */
#define HEAD_BLOCK_SIZE_32 416 /* where a 32-bit machine has it */
#define HEAD_BLOCK_SIZE    428
#define HEAD_SUB_BLOCKS    432
#define HEAD_BITMAP_BLOCKS 436
#define HEAD_PAGES         440
#define HEAD_END           464

#define VERSION_MAX        64 /* the newest is 6: a sane number in one byte order only */

/* From the start of the sub-header, with the first version that has it. */
#define SUB_SPLIT          12 /* 2 */
#define SUB_FIRST          16 /* 2 */
#define SUB_LAST           24 /* 2 */
#define SUB_INFO           32 /* 3: offset, size */
#define SUB_NOTES          48 /* 4: offset, size */
#define SUB_FIRST_64       80 /* 6 */
#define SUB_LAST_64        88 /* 6 */
#define SUB_PAGES_64       96 /* 6 */

static const struct {
	const char *name;
	uint16_t machine;
} machines[] = {
	{ "x86_64", EM_X86_64 }, { "aarch64", EM_AARCH64 }, { "riscv64", EM_RISCV },
	{ "s390x", EM_S390 },    { "ppc64le", EM_PPC64 },   { "ppc64", EM_PPC64 },
	{ "ia64", EM_IA_64 },    { "loongarch64", 258 },
};

static enum kmd_status damaged(const struct kmd_cursor *cursor, uint64_t at, const char *what)
{
	return kmd_fail(cursor->diag, KMD_ERR_DAMAGED, kmd_at(cursor->source->name, at),
			"kdump-compressed dump: %s", what);
}

static bool sane_page(uint64_t size)
{
	return size >= 4096 && size <= 65536 && !(size & (size - 1));
}

static void read_machine(struct kmd_cursor *cursor, struct kmd_kdump_header *header)
{
	char name[65];

	kmd_cursor_bytes(cursor, HEAD_MACHINE, name, sizeof(name));
	name[sizeof(name) - 1] = '\0';
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (!strcmp(name, machines[i].name))
			header->machine = machines[i].machine;
}

/* An offset and a size, or none. */
static void read_extent(struct kmd_cursor *cursor, uint64_t at, uint64_t *offset, uint64_t *size)
{
	*offset = kmd_cursor_u64(cursor, at);
	*size = kmd_cursor_u64(cursor, at + 8);
	if (!*offset || !kmd_cursor_has(cursor, *offset, *size))
		*offset = *size = 0;
}

static void read_sub_header(struct kmd_cursor *cursor, uint32_t version,
			    struct kmd_kdump_header *header)
{
	uint64_t sub = header->page_size;
	bool new = version >= 6;

	if (new)
		header->n_pages = kmd_cursor_u64(cursor, sub + SUB_PAGES_64);
	header->last = header->n_pages;
	if (version >= 2 && kmd_cursor_u32(cursor, sub + SUB_SPLIT)) {
		header->first = kmd_cursor_u64(cursor, sub + (new ? SUB_FIRST_64 : SUB_FIRST));
		header->last = kmd_cursor_u64(cursor, sub + (new ? SUB_LAST_64 : SUB_LAST));
	}
	if (version >= 3)
		read_extent(cursor, sub + SUB_INFO, &header->info, &header->info_size);
	if (version >= 4)
		read_extent(cursor, sub + SUB_NOTES, &header->notes, &header->notes_size);
}

/* The second half of the bitmaps has the pages that were dumped, if there are two. */
static enum kmd_status find_tables(struct kmd_cursor *cursor, struct kmd_kdump_header *header)
{
	uint64_t size = header->page_size, bytes = header->n_pages / 8 + (header->n_pages % 8 != 0);
	uint64_t blocks = kmd_cursor_u32(cursor, HEAD_BITMAP_BLOCKS);
	uint64_t needed = bytes / size + (bytes % size != 0);

	header->bitmap = (1 + (uint64_t)kmd_cursor_u32(cursor, HEAD_SUB_BLOCKS)) * size;
	header->descriptors = header->bitmap + blocks * size;
	if (!needed || needed > blocks)
		return damaged(cursor, HEAD_BITMAP_BLOCKS,
			       "the bitmap is smaller than the number of pages");
	if (blocks / 2 >= needed)
		header->bitmap += blocks / 2 * size;
	if (header->n_pages > UINT64_MAX / size || header->first > header->last ||
	    header->last > header->n_pages)
		return damaged(cursor, size, "the numbers of pages are impossible");
	if (!kmd_cursor_has(cursor, header->bitmap, header->descriptors - header->bitmap))
		return damaged(cursor, cursor->size, "it is truncated before its pages");
	return KMD_OK;
}

enum kmd_status kmd_kdump_header_read(struct kmd_cursor *cursor, struct kmd_kdump_header *header)
{
	uint32_t version;

	memset(header, 0, sizeof(*header));
	version = kmd_cursor_u32(cursor, HEAD_VERSION);
	cursor->big_endian = version > VERSION_MAX;
	version = kmd_cursor_u32(cursor, HEAD_VERSION);
	if (version > VERSION_MAX)
		return damaged(cursor, HEAD_VERSION, "its version is impossible");
	header->big_endian = cursor->big_endian;
	header->page_size = kmd_cursor_u32(cursor, HEAD_BLOCK_SIZE);
	if (!sane_page(header->page_size) && sane_page(kmd_cursor_u32(cursor, HEAD_BLOCK_SIZE_32)))
		return kmd_fail(cursor->diag, KMD_ERR_UNSUPPORTED, kmd_in(cursor->source->name),
				"a kdump-compressed dump of a 32-bit machine: crash opens it as "
				"it is");
	if (!sane_page(header->page_size))
		return damaged(cursor, HEAD_BLOCK_SIZE, "its page size is impossible");
	if (!kmd_cursor_has(cursor, 0, 2 * header->page_size))
		return damaged(cursor, cursor->size, "it is truncated before its pages");
	header->n_pages = kmd_cursor_u32(cursor, HEAD_PAGES);
	read_machine(cursor, header);
	read_sub_header(cursor, version, header);
	if (kmd_cursor_check(cursor, "header") != KMD_OK)
		return cursor->diag->status;
	return find_tables(cursor, header);
}
