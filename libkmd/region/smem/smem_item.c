/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Item 602 in the global partition, or in a private one.  Two lists hold its items: the uncached
 * one grows up from the partition's header, the cached one down from its end, there with each
 * entry's header after its data.  Linux stops a lookup at the first bad canary; here the other list
 * is tried too, and at last the bytes are searched for an entry that looks like the item.
 */
#include "region/smem/smem.h"

#include "base/checked.h"

#include <kmemdump/minidump.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Fields of the table of contents that must be right, by how the item was found. */
#define MARKS_LISTED   3
#define MARKS_SEARCHED 4
#define MARKS_DAMAGED  6
/* A search looks at no more entries than this: there are a few hundred at most. */
#define TRIES_MAX      4096
/* What old firmware gives the item: ten subsystems. */
#define USUAL_SIZE     (MD_GLOBAL_SUBSYSTEMS + 10 * MD_SS_SIZE)

enum kmd_status kmd_smem_damage(struct kmd_smem *smem, enum kmd_finding_code code, uint64_t offset,
				const char *format, ...)
{
	char sentence[KMD_SENTENCE_MAX];
	va_list args;

	smem->damaged = true;
	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	return kmd_report(smem->diag, code, KMD_DAMAGE,
			  kmd_at(smem->source->name, smem->start + offset), "%s", sentence);
}

struct entry {
	uint32_t canary, item, size, padding_data, padding_hdr;
};

struct search {
	struct kmd_smem *smem;
	const struct kmd_smem_part *part;
	struct kmd_smem_item item;
	unsigned int marks; /* of the item */
	bool found, good;   /* any entry 602; one that is what it should be */
};

static void entry_read(struct kmd_smem *smem, uint64_t at, struct entry *entry)
{
	struct kmd_cursor *cursor = &smem->cursor;

	entry->canary = kmd_cursor_u16(cursor, at + MD_SMEM_ENTRY_CANARY);
	entry->item = kmd_cursor_u16(cursor, at + MD_SMEM_ENTRY_ITEM);
	entry->size = kmd_cursor_u32(cursor, at + MD_SMEM_ENTRY_SIZE);
	entry->padding_data = kmd_cursor_u16(cursor, at + MD_SMEM_ENTRY_PADDING_DATA);
	entry->padding_hdr = kmd_cursor_u16(cursor, at + MD_SMEM_ENTRY_PADDING_HDR);
}

/* Keep the bytes at @at of the area if they are better than what was found before. */
static void offer(struct search *search, uint64_t at, uint64_t size, unsigned int wanted)
{
	struct kmd_smem *smem = search->smem;
	struct kmd_smem_item item = { smem->start + at, size };
	unsigned int marks;

	if (!kmd_inside(at, size, smem->size))
		return;
	marks = kmd_minidump_toc_marks(smem->source, item, smem->diag);
	if (search->found && marks <= search->marks)
		return;
	search->item = item;
	search->marks = marks;
	search->found = true;
	search->good = marks >= wanted;
}

/* True if the list can be walked on from this entry; else the finding is in *@status. */
static bool entry_check(struct search *search, uint64_t at, const struct entry *entry,
			enum kmd_status *status)
{
	if (entry->canary != MD_SMEM_CANARY)
		*status = kmd_smem_damage(search->smem, KMD_FIND_TABLE, at,
					  "an SMEM entry's canary is damaged (0x%" PRIx32
					  "): the list ends here",
					  entry->canary);
	else if (!entry->size || entry->padding_data >= entry->size)
		*status =
			kmd_smem_damage(search->smem, KMD_FIND_TABLE, at,
					"SMEM item %" PRIu32 " has impossible sizes: the list ends "
					"here",
					entry->item);
	else
		return true;
	return false;
}

static enum kmd_status bad_extent(struct search *search, uint64_t at, const struct entry *entry)
{
	return kmd_smem_damage(search->smem, KMD_FIND_TABLE, at,
			       "SMEM item %" PRIu32 " of 0x%" PRIx32
			       " bytes extends past the end of its list: the list ends here",
			       entry->item, entry->size);
}

