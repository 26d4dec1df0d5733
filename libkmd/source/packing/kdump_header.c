/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * struct disk_dump_header and struct kdump_sub_header of makedumpfile's diskdump_mod.h, as
 * the compiler of the dumping machine lays them out.  Blocks are pages: the header, sub_hdr_size
 * blocks of sub-header, bitmap_blocks blocks of bitmaps, the page descriptors.
 */
#include "source/packing/kdump_header.h"

#include "base/checked.h"
#include "source/packing/kdump.h"

#include <elf.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#define HEAD_VERSION   8
#define HEAD_MACHINE   272 /* char[65], of struct new_utsname */
#define VERSION_MAX    64  /* the newest is 6: a sane number in one byte order only */

#define SUB_BLOCKS_MAX 64
#define PRSTATUS_ARM   148
#define PRSTATUS_I386  144

/* Offsets in the header, and in the sub-header with the first version that has it. */
struct layout {
	uint16_t block_size, sub_blocks, bitmap_blocks, pages;
	uint16_t split, first, last; /* 2 */
	uint16_t info, notes;        /* 3, 4: offset, size */
	uint16_t new_numbers;        /* 6: first, last, number of pages */
	uint16_t word;               /* size of a long */
};

/* Where a 64-bit number begins: at a multiple of 8, but on i386 at one of 4. */
static const struct layout layouts[] = {
	[KDUMP_64] = { 428, 432, 436, 440, 12, 16, 24, 32, 48, 80, 8 },
	[KDUMP_32] = { 416, 420, 424, 428, 8, 12, 16, 24, 40, 72, 4 },
	[KDUMP_I386] = { 416, 420, 424, 428, 8, 12, 16, 20, 32, 56, 4 },
};

