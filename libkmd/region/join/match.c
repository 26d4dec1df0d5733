/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Region files against program headers, where only KELF has addresses.
 *
 * The downstream dialect names its segments.  The meminspect dialect does not: a
 * file then belongs to a header if its size, or a kernel symbol at the header's
 * address, leaves no other choice.  What stays ambiguous is not placed: a wrong
 * core is worse than one that lacks a few words.
 */
#include "region/join/match_passes.h"
#include "region/join/steps.h"

#include "base/checked.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_free(const struct draft *draft)
{
	return draft->row.has_bytes && !draft->row.pub.has_phys && !draft->auxiliary &&
	       !draft->invalid && !draft->conflict && !draft->other_vm && !draft->carrier &&
	       !draft->stray;
}

/* ----- what is left */

/* The files' names, as far as there is room, then "...". */
static void name_files(const struct join *join, const struct group *group, char *names, size_t size)
{
	static const char more[] = ", ...";
	size_t used = 0;

	for (size_t i = 0; i < group->n_files; i++) {
		const struct draft *draft = &join->drafts[group->files[i]];
		char name[64];
		int length;

		kmd_text_name(name, sizeof(name), draft->file, strlen(draft->file));
		if (used + strlen(name) + 2 + sizeof(more) > size) {
			memcpy(names + used, more, sizeof(more));
			return;
		}
		length = snprintf(names + used, size - used, "%s%s", used ? ", " : "", name);
		used += (size_t)length;
	}
}

static enum kmd_status say_group(struct match *match, const struct group *group)
{
	struct join *join = match->join;
	char names[160] = "";

	for (size_t i = 0; i < group->n_files; i++)
		join->drafts[group->files[i]].silent = true;
	name_files(join, group, names, sizeof(names));
	for (size_t i = 0; i < group->n_heads; i++)
		join->kelf_silent[group->heads[i]] = true;
	return kmd_report(join->diag, KMD_FIND_AMBIGUOUS, KMD_DAMAGE,
			  kmd_in(head_of(match, group->heads[0])->place.source),
			  "%zu files and %zu program headers of 0x%" PRIx64
			  " bytes cannot be matched unambiguously and are omitted (%s); give the "
			  "vmlinux (-x), dump_info.txt or load.cmm",
			  group->n_files, group->n_heads, head_size(match, group->heads[0]), names);
}

static enum kmd_status say_left(struct match *match)
{
	enum kmd_status status = KMD_OK;
	size_t file = 0, head = 0;

	kmd_match_compact(match);
	while (status == KMD_OK && (file < match->n_files || head < match->n_heads)) {
		struct group group = kmd_match_next(match, &file, &head);

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

	/* Of copies the shorter name is the original's. */
	if (!order)
		order = kmd_cmp_u64(strlen(join->drafts[x].file), strlen(join->drafts[y].file));
	return order ? order : strcmp(join->drafts[x].file, join->drafts[y].file);
}

static int by_head_size(const void *a, const void *b, void *match)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	int order = kmd_cmp_u64(head_size(match, x), head_size(match, y));

	return order ? order : kmd_cmp_u64(x, y);
}

/* A header at an address that some table gives to a region is that region's. */
static void take_out_claimed(const struct join *join, bool *selected)
{
	for (size_t i = 0; i < join->n; i++) {
		const struct kmd_region *region = &join->drafts[i].row.pub;
		size_t at = kmd_join_find_kelf(join, region->phys, 0, false);

		if (!region->has_phys || at == SIZE_MAX)
			continue;
		for (; at && join->kelf[at - 1]->phys == region->phys; at--)
			;
		if (selected[at])
			continue;
		for (; at < join->n_kelf && join->kelf[at]->phys == region->phys; at++)
			selected[at] = true;
	}
}

static size_t *copy_list(const size_t *list, size_t n)
{
	size_t *copy = calloc(n + 1, sizeof(*copy));

	if (copy && n)
		memcpy(copy, list, n * sizeof(*copy));
	return copy;
}

static enum kmd_status collect(struct match *match)
{
	struct join *join = match->join;
	bool *selected = calloc(join->n_kelf + 1, sizeof(*selected));

	match->files = calloc(join->n + 1, sizeof(*match->files));
	match->heads = calloc(join->n_kelf + 1, sizeof(*match->heads));
	if (!match->files || !match->heads || !selected) {
		free(selected);
		return kmd_fail_memory(join->diag);
	}
	take_out_claimed(join, selected);
	for (size_t i = 0; i < join->n; i++)
		if (is_free(&join->drafts[i]))
			match->files[match->n_files++] = i;
	for (size_t i = 0; i < join->n_kelf; i++)
		if (!selected[i] && !join->kelf_used[i] && !join->kelf[i]->has_bytes &&
		    join->kelf[i]->size)
			match->heads[match->n_heads++] = i;
	free(selected);
	qsort_r(match->files, match->n_files, sizeof(*match->files), by_file_size, match);
	qsort_r(match->heads, match->n_heads, sizeof(*match->heads), by_head_size, match);
	match->all_files = copy_list(match->files, match->n_all_files = match->n_files);
	match->all_heads = copy_list(match->heads, match->n_all_heads = match->n_heads);
	return match->all_files && match->all_heads ? KMD_OK : kmd_fail_memory(join->diag);
}

/* The passes compare every file with every header; no kernel has so many regions. */
#define MATCH_MAX 2048

static enum kmd_status match_all(struct match *match)
{
	enum kmd_status status;

	if (match->n_files > MATCH_MAX || match->n_heads > MATCH_MAX)
		return kmd_report(match->join->diag, KMD_FIND_AMBIGUOUS, KMD_DAMAGE, kmd_in(NULL),
				  "%zu files without an address are too many to be matched",
				  match->n_files);
	kmd_match_names(match);
	kmd_match_symbols(match, false);
	status = kmd_match_sizes(match);
	/* A file that was cut fits no size; its name may still identify it. */
	kmd_match_symbols(match, true);
	if (status == KMD_OK)
		status = kmd_match_sizes(match);
	if (status == KMD_OK)
		status = kmd_match_order(match);
	return status == KMD_OK ? say_left(match) : status;
}

enum kmd_status kmd_join_match(struct join *join)
{
	struct match match = { .join = join };
	enum kmd_status status = collect(&match);

	if (status == KMD_OK && match.n_files && match.n_heads)
		status = match_all(&match);
	free(match.files);
	free(match.heads);
	free(match.all_files);
	free(match.all_heads);
	return status;
}
