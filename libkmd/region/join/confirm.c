/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * KELF against the other tables: it gives regions their virtual addresses, and
 * contradicts rows whose address is not theirs.
 *
 * The kernel updates both tables together, so a region of theirs is in both at the
 * same place.  The firmware's table wins over a stale KELF; but rows that have
 * changed places, or an address that is wrong in a list which a host's tool wrote,
 * must not put bytes where they do not belong.
 */
#include "region/join/steps.h"

#include "base/text.h"

#include <elf.h>
#include <inttypes.h>
#include <string.h>

/* Work that a table of thousands of contradictions is worth. */
#define CONTRADICTIONS_MAX 1024

static bool same_size(uint64_t a, uint64_t b)
{
	return kmd_round4(a) == kmd_round4(b);
}

static bool is_considered(const struct draft *draft)
{
	return draft->row.pub.has_phys && !draft->other_vm && !draft->conflict && !draft->auxiliary;
}

static void give(struct join *join, struct draft *draft, size_t at)
{
	draft->row.pub.virt = join->kelf[at]->virt;
	draft->row.pub.has_virt = join->kelf[at]->has_virt;
	draft->row.pub.origins |= KMD_FROM_KELF;
	draft->confirmed = true;
	join->kelf_used[at] = true;
}

/* The same address and size: nothing to doubt. */
static void confirm_exact(struct join *join)
{
	for (size_t i = 0; i < join->n; i++) {
		struct draft *draft = &join->drafts[i];
		size_t at;

		if (!is_considered(draft))
			continue;
		at = kmd_join_find_kelf(join, draft->row.pub.phys, draft->row.pub.size, true);
		if (at != SIZE_MAX)
			give(join, draft, at);
	}
}

static const char *printable(const struct draft *draft, char *out, size_t size)
{
	kmd_text_name(out, size, draft->name, strlen(draft->name));
	return out;
}

/*
 * KELF has @size bytes at @draft's address.  Another row of that size, where KELF
 * has no region or one of @draft's size, has changed places with it.
 */
static struct draft *find_exchanged(const struct join *join, const struct draft *draft,
				    uint64_t size)
{
	for (size_t i = 0; i < join->n; i++) {
		struct draft *other = &join->drafts[i];
		size_t at;

		if (other == draft || !is_considered(other) || other->confirmed ||
		    !same_size(other->row.pub.size, size))
			continue;
		at = kmd_join_find_kelf(join, other->row.pub.phys, 0, false);
		if (at == SIZE_MAX || same_size(join->kelf[at]->size, draft->row.pub.size))
			return other;
	}
	return NULL;
}

static enum kmd_status leave_exchanged(struct join *join, struct draft *draft, struct draft *other,
				       size_t at)
{
	char one[128], two[128];

	draft->conflict = draft->silent = other->conflict = other->silent = true;
	join->kelf_silent[at] = true;
	return kmd_report(
		join->diag, KMD_FIND_DISAGREE, KMD_DAMAGE, draft->place,
		"regions \"%s\" and \"%s\" seem to have swapped addresses: KELF has 0x%" PRIx64
		" bytes at physical 0x%" PRIx64 "; neither is used",
		printable(draft, one, sizeof(one)), printable(other, two, sizeof(two)),
		join->kelf[at]->size, join->kelf[at]->phys);
}

static enum kmd_status say_size(const struct join *join, struct draft *draft,
				const struct kmd_claim *claim)
{
	char name[128];

	/* The container has reported that it has fewer bytes than this table describes. */
	if (draft->silent)
		return KMD_OK;
	/* All bytes that KELF describes are there: that more are missing is no second defect. */
	draft->silent = draft->row.has_bytes && draft->row.pub.captured >= claim->size;
	return kmd_report(join->diag, KMD_FIND_DISAGREE, KMD_DAMAGE, draft->place,
			  "region \"%s\" at 0x%" PRIx64 ": the firmware's table has 0x%" PRIx64
			  " bytes, KELF 0x%" PRIx64 "; using the former",
			  printable(draft, name, sizeof(name)), claim->phys, draft->row.pub.size,
			  claim->size);
}

