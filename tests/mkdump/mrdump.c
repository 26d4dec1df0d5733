/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * mrdump.c - MediaTek's mrdump_mini (SYS_MINI_RDUMP): an ELF core with a fixed number of program
 * headers, of which most are empty, and notes whose names have a fixed size.
 *
 * Source: drivers/misc/mediatek/aee/mrdump/mrdump_mini.c of MediaTek's trees.
 */
#include "mkdump.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define NOTE_NAME  12
#define OTHER_NAME 20
#define OTHER_TYPE 4095
#define OTHER_SIZE 32
#define OTHERS     20
#define PAGE       4096
#define BLOCK      512

static void add_note(const struct recipe *recipe, struct bytes *out, const char *name, size_t room,
		     uint64_t type, uint64_t size)
{
	uint64_t at = out->size;

	bytes_number(out, at, room, 4, recipe->big_endian);
	bytes_number(out, at + 4, size, 4, recipe->big_endian);
	bytes_number(out, at + 8, type, 4, recipe->big_endian);
	bytes_write(out, at + 12, name, strlen(name));
	bytes_write(out, at + 12 + room + size, NULL, 0);
}

/* The dying CPU is the last one. */
static void add_cpus(const struct recipe *recipe, struct bytes *out)
{
	const uint64_t cpus = option_number(recipe, "cpus", 2), room = 9;

	add_note(recipe, out, "vmlinux", NOTE_NAME, NT_PRPSINFO, elf_sizes(recipe).prpsinfo);
	for (uint64_t i = 0; i < room; i++) {
		char *name = i + 1 < cpus    ? join_text("core%u", (unsigned int)i)
			     : i + 1 == cpus ? join_text("ke%u", (unsigned int)i)
					     : join_text("NA");

		add_note(recipe, out, name, NOTE_NAME, NT_PRSTATUS, elf_sizes(recipe).prstatus);
		free(name);
	}
}

static void add_loads(struct recipe *recipe, struct bytes *out, uint64_t slots)
{
	const struct elf_sizes sizes = elf_sizes(recipe);
	uint64_t n = 2, at = round_up(out->size, PAGE);

	for (size_t i = 0; i < recipe->n_regions; i++) {
		struct region *region = recipe->regions[i];
		struct elf_segment segment = { PT_LOAD,           at,
					       region->virt,      region->table_phys,
					       kept_size(region), 0 };

		if (region->kelf != KELF_NONE || !(region->listed_in & IN_TABLE))
			continue;
		if (n == slots)
			fail(recipe, "mrdump has %u segments at most", (unsigned int)slots - 2);
		elf_segment(recipe, out, sizes.header + n * sizes.segment, &segment, "core", n);
		n++;
		if (region->listed_in & IN_FILE)
			place_region(recipe, out, at, region);
		at = round_up(at + segment.file_size, BLOCK);
	}
	if (out->size < at)
		bytes_write(out, at, NULL, 0);
}

void make_mrdump(struct recipe *recipe)
{
	struct bytes *out = &add_file(recipe, "mrdump")->bytes;
	const uint64_t slots = option_number(recipe, "segments", 60);
	const struct elf_sizes sizes = elf_sizes(recipe);
	struct elf_segment notes = { .type = PT_NOTE }, others = { .type = PT_NOTE };

	elf_header(recipe, out, "core", slots, sizes.header);
	notes.offset = sizes.header + slots * sizes.segment;
	bytes_write(out, notes.offset, NULL, 0);
	add_cpus(recipe, out);
	notes.file_size = out->size - notes.offset;
	others.offset = out->size;
	add_note(recipe, out, "_KERNEL_LOG_", OTHER_NAME, OTHER_TYPE, OTHER_SIZE);
	for (unsigned int i = 1; i < OTHERS; i++)
		add_note(recipe, out, "NA", OTHER_NAME, OTHER_TYPE, OTHER_SIZE);
	others.file_size = out->size - others.offset;
	elf_segment(recipe, out, sizes.header, &notes, "core", 0);
	elf_segment(recipe, out, sizes.header + sizes.segment, &others, "core", 1);
	add_loads(recipe, out, slots);
}
