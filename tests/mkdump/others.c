/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* others.c - dumps of other tools: AVML 2, kdump-compressed, ramoops.  Nothing is compressed. */
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
		fail(recipe, "a kdump of no memory");
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
