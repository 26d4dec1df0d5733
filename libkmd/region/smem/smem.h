/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * smem.h - inside an SMEM area.
 *
 *	partition table -> global partition (smem.c) -> item 602 (smem_item.c)
 *	-> table of contents (minidump_toc.c) -> region array (minidump_array.c) -> claims
 */
#ifndef KMD_REGION_SMEM_SMEM_H
#define KMD_REGION_SMEM_SMEM_H

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

/* The global partition, as its header and its table entry have it. */
struct kmd_smem_part {
	bool known;
	uint64_t offset;
	uint64_t size;          /* fits the area */
	uint64_t other_size;    /* where header and entry differ, else 0 */
	uint64_t free_uncached; /* end of the list that grows up */
	uint64_t free_cached;   /* end of the list that grows down */
	uint64_t cacheline;
};

/* A finding of damage at an offset of the area. */
enum kmd_status kmd_smem_damage(struct kmd_smem *smem, enum kmd_finding_code code, uint64_t offset,
				const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Find item 602.  KMD_OK and *@found false: the area does not have it. */
enum kmd_status kmd_smem_find_item(struct kmd_smem *smem, const struct kmd_smem_part *part,
				   struct kmd_smem_item *item, bool *found);

#endif
