/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* x86_64: arch/x86/include/asm/{page_64_types,pgtable_64_types}.h. */
#include "kernel/generate_keys.h"

#define IMAGE_SIZE        (UINT64_C(512) << 20)
#define IMAGE_SIZE_RANDOM (UINT64_C(1) << 30)

bool kmd_generate_phys_base(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_generate_boot(generator, KMD_RUNTIME_PHYS_BASE, value);
}

bool kmd_generate_l5(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_generate_boot(generator, KMD_RUNTIME_L5, value);
}

bool kmd_generate_sme_mask(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_generate_boot(generator, KMD_RUNTIME_SME_MASK, value);
}

/* CONFIG_RANDOMIZE_BASE brings the random numbers that CONFIG_RANDOMIZE_MEMORY draws. */
bool kmd_generate_image_size(const struct kmd_generator *generator, uint64_t *value)
{
	uint64_t kaslr = 0;

	kmd_generate_boot(generator, KMD_RUNTIME_KASLR, &kaslr);
	*value = kaslr || kmd_generate_has(generator, "kaslr_get_random_long") ? IMAGE_SIZE_RANDOM
									       : IMAGE_SIZE;
	return true;
}

bool kmd_generate_x86_vmalloc_start(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_image_reader_variable(&generator->reader, "vmalloc_base", 8, value) && *value;
}

bool kmd_generate_x86_vmemmap(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_image_reader_variable(&generator->reader, "vmemmap_base", 8, value) && *value;
}
