/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What VMCOREINFO tells of the page tables.
 *
 * Linux: arch/arm64/kernel/vmcore_info.c, arch/arm64/kernel/pi/map_kernel.c,
 * arch/arm64/Kconfig; arch/x86/kernel/vmcore_info_64.c.
 */
#include "pagetable/pagetable.h"

#include "base/checked.h"

#include <elf.h>

static unsigned int log2_of(uint64_t power)
{
	return (unsigned int)__builtin_ctzll(power);
}

/* The number of @key, if it lies in [@low, @high]; else @otherwise. */
static unsigned int number_of(const struct kmd_vmcoreinfo *info, const char *key, unsigned int low,
			      unsigned int high, unsigned int otherwise)
{
	uint64_t number;

	if (!kmd_vmcoreinfo_number(info, key, &number) || number < low || number > high)
		return otherwise;
	return (unsigned int)number;
}

/*
 * A kernel built for 52 bits runs with fewer where the processor has no more: with
 * 4K and 16K pages its tables then have a level less; with 64K pages the root keeps
 * its shape (c812026c54cf "arm64: mm: Logic to make offset_ttbr1 conditional").
 *
 * 4K and 16K pages reach 52 bits by LPA2 only, and the kernel has then physical
 * addresses of 52 bits as well (352b0395b505 "arm64: Enable 52-bit virtual
 * addressing for 4k and 16k granule configs").
 */
static bool read_arm64(const struct kmd_vmcoreinfo *info, struct kmd_paging *paging)
{
	unsigned int built = number_of(info, "NUMBER(VA_BITS)", 36, 52, 0);
	unsigned int t1sz = number_of(info, "NUMBER(TCR_EL1_T1SZ)", 12, 28, 0);

	if ((paging->page_shift != 12 && paging->page_shift != 14 && paging->page_shift != 16) ||
	    (!built && !t1sz))
		return false;
	paging->va_bits = t1sz ? 64 - t1sz : built;
	paging->root_bits = paging->va_bits;
	paging->layout = KMD_PA_ARM64;
	if (paging->page_shift == 16) {
		paging->layout = KMD_PA_ARM64_64;
		paging->root_bits = built > paging->va_bits ? built : paging->va_bits;
	} else if (paging->va_bits > 48) {
		paging->layout = KMD_PA_ARM64_L2;
	}
	paging->pa_bits = number_of(info, "NUMBER(MAX_PHYSMEM_BITS)", 32, 52, 48);
	if (paging->layout == KMD_PA_ARM64 && paging->pa_bits > 48)
		paging->pa_bits = 48;
	return true;
}

static bool read_x86_64(const struct kmd_vmcoreinfo *info, struct kmd_paging *paging)
{
	bool five = number_of(info, "NUMBER(pgtable_l5_enabled)", 0, 1, 0);

	if (paging->page_shift != 12)
		return false;
	paging->layout = KMD_PA_X86_64;
	paging->va_bits = paging->root_bits = five ? 57 : 48;
	paging->pa_bits = number_of(info, "NUMBER(MAX_PHYSMEM_BITS)", 32, 52, five ? 52 : 46);
	/* The mask is one high bit; anything else is no mask. */
	if (kmd_vmcoreinfo_number(info, "NUMBER(sme_mask)", &paging->encrypted) &&
	    (!kmd_is_pow2(paging->encrypted) || paging->encrypted >> 32 == 0))
		paging->encrypted = 0;
	if (paging->encrypted && log2_of(paging->encrypted) < paging->pa_bits)
		paging->pa_bits = log2_of(paging->encrypted);
	return true;
}

/* The root is part of the image on both machines. */
static bool read_root(const struct kmd_vmcoreinfo *info, const struct kmd_kernel_facts *facts,
		      struct kmd_paging *paging)
{
	if (!facts->layout.image.known ||
	    (!kmd_vmcoreinfo_hex(info, "SYMBOL(swapper_pg_dir)", &paging->root_virt) &&
	     !kmd_vmcoreinfo_hex(info, "SYMBOL(init_top_pgt)", &paging->root_virt)))
		return false;
	paging->root = paging->root_virt - facts->layout.image.delta;
	return !(paging->root & (kmd_paging_page(paging) - 1)) &&
	       paging->root >> paging->pa_bits == 0;
}

bool kmd_paging_init(const struct kmd_vmcoreinfo *info, const struct kmd_kernel_facts *facts,
		     struct kmd_paging *paging)
{
	bool known;

	*paging = (struct kmd_paging){ .big_endian = facts->big_endian };
	if (!info->text || !kmd_is_pow2(facts->pub.page_size))
		return false;
	paging->page_shift = log2_of(facts->pub.page_size);
	if (facts->machine == EM_AARCH64)
		known = read_arm64(info, paging);
	else
		known = facts->machine == EM_X86_64 && read_x86_64(info, paging);
	if (!known)
		return false;
	/* ARM64_HW_PGTABLE_LEVELS(): all bits above the page's, rounded up; x86 agrees. */
	paging->levels = (paging->root_bits - 4) / (paging->page_shift - 3);
	return read_root(info, facts, paging);
}
