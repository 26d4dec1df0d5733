/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Region files against KELF's program headers, where only KELF has addresses.
 *
 * The downstream dialect names its segments.  The meminspect dialect does not: a
 * file then belongs to a header if its size, or a kernel symbol at the header's
 * address, leaves no other choice.  What stays ambiguous is not used: a wrong
 * core is worse than one that lacks a few words.
 */
#include "region/join/join.h"

#include "base/checked.h"
#include "base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct match {
	struct join *join;
	size_t *files, n_files; /* candidates, by rounded size */
	size_t *phdrs, n_phdrs; /* headers (join->kelf), by rounded size */
};

/* One size of region: its files and headers that are still to be paired. */
struct group {
	size_t *files, n_files;
	size_t *phdrs, n_phdrs;
};

static const struct kmd_claim *phdr_of(const struct match *match, size_t phdr)
{
	return match->join->kelf[phdr];
}

static uint64_t phdr_size(const struct match *match, size_t phdr)
{
	return kmd_round4(phdr_of(match, phdr)->size);
}

static uint64_t file_size(const struct match *match, size_t file)
{
	return kmd_round4(match->join->candidates[file].row.pub.captured);
}

/* A paired file has an address from KELF, a paired header is used. */
static bool open_file(const struct match *match, size_t file)
{
	return !(match->join->candidates[file].row.pub.origins & KMD_FROM_KELF);
}

static bool open_phdr(const struct match *match, size_t phdr)
{
	return !match->join->kelf_used[phdr];
}

static void pair(struct match *match, size_t file, size_t phdr)
{
	struct candidate *candidate = &match->join->candidates[file];
	const struct kmd_claim *claim = phdr_of(match, phdr);

	candidate->row.pub.has_phys = claim->has_phys;
	candidate->row.pub.phys = claim->phys;
	candidate->row.pub.has_virt = claim->has_virt;
	candidate->row.pub.virt = claim->virt;
	candidate->row.pub.origins |= KMD_FROM_KELF;
	if (!candidate->sized)
		candidate->row.pub.size = claim->size;
	candidate->named = candidate->sized = candidate->confirmed = true;
	match->join->kelf_used[phdr] = true;
}

/* ----- by name: the downstream dialect */

/* The part of the region name after a virtual machine's prefix. */
static const char *plain_name(const struct candidate *candidate)
{
	return candidate->name + (candidate->vm[0] ? strlen(candidate->vm) + 1 : 0);
}

static bool all_digits(const char *text)
{
	while (isdigit((unsigned char)*text))
		text++;
	return !*text;
}

/* 2: the same name; 1: the same but for a sequence number or a virtual machine's suffix. */
static int name_rank(const struct candidate *candidate, const char *name)
{
	const char *own = plain_name(candidate);

	if (!kmd_text_casecmp(own, name))
		return 2;
	if (*name && kmd_text_has_prefix(own, name) &&
	    (candidate->vm[0] || all_digits(own + strlen(name))))
		return 1;
	return 0;
}

