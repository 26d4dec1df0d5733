/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Entries of page tables.
 *
 * arm64: Arm Architecture Reference Manual, VMSAv8-64 descriptor formats (D8.3):
 *	bit 0 valid; bits 1:0 = 3 are a table, or in the last level a page; 1 is a
 *	block, and reserved in the last level.  Bits 63:50 and 11:2 are attributes,
 *	bit 52 marks neighbours as contiguous and is ignored; a block's bits
 *	below its size are attributes or zero (bit 16 nT).
 *	48-bit addresses: bits 47:page.
 *	FEAT_LPA, 64K pages: address bits 51:48 are in bits 15:12.
 *	FEAT_LPA2 (TCR_EL1.DS = 1), 4K and 16K pages: address bits 49:page are in
 *	place, 51:50 in bits 9:8, which otherwise hold the shareability.
 *	Linux: arch/arm64/include/asm/pgtable-hwdef.h, PTE_ADDR_HIGH; a PROT_NONE
 *	entry has bit 0 clear.  pud_sect_supported(): 1 GiB blocks with 4K pages only.
 * x86_64: Intel SDM volume 3, 4.5 (4-level and 5-level paging):
 *	bit 0 present; bit 7 (PS) of a PDPTE or PDE maps 1 GiB or 2 MiB and is
 *	reserved higher up; in a PTE it is PAT.  Address bits 51:12; bit 12 of a
 *	large page is PAT.  Bits 62:52 are ignored or keys, bit 63 is XD.
 *	Linux: arch/x86/include/asm/pgtable_types.h; a PROT_NONE entry has bit 0 clear.
 * riscv64: The RISC-V Instruction Set Manual, volume II, Sv39, Sv48 and Sv57:
 *	bit 0 valid; an entry that may be read, written or run (bits 1, 2, 3) is a leaf
 *	at any level.  The page's number is in bits 53:10.  Bits 62:61 are Svpbmt's
 *	memory type (T-Head's are in 63:59); bit 63 (Svnapot) makes the lowest bits of
 *	the number the size of a range: such a page counts as not mapped here.
 *	Linux: arch/riscv/include/asm/pgtable-{64,bits}.h; a PROT_NONE entry has bit 0
 *	clear.
 * arm, short descriptors: Arm Architecture Reference Manual, ARMv7-A, B3.5.1:
 *	in the first table bits 1:0 = 1 are a table of 1 KiB, 2 and 3 a section of 1 MiB, or
 *	with bit 18 one of 16 MiB, which Linux uses for devices only: it counts as not mapped
 *	here; so do large pages (1 in the second table), which Linux does not use.  2 and 3 are
 *	a page.  Linux keeps its own words beside the second tables, which the processor does not
 *	read (arch/arm/include/asm/pgtable-2level.h).
 * arm, LPAE: the same book, B3.6.1: as arm64's, with addresses in bits 39:12.
 */
#include "pagetable/pagetable.h"

#define VALID        UINT64_C(1)
#define ARM64_TYPE   UINT64_C(3) /* bits 1:0 ... */
#define ARM64_BLOCK  UINT64_C(1)
#define ARM64_TABLE  UINT64_C(3) /* ... and a page in the last level */
/* PXN, UXN, DBM; AF. */
#define ARM64_DATA   UINT64_C(0x0068000000000400)
/* Inner shareable; not with LPA2. */
#define ARM64_SHARED UINT64_C(0x300)
#define X86_LARGE    UINT64_C(0x80)
/* Present, writable, user, accessed, dirty: as of _PAGE_TABLE. */
#define X86_TABLE    UINT64_C(0x67)
/* Present, writable, accessed, dirty, global, XD: PAGE_KERNEL. */
#define X86_DATA     UINT64_C(0x8000000000000163)
/* A section or page; a section of 16 MiB. */
#define ARM_LEAF     UINT64_C(2)
#define ARM_SUPER    UINT64_C(0x40000)
#define ARM_TABLE    UINT64_C(1)
#define RISCV_LEAF   UINT64_C(0xe)
#define RISCV_NAPOT  (UINT64_C(1) << 63)
/* Of PAGE_KERNEL: valid, read, write, global, accessed, dirty. */
#define RISCV_DATA   UINT64_C(0xe7)

/* Bits [@low, @high). */
static uint64_t bits(unsigned int low, unsigned int high)
{
	return ((UINT64_C(1) << high) - 1) & ~((UINT64_C(1) << low) - 1);
}

static bool is_x86(const struct kmd_paging *paging)
{
	return paging->layout == KMD_PA_X86_64;
}

static bool is_riscv(const struct kmd_paging *paging)
{
	return paging->layout == KMD_PA_RISCV;
}

static bool is_short(const struct kmd_paging *paging)
{
	return paging->layout == KMD_PA_ARM;
}

size_t kmd_paging_entry_size(const struct kmd_paging *paging)
{
	return is_short(paging) ? 4 : 8;
}

size_t kmd_paging_table_size(const struct kmd_paging *paging, unsigned int level)
{
	size_t first;

	return is_short(paging) ? 4 * kmd_paging_entries(paging, level, &first)
				: (size_t)kmd_paging_page(paging);
}

bool kmd_paging_can_make(const struct kmd_paging *paging)
{
	return !is_short(paging);
}

static unsigned int index_bits(const struct kmd_paging *paging)
{
	return is_short(paging) ? 8 : paging->page_shift - 3;
}

unsigned int kmd_paging_shift(const struct kmd_paging *paging, unsigned int level)
{
	return paging->page_shift + (paging->levels - 1 - level) * index_bits(paging);
}

size_t kmd_paging_entries(const struct kmd_paging *paging, unsigned int level, size_t *first)
{
	size_t n = (size_t)1 << index_bits(paging);

	*first = 0;
	if (level)
		return n;
	n = (size_t)1 << (paging->root_bits - kmd_paging_shift(paging, 0));
	/* arm64 has another root for user space. */
	if (is_x86(paging) || is_riscv(paging))
		*first = n / 2;
	if (paging->low)
		*first = (size_t)(paging->low >> kmd_paging_shift(paging, 0));
	return n;
}

uint64_t kmd_paging_base(const struct kmd_paging *paging)
{
	return paging->low ? 0 : 0 - (UINT64_C(1) << paging->root_bits);
}

static uint64_t address_of(const struct kmd_paging *paging, uint64_t entry)
{
	switch (paging->layout) {
	case KMD_PA_X86_64:
		return entry & bits(12, 52) & ~paging->encrypted;
	case KMD_PA_ARM64_64:
		return (entry & bits(16, 48)) | (entry & bits(12, 16)) << 36;
	case KMD_PA_ARM64_L2:
		return (entry & bits(paging->page_shift, 50)) | (entry & bits(8, 10)) << 42;
	case KMD_PA_RISCV:
		return (entry & bits(10, 54)) << 2;
	case KMD_PA_ARM:
		return entry & bits(12, 32);
	case KMD_PA_ARM_LPAE:
		return entry & bits(12, 40);
	case KMD_PA_ARM64:
		break;
	}
	return entry & bits(paging->page_shift, 48);
}

/* The reverse; @phys fits. */
static uint64_t address_bits(const struct kmd_paging *paging, uint64_t phys)
{
	switch (paging->layout) {
	case KMD_PA_ARM64_64:
		return (phys & bits(16, 48)) | (phys & bits(48, 52)) >> 36;
	case KMD_PA_ARM64_L2:
		return (phys & bits(paging->page_shift, 50)) | (phys & bits(50, 52)) >> 42;
	case KMD_PA_RISCV:
		return (phys & bits(12, 56)) >> 2;
	case KMD_PA_X86_64:
	case KMD_PA_ARM64:
	case KMD_PA_ARM:
	case KMD_PA_ARM_LPAE:
		break;
	}
	return phys;
}

bool kmd_entry_may_map(const struct kmd_paging *paging, unsigned int level)
{
	unsigned int above = paging->levels - 1 - level;

	return above <= 1 || (above == 2 && paging->page_shift == 12);
}

static enum kmd_entry_kind decode_short(unsigned int level, uint64_t entry, uint64_t *phys)
{
	if (!level && (entry & (ARM_LEAF | ARM_TABLE)) == ARM_TABLE) {
		*phys = entry & bits(10, 32);
		return KMD_ENTRY_TABLE;
	}
	*phys = entry & bits(level ? 12 : 20, 32);
	return !(entry & ARM_LEAF) || (!level && entry & ARM_SUPER) ? KMD_ENTRY_NONE
								    : KMD_ENTRY_LEAF;
}

enum kmd_entry_kind kmd_entry_decode(const struct kmd_paging *paging, unsigned int level,
				     uint64_t entry, uint64_t *phys)
{
	bool last = level + 1 == paging->levels, leaf = last;

	if (is_short(paging))
		return decode_short(level, entry, phys);
	if (!(entry & VALID))
		return KMD_ENTRY_NONE;
	if (is_x86(paging))
		leaf |= (entry & X86_LARGE) != 0;
	else if (is_riscv(paging)) {
		leaf = (entry & RISCV_LEAF) != 0;
		if (entry & RISCV_NAPOT || (last && !leaf))
			return KMD_ENTRY_NONE;
	} else if ((entry & ARM64_TYPE) == ARM64_BLOCK) {
		if (last)
			return KMD_ENTRY_NONE;
		leaf = true;
	}
	*phys = address_of(paging, entry);
	if (!leaf)
		return KMD_ENTRY_TABLE;
	if (!kmd_entry_may_map(paging, level))
		return KMD_ENTRY_NONE;
	*phys &= ~bits(0, kmd_paging_shift(paging, level));
	return KMD_ENTRY_LEAF;
}

uint64_t kmd_entry_table(const struct kmd_paging *paging, uint64_t phys)
{
	uint64_t flags = is_x86(paging) ? X86_TABLE : ARM64_TABLE;

	return address_bits(paging, phys) | (is_riscv(paging) ? VALID : flags);
}

uint64_t kmd_entry_leaf(const struct kmd_paging *paging, unsigned int level, uint64_t phys)
{
	bool last = level + 1 == paging->levels;
	uint64_t entry = address_bits(paging, phys);

	if (is_x86(paging))
		return entry | X86_DATA | (last ? 0 : X86_LARGE);
	if (is_riscv(paging))
		return entry | RISCV_DATA;
	entry |= ARM64_DATA | (last ? ARM64_TABLE : ARM64_BLOCK);
	return paging->layout == KMD_PA_ARM64_L2 ? entry : entry | ARM64_SHARED;
}
