/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * arm64: arch/arm64/include/asm/memory.h, arch/arm64/kernel/vmcore_info.c.
 *
 * The image is mapped inside the vmalloc range, so its extent matters: a guess
 * too wide would name addresses that belong to others.
 */
#include "arch/arch.h"

#include <elf.h>

/* Text starts up to 2 MiB behind _text; no distribution's image is larger. */
#define HEAD_MAX  (UINT64_C(2) << 20)
#define IMAGE_MAX (UINT64_C(64) << 20)

static bool matches_vmcoreinfo(const struct kmd_vmcoreinfo *info)
{
	uint64_t number;

	return kmd_vmcoreinfo_number(info, "NUMBER(kimage_voffset)", &number) ||
	       kmd_vmcoreinfo_number(info, "NUMBER(TCR_EL1_T1SZ)", &number);
}

/*
 * Bits that the processor translates.  A kernel built for 52 bits runs with 48
 * where the hardware has no more, and then keeps VA_BITS but not its address space.
 */
static uint64_t bits_in_use(const struct kmd_vmcoreinfo *info, const struct kmd_runtime *runtime,
			    uint64_t bits)
{
	uint64_t t1sz, actual;

	if (kmd_runtime_get(runtime, KMD_RUNTIME_VABITS_ACTUAL, &actual) && actual >= 36 &&
	    actual <= 52)
		return actual;
	if (info->text && kmd_vmcoreinfo_number(info, "NUMBER(TCR_EL1_T1SZ)", &t1sz) &&
	    t1sz >= 12 && t1sz <= 28)
		return 64 - t1sz;
	return bits > 48 ? 48 : bits;
}

/* Since 5.4 the linear map is the lower half of the kernel's space, before the upper. */
static void linear_map(const struct kmd_vmcoreinfo *info, const struct kmd_runtime *runtime,
		       struct kmd_map *map)
{
	unsigned int version = kmd_kernel_version(info);
	uint64_t bits, phys_offset;

	if (!kmd_runtime_or_number(runtime, KMD_RUNTIME_VA_BITS, info, "NUMBER(VA_BITS)", &bits) ||
	    bits < 36 || bits > 52 ||
	    !kmd_runtime_or_number(runtime, KMD_RUNTIME_PHYS_OFFSET, info, "NUMBER(PHYS_OFFSET)",
				   &phys_offset))
		return;
	map->known = true;
	if (version && version < 0x504) {
		map->low = 0 - (UINT64_C(1) << (bits - 1));
		map->high = UINT64_MAX;
	} else {
		map->low = 0 - (UINT64_C(1) << bits);
		map->high = 0 - (UINT64_C(1) << (bits_in_use(info, runtime, bits) - 1));
	}
	map->delta = map->low - phys_offset;
}

static void image_map(const struct kmd_vmcoreinfo *info, const struct kmd_runtime *runtime,
		      struct kmd_map *map)
{
	uint64_t stext;

	if (!kmd_runtime_or_number(runtime, KMD_RUNTIME_KIMAGE_VOFFSET, info,
				   "NUMBER(kimage_voffset)", &map->delta))
		return;
	map->known = true;
	if (!info->text || !kmd_vmcoreinfo_hex(info, "SYMBOL(_stext)", &stext) ||
	    stext < HEAD_MAX || stext > UINT64_MAX - IMAGE_MAX)
		return;
	map->low = (stext & ~(HEAD_MAX - 1)) == stext ? stext - HEAD_MAX : stext & ~(HEAD_MAX - 1);
	map->high = stext + IMAGE_MAX;
}

static void layout(const struct kmd_vmcoreinfo *info, const struct kmd_runtime *runtime,
		   const struct kmd_memory *memory, struct kmd_layout *out)
{
	(void)memory;
	linear_map(info, runtime, &out->linear);
	image_map(info, runtime, &out->image);
}

const struct kmd_arch kmd_arch_arm64 = { "aarch64", EM_AARCH64, ELFCLASS64, matches_vmcoreinfo,
					 layout };
