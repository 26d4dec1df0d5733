/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What VMCOREINFO has about the page tables.
 *
 * Linux: arch/arm64/kernel/vmcore_info.c, arch/arm64/kernel/pi/map_kernel.c,
 * arch/arm64/Kconfig; arch/x86/kernel/vmcore_info_64.c.
 */
#include "pagetable/pagetable.h"

#include "base/checked.h"

static unsigned int log2_of(uint64_t power)
{
	return (unsigned int)__builtin_ctzll(power);
}

/* The root is part of the image on all machines. */
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
	*paging = (struct kmd_paging){ .big_endian = facts->big_endian };
	if (!info->text || !kmd_is_pow2(facts->pub.page_size))
		return false;
	paging->page_shift = log2_of(facts->pub.page_size);
	if (!facts->arch || !facts->arch->read_paging || !facts->arch->read_paging(info, paging))
		return false;
	/* ARM64_HW_PGTABLE_LEVELS(): all bits above the page's, rounded up; the others agree. */
	paging->levels = (paging->root_bits - 4) / (paging->page_shift - 3);
	return read_root(info, facts, paging);
}
