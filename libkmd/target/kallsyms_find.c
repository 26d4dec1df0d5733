/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "target/kallsyms_find.h"

#include "base/bytes.h"
#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

/* All parts are aligned to this. */
#define ALIGN       8
#define TOKENS      256
#define INDEX_SIZE  (2 * TOKENS)
/* Letters, digits and the best tokens: about 1 KiB. */
#define TOKENS_MIN  400
#define TOKENS_MAX  4096
#define TOKEN_MAX   64
/* A marker is the place of each 256th name. */
#define MARK_EACH   256
#define SYMBOLS_MIN 1000
/* Text and read-only data of a kernel; the largest of any is below this. */
#define AREA_MAX    (UINT64_C(128) << 20)
/* Tables of tokens to look at: a kernel has one. */
#define TRIES_MAX   8

static bool by_vmcoreinfo(const struct kmd_target *target, struct kmd_kallsyms_places *places)
{
	const struct {
		const char *key;
		uint64_t *place;
	} keys[] = {
		{ "SYMBOL(kallsyms_names)", &places->names },
		{ "SYMBOL(kallsyms_num_syms)", &places->n_symbols },
		{ "SYMBOL(kallsyms_token_table)", &places->tokens },
		{ "SYMBOL(kallsyms_token_index)", &places->index },
		{ "SYMBOL(kallsyms_offsets)", &places->offsets },
		{ "SYMBOL(kallsyms_relative_base)", &places->base },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!target->info->text ||
		    !kmd_vmcoreinfo_hex(target->info, keys[i].key, keys[i].place))
			return false;
	return true;
}

/* A run of captured memory of the image. */
struct area {
	const unsigned char *bytes;
	size_t size;
};

static uint32_t word(const struct area *area, size_t at)
{
	return (uint32_t)kmd_get_le(area->bytes + at, 4);
}

/* The table before the index at @at; its last token begins at @last and has a few letters. */
static bool find_tokens(const struct area *area, size_t at, size_t last, size_t *tokens)
{
	const unsigned char *index = area->bytes + at;

	if (last < TOKENS_MIN || last > TOKENS_MAX || at < last + TOKEN_MAX + ALIGN)
		return false;
	for (size_t start = (at - last - 2) & ~(size_t)(ALIGN - 1); at - start < last + TOKEN_MAX;
	     start -= ALIGN) {
		bool good = true;

		for (size_t i = 1; good && i < TOKENS; i++) {
			const unsigned char *token =
				area->bytes + start + kmd_get_le(index + 2 * i, 2);

			good = !token[-1] && *token;
		}
		if (good) {
			*tokens = start;
			return true;
		}
	}
	return false;
}

/* The index at @at: its values rise, and each token ends where the next one begins. */
static bool is_index(const struct area *area, size_t at, size_t *tokens)
{
	const unsigned char *index = area->bytes + at;
	uint64_t previous = 0;

	/* The second token begins after the first, which has at least a letter. */
	if (kmd_get_le(index, 2) || !index[2] || index[3])
		return false;
	for (size_t i = 1; i < TOKENS; i++) {
		uint64_t value = kmd_get_le(index + 2 * i, 2);

		if (value <= previous)
			return false;
		previous = value;
	}
	return find_tokens(area, at, (size_t)previous, tokens);
}

/* Markers before @tokens: they fall to 0 at their beginning. */
static bool find_markers(const struct area *area, size_t tokens, size_t *markers, size_t *n)
{
	size_t at = tokens;

	/* At most one word of padding. */
	if (at >= 8 && !word(area, at - 4))
		at -= 4;
	for (*n = 1; at >= 8; at -= 4, ++*n) {
		uint32_t value = word(area, at - 4);

		if (!value) {
			*markers = at - 4;
			return *n > SYMBOLS_MIN / MARK_EACH;
		}
		if (*n > 1 && value >= word(area, at))
			return false;
	}
	return false;
}

/* True if @n names begin at @at, as the markers have them, and end at the markers. */
static bool are_names(const struct area *area, size_t at, size_t n, size_t markers)
{
	size_t from = at;

	for (size_t i = 0; i < n; i++) {
		if (i % MARK_EACH == 0 && word(area, markers + i / MARK_EACH * 4) != at - from)
			return false;
		if (at >= markers || !area->bytes[at])
			return false;
		at += 1 + (size_t)area->bytes[at];
	}
	return at <= markers && markers - at < ALIGN;
}

/* The number of symbols is before the names. */
static bool find_number(const struct area *area, size_t markers, size_t n_markers, size_t *number)
{
	size_t last = word(area, markers + 4 * (n_markers - 1));

	/* The last marker is less than 256 names of at most 128 bytes before the end. */
	for (size_t at = (markers - kmd_min_u64(markers, last + ALIGN)) & ~(size_t)(ALIGN - 1);
	     at >= 2 * ALIGN && markers - at < last + MARK_EACH * 129; at -= ALIGN) {
		uint64_t n = word(area, at);

		if (n > (n_markers - 1) * MARK_EACH && n <= n_markers * MARK_EACH &&
		    are_names(area, at + ALIGN, (size_t)n, markers)) {
			*number = at;
			return true;
		}
	}
	return false;
}

static bool search_area(const struct area *area, uint64_t virt, struct kmd_kallsyms_places *places)
{
	size_t tokens, markers, n, number, tries = 0;

	for (size_t at = 0; at + INDEX_SIZE <= area->size && tries < TRIES_MAX; at += ALIGN) {
		uint64_t size;

		if (!is_index(area, at, &tokens))
			continue;
		tries++;
		if (!find_markers(area, tokens, &markers, &n) ||
		    !find_number(area, markers, n, &number))
			continue;
		size = (4 * (uint64_t)word(area, number) + ALIGN - 1) & ~(uint64_t)(ALIGN - 1);
		if (size + ALIGN > number)
			continue;
		*places = (struct kmd_kallsyms_places){
			.names = virt + number + ALIGN,
			.n_symbols = virt + number,
			.tokens = virt + tokens,
			.index = virt + at,
			.offsets = virt + number - ALIGN - size,
			.base = virt + number - ALIGN,
		};
		return true;
	}
	return false;
}

/* Views that follow each other are one area. */
static bool search(const struct kmd_target *target, struct kmd_kallsyms_places *places)
{
	const struct kmd_views *views = target->views;
	bool found = false;

	for (size_t i = 0, end; !found && i < views->n; i = end) {
		uint64_t size = views->items[i].size;
		unsigned char *bytes;

		for (end = i + 1;
		     end < views->n && views->items[end].virt == views->items[i].virt + size; end++)
			size += views->items[end].size;
		if (views->items[i].kind != KMD_VIEW_IMAGE || size < INDEX_SIZE || size > AREA_MAX)
			continue;
		bytes = malloc((size_t)size);
		if (bytes && kmd_target_read(target, KMD_XLATE_SEGMENTS, views->items[i].virt,
					     bytes, size)) {
			struct area area = { bytes, (size_t)size };

			found = search_area(&area, views->items[i].virt, places);
		}
		free(bytes);
	}
	return found;
}

bool kmd_kallsyms_places(const struct kmd_target *target, struct kmd_kallsyms_places *places)
{
	return by_vmcoreinfo(target, places) || search(target, places);
}
