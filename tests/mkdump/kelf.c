/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* kelf.c - the ELF header region, in which the kernel describes its other regions. */
#include "mkdump.h"

#include <kmemdump/minidump.h>

#include <elf.h>
#include <string.h>

static bool in_kelf(const struct region *region)
{
	return region->kelf == KELF_NONE && !region->vmcoreinfo && region->listed_in & IN_KELF;
}

static uint64_t count_segments(const struct recipe *recipe)
{
	uint64_t n = 0;

	for (size_t i = 0; i < recipe->n_regions; i++)
		n += in_kelf(recipe->regions[i]);
	return n;
}

static uint64_t vmcoreinfo_size(const struct recipe *recipe)
{
	for (size_t i = 0; i < recipe->n_regions; i++) {
		if (recipe->regions[i]->vmcoreinfo)
			return recipe->regions[i]->kelf_size;
	}
	return 0;
}

/* The load segments, from number 1 on; bodies follow each other from @offset. */
static void load_segments(struct recipe *recipe, struct bytes *out, uint64_t table, uint64_t offset)
{
	const unsigned int entry = elf_sizes(recipe).segment;
	uint64_t n = 1;

	for (size_t i = 0; i < recipe->n_regions; i++) {
		const struct region *region = recipe->regions[i];
		struct elf_segment segment = { PT_LOAD,           offset,
					       region->virt,      region->kelf_phys,
					       region->kelf_size, region->kelf_size };

		if (!in_kelf(region))
			continue;
		elf_segment(recipe, out, table + n * entry, &segment, "kelf", n);
		offset += segment.file_size;
		n++;
	}
}

/*
 * meminspect: header, room for 201 program headers, slack, then three notes.  The
 * last note's text is the VMCOREINFO region, which is filed behind this one.
 */
static void meminspect_kelf(struct recipe *recipe, struct region *kelf)
{
	const struct elf_sizes sizes = elf_sizes(recipe);
	const uint64_t text = vmcoreinfo_size(recipe);
	const uint64_t notes =
		round_up(sizes.header + sizes.prstatus + sizes.prpsinfo + sizeof("VMCOREINFO") +
				 text + kelf->capacity * sizes.segment,
			 4);
	struct elf_segment note = { .type = PT_NOTE, .offset = notes };
	struct bytes *out = &kelf->content;

	elf_header(recipe, out, "kelf", 1 + count_segments(recipe), sizes.header);
	bytes_write(out, notes, NULL, 0);
	name_place(recipe, out, notes, "kelf.notes");
	elf_note_blank(recipe, out, "CORE", NT_PRSTATUS, sizes.prstatus);
	elf_note_blank(recipe, out, "CORE", NT_PRPSINFO, sizes.prpsinfo);
	elf_note_head(recipe, out, "VMCOREINFO", 0, text);
	note.file_size = out->size - notes + text;
	elf_segment(recipe, out, sizes.header, &note, "kelf", 0);
	load_segments(recipe, out, sizes.header, notes + note.file_size);
}

struct downstream {
	uint64_t capacity, sections, segments, names, banner, size, names_used;
};

static struct downstream downstream_layout(const struct recipe *recipe, const struct region *kelf)
{
	const struct elf_sizes sizes = elf_sizes(recipe);
	struct downstream at = { .capacity = kelf->capacity, .sections = sizes.header };

	at.segments = at.sections + at.capacity * sizes.section;
	at.names = at.segments + at.capacity * sizes.segment;
	at.banner = at.names + at.capacity * MD_KELF_STRTAB_NAME;
	at.size = round_up(sizes.header + at.capacity * MD_KELF_STRTAB_NAME +
				   (kelf->banner ? strlen(kelf->banner) : 0) + 1 +
				   (at.capacity + 4) * (sizes.section + sizes.segment),
			   4);
	at.names_used = 1;
	return at;
}

struct section {
	const char *name;
	uint64_t type, virt, offset, size;
};

static void add_section(struct recipe *recipe, struct bytes *out, struct downstream *at,
			uint64_t index, const struct section *section)
{
	const struct elf_section header = { at->names_used, section->type, section->virt,
					    section->offset, section->size };

	elf_section(recipe, out, at->sections + index * elf_sizes(recipe).section, &header, "kelf",
		    index);
	bytes_write(out, at->names + at->names_used, section->name, strlen(section->name) + 1);
	at->names_used += strlen(section->name) + 1;
}

/* Write the sections before those of the regions; returns their number. */
static uint64_t base_sections(struct recipe *recipe, const struct region *kelf,
			      struct downstream *at, struct bytes *out)
{
	const uint64_t names = at->capacity * MD_KELF_STRTAB_NAME;
	const struct section strings = { "STR_TBL", SHT_STRTAB, 0, at->names, names };
	const struct section table = { "minidump_table", SHT_PROGBITS, kelf->banner_virt + 4096, 0,
				       0 };
	const struct section banner = { "linux_banner", SHT_PROGBITS, kelf->banner_virt, at->banner,
					strlen(kelf->banner) + 1 };
	uint64_t n = 1;

	add_section(recipe, out, at, n++, &strings);
	if (kelf->base_sections == 4)
		add_section(recipe, out, at, n++, &table);
	add_section(recipe, out, at, n++, &banner);
	return n;
}

static void region_sections(struct recipe *recipe, struct downstream *at, struct bytes *out,
			    uint64_t n)
{
	uint64_t offset = at->size;

	for (size_t i = 0; i < recipe->n_regions; i++) {
		const struct region *region = recipe->regions[i];
		const struct section section = { region->name, SHT_PROGBITS, region->virt, offset,
						 region->kelf_size };

		if (!in_kelf(region))
			continue;
		add_section(recipe, out, at, n++, &section);
		offset += region->kelf_size;
	}
}

/* downstream msm_minidump: section and program headers, names, kernel banner; no notes. */
static void downstream_kelf(struct recipe *recipe, struct region *kelf)
{
	struct bytes *out = &kelf->content;
	struct downstream at;
	struct elf_segment banner = { .type = PT_LOAD };
	uint64_t n;

	if (!kelf->banner)
		fail(recipe, "kelf=downstream needs a banner=");
	at = downstream_layout(recipe, kelf);
	elf_header(recipe, out, "kelf", 1 + count_segments(recipe), at.segments);
	bytes_write(out, at.size, NULL, 0);
	bytes_write(out, at.banner, kelf->banner, strlen(kelf->banner) + 1);
	banner.offset = at.banner;
	banner.virt = kelf->banner_virt;
	banner.phys = kelf->banner_phys;
	banner.file_size = banner.memory_size = strlen(kelf->banner) + 1;
	elf_segment(recipe, out, at.segments, &banner, "kelf", 0);
	load_segments(recipe, out, at.segments, at.size);
	n = base_sections(recipe, kelf, &at, out);
	region_sections(recipe, &at, out, n);
	elf_section_table(recipe, out, "kelf", n + count_segments(recipe), at.sections);
	name_place(recipe, out, at.names, "kelf.names");
}

void make_kelf(struct recipe *recipe)
{
	for (size_t i = 0; i < recipe->n_regions; i++) {
		struct region *region = recipe->regions[i];

		if (region->kelf == KELF_MEMINSPECT)
			meminspect_kelf(recipe, region);
		else if (region->kelf == KELF_DOWNSTREAM)
			downstream_kelf(recipe, region);
	}
}
