/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * pagetable.h - the shape of the kernel's own page tables.
 *
 * Levels are counted from the root, which is level 0, to the last, whose entries
 * map pages.  Only the kernel's half of the address space is of interest.
 */
#ifndef KMD_PAGETABLE_PAGETABLE_H
#define KMD_PAGETABLE_PAGETABLE_H

#include "arch/arch.h"
#include "arch/paging.h"

/*
 * The format of the tables of @arch (NULL = not known), whose root has the address @root_virt (0 =
 * not known); .root is not set.  False if the format is not known.
 */
bool kmd_paging_format(const struct kmd_vmcoreinfo *info, const struct kmd_arch *arch,
		       uint64_t page_size, bool big_endian, uint64_t root_virt,
		       struct kmd_paging *paging);
/* Set the physical address of the root; false if no root can be there. */
bool kmd_paging_place(struct kmd_paging *paging, uint64_t root);
/* The address of the root that VMCOREINFO names, or 0. */
uint64_t kmd_paging_root_virt(const struct kmd_vmcoreinfo *info);

static inline uint64_t kmd_paging_page(const struct kmd_paging *paging)
{
	return UINT64_C(1) << paging->page_shift;
}

/* Bytes of an entry, and of a table of this level. */
size_t kmd_paging_entry_size(const struct kmd_paging *paging);
size_t kmd_paging_table_size(const struct kmd_paging *paging, unsigned int level);
/* True if tables of this format can be made: kmd_entry_table() and kmd_entry_leaf(). */
bool kmd_paging_can_make(const struct kmd_paging *paging);

/* log2 of what an entry of this level maps. */
unsigned int kmd_paging_shift(const struct kmd_paging *paging, unsigned int level);
/* Entries of a table of this level; those of the kernel's half begin at *@first. */
size_t kmd_paging_entries(const struct kmd_paging *paging, unsigned int level, size_t *first);
/* The lowest virtual address that the root's index can name, as the kernel writes it. */
uint64_t kmd_paging_base(const struct kmd_paging *paging);

enum kmd_entry_kind {
	KMD_ENTRY_NONE,  /* not mapped, or reserved */
	KMD_ENTRY_TABLE, /* *phys = the next table */
	KMD_ENTRY_LEAF,  /* *phys = the page or block, aligned to its size */
};

enum kmd_entry_kind kmd_entry_decode(const struct kmd_paging *paging, unsigned int level,
				     uint64_t entry, uint64_t *phys);
/* Entries as the kernel writes them: to a table; to data that may be written, not run. */
uint64_t kmd_entry_table(const struct kmd_paging *paging, uint64_t phys);
uint64_t kmd_entry_leaf(const struct kmd_paging *paging, unsigned int level, uint64_t phys);
/* True if an entry of this level may map memory. */
bool kmd_entry_may_map(const struct kmd_paging *paging, unsigned int level);

/*
 * One address through the captured tables.  *@found is false where nothing is mapped
 * or a table was not captured.
 */
enum kmd_status kmd_paging_translate(const struct kmd_paging *paging,
				     const struct kmd_memory *memory, uint64_t virt, bool *found,
				     uint64_t *phys, struct kmd_diag *diag);
/* The same; *@captured is false where a table was not captured, so that nothing is known. */
enum kmd_status kmd_paging_look(const struct kmd_paging *paging, const struct kmd_memory *memory,
				uint64_t virt, bool *captured, bool *found, uint64_t *phys,
				struct kmd_diag *diag);

/*
 * Memory that lies elsewhere than in the dead machine: where the root that is @at here was there,
 * by what its tables say of its own virtual address.  False if they do not say it.  32-bit arm
 * only.
 */
bool kmd_paging_own_root(const struct kmd_paging *paging, const struct kmd_memory *memory,
			 uint64_t at, uint64_t *root, struct kmd_diag *diag);

#endif
