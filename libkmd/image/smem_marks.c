/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "image/smem_marks.h"

#include <kmemdump/minidump.h>
#include <string.h>

#define PAGE 4096

uint64_t kmd_smem_slot(uint32_t slot)
{
	return MD_SMEM_PTABLE_ENTRIES_OFFSET + (uint64_t)slot * MD_SMEM_PTABLE_ENTRY_SIZE;
}

static void info_at(struct kmd_cursor *table, uint32_t slot, struct kmd_smem_info *info)
{
	uint64_t at = kmd_smem_slot(slot);

	info->slot = slot;
	info->marked = kmd_cursor_u32(table, at) == MD_SMEM_INFO_MAGIC;
	info->size = kmd_cursor_u32(table, at + MD_SMEM_INFO_SIZE_OFFSET);
	info->phys = kmd_cursor_u32(table, at + MD_SMEM_INFO_BASE_OFFSET);
	info->items = kmd_cursor_u16(table, at + MD_SMEM_INFO_ITEMS_OFFSET);
	info->size_sane =
		info->size >= 2 * PAGE && info->size <= KMD_SMEM_AREA_MAX && !(info->size % PAGE);
	info->phys_sane = info->phys && !(info->phys % PAGE);
}

void kmd_smem_info_read(struct kmd_cursor *table, uint64_t size, struct kmd_smem_info *info)
{
	uint32_t count = kmd_cursor_u32(table, MD_SMEM_PTABLE_COUNT_OFFSET);

	memset(info, 0, sizeof(*info));
	if (!kmd_cursor_has(table, 0, MD_SMEM_PTABLE_SIZE))
		return;
	if (count <= KMD_SMEM_TABLE_MAX) {
		info_at(table, count, info);
		/* A broken magic is accepted where the size fits what is known of the area. */
		info->present = info->marked || (size && info->phys_sane && info->size == size);
	}
	for (uint32_t slot = 0; slot <= KMD_SMEM_TABLE_MAX && !info->present; slot++) {
		info_at(table, slot, info);
		info->present = info->marked;
	}
	if (!info->present)
		memset(info, 0, sizeof(*info));
}

bool kmd_smem_is_header(struct kmd_cursor *area, uint32_t *version)
{
	*version = kmd_cursor_u32(area, MD_SMEM_VERSION_OFFSET) >> 16;
	return kmd_cursor_has(area, 0, MD_SMEM_TOC_OFFSET) &&
	       kmd_cursor_u32(area, MD_SMEM_INITIALIZED_OFFSET) == 1 &&
	       !kmd_cursor_u32(area, MD_SMEM_RESERVED_OFFSET) &&
	       (*version == MD_SMEM_GLOBAL_HEAP_VERSION || *version == MD_SMEM_GLOBAL_PART_VERSION);
}

bool kmd_smem_is_table(struct kmd_cursor *page)
{
	bool magic = kmd_cursor_u32(page, 0) == MD_SMEM_PTABLE_MAGIC;
	bool version =
		kmd_cursor_u32(page, MD_SMEM_PTABLE_VERSION_OFFSET) == MD_SMEM_PTABLE_VERSION;
	struct kmd_smem_info info;

	if (magic && version)
		return true;
	if (!magic && !version)
		return false;
	kmd_smem_info_read(page, 0, &info);
	return info.present;
}

bool kmd_smem_is_global_partition(struct kmd_cursor *part)
{
	return kmd_cursor_u32(part, 0) == MD_SMEM_PART_MAGIC &&
	       kmd_cursor_u16(part, MD_SMEM_PART_HOST0) == MD_SMEM_GLOBAL_HOST &&
	       kmd_cursor_u16(part, MD_SMEM_PART_HOST1) == MD_SMEM_GLOBAL_HOST;
}

bool kmd_smem_is_heap(struct kmd_cursor *area)
{
	size_t used = 0;

	for (uint64_t i = 0; i < MD_SMEM_TOC_ENTRIES; i++) {
		uint64_t at = MD_SMEM_TOC_OFFSET + i * MD_SMEM_TOC_ENTRY_SIZE;
		uint32_t allocated = kmd_cursor_u32(area, at + MD_SMEM_TOC_ALLOCATED);

		if (allocated > 1 || !kmd_cursor_has(area, at, MD_SMEM_TOC_ENTRY_SIZE))
			return false;
		if (allocated && (kmd_cursor_u32(area, at + MD_SMEM_TOC_ENTRY_LENGTH) & 7))
			return false;
		used += allocated;
	}
	return used > 0;
}
