/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "types/dwarf_names.h"

#include "base/array.h"
#include "base/checked.h"
#include "base/search.h"

#include <dwarf.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

/* Linkers keep "name" as the end of "filename": a short word ends thousands of others. */
#define PLACES_MAX 4096
#define SHORTEST   3

/* ------------------------------------------------------------------- words */

static int compare(const char *a, size_t a_length, const char *b, size_t b_length)
{
	size_t shorter = a_length < b_length ? a_length : b_length;
	int order = memcmp(a, b, shorter);

	return order ? order : (a_length > b_length) - (a_length < b_length);
}

static int by_text(const void *a, const void *b)
{
	const struct kmd_dwarf_name *x = a, *y = b;

	return compare(x->text, x->length, y->text, y->length);
}

bool kmd_dwarf_names_add(struct kmd_dwarf_names *words, const char *text, size_t length)
{
	if (!KMD_ARRAY_RESERVE(words->items, words->n, words->cap))
		return false;
	words->items[words->n++] = (struct kmd_dwarf_name){ .text = text, .length = length };
	return true;
}

ptrdiff_t kmd_dwarf_names_find(const struct kmd_dwarf_names *words, const char *text, size_t length)
{
	size_t low = 0, high = words->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct kmd_dwarf_name *word = &words->items[middle];
		int order = compare(word->text, word->length, text, length);

		if (!order)
			return (ptrdiff_t)middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return -1;
}

static void sort_words(struct kmd_dwarf_names *words)
{
	size_t kept = 0;

	if (!words->n)
		return;
	qsort(words->items, words->n, sizeof(*words->items), by_text);
	for (size_t i = 1; i < words->n; i++)
		if (by_text(&words->items[kept], &words->items[i]))
			words->items[++kept] = words->items[i];
	words->n = kept + 1;
}

/* ----------------------------------------------------------------- needles */

static uint32_t sieve_bit(uint32_t bytes)
{
	return bytes * 0x9e3779b1u >> (32 - KMD_DWARF_SIEVE_BITS);
}

static bool add_needle(struct kmd_dwarf_names *words, uint32_t bytes, size_t word)
{
	if (!KMD_ARRAY_RESERVE(words->needles, words->n_needles, words->cap_needles))
		return false;
	words->needles[words->n_needles++] = (struct kmd_dwarf_needle){ bytes, word };
	words->sieve[sieve_bit(bytes) >> 3] |= (uint8_t)(1u << (sieve_bit(bytes) & 7));
	return true;
}

static int by_bytes(const void *a, const void *b)
{
	const struct kmd_dwarf_needle *x = a, *y = b;
	int order = kmd_cmp_u64(x->bytes, y->bytes);

	return order ? order : kmd_cmp_u64(x->word, y->word);
}

static uint32_t bytes_of_offset(uint64_t offset, bool big_endian)
{
	unsigned char bytes[4];
	uint32_t out;

	for (unsigned int i = 0; i < 4; i++)
		bytes[i] = (unsigned char)(offset >> 8 * (big_endian ? 3 - i : i));
	memcpy(&out, bytes, sizeof(out));
	return out;
}

/* The word as text in the unit: its first four bytes, with the terminator if it is short. */
static bool add_inline(struct kmd_dwarf_names *words, size_t index)
{
	const struct kmd_dwarf_name *word = &words->items[index];
	unsigned char bytes[4] = { 0 };
	uint32_t out;

	memcpy(bytes, word->text, word->length < 4 ? word->length : 4);
	memcpy(&out, bytes, sizeof(out));
	return add_needle(words, out, index);
}

/* Words by their last byte, so that a string is compared with few of them. */
struct endings {
	size_t *next; /* of the same ending; words->n = none */
	size_t first[256];
	size_t *places; /* found so far, for each word */
};

static void sort_endings(const struct kmd_dwarf_names *words, struct endings *endings)
{
	for (size_t i = 0; i < 256; i++)
		endings->first[i] = words->n;
	for (size_t i = 0; i < words->n; i++) {
		const struct kmd_dwarf_name *word = &words->items[i];
		size_t *first;

		if (!word->length)
			continue;
		first = &endings->first[(unsigned char)word->text[word->length - 1]];
		endings->next[i] = *first;
		*first = i;
	}
}

/* All words that the string at [start, end) ends in. */
static bool add_string(struct kmd_dwarf_names *words, struct endings *endings, const char *strings,
		       size_t start, size_t end)
{
	for (size_t i = endings->first[(unsigned char)strings[end - 1]]; i < words->n;
	     i = endings->next[i]) {
		struct kmd_dwarf_name *word = &words->items[i];
		size_t at = end - word->length;

		if (word->length > end - start || word->always ||
		    memcmp(strings + at, word->text, word->length) != 0)
			continue;
		if (++endings->places[i] > PLACES_MAX)
			word->always = true;
		else if (!add_needle(words, bytes_of_offset(at, words->big_endian), i))
			return false;
	}
	return true;
}

static bool add_strings(struct kmd_dwarf_names *words, const Elf_Data *data,
			struct endings *endings)
{
	const char *strings = data->d_buf;
	size_t at = 0;

	while (at < data->d_size) {
		size_t length = strnlen(strings + at, data->d_size - at);

		if (length && !add_string(words, endings, strings, at, at + length))
			return false;
		at += length + 1;
	}
	return true;
}

