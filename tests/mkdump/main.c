/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* kmd-mkimage RECIPE OUTPUT - make the dump that a recipe describes. */
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
	{ "raw", make_raw },     { "folder", make_folder },   { "cat", make_cat },
	{ "core", make_core },   { "smem", make_smem },       { "ram", make_ram },
	{ "lime", make_lime },   { "bytes", make_bytes },     { "avml", make_avml },
	{ "kdump", make_kdump }, { "ramoops", make_ramoops },
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
	     "form %s: raw, folder, cat, core, smem, ram, lime, avml, kdump, ramoops or bytes",
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

#define EXIT_USAGE 64

static const char help[] =
	"Usage: kmd-mkimage [OPTION]... RECIPE OUTPUT\n"
	"Make the dump, good or damaged, that a recipe describes; - is standard input.\n"
	"kmd-assemble --recipe prints the recipe of a dump.  kmd-mkimage(1) has the language.\n"
	"\n"
	"  -h, --help     print this text\n"
	"  -V, --version  print the version\n"
	"\n"
	"Exit codes: 0 complete, 1 failed, 64 usage.";

/* Whether the word is the option, which may be abbreviated. */
static bool is_option(const char *word, const char *letter, const char *name)
{
	return !strcmp(word, letter) || (strlen(word) > 2 && !strncmp(word, name, strlen(word)));
}

static int usage(const char *what)
{
	fprintf(stderr, "kmd-mkimage: %s\nTry 'kmd-mkimage --help'.\n", what);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	struct recipe recipe = { .machine = EM_AARCH64 };
	int first = 1;

	for (; first < argc && argv[first][0] == '-' && argv[first][1]; first++) {
		if (!strcmp(argv[first], "--")) {
			first++;
			break;
		}
		if (is_option(argv[first], "-h", "--help"))
			return puts(help) < 0;
		if (is_option(argv[first], "-V", "--version"))
			return puts("kmd-mkimage " VERSION) < 0;
		return usage("there is no such option");
	}
	if (argc - first != 2)
		return usage("a recipe and an output are needed");
	recipe_read(&recipe, argv[first]);
	fill_in(&recipe);
	make_form(&recipe);
	apply_changes(&recipe);
	write_out(&recipe, argv[first + 1]);
	return 0;
}
