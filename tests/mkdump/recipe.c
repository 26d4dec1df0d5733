/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "words.h"

#include <kmemdump/minidump.h>

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNSET UINT64_MAX

struct region *add_region(struct recipe *recipe, const char *name)
{
	struct region *region = grow(NULL, 0, sizeof(*region));

	*region = (struct region){
		.name = copy_text(name),
		.size = UNSET,
		.kelf_phys = UNSET,
		.kelf_size = UNSET,
		.table_phys = UNSET,
		.table_size = UNSET,
		.info_phys = UNSET,
		.info_size = UNSET,
		.cmm_phys = UNSET,
		.cut = UNSET,
		.state = MD_VALID,
		.type = MD_RAW_TYPE_DDR,
		.listed_in = IN_KELF | IN_TABLE | IN_INFO | IN_CMM | IN_FILE,
		.capacity = MD_KELF_PHDRS,
		.base_sections = 4,
	};
	recipe->regions = grow(recipe->regions, recipe->n_regions, sizeof(region));
	recipe->regions[recipe->n_regions++] = region;
	return region;
}

struct file *add_file(struct recipe *recipe, const char *name)
{
	struct file *file = grow(NULL, 0, sizeof(*file));

	file->name = copy_text(name);
	recipe->files = grow(recipe->files, recipe->n_files, sizeof(file));
	recipe->files[recipe->n_files++] = file;
	name_place(recipe, &file->bytes, 0, "@%s", name);
	return file;
}

/* The region called NAME, or NAME#SEQ where a name is used twice. */
struct region *find_region(const struct recipe *recipe, const char *name)
{
	for (size_t i = 0; i < recipe->n_regions; i++) {
		struct region *region = recipe->regions[i];
		char *full = join_text("%s#%llu", region->name, (unsigned long long)region->seq);

		if (!strcmp(region->name, name) || !strcmp(full, name))
			return region;
	}
	fail(recipe, "no region %s", name);
}

uint64_t kept_size(const struct region *region)
{
	return region->cut < region->content.size ? region->cut : region->content.size;
}

const char *option_text(const struct recipe *recipe, const char *key, const char *otherwise)
{
	for (size_t i = 0; i < recipe->n_options; i++) {
		if (!strcmp(recipe->options[i].key, key))
			return recipe->options[i].value;
	}
	return otherwise;
}

uint64_t option_number(const struct recipe *recipe, const char *key, uint64_t otherwise)
{
	const char *text = option_text(recipe, key, NULL);

	return text ? number(recipe, text) : otherwise;
}

static void read_machine(struct recipe *recipe, char **words, unsigned int n_words)
{
	static const struct {
		const char *name;
		uint16_t value;
		bool elf32;
	} machines[] = {
		{ "aarch64", EM_AARCH64, false }, { "x86_64", EM_X86_64, false },
		{ "riscv64", EM_RISCV, false },   { "arm", EM_ARM, true },
		{ "i386", EM_386, true },         { "ppc64", EM_PPC64, false },
		{ "ppc", EM_PPC, true },
	};
	size_t i = 0;

	while (i < sizeof(machines) / sizeof(machines[0]) && strcmp(machines[i].name, words[1]))
		i++;
	if (i == sizeof(machines) / sizeof(machines[0]))
		fail(recipe, "no machine %s", words[1]);
	recipe->machine = machines[i].value;
	recipe->elf32 = machines[i].elf32;
	recipe->big_endian = n_words > 2 && !strcmp(words[2], "big");
}

static void read_form(struct recipe *recipe, char **words, unsigned int n_words)
{
	recipe->form = words[1];
	recipe->n_options = 0;
	for (unsigned int i = 2; i < n_words; i++) {
		struct option *option = &recipe->options[recipe->n_options++];

		option->key = words[i];
		if (!split_pair(words[i], &option->value))
			fail(recipe, "a form's options are KEY=VALUE, not \"%s\"", words[i]);
	}
}

static void drop_region(struct recipe *recipe, const char *name)
{
	struct region *gone = find_region(recipe, name);
	size_t kept = 0;

	for (size_t i = 0; i < recipe->n_regions; i++) {
		if (recipe->regions[i] != gone)
			recipe->regions[kept++] = recipe->regions[i];
	}
	recipe->n_regions = kept;
}

static void note_change(struct recipe *recipe, char **words, unsigned int n_words)
{
	struct change *change;

	recipe->changes = grow(recipe->changes, recipe->n_changes, sizeof(*recipe->changes));
	change = &recipe->changes[recipe->n_changes++];
	change->source = recipe->source;
	change->line = recipe->line;
	change->n_words = n_words;
	memcpy(change->words, words, n_words * sizeof(*words));
}

