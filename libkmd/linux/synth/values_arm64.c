/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* arm64: arch/arm64/include/asm/{memory,pgtable,sparsemem,pgtable-hwdef}.h. */
#include "linux/synth/keys.h"

#include "base/checked.h"

#define SZ_8M      (UINT64_C(8) << 20)
#define SZ_256M    (UINT64_C(256) << 20)
#define SZ_1G      (UINT64_C(1) << 30)

/* The regions above the image were laid out anew. */
#define NEW_LAYOUT 0x609

bool kmd_synth_va_bits(const struct kmd_synth *synth, uint64_t *value)
{
	return kmd_synth_boot(synth, KMD_BOOT_VA_BITS, value) && *value >= 36 && *value <= 52;
}

bool kmd_synth_voffset(const struct kmd_synth *synth, uint64_t *value)
{
	return kmd_synth_boot(synth, KMD_BOOT_KIMAGE_VOFFSET, value);
}

bool kmd_synth_phys_offset(const struct kmd_synth *synth, uint64_t *value)
{
	return kmd_synth_boot(synth, KMD_BOOT_PHYS_OFFSET, value);
}

bool kmd_synth_t1sz(const struct kmd_synth *synth, uint64_t *value)
{
	if (!kmd_synth_boot(synth, KMD_BOOT_VABITS_ACTUAL, value) || *value > 64)
		return false;
	*value = 64 - *value;
	return true;
}

bool kmd_synth_pac_mask(const struct kmd_synth *synth, uint64_t *value)
{
	return kmd_synth_boot(synth, KMD_BOOT_PAC_MASK, value);
}

static uint64_t linear_end(const struct kmd_synth *synth)
{
	return kmd_build_page_offset(synth->build.va_bits_min - 1);
}

bool kmd_synth_modules_start(const struct kmd_synth *synth, uint64_t *value)
{
	*value = linear_end(synth);
	return synth->build.va_bits_min != 0;
}

/* The image is linked where the range of modules ends: KIMAGE_VADDR. */
bool kmd_synth_modules_end(const struct kmd_synth *synth, uint64_t *value)
{
	*value = synth->build.text;
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
static bool vmemmap_shift(const struct kmd_synth *synth, unsigned int *shift)
{
	uint64_t size;

	if (!kmd_synth_fact(synth, KMD_TYPE_SIZE, "page", &size) || !size ||
	    size > synth->build.page_size)
		return false;
	*shift = log2_up(synth->build.page_size) - log2_up(size);
	return true;
}

static bool vmemmap_size(const struct kmd_synth *synth, uint64_t *size)
{
	unsigned int shift;
	uint64_t bits;

	if (!vmemmap_shift(synth, &shift) || !kmd_synth_va_bits(synth, &bits) ||
	    !synth->build.va_bits_min)
		return false;
	*size = (linear_end(synth) - kmd_build_page_offset((unsigned int)bits)) >> shift;
	return true;
}

bool kmd_synth_vmemmap_start(const struct kmd_synth *synth, uint64_t *value)
{
	unsigned int shift;
	uint64_t size, bits;

	if (!vmemmap_size(synth, &size) || !vmemmap_shift(synth, &shift) ||
	    !kmd_synth_va_bits(synth, &bits))
		return false;
	if (synth->build.version < NEW_LAYOUT)
		*value = kmd_build_page_offset((unsigned int)bits - shift);
	else
		*value = 0 - SZ_1G - size;
	return true;
}

bool kmd_synth_vmemmap_end(const struct kmd_synth *synth, uint64_t *value)
{
	uint64_t size;

	if (!vmemmap_size(synth, &size) || !kmd_synth_vmemmap_start(synth, value))
		return false;
	*value += size;
	return true;
}

/* What of vmemmap a processor with fewer bits leaves unused goes to vmalloc. */
bool kmd_synth_vmalloc_end(const struct kmd_synth *synth, uint64_t *value)
{
	uint64_t size, bits, actual;

	if (!kmd_synth_vmemmap_start(synth, value))
		return false;
	if (synth->build.version < NEW_LAYOUT) {
		*value -= SZ_256M;
		return true;
	}
	if (!kmd_synth_fact(synth, KMD_TYPE_SIZE, "page", &size) ||
	    !kmd_synth_va_bits(synth, &bits) ||
	    !kmd_synth_boot(synth, KMD_BOOT_VABITS_ACTUAL, &actual) || actual > bits || actual < 36)
		return false;
	*value += (kmd_build_page_offset((unsigned int)actual) -
		   kmd_build_page_offset((unsigned int)bits)) /
			  synth->build.page_size * size -
		  SZ_8M;
	return true;
}

/* Where the struct page of physical address 0 would be; memstart_addr is signed. */
bool kmd_synth_arm64_vmemmap(const struct kmd_synth *synth, uint64_t *value)
{
	uint64_t size, phys_offset, frames;

	if (!kmd_synth_vmemmap_start(synth, value) ||
	    !kmd_synth_fact(synth, KMD_TYPE_SIZE, "page", &size) ||
	    !kmd_synth_phys_offset(synth, &phys_offset))
		return false;
	frames = phys_offset >> 63 ? 0 - (0 - phys_offset) / synth->build.page_size
				   : phys_offset / synth->build.page_size;
	*value -= frames * size;
	return true;
}

/* mem_section's array has a root for each part of physical memory: its region is as long. */
static bool bits_of_region(const struct kmd_synth *synth, uint64_t *bits)
{
	const struct kmd_regions *regions = synth->space.memory->regions;
	uint64_t virt, va_bits, phys_offset, size, section_bits;

	if (!kmd_synth_mem_section(synth, &virt) || !kmd_synth_va_bits(synth, &va_bits) ||
	    !kmd_synth_phys_offset(synth, &phys_offset) ||
	    !kmd_synth_fact(synth, KMD_TYPE_SIZE, "mem_section", &size) || !size ||
	    !kmd_synth_section_bits(synth, &section_bits))
		return false;
	for (size_t i = 0; i < regions->n; i++) {
		const struct kmd_region *region = &regions->rows[i].pub;
		uint64_t sections = region->size / 8 * (synth->build.page_size / size);

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
bool kmd_synth_arm64_physmem_bits(const struct kmd_synth *synth, uint64_t *value)
{
	uint64_t actual = 0, bits = 0;

	if (bits_of_region(synth, value))
		return true;
	if (!kmd_synth_va_bits(synth, &bits))
		return false;
	*value = 48;
	if (synth->build.page_size == 65536)
		*value = bits == 52 ? 52 : 48;
	else if (bits == 52 && kmd_synth_boot(synth, KMD_BOOT_VABITS_ACTUAL, &actual))
		*value = actual == 52 ? 52 : 48;
	return true;
}
