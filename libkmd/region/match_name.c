/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Region files against program headers by name: the segment's own, or a symbol's at its address. */
#include "region/match.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>

/* ----- by name: the downstream dialect */

/* The part of the region name behind a virtual machine's prefix. */
static const char *plain_name(const struct draft *draft)
{
	return draft->name + (draft->vm[0] ? strlen(draft->vm) + 1 : 0);
}

static bool all_digits(const char *text)
{
	while (isdigit((unsigned char)*text))
		text++;
	return !*text;
}

/* 2: the same name; 1: the same but for a sequence number or a virtual machine's suffix. */
static int name_rank(const struct draft *draft, const char *name)
{
	const char *own = plain_name(draft);

	if (!kmd_text_casecmp(own, name))
		return 2;
	if (*name && kmd_text_has_prefix(own, name) &&
	    (draft->vm[0] || all_digits(own + strlen(name))))
		return 1;
	return 0;
}

/* The one file that fits @head best by name; SIZE_MAX where none or several do. */
static size_t file_by_name(const struct match *match, size_t head)
{
	const struct kmd_claim *claim = head_of(match, head);
	size_t best = SIZE_MAX;
	int best_rank = 0;

	for (size_t i = 0; i < match->n_files; i++) {
		size_t file = match->files[i];
		int rank = 0;

		if (open_file(match, file))
			rank = 2 * name_rank(&match->join->drafts[file], claim->name);
		if (rank && file_size(match, file) == head_size(match, head))
			rank++;
		if (rank > best_rank) {
			best = file;
			best_rank = rank;
		} else if (rank && rank == best_rank) {
			best = SIZE_MAX;
		}
	}
	return best;
}

void kmd_match_names(struct match *match)
{
	for (size_t i = 0; i < match->n_heads; i++) {
		size_t head = match->heads[i], file;

		if (!head_of(match, head)->name[0])
			continue;
		file = file_by_name(match, head);
		if (file != SIZE_MAX)
			kmd_match_pair(match, file, head);
	}
}

/* ----- by symbol: the kernel's own name for what lies at a header's address */

/* Region names are 'K' and the first characters of a symbol, then a number. */
size_t kmd_match_stem(const struct draft *draft, const char **stem)
{
	size_t length;

	*stem = plain_name(draft);
	if (**stem == 'K')
		++*stem;
	length = strlen(*stem);
	while (length && isdigit((unsigned char)(*stem)[length - 1]))
		length--;
	return length;
}

static bool is_symbol(const struct draft *draft, const char *symbol)
{
	const char *stem;
	size_t length = kmd_match_stem(draft, &stem);

	if (!length || strncmp(stem, symbol, length))
		return false;
	/* A name that was not cut is whole; names are cut at 8 characters or later. */
	return length >= 8 || !symbol[length] || all_digits(symbol + length);
}

static bool has_symbol(const struct match *match, size_t head)
{
	const struct kmd_hints *hints = match->join->hints;

	for (size_t i = 0; i < hints->n; i++)
		if (hints->items[i].virt == head_of(match, head)->virt)
			return head_of(match, head)->has_virt;
	return false;
}

static bool symbol_at(const struct match *match, size_t file, size_t head)
{
	const struct kmd_hints *hints = match->join->hints;
	const struct kmd_claim *claim = head_of(match, head);

	for (size_t i = 0; i < hints->n; i++)
		if (hints->items[i].virt == claim->virt &&
		    is_symbol(&match->join->drafts[file], hints->items[i].name))
			return true;
	return false;
}

/* The one open file that a symbol at @head names, of its size or (@any_size) not. */
static size_t file_by_symbol(const struct match *match, size_t head, bool any_size)
{
	size_t found = SIZE_MAX;

	for (size_t i = 0; i < match->n_files; i++) {
		size_t file = match->files[i];

		if (!open_file(match, file) || !symbol_at(match, file, head) ||
		    (!any_size && file_size(match, file) != head_size(match, head)))
			continue;
		if (found != SIZE_MAX)
			return SIZE_MAX;
		found = file;
	}
	return found;
}

void kmd_match_symbols(struct match *match, bool any_size)
{
	for (size_t i = 0; i < match->n_heads; i++) {
		size_t head = match->heads[i], file;

		if (!open_head(match, head) || !has_symbol(match, head))
			continue;
		file = file_by_symbol(match, head, any_size);
		if (file != SIZE_MAX)
			kmd_match_pair(match, file, head);
	}
}
