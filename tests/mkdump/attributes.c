/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "words.h"

#include <kmemdump/minidump.h>

#include <string.h>

static uint64_t state_value(const struct recipe *recipe, const char *text)
{
	if (!strcmp(text, "valid"))
		return MD_VALID;
	if (!strcmp(text, "invalid"))
		return MD_INVALID;
	if (!strcmp(text, "init"))
		return MD_INIT;
	return number(recipe, text);
}

static void silence(const struct recipe *recipe, struct region *region, char *list)
{
	static const struct {
		const char *name;
		unsigned int listing;
	} names[] = {
		{ "kelf", IN_KELF }, { "table", IN_TABLE }, { "info", IN_INFO },
		{ "cmm", IN_CMM },   { "file", IN_FILE },
	};

	for (char *word = strtok(list, ","); word; word = strtok(NULL, ",")) {
		size_t i = 0;

		while (i < sizeof(names) / sizeof(names[0]) && strcmp(names[i].name, word))
			i++;
		if (i == sizeof(names) / sizeof(names[0]))
			fail(recipe, "not=%s: kelf, table, info, cmm or file", word);
		region->listed_in &= ~names[i].listing;
	}
}

static enum kelf_dialect dialect(const struct recipe *recipe, const char *text)
{
	if (!strcmp(text, "meminspect"))
		return KELF_MEMINSPECT;
	if (!strcmp(text, "downstream"))
		return KELF_DOWNSTREAM;
	fail(recipe, "kelf=%s: meminspect or downstream", text);
}

static bool number_attribute(const struct recipe *recipe, struct region *region, const char *key,
			     const char *value)
{
	const struct {
		const char *key;
		uint64_t *to;
	} numbers[] = {
		{ "seq", &region->seq },
		{ "phys", &region->phys },
		{ "virt", &region->virt },
		{ "size", &region->size },
		{ "kelf-phys", &region->kelf_phys },
		{ "kelf-size", &region->kelf_size },
		{ "table-phys", &region->table_phys },
		{ "table-size", &region->table_size },
		{ "info-phys", &region->info_phys },
		{ "info-size", &region->info_size },
		{ "cmm-phys", &region->cmm_phys },
		{ "cut", &region->cut },
		{ "type", &region->type },
		{ "capacity", &region->capacity },
		{ "base-sections", &region->base_sections },
		{ "banner-phys", &region->banner_phys },
		{ "banner-virt", &region->banner_virt },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (strcmp(numbers[i].key, key))
			continue;
		*numbers[i].to = number(recipe, value);
		return true;
	}
	return false;
}

static void one_attribute(struct recipe *recipe, struct region *region, const char *key,
			  char *value)
{
	if (number_attribute(recipe, region, key, value))
		return;
	if (!strcmp(key, "name"))
		region->name = value;
	else if (!strcmp(key, "file"))
		region->file = value;
	else if (!strcmp(key, "listed"))
		region->listed = value;
	else if (!strcmp(key, "banner"))
		region->banner = value;
	else if (!strcmp(key, "state"))
		region->state = state_value(recipe, value);
	else if (!strcmp(key, "not"))
		silence(recipe, region, value);
	else if (!strcmp(key, "kelf"))
		region->kelf = dialect(recipe, value);
	else
		fail(recipe, "a region knows no %s=", key);
}

void read_attributes(struct recipe *recipe, struct region *region, char **words,
		     unsigned int n_words, unsigned int from)
{
	for (unsigned int i = from; i < n_words; i++) {
		char *value;

		if (split_pair(words[i], &value))
			one_attribute(recipe, region, words[i], value);
		else if (!strcmp(words[i], "vmcoreinfo"))
			region->vmcoreinfo = true;
		else if (!strcmp(words[i], "empty"))
			region->content.size = 0;
		else
			fail(recipe, "a region knows no \"%s\"", words[i]);
	}
}
