/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "kernel/symbol_names.h"

#include "base/checked.h"
#include "base/search.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Addresses looked at, and symbols tried for each: a hostile dump must not cost a square. */
#define NAMED_MAX   4096
#define SYMBOLS_MAX 256

/* Firmware keeps at least so many characters of a name. */
#define CUT_MIN     8
#define STEM_MIN    3

bool kmd_name_is_short_for(const char *name, const char *symbol)
{
	const char *digits;
	size_t length;

	if (*name == 'K')
		name++;
	/* The first kmemdump series put its id there. */
	while (isdigit((unsigned char)*name))
		name++;
	length = strlen(name);
	while (length && isdigit((unsigned char)name[length - 1]))
		length--;
	digits = name + length;
	if (length < STEM_MIN || strncmp(name, symbol, length) != 0)
		return false;
	if (length >= CUT_MIN)
		return true;
	/* It was not cut: of the digits some may be the name's, the rest its number. */
	return !strncmp(symbol + length, digits, strlen(symbol + length));
}

/* Symbols of the image, by what KASLR leaves of their address. */
struct index {
	uint64_t mask;
	const struct kmd_elf_symbol **items;
	size_t n;
};

static int by_low_bits(const void *a, const void *b, void *user)
{
	const struct kmd_elf_symbol *x = *(const struct kmd_elf_symbol *const *)a;
	const struct kmd_elf_symbol *y = *(const struct kmd_elf_symbol *const *)b;
	uint64_t mask = *(const uint64_t *)user;
	int order = kmd_cmp_u64(x->value & mask, y->value & mask);

	return order ? order : kmd_cmp_u64(x->value, y->value);
}

static bool index_symbols(const struct kmd_vmlinux *vmlinux, const struct kmd_build *build,
			  struct index *index)
{
	index->mask = kmd_build_align(build) - 1;
	index->n = 0;
	index->items = calloc(vmlinux->n + 1, sizeof(*index->items));
	for (size_t i = 0; index->items && i < vmlinux->n; i++)
		if (vmlinux->symbols[i].value >= build->text &&
		    vmlinux->symbols[i].value <= build->end)
			index->items[index->n++] = &vmlinux->symbols[i];
	if (index->items)
		qsort_r(index->items, index->n, sizeof(*index->items), by_low_bits, &index->mask);
	return index->items != NULL;
}

static size_t first_like(const struct index *index, uint64_t address)
{
	return KMD_LOWER_BOUND(index->n, middle,
			       (index->items[middle]->value & index->mask) <
				       (address & index->mask));
}

static int by_number(const void *a, const void *b)
{
	return kmd_cmp_u64(*(const uint64_t *)a, *(const uint64_t *)b);
}

/* The distances that one address allows, each once; their number. */
static size_t distances_of(const struct index *index, const struct kmd_build *build,
			   const struct kmd_named *named, bool by_name, bool physical,
			   uint64_t distances[SYMBOLS_MAX])
{
	uint64_t address = named->address;
	size_t n = 0;

	for (size_t i = first_like(index, address), tried = 0;
	     i < index->n && tried < SYMBOLS_MAX &&
	     (index->items[i]->value & index->mask) == (address & index->mask);
	     i++, tried++) {
		uint64_t link = index->items[i]->value;
		uint64_t distance = physical ? link - address : address - link;

		/* Symbols at one address are neighbours here. */
		if (n && distances[n - 1] == distance)
			continue;
		if (by_name && !kmd_name_is_short_for(named->name, index->items[i]->name))
			continue;
		if (physical ? kmd_build_image_delta_ok(build, distance)
			     : kmd_build_kaslr_ok(build, distance))
			distances[n++] = distance;
	}
	return n;
}

static void longest_runs(uint64_t *all, size_t n, struct kmd_offset_counts *tally)
{
	size_t run;

	memset(tally, 0, sizeof(*tally));
	qsort(all, n, sizeof(*all), by_number);
	for (size_t i = 0; i < n; i += run) {
		for (run = 1; i + run < n && all[i + run] == all[i]; run++)
			;
		if (run > tally->count) {
			tally->second = tally->count;
			tally->count = run;
			tally->distance = all[i];
		} else if (run > tally->second) {
			tally->second = run;
		}
	}
}

bool kmd_match_offsets(const struct kmd_vmlinux *vmlinux, const struct kmd_build *build,
		       const struct kmd_named *named, size_t n, bool by_name, bool physical,
		       struct kmd_offset_counts *tally, struct kmd_diag *diag)
{
	struct index index = { 0 };
	uint64_t *all;
	size_t n_all = 0;

	memset(tally, 0, sizeof(*tally));
	n = n < NAMED_MAX ? n : NAMED_MAX;
	if (!build->text || !n)
		return true;
	all = calloc(n * SYMBOLS_MAX, sizeof(*all));
	if (!all || !index_symbols(vmlinux, build, &index)) {
		free(all);
		kmd_fail_memory(diag);
		return false;
	}
	for (size_t i = 0; i < n; i++)
		n_all += distances_of(&index, build, &named[i], by_name, physical, all + n_all);
	longest_runs(all, n_all, tally);
	free(index.items);
	free(all);
	return true;
}
