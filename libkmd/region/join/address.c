/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Which of several recorded physical addresses is a region's. */
#include "region/join/steps.h"

#include "base/checked.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>

/* No machine has more physical address bits; anything above is a damaged word. */
#define PHYS_LIMIT (UINT64_C(1) << 56)

static const char *const offer_names[OFFERS] = { "load.cmm", "dump_info.txt", "the section table" };

/* A list's size may be another row's; the bytes of a file are its own. */
static bool kelf_knows(const struct join *join, const struct draft *draft, uint64_t phys)
{
	bool file = draft->row.has_bytes && draft->row.pub.origins & KMD_FROM_FILE;
	uint64_t size = file ? draft->row.pub.captured : draft->row.pub.size;

	return kmd_join_find_kelf(join, phys, size, true) != SIZE_MAX;
}

/* The best offer; *@rival is the rank of one that differs from it, or OFFERS. */
static size_t choose(const struct join *join, const struct draft *draft, size_t *rival)
{
	size_t best = OFFERS;

	*rival = OFFERS;
	for (size_t i = 0; i < OFFERS; i++) {
		if (!draft->offers[i].made)
			continue;
		if (best == OFFERS) {
			best = i;
		} else if (draft->offers[i].phys != draft->offers[best].phys) {
			*rival = i;
			if (!kelf_knows(join, draft, draft->offers[best].phys) &&
			    kelf_knows(join, draft, draft->offers[i].phys)) {
				*rival = best;
				best = i;
			}
		}
	}
	return best;
}

static enum kmd_status say_rival(const struct join *join, const struct draft *draft, size_t best,
				 size_t rival)
{
	char name[256];

	kmd_text_name(name, sizeof(name), draft->name, strlen(draft->name));
	return kmd_report(join->diag, KMD_FIND_DISAGREE, KMD_DAMAGE, draft->place,
			  "region \"%s\": %s has physical 0x%" PRIx64 ", %s 0x%" PRIx64
			  "; using the former",
			  name, offer_names[best], draft->offers[best].phys, offer_names[rival],
			  draft->offers[rival].phys);
}

/* Whether there can be memory: the range does not wrap, nor has it bits that no machine has. */
bool kmd_join_is_possible(const struct kmd_region *region)
{
	uint64_t start = region->has_phys ? region->phys : region->virt;
	uint64_t limit = region->has_phys ? PHYS_LIMIT : UINT64_MAX;
	uint64_t end;

	return kmd_add_u64(start, region->captured, &end) && end <= limit;
}

/* Leave out what lies where no memory can. */
static enum kmd_status check_range(const struct join *join, struct draft *draft)
{
	const struct kmd_region *region = &draft->row.pub;
	uint64_t start = region->has_phys ? region->phys : region->virt;
	char name[256];

	if ((!region->has_phys && !region->has_virt) || draft->conflict ||
	    kmd_join_is_possible(region))
		return KMD_OK;
	draft->conflict = draft->silent = true;
	kmd_text_name(name, sizeof(name), draft->name, strlen(draft->name));
	return kmd_report(join->diag, KMD_FIND_TABLE, KMD_DAMAGE, draft->place,
			  "region \"%s\": %s 0x%" PRIx64 ", size 0x%" PRIx64
			  " is not a possible address; it is not used",
			  name, region->has_phys ? "physical" : "virtual", start, region->size);
}

enum kmd_status kmd_join_ranges(struct join *join)
{
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; status == KMD_OK && i < join->n; i++)
		status = check_range(join, &join->drafts[i]);
	return status;
}

enum kmd_status kmd_join_addresses(struct join *join)
{
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; status == KMD_OK && i < join->n; i++) {
		struct draft *draft = &join->drafts[i];
		size_t rival, best = choose(join, draft, &rival);

		if (best != OFFERS) {
			draft->row.pub.phys = draft->offers[best].phys;
			draft->row.pub.has_phys = true;
		}
		if (rival != OFFERS)
			status = say_rival(join, draft, best, rival);
	}
	return status == KMD_OK ? kmd_join_ranges(join) : status;
}
