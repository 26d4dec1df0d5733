/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What several descriptions have of one region must agree.
 *
 * The kernel updates KELF and the firmware's table together, so a region of the kernel
 * is in both at the same address and with the same size.  Where they differ, one word of
 * one of them is damaged and nothing shows which: the region is not used, so that no
 * bytes get to an address that is not theirs.
 */
#include "region/join/join.h"

#include "base/checked.h"
#include "base/search.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* No machine has more physical address bits; anything above is a damaged word. */
#define PHYS_LIMIT (UINT64_C(1) << 56)

static const char *printable(const struct candidate *candidate, char *out, size_t size)
{
	kmd_text_name(out, size, *candidate->name ? candidate->name : "(unnamed)",
		      *candidate->name ? strlen(candidate->name) : sizeof("(unnamed)") - 1);
	return out;
}

/* Not to be used, and a finding of the caller names it. */
static void set_aside(struct candidate *candidate)
{
	candidate->conflict = candidate->reported = true;
}

/* ----- the physical address */

static const char *const source_names[ADDRESS_SOURCES] = { "load.cmm", "dump_info.txt",
							   "the section table" };

/* A list's size may be another row's; the bytes of a file are its own. */
static bool is_in_kelf(const struct join *join, const struct candidate *candidate, uint64_t phys)
{
	bool file = candidate->row.has_bytes && candidate->row.pub.origins & KMD_FROM_FILE;
	uint64_t size = file ? candidate->row.pub.captured : candidate->row.pub.size;

	return kmd_join_find_kelf(join, phys, size, true) != SIZE_MAX;
}

/* Of two addresses that differ, the one that KELF has too is right. */
static enum kmd_status settle(const struct join *join, struct candidate *candidate, size_t first,
			      size_t other)
{
	uint64_t one = candidate->recorded[first].phys, two = candidate->recorded[other].phys;
	bool one_in_kelf = is_in_kelf(join, candidate, one);
	bool two_in_kelf = is_in_kelf(join, candidate, two);
	char name[256];

	if (one_in_kelf == two_in_kelf)
		set_aside(candidate);
	candidate->row.pub.phys = two_in_kelf && !one_in_kelf ? two : one;
	return kmd_report(join->diag, KMD_FIND_DISAGREE, KMD_DAMAGE, candidate->place,
			  "region \"%s\": %s has physical 0x%" PRIx64 ", %s 0x%" PRIx64 "; %s",
			  printable(candidate, name, sizeof(name)), source_names[first], one,
			  source_names[other], two,
			  candidate->conflict ? "it is not used"
			  : two_in_kelf       ? "using the latter, which KELF has too"
					      : "using the former, which KELF has too");
}

static enum kmd_status set_address(const struct join *join, struct candidate *candidate)
{
	size_t first = ADDRESS_SOURCES;

	for (size_t i = 0; i < ADDRESS_SOURCES; i++) {
		if (!candidate->recorded[i].made)
			continue;
		if (first == ADDRESS_SOURCES) {
			first = i;
			candidate->row.pub.phys = candidate->recorded[i].phys;
			candidate->row.pub.has_phys = true;
		} else if (candidate->recorded[i].phys != candidate->row.pub.phys) {
			return settle(join, candidate, first, i);
		}
	}
	return KMD_OK;
}

enum kmd_status kmd_join_addresses(struct join *join)
{
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; status == KMD_OK && i < join->n; i++)
		status = set_address(join, &join->candidates[i]);
	return status;
}

/* Whether there can be memory: the range does not wrap, nor has it bits that no machine has. */
static bool is_possible(const struct kmd_region *region)
{
	uint64_t start = region->has_phys ? region->phys : region->virt;
	uint64_t limit = region->has_phys ? PHYS_LIMIT : UINT64_MAX;
	uint64_t end;

	return kmd_add_u64(start, region->captured, &end) && end <= limit;
}

static enum kmd_status check_range(const struct join *join, struct candidate *candidate)
{
	const struct kmd_region *region = &candidate->row.pub;
	uint64_t start = region->has_phys ? region->phys : region->virt;
	char name[256];

	if ((!region->has_phys && !region->has_virt) || candidate->conflict || is_possible(region))
		return KMD_OK;
	set_aside(candidate);
	return kmd_report(join->diag, KMD_FIND_TABLE, KMD_DAMAGE, candidate->place,
			  "region \"%s\": %s 0x%" PRIx64 ", size 0x%" PRIx64
			  " is not a possible address; it is not used",
			  printable(candidate, name, sizeof(name)),
			  region->has_phys ? "physical" : "virtual", start, region->size);
}

enum kmd_status kmd_join_check_ranges(struct join *join)
{
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; status == KMD_OK && i < join->n; i++)
		status = check_range(join, &join->candidates[i]);
	return status;
}

/* ----- KELF */

static bool is_considered(const struct candidate *candidate)
{
	return candidate->row.pub.has_phys && !candidate->other_vm && !candidate->conflict &&
	       !candidate->auxiliary;
}

