/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "mkdump.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void add_label(struct recipe *recipe, struct bytes *home, uint64_t at, unsigned int width,
		      bool big, const char *format, va_list args)
{
	struct label *label;

	recipe->labels = grow(recipe->labels, recipe->n_labels, sizeof(*recipe->labels));
	label = &recipe->labels[recipe->n_labels++];
	if (vasprintf(&label->name, format, args) < 0)
		fail(recipe, "out of memory");
	label->home = home;
	label->offset = at;
	label->width = width;
	label->big_endian = big;
}

void field(struct recipe *recipe, struct bytes *bytes, uint64_t at, unsigned int width,
	   uint64_t value, const char *format, ...)
{
	va_list args;

	bytes_number(bytes, at, value, width, false);
	va_start(args, format);
	add_label(recipe, bytes, at, width, false, format, args);
	va_end(args);
}

void elf_field(struct recipe *recipe, struct bytes *bytes, uint64_t at, unsigned int width,
	       uint64_t value, const char *format, ...)
{
	va_list args;

	bytes_number(bytes, at, value, width, recipe->big_endian);
	va_start(args, format);
	add_label(recipe, bytes, at, width, recipe->big_endian, format, args);
	va_end(args);
}

void name_place(struct recipe *recipe, struct bytes *bytes, uint64_t at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_label(recipe, bytes, at, 0, false, format, args);
	va_end(args);
}

void place_region(struct recipe *recipe, struct bytes *home, uint64_t at, struct region *region)
{
	bytes_write(home, at, region->content.data, (size_t)kept_size(region));
	for (size_t i = 0; i < recipe->n_labels; i++) {
		struct label *label = &recipe->labels[i];

		if (label->home != &region->content)
			continue;
		label->home = home;
		label->offset += at;
	}
	name_place(recipe, home, at, "data.%s", region->name);
}
