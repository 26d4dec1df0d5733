/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * x86_64: arch/x86/include/asm/page_64_types.h, pgtable_64_types.h,
 * arch/x86/kernel/machine_kexec_64.c, vmcore_info_64.c.
 *
 * The image lies in a range of its own at the top; nothing else is mapped there.
 * The linear map's base is random and not in VMCOREINFO: it comes from the kernel's
 * own variable, from regions that were registered by linear address, or from
 * mem_section, which VMCOREINFO names and which is a region of its own.
 */
#include "arch/evidence.h"
#include "arch/generator.h"
#include "arch/paging.h"

#include "base/checked.h"

#include <elf.h>

#define START_KERNEL_MAP UINT64_C(0xffffffff80000000)
#define LINEAR_LOW       UINT64_C(0xff00000000000000)
/* The base of the linear map is a multiple of what one PUD entry maps. */
#define LINEAR_ALIGN     (UINT64_C(1) << 30)
#define IMAGE_SIZE       (UINT64_C(1) << 30)

static bool matches_vmcoreinfo(const struct kmd_vmcoreinfo *info)
{
	uint64_t number;

	return kmd_vmcoreinfo_hex(info, "SYMBOL(init_top_pgt)", &number) ||
	       (kmd_vmcoreinfo_number(info, "NUMBER(phys_base)", &number) &&
		kmd_vmcoreinfo_number(info, "NUMBER(pgtable_l5_enabled)", &number));
}

/*
 * mem_section points to an array of its own in the linear map; the region that
 * starts at the same place below 1 GiB, and has that length, gives the distance.
 */
static bool delta_of_mem_section(const struct kmd_vmcoreinfo *info, const struct kmd_memory *memory,
				 uint64_t *delta)
{
	const struct kmd_regions *regions = memory->regions;
	uint64_t virt, length;
	size_t found = 0;

	if (!kmd_vmcoreinfo_hex(info, "SYMBOL(mem_section)", &virt) || virt < LINEAR_LOW ||
	    virt >= START_KERNEL_MAP ||
	    !kmd_vmcoreinfo_number(info, "LENGTH(mem_section)", &length) || length > UINT32_MAX)
		return false;
	for (size_t i = 0; i < regions->n; i++) {
		const struct kmd_region *region = &regions->rows[i].pub;
		uint64_t value = virt - region->phys;

		if (!region->has_phys || region->size != length * 8 ||
		    (value & (LINEAR_ALIGN - 1)) || (found && value == *delta))
			continue;
		*delta = value;
		found++;
	}
	return found == 1;
}

/*
 * Where the image begins, on a 2 MiB boundary.  Below it nothing is mapped, so a lower bound
 * would give addresses to memory that has none.  Without _stext the lowest symbol is a bound
 * that costs the text; without symbols KASLR has moved the start at least.
 */
static uint64_t image_start(const struct kmd_vmcoreinfo *info, const struct kmd_runtime *runtime)
{
	static const char *const symbols[] = { "SYMBOL(kallsyms_offsets)", "SYMBOL(kallsyms_names)",
					       "SYMBOL(init_top_pgt)", "SYMBOL(swapper_pg_dir)",
					       "SYMBOL(init_uts_ns)" };
	uint64_t start = UINT64_MAX, value;

	if (info->text && kmd_vmcoreinfo_hex(info, "SYMBOL(_stext)", &value))
		start = value;
	else
		for (size_t i = 0; info->text && i < sizeof(symbols) / sizeof(symbols[0]); i++)
			if (kmd_vmcoreinfo_hex(info, symbols[i], &value))
				start = kmd_min_u64(start, value);
	if (start == UINT64_MAX)
		start = kmd_runtime_get(runtime, KMD_RUNTIME_KASLR, &value) && value < IMAGE_SIZE
				? START_KERNEL_MAP + value
				: START_KERNEL_MAP;
	return kmd_max_u64(START_KERNEL_MAP, start & ~((UINT64_C(2) << 20) - 1));
}

static void layout(const struct kmd_vmcoreinfo *info, const struct kmd_runtime *runtime,
		   const struct kmd_memory *memory, struct kmd_layout *out)
{
	uint64_t phys_base, size = IMAGE_SIZE;

	out->linear.low = LINEAR_LOW;
	out->linear.high = START_KERNEL_MAP;
	out->linear.known =
		kmd_runtime_get(runtime, KMD_RUNTIME_PAGE_OFFSET, &out->linear.delta) ||
		kmd_common_delta(memory, LINEAR_LOW, START_KERNEL_MAP, LINEAR_ALIGN,
				 &out->linear.delta) ||
		(info->text && memory && delta_of_mem_section(info, memory, &out->linear.delta));
	if (!kmd_runtime_or_number(runtime, KMD_RUNTIME_PHYS_BASE, info, "NUMBER(phys_base)",
				   &phys_base))
		return;
	if (info->text)
		kmd_vmcoreinfo_number(info, "NUMBER(KERNEL_IMAGE_SIZE)", &size);
	out->image.known = true;
	out->image.delta = START_KERNEL_MAP - phys_base;
	out->image.low = image_start(info, runtime);
	out->image.high = START_KERNEL_MAP + kmd_min_u64(size, IMAGE_SIZE);
}