/* The one file that fits @phdr best by name; SIZE_MAX where none or several do. */
static size_t file_by_name(const struct match *match, size_t phdr)
{
	const struct kmd_claim *claim = phdr_of(match, phdr);
	size_t best = SIZE_MAX;
	int best_rank = 0;

	for (size_t i = 0; i < match->n_files; i++) {
		size_t file = match->files[i];
		int rank = 0;

		if (open_file(match, file))
			rank = 2 * name_rank(&match->join->candidates[file], claim->name);
		if (rank && file_size(match, file) == phdr_size(match, phdr))
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
	for (size_t i = 0; i < match->n_phdrs; i++) {
		size_t phdr = match->phdrs[i], file;

		if (!phdr_of(match, phdr)->name[0])
			continue;
		file = file_by_name(match, phdr);
		if (file != SIZE_MAX)
			pair(match, file, phdr);
	}
}

/* ----- by symbol: the kernel's own name for what lies at a header's address */

/* Region names are 'K' and the first characters of a symbol, then a number. */
static size_t stem_of(const struct candidate *candidate, const char **stem)
{
	size_t length;

	*stem = plain_name(candidate);
	if (**stem == 'K' || **stem == 'k')
		++*stem;
	length = kmd_name_without_copy_mark(*stem, strlen(*stem));
	while (length && isdigit((unsigned char)(*stem)[length - 1]))
		length--;
	return length;
}

/* How well a file's name matches a symbol. */
enum strength {
	NAME_OTHER,
	NAME_CUT, /* the symbol begins so; names are cut at 8 characters or later */
	NAME_WHOLE,
};

static enum strength strength_of(const struct candidate *candidate, const char *symbol)
{
	const char *stem;
	size_t length = stem_of(candidate, &stem);

	if (!length || strncasecmp(stem, symbol, length) != 0)
		return NAME_OTHER;
	if (all_digits(symbol + length))
		return NAME_WHOLE;
	return length >= 8 ? NAME_CUT : NAME_OTHER;
}

static enum strength strength_at(const struct match *match, size_t file, size_t phdr)
{
	const struct kmd_claim *claim = phdr_of(match, phdr);
	enum strength best = NAME_OTHER;
	size_t count = 0;
	const struct kmd_hint *hint = kmd_hints_at(match->join->hints, claim->virt, &count);

	for (size_t i = 0; claim->has_virt && i < count; i++) {
		enum strength found = strength_of(&match->join->candidates[file], hint[i].name);

		best = found > best ? found : best;
	}
	return best;
}

static bool has_symbol(const struct match *match, size_t phdr)
{
	size_t count;

	return phdr_of(match, phdr)->has_virt &&
	       kmd_hints_at(match->join->hints, phdr_of(match, phdr)->virt, &count);
}

/* _text and _stext may be one address: their files are identified by other files. */
static bool has_twin(const struct match *match, size_t phdr)
{
	for (size_t i = 0; i < match->n_phdrs; i++) {
		size_t other = match->phdrs[i];

		if (other != phdr && phdr_of(match, other)->virt == phdr_of(match, phdr)->virt &&
		    phdr_size(match, other) == phdr_size(match, phdr))
			return true;
	}
	return false;
}

static size_t count_files(const struct match *match, uint64_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < match->n_files; i++)
		n += file_size(match, match->files[i]) == size;
	return n;
}

static size_t count_phdrs(const struct match *match, uint64_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < match->n_phdrs; i++)
		n += phdr_size(match, match->phdrs[i]) == size;
	return n;
}

/*
 * The one file of the header's size whose name a symbol at @phdr has.  Files that are
 * paired already count as well, since a name that fits two files decides nothing.
 */
static size_t file_by_symbol(const struct match *match, size_t phdr, enum strength *strength)
{
	size_t found = SIZE_MAX;

	*strength = NAME_OTHER;
	for (size_t i = 0; i < match->n_files; i++) {
		size_t file = match->files[i];
		enum strength own;

		if (file_size(match, file) != phdr_size(match, phdr))
			continue;
		own = strength_at(match, file, phdr);
		if (own == NAME_OTHER || own < *strength)
			continue;
		found = own == *strength ? SIZE_MAX : file;
		*strength = own;
	}
	return found;
}

/* The other way round: no other header of its size may be meant by the file's name. */
static bool means_only(const struct match *match, size_t file, size_t phdr, enum strength strength)
{
	for (size_t i = 0; i < match->n_phdrs; i++) {
		size_t other = match->phdrs[i];

		if (other != phdr && phdr_size(match, other) == file_size(match, file) &&
		    strength_at(match, file, other) >= strength)
			return false;
	}
	return true;
}

/* A cut name may be that of a symbol that is not known here, so nothing may be missing. */
static bool decides(const struct match *match, size_t file, size_t phdr, enum strength strength)
{
	uint64_t size = phdr_size(match, phdr);

	if (!means_only(match, file, phdr, strength))
		return false;
	return strength == NAME_WHOLE || count_files(match, size) == count_phdrs(match, size);
}

static void match_symbols(struct match *match)
{
	for (size_t i = 0; i < match->n_phdrs; i++) {
		size_t phdr = match->phdrs[i], file;
		enum strength strength;

		if (!open_phdr(match, phdr) || !has_symbol(match, phdr) || has_twin(match, phdr))
			continue;
		file = file_by_symbol(match, phdr, &strength);
		if (file != SIZE_MAX && open_file(match, file) &&
		    decides(match, file, phdr, strength))
			pair(match, file, phdr);
	}
}

