/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Region files against program headers by name: the segment's own, or a symbol's at its address. */
#include "region/join/match_passes.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* ----- by name: the downstream dialect */

/* The part of the region name after a virtual machine's prefix. */
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
size_t kmd_match_stem(const struct draft *draft, const char **stem, size_t *digits)
{
	size_t length, whole;

	*stem = plain_name(draft);
	if (**stem == 'K' || **stem == 'k')
		++*stem;
	length = whole = kmd_name_without_copy_mark(*stem, strlen(*stem));
	while (length && isdigit((unsigned char)(*stem)[length - 1]))
		length--;
	*digits = whole - length;
	return length;
}

/* How well a file's name matches a symbol. */
enum strength {
	NAME_OTHER,
	NAME_CUT, /* the symbol begins so; names are cut at 8 characters or later */
	NAME_WHOLE,
};

static enum strength strength_of(const struct draft *draft, const char *symbol)
{
	const char *stem;
	size_t digits, length = kmd_match_stem(draft, &stem, &digits);

	if (!length || strncasecmp(stem, symbol, length) != 0)
		return NAME_OTHER;
	if (all_digits(symbol + length))
		return NAME_WHOLE;
	return length >= 8 ? NAME_CUT : NAME_OTHER;
}

static enum strength strength_at(const struct match *match, size_t file, size_t head)
{
	const struct kmd_claim *claim = head_of(match, head);
	enum strength best = NAME_OTHER;
	size_t count = 0;
	const struct kmd_hint *hint = kmd_hints_at(match->join->hints, claim->virt, &count);

	for (size_t i = 0; claim->has_virt && i < count; i++) {
		enum strength found = strength_of(&match->join->drafts[file], hint[i].name);

		best = found > best ? found : best;
	}
	return best;
}

static bool has_symbol(const struct match *match, size_t head)
{
	size_t count;

	return head_of(match, head)->has_virt &&
	       kmd_hints_at(match->join->hints, head_of(match, head)->virt, &count);
}

/* _text and _stext may be one address: their files are identified by other files. */
static bool has_twin(const struct match *match, size_t head)
{
	for (size_t i = 0; i < match->n_all_heads; i++) {
		size_t other = match->all_heads[i];

		if (other != head && head_of(match, other)->virt == head_of(match, head)->virt &&
		    head_size(match, other) == head_size(match, head))
			return true;
	}
	return false;
}

static size_t count_files(const struct match *match, uint64_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < match->n_all_files; i++)
		n += file_size(match, match->all_files[i]) == size;
	return n;
}

static size_t count_heads(const struct match *match, uint64_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < match->n_all_heads; i++)
		n += head_size(match, match->all_heads[i]) == size;
	return n;
}

/*
 * The one file whose name a symbol at @head bears, among files of the header's size
 * or (@any_size) all; those that are paired already count as well, since a name that
 * fits two files decides nothing.
 */
static size_t file_by_symbol(const struct match *match, size_t head, bool any_size,
			     enum strength *strength)
{
	size_t found = SIZE_MAX;

	*strength = NAME_OTHER;
	for (size_t i = 0; i < match->n_all_files; i++) {
		size_t file = match->all_files[i];
		enum strength own;

		if (!any_size && file_size(match, file) != head_size(match, head))
			continue;
		own = strength_at(match, file, head);
		if (own == NAME_OTHER || own < *strength)
			continue;
		found = own == *strength ? SIZE_MAX : file;
		*strength = own;
	}
	return found;
}

/* The other way round: no other header of its size may be meant by the file's name. */
static bool means_only(const struct match *match, size_t file, size_t head, enum strength strength)
{
	for (size_t i = 0; i < match->n_all_heads; i++) {
		size_t other = match->all_heads[i];

		if (other != head && head_size(match, other) == file_size(match, file) &&
		    strength_at(match, file, other) >= strength)
			return false;
	}
	return true;
}

/* A cut name may be that of a symbol that is not known here, so nothing may be missing. */
static bool decides(const struct match *match, size_t file, size_t head, enum strength strength)
{
	uint64_t size = head_size(match, head);

	if (!means_only(match, file, head, strength))
		return false;
	return strength == NAME_WHOLE || count_files(match, size) == count_heads(match, size);
}

/* A file that is too short for the header, and of the size of no other. */
static bool may_be_cut(const struct match *match, size_t file, size_t head)
{
	uint64_t size = file_size(match, file);

	if (size >= head_size(match, head))
		return false;
	for (size_t i = 0; i < match->n_all_heads; i++)
		if (head_size(match, match->all_heads[i]) == size)
			return false;
	return true;
}

void kmd_match_symbols(struct match *match, bool any_size)
{
	for (size_t i = 0; i < match->n_heads; i++) {
		size_t head = match->heads[i], file;
		enum strength strength;

		if (!open_head(match, head) || !has_symbol(match, head) || has_twin(match, head))
			continue;
		file = file_by_symbol(match, head, any_size, &strength);
		if (file == SIZE_MAX || !open_file(match, file))
			continue;
		if (any_size ? may_be_cut(match, file, head) : decides(match, file, head, strength))
			kmd_match_pair(match, file, head);
	}
}
