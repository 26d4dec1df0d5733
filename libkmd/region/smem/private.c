/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* private.c - the partitions of SMEM that two processors share. */
#include "region/smem/smem.h"

#include "base/checked.h"

#include <kmemdump/minidump.h>
#include <inttypes.h>
#include <string.h>

struct entry {
	uint64_t offset, size;
	uint32_t cacheline, hosts[2];
};

static void entry_read(struct kmd_cursor *table, uint32_t i, struct entry *entry)
{
	uint64_t at = kmd_smem_slot(i);

	entry->offset = kmd_cursor_u32(table, at + MD_SMEM_PTE_OFFSET);
	entry->size = kmd_cursor_u32(table, at + MD_SMEM_PTE_SIZE);
	entry->cacheline = kmd_cursor_u32(table, at + MD_SMEM_PTE_CACHELINE);
	entry->hosts[0] = kmd_cursor_u16(table, at + MD_SMEM_PTE_HOST0);
	entry->hosts[1] = kmd_cursor_u16(table, at + MD_SMEM_PTE_HOST1);
}

static bool is_global(const struct entry *entry)
{
	return entry->hosts[0] == MD_SMEM_GLOBAL_HOST || entry->hosts[1] == MD_SMEM_GLOBAL_HOST;
}

/* Only then it is read: the area itself is not damaged by what lies outside. */
static bool lies_inside(const struct kmd_smem *smem, const struct entry *entry)
{
	return kmd_inside(entry->offset, entry->size, smem->size) &&
	       entry->size > MD_SMEM_PART_HEADER_SIZE;
}

/* As Linux checks it. */
static bool header_fits(struct kmd_smem *smem, const struct entry *entry,
			struct kmd_smem_part *part)
{
	struct kmd_cursor *cursor = &smem->cursor;
	uint64_t at = entry->offset;

	part->free_uncached = kmd_cursor_u32(cursor, at + MD_SMEM_PART_FREE_UNCACHED);
	part->free_cached = kmd_cursor_u32(cursor, at + MD_SMEM_PART_FREE_CACHED);
	return kmd_cursor_u32(cursor, at) == MD_SMEM_PART_MAGIC &&
	       kmd_cursor_u16(cursor, at + MD_SMEM_PART_HOST0) == entry->hosts[0] &&
	       kmd_cursor_u16(cursor, at + MD_SMEM_PART_HOST1) == entry->hosts[1] &&
	       kmd_cursor_u32(cursor, at + MD_SMEM_PART_SIZE) == entry->size &&
	       part->free_uncached >= MD_SMEM_PART_HEADER_SIZE &&
	       part->free_uncached <= part->free_cached && part->free_cached <= entry->size;
}

static enum kmd_status add(struct kmd_smem *smem, const struct entry *entry,
			   struct kmd_smem_private *out)
{
	struct kmd_smem_part *part = &out->parts[out->n];

	memset(part, 0, sizeof(*part));
	part->known = true;
	part->offset = entry->offset;
	part->size = entry->size;
	part->cacheline = entry->cacheline;
	memcpy(part->hosts, entry->hosts, sizeof(part->hosts));
	if (lies_inside(smem, entry) && header_fits(smem, entry, part)) {
		out->n++;
		return KMD_OK;
	}
	return kmd_report(smem->diag, KMD_FIND_HEADER, KMD_NOTE,
			  kmd_at(smem->source->name, smem->start + entry->offset),
			  "SMEM's partition of hosts %" PRIu32 " and %" PRIu32
			  " is damaged: it is not looked into",
			  entry->hosts[0], entry->hosts[1]);
}

enum kmd_status kmd_smem_private_read(struct kmd_smem *smem, struct kmd_cursor *table,
				      uint32_t count, struct kmd_smem_private *out)
{
	enum kmd_status status = KMD_OK;
	struct entry entry;

	out->n = 0;
	for (uint32_t i = 0; status == KMD_OK && i < count && i < KMD_SMEM_TABLE_MAX; i++) {
		entry_read(table, i, &entry);
		/* Unused entries are normal. */
		if (entry.offset && entry.size && !is_global(&entry))
			status = add(smem, &entry, out);
	}
	return status;
}