/* ----- a build, and evidence */

#define WHO_PHYS_BASE   "phys_base in memory"
#define WHO_L5          "__pgtable_l5_enabled in memory"
#define WHO_PAGE_OFFSET "page_offset_base in memory"
#define WHO_SME         "sme_me_mask in memory"
#define WHO_LINEAR      "regions by linear address"

/* The space of four levels begins above that of five. */
#define LINEAR_4LEVEL   UINT64_C(0xffff800000000000)
/* The base of the linear map without CONFIG_RANDOMIZE_MEMORY. */
#define LINEAR_FIXED    UINT64_C(0xffff888000000000)

static void read_build(const struct kmd_vmlinux *vmlinux, struct kmd_build *build)
{
	(void)vmlinux;
	build->page_size = 4096;
}

static void build_evidence(struct kmd_evidence *evidence)
{
	kmd_evidence_constant(evidence, "__pgtable_l5_enabled", KMD_RUNTIME_L5, 0);
	kmd_evidence_constant(evidence, "sme_me_mask", KMD_RUNTIME_SME_MASK, 0);
	kmd_evidence_constant(evidence, "page_offset_base", KMD_RUNTIME_PAGE_OFFSET, LINEAR_FIXED);
}

static void pair_evidence(struct kmd_evidence *evidence)
{
	uint64_t delta;

	if (!kmd_common_delta(evidence->memory, LINEAR_LOW, START_KERNEL_MAP, LINEAR_ALIGN, &delta))
		return;
	kmd_evidence_add(evidence, KMD_RUNTIME_PAGE_OFFSET, delta, WHO_LINEAR, KMD_WEIGHT_PLAIN);
	kmd_evidence_add(evidence, KMD_RUNTIME_L5, delta < LINEAR_4LEVEL, WHO_LINEAR,
			 KMD_WEIGHT_PLAIN);
}

static void add_kaslr(struct kmd_evidence *evidence, uint64_t kaslr, const char *who)
{
	if (evidence->reader.has_image_delta && kmd_build_kaslr_ok(&evidence->build, kaslr))
		kmd_evidence_add(evidence, KMD_RUNTIME_KASLR, kaslr, who, KMD_WEIGHT_PLAIN);
}

static void variable_evidence(struct kmd_evidence *evidence)
{
	const struct kmd_image_reader *reader = &evidence->reader;
	uint64_t value;

	if (kmd_evidence_variable(evidence, "phys_base", 8, &value) &&
	    !(value & (kmd_build_align(&evidence->build) - 1))) {
		kmd_evidence_add(evidence, KMD_RUNTIME_PHYS_BASE, value, WHO_PHYS_BASE,
				 KMD_WEIGHT_PLAIN);
		add_kaslr(evidence, START_KERNEL_MAP - value - reader->image_delta, WHO_PHYS_BASE);
	}
	if (kmd_evidence_variable(evidence, "__pgtable_l5_enabled", 4, &value) && value <= 1)
		kmd_evidence_add(evidence, KMD_RUNTIME_L5, value, WHO_L5, KMD_WEIGHT_PLAIN);
	if (kmd_evidence_variable(evidence, "page_offset_base", 8, &value) && value >= LINEAR_LOW &&
	    value < START_KERNEL_MAP && !(value & (LINEAR_ALIGN - 1))) {
		kmd_evidence_add(evidence, KMD_RUNTIME_PAGE_OFFSET, value, WHO_PAGE_OFFSET,
				 KMD_WEIGHT_PLAIN);
		/* The space of four levels begins above that of five. */
		kmd_evidence_add(evidence, KMD_RUNTIME_L5, value < LINEAR_4LEVEL, WHO_PAGE_OFFSET,
				 KMD_WEIGHT_PLAIN);
	}
	if (kmd_evidence_variable(evidence, "sme_me_mask", 8, &value) &&
	    (!value || (kmd_is_pow2(value) && value >> 32)))
		kmd_evidence_add(evidence, KMD_RUNTIME_SME_MASK, value, WHO_SME, KMD_WEIGHT_PLAIN);
}

/* ----- page tables */

