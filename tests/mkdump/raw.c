/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* raw.c - the image that firmware writes to the dump partition. */
#include "mkdump.h"

#include <kmemdump/minidump.h>

#include <string.h>

/*
 * form raw options: marker, version, align (of data), gap (bytes behind the
 * table), round (of dump_size), data=reverse (against the table's order).
 */
static uint64_t count_sections(const struct recipe *recipe)
{
	uint64_t n = recipe->load_cmm;

	for (size_t i = 0; i < recipe->n_regions; i++)
		n += (recipe->regions[i]->listed_in & IN_TABLE) != 0;
	return n;
}

static void raw_header(struct recipe *recipe, struct bytes *out, uint64_t sections)
{
	const char *marker = option_text(recipe, "marker", MD_RAW_SIGNATURE);
	const uint64_t version = option_number(recipe, "version", MD_RAW_VERSION_QCOM);

	bytes_write(out, MD_RAW_HEADER_SIZE, NULL, 0);
	bytes_write(out, 0, marker, strlen(marker));
	field(recipe, out, MD_RAW_VERSION, 4, version, "header.version");
	field(recipe, out, MD_RAW_FLAGS, 4, MD_RAW_VALID, "header.flags");
	field(recipe, out, MD_RAW_SECTION_COUNT, 4, sections, "header.count");
	field(recipe, out, MD_RAW_DUMP_SIZE, 8, 0, "header.dump_size");
	field(recipe, out, MD_RAW_REQUIRED_SIZE, 8, 0, "header.required");
}

struct section {
	const char *name, *file;
	uint64_t flags, type, offset, size, phys;
};

static void add_names(struct recipe *recipe, struct bytes *out, uint64_t at, const char *key)
{
	field(recipe, out, at + MD_RAW_SECTION_FLAGS, 4,
	      bytes_get(out, at + MD_RAW_SECTION_FLAGS, 4, false), "section[%s].flags", key);
	field(recipe, out, at + MD_RAW_SECTION_TYPE, 4,
	      bytes_get(out, at + MD_RAW_SECTION_TYPE, 4, false), "section[%s].type", key);
	field(recipe, out, at + MD_RAW_SECTION_OFFSET, 8,
	      bytes_get(out, at + MD_RAW_SECTION_OFFSET, 8, false), "section[%s].offset", key);
	field(recipe, out, at + MD_RAW_SECTION_LENGTH, 8,
	      bytes_get(out, at + MD_RAW_SECTION_LENGTH, 8, false), "section[%s].size", key);
	field(recipe, out, at + MD_RAW_SECTION_INFO, 8,
	      bytes_get(out, at + MD_RAW_SECTION_INFO, 8, false), "section[%s].phys", key);
	name_place(recipe, out, at + MD_RAW_SECTION_NAME, "section[%s].name", key);
}

static void raw_section(struct recipe *recipe, struct bytes *out, uint64_t index,
			const struct section *section)
{
	const uint64_t at = MD_RAW_HEADER_SIZE + index * MD_RAW_SECTION_SIZE;
	char name[MD_RAW_SECTION_NAME_SIZE] = { 0 };

	memcpy(name, section->file,
	       strlen(section->file) < sizeof(name) ? strlen(section->file) : sizeof(name));
	bytes_number(out, at + MD_RAW_SECTION_FLAGS, section->flags, 4, false);
	bytes_number(out, at + MD_RAW_SECTION_VERSION, MD_RAW_VERSION_QCOM, 4, false);
	bytes_number(out, at + MD_RAW_SECTION_TYPE, section->type, 4, false);
	bytes_number(out, at + MD_RAW_SECTION_OFFSET, section->offset, 8, false);
	bytes_number(out, at + MD_RAW_SECTION_LENGTH, section->size, 8, false);
	bytes_number(out, at + MD_RAW_SECTION_INFO, section->phys, 8, false);
	bytes_write(out, at + MD_RAW_SECTION_NAME, name, sizeof(name));
	add_names(recipe, out, at, section->name);
	add_names(recipe, out, at, join_text("%llu", (unsigned long long)index));
}

static void cmm_section(struct recipe *recipe, struct bytes *out, uint64_t align)
{
	struct section section = {
		"load.cmm", "load.cmm", MD_RAW_VALID, MD_RAW_TYPE_SV, round_up(out->size, align),
		0,          0
	};
	struct bytes text = { 0 };

	text_load_cmm(recipe, &text);
	section.size = text.size;
	raw_section(recipe, out, 0, &section);
	bytes_write(out, section.offset, text.data, text.size);
	name_place(recipe, out, section.offset, "data.load.cmm");
}

/* Data that was not stored takes no room: the data of the next section begins there. */
static void region_section(struct recipe *recipe, struct bytes *out, uint64_t index,
			   struct region *region, uint64_t align)
{
	struct section section = { region->name,
				   region->file,
				   region->state == MD_VALID ? MD_RAW_VALID : 0,
				   region->type,
				   round_up(out->size, align),
				   region->table_size,
				   region->table_phys };

	raw_section(recipe, out, index, &section);
	if (region->listed_in & IN_FILE) {
		place_region(recipe, out, section.offset, region);
		if (region->cut == UINT64_MAX && out->size < section.offset + section.size)
			bytes_write(out, section.offset + section.size, NULL, 0);
	}
}

static void region_sections(struct recipe *recipe, struct bytes *out, uint64_t align)
{
	const bool reverse = !strcmp(option_text(recipe, "data", "forwards"), "reverse");
	const uint64_t first = recipe->load_cmm, sections = count_sections(recipe);
	uint64_t index = reverse ? sections - 1 : first;

	for (size_t i = 0; i < recipe->n_regions; i++) {
		const size_t which = reverse ? recipe->n_regions - 1 - i : i;

		if (!(recipe->regions[which]->listed_in & IN_TABLE))
			continue;
		region_section(recipe, out, index, recipe->regions[which], align);
		index += reverse ? UINT64_MAX : 1;
	}
}

void make_raw(struct recipe *recipe)
{
	struct bytes *out = &add_file(recipe, "image")->bytes;
	const uint64_t sections = count_sections(recipe);
	const uint64_t align = option_number(recipe, "align", 1);
	const uint64_t gap = option_number(recipe, "gap", 0);
	uint64_t size;

	raw_header(recipe, out, sections);
	bytes_write(out, out->size + sections * MD_RAW_SECTION_SIZE + gap, NULL, 0);
	if (recipe->load_cmm)
		cmm_section(recipe, out, align);
	region_sections(recipe, out, align);
	size = round_up(out->size, option_number(recipe, "round", 1));
	bytes_number(out, MD_RAW_DUMP_SIZE, size, 8, false);
	bytes_number(out, MD_RAW_REQUIRED_SIZE, size, 8, false);
}