/* ----- by size */

/* Whether two files hold the same bytes; false if they cannot be read. */
static bool same_bytes(const struct match *match, size_t a, size_t b, bool *same)
{
	const struct kmd_region_entry *x = &match->join->candidates[a].row,
				      *y = &match->join->candidates[b].row;
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

/* Open files and headers to the front, closed ones out. */
static void compact(struct match *match)
{
	size_t n = 0;

	for (size_t i = 0; i < match->n_files; i++)
		if (open_file(match, match->files[i]))
			match->files[n++] = match->files[i];
	match->n_files = n;
	n = 0;
	for (size_t i = 0; i < match->n_phdrs; i++)
		if (open_phdr(match, match->phdrs[i]))
			match->phdrs[n++] = match->phdrs[i];
	match->n_phdrs = n;
}

/* Both lists are sorted by size: the next size's group, from the two positions on. */
static struct group next_group(const struct match *match, size_t *file, size_t *phdr)
{
	struct group group = { match->files + *file, 0, match->phdrs + *phdr, 0 };
	uint64_t size = UINT64_MAX;

	if (*file < match->n_files)
		size = file_size(match, match->files[*file]);
	if (*phdr < match->n_phdrs)
		size = kmd_min_u64(size, phdr_size(match, match->phdrs[*phdr]));
	for (; *file < match->n_files && file_size(match, match->files[*file]) == size; ++*file)
		group.n_files++;
	for (; *phdr < match->n_phdrs && phdr_size(match, match->phdrs[*phdr]) == size; ++*phdr)
		group.n_phdrs++;
	return group;
}

static enum kmd_status match_group(struct match *match, const struct group *group)
{
	bool same = true;

	/* More files than headers will do where they are copies of one another. */
	if (!group->n_phdrs || group->n_files < group->n_phdrs)
		return KMD_OK;
	for (size_t i = 1; same && i < group->n_files; i++)
		if (!same_bytes(match, group->files[0], group->files[i], &same))
			return match->join->diag->status;
	for (size_t i = 0; same && i < group->n_phdrs; i++)
		pair(match, group->files[i], group->phdrs[i]);
	return KMD_OK;
}

static enum kmd_status match_sizes(struct match *match)
{
	enum kmd_status status = KMD_OK;
	size_t file = 0, phdr = 0;

	compact(match);
	while (status == KMD_OK && (file < match->n_files || phdr < match->n_phdrs)) {
		struct group group = next_group(match, &file, &phdr);

		status = match_group(match, &group);
	}
	return status;
}

/* ----- files and headers that are left */

/* The files' names, as far as there is room, then "...". */
static void name_files(const struct join *join, const struct group *group, char *names, size_t size)
{
	static const char more[] = ", ...";
	size_t used = 0;

	for (size_t i = 0; i < group->n_files; i++) {
		const struct candidate *candidate = &join->candidates[group->files[i]];
		char name[64];
		int length;

		kmd_text_name(name, sizeof(name), candidate->file, strlen(candidate->file));
		if (used + strlen(name) + 2 + sizeof(more) > size) {
			memcpy(names + used, more, sizeof(more));
			return;
		}
		length = snprintf(names + used, size - used, "%s%s", used ? ", " : "", name);
		used += (size_t)length;
	}
}

static enum kmd_status report_group(struct match *match, const struct group *group)
{
	struct join *join = match->join;
	char names[160] = "";

	for (size_t i = 0; i < group->n_files; i++)
		join->candidates[group->files[i]].reported = true;
	name_files(join, group, names, sizeof(names));
	for (size_t i = 0; i < group->n_phdrs; i++)
		join->kelf_reported[group->phdrs[i]] = true;
	return kmd_report(join->diag, KMD_FIND_AMBIGUOUS, KMD_DAMAGE,
			  kmd_in(phdr_of(match, group->phdrs[0])->place.source),
			  "%zu files and %zu program headers of 0x%" PRIx64
			  " bytes cannot be matched unambiguously and are omitted (%s); give the "
			  "vmlinux (-x), dump_info.txt or load.cmm",
			  group->n_files, group->n_phdrs, phdr_size(match, group->phdrs[0]), names);
}

static enum kmd_status report_left(struct match *match)
{
	enum kmd_status status = KMD_OK;
	size_t file = 0, phdr = 0;

	compact(match);
	while (status == KMD_OK && (file < match->n_files || phdr < match->n_phdrs)) {
		struct group group = next_group(match, &file, &phdr);

		if (group.n_files && group.n_phdrs)
			status = report_group(match, &group);
	}
	return status;
}

/* ----- the step */

static bool is_free(const struct candidate *candidate)
{
	return candidate->row.has_bytes && !candidate->row.pub.has_phys && !candidate->auxiliary &&
	       !candidate->invalid && !candidate->conflict && !candidate->other_vm &&
	       !candidate->is_metadata && !candidate->is_unrelated;
}

static int by_file_size(const void *a, const void *b, void *match)
{
	const struct join *join = ((struct match *)match)->join;
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	int order = kmd_cmp_u64(file_size(match, x), file_size(match, y));

	/* If two files are copies, the one with the shorter name is the original. */
	if (!order)
		order = kmd_cmp_u64(strlen(join->candidates[x].file),
				    strlen(join->candidates[y].file));
	return order ? order : strcmp(join->candidates[x].file, join->candidates[y].file);
}

static int by_phdr_size(const void *a, const void *b, void *match)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	int order = kmd_cmp_u64(phdr_size(match, x), phdr_size(match, y));

	return order ? order : kmd_cmp_u64(x, y);
}

