/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * x86_64: arch/x86/include/asm/page_64_types.h, arch/x86/kernel/machine_kexec_64.c.
 *
 * The image lies in a range of its own at the top; nothing else is mapped there.
 * The linear map's base is random and not in VMCOREINFO: it is told by the kernel's
 * own variable, from regions that were registered by linear address, or from
 * mem_section, which VMCOREINFO names and which is a region of its own.
 */
#include "arch/arch.h"

#include "base/checked.h"

#include <elf.h>

#define START_KERNEL_MAP UINT64_C(0xffffffff80000000)
#define LINEAR_LOW       UINT64_C(0xff00000000000000)
/* The base of the linear map is a multiple of what one PUD entry maps. */
#define LINEAR_ALIGN     (UINT64_C(1) << 30)
#define IMAGE_SIZE       (UINT64_C(1) << 30)

static bool matches_vmcoreinfo(const struct kmd_vmcoreinfo *info)
{
	uint64_t number;

	return kmd_vmcoreinfo_hex(info, "SYMBOL(init_top_pgt)", &number) ||
	       (kmd_vmcoreinfo_number(info, "NUMBER(phys_base)", &number) &&
		kmd_vmcoreinfo_number(info, "NUMBER(pgtable_l5_enabled)", &number));
}

/*
 * mem_section points to an array of its own in the linear map; the region that
 * starts at the same place below 1 GiB, and is as long, tells the distance.
 */
static bool delta_of_mem_section(const struct kmd_vmcoreinfo *info, const struct kmd_memory *memory,
				 uint64_t *delta)
{
	const struct kmd_regions *regions = memory->regions;
	uint64_t virt, length;
	size_t found = 0;

	if (!kmd_vmcoreinfo_hex(info, "SYMBOL(mem_section)", &virt) || virt < LINEAR_LOW ||
	    virt >= START_KERNEL_MAP ||
	    !kmd_vmcoreinfo_number(info, "LENGTH(mem_section)", &length) || length > UINT32_MAX)
		return false;
	for (size_t i = 0; i < regions->n; i++) {
		const struct kmd_region *region = &regions->rows[i].pub;
		uint64_t value = virt - region->phys;

		if (!region->has_phys || region->size != length * 8 ||
		    (value & (LINEAR_ALIGN - 1)) || (found && value == *delta))
			continue;
		*delta = value;
		found++;
	}
	return found == 1;
}

static void layout(const struct kmd_vmcoreinfo *info, const struct kmd_runtime *runtime,
		   const struct kmd_memory *memory, struct kmd_layout *out)
{
	uint64_t phys_base, size = IMAGE_SIZE, stext = START_KERNEL_MAP;

	out->linear.low = LINEAR_LOW;
	out->linear.high = START_KERNEL_MAP;
	out->linear.known =
		kmd_runtime_get(runtime, KMD_RUNTIME_PAGE_OFFSET, &out->linear.delta) ||
		kmd_common_delta(memory, LINEAR_LOW, START_KERNEL_MAP, LINEAR_ALIGN,
				 &out->linear.delta) ||
		(info->text && memory && delta_of_mem_section(info, memory, &out->linear.delta));
	if (!kmd_runtime_or_number(runtime, KMD_RUNTIME_PHYS_BASE, info, "NUMBER(phys_base)",
				   &phys_base))
		return;
	if (info->text) {
		kmd_vmcoreinfo_number(info, "NUMBER(KERNEL_IMAGE_SIZE)", &size);
		kmd_vmcoreinfo_hex(info, "SYMBOL(_stext)", &stext);
	}
	out->image.known = true;
	out->image.delta = START_KERNEL_MAP - phys_base;
	out->image.low = kmd_max_u64(START_KERNEL_MAP, stext & ~((UINT64_C(2) << 20) - 1));
	out->image.high = START_KERNEL_MAP + kmd_min_u64(size, IMAGE_SIZE);
}

const struct kmd_arch kmd_arch_x86_64 = { "x86_64", EM_X86_64, ELFCLASS64, matches_vmcoreinfo,
					  layout };
