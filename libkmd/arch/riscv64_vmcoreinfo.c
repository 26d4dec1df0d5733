/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* riscv64: arch/riscv/kernel/vmcore_info.c, arch/riscv/include/asm/{pgtable,sparsemem}.h. */
#include "arch/generator.h"

#include "base/checked.h"

#define SZ_2G      (UINT64_C(2) << 30)
#define PAGE_SHIFT 12

static bool va_bits(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_generate_boot(generator, KMD_RUNTIME_VA_BITS, value) && *value >= 39 &&
	       *value <= 57;
}

static bool ram_base(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_generate_boot(generator, KMD_RUNTIME_PHYS_OFFSET, value);
}

static bool page_offset(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_generate_boot(generator, KMD_RUNTIME_PAGE_OFFSET, value);
}

static bool kernel_pa_offset(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_generate_boot(generator, KMD_RUNTIME_KIMAGE_VOFFSET, value);
}

/* Half of the kernel's space is the linear map, a quarter of it vmalloc, below. */
static bool vmalloc_start(const struct kmd_generator *generator, uint64_t *value)
{
	uint64_t bits;

	if (!page_offset(generator, value) || !va_bits(generator, &bits))
		return false;
	*value -= UINT64_C(1) << (bits - 3);
	return true;
}

/* BIT(VMEMMAP_SHIFT), with STRUCT_PAGE_MAX_SHIFT. */
static bool vmemmap_start(const struct kmd_generator *generator, uint64_t *value)
{
	uint64_t bits, size;
	unsigned int shift = 0;

	if (!vmalloc_start(generator, value) || !va_bits(generator, &bits) ||
	    !kmd_generate_fact(generator, KMD_TYPE_SIZE, "page", &size) || !size ||
	    size > UINT64_C(1) << PAGE_SHIFT)
		return false;
	while (UINT64_C(1) << shift < size)
		shift++;
	*value -= UINT64_C(1) << (bits - PAGE_SHIFT - 1 + shift);
	return true;
}

/* Where the struct page of physical address 0 would be. */
static bool vmemmap(const struct kmd_generator *generator, uint64_t *value)
{
	uint64_t frame, size;

	if (!vmemmap_start(generator, value) ||
	    !kmd_generate_fact(generator, KMD_TYPE_SIZE, "page", &size))
		return false;
	/* The frame may lie below phys_ram_base where a section of memory does. */
	if (!kmd_image_reader_variable(&generator->reader, "vmemmap_start_pfn", 8, &frame)) {
		if (kmd_generate_has(generator, "vmemmap_start_pfn") ||
		    !ram_base(generator, &frame))
			return false;
		frame >>= PAGE_SHIFT;
	}
	*value -= frame * size;
	return true;
}

static bool modules_end(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_generate_address(generator, "_start", value);
}

static bool modules_start(const struct kmd_generator *generator, uint64_t *value)
{
	if (!kmd_generate_address(generator, "_end", value))
		return false;
	*value = kmd_align_up(*value, UINT64_C(1) << PAGE_SHIFT) - SZ_2G;
	return true;
}

static bool link_address(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_vmlinux_symbol(generator->vmlinux, "_start", value);
}

static bool physmem_bits(const struct kmd_generator *generator, uint64_t *value)
{
	(void)generator;
	*value = 56;
	return true;
}

static bool section_bits(const struct kmd_generator *generator, uint64_t *value)
{
	(void)generator;
	*value = 27;
	return true;
}

/* The kernel does not write KERNELOFFSET; debuggers take it for 0. */
static bool moved(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_generate_kaslr(generator, value) && *value;
}

/* Kernels before 6.2 lack these; crash needs them. */
/* clang-format off */
static const struct kmd_generate_key keys[] = {
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(phys_ram_base)", .value = ram_base,
	  .needed = true },
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(PAGE_OFFSET)", .format = KMD_KEY_HEX,
	  .value = page_offset, .needed = true },
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(VMALLOC_START)", .format = KMD_KEY_HEX,
	  .value = vmalloc_start, .until = KMD_VERSION_OF(6, 8) },
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(VMALLOC_END)", .format = KMD_KEY_HEX,
	  .value = page_offset },
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(VA_BITS)", .value = va_bits, .needed = true },
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(VMEMMAP_START)", .format = KMD_KEY_HEX,
	  .value = vmemmap_start },
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(VMEMMAP_END)", .format = KMD_KEY_HEX,
	  .value = vmalloc_start },
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(MODULES_VADDR)", .format = KMD_KEY_HEX,
	  .value = modules_start },
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(MODULES_END)", .format = KMD_KEY_HEX,
	  .value = modules_end },
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(KERNEL_LINK_ADDR)", .format = KMD_KEY_HEX,
	  .value = link_address },
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(va_kernel_pa_offset)", .format = KMD_KEY_HEX,
	  .value = kernel_pa_offset, .needed = true },
	{ .kind = KMD_KEY_VALUE, .name = "KERNELOFFSET", .format = KMD_KEY_BARE_HEX,
	  .value = moved },
};
/* clang-format on */

const struct kmd_arch_vmcoreinfo kmd_riscv64_vmcoreinfo = {
	.keys = keys,
	.n_keys = sizeof(keys) / sizeof(keys[0]),
	.vmalloc_start = vmalloc_start,
	.vmemmap = vmemmap,
	.physmem_bits = physmem_bits,
	.section_bits = section_bits,
};
