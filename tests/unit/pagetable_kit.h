/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* pagetable_kit.h - a made-up memory with page tables in it. */
#ifndef KMD_TESTS_UNIT_PAGETABLE_KIT_H
#define KMD_TESTS_UNIT_PAGETABLE_KIT_H

#include "kit.h"

#include "pagetable/walk.h"

#define ROOT      UINT64_C(0x40000000) /* physical; a multiple of all page sizes */
#define ROOT_VIRT UINT64_C(0xffffffffc0800000)

extern struct kmd_regions regions;
extern struct kmd_memory memory;
extern struct kmd_paging paging;
extern struct kmd_mappings mappings;

/* A test case that begins without memory. */
TCase *pagetable_tcase(void);

/* All shapes of page tables. */
struct shape {
	const char *name;
	struct kmd_paging paging;
};

extern const struct shape shapes[];
extern const size_t n_shapes;

void use(const char *name); /* @paging = that shape, root at ROOT */

/* Put an entry into the table at @table; tables become memory in capture(). */
void set_entry(uint64_t table, size_t index, uint64_t entry);
/* A captured region of random bytes. */
void add_bytes(uint64_t phys, size_t size);
/* Drop all rows but the first @keep. */
void drop_rows(size_t keep);
/* Make memory of all that was put and added; may be called again after more was added. */
void capture(void);

void walk(const struct kmd_layout *known);
/* The @index-th mapping. */
void expect_mapping(size_t index, uint64_t virt, uint64_t phys, uint64_t size);

#endif
