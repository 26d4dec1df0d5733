/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * riscv64: arch/riscv/kernel/vmcore_info.c, arch/riscv/include/asm/{page,pgtable}.h,
 * Documentation/arch/riscv/vm-layout.rst.
 */
#include "arch/arch.h"
#include "arch/paging.h"

#include "base/checked.h"

#include <elf.h>

#define SZ_2G (UINT64_C(2) << 30)

static bool matches_vmcoreinfo(const struct kmd_vmcoreinfo *info)
{
	uint64_t number;

	return kmd_vmcoreinfo_number(info, "NUMBER(va_kernel_pa_offset)", &number) ||
	       kmd_vmcoreinfo_number(info, "NUMBER(phys_ram_base)", &number);
}

/* Above it are modules and the image, below it all else, KASAN's shadow among it. */
static void linear_map(const struct kmd_vmcoreinfo *info, struct kmd_map *map)
{
	uint64_t page_offset, ram_base;

	if (kmd_vmcoreinfo_number(info, "NUMBER(PAGE_OFFSET)", &page_offset) &&
	    kmd_vmcoreinfo_number(info, "NUMBER(phys_ram_base)", &ram_base))
		*map = (struct kmd_map){ true, page_offset - ram_base, page_offset,
					 UINT64_C(0xffffffff00000000) };
}

/*
 * Modules lie in the 2 GiB that end where the image does, below the image: MODULES_VADDR is
 * its end less 2 GiB, and MODULES_END its start, wherever KASLR has moved it.
 */
static void image_map(const struct kmd_vmcoreinfo *info, struct kmd_map *map)
{
	uint64_t link, start, modules;

	if (!kmd_vmcoreinfo_number(info, "NUMBER(va_kernel_pa_offset)", &map->delta) ||
	    !kmd_vmcoreinfo_number(info, "NUMBER(KERNEL_LINK_ADDR)", &link))
		return;
	*map = (struct kmd_map){ true, map->delta, link, UINT64_MAX };
	if (kmd_vmcoreinfo_number(info, "NUMBER(MODULES_END)", &start) && start > link)
		map->low = start;
	if (kmd_vmcoreinfo_number(info, "NUMBER(MODULES_VADDR)", &modules) &&
	    modules <= UINT64_MAX - SZ_2G && modules + SZ_2G > map->low)
		map->high = modules + SZ_2G;
}

static void layout(const struct kmd_vmcoreinfo *info, const struct kmd_runtime *runtime,
		   const struct kmd_memory *memory, struct kmd_layout *out)
{
	(void)runtime;
	(void)memory;
	if (!info->text)
		return;
	linear_map(info, &out->linear);
	image_map(info, &out->image);
}

/* Sv39, Sv48 and Sv57: 3, 4 and 5 levels, with pages of 4 KiB. */
static bool read_paging(const struct kmd_vmcoreinfo *info, struct kmd_paging *paging)
{
	unsigned int bits = kmd_arch_number(info, "NUMBER(VA_BITS)", 39, 57, 0);

	if (paging->page_shift != 12 || (bits != 39 && bits != 48 && bits != 57))
		return false;
	paging->layout = KMD_PA_RISCV;
	paging->va_bits = bits;
	paging->root_bits = bits;
	paging->pa_bits = 56;
	return true;
}

const struct kmd_arch kmd_arch_riscv64 = {
	.name = "riscv64",
	.machine = EM_RISCV,
	.elf_class = ELFCLASS64,
	.matches_vmcoreinfo = matches_vmcoreinfo,
	.layout = layout,
	.read_paging = read_paging,
};
