/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* change.c - damage: single fields and bytes of the finished dump. */
#include "mkdump.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const struct label *find_label(const struct recipe *recipe, const char *name, size_t length)
{
	for (size_t i = 0; i < recipe->n_labels; i++) {
		const char *known = recipe->labels[i].name;

		if (strlen(known) == length && !memcmp(known, name, length))
			return &recipe->labels[i];
	}
	return NULL;
}

/* NUMBER (in the first file), FIELD, or FIELD+NUMBER. */
static struct label find_place(struct recipe *recipe, const char *text)
{
	const char *plus = strrchr(text, '+');
	const struct label *label = find_label(recipe, text, strlen(text));
	struct label place = { 0 };

	if (label)
		return *label;
	if (isdigit((unsigned char)*text)) {
		place.home = &recipe->files[0]->bytes;
		place.offset = number(recipe, text);
		return place;
	}
	label = plus ? find_label(recipe, text, (size_t)(plus - text)) : NULL;
	if (!label)
		fail(recipe, "the dump has no %s", text);
	place = *label;
	place.offset += number(recipe, plus + 1);
	place.width = 0;
	return place;
}

static void set_field(struct recipe *recipe, const struct change *change, bool relative)
{
	struct label place = find_place(recipe, change->words[1]);
	const char *text = change->words[2];
	bool minus = *text == '-';
	uint64_t value = number(recipe, text + minus);

	if (!place.width)
		fail(recipe, "%s is no number: use poke", change->words[1]);
	if (minus)
		value = -value;
	if (relative)
		value += bytes_get(place.home, place.offset, place.width, place.big_endian);
	bytes_number(place.home, place.offset, value, place.width, place.big_endian);
}

static void poke(struct recipe *recipe, struct change *change)
{
	struct label place = find_place(recipe, change->words[1]);
	struct bytes bytes = { 0 };

	if (!content_line(recipe, &bytes, change->words + 2, change->n_words - 2))
		fail(recipe, "poke PLACE hex|text|zero|pattern ...");
	bytes_write(place.home, place.offset, bytes.data, bytes.size);
}

static void append(struct recipe *recipe, struct change *change)
{
	bool named = *change->words[1] == '@';
	struct bytes *home = &recipe->files[0]->bytes;
	unsigned int skip = named ? 2 : 1;

	if (named)
		home = find_place(recipe, change->words[1]).home;
	if (change->n_words <= skip ||
	    !content_line(recipe, home, change->words + skip, change->n_words - skip))
		fail(recipe, "append [@FILE] hex|text|zero|pattern ...");
}

static void truncate_at(struct recipe *recipe, const struct change *change)
{
	struct label place = find_place(recipe, change->words[1]);

	if (place.offset > place.home->size)
		fail(recipe, "%s is behind the end already", change->words[1]);
	place.home->size = (size_t)place.offset;
}

static void apply(struct recipe *recipe, struct change *change)
{
	const char *what = change->words[0];

	if (!strcmp(what, "truncate") && change->n_words == 2)
		truncate_at(recipe, change);
	else if (!strcmp(what, "append") && change->n_words >= 3)
		append(recipe, change);
	else if (!strcmp(what, "poke") && change->n_words >= 3)
		poke(recipe, change);
	else if ((!strcmp(what, "set") || !strcmp(what, "add")) && change->n_words == 3)
		set_field(recipe, change, *what == 'a');
	else
		fail(recipe, "%s: wrong number of words", what);
}

void apply_changes(struct recipe *recipe)
{
	for (size_t i = 0; i < recipe->n_changes; i++) {
		recipe->source = recipe->changes[i].source;
		recipe->line = recipe->changes[i].line;
		apply(recipe, &recipe->changes[i]);
	}
}