static bool read_paging(const struct kmd_vmcoreinfo *info, struct kmd_paging *paging)
{
	bool five = kmd_arch_number(info, "NUMBER(pgtable_l5_enabled)", 0, 1, 0);

	if (paging->page_shift != 12)
		return false;
	paging->layout = KMD_PA_X86_64;
	paging->va_bits = paging->root_bits = five ? 57 : 48;
	paging->pa_bits = kmd_arch_number(info, "NUMBER(MAX_PHYSMEM_BITS)", 32, 52, five ? 52 : 46);
	/* The mask is one high bit; anything else is no mask. */
	if (kmd_vmcoreinfo_number(info, "NUMBER(sme_mask)", &paging->encrypted) &&
	    (!kmd_is_pow2(paging->encrypted) || paging->encrypted >> 32 == 0))
		paging->encrypted = 0;
	if (paging->encrypted && (unsigned int)__builtin_ctzll(paging->encrypted) < paging->pa_bits)
		paging->pa_bits = (unsigned int)__builtin_ctzll(paging->encrypted);
	return true;
}

/* ----- VMCOREINFO */

#define SIZE_FIXED  (UINT64_C(512) << 20)
#define SIZE_RANDOM (UINT64_C(1) << 30)

static bool phys_base(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_generate_boot(generator, KMD_RUNTIME_PHYS_BASE, value);
}

static bool l5(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_generate_boot(generator, KMD_RUNTIME_L5, value);
}

static bool sme_mask(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_generate_boot(generator, KMD_RUNTIME_SME_MASK, value);
}

/* CONFIG_RANDOMIZE_BASE brings the random numbers that CONFIG_RANDOMIZE_MEMORY draws. */
static bool image_size(const struct kmd_generator *generator, uint64_t *value)
{
	uint64_t kaslr = 0;

	kmd_generate_boot(generator, KMD_RUNTIME_KASLR, &kaslr);
	*value = kaslr || kmd_generate_has(generator, "kaslr_get_random_long") ? SIZE_RANDOM
									       : SIZE_FIXED;
	return true;
}

static bool vmalloc_start(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_image_reader_variable(&generator->reader, "vmalloc_base", 8, value) && *value;
}

static bool vmemmap(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_image_reader_variable(&generator->reader, "vmemmap_base", 8, value) && *value;
}

static bool physmem_bits(const struct kmd_generator *generator, uint64_t *value)
{
	uint64_t five;

	if (!kmd_generate_boot(generator, KMD_RUNTIME_L5, &five))
		return false;
	*value = five ? 52 : 46;
	return true;
}

static bool section_bits(const struct kmd_generator *generator, uint64_t *value)
{
	(void)generator;
	*value = 27;
	return true;
}

/* clang-format off */
static const struct kmd_generate_key keys[] = {
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(phys_base)", .value = phys_base,
	  .needed = true },
	{ .kind = KMD_KEY_SYMBOL, .name = "init_top_pgt", .needed = true },
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(pgtable_l5_enabled)", .value = l5,
	  .needed = true },
	{ .kind = KMD_KEY_SYMBOL, .name = "node_data", .if_symbol = "!contig_page_data" },
	{ .kind = KMD_KEY_ELEMENTS, .name = "node_data", .if_symbol = "!contig_page_data" },
	{ .kind = KMD_KEY_VALUE, .name = "KERNELOFFSET", .format = KMD_KEY_BARE_HEX,
	  .value = kmd_generate_kaslr, .needed = true },
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(KERNEL_IMAGE_SIZE)", .value = image_size },
	{ .kind = KMD_KEY_VALUE, .name = "NUMBER(sme_mask)", .value = sme_mask },
};
/* clang-format on */

static const struct kmd_arch_vmcoreinfo vmcoreinfo = {
	.keys = keys,
	.n_keys = sizeof(keys) / sizeof(keys[0]),
	.vmalloc_start = vmalloc_start,
	.vmemmap = vmemmap,
	.physmem_bits = physmem_bits,
	.section_bits = section_bits,
};

const struct kmd_arch kmd_arch_x86_64 = {
	.name = "x86_64",
	.machine = EM_X86_64,
	.elf_class = ELFCLASS64,
	.matches_vmcoreinfo = matches_vmcoreinfo,
	.layout = layout,
	/* The kernel is mapped by sections of 2 MiB. */
	.kaslr_align = UINT64_C(2) << 20,
	.image_base = START_KERNEL_MAP,
	.image_max = IMAGE_SIZE,
	.has_image_key = true,
	.image_key = KMD_RUNTIME_PHYS_BASE,
	.image_variable = "phys_base",
	.link_aliases = true,
	.irq_stack_by_end = true,
	.read_build = read_build,
	.build_evidence = build_evidence,
	.pair_evidence = pair_evidence,
	.variable_evidence = variable_evidence,
	.read_paging = read_paging,
	.vmcoreinfo = &vmcoreinfo,
};
