/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* folder.c - folders of region files, and cores that users make from them with cat. */
#include "mkdump.h"

#include <string.h>

/*
 * The KELF and VMCOREINFO regions are first, then all others by p_offset, as in KELF; with
 * unlisted=yes also those that KELF does not have, at their places of the recipe.
 */
static void cat_pass(struct recipe *recipe, struct bytes *out, bool kelf, bool vmcoreinfo)
{
	const bool unlisted = !strcmp(option_text(recipe, "unlisted", "no"), "yes");

	for (size_t i = 0; i < recipe->n_regions; i++) {
		struct region *region = recipe->regions[i];
		const uint64_t end = out->size + region->kelf_size;
		const bool wanted =
			(region->kelf != KELF_NONE) == kelf && region->vmcoreinfo == vmcoreinfo;

		if (!wanted || !(region->listed_in & IN_FILE) ||
		    !(unlisted || region->listed_in & IN_KELF))
			continue;
		place_region(recipe, out, out->size, region);
		if (region->cut == UINT64_MAX)
			bytes_write(out, end, NULL, 0);
	}
}

void make_cat(struct recipe *recipe)
{
	struct bytes *out = &add_file(recipe, "cat")->bytes;

	cat_pass(recipe, out, true, false);
	cat_pass(recipe, out, false, true);
	cat_pass(recipe, out, false, false);
}

/* One file that holds only the content of the recipe. */
void make_bytes(struct recipe *recipe)
{
	struct bytes *out = &add_file(recipe, "bytes")->bytes;

	for (size_t i = 0; i < recipe->n_regions; i++)
		place_region(recipe, out, out->size, recipe->regions[i]);
}

static void add_text(struct bytes *out, char *text, const char *end)
{
	const char *c;

	for (c = text; *c; c++)
		bytes_add(out, c, 1);
	for (c = end; *c; c++)
		bytes_add(out, c, 1);
}

void text_dump_info(const struct recipe *recipe, struct bytes *out)
{
	for (size_t i = 0; i < recipe->n_regions; i++) {
		const struct region *region = recipe->regions[i];

		if (region->listed_in & IN_INFO)
			add_text(out,
				 join_text("1 0x%016llx\t%016llu\t%-20s\t%s",
					   (unsigned long long)region->info_phys,
					   (unsigned long long)region->info_size, region->name,
					   region->listed),
				 recipe->lf_only ? "\n" : "\r\n");
	}
}

void text_load_cmm(const struct recipe *recipe, struct bytes *out)
{
	for (size_t i = 0; i < recipe->n_regions; i++) {
		const struct region *region = recipe->regions[i];

		if (region->listed_in & IN_CMM)
			add_text(out,
				 join_text("d.load.binary %s 0x%llx /noclear", region->listed,
					   (unsigned long long)region->cmm_phys),
				 recipe->lf_only ? "\n" : "\r\n");
	}
}

void make_folder(struct recipe *recipe)
{
	for (size_t i = 0; i < recipe->n_regions; i++) {
		struct region *region = recipe->regions[i];
		struct bytes *out;

		if (!(region->listed_in & IN_FILE))
			continue;
		out = &add_file(recipe, region->file)->bytes;
		place_region(recipe, out, 0, region);
		if (region->cut == UINT64_MAX && out->size < region->size)
			bytes_write(out, region->size, NULL, 0);
	}
	if (recipe->dump_info)
		text_dump_info(recipe, &add_file(recipe, "dump_info.txt")->bytes);
	if (recipe->load_cmm)
		text_load_cmm(recipe, &add_file(recipe, "load.cmm")->bytes);
}
