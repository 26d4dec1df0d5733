/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Region files against program headers, where only KELF has addresses.
 *
 * The downstream dialect names its segments.  The meminspect dialect does not: a
 * file then belongs to a header if its size, or a kernel symbol at the header's
 * address, leaves no other choice.  What stays ambiguous is not placed: a wrong
 * core is worse than one that lacks a few words.
 */
#include "region/join.h"

#include "base/checked.h"
#include "base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* One size of region: the files and headers of it that are still free. */
struct group {
	size_t *files, n_files;		/* drafts */
	size_t *heads, n_heads;		/* join->kelf */
};

struct match {
	struct join *join;
	size_t *files, n_files;		/* free drafts, by rounded size */
	size_t *heads, n_heads;		/* free headers, by rounded size */
};

static const struct kmd_claim *head_of(const struct match *match, size_t head)
{
	return match->join->kelf[head];
}

static uint64_t head_size(const struct match *match, size_t head)
{
	return kmd_round4(head_of(match, head)->size);
}

static uint64_t file_size(const struct match *match, size_t file)
{
	return kmd_round4(match->join->drafts[file].row.pub.captured);
}

static bool is_free(const struct draft *draft)
{
	return draft->row.has_bytes && !draft->row.pub.has_phys && !draft->auxiliary &&
	       !draft->invalid && !draft->conflict && !draft->other_vm && !draft->carrier &&
	       !draft->stray;
}

static void pair(struct match *match, size_t file, size_t head)
{
	struct draft *draft = &match->join->drafts[file];
	const struct kmd_claim *claim = head_of(match, head);

	draft->row.pub.has_phys = claim->has_phys;
	draft->row.pub.phys = claim->phys;
	draft->row.pub.has_virt = claim->has_virt;
	draft->row.pub.virt = claim->virt;
	draft->row.pub.origins |= KMD_FROM_KELF;
	if (!draft->named)
		draft->row.pub.size = claim->size;
	draft->named = true;
	match->join->kelf_used[head] = true;
}

static bool open_file(const struct match *match, size_t file)
{
	return !(match->join->drafts[file].row.pub.origins & KMD_FROM_KELF);
}

static bool open_head(const struct match *match, size_t head)
{
	return !match->join->kelf_used[head];
}

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

static void match_names(struct match *match)
{
	for (size_t i = 0; i < match->n_heads; i++) {
		size_t head = match->heads[i], file;

		if (!head_of(match, head)->name[0])
			continue;
		file = file_by_name(match, head);
		if (file != SIZE_MAX)
			pair(match, file, head);
	}
}

/* ----- by symbol: the kernel's own name for what lies at a header's address */

/* Region names are 'K' and the first characters of a symbol, then a number. */
static size_t stem_of(const struct draft *draft, const char **stem)
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
	size_t length = stem_of(draft, &stem);

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

static void match_symbols(struct match *match, bool any_size)
{
	for (size_t i = 0; i < match->n_heads; i++) {
		size_t head = match->heads[i], file;

		if (!open_head(match, head) || !has_symbol(match, head))
			continue;
		file = file_by_symbol(match, head, any_size);
		if (file != SIZE_MAX)
			pair(match, file, head);
	}
}

/* ----- by size, where it leaves one choice, or where the choice does not matter */

static bool same_bytes(const struct match *match, size_t a, size_t b, bool *same)
{
	const struct kmd_row *x = &match->join->drafts[a].row, *y = &match->join->drafts[b].row;
	unsigned char one[4096], two[4096];

	*same = x->pub.captured == y->pub.captured;
	for (uint64_t at = 0; *same && at < x->pub.captured; at += sizeof(one)) {
		uint64_t part = kmd_min_u64(sizeof(one), x->pub.captured - at);

		if (kmd_source_read(x->source, x->offset + at, one, part, match->join->diag) ||
		    kmd_source_read(y->source, y->offset + at, two, part, match->join->diag))
			return false;
		*same = !memcmp(one, two, (size_t)part);
	}
	return true;
}

static enum kmd_status match_group(struct match *match, const struct group *group)
{
	bool same = true;

	if (!group->n_files || group->n_files != group->n_heads)
		return KMD_OK;
	for (size_t i = 1; same && i < group->n_files; i++)
		if (!same_bytes(match, group->files[0], group->files[i], &same))
			return match->join->diag->status;
	for (size_t i = 0; same && i < group->n_files; i++)
		pair(match, group->files[i], group->heads[i]);
	return KMD_OK;
}

/* Open files and headers to the front, closed ones out. */
static void compact(struct match *match)
{
	size_t n = 0;

	for (size_t i = 0; i < match->n_files; i++)
		if (open_file(match, match->files[i]))
			match->files[n++] = match->files[i];
	match->n_files = n;
	n = 0;
	for (size_t i = 0; i < match->n_heads; i++)
		if (open_head(match, match->heads[i]))
			match->heads[n++] = match->heads[i];
	match->n_heads = n;
}

