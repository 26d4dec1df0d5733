/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* lime.c - a LiME dump whose ranges are the regions. */
#include "mkdump.h"

#define HEADER 32

void make_lime(struct recipe *recipe)
{
	struct bytes *out = &add_file(recipe, "lime")->bytes;
	unsigned int n = 0;

	for (size_t i = 0; i < recipe->n_regions; i++) {
		struct region *region = recipe->regions[i];
		const uint64_t at = out->size;

		if (!(region->listed_in & IN_TABLE) || region->kelf != KELF_NONE)
			continue;
		field(recipe, out, at, 4, 0x4c694d45, "range[%u].magic", n);
		field(recipe, out, at + 4, 4, 1, "range[%u].version", n);
		field(recipe, out, at + 8, 8, region->table_phys, "range[%u].first", n);
		field(recipe, out, at + 16, 8, region->table_phys + region->table_size - 1,
		      "range[%u].last", n);
		field(recipe, out, at + 24, 8, 0, "range[%u].reserved", n);
		place_region(recipe, out, at + HEADER, region);
		n++;
	}
}
