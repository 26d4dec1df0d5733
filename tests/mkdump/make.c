/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The dump that a recipe describes. */
#include "make.h"
#include "mkdump.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
	const char *name;
	void (*make)(struct recipe *recipe);
} forms[] = {
	{ "raw", make_raw },           { "folder", make_folder },
	{ "cat", make_cat },           { "core", make_core },
	{ "smem", make_smem },         { "ram", make_ram },
	{ "rockchip", make_rockchip }, { "lime", make_lime },
	{ "bytes", make_bytes },       { "avml", make_avml },
	{ "kdump", make_kdump },       { "ramoops", make_ramoops },
	{ "mrdump", make_mrdump },     { "remoteproc", make_remoteproc },
	{ "xen", make_xen },
};

static void default_to(uint64_t *value, uint64_t otherwise)
{
	if (*value == UINT64_MAX)
		*value = otherwise;
}

/* Fill in the values that the recipe omits. */
static void fill_region(struct region *region)
{
	default_to(&region->size, round_up(region->content.size, 4));
	default_to(&region->kelf_size, round_up(region->size, 4));
	default_to(&region->table_size, region->size);
	default_to(&region->info_size, region->table_size);
	default_to(&region->kelf_phys, region->phys);
	default_to(&region->table_phys, region->phys);
	default_to(&region->info_phys, region->phys);
	default_to(&region->cmm_phys, region->phys);
	if (!region->file && region->seq)
		region->file =
			join_text("md_%s%llu.BIN", region->name, (unsigned long long)region->seq);
	else if (!region->file)
		region->file = join_text("md_%s.BIN", region->name);
	if (!region->listed)
		region->listed = region->file;
}

/* The KELF region is last, because its size depends on the others. */
static void fill_in(struct recipe *recipe)
{
	for (size_t i = 0; i < recipe->n_regions; i++) {
		if (recipe->regions[i]->kelf == KELF_NONE)
			fill_region(recipe->regions[i]);
	}
	make_kelf(recipe);
	for (size_t i = 0; i < recipe->n_regions; i++)
		fill_region(recipe->regions[i]);
}

static void make_form(struct recipe *recipe)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (!recipe->form || strcmp(forms[i].name, recipe->form))
			continue;
		forms[i].make(recipe);
		if (strcmp(recipe->form, "folder"))
			wrap_dump(recipe);
		return;
	}
	fail(recipe,
	     "form %s: raw, folder, cat, core, smem, ram, rockchip, lime, remoteproc, mrdump, "
	     "avml, kdump, xen, ramoops or bytes",
	     recipe->form ? recipe->form : "is missing");
}

static void write_file(const char *path, const struct bytes *bytes)
{
	FILE *file = fopen(path, "wb");
	size_t done = file && bytes->size ? fwrite(bytes->data, 1, bytes->size, file) : 0;

	if (!file || done != bytes->size || fclose(file))
		fail(NULL, "%s: %s", path, strerror(errno));
}

static void write_out(const struct recipe *recipe, const char *path)
{
	if (strcmp(recipe->form, "folder")) {
		write_file(path, &recipe->files[0]->bytes);
		return;
	}
	if (mkdir(path, 0777))
		fail(NULL, "%s: %s", path, strerror(errno));
	for (size_t i = 0; i < recipe->n_files; i++)
		write_file(join_text("%s/%s", path, recipe->files[i]->name),
			   &recipe->files[i]->bytes);
}

void make_dump(const char *recipe_path, const char *output)
{
	struct recipe recipe = { .machine = EM_AARCH64 };

	recipe_read(&recipe, recipe_path);
	fill_in(&recipe);
	make_form(&recipe);
	apply_changes(&recipe);
	write_out(&recipe, output);
}