static enum kmd_status walk_uncached(struct search *search, uint64_t size)
{
	const struct kmd_smem_part *part = search->part;
	uint64_t at = part->offset + MD_SMEM_PART_HEADER_SIZE;
	uint64_t end = part->offset + kmd_min_u64(part->free_uncached, size);
	enum kmd_status status = KMD_OK;
	struct entry entry;

	while (!search->good && at < end && end - at >= MD_SMEM_ENTRY_HEADER_SIZE) {
		uint64_t data;

		entry_read(search->smem, at, &entry);
		if (!entry_check(search, at, &entry, &status))
			return status;
		data = at + MD_SMEM_ENTRY_HEADER_SIZE + entry.padding_hdr;
		if (!kmd_inside(data, entry.size, end))
			return bad_extent(search, at, &entry);
		if (entry.item == MD_SMEM_ITEM)
			offer(search, data, entry.size - entry.padding_data, MARKS_LISTED);
		at = data + entry.size;
	}
	return KMD_OK;
}

static enum kmd_status walk_cached(struct search *search, uint64_t size)
{
	const struct kmd_smem_part *part = search->part;
	uint64_t end = part->offset + part->free_cached, at = part->offset + size;
	enum kmd_status status = KMD_OK;
	struct entry entry;
	uint64_t step;

	if (part->free_cached >= size || part->free_cached < MD_SMEM_PART_HEADER_SIZE)
		return KMD_OK;
	if (!kmd_is_pow2(part->cacheline) || part->cacheline > size)
		return kmd_smem_damage(search->smem, KMD_FIND_TABLE, part->offset,
				       "impossible cache line of %" PRIu64
				       " bytes: the cached SMEM items cannot be listed",
				       part->cacheline);
	step = kmd_align_up(MD_SMEM_ENTRY_HEADER_SIZE, part->cacheline);
	while (!search->good && at > end && at - end > step) {
		at -= step;
		entry_read(search->smem, at, &entry);
		if (!entry_check(search, at, &entry, &status))
			return status;
		if (entry.size > at - end)
			return bad_extent(search, at, &entry);
		if (entry.item == MD_SMEM_ITEM)
			offer(search, at - entry.size, entry.size - entry.padding_data,
			      MARKS_LISTED);
		at -= entry.size;
	}
	return KMD_OK;
}

/* The data of an entry may lie on either side of it; the contents decide. */
static void offer_both(struct search *search, uint64_t at, const struct entry *entry,
		       unsigned int wanted)
{
	uint64_t area = search->smem->size;
	uint64_t up = at + MD_SMEM_ENTRY_HEADER_SIZE + entry->padding_hdr;
	bool sane = entry->size > entry->padding_data &&
		    entry->size - entry->padding_data >= MD_GLOBAL_SUBSYSTEMS + MD_SS_SIZE;

	if (sane) {
		offer(search, up, entry->size - entry->padding_data, wanted);
		if (entry->size <= at)
			offer(search, at - entry->size, entry->size - entry->padding_data, wanted);
	}
	if (search->good)
		return;
	up = at + MD_SMEM_ENTRY_HEADER_SIZE;
	if (up < area)
		offer(search, up, kmd_min_u64(USUAL_SIZE, area - up), wanted);
	if (at >= USUAL_SIZE)
		offer(search, at - USUAL_SIZE, USUAL_SIZE, wanted);
}

/*
 * Go through the bytes.  First for a whole mark (canary and number), then for half of one
 * before contents beyond doubt.
 */
