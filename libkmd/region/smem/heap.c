/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * heap.c - the heap of SMEM version 11.
 *
 * The header of the area lists its items, by number.  Linux has room for 512 in that list, and
 * data follows it at once.  Item 602 can only be there if the firmware made the list longer; that
 * is accepted where everything shows it: no item lies where the list would be, and the contents
 * are a Minidump table.
 */
#include "region/smem/smem.h"

#include "base/checked.h"

#include <kmemdump/minidump.h>
#include <inttypes.h>

#define MARKS_HEAP 6

struct entry {
	uint32_t allocated, aux;
	uint64_t offset, size;
};

static uint64_t list_end(uint64_t items)
{
	return MD_SMEM_TOC_OFFSET + items * MD_SMEM_TOC_ENTRY_SIZE;
}

static void entry_read(struct kmd_cursor *cursor, uint64_t i, struct entry *entry)
{
	uint64_t at = list_end(i);

	entry->allocated = kmd_cursor_u32(cursor, at + MD_SMEM_TOC_ALLOCATED);
	entry->offset = kmd_cursor_u32(cursor, at + MD_SMEM_TOC_ENTRY_OFFSET);
	entry->size = kmd_cursor_u32(cursor, at + MD_SMEM_TOC_ENTRY_LENGTH);
	entry->aux = kmd_cursor_u32(cursor, at + MD_SMEM_TOC_AUX_BASE) & MD_SMEM_AUX_BASE_MASK;
}

/* An item of another region (the RPM's message RAM) is not in this memory. */
static enum kmd_status check(struct kmd_smem *smem, uint64_t i, const struct entry *entry,
			     struct kmd_smem_heap *heap)
{
	if (entry->allocated != 1)
		return entry->allocated ? kmd_smem_damage(smem, KMD_FIND_TABLE, list_end(i),
							  "SMEM item %" PRIu64
							  " is neither allocated nor free",
							  i)
					: KMD_OK;
	heap->items++;
	if (entry->aux)
		return KMD_OK;
	if (!kmd_inside(entry->offset, entry->size, heap->size))
		return kmd_smem_damage(smem, KMD_FIND_TABLE, list_end(i),
				       "SMEM item %" PRIu64
				       " extends past the end of the heap of 0x%" PRIx64 " bytes",
				       i, heap->size);
	heap->start = kmd_min_u64(heap->start, entry->offset);
	return KMD_OK;
}

enum kmd_status kmd_smem_heap_read(struct kmd_smem *smem, struct kmd_smem_heap *heap)
{
	struct kmd_cursor *cursor = &smem->cursor;
	enum kmd_status status = KMD_OK;
	struct entry entry;

	*heap = (struct kmd_smem_heap){ .start = UINT64_MAX };
	heap->size = (uint64_t)kmd_cursor_u32(cursor, MD_SMEM_FREE_OFFSET) +
		     kmd_cursor_u32(cursor, MD_SMEM_AVAILABLE_OFFSET);
	if (heap->size > cursor->size)
		status = kmd_smem_damage(smem, KMD_FIND_HEADER, MD_SMEM_FREE_OFFSET,
					 "SMEM's heap has 0x%" PRIx64
					 " bytes by its header, but the area only 0x%" PRIx64,
					 heap->size, cursor->size);
	heap->size = kmd_min_u64(heap->size, cursor->size);
	for (uint64_t i = 0; status == KMD_OK && i < MD_SMEM_TOC_ENTRIES; i++) {
		entry_read(cursor, i, &entry);
		status = check(smem, i, &entry, heap);
	}
	return status;
}

bool kmd_smem_heap_item(struct kmd_smem *smem, const struct kmd_smem_heap *heap,
			struct kmd_smem_item *item)
{
	uint64_t end = list_end(MD_SMEM_ITEM + 1);
	struct entry entry;

	if (heap->start < end || heap->size < end)
		return false;
	entry_read(&smem->cursor, MD_SMEM_ITEM, &entry);
	if (entry.allocated != 1 || entry.aux || entry.offset < end ||
	    !kmd_inside(entry.offset, entry.size, heap->size))
		return false;
	*item = (struct kmd_smem_item){ smem->start + entry.offset, entry.size };
	return kmd_minidump_toc_marks(smem->source, *item, smem->diag) >= MARKS_HEAP;
}
