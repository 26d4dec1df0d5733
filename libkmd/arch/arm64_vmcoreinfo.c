/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* arm64: arch/arm64/include/asm/{memory,pgtable,sparsemem,pgtable-hwdef}.h. */
#include "arch/generator.h"

#include "base/checked.h"

#define SZ_8M      (UINT64_C(8) << 20)
#define SZ_256M    (UINT64_C(256) << 20)
#define SZ_1G      (UINT64_C(1) << 30)

/* Since then the regions above the image have another layout. */
#define NEW_LAYOUT KMD_VERSION_OF(6, 9)

static bool va_bits(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_generate_boot(generator, KMD_RUNTIME_VA_BITS, value) && *value >= 36 &&
	       *value <= 52;
}

static bool voffset(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_generate_boot(generator, KMD_RUNTIME_KIMAGE_VOFFSET, value);
}

static bool phys_offset(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_generate_boot(generator, KMD_RUNTIME_PHYS_OFFSET, value);
}

static bool t1sz(const struct kmd_generator *generator, uint64_t *value)
{
	if (!kmd_generate_boot(generator, KMD_RUNTIME_VABITS_ACTUAL, value) || *value > 64)
		return false;
	*value = 64 - *value;
	return true;
}

static bool pac_mask(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_generate_boot(generator, KMD_RUNTIME_PAC_MASK, value);
}

static uint64_t linear_end(const struct kmd_generator *generator)
{
	return kmd_build_page_offset(generator->build.va_bits_min - 1);
}

static bool modules_start(const struct kmd_generator *generator, uint64_t *value)
{
	*value = linear_end(generator);
	return generator->build.va_bits_min != 0;
}

/* The image is linked where the range of modules ends: KIMAGE_VADDR. */
static bool modules_end(const struct kmd_generator *generator, uint64_t *value)
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

	if (!vmemmap_shift(generator, &shift) || !va_bits(generator, &bits) ||
	    !generator->build.va_bits_min)
		return false;
	*size = (linear_end(generator) - kmd_build_page_offset((unsigned int)bits)) >> shift;
	return true;
}

static bool vmemmap_start(const struct kmd_generator *generator, uint64_t *value)
{
	unsigned int shift;
	uint64_t size, bits;

	if (!vmemmap_size(generator, &size) || !vmemmap_shift(generator, &shift) ||
	    !va_bits(generator, &bits))
		return false;
	if (generator->build.version < NEW_LAYOUT)
		*value = kmd_build_page_offset((unsigned int)bits - shift);
	else
		*value = 0 - SZ_1G - size;
	return true;
}

static bool vmemmap_end(const struct kmd_generator *generator, uint64_t *value)
{
	uint64_t size;

	if (!vmemmap_size(generator, &size) || !vmemmap_start(generator, value))
		return false;
	*value += size;
	return true;
}

