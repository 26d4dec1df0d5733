/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "mkdump.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t number(const struct recipe *recipe, const char *text)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (!isdigit((unsigned char)text[0]) || *end || errno)
		fail(recipe, "\"%s\" is not a number", text);
	return value;
}

static void add_hex(const struct recipe *recipe, struct bytes *out, const char *digits)
{
	for (; *digits; digits += 2) {
		char pair[3] = { digits[0], digits[1], 0 };
		unsigned char byte;
		char *end;

		byte = (unsigned char)strtoul(pair, &end, 16);
		if (!pair[1] || *end)
			fail(recipe, "\"%s\" is not a row of hexadecimal bytes", digits);
		bytes_add(out, &byte, 1);
	}
}

/*
 * Byte i of pattern S is ((S * 31 + i * 7) ^ (i >> 8)) & 255: the README
 * describes it, and expect.py computes it again.
 */
static void add_pattern(struct bytes *out, uint64_t seed, uint64_t size)
{
	for (uint64_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)((seed * 31 + i * 7) ^ (i >> 8));

		bytes_add(out, &byte, 1);
	}
}

static void add_fill(struct bytes *out, unsigned char byte, uint64_t size)
{
	for (uint64_t i = 0; i < size; i++)
		bytes_add(out, &byte, 1);
}

static void add_file_bytes(const struct recipe *recipe, struct bytes *out, const char *path)
{
	char block[4096];
	FILE *file = fopen(path, "rb");
	size_t got;

	if (!file)
		fail(recipe, "%s: %s", path, strerror(errno));
	while ((got = fread(block, 1, sizeof(block), file)) > 0)
		bytes_add(out, block, got);
	if (ferror(file))
		fail(recipe, "%s: cannot be read", path);
	fclose(file);
}

/* One line of content; false if its first word is no such command. */
bool content_line(struct recipe *recipe, struct bytes *out, char **words, unsigned int n_words)
{
	bool has = n_words >= 2;

	if (!strcmp(words[0], "hex")) {
		for (unsigned int i = 1; i < n_words; i++)
			add_hex(recipe, out, words[i]);
	} else if (!strcmp(words[0], "text")) {
		for (unsigned int i = 1; i < n_words; i++)
			bytes_add(out, words[i], strlen(words[i]));
	} else if (!strcmp(words[0], "line")) {
		for (unsigned int i = 1; i < n_words; i++)
			bytes_add(out, words[i], strlen(words[i]));
		bytes_add(out, "\n", 1);
	} else if (!strcmp(words[0], "pattern") && n_words == 3) {
		add_pattern(out, number(recipe, words[1]), number(recipe, words[2]));
	} else if (!strcmp(words[0], "fill") && n_words == 3) {
		add_fill(out, (unsigned char)number(recipe, words[1]), number(recipe, words[2]));
	} else if (!strcmp(words[0], "zero") && has) {
		add_fill(out, 0, number(recipe, words[1]));
	} else if (!strcmp(words[0], "pointer") && has) {
		bytes_number(out, out->size, number(recipe, words[1]), recipe->elf32 ? 4 : 8,
			     recipe->big_endian);
	} else if (!strcmp(words[0], "file") && has) {
		add_file_bytes(recipe, out, words[1]);
	} else {
		return false;
	}
	return true;
}