static void confirm(struct join *join, struct candidate *candidate, size_t at)
{
	candidate->row.pub.virt = join->kelf[at]->virt;
	candidate->row.pub.has_virt = join->kelf[at]->has_virt;
	candidate->row.pub.origins |= KMD_FROM_KELF;
	candidate->confirmed = true;
	join->kelf_used[at] = true;
}

static void confirm_equal(struct join *join)
{
	for (size_t i = 0; i < join->n; i++) {
		struct candidate *candidate = &join->candidates[i];
		size_t at;

		if (!is_considered(candidate))
			continue;
		at = kmd_join_find_kelf(join, candidate->row.pub.phys, candidate->row.pub.size,
					true);
		if (at != SIZE_MAX)
			confirm(join, candidate, at);
	}
}

static enum kmd_status check_size(struct join *join, struct candidate *candidate, size_t at)
{
	const struct kmd_claim *claim = join->kelf[at];
	bool reported = candidate->reported;
	char name[128];

	/* Where no table records a size, KELF's is the extent. */
	if (!candidate->sized) {
		candidate->row.pub.size = claim->size;
		candidate->sized = true;
		confirm(join, candidate, at);
		return KMD_OK;
	}
	set_aside(candidate);
	join->kelf_reported[at] = true;
	/* The container has reported that it has fewer bytes than its table describes. */
	if (reported)
		return KMD_OK;
	return kmd_report(join->diag, KMD_FIND_DISAGREE, KMD_DAMAGE, candidate->place,
			  "region \"%s\" at 0x%" PRIx64 ": the firmware's table has 0x%" PRIx64
			  " bytes, KELF 0x%" PRIx64 "; it is not used",
			  printable(candidate, name, sizeof(name)), claim->phys,
			  candidate->row.pub.size, claim->size);
}

/* The same address, another size. */
static enum kmd_status confirm_address(struct join *join)
{
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; status == KMD_OK && i < join->n; i++) {
		struct candidate *candidate = &join->candidates[i];
		size_t at;

		if (!is_considered(candidate) || candidate->confirmed || candidate->invalid)
			continue;
		at = kmd_join_find_kelf(join, candidate->row.pub.phys, 0, false);
		if (at != SIZE_MAX && !join->kelf_used[at])
			status = check_size(join, candidate, at);
	}
	return status;
}

static int by_size(const void *a, const void *b, void *arg)
{
	const struct join *join = arg;
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return kmd_cmp_u64(kmd_round4(join->kelf[x]->size), kmd_round4(join->kelf[y]->size));
}

/* KELF's entries that no candidate has the address of, by size. */
static size_t *unmatched_entries(struct join *join, size_t *count)
{
	size_t *at = calloc(join->n_kelf + 1, sizeof(*at));
	size_t n = 0;

	for (size_t i = 0; at && i < join->n_kelf; i++)
		if (!join->kelf_used[i] && !join->kelf_reported[i] && join->kelf[i]->has_phys)
			at[n++] = i;
	if (n)
		qsort_r(at, n, sizeof(*at), by_size, join);
	*count = n;
	return at;
}

static bool is_unknown_to_kelf(const struct join *join, const struct candidate *candidate)
{
	return is_considered(candidate) && !candidate->confirmed && !candidate->invalid &&
	       !candidate->is_metadata && candidate->row.has_bytes && candidate->row.pub.size &&
	       kmd_join_find_kelf(join, candidate->row.pub.phys, 0, false) == SIZE_MAX;
}

/*
 * KELF does not have this address, but it has one region of this size that nothing else
 * has: the address may be a damaged one.
 */
static enum kmd_status check_unknown(struct join *join)
{
	enum kmd_status status = KMD_OK;
	size_t n, *unmatched = unmatched_entries(join, &n);

	if (!unmatched)
		return kmd_fail_memory(join->diag);
	for (size_t i = 0; status == KMD_OK && n && i < join->n; i++) {
		struct candidate *candidate = &join->candidates[i];
		uint64_t size = kmd_round4(candidate->row.pub.size);
		const struct kmd_claim *claim;
		size_t low;
		char name[128];

		if (!is_unknown_to_kelf(join, candidate))
			continue;
		low = KMD_LOWER_BOUND(n, middle,
				      kmd_round4(join->kelf[unmatched[middle]]->size) < size);
		if (low == n || kmd_round4(join->kelf[unmatched[low]]->size) != size ||
		    (low + 1 < n && kmd_round4(join->kelf[unmatched[low + 1]]->size) == size))
			continue;
		claim = join->kelf[unmatched[low]];
		set_aside(candidate);
		join->kelf_reported[unmatched[low]] = true;
		status = kmd_report(join->diag, KMD_FIND_DISAGREE, KMD_DAMAGE, candidate->place,
				    "region \"%s\": physical 0x%" PRIx64
				    " is not in KELF, whose only unmatched region of 0x%" PRIx64
				    " bytes is at 0x%" PRIx64 "; it is not used",
				    printable(candidate, name, sizeof(name)),
				    candidate->row.pub.phys, candidate->row.pub.size, claim->phys);
	}
	free(unmatched);
	return status;
}

