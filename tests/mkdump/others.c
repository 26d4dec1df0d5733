/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* others.c - dumps of other tools: AVML 2, kdump-compressed, Xen, ramoops.  Nothing is compressed.
 */
#include "mkdump.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

static bool is_memory(const struct region *region)
{
	return (region->listed_in & IN_TABLE) && region->kelf == KELF_NONE && region->table_size;
}

/* ----- AVML: LiME's header, a Snappy stream of plain chunks, its length */

#define CHUNK 65536u

static uint32_t masked_crc32c(const unsigned char *data, size_t size)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < size; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	crc = ~crc;
	return (crc >> 15 | crc << 17) + 0xa282ead8;
}

static void avml_stream(struct recipe *recipe, struct bytes *out, const unsigned char *data,
			uint64_t size, unsigned int n)
{
	const uint64_t start = out->size;

	bytes_add(out, "\xff\x06\0\0sNaPpY", 10);
	for (uint64_t at = 0; at < size; at += CHUNK) {
		const size_t part = (size_t)(size - at < CHUNK ? size - at : CHUNK);
		const uint64_t head = out->size;

		bytes_number(out, head, (uint64_t)(part + 4) << 8 | 1, 4, false);
		bytes_number(out, head + 4, masked_crc32c(data + at, part), 4, false);
		bytes_add(out, data + at, part);
	}
	field(recipe, out, out->size, 8, out->size - start, "range[%u].length", n);
}

void make_avml(struct recipe *recipe)
{
	struct bytes *out = &add_file(recipe, "avml")->bytes;
	unsigned int n = 0;

	for (size_t i = 0; i < recipe->n_regions; i++) {
		const struct region *region = recipe->regions[i];
		const uint64_t at = out->size;
		unsigned char *data;

		if (!is_memory(region))
			continue;
		field(recipe, out, at, 4, 0x4c4d5641, "range[%u].magic", n);
		field(recipe, out, at + 4, 4, 2, "range[%u].version", n);
		field(recipe, out, at + 8, 8, region->table_phys, "range[%u].first", n);
		field(recipe, out, at + 16, 8, region->table_phys + region->table_size - 1,
		      "range[%u].last", n);
		field(recipe, out, at + 24, 8, 0, "range[%u].reserved", n);
		data = calloc(1, (size_t)region->table_size);
		if (!data)
			fail(NULL, "out of memory");
		memcpy(data, region->content.data, (size_t)kept_size(region));
		avml_stream(recipe, out, data, region->table_size, n++);
		free(data);
	}
}

/* ----- kdump-compressed, of a 64-bit machine; pages that regions touch */

#define PAGE 4096u

struct frames {
	uint64_t *items;
	size_t n;
};

