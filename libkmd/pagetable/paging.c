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

uint64_t kmd_paging_root_virt(const struct kmd_vmcoreinfo *info)
{
	uint64_t virt;

	return info->text && (kmd_vmcoreinfo_hex(info, "SYMBOL(swapper_pg_dir)", &virt) ||
			      kmd_vmcoreinfo_hex(info, "SYMBOL(init_top_pgt)", &virt))
		       ? virt
		       : 0;
}

bool kmd_paging_format(const struct kmd_vmcoreinfo *info, const struct kmd_arch *arch,
		       uint64_t page_size, bool big_endian, uint64_t root_virt,
		       struct kmd_paging *paging)
{
	*paging = (struct kmd_paging){ .big_endian = big_endian, .root_virt = root_virt };
	if (!kmd_is_pow2(page_size))
		return false;
	paging->page_shift = log2_of(page_size);
	if (!arch || !arch->read_paging || !arch->read_paging(info, paging))
		return false;
	/* ARM64_HW_PGTABLE_LEVELS(): all bits above the page's, rounded up; the others agree. */
	paging->levels = (paging->root_bits - 4) / (paging->page_shift - 3);
	if (paging->layout == KMD_PA_ARM)
		paging->levels = 2;
	return true;
}

bool kmd_paging_place(struct kmd_paging *paging, uint64_t root)
{
	paging->root = root;
	return !(root & (kmd_paging_page(paging) - 1)) && root >> paging->pa_bits == 0;
}
