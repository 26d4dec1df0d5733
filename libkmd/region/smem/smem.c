/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "region/smem/smem.h"

#include "base/checked.h"
#include "image/smem_marks.h"
#include "region/smem/rockchip.h"

#include <kmemdump/minidump.h>
#include <inttypes.h>
#include <string.h>

/* One row of the partition table. */
struct entry {
	uint64_t offset, size;
	uint32_t cacheline;
	unsigned int hosts; /* of its two hosts, how many are the global one */
};

/* ----------------------------------------------------------- partition header */

static unsigned int global_hosts(struct kmd_cursor *cursor, uint64_t host0, uint64_t host1)
{
	unsigned int hosts = kmd_cursor_u16(cursor, host0) == MD_SMEM_GLOBAL_HOST;

	hosts += kmd_cursor_u16(cursor, host1) == MD_SMEM_GLOBAL_HOST;
	return hosts;
}

/* How many of its four marks the header at @offset bears: magic, hosts, a size that fits. */
static unsigned int part_marks(struct kmd_smem *smem, uint64_t offset)
{
	unsigned int marks;
	uint64_t size;

	if (!offset || !kmd_cursor_has(&smem->cursor, offset, MD_SMEM_PART_HEADER_SIZE))
		return 0;
	size = kmd_cursor_u32(&smem->cursor, offset + MD_SMEM_PART_SIZE);
	marks = kmd_cursor_u32(&smem->cursor, offset) == MD_SMEM_PART_MAGIC;
	marks += global_hosts(&smem->cursor, offset + MD_SMEM_PART_HOST0,
			      offset + MD_SMEM_PART_HOST1);
	marks += size > MD_SMEM_PART_HEADER_SIZE && kmd_inside(offset, size, smem->size);
	return marks;
}

static enum kmd_status part_check(struct kmd_smem *smem, const struct kmd_smem_part *part)
{
	enum kmd_status status = KMD_OK;

	if (part_marks(smem, part->offset) < 4)
		status = kmd_smem_damage(smem, KMD_FIND_HEADER, part->offset,
					 "magic, hosts or size of SMEM's global partition are "
					 "damaged");
	if (status == KMD_OK && part->other_size)
		status = kmd_smem_damage(smem, KMD_FIND_DISAGREE, part->offset,
					 "the size of SMEM's global partition is 0x%" PRIx64
					 " in one table and 0x%" PRIx64 " in the other",
					 part->size, part->other_size);
	/* Ends that fit the other table's size are no second defect. */
	if (status == KMD_OK && (part->free_uncached < MD_SMEM_PART_HEADER_SIZE ||
				 part->free_uncached > part->free_cached ||
				 part->free_cached > kmd_max_u64(part->size, part->other_size)))
		status = kmd_smem_damage(smem, KMD_FIND_HEADER, part->offset,
					 "impossible list ends 0x%" PRIx64 ", 0x%" PRIx64
					 " in SMEM's global partition of 0x%" PRIx64 " bytes",
					 part->free_uncached, part->free_cached, part->size);
	return status;
}

/* @entry may be all zero: the partition was found without one. */
static enum kmd_status part_read(struct kmd_smem *smem, uint64_t offset, const struct entry *entry,
				 struct kmd_smem_part *part)
{
	uint64_t size = kmd_cursor_u32(&smem->cursor, offset + MD_SMEM_PART_SIZE);
	uint64_t room = smem->size - offset;

	memset(part, 0, sizeof(*part));
	part->known = true;
	part->offset = offset;
	part->free_uncached = kmd_cursor_u32(&smem->cursor, offset + MD_SMEM_PART_FREE_UNCACHED);
	part->free_cached = kmd_cursor_u32(&smem->cursor, offset + MD_SMEM_PART_FREE_CACHED);
	part->cacheline = entry->cacheline;
	part->size = size <= room ? size : kmd_min_u64(entry->size, room);
	if (entry->size && entry->size <= room && entry->size != part->size)
		part->other_size = entry->size;
	return part_check(smem, part);
}

