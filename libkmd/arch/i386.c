/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * 32-bit x86: only addresses that were registered are used.  The image is part of the linear map,
 * whose base the kernel does not write into VMCOREINFO.
 */
#include "arch/arch.h"

#include <elf.h>

/* 2G/2G and 3G/1G splits; user space lies below. */
#define LINEAR_LOW  UINT64_C(0x80000000)
#define LINEAR_HIGH (UINT64_C(1) << 32)

static bool matches_vmcoreinfo(const struct kmd_vmcoreinfo *info)
{
	const char *value;
	size_t length;

	return kmd_vmcoreinfo_get(info, "CONFIG_X86_PAE", &value, &length);
}

static void layout(const struct kmd_vmcoreinfo *info, const struct kmd_runtime *runtime,
		   const struct kmd_memory *memory, struct kmd_layout *out)
{
	(void)info;
	(void)runtime;
	out->linear.low = LINEAR_LOW;
	out->linear.high = LINEAR_HIGH;
	/* PHYS_OFFSET is a multiple of 2 MiB. */
	out->linear.known = kmd_common_delta(memory, LINEAR_LOW, LINEAR_HIGH, UINT64_C(2) << 20,
					     &out->linear.delta);
}

const struct kmd_arch kmd_arch_i386 = {
	.name = "i386",
	.machine = EM_386,
	.elf_class = ELFCLASS32,
	.matches_vmcoreinfo = matches_vmcoreinfo,
	.layout = layout,
};