enum kmd_status kmd_join_check_kelf(struct join *join)
{
	enum kmd_status status;

	confirm_equal(join);
	status = confirm_address(join);
	return status == KMD_OK ? check_unknown(join) : status;
}

/* ----- the size of a file */

static bool has_file(const struct candidate *candidate)
{
	return candidate->row.has_bytes && candidate->row.pub.origins & KMD_FROM_FILE &&
	       candidate->row.pub.size && candidate->row.pub.captured && !candidate->auxiliary &&
	       !candidate->conflict && !candidate->invalid && !candidate->other_vm;
}

/* Up to three bytes more or fewer are a matter of rounding. */
static bool is_long(const struct candidate *candidate)
{
	return candidate->row.pub.captured > kmd_round4(candidate->row.pub.size) + 3;
}

static bool is_short(const struct candidate *candidate)
{
	return kmd_round4(candidate->row.pub.captured) < kmd_round4(candidate->row.pub.size);
}

static int by_number(const void *a, const void *b)
{
	return kmd_cmp_u64(*(const uint64_t *)a, *(const uint64_t *)b);
}

/* The described sizes of the regions whose file is too long, sorted. */
static uint64_t *sizes_of_long(const struct join *join, size_t *count)
{
	uint64_t *sizes = calloc(join->n + 1, sizeof(*sizes));
	size_t n = 0;

	for (size_t i = 0; sizes && i < join->n; i++)
		if (has_file(&join->candidates[i]) && is_long(&join->candidates[i]))
			sizes[n++] = kmd_round4(join->candidates[i].row.pub.size);
	if (n)
		qsort(sizes, n, sizeof(*sizes), by_number);
	*count = n;
	return sizes;
}

/* If the names of two files were exchanged, one is too long and one too short. */
static bool may_be_exchanged(const struct candidate *candidate, const uint64_t *sizes, size_t n)
{
	uint64_t size = kmd_round4(candidate->row.pub.captured);

	return is_short(candidate) || (candidate->named && !candidate->sized &&
				       bsearch(&size, sizes, n, sizeof(size), by_number));
}

enum kmd_status kmd_join_check_sizes(struct join *join)
{
	enum kmd_status status = KMD_OK;
	size_t n;
	uint64_t *sizes = sizes_of_long(join, &n);

	if (!sizes)
		return kmd_fail_memory(join->diag);
	for (size_t i = 0; status == KMD_OK && n && i < join->n; i++) {
		struct candidate *candidate = &join->candidates[i];
		bool too_long = is_long(candidate);
		char name[128];

		if (!has_file(candidate) || (!too_long && !may_be_exchanged(candidate, sizes, n)))
			continue;
		set_aside(candidate);
		status = kmd_report(
			join->diag, KMD_FIND_SHORT, KMD_DAMAGE, candidate->place,
			"region \"%s\": 0x%" PRIx64 " bytes are present, 0x%" PRIx64
			" are described: %s; it is not used",
			printable(candidate, name, sizeof(name)), candidate->row.pub.captured,
			candidate->row.pub.size,
			too_long ? "the file is larger than the region"
				 : "another file is too long, so the names may be exchanged");
	}
	free(sizes);
	return status;
}

/* ----- the kernel's own maps, which VMCOREINFO gives */

static const struct kmd_known_map *find_contradiction(const struct join *join,
						      const struct kmd_region *region)
{
	for (size_t i = 0; i < join->hints->n_maps; i++) {
		const struct kmd_known_map *map = &join->hints->maps[i];

		if (region->virt >= map->low && region->virt < map->high &&
		    region->virt - region->phys != map->delta)
			return map;
	}
	return NULL;
}

/*
 * Where the physical address comes from another table than the virtual one, the virtual
 * one is damaged.  Of a core's own segment either may be.
 */
enum kmd_status kmd_join_check_maps(struct join *join)
{
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; status == KMD_OK && i < join->n; i++) {
		struct candidate *candidate = &join->candidates[i];
		struct kmd_region *region = &candidate->row.pub;
		const struct kmd_known_map *map;
		bool reported = candidate->reported;
		char name[128];

		if (!region->has_phys || !region->has_virt || candidate->conflict ||
		    candidate->invalid)
			continue;
		map = find_contradiction(join, region);
		if (!map)
			continue;
		if (region->origins & KMD_FROM_CORE)
			set_aside(candidate);
		else
			region->has_virt = false;
		if (join->claims->two_boots || reported)
			continue;
		status = kmd_report(join->diag, KMD_FIND_DISAGREE, KMD_DAMAGE, candidate->place,
				    "region \"%s\": virtual 0x%" PRIx64 " is physical 0x%" PRIx64
				    " by VMCOREINFO, not 0x%" PRIx64 "; %s is not used",
				    printable(candidate, name, sizeof(name)), region->virt,
				    region->virt - map->delta, region->phys,
				    candidate->conflict ? "it" : "its virtual address");
	}
	return status;
}
