/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * smem.h - inside an SMEM area.
 *
 *	partition table -> global partition (smem.c), heap (heap.c) or private partitions
 *	(private.c) -> item 602 (smem_item.c)
 *	-> table of contents (minidump_toc.c) -> region array (minidump_array.c) -> claims
 */
#ifndef KMD_REGION_SMEM_SMEM_H
#define KMD_REGION_SMEM_SMEM_H

#include "image/smem_marks.h"
#include "region/smem/minidump_toc.h"
#include "source/cursor.h"

/* Offsets in it are from the base of the area. */
struct kmd_smem {
	const struct kmd_source *source;
	struct kmd_diag *diag;
	uint64_t start, size;     /* of the area, in the source */
	struct kmd_cursor cursor; /* on the whole area */
	bool damaged;             /* so that what is not found may yet be there */
};

/* A partition, as its header and its table entry have it. */
struct kmd_smem_part {
	bool known;
	uint64_t offset;
	uint64_t size;          /* fits the area */
	uint64_t other_size;    /* where header and entry differ, else 0 */
	uint64_t free_uncached; /* end of the list that grows up */
	uint64_t free_cached;   /* end of the list that grows down */
	uint64_t cacheline;
	uint32_t hosts[2]; /* of a private one */
};

/* The partitions of pairs of processors. */
struct kmd_smem_private {
	struct kmd_smem_part parts[KMD_SMEM_TABLE_MAX];
	size_t n;
};

/* The first 512 items, and what follows from them. */
struct kmd_smem_heap {
	uint64_t size;  /* free and available bytes together */
	uint32_t items; /* that are allocated */
	uint64_t start; /* of the lowest item */
};

/* A finding of damage at an offset of the area. */
enum kmd_status kmd_smem_damage(struct kmd_smem *smem, enum kmd_finding_code code, uint64_t offset,
				const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The partitions among @count entries of the partition table that are not the global one. */
enum kmd_status kmd_smem_private_read(struct kmd_smem *smem, struct kmd_cursor *table,
				      uint32_t count, struct kmd_smem_private *out);

/* The heap of version 11, which its header lists; what Linux would not accept is a finding. */
enum kmd_status kmd_smem_heap_read(struct kmd_smem *smem, struct kmd_smem_heap *heap);

/*
 * Linux knows 512 items of a heap.  True if a longer list has item 602: its place, a free space
 * for the list and the contents all show it.
 */
bool kmd_smem_heap_item(struct kmd_smem *smem, const struct kmd_smem_heap *heap,
			struct kmd_smem_item *item);

/* Find item 602 in partitions.  KMD_OK and *@found false: the area does not have it. */
enum kmd_status kmd_smem_find_item(struct kmd_smem *smem, const struct kmd_smem_part *part,
				   const struct kmd_smem_private *private,
				   struct kmd_smem_item *item, bool *found);

#endif