/* The same address, another size. */
static enum kmd_status confirm_address(struct join *join)
{
	enum kmd_status status = KMD_OK;
	size_t contradictions = 0;

	for (size_t i = 0; status == KMD_OK && i < join->n; i++) {
		struct draft *draft = &join->drafts[i], *other = NULL;
		size_t at;

		if (!is_considered(draft) || draft->confirmed || draft->invalid)
			continue;
		at = kmd_join_find_kelf(join, draft->row.pub.phys, 0, false);
		if (at == SIZE_MAX || join->kelf_used[at])
			continue;
		/* Where no table records a size, KELF's is the extent. */
		if (!draft->sized) {
			draft->row.pub.size = join->kelf[at]->size;
			draft->sized = true;
			give(join, draft, at);
			continue;
		}
		if (contradictions++ < CONTRADICTIONS_MAX)
			other = find_exchanged(join, draft, join->kelf[at]->size);
		if (other) {
			status = leave_exchanged(join, draft, other, at);
		} else {
			status = say_size(join, draft, join->kelf[at]);
			give(join, draft, at);
		}
	}
	return status;
}

/* The only header of @size that no row has the address of, or SIZE_MAX. */
static size_t only_open_head(const struct join *join, uint64_t size)
{
	size_t found = SIZE_MAX;

	for (size_t i = 0; i < join->n_kelf; i++) {
		if (join->kelf_used[i] || !join->kelf[i]->has_phys ||
		    !same_size(join->kelf[i]->size, size))
			continue;
		if (found != SIZE_MAX)
			return SIZE_MAX;
		found = i;
	}
	return found;
}

static bool is_unknown_to_kelf(const struct join *join, const struct draft *draft)
{
	return join->n_kelf && is_considered(draft) && !draft->confirmed && !draft->invalid &&
	       !draft->carrier && draft->row.has_bytes;
}

/*
 * An address that a host's list gives, or one that differs from KELF's in a single
 * bit, is rather damaged than newer.
 */
static bool is_doubtful(const struct draft *draft, uint64_t phys)
{
	unsigned int lists = KMD_FROM_DUMP_INFO | KMD_FROM_LOAD_CMM;
	uint64_t difference = draft->row.pub.phys ^ phys;

	return (draft->row.pub.origins & KMD_FROM_FILE && draft->row.pub.origins & lists) ||
	       !(difference & (difference - 1));
}

/* An address that KELF does not know, while one region of that size is unaccounted for. */
static enum kmd_status doubt_unknown(struct join *join)
{
	enum kmd_status status = KMD_OK;
	size_t contradictions = 0;

	for (size_t i = 0; status == KMD_OK && i < join->n; i++) {
		struct draft *draft = &join->drafts[i];
		char name[128];
		size_t at;

		if (!is_unknown_to_kelf(join, draft) || contradictions++ >= CONTRADICTIONS_MAX)
			continue;
		at = only_open_head(join, draft->row.pub.size);
		/* A 32-bit KELF (LPAE) has only the lower half of the address. */
		if (at != SIZE_MAX && join->claims->elf_class == ELFCLASS32 &&
		    (uint32_t)draft->row.pub.phys == join->kelf[at]->phys) {
			give(join, draft, at);
			continue;
		}
		if (at == SIZE_MAX || !is_doubtful(draft, join->kelf[at]->phys))
			continue;
		draft->conflict = draft->silent = true;
		join->kelf_silent[at] = true;
		status = kmd_report(join->diag, KMD_FIND_DISAGREE, KMD_DAMAGE, draft->place,
				    "region \"%s\": physical 0x%" PRIx64
				    " is not in KELF, whose only unmatched region of 0x%" PRIx64
				    " bytes is at 0x%" PRIx64 "; it is not used",
				    printable(draft, name, sizeof(name)), draft->row.pub.phys,
				    draft->row.pub.size, join->kelf[at]->phys);
	}
	return status;
}

enum kmd_status kmd_join_confirm(struct join *join)
{
	enum kmd_status status;

	confirm_exact(join);
	status = confirm_address(join);
	return status == KMD_OK ? doubt_unknown(join) : status;
}