/* Both lists are sorted by size: the next size's group, from the two positions on. */
static struct group next_group(const struct match *match, size_t *file, size_t *head)
{
	struct group group = { match->files + *file, 0, match->heads + *head, 0 };
	uint64_t size = UINT64_MAX;

	if (*file < match->n_files)
		size = file_size(match, match->files[*file]);
	if (*head < match->n_heads)
		size = kmd_min_u64(size, head_size(match, match->heads[*head]));
	for (; *file < match->n_files && file_size(match, match->files[*file]) == size; ++*file)
		group.n_files++;
	for (; *head < match->n_heads && head_size(match, match->heads[*head]) == size; ++*head)
		group.n_heads++;
	return group;
}

static enum kmd_status match_sizes(struct match *match)
{
	enum kmd_status status = KMD_OK;
	size_t file = 0, head = 0;

	compact(match);
	while (status == KMD_OK && (file < match->n_files || head < match->n_heads)) {
		struct group group = next_group(match, &file, &head);

		status = match_group(match, &group);
	}
	return status;
}

/* ----- what is left */

static enum kmd_status say_group(struct match *match, const struct group *group)
{
	struct join *join = match->join;
	char names[160] = "", name[64];
	size_t used = 0;

	for (size_t i = 0; i < group->n_files; i++) {
		struct draft *draft = &join->drafts[group->files[i]];
		size_t length;

		draft->silent = true;
		kmd_text_name(name, sizeof(name), draft->file, strlen(draft->file));
		length = strlen(name);
		if (used + length + 8 >= sizeof(names)) {
			strcpy(names + used, ", ...");
			used = sizeof(names);
			continue;
		}
		if (used) {
			names[used++] = ',';
			names[used++] = ' ';
		}
		memcpy(names + used, name, length + 1);
		used += length;
	}
	return kmd_find(join->diag, KMD_FIND_AMBIGUOUS, KMD_DAMAGE,
			kmd_in(head_of(match, group->heads[0])->place.source),
			"%zu files and %zu program headers of 0x%" PRIx64
			" bytes cannot be told apart and are left out (%s); give the vmlinux (-x), "
			"dump_info.txt or load.cmm",
			group->n_files, group->n_heads, head_size(match, group->heads[0]), names);
}

static enum kmd_status say_left(struct match *match)
{
	enum kmd_status status = KMD_OK;
	size_t file = 0, head = 0;

	compact(match);
	while (status == KMD_OK && (file < match->n_files || head < match->n_heads)) {
		struct group group = next_group(match, &file, &head);

		if (group.n_files && group.n_heads)
			status = say_group(match, &group);
	}
	return status;
}

static int by_file_size(const void *a, const void *b, void *match)
{
	const struct join *join = ((struct match *)match)->join;
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	int order = kmd_cmp_u64(file_size(match, x), file_size(match, y));

	return order ? order : strcmp(join->drafts[x].file, join->drafts[y].file);
}

static int by_head_size(const void *a, const void *b, void *match)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	int order = kmd_cmp_u64(head_size(match, x), head_size(match, y));

	return order ? order : kmd_cmp_u64(x, y);
}

static enum kmd_status collect(struct match *match)
{
	struct join *join = match->join;

	match->files = calloc(join->n + 1, sizeof(*match->files));
	match->heads = calloc(join->n_kelf + 1, sizeof(*match->heads));
	if (!match->files || !match->heads)
		return kmd_fail_memory(join->diag);
	for (size_t i = 0; i < join->n; i++)
		if (is_free(&join->drafts[i]))
			match->files[match->n_files++] = i;
	for (size_t i = 0; i < join->n_kelf; i++)
		if (!join->kelf_used[i] && !join->kelf[i]->has_bytes && join->kelf[i]->size)
			match->heads[match->n_heads++] = i;
	qsort_r(match->files, match->n_files, sizeof(*match->files), by_file_size, match);
	qsort_r(match->heads, match->n_heads, sizeof(*match->heads), by_head_size, match);
	return KMD_OK;
}

enum kmd_status kmd_join_match(struct join *join)
{
	struct match match = { .join = join };
	enum kmd_status status = collect(&match);

	if (status == KMD_OK && match.n_files && match.n_heads) {
		match_names(&match);
		match_symbols(&match, false);
		status = match_sizes(&match);
		/* A file that was cut fits no size; its name may still say what it is. */
		match_symbols(&match, true);
		if (status == KMD_OK)
			status = match_sizes(&match);
		if (status == KMD_OK)
			status = say_left(&match);
	}
	free(match.files);
	free(match.heads);
	return status;
}