static bool is_change(const char *word)
{
	static const char *const changes[] = { "set", "add", "poke", "truncate", "append" };

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		if (!strcmp(changes[i], word))
			return true;
	}
	return false;
}

/* Move the named regions to the front, in this order; @target is kept. */
static void reorder(struct recipe *recipe, char **words, unsigned int n_words)
{
	for (unsigned int i = 1; i < n_words; i++) {
		struct region *region = find_region(recipe, words[i]);
		size_t at = i - 1;
		size_t from = at;

		while (from < recipe->n_regions && recipe->regions[from] != region)
			from++;
		if (from == recipe->n_regions)
			fail(recipe, "%s is named twice", words[i]);
		memmove(&recipe->regions[at + 1], &recipe->regions[at],
			(from - at) * sizeof(*recipe->regions));
		recipe->regions[at] = region;
	}
}

static void read_include(struct recipe *recipe, const char *name)
{
	const char *slash = strrchr(recipe->source, '/');
	const char *source = recipe->source;
	unsigned int line = recipe->line;

	recipe_read(recipe,
		    join_text("%.*s%s", slash ? (int)(slash + 1 - source) : 0, source, name));
	recipe->source = source;
	recipe->line = line;
}

/* bytes-of REGION [OFFSET SIZE] */
static void add_bytes_of(struct recipe *recipe, struct bytes *out, char **words,
			 unsigned int n_words)
{
	const struct bytes *from = &find_region(recipe, words[1])->content;
	const uint64_t offset = n_words > 3 ? number(recipe, words[2]) : 0;
	const uint64_t size = n_words > 3 ? number(recipe, words[3]) : from->size;

	if (offset > from->size || size > from->size - offset)
		fail(recipe, "%s has not so many bytes", words[1]);
	bytes_add(out, from->data + offset, (size_t)size);
}

/* Lines about regions; @target is where content lines go. */
static bool region_line(struct recipe *recipe, char **words, unsigned int n_words,
			struct bytes **target)
{
	struct region *region;

	if (n_words < 2)
		return false;
	if (!strcmp(words[0], "region") || !strcmp(words[0], "edit")) {
		region = *words[0] == 'r' ? add_region(recipe, words[1])
					  : find_region(recipe, words[1]);
		read_attributes(recipe, region, words, n_words, 2);
		*target = &region->content;
	} else if (!strcmp(words[0], "drop")) {
		drop_region(recipe, words[1]);
	} else if (!strcmp(words[0], "order")) {
		reorder(recipe, words, n_words);
	} else if (!strcmp(words[0], "extra")) {
		*target = &add_file(recipe, words[1])->bytes;
	} else if (!strcmp(words[0], "bytes-of") && *target) {
		add_bytes_of(recipe, *target, words, n_words);
	} else {
		return false;
	}
	return true;
}

static void read_line(struct recipe *recipe, char **words, unsigned int n_words,
		      struct bytes **target)
{
	if (region_line(recipe, words, n_words, target))
		return;
	if (is_change(words[0]))
		note_change(recipe, words, n_words);
	else if (!strcmp(words[0], "dump_info"))
		recipe->dump_info = true;
	else if (!strcmp(words[0], "load_cmm"))
		recipe->load_cmm = true;
	else if (!strcmp(words[0], "unix_lines"))
		recipe->lf_only = true;
	else if (!strcmp(words[0], "machine") && n_words > 1)
		read_machine(recipe, words, n_words);
	else if (!strcmp(words[0], "form") && n_words > 1)
		read_form(recipe, words, n_words);
	else if (!strcmp(words[0], "include") && n_words == 2)
		read_include(recipe, words[1]);
	else if (!*target || !content_line(recipe, *target, words, n_words))
		fail(recipe, "\"%s\" is not understood here", words[0]);
}

void recipe_read(struct recipe *recipe, const char *path)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "r") : stdin;
	struct bytes *target = NULL;
	char *line = NULL;
	size_t room = 0;

	if (!file)
		fail(recipe, "%s: %s", path, strerror(errno));
	recipe->source = path;
	recipe->line = 0;
	while (getline(&line, &room, file) >= 0) {
		char *words[WORDS_MAX];
		unsigned int n_words;

		recipe->line++;
		n_words = split_words(recipe, line, words);
		if (n_words)
			read_line(recipe, words, n_words, &target);
	}
	free(line);
	if (file != stdin)
		fclose(file);
}
