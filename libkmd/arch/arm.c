/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * 32-bit arm: arch/arm/kernel/{head.S,machine_kexec.c}, arch/arm/include/asm/{memory,pgtable}.h,
 * arch/arm/mm/mmu.c.
 *
 * The image is part of the linear map.  VMCOREINFO has neither end of this map nor where it
 * begins in physical memory: that comes from the page tables, which map their own root, from
 * the kernel's variables, or from regions with both addresses.
 */
#include "arch/evidence.h"
#include "arch/generator.h"
#include "arch/paging.h"

#include "base/checked.h"

#include <elf.h>

#define SPACE       (UINT64_C(1) << 32)
/* The lowest base of the linear map: VMSPLIT_1G. */
#define LINEAR_LOW  UINT64_C(0x40000000)
/* The image begins at most 32 MiB above it; crash's arm.c relies on the same. */
#define BASE_MASK   UINT64_C(0x1ffffff)
/* VMALLOC_END less vmalloc's default size of 240 MiB, less the gap of 8 MiB. */
#define LINEAR_HIGH UINT64_C(0xf0000000)
/* PHYS_OFFSET is a multiple of this. */
#define PHYS_ALIGN  (UINT64_C(2) << 20)
/* Modules lie below the linear map. */
#define MODULES     (UINT64_C(16) << 20)

/* The tables lie before the text on arm, behind it on all other 32-bit machines. */
static bool matches_vmcoreinfo(const struct kmd_vmcoreinfo *info)
{
	uint64_t root, text;
	const char *value;
	size_t length;

	if (kmd_vmcoreinfo_get(info, "CONFIG_ARM_LPAE", &value, &length))
		return true;
	return kmd_vmcoreinfo_hex(info, "SYMBOL(swapper_pg_dir)", &root) &&
	       kmd_vmcoreinfo_hex(info, "SYMBOL(_stext)", &text) && root >= LINEAR_LOW &&
	       text < SPACE && !(root & 0xfff) && root < text && text - root <= BASE_MASK;
}

static bool linear_base(const struct kmd_vmcoreinfo *info, uint64_t *base)
{
	/* Both are in the image, which begins the linear map. */
	if (!info->text ||
	    (!kmd_vmcoreinfo_hex(info, "SYMBOL(swapper_pg_dir)", base) &&
	     !kmd_vmcoreinfo_hex(info, "SYMBOL(_stext)", base)) ||
	    *base < LINEAR_LOW || *base >= SPACE)
		return false;
	*base &= ~BASE_MASK;
	return true;
}

static uint64_t linear_end(const struct kmd_vmcoreinfo *info, const struct kmd_runtime *runtime,
			   uint64_t base)
{
	uint64_t end = LINEAR_HIGH, vmalloc;

	if (kmd_runtime_get(runtime, KMD_RUNTIME_LINEAR_END, &end))
		return end;
	/* vmalloc begins at the next multiple of 8 MiB, with a gap. */
	if (info->text && kmd_vmcoreinfo_number(info, "NUMBER(VMALLOC_START)", &vmalloc) &&
	    vmalloc > base && vmalloc < SPACE)
		end = vmalloc;
	return end;
}

static bool linear_delta(const struct kmd_runtime *runtime, const struct kmd_memory *memory,
			 uint64_t base, uint64_t *delta)
{
	if (kmd_runtime_get(runtime, KMD_RUNTIME_KIMAGE_VOFFSET, delta))
		return true;
	if (kmd_runtime_get(runtime, KMD_RUNTIME_PHYS_OFFSET, delta)) {
		*delta = base - *delta;
		return true;
	}
	return kmd_common_delta(memory, base, SPACE, PHYS_ALIGN, delta);
}

static void layout(const struct kmd_vmcoreinfo *info, const struct kmd_runtime *runtime,
		   const struct kmd_memory *memory, struct kmd_layout *out)
{
	bool has_base;

	out->linear.low = LINEAR_LOW;
	has_base = linear_base(info, &out->linear.low);
	out->linear.high = linear_end(info, runtime, out->linear.low);
	out->linear.known = linear_delta(runtime, memory, out->linear.low, &out->linear.delta);
	if (has_base)
		out->image = out->linear;
}

/* ----- a build, and evidence */

#define WHO_PAIRS  "regions by linear address"
#define WHO_PFN    "__pv_phys_pfn_offset in memory"
#define WHO_HIGH   "high_memory in memory"
#define PAGE_SHIFT 12

static void read_build(const struct kmd_vmlinux *vmlinux, struct kmd_build *build)
{
	(void)vmlinux;
	build->page_size = 1u << PAGE_SHIFT;
}