/* ------------------------------------------------------------ partition table */

/* The number of entries: the table's count, unless the info block after them contradicts it. */
static enum kmd_status table_count(struct kmd_smem *smem, struct kmd_cursor *table,
				   const struct kmd_smem_info *info, uint32_t *count)
{
	uint64_t at = smem->size - MD_SMEM_PTABLE_SIZE;

	*count = kmd_cursor_u32(table, MD_SMEM_PTABLE_COUNT_OFFSET);
	if (info->present && info->slot != *count) {
		uint32_t recorded = *count;

		*count = info->slot;
		return kmd_smem_damage(smem, KMD_FIND_TABLE, at,
				       "the SMEM partition table counts %" PRIu32
				       " entries, but its info block follows entry %" PRIu32,
				       recorded, info->slot);
	}
	if (*count <= KMD_SMEM_TABLE_MAX)
		return KMD_OK;
	*count = KMD_SMEM_TABLE_MAX;
	return kmd_smem_damage(
		smem, KMD_FIND_TABLE, at,
		"the SMEM partition table counts more than the %d entries it can have",
		KMD_SMEM_TABLE_MAX);
}

/* The entry of the global partition: both hosts match, or, if one is damaged, one of them. */
static void table_entry(struct kmd_cursor *table, uint32_t count, struct entry *best)
{
	memset(best, 0, sizeof(*best));
	for (uint32_t i = 0; i < count; i++) {
		uint64_t at =
			MD_SMEM_PTABLE_ENTRIES_OFFSET + (uint64_t)i * MD_SMEM_PTABLE_ENTRY_SIZE;
		struct entry entry;

		entry.offset = kmd_cursor_u32(table, at + MD_SMEM_PTE_OFFSET);
		entry.size = kmd_cursor_u32(table, at + MD_SMEM_PTE_SIZE);
		entry.cacheline = kmd_cursor_u32(table, at + MD_SMEM_PTE_CACHELINE);
		entry.hosts = global_hosts(table, at + MD_SMEM_PTE_HOST0, at + MD_SMEM_PTE_HOST1);
		/* Unused entries are normal. */
		if (entry.offset && entry.size && entry.hosts > best->hosts)
			*best = entry;
	}
}

static enum kmd_status table_check(struct kmd_smem *smem, struct kmd_cursor *table,
				   const struct kmd_smem_info *info)
{
	uint64_t at = smem->size - MD_SMEM_PTABLE_SIZE;

	if (kmd_cursor_u32(table, 0) != MD_SMEM_PTABLE_MAGIC ||
	    kmd_cursor_u32(table, MD_SMEM_PTABLE_VERSION_OFFSET) != MD_SMEM_PTABLE_VERSION) {
		enum kmd_status status =
			kmd_smem_damage(smem, KMD_FIND_HEADER, at,
					"magic or version of the SMEM partition table ($TOC) is "
					"damaged");
		if (status != KMD_OK)
			return status;
	}
	if (info->present && info->items <= MD_SMEM_ITEM)
		return kmd_smem_damage(smem, KMD_FIND_HEADER, at,
				       "the SMEM info block gives %" PRIu32
				       " items, too few for Minidump's %d; it is looked for anyway",
				       info->items, MD_SMEM_ITEM);
	return KMD_OK;
}

static enum kmd_status table_read(struct kmd_smem *smem, struct entry *entry,
				  struct kmd_smem_private *private)
{
	struct kmd_smem_info info;
	struct kmd_cursor table;
	enum kmd_status status;
	uint32_t count;

	kmd_cursor_init(&table, smem->source, smem->start + smem->size - MD_SMEM_PTABLE_SIZE,
			MD_SMEM_PTABLE_SIZE, smem->diag);
	kmd_smem_info_read(&table, smem->size, &info);
	status = table_check(smem, &table, &info);
	if (status == KMD_OK)
		status = table_count(smem, &table, &info, &count);
	if (status != KMD_OK)
		return status;
	table_entry(&table, count, entry);
	status = kmd_smem_private_read(smem, &table, count, private);
	return status != KMD_OK ? status : kmd_cursor_check(&table, "SMEM partition table");
}

