/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* arm64: arch/arm64/include/asm/{memory,pgtable,sparsemem,pgtable-hwdef}.h. */
#include "kernel/generate_keys.h"

#include "base/checked.h"

#define SZ_8M      (UINT64_C(8) << 20)
#define SZ_256M    (UINT64_C(256) << 20)
#define SZ_1G      (UINT64_C(1) << 30)

/* The regions above the image were laid out anew. */
#define NEW_LAYOUT 0x609

bool kmd_generate_va_bits(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_generate_boot(generator, KMD_RUNTIME_VA_BITS, value) && *value >= 36 &&
	       *value <= 52;
}

bool kmd_generate_voffset(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_generate_boot(generator, KMD_RUNTIME_KIMAGE_VOFFSET, value);
}

bool kmd_generate_phys_offset(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_generate_boot(generator, KMD_RUNTIME_PHYS_OFFSET, value);
}

bool kmd_generate_t1sz(const struct kmd_generator *generator, uint64_t *value)
{
	if (!kmd_generate_boot(generator, KMD_RUNTIME_VABITS_ACTUAL, value) || *value > 64)
		return false;
	*value = 64 - *value;
	return true;
}

bool kmd_generate_pac_mask(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_generate_boot(generator, KMD_RUNTIME_PAC_MASK, value);
}

static uint64_t linear_end(const struct kmd_generator *generator)
{
	return kmd_build_page_offset(generator->build.va_bits_min - 1);
}

bool kmd_generate_modules_start(const struct kmd_generator *generator, uint64_t *value)
{
	*value = linear_end(generator);
	return generator->build.va_bits_min != 0;
}

/* The image is linked where the range of modules ends: KIMAGE_VADDR. */
bool kmd_generate_modules_end(const struct kmd_generator *generator, uint64_t *value)
{
	*value = generator->build.text;
	return *value != 0;
}

static unsigned int log2_up(uint64_t value)
{
	unsigned int bits = 0;

	while (bits < 63 && UINT64_C(1) << bits < value)
		bits++;
	return bits;
}

/* log2 of the bytes of memory that a byte of struct page describes. */
static bool vmemmap_shift(const struct kmd_generator *generator, unsigned int *shift)
{
	uint64_t size;

	if (!kmd_generate_fact(generator, KMD_TYPE_SIZE, "page", &size) || !size ||
	    size > generator->build.page_size)
		return false;
	*shift = log2_up(generator->build.page_size) - log2_up(size);
	return true;
}

static bool vmemmap_size(const struct kmd_generator *generator, uint64_t *size)
{
	unsigned int shift;
	uint64_t bits;

	if (!vmemmap_shift(generator, &shift) || !kmd_generate_va_bits(generator, &bits) ||
	    !generator->build.va_bits_min)
		return false;
	*size = (linear_end(generator) - kmd_build_page_offset((unsigned int)bits)) >> shift;
	return true;
}

bool kmd_generate_vmemmap_start(const struct kmd_generator *generator, uint64_t *value)
{
	unsigned int shift;
	uint64_t size, bits;

	if (!vmemmap_size(generator, &size) || !vmemmap_shift(generator, &shift) ||
	    !kmd_generate_va_bits(generator, &bits))
		return false;
	if (generator->build.version < NEW_LAYOUT)
		*value = kmd_build_page_offset((unsigned int)bits - shift);
	else
		*value = 0 - SZ_1G - size;
	return true;
}

bool kmd_generate_vmemmap_end(const struct kmd_generator *generator, uint64_t *value)
{
	uint64_t size;

	if (!vmemmap_size(generator, &size) || !kmd_generate_vmemmap_start(generator, value))
		return false;
	*value += size;
	return true;
}

/* What of vmemmap a processor with fewer bits leaves unused goes to vmalloc. */
bool kmd_generate_vmalloc_end(const struct kmd_generator *generator, uint64_t *value)
{
	uint64_t size, bits, actual;

	if (!kmd_generate_vmemmap_start(generator, value))
		return false;
	if (generator->build.version < NEW_LAYOUT) {
		*value -= SZ_256M;
		return true;
	}
	if (!kmd_generate_fact(generator, KMD_TYPE_SIZE, "page", &size) ||
	    !kmd_generate_va_bits(generator, &bits) ||
	    !kmd_generate_boot(generator, KMD_RUNTIME_VABITS_ACTUAL, &actual) || actual > bits ||
	    actual < 36)
		return false;
	*value += (kmd_build_page_offset((unsigned int)actual) -
		   kmd_build_page_offset((unsigned int)bits)) /
			  generator->build.page_size * size -
		  SZ_8M;
	return true;
}

/* Where the struct page of physical address 0 would be; memstart_addr is signed. */
bool kmd_generate_arm64_vmemmap(const struct kmd_generator *generator, uint64_t *value)
{
	uint64_t size, phys_offset, frames;

	if (!kmd_generate_vmemmap_start(generator, value) ||
	    !kmd_generate_fact(generator, KMD_TYPE_SIZE, "page", &size) ||
	    !kmd_generate_phys_offset(generator, &phys_offset))
		return false;
	frames = phys_offset >> 63 ? 0 - (0 - phys_offset) / generator->build.page_size
				   : phys_offset / generator->build.page_size;
	*value -= frames * size;
	return true;
}

/* mem_section's array has a root for each part of physical memory: its region is as long. */
static bool bits_of_region(const struct kmd_generator *generator, uint64_t *bits)
{
	const struct kmd_regions *regions = generator->reader.memory->regions;
	uint64_t virt, va_bits, phys_offset, size, section_bits;

	if (!kmd_generate_mem_section(generator, &virt) ||
	    !kmd_generate_va_bits(generator, &va_bits) ||
	    !kmd_generate_phys_offset(generator, &phys_offset) ||
	    !kmd_generate_fact(generator, KMD_TYPE_SIZE, "mem_section", &size) || !size ||
	    !kmd_generate_section_bits(generator, &section_bits))
		return false;
	for (size_t i = 0; i < regions->n; i++) {
		const struct kmd_region *region = &regions->rows[i].pub;
		uint64_t sections = region->size / 8 * (generator->build.page_size / size);

		if (!region->has_phys || !kmd_is_pow2(sections) ||
		    region->phys !=
			    virt - kmd_build_page_offset((unsigned int)va_bits) + phys_offset)
			continue;
		*bits = log2_up(sections) + section_bits;
		if (*bits == 48 || *bits == 52)
			return true;
	}
	return false;
}

/*
 * CONFIG_ARM64_PA_BITS, of which the vmlinux keeps no trace.  With pages of less than
 * 64 KiB 52 bits of physical address need 52 of virtual in use (6.9 and later).
 */
bool kmd_generate_arm64_physmem_bits(const struct kmd_generator *generator, uint64_t *value)
{
	uint64_t actual = 0, bits = 0;

	if (bits_of_region(generator, value))
		return true;
	if (!kmd_generate_va_bits(generator, &bits))
		return false;
	*value = 48;
	if (generator->build.page_size == 65536)
		*value = bits == 52 ? 52 : 48;
	else if (bits == 52 && kmd_generate_boot(generator, KMD_RUNTIME_VABITS_ACTUAL, &actual))
		*value = actual == 52 ? 52 : 48;
	return true;
}
