/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "target/kallsyms_find.h"

#include "base/bytes.h"
#include "base/checked.h"
#include "target/image_search.h"

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
/* Some ten times what kernels have. */
#define SYMBOLS_MAX (UINT64_C(2) << 20)
/* Tables of tokens to look at: a kernel has one. */
#define TRIES_MAX   8
/* Steps of all searches together; many times what a kernel needs. */
#define BUDGET      (UINT64_C(1) << 28)

/* The address of the base may be all that VMCOREINFO lacks; it follows the offsets. */
static size_t with_base(const struct kmd_target *target, struct kmd_kallsyms_places *ways)
{
	uint64_t n;

	if (kmd_vmcoreinfo_hex(target->info, "SYMBOL(kallsyms_relative_base)", &ways->base) ||
	    !kmd_target_read_uint(target, KMD_XLATE_ANY, ways->n_symbols, 4, &n))
		return 1;
	ways[1] = ways[0];
	ways[1].base = ways->offsets + kmd_align_up(4 * n, kmd_target_word(target));
	return 2;
}

/* The number of ways to read what VMCOREINFO names. */
static size_t by_vmcoreinfo(const struct kmd_target *target, struct kmd_kallsyms_places *places)
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
	};

	*places = (struct kmd_kallsyms_places){ 0 };
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!target->info->text ||
		    !kmd_vmcoreinfo_hex(target->info, keys[i].key, keys[i].place))
			return 0;
	return with_base(target, places);
}

/* A run of captured memory of the image. */
struct area {
	const unsigned char *bytes;
	size_t size;
	uint64_t budget; /* steps that are left */
};

static bool spend(struct area *area)
{
	return area->budget && area->budget--;
}