/* ---------------------------------------------------------------------- area */

/* Partitions start at multiples of 8 at least. */
static bool part_search(struct kmd_smem *smem, uint64_t *offset)
{
	for (uint64_t at = MD_SMEM_TOC_OFFSET; kmd_inside(at, MD_SMEM_PART_HEADER_SIZE, smem->size);
	     at += 8) {
		if (kmd_cursor_u32(&smem->cursor, at) == MD_SMEM_PART_MAGIC &&
		    part_marks(smem, at) >= 3) {
			*offset = at;
			return true;
		}
	}
	return false;
}

/* The global partition: by the table, else by its mark.  Not found: part->known is false. */
static enum kmd_status find_part(struct kmd_smem *smem, const struct entry *entry,
				 struct kmd_smem_part *part)
{
	static const struct entry none;
	enum kmd_status status = KMD_OK;
	uint64_t table = smem->size - MD_SMEM_PTABLE_SIZE, offset;

	memset(part, 0, sizeof(*part));
	if (entry->hosts && entry->hosts < 2)
		status = kmd_smem_damage(smem, KMD_FIND_TABLE, table,
					 "the global partition's entry in the SMEM partition table "
					 "is damaged");
	if (status != KMD_OK)
		return status;
	if (entry->hosts && part_marks(smem, entry->offset) >= 2)
		return part_read(smem, entry->offset, entry, part);
	if (!part_search(smem, &offset))
		return kmd_cursor_check(&smem->cursor, "SMEM area");
	status = kmd_smem_damage(smem, KMD_FIND_TABLE, table,
				 "the SMEM partition table does not lead to the global partition, "
				 "found by its mark at 0x%" PRIx64 " of the area",
				 offset);
	return status == KMD_OK ? part_read(smem, offset, entry->hosts ? entry : &none, part)
				: status;
}

static enum kmd_status fail_heap(struct kmd_smem *smem, const struct kmd_smem_heap *heap,
				 const struct kmd_smem_private *private)
{
	return kmd_fail(smem->diag, KMD_ERR_UNSUPPORTED, kmd_at(smem->source->name, smem->start),
			"this SMEM area is of version %d: its heap has room for %d items (%" PRIu32
			" are allocated), and none of its %zu private partitions holds Minidump's "
			"item %d; use the whole RAM image (--all-memory, --ram-base)",
			MD_SMEM_GLOBAL_HEAP_VERSION, MD_SMEM_TOC_ENTRIES, heap->items, private->n,
			MD_SMEM_ITEM);
}

static enum kmd_status fail_table(struct kmd_smem *smem)
{
	return kmd_fail(smem->diag, KMD_ERR_DAMAGED, kmd_at(smem->source->name, smem->start),
			"the SMEM area that starts here has no partition table ($TOC): it is cut "
			"or damaged");
}

/* A version 11 header that a global partition contradicts is damaged, not old. */
static enum kmd_status check_header(struct kmd_smem *smem, const struct kmd_smem_part *part,
				    bool *heap)
{
	uint32_t version;
	bool whole = kmd_smem_is_header(&smem->cursor, &version);

	*heap = whole && version == MD_SMEM_GLOBAL_HEAP_VERSION && !part->known;
	if (*heap || (whole && version == MD_SMEM_GLOBAL_PART_VERSION))
		return KMD_OK;
	return kmd_smem_damage(smem, KMD_FIND_HEADER, 0, "the header of the SMEM area is damaged");
}

static enum kmd_status fail_item(struct kmd_smem *smem)
{
	return kmd_fail(smem->diag, smem->damaged ? KMD_ERR_DAMAGED : KMD_ERR_FORMAT,
			kmd_at(smem->source->name, smem->start),
			"no Minidump in this SMEM area: item %d is missing%s", MD_SMEM_ITEM,
			smem->damaged ? ", or the area is too damaged to find it"
				      : " (firmware without Minidump)");
}