static bool look_up(struct kmd_dwarf_names *words)
{
	struct endings endings = {
		.next = calloc(words->n + 1, sizeof(size_t)),
		.places = calloc(words->n + 1, sizeof(size_t)),
	};
	bool good = endings.next && endings.places;

	if (good)
		sort_endings(words, &endings);
	if (good && words->strings)
		good = add_strings(words, words->strings, &endings);
	for (size_t i = 0; good && i < words->n; i++)
		if (words->items[i].length < SHORTEST)
			words->items[i].always = true;
		else
			good = add_inline(words, i);
	free(endings.next);
	free(endings.places);
	if (good && words->n_needles)
		qsort(words->needles, words->n_needles, sizeof(*words->needles), by_bytes);
	return good;
}

/* ---------------------------------------------------------------- sections */

static void take_section(struct kmd_dwarf_names *words, Elf_Scn *scn, const char *name)
{
	/* GNU's older form of compression; libdw has unpacked it. */
	if (!strncmp(name, ".zdebug_", 8))
		name += 2;
	else if (!strncmp(name, ".debug_", 7))
		name += 1;
	if (!strcmp(name, "debug_str"))
		words->strings = elf_getdata(scn, NULL);
	else if (!strcmp(name, "debug_info"))
		words->info = elf_getdata(scn, NULL);
	else if (!strcmp(name, "debug_str_offsets"))
		words->offsets = elf_getdata(scn, NULL);
}

/* Those that libdw has read, and unpacked, already. */
static void take_sections(struct kmd_dwarf_names *words, Elf *elf)
{
	size_t names = 0;
	Elf_Scn *scn = NULL;
	GElf_Ehdr header;

	if (gelf_getehdr(elf, &header))
		words->big_endian = header.e_ident[EI_DATA] == ELFDATA2MSB;
	if (elf_getshdrstrndx(elf, &names))
		return;
	while ((scn = elf_nextscn(elf, scn))) {
		const char *name;
		GElf_Shdr shdr;

		if (!gelf_getshdr(scn, &shdr) || shdr.sh_type == SHT_NOBITS ||
		    !(name = elf_strptr(elf, names, shdr.sh_name)))
			continue;
		take_section(words, scn, name);
	}
}

bool kmd_dwarf_names_prepare(struct kmd_dwarf_names *words, Dwarf *dwarf)
{
	sort_words(words);
	take_sections(words, dwarf_getelf(dwarf));
	return look_up(words);
}

/* ------------------------------------------------------------------- units */

static void mark(struct kmd_dwarf_names *words, uint32_t bytes, uint64_t number)
{
	size_t low =
		KMD_LOWER_BOUND(words->n_needles, middle, words->needles[middle].bytes < bytes);

	for (; low < words->n_needles && words->needles[low].bytes == bytes; low++)
		words->items[words->needles[low].word].seen = number;
}

static void scan(struct kmd_dwarf_names *words, const unsigned char *at, size_t size,
		 uint64_t number)
{
	for (size_t i = 0; i + 4 <= size; i++) {
		uint32_t bytes, bit;

		memcpy(&bytes, at + i, sizeof(bytes));
		bit = sieve_bit(bytes);
		if (words->sieve[bit >> 3] & 1u << (bit & 7))
			mark(words, bytes, number);
	}
}

static void mark_all(struct kmd_dwarf_names *words, uint64_t number)
{
	for (size_t i = 0; i < words->n; i++)
		words->items[i].seen = number;
}

/*
 * From DWARF 5 on (clang does) a unit may hold numbers of entries in its own part of
 * .debug_str_offsets.  That part's length lies before its base.
 */
static void scan_offsets(struct kmd_dwarf_names *words, Dwarf_Attribute *base, uint64_t number)
{
	const Elf_Data *data = words->offsets;
	const unsigned char *bytes = data ? data->d_buf : NULL;
	uint64_t length = 0;
	Dwarf_Word at;

	if (!bytes || dwarf_formudata(base, &at) || at < 8 || !kmd_inside(at, 0, data->d_size)) {
		mark_all(words, number);
		return;
	}
	for (unsigned int i = 0; i < 4; i++)
		length |= (uint64_t)bytes[at - 8 + (words->big_endian ? 3 - i : i)] << 8 * i;
	if (length < 4 || !kmd_inside(at, length - 4, data->d_size))
		mark_all(words, number);
	else
		scan(words, bytes + at, (size_t)length - 4, number);
}

void kmd_dwarf_names_look(struct kmd_dwarf_names *words, const struct kmd_dwarf_unit *unit)
{
	const unsigned char *at = unit->die.addr, *start;
	Dwarf_Die die = unit->die;
	Dwarf_Attribute base;

	start = words->info ? words->info->d_buf : NULL;
	if (!start || at < start ||
	    !kmd_inside((uint64_t)(at - start), unit->size, words->info->d_size)) {
		mark_all(words, unit->number);
		return;
	}
	scan(words, at, (size_t)unit->size, unit->number);
	if (unit->version >= 5 && dwarf_attr(&die, DW_AT_str_offsets_base, &base))
		scan_offsets(words, &base, unit->number);
}

bool kmd_dwarf_names_may_hold(const struct kmd_dwarf_names *words, size_t word,
			      const struct kmd_dwarf_unit *unit)
{
	const struct kmd_dwarf_name *item = &words->items[word];

	return item->always || item->seen == unit->number;
}

void kmd_dwarf_names_deinit(struct kmd_dwarf_names *words)
{
	free(words->items);
	free(words->needles);
}
