/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * remoteproc.c - a core of another processor: sections with names and addresses, no segments.
 *
 * Source: drivers/remoteproc/remoteproc_coredump.c (rproc_coredump_using_sections()).
 */
#include "mkdump.h"

#include <elf.h>
#include <string.h>

#define STRINGS "STR_TBL"

static bool is_section(const struct region *region)
{
	return region->kelf == KELF_NONE && region->listed_in & IN_TABLE;
}

/* One zero byte, the name of the strings themselves, and those of the regions. */
static uint64_t names_size(const struct recipe *recipe, uint64_t *sections)
{
	uint64_t size = 1 + sizeof(STRINGS);

	*sections = 2;
	for (size_t i = 0; i < recipe->n_regions; i++)
		if (is_section(recipe->regions[i])) {
			size += strlen(recipe->regions[i]->name) + 1;
			++*sections;
		}
	return size;
}

void make_remoteproc(struct recipe *recipe)
{
	struct bytes *out = &add_file(recipe, "remoteproc")->bytes;
	const struct elf_sizes sizes = elf_sizes(recipe);
	uint64_t n, size = names_size(recipe, &n), names = sizes.header + n * sizes.section;
	const struct elf_section strings = { 1, SHT_STRTAB, 0, names, size };
	uint64_t at = names + size, used = 1 + sizeof(STRINGS), index = 2;

	elf_header(recipe, out, "core", 0, 0);
	elf_section_table(recipe, out, "core", n, sizes.header);
	elf_section(recipe, out, sizes.header + sizes.section, &strings, "core", 1);
	bytes_write(out, at, NULL, 0);
	bytes_write(out, names + 1, STRINGS, sizeof(STRINGS));
	for (size_t i = 0; i < recipe->n_regions; i++) {
		struct region *region = recipe->regions[i];
		struct elf_section section = { used, SHT_PROGBITS, region->table_phys, at,
					       kept_size(region) };

		if (!is_section(region))
			continue;
		elf_section(recipe, out, sizes.header + index * sizes.section, &section, "core",
			    index);
		index++;
		bytes_write(out, names + used, region->name, strlen(region->name) + 1);
		used += strlen(region->name) + 1;
		if (region->listed_in & IN_FILE)
			place_region(recipe, out, at, region);
		at += section.size;
	}
	bytes_write(out, at, NULL, 0);
}