static int compare_frames(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void collect_frames(const struct recipe *recipe, struct frames *frames)
{
	size_t kept = 0;

	for (size_t i = 0; i < recipe->n_regions; i++) {
		const struct region *region = recipe->regions[i];

		if (!is_memory(region))
			continue;
		for (uint64_t at = region->table_phys / PAGE;
		     at <= (region->table_phys + region->table_size - 1) / PAGE; at++) {
			frames->items = grow(frames->items, frames->n, sizeof(*frames->items));
			frames->items[frames->n++] = at;
		}
	}
	if (!frames->n)
		fail(recipe, "a dump of no memory");
	qsort(frames->items, frames->n, sizeof(*frames->items), compare_frames);
	for (size_t i = 0; i < frames->n; i++)
		if (!i || frames->items[i] != frames->items[kept - 1])
			frames->items[kept++] = frames->items[i];
	frames->n = kept;
}

static void fill_page(const struct recipe *recipe, uint64_t frame, unsigned char *page)
{
	memset(page, 0, PAGE);
	for (size_t i = 0; i < recipe->n_regions; i++) {
		const struct region *region = recipe->regions[i];
		const uint64_t phys = region->table_phys, start = frame * PAGE;

		for (uint64_t at = 0; is_memory(region) && at < kept_size(region); at++)
			if (phys + at >= start && phys + at < start + PAGE)
				page[phys + at - start] = region->content.data[at];
	}
}

static const char *machine_name(const struct recipe *recipe)
{
	switch (recipe->machine) {
	case EM_AARCH64:
		return "aarch64";
	case EM_X86_64:
		return "x86_64";
	case EM_RISCV:
		return "riscv64";
	default:
		fail(recipe, "form kdump: of aarch64, x86_64 or riscv64");
	}
}

static void kdump_head(struct recipe *recipe, struct bytes *out, uint64_t count, uint64_t bitmap)
{
	const char *name = machine_name(recipe);

	bytes_write(out, 0, "KDUMP   ", 8);
	field(recipe, out, 8, 4, 6, "kdump.version");
	bytes_write(out, 272, name, strlen(name));
	field(recipe, out, 428, 4, PAGE, "kdump.block");
	field(recipe, out, 432, 4, 1, "kdump.sub_blocks");
	field(recipe, out, 436, 4, 2 * bitmap / PAGE, "kdump.bitmap_blocks");
	field(recipe, out, 440, 4, count, "kdump.pages");
	field(recipe, out, PAGE + 96, 8, count, "kdump.pages_64");
}

void make_kdump(struct recipe *recipe)
{
	struct bytes *out = &add_file(recipe, "kdump")->bytes;
	struct frames frames = { NULL, 0 };
	unsigned char page[PAGE];
	uint64_t count, bitmap, table;

	collect_frames(recipe, &frames);
	count = frames.items[frames.n - 1] + 1;
	bitmap = round_up((count + 7) / 8, PAGE);
	table = 2 * PAGE + 2 * bitmap;
	kdump_head(recipe, out, count, bitmap);
	bytes_write(out, table + 24 * frames.n, NULL, 0);
	for (size_t i = 0; i < frames.n; i++) {
		const uint64_t at = table + 24 * i, data = out->size;

		for (unsigned int half = 0; half < 2; half++)
			out->data[2 * PAGE + half * bitmap + frames.items[i] / 8] |=
				(unsigned char)(1 << frames.items[i] % 8);
		field(recipe, out, at, 8, data, "page[%zu].offset", i);
		field(recipe, out, at + 8, 4, PAGE, "page[%zu].size", i);
		field(recipe, out, at + 12, 4, 0, "page[%zu].flags", i);
		fill_page(recipe, frames.items[i], page);
		bytes_add(out, page, PAGE);
	}
	free(frames.items);
}

/* ----- xl dump-core: sections, no segments (docs/misc/dump-core-format.txt) */

enum { XEN_STRINGS = 1, XEN_NOTES, XEN_NUMBERS, XEN_PAGES, XEN_SECTIONS };

struct xen_section {
	const char *name;
	uint64_t type, offset, size;
};

static void xen_notes(struct recipe *recipe, struct bytes *out, uint64_t pages, bool p2m)
{
	uint64_t at;

	elf_note_head(recipe, out, "Xen", 0x2000000, 0);
	elf_note_head(recipe, out, "Xen", 0x2000001, 32);
	at = out->size;
	field(recipe, out, at, 8, p2m ? 0xf00febed : 0xf00febee, "xen.magic");
	field(recipe, out, at + 8, 8, 1, "xen.cpus");
	field(recipe, out, at + 16, 8, pages, "xen.pages");
	field(recipe, out, at + 24, 8, PAGE, "xen.page_size");
	elf_note_head(recipe, out, "Xen", 0x2000003, 8);
	field(recipe, out, out->size, 8, 1, "xen.version");
}

/* Frame numbers; a paravirtual guest has those of the machine beside them. */
static void xen_numbers(struct recipe *recipe, struct bytes *out, const struct frames *frames,
			bool p2m)
{
	for (size_t i = 0; i < frames->n; i++) {
		field(recipe, out, out->size, 8, frames->items[i], "xen.frame[%u]",
		      (unsigned int)i);
		if (p2m)
			bytes_number(out, out->size, frames->items[i] ^ 0x5555, 8, false);
	}
}

static void xen_headers(struct recipe *recipe, struct bytes *out,
			const struct xen_section *sections, uint64_t names)
{
	const struct elf_sizes sizes = elf_sizes(recipe);
	uint64_t name = 1;

	for (unsigned int i = XEN_STRINGS; i < XEN_SECTIONS; i++) {
		const struct elf_section section = { name, sections[i].type, 0, sections[i].offset,
						     sections[i].size };

		elf_section(recipe, out, sizes.header + i * sizes.section, &section, "core", i);
		bytes_write(out, names + name, sections[i].name, strlen(sections[i].name) + 1);
		name += strlen(sections[i].name) + 1;
	}
}

void make_xen(struct recipe *recipe)
{
	struct bytes *out = &add_file(recipe, "xen")->bytes;
	const struct elf_sizes sizes = elf_sizes(recipe);
	const bool p2m = option_number(recipe, "p2m", 0);
	struct xen_section sections[XEN_SECTIONS] = {
		[XEN_STRINGS] = { ".shstrtab", SHT_STRTAB, 0, 0 },
		[XEN_NOTES] = { ".note.Xen", SHT_NOTE, 0, 0 },
		[XEN_NUMBERS] = { p2m ? ".xen_p2m" : ".xen_pfn", SHT_PROGBITS, 0, 0 },
		[XEN_PAGES] = { ".xen_pages", SHT_PROGBITS, 0, 0 },
	};
	struct frames frames = { NULL, 0 };
	unsigned char page[PAGE];
	uint64_t size = 1;

	collect_frames(recipe, &frames);
	for (unsigned int i = XEN_STRINGS; i < XEN_SECTIONS; i++)
		size += strlen(sections[i].name) + 1;
	elf_header(recipe, out, "core", 0, 0);
	elf_section_table(recipe, out, "core", XEN_SECTIONS, sizes.header);
	sections[XEN_STRINGS].offset = sizes.header + XEN_SECTIONS * sizes.section;
	sections[XEN_STRINGS].size = size;
	bytes_write(out, round_up(sections[XEN_STRINGS].offset + size, 8), NULL, 0);
	sections[XEN_NOTES].offset = out->size;
	xen_notes(recipe, out, frames.n, p2m);
	sections[XEN_NOTES].size = out->size - sections[XEN_NOTES].offset;
	sections[XEN_NUMBERS].offset = out->size;
	xen_numbers(recipe, out, &frames, p2m);
	sections[XEN_NUMBERS].size = out->size - sections[XEN_NUMBERS].offset;
	sections[XEN_PAGES].offset = round_up(out->size, PAGE);
	sections[XEN_PAGES].size = frames.n * PAGE;
	bytes_write(out, sections[XEN_PAGES].offset, NULL, 0);
	for (size_t i = 0; i < frames.n; i++) {
		fill_page(recipe, frames.items[i], page);
		bytes_add(out, page, PAGE);
	}
	xen_headers(recipe, out, sections, sections[XEN_STRINGS].offset);
	free(frames.items);
}

/* ----- ramoops: each region is a zone of the same size */

void make_ramoops(struct recipe *recipe)
{
	struct bytes *out = &add_file(recipe, "ramoops")->bytes;
	const uint64_t room = option_number(recipe, "zone", 8192);
	unsigned int n = 0;

	for (size_t i = 0; i < recipe->n_regions; i++) {
		const struct region *region = recipe->regions[i];
		const uint64_t at = n * room, size = kept_size(region);

		if (size + 12 > room)
			fail(recipe, "region %s does not fit a zone", region->name);
		bytes_write(out, at + room, NULL, 0);
		field(recipe, out, at, 4, 0x43474244, "zone[%u].sig", n);
		field(recipe, out, at + 4, 4, 0, "zone[%u].start", n);
		field(recipe, out, at + 8, 4, size, "zone[%u].size", n);
		bytes_write(out, at + 12, region->content.data, (size_t)size);
		n++;
	}
}