/* A header at an address that some table gives to a region is that region's. */
static void take_out_claimed(const struct join *join, bool *selected)
{
	for (size_t i = 0; i < join->n; i++) {
		const struct kmd_region *region = &join->candidates[i].row.pub;
		size_t at = kmd_join_find_kelf(join, region->phys, 0, false);

		if (!region->has_phys || at == SIZE_MAX)
			continue;
		for (; at && join->kelf[at - 1]->phys == join->kelf[at]->phys; at--)
			;
		if (selected[at])
			continue;
		for (size_t j = at; j < join->n_kelf && join->kelf[j]->phys == join->kelf[at]->phys;
		     j++)
			selected[j] = true;
	}
}

static enum kmd_status collect(struct match *match)
{
	struct join *join = match->join;
	bool *selected = calloc(join->n_kelf + 1, sizeof(*selected));

	match->files = calloc(join->n + 1, sizeof(*match->files));
	match->phdrs = calloc(join->n_kelf + 1, sizeof(*match->phdrs));
	if (!match->files || !match->phdrs || !selected) {
		free(selected);
		return kmd_fail_memory(join->diag);
	}
	take_out_claimed(join, selected);
	for (size_t i = 0; i < join->n; i++)
		if (is_free(&join->candidates[i]))
			match->files[match->n_files++] = i;
	for (size_t i = 0; i < join->n_kelf; i++)
		if (!selected[i] && !join->kelf_used[i] && !join->kelf[i]->has_bytes &&
		    join->kelf[i]->size)
			match->phdrs[match->n_phdrs++] = i;
	free(selected);
	qsort_r(match->files, match->n_files, sizeof(*match->files), by_file_size, match);
	qsort_r(match->phdrs, match->n_phdrs, sizeof(*match->phdrs), by_phdr_size, match);
	return KMD_OK;
}

/* The passes compare every file with every header; no kernel has so many regions. */
#define MATCH_MAX 2048

static enum kmd_status match_all(struct match *match)
{
	enum kmd_status status;

	if (match->n_files > MATCH_MAX || match->n_phdrs > MATCH_MAX)
		return kmd_report(match->join->diag, KMD_FIND_AMBIGUOUS, KMD_DAMAGE, kmd_in(NULL),
				  "%zu files without an address are too many to be matched",
				  match->n_files);
	match_names(match);
	match_symbols(match);
	status = match_sizes(match);
	return status == KMD_OK ? report_left(match) : status;
}

enum kmd_status kmd_join_match(struct join *join)
{
	struct match match = { .join = join };
	enum kmd_status status = collect(&match);

	if (status == KMD_OK && match.n_files && match.n_phdrs)
		status = match_all(&match);
	free(match.files);
	free(match.phdrs);
	return status;
}
