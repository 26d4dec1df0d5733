/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* core.c - an ELF core as qdl or another assembler writes it. */
#include "mkdump.h"

#include <elf.h>

static bool is_memory(const struct region *region)
{
	return region->kelf == KELF_NONE && !region->vmcoreinfo && region->listed_in & IN_TABLE;
}

static void add_notes(struct recipe *recipe, struct bytes *out)
{
	const uint64_t cpus = option_number(recipe, "cpus", 1);

	for (uint64_t i = 0; i < cpus; i++)
		elf_note_blank(recipe, out, "CORE", NT_PRSTATUS, elf_sizes(recipe).prstatus);
	if (option_number(recipe, "kcore", 0)) /* NT_TASKSTRUCT, as fs/proc/kcore.c writes it */
		elf_note_blank(recipe, out, "CORE", 4, 64);
	for (size_t i = 0; i < recipe->n_regions; i++) {
		struct region *region = recipe->regions[i];

		if (!region->vmcoreinfo)
			continue;
		elf_note_head(recipe, out, "VMCOREINFO", 0, region->content.size);
		bytes_add(out, region->content.data, region->content.size);
		bytes_write(out, round_up(out->size, 4), NULL, 0);
	}
}

static void add_loads(struct recipe *recipe, struct bytes *out, uint64_t table)
{
	const uint64_t align = option_number(recipe, "align", 4);
	uint64_t n = 1;

	for (size_t i = 0; i < recipe->n_regions; i++) {
		struct region *region = recipe->regions[i];
		struct elf_segment segment = { PT_LOAD,           0,
					       region->virt,      region->table_phys,
					       kept_size(region), region->table_size };

		if (!is_memory(region))
			continue;
		segment.offset = round_up(out->size, align);
		elf_segment(recipe, out, table + n * elf_sizes(recipe).segment, &segment, "core",
			    n);
		n++;
		if (region->listed_in & IN_FILE)
			place_region(recipe, out, segment.offset, region);
	}
}

void make_core(struct recipe *recipe)
{
	struct bytes *out = &add_file(recipe, "core")->bytes;
	const struct elf_sizes sizes = elf_sizes(recipe);
	struct elf_segment note = { .type = PT_NOTE };
	uint64_t n = 1;

	for (size_t i = 0; i < recipe->n_regions; i++)
		n += is_memory(recipe->regions[i]);
	elf_header(recipe, out, "core", n, sizes.header);
	note.offset = sizes.header + n * sizes.segment;
	bytes_write(out, note.offset, NULL, 0);
	add_notes(recipe, out);
	note.file_size = out->size - note.offset;
	elf_segment(recipe, out, sizes.header, &note, "core", 0);
	add_loads(recipe, out, sizes.header);
}