static void add_delta(struct kmd_evidence *evidence, uint64_t delta, const char *who)
{
	kmd_evidence_add(evidence, KMD_RUNTIME_KIMAGE_VOFFSET, delta, who, KMD_WEIGHT_PLAIN);
}

static void pair_evidence(struct kmd_evidence *evidence)
{
	uint64_t base = LINEAR_LOW, delta;

	if (!linear_base(evidence->info, &base) && evidence->build.text)
		base = evidence->build.text & ~BASE_MASK;
	if (kmd_common_delta(evidence->memory, base, SPACE, PHYS_ALIGN, &delta))
		add_delta(evidence, delta, WHO_PAIRS);
}

static void variable_evidence(struct kmd_evidence *evidence)
{
	uint64_t base = evidence->build.text & ~BASE_MASK, value;

	/* 0 before the kernel has set it up. */
	if (base && kmd_evidence_variable(evidence, "__pv_phys_pfn_offset", 4, &value) && value)
		add_delta(evidence, base - (value << PAGE_SHIFT), WHO_PFN);
	if (base && kmd_evidence_variable(evidence, "high_memory", 4, &value) && value > base)
		kmd_evidence_add(evidence, KMD_RUNTIME_LINEAR_END, value, WHO_HIGH,
				 KMD_WEIGHT_PLAIN);
}

/* ----- page tables */

/* The root of LPAE lies one page lower: PG_DIR_SIZE is 0x5000, and 0x4000 without. */
static bool is_lpae(uint64_t root_virt)
{
	return (root_virt & 0x3fff) == 0x3000;
}

static bool read_paging(const struct kmd_vmcoreinfo *info, struct kmd_paging *paging)
{
	(void)info;
	if (paging->page_shift != PAGE_SHIFT || paging->root_virt < LINEAR_LOW ||
	    paging->root_virt >= SPACE)
		return false;
	paging->layout = is_lpae(paging->root_virt) ? KMD_PA_ARM_LPAE : KMD_PA_ARM;
	if (paging->layout == KMD_PA_ARM && paging->root_virt & 0x3fff)
		return false;
	paging->va_bits = paging->root_bits = 32;
	paging->pa_bits = paging->layout == KMD_PA_ARM ? 32 : 40;
	paging->low = (paging->root_virt & ~BASE_MASK) - MODULES;
	return true;
}

/* ----- VMCOREINFO */

static const char *lpae(const struct kmd_generator *generator)
{
	uint64_t root;

	return kmd_vmlinux_symbol(generator->vmlinux, "swapper_pg_dir", &root) && is_lpae(root)
		       ? "y"
		       : "";
}

/* VMALLOC_OFFSET is 8 MiB (arch/arm/include/asm/pgtable.h). */
static bool vmalloc_start(const struct kmd_generator *generator, uint64_t *value)
{
	const uint64_t offset = UINT64_C(8) << 20;

	if (!kmd_generate_boot(generator, KMD_RUNTIME_LINEAR_END, value))
		return false;
	*value = kmd_align_down(*value + offset, offset);
	return true;
}

static bool none(const struct kmd_generator *generator, uint64_t *value)
{
	(void)generator;
	(void)value;
	return false;
}

/* arch/arm/include/asm/sparsemem.h */
static bool physmem_bits(const struct kmd_generator *generator, uint64_t *value)
{
	(void)generator;
	*value = 36;
	return true;
}

static bool section_bits(const struct kmd_generator *generator, uint64_t *value)
{
	(void)generator;
	*value = 28;
	return true;
}

static const struct kmd_generate_key keys[] = {
	{ .kind = KMD_KEY_TEXT, .name = "CONFIG_ARM_LPAE", .text = lpae },
};

static const struct kmd_arch_vmcoreinfo vmcoreinfo = {
	.keys = keys,
	.n_keys = sizeof(keys) / sizeof(keys[0]),
	.vmalloc_start = vmalloc_start,
	.vmemmap = none,
	.physmem_bits = physmem_bits,
	.section_bits = section_bits,
};

const struct kmd_arch kmd_arch_arm = {
	.name = "arm",
	.machine = EM_ARM,
	.elf_class = ELFCLASS32,
	.matches_vmcoreinfo = matches_vmcoreinfo,
	.layout = layout,
	.kaslr_align = PHYS_ALIGN,
	.has_image_key = true,
	.image_key = KMD_RUNTIME_KIMAGE_VOFFSET,
	.irq_stack_by_end = true,
	.no_kaslr = true,
	.self_mapped = true,
	.read_build = read_build,
	.pair_evidence = pair_evidence,
	.variable_evidence = variable_evidence,
	.read_paging = read_paging,
	.vmcoreinfo = &vmcoreinfo,
};