/* What of vmemmap a processor with fewer bits leaves unused goes to vmalloc. */
static bool vmalloc_end(const struct kmd_generator *generator, uint64_t *value)
{
	uint64_t size, bits, actual;

	if (!vmemmap_start(generator, value))
		return false;
	if (generator->build.version < NEW_LAYOUT) {
		*value -= SZ_256M;
		return true;
	}
	if (!kmd_generate_fact(generator, KMD_TYPE_SIZE, "page", &size) ||
	    !va_bits(generator, &bits) ||
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
static bool vmemmap(const struct kmd_generator *generator, uint64_t *value)
{
	uint64_t size, memstart, frames;

	if (!vmemmap_start(generator, value) ||
	    !kmd_generate_fact(generator, KMD_TYPE_SIZE, "page", &size) ||
	    !phys_offset(generator, &memstart))
		return false;
	frames = memstart >> 63 ? 0 - (0 - memstart) / generator->build.page_size
				: memstart / generator->build.page_size;
	*value -= frames * size;
	return true;
}

static bool section_bits(const struct kmd_generator *generator, uint64_t *value)
{
	*value = 27;
	if (generator->build.version < KMD_VERSION_OF(5, 12))
		*value = 30;
	else if (generator->build.page_size == 65536)
		*value = 29;
	return true;
}

/* mem_section's array has a root for each part of physical memory: its region is as long. */
static bool bits_of_region(const struct kmd_generator *generator, uint64_t *bits)
{
	const struct kmd_regions *regions = generator->reader.memory->regions;
	uint64_t virt, bits_built, memstart, size, section;

	if (!kmd_generate_mem_section(generator, &virt) || !va_bits(generator, &bits_built) ||
	    !phys_offset(generator, &memstart) ||
	    !kmd_generate_fact(generator, KMD_TYPE_SIZE, "mem_section", &size) || !size ||
	    !section_bits(generator, &section))
		return false;
	for (size_t i = 0; i < regions->n; i++) {
		const struct kmd_region *region = &regions->rows[i].pub;
		uint64_t sections = region->size / 8 * (generator->build.page_size / size);

		if (!region->has_phys || !kmd_is_pow2(sections) ||
		    region->phys !=
			    virt - kmd_build_page_offset((unsigned int)bits_built) + memstart)
			continue;
		*bits = log2_up(sections) + section;
		if (*bits == 48 || *bits == 52)
			return true;
	}
	return false;
}

/*
 * CONFIG_ARM64_PA_BITS, of which the vmlinux keeps no trace.  With pages of less than
 * 64 KiB 52 bits of physical address need 52 of virtual in use (6.9 and later).
 */
static bool physmem_bits(const struct kmd_generator *generator, uint64_t *value)
{
	uint64_t actual = 0, bits = 0;

	if (bits_of_region(generator, value))
		return true;
	if (!va_bits(generator, &bits))
		return false;
	*value = 48;
	if (generator->build.page_size == 65536)
		*value = bits == 52 ? 52 : 48;
	else if (bits == 52 && kmd_generate_boot(generator, KMD_RUNTIME_VABITS_ACTUAL, &actual))
		*value = actual == 52 ? 52 : 48;
	return true;
}

/* clang-format off */
static const struct kmd_generate_key keys[] = {
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(VA_BITS)", .value = va_bits,
	  .needed = true },
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(MODULES_VADDR)", .format = KMD_KEY_HEX,
	  .value = modules_start, .since = KMD_VERSION_OF(5, 19) },
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(MODULES_END)", .format = KMD_KEY_HEX,
	  .value = modules_end, .since = KMD_VERSION_OF(5, 19) },
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(VMALLOC_START)", .format = KMD_KEY_HEX,
	  .value = modules_end, .since = KMD_VERSION_OF(5, 19), .until = KMD_VERSION_OF(6, 8) },
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(VMALLOC_END)", .format = KMD_KEY_HEX,
	  .value = vmalloc_end, .since = KMD_VERSION_OF(5, 19) },
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(VMEMMAP_START)", .format = KMD_KEY_HEX,
	  .value = vmemmap_start, .since = KMD_VERSION_OF(5, 19) },
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(VMEMMAP_END)", .format = KMD_KEY_HEX,
	  .value = vmemmap_end, .since = KMD_VERSION_OF(5, 19) },
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(kimage_voffset)", .format = KMD_KEY_HEX,
	  .value = voffset, .needed = true },
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(PHYS_OFFSET)", .format = KMD_KEY_HEX,
	  .value = phys_offset, .needed = true },
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(TCR_EL1_T1SZ)", .format = KMD_KEY_HEX,
	  .value = t1sz, .since = KMD_VERSION_OF(5, 9), .needed = true },
	{ .kind = KMD_KEY_VALUE, .name = "KERNELOFFSET", .format = KMD_KEY_BARE_HEX,
	  .value = kmd_generate_kaslr, .needed = true },
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(KERNELPACMASK)", .format = KMD_KEY_HEX,
	  .value = pac_mask, .since = KMD_VERSION_OF(5, 8), .needed = true },
};
/* clang-format on */

const struct kmd_arch_vmcoreinfo kmd_arm64_vmcoreinfo = {
	.keys = keys,
	.n_keys = sizeof(keys) / sizeof(keys[0]),
	.vmalloc_start = modules_end,
	.vmemmap = vmemmap,
	.physmem_bits = physmem_bits,
	.section_bits = section_bits,
};