static void search_bytes(struct search *search, uint64_t from, uint64_t to, bool whole)
{
	unsigned int wanted = whole ? MARKS_SEARCHED : MARKS_DAMAGED, tries = 0;
	struct kmd_smem *smem = search->smem;
	struct entry entry;

	for (uint64_t at = kmd_align_up(from, 8);
	     !search->good && tries < TRIES_MAX && kmd_inside(at, MD_SMEM_ENTRY_HEADER_SIZE, to);
	     at += 8) {
		bool canary = kmd_cursor_u16(&smem->cursor, at) == MD_SMEM_CANARY;
		bool item = kmd_cursor_u16(&smem->cursor, at + MD_SMEM_ENTRY_ITEM) == MD_SMEM_ITEM;

		if ((whole && !(canary && item)) || !(canary || item))
			continue;
		tries++;
		entry_read(smem, at, &entry);
		offer_both(search, at, &entry, wanted);
	}
}

/* Within the partition, then, as its extent may be damaged too, all over the area. */
static enum kmd_status search_area(struct search *search)
{
	struct kmd_smem *smem = search->smem;
	const struct kmd_smem_part *part = search->part;
	uint64_t end = smem->size - MD_SMEM_PTABLE_SIZE;
	struct search bytes = { .smem = smem, .part = part };

	for (unsigned int half = 0; half < 2; half++) {
		if (part->known)
			search_bytes(&bytes, part->offset + MD_SMEM_PART_HEADER_SIZE,
				     part->offset + part->size, !half);
		search_bytes(&bytes, MD_SMEM_TOC_OFFSET, end, !half);
	}
	if (!bytes.good)
		return KMD_OK;
	*search = bytes;
	/* After a finding on the lists, this is no second defect. */
	return kmd_report(smem->diag, KMD_FIND_TABLE, smem->damaged ? KMD_NOTE : KMD_DAMAGE,
			  kmd_at(smem->source->name, bytes.item.offset),
			  "the lists of SMEM's global partition do not lead to the Minidump "
			  "table (item %d), found here by its marks",
			  MD_SMEM_ITEM);
}

static enum kmd_status walk_lists(struct search *search)
{
	const struct kmd_smem_part *part = search->part;
	enum kmd_status status = walk_uncached(search, part->size);

	if (status == KMD_OK && !search->good)
		status = walk_cached(search, part->size);
	if (status == KMD_OK && !search->good && part->other_size)
		status = walk_cached(search, part->other_size);
	return status;
}

static enum kmd_status report_private(const struct search *search, size_t others)
{
	const struct kmd_smem_part *part = search->part;
	char more[64] = "";

	if (others)
		snprintf(more, sizeof(more), "; %zu more private partition%s one", others,
			 others == 1 ? " has" : "s have");
	return kmd_report(search->smem->diag, KMD_FIND_TABLE, others ? KMD_DAMAGE : KMD_NOTE,
			  kmd_at(search->smem->source->name, search->item.offset),
			  "the Minidump table (item %d) lies in SMEM's private partition of hosts "
			  "%" PRIu32 " and %" PRIu32 "%s",
			  MD_SMEM_ITEM, part->hosts[0], part->hosts[1], more);
}

/* The partition whose item looks best, of equals the first. */
static enum kmd_status walk_private(struct search *search, const struct kmd_smem_private *private)
{
	enum kmd_status status = KMD_OK;
	size_t others = 0;

	for (size_t i = 0; status == KMD_OK && i < private->n; i++) {
		struct search one = { .smem = search->smem, .part = &private->parts[i] };

		status = walk_lists(&one);
		if (!one.good)
			continue;
		others += search->good;
		if (!search->good || one.marks > search->marks)
			*search = one;
	}
	return status == KMD_OK && search->good ? report_private(search, others) : status;
}

enum kmd_status kmd_smem_find_item(struct kmd_smem *smem, const struct kmd_smem_part *part,
				   const struct kmd_smem_private *private,
				   struct kmd_smem_item *item, bool *found)
{
	struct search search = { .smem = smem, .part = part };
	enum kmd_status status = KMD_OK;

	if (part->known)
		status = walk_lists(&search);
	if (status == KMD_OK && !search.good)
		status = walk_private(&search, private);
	if (status == KMD_OK && !search.good)
		status = search_area(&search);
	if (status == KMD_OK)
		status = kmd_cursor_check(&smem->cursor, "SMEM area");
	*item = search.item;
	*found = search.found;
	return status;
}
