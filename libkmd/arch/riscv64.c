/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* riscv64: arch/riscv/kernel/vmcore_info.c.  Read there, not tried on a dump. */
#include "arch/arch.h"

#include <elf.h>

static bool matches_vmcoreinfo(const struct kmd_vmcoreinfo *info)
{
	uint64_t number;

	return kmd_vmcoreinfo_number(info, "NUMBER(va_kernel_pa_offset)", &number) ||
	       kmd_vmcoreinfo_number(info, "NUMBER(phys_ram_base)", &number);
}

static void layout(const struct kmd_vmcoreinfo *info, const struct kmd_runtime *runtime,
		   const struct kmd_memory *memory, struct kmd_layout *out)
{
	uint64_t page_offset, ram_base, link;

	(void)runtime;
	(void)memory;
	if (!info->text)
		return;
	if (kmd_vmcoreinfo_number(info, "NUMBER(PAGE_OFFSET)", &page_offset) &&
	    kmd_vmcoreinfo_number(info, "NUMBER(phys_ram_base)", &ram_base)) {
		out->linear = (struct kmd_map){ true, page_offset - ram_base, page_offset,
						UINT64_C(0xffffffff00000000) };
	}
	if (kmd_vmcoreinfo_number(info, "NUMBER(va_kernel_pa_offset)", &out->image.delta) &&
	    kmd_vmcoreinfo_number(info, "NUMBER(KERNEL_LINK_ADDR)", &link)) {
		/* The kernel's mapping reaches to the end of the address space. */
		out->image.known = true;
		out->image.low = link;
		out->image.high = UINT64_MAX;
	}
}

const struct kmd_arch kmd_arch_riscv64 = {
	.name = "riscv64",
	.machine = EM_RISCV,
	.elf_class = ELFCLASS64,
	.matches_vmcoreinfo = matches_vmcoreinfo,
	.layout = layout,
};
