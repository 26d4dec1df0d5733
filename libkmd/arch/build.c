/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "arch/build.h"

#define PHYS_MAX      (UINT64_C(1) << 52)
/* The smallest alignment of an image that KASLR moves, on the machines that have it. */
#define DEFAULT_ALIGN (UINT64_C(64) << 10)

uint64_t kmd_build_align(const struct kmd_build *build)
{
	return build->arch && build->arch->kaslr_align ? build->arch->kaslr_align : DEFAULT_ALIGN;
}

bool kmd_build_kaslr_ok(const struct kmd_build *build, uint64_t kaslr)
{
	unsigned int bits = build->va_bits_min ? build->va_bits_min : 52;

	if (build->arch && build->arch->no_kaslr)
		return !kaslr;
	if (kaslr & (kmd_build_align(build) - 1))
		return false;
	if (build->arch && build->arch->image_max)
		return kaslr < build->arch->image_max;
	return kaslr < UINT64_C(1) << (bits - 1);
}

bool kmd_build_image_delta_ok(const struct kmd_build *build, uint64_t image_delta)
{
	return !(image_delta & (kmd_build_align(build) - 1)) &&
	       build->text - image_delta < PHYS_MAX;
}

bool kmd_build_is_image(const struct kmd_build *build, uint64_t virt)
{
	const struct kmd_arch *arch = build->arch;

	if (arch && arch->image_max)
		return virt >= arch->image_base && virt - arch->image_base < arch->image_max;
	if (arch && arch->no_kaslr)
		return virt >= build->text && virt < build->end;
	return build->va_bits_min && virt >= kmd_build_page_offset(build->va_bits_min - 1);
}