static size_t aligned(uint64_t size)
{
	return (size_t)(size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

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

/* The markers: numbers of 4 bytes, until 4.19 of 8. */
struct markers {
	size_t at, width;
};

static size_t marker(const struct area *area, const struct markers *markers, size_t i)
{
	return word(area, markers->at + i * markers->width);
}

/* They begin with 0, and rise. */
static bool are_markers(const struct area *area, const struct markers *markers, size_t distance)
{
	size_t at = markers->at, first = marker(area, markers, 1);

	if (distance < 2 * markers->width || marker(area, markers, 0) || !first ||
	    (markers->width == 8 && (word(area, at + 4) || word(area, at + 12))))
		return false;
	return distance < 3 * markers->width || marker(area, markers, 2) > first;
}

/* True if @n names begin at @at, as the markers have them, and end at the markers. */
static bool are_names(struct area *area, size_t at, size_t n, const struct markers *markers)
{
	size_t from = at;

	for (size_t i = 0; i < n; i++) {
		size_t length;

		if (i % MARK_EACH == 0 && marker(area, markers, i / MARK_EACH) != at - from)
			return false;
		if (at + 1 >= markers->at || !area->bytes[at] || !spend(area))
			return false;
		length = area->bytes[at++];
		/* Since 6.1 a length may have two bytes. */
		if (length & 0x80)
			length = (length & 0x7f) | (size_t)area->bytes[at++] << 7;
		at += length;
	}
	return at <= markers->at && markers->at - at < ALIGN;
}

/* What lies between markers and tokens allows these numbers of symbols. */
struct guess {
	const struct markers *markers;
	uint64_t low, high;
};

/* The number of symbols is before the names. */
static bool find_number(struct area *area, const struct guess *guess, size_t *number)
{
	size_t end = guess->markers->at;
	size_t last = marker(area, guess->markers, (size_t)((guess->high - 1) / MARK_EACH));

	/* The last marker is less than 256 names of at most 128 bytes before the end. */
	for (size_t at = (end - kmd_min_u64(end, last + ALIGN)) & ~(size_t)(ALIGN - 1);
	     at >= ALIGN && end - at < last + MARK_EACH * 129 && spend(area); at -= ALIGN) {
		uint64_t n = word(area, at);

		if (n >= guess->low && n <= guess->high &&
		    are_names(area, at + ALIGN, (size_t)n, guess->markers)) {
			*number = at;
			return true;
		}
	}
	return false;
}

/* Only markers lie before the tokens: their number is known, but for padding. */
static bool by_markers(struct area *area, const struct markers *markers, size_t distance,
		       size_t *number)
{
	size_t most = distance / markers->width;

	for (size_t n = most; n && n + 2 > most; n--) {
		struct guess guess = { markers, (n - 1) * MARK_EACH + 1, n * MARK_EACH };

		if (guess.high > SYMBOLS_MIN && find_number(area, &guess, number))
			return true;
	}
	return false;
}

/* A table of @width bytes for each symbol lies between. */
static bool by_sequence(struct area *area, const struct markers *markers, size_t distance,
			size_t width, size_t *number)
{
	uint64_t n = (uint64_t)distance * MARK_EACH / (width * MARK_EACH + 4);

	for (uint64_t end = n + 4, at = n > 4 ? n - 4 : 1; at <= end; at++) {
		struct guess guess = { markers, at, at };

		if (at > SYMBOLS_MIN && spend(area) &&
		    aligned(width * at) + aligned((at + MARK_EACH - 1) / MARK_EACH * 4) ==
			    distance &&
		    find_number(area, &guess, number))
			return true;
	}
	return false;
}

/* The table whose tokens are at @tokens: its markers are before them. */
static bool find_table(struct area *area, size_t tokens, size_t *number, bool *sequence)
{
	for (size_t at = tokens - ALIGN; at >= 2 * ALIGN && tokens - at < 5 * SYMBOLS_MAX;
	     at -= ALIGN) {
		const struct markers markers = { at, 4 }, wide = { at, 8 };
		size_t distance = tokens - at;

		if (!spend(area))
			return false;
		*sequence = false;
		if (are_markers(area, &wide, distance) && by_markers(area, &wide, distance, number))
			return true;
		if (!are_markers(area, &markers, distance))
			continue;
		if (by_markers(area, &markers, distance, number))
			return true;
		*sequence = true;
		if (by_sequence(area, &markers, distance, 4, number) ||
		    by_sequence(area, &markers, distance, 3, number))
			return true;
	}
	return false;
}

/* Where the offsets may be; the reader finds which of these it is. */
static size_t ways_of(const struct area *area, uint64_t virt, size_t number, size_t tokens,
		      size_t index, bool sequence, struct kmd_kallsyms_places *ways)
{
	size_t size = aligned(4 * (uint64_t)word(area, number)), n = 0;
	struct kmd_kallsyms_places places = {
		.names = virt + number + ALIGN,
		.n_symbols = virt + number,
		.tokens = virt + tokens,
		.index = virt + index,
	};

	if (size + ALIGN <= number) {
		places.offsets = virt + number - ALIGN - size;
		places.base = virt + number - ALIGN;
		ways[n++] = places;
	}
	if (!sequence && area->size - index - INDEX_SIZE >= size) {
		places.offsets = virt + index + INDEX_SIZE;
		places.base = places.offsets + size;
		ways[n++] = places;
		places.base = 0;
		ways[n++] = places;
	}
	return n;
}

static size_t search_area(struct area *area, uint64_t virt, struct kmd_kallsyms_places *ways)
{
	size_t tokens, number, tries = 0, n = 0;
	bool sequence;

	for (size_t at = 0; !n && at + INDEX_SIZE <= area->size && tries < TRIES_MAX; at += ALIGN) {
		if (!is_index(area, at, &tokens))
			continue;
		tries++;
		if (find_table(area, tokens, &number, &sequence))
			n = ways_of(area, virt, number, tokens, at, sequence, ways);
	}
	return n;
}

struct search {
	struct kmd_kallsyms_places *ways;
	size_t n;
};

static bool look(void *data, uint64_t virt, const unsigned char *bytes, size_t size)
{
	struct search *search = data;
	struct area area = { bytes, size, BUDGET };

	search->n = search_area(&area, virt, search->ways);
	return search->n != 0;
}

size_t kmd_kallsyms_places(const struct kmd_target *target,
			   struct kmd_kallsyms_places ways[KMD_KALLSYMS_WAYS])
{
	struct search search = { ways, 0 };

	search.n = by_vmcoreinfo(target, ways);
	if (search.n)
		return search.n;
	kmd_image_search(target, INDEX_SIZE, look, &search);
	return search.n;
}