/* Version 11: in a heap with a longer list than Linux knows, or in a private partition. */
static enum kmd_status find_in_heap(struct kmd_smem *smem, const struct kmd_smem_private *private,
				    struct kmd_smem_item *item)
{
	const struct kmd_smem_part none = { .known = false };
	struct kmd_smem_heap heap;
	enum kmd_status status = kmd_smem_heap_read(smem, &heap);
	bool found = false;

	if (status != KMD_OK)
		return status;
	if (kmd_smem_heap_item(smem, &heap, item))
		return kmd_report(smem->diag, KMD_FIND_TABLE, KMD_NOTE,
				  kmd_at(smem->source->name, item->offset),
				  "the Minidump table is item %d of a heap (SMEM version %d) that "
				  "lists more than the %d items of Linux",
				  MD_SMEM_ITEM, MD_SMEM_GLOBAL_HEAP_VERSION, MD_SMEM_TOC_ENTRIES);
	if (private->n)
		status = kmd_smem_find_item(smem, &none, private, item, &found);
	if (status == KMD_OK && !found)
		status = fail_heap(smem, &heap, private);
	return status;
}

static enum kmd_status read_area(struct kmd_smem *smem, struct kmd_smem_item *item)
{
	struct kmd_smem_private private;
	struct kmd_smem_part part;
	struct entry entry;
	enum kmd_status status;
	bool found, heap;

	status = table_read(smem, &entry, &private);
	if (status == KMD_OK)
		status = find_part(smem, &entry, &part);
	if (status == KMD_OK)
		status = check_header(smem, &part, &heap);
	if (status == KMD_OK && heap)
		return find_in_heap(smem, &private, item);
	if (status == KMD_OK)
		status = kmd_smem_find_item(smem, &part, &private, item, &found);
	if (status == KMD_OK && !found)
		status = fail_item(smem);
	return status;
}

/* A heap without a partition table behind it. */
static enum kmd_status read_heap(struct kmd_smem *smem, struct kmd_smem_item *item)
{
	const struct kmd_smem_private none = { .n = 0 };
	uint32_t version;

	if (!kmd_smem_is_header(&smem->cursor, &version) || version != MD_SMEM_GLOBAL_HEAP_VERSION)
		return fail_table(smem);
	return find_in_heap(smem, &none, item);
}

static enum kmd_status fail_address(const struct kmd_smem *smem)
{
	return kmd_fail(smem->diag, KMD_ERR_DAMAGED, kmd_at(smem->source->name, smem->start),
			"the SMEM area found here does not record its physical address: give the "
			"address of the image's first byte (--ram-base)");
}

static enum kmd_status read_smem(const struct kmd_image *image, struct kmd_diag *diag,
				 struct kmd_claims *claims)
{
	struct kmd_smem smem = { .diag = diag };
	const struct kmd_blob *blob;
	struct kmd_smem_item item;
	enum kmd_status status;

	if (!image->smem.present)
		return KMD_OK;
	blob = &image->blobs[image->smem.blob];
	smem.source = blob->source;
	smem.start = blob->offset + image->smem.offset;
	smem.size = image->smem.size;
	if (image->smem.rockchip)
		return kmd_rockchip_table_read(image, diag, claims);
	kmd_cursor_init(&smem.cursor, smem.source, smem.start, smem.size ? smem.size : UINT64_MAX,
			diag);
	if (smem.size >= 2 * MD_SMEM_PTABLE_SIZE && smem.cursor.size == smem.size)
		status = read_area(&smem, &item);
	else
		status = read_heap(&smem, &item);
	if (status == KMD_OK && !blob->has_phys)
		status = fail_address(&smem);
	return status == KMD_OK ? kmd_minidump_toc_read(image, item, diag, claims) : status;
}

const struct kmd_claim_reader kmd_claims_smem = {
	.origin = KMD_FROM_SMEM,
	.read = read_smem,
};
