/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* smem_marks.h - the marks by which the parts of an SMEM area are known. */
#ifndef KMD_IMAGE_SMEM_MARKS_H
#define KMD_IMAGE_SMEM_MARKS_H

#include "source/cursor.h"

#define KMD_SMEM_TABLE_MAX 84          /* entries that fit the partition table's 4 KiB */
#define KMD_SMEM_AREA_MAX  (64u << 20) /* none is known to have more than 4 MiB */

/* The info block after the last entry of a partition table. */
struct kmd_smem_info {
	bool present;
	bool marked;               /* its magic is whole; if not, its size fits */
	bool size_sane, phys_sane; /* such as an area can have */
	uint32_t slot;             /* number of entries before it */
	uint64_t size, phys;
	uint32_t items;
};

/* Offset of entry @slot in the partition table. */
uint64_t kmd_smem_slot(uint32_t slot);

/*
 * Look for the info block of the table on which @table is a window.  @size is the area's
 * size where it is known otherwise, else 0.
 */
void kmd_smem_info_read(struct kmd_cursor *table, uint64_t size, struct kmd_smem_info *info);

/* True if the window starts with a main header; *@version is then 11 or 12. */
bool kmd_smem_is_header(struct kmd_cursor *area, uint32_t *version);

/* A header's 512 heap entries, as version 11 uses them, are there and all make sense. */
bool kmd_smem_is_heap(struct kmd_cursor *area);

/* A partition table; magic or version may be damaged where an info block stands in. */
bool kmd_smem_is_table(struct kmd_cursor *page);

bool kmd_smem_is_global_partition(struct kmd_cursor *part);

#endif
