/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Regions with both addresses: how far the kernel's two maps, of its image and of all
 * RAM, are from physical memory.
 */
#include "kernel/evidence.h"

#include "arch/arch.h"

#include <elf.h>

#define WHO_IMAGE   "regions of the image"
#define WHO_LINEAR  "regions by linear address"

/* x86_64: the linear map's base is a multiple of what one PUD entry maps. */
#define X86_LOW     UINT64_C(0xff00000000000000)
#define X86_4LEVEL  UINT64_C(0xffff800000000000)
#define X86_ALIGN   (UINT64_C(1) << 30)

/* arm64: memstart_addr is a multiple of what one PMD maps with pages of 4 KiB. */
#define ARM64_ALIGN (UINT64_C(2) << 20)

static void candidate(struct kmd_evidence *evidence, enum kmd_runtime_key key, uint64_t value,
		      const char *who)
{
	kmd_candidates_add(&evidence->candidates, key, value, who, KMD_WEIGHT_PLAIN);
}

/* Where the image lies in [low, high): its KASLR offset is not needed for x86_64. */
static void add_image(struct kmd_evidence *evidence, uint64_t low, uint64_t high, uint64_t kaslr,
		      bool has_kaslr)
{
	const struct kmd_build *build = &evidence->build;
	uint64_t delta;

	if (!kmd_common_delta(evidence->memory, low, high, kmd_build_align(build), &delta))
		return;
	if (build->machine == EM_X86_64)
		candidate(evidence, KMD_RUNTIME_PHYS_BASE, KMD_X86_KERNEL_MAP - delta, WHO_IMAGE);
	else
		candidate(evidence, KMD_RUNTIME_KIMAGE_VOFFSET, delta, WHO_IMAGE);
	if (has_kaslr && kmd_build_image_delta_ok(build, delta - kaslr))
		candidate(evidence, KMD_RUNTIME_IMAGE_DELTA, delta - kaslr, WHO_IMAGE);
}

static void add_x86_linear(struct kmd_evidence *evidence)
{
	uint64_t delta;

	if (!kmd_common_delta(evidence->memory, X86_LOW, KMD_X86_KERNEL_MAP, X86_ALIGN, &delta))
		return;
	candidate(evidence, KMD_RUNTIME_PAGE_OFFSET, delta, WHO_LINEAR);
	candidate(evidence, KMD_RUNTIME_L5, delta < X86_4LEVEL, WHO_LINEAR);
}

/*
 * With 52 bits built in, PAGE_OFFSET is that of 52 bits even where the processor has 48;
 * memstart_addr makes up for it.  Linear addresses show which of the two is in use.
 */
static void add_arm64_linear(struct kmd_evidence *evidence)
{
	const struct kmd_build *build = &evidence->build;
	uint64_t delta, high, va_bits = build->va_bits;

	if (!va_bits && !kmd_candidates_best(&evidence->candidates, KMD_RUNTIME_VA_BITS, &va_bits))
		return;
	if (!build->va_bits_min || va_bits < build->va_bits_min || va_bits > 52)
		return;
	high = kmd_build_page_offset(build->va_bits_min - 1);
	if (!kmd_common_delta(evidence->memory, kmd_build_page_offset((unsigned int)va_bits), high,
			      ARM64_ALIGN, &delta))
		return;
	candidate(evidence, KMD_RUNTIME_PHYS_OFFSET,
		  kmd_build_page_offset((unsigned int)va_bits) - delta, WHO_LINEAR);
}

enum kmd_status kmd_evidence_from_pairs(struct kmd_evidence *evidence)
{
	const struct kmd_build *build = &evidence->build;
	uint64_t kaslr = 0;
	bool has_kaslr = kmd_candidates_best(&evidence->candidates, KMD_RUNTIME_KASLR, &kaslr);

	if (build->machine == EM_X86_64) {
		if (has_kaslr && build->text)
			add_image(evidence, build->text + kaslr, build->end + kaslr, kaslr, true);
		else
			add_image(evidence, KMD_X86_KERNEL_MAP,
				  KMD_X86_KERNEL_MAP + KMD_X86_KERNEL_MAX, 0, false);
		add_x86_linear(evidence);
	}
	if (build->machine == EM_AARCH64) {
		if (has_kaslr && build->text)
			add_image(evidence, build->text + kaslr, build->end + kaslr, kaslr, true);
		add_arm64_linear(evidence);
	}
	return KMD_OK;
}