static const struct {
	const char *name;
	uint16_t machine;
	enum kmd_kdump_class class;
} machines[] = {
	{ "x86_64", EM_X86_64, KDUMP_64 }, { "aarch64", EM_AARCH64, KDUMP_64 },
	{ "riscv64", EM_RISCV, KDUMP_64 }, { "s390x", EM_S390, KDUMP_64 },
	{ "ppc64le", EM_PPC64, KDUMP_64 }, { "ppc64", EM_PPC64, KDUMP_64 },
	{ "ia64", EM_IA_64, KDUMP_64 },    { "loongarch64", 258, KDUMP_64 },
	{ "mips64", EM_MIPS, KDUMP_64 },   { "i386", EM_386, KDUMP_I386 },
	{ "i486", EM_386, KDUMP_I386 },    { "i586", EM_386, KDUMP_I386 },
	{ "i686", EM_386, KDUMP_I386 },    { "armv", EM_ARM, KDUMP_32 },
	{ "ppc", EM_PPC, KDUMP_32 },       { "mips", EM_MIPS, KDUMP_32 },
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

/* armv7l and armv6l begin alike; of other names the whole counts.  QEMU writes S390X. */
static bool is_machine(const char *name, const char *known)
{
	return !strcmp(known, "armv") ? !strncmp(name, known, strlen(known))
				      : !strcasecmp(name, known);
}

/* The machine by its name; QEMU does not name all, and gives the class of a 64-bit one to i686. */
static void read_machine(struct kmd_cursor *cursor, struct kmd_kdump_header *header)
{
	char name[65];

	kmd_cursor_bytes(cursor, HEAD_MACHINE, name, sizeof(name));
	name[sizeof(name) - 1] = '\0';
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (is_machine(name, machines[i].name)) {
			header->machine = machines[i].machine;
			header->class = machines[i].class;
			return;
		}
}

static bool fits(struct kmd_cursor *cursor, const struct layout *layout)
{
	uint32_t sub = kmd_cursor_u32(cursor, layout->sub_blocks);

	return sane_page(kmd_cursor_u32(cursor, layout->block_size)) && sub &&
	       sub <= SUB_BLOCKS_MAX && kmd_cursor_u32(cursor, layout->bitmap_blocks);
}

/* The number of pages, which version 6 repeats, stands where the layout has it. */
static bool repeats_pages(struct kmd_cursor *cursor, const struct layout *layout)
{
	uint64_t sub = kmd_cursor_u32(cursor, layout->block_size);

	return kmd_cursor_u64(cursor, sub + layout->new_numbers + 16) ==
	       kmd_cursor_u32(cursor, layout->pages);
}

/* The layout by the numbers themselves; where they decide nothing, by the machine. */
static void choose_class(struct kmd_cursor *cursor, uint32_t version,
			 struct kmd_kdump_header *header)
{
	bool wide = fits(cursor, &layouts[KDUMP_64]), narrow = fits(cursor, &layouts[KDUMP_32]);
	bool padded, packed;

	if (wide != narrow)
		header->class = wide                        ? KDUMP_64
				: header->class == KDUMP_64 ? KDUMP_32
							    : header->class;
	if (header->class == KDUMP_64 || version < 6)
		return;
	padded = repeats_pages(cursor, &layouts[KDUMP_32]);
	packed = repeats_pages(cursor, &layouts[KDUMP_I386]);
	if (padded != packed)
		header->class = padded ? KDUMP_32 : KDUMP_I386;
}

/* Of a 32-bit machine without a name: by the size of its NT_PRSTATUS. */
static void machine_from_notes(struct kmd_cursor *cursor, struct kmd_kdump_header *header)
{
	uint32_t size = kmd_cursor_u32(cursor, header->notes + 4);

	if (header->machine || header->class == KDUMP_64 || header->notes_size < 12 ||
	    kmd_cursor_u32(cursor, header->notes + 8) != NT_PRSTATUS)
		return;
	if (size == PRSTATUS_ARM)
		header->machine = EM_ARM;
	else if (size == PRSTATUS_I386)
		header->machine = EM_386;
}

static uint64_t word_at(struct kmd_cursor *cursor, const struct layout *layout, uint64_t at)
{
	return layout->word == 8 ? kmd_cursor_u64(cursor, at) : kmd_cursor_u32(cursor, at);
}

/* An offset, of 64 bits always, and a size, or none. */
static void read_extent(struct kmd_cursor *cursor, const struct layout *layout, uint64_t at,
			uint64_t *offset, uint64_t *size)
{
	*offset = kmd_cursor_u64(cursor, at);
	*size = word_at(cursor, layout, at + 8);
	if (!*offset || !kmd_cursor_has(cursor, *offset, *size))
		*offset = *size = 0;
}

static void read_sub_header(struct kmd_cursor *cursor, const struct layout *layout,
			    uint32_t version, struct kmd_kdump_header *header)
{
	uint64_t sub = header->page_size, numbers = sub + layout->new_numbers;
	bool new = version >= 6;

	if (new)
		header->n_pages = kmd_cursor_u64(cursor, numbers + 16);
	header->last = header->n_pages;
	if (version >= 2 && kmd_cursor_u32(cursor, sub + layout->split)) {
		header->first = new ? kmd_cursor_u64(cursor, numbers)
				    : word_at(cursor, layout, sub + layout->first);
		header->last = new ? kmd_cursor_u64(cursor, numbers + 8)
				   : word_at(cursor, layout, sub + layout->last);
	}
	if (version >= 3)
		read_extent(cursor, layout, sub + layout->info, &header->info, &header->info_size);
	if (version >= 4)
		read_extent(cursor, layout, sub + layout->notes, &header->notes,
			    &header->notes_size);
}

/* The second half of the bitmaps has the pages that were dumped, if there are two. */
static enum kmd_status find_tables(struct kmd_cursor *cursor, const struct layout *layout,
				   struct kmd_kdump_header *header)
{
	uint64_t size = header->page_size, bytes = header->n_pages / 8 + (header->n_pages % 8 != 0);
	uint64_t blocks = kmd_cursor_u32(cursor, layout->bitmap_blocks);
	uint64_t needed = bytes / size + (bytes % size != 0);

	header->bitmap = (1 + (uint64_t)kmd_cursor_u32(cursor, layout->sub_blocks)) * size;
	header->descriptors = header->bitmap + blocks * size;
	if (!needed || needed > blocks)
		return damaged(cursor, layout->bitmap_blocks,
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
	const struct layout *layout;
	uint32_t version;

	memset(header, 0, sizeof(*header));
	version = kmd_cursor_u32(cursor, HEAD_VERSION);
	cursor->big_endian = version > VERSION_MAX;
	version = kmd_cursor_u32(cursor, HEAD_VERSION);
	if (version > VERSION_MAX)
		return damaged(cursor, HEAD_VERSION, "its version is impossible");
	header->big_endian = cursor->big_endian;
	read_machine(cursor, header);
	choose_class(cursor, version, header);
	layout = &layouts[header->class];
	header->page_size = kmd_cursor_u32(cursor, layout->block_size);
	if (!sane_page(header->page_size))
		return damaged(cursor, layout->block_size, "its page size is impossible");
	if (!kmd_cursor_has(cursor, 0, 2 * header->page_size))
		return damaged(cursor, cursor->size, "it is truncated before its pages");
	header->n_pages = kmd_cursor_u32(cursor, layout->pages);
	read_sub_header(cursor, layout, version, header);
	machine_from_notes(cursor, header);
	if (kmd_cursor_check(cursor, "header") != KMD_OK)
		return cursor->diag->status;
	return find_tables(cursor, layout, header);
}
