/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * riscv64: arch/riscv/kernel/vmcore_info.c, arch/riscv/include/asm/{page,pgtable}.h,
 * Documentation/arch/riscv/vm-layout.rst.
 */
#include "arch/evidence.h"
#include "arch/generator.h"
#include "arch/paging.h"

#include "base/checked.h"

#include <elf.h>

#define SZ_2M       (UINT64_C(2) << 20)
#define SZ_2G       (UINT64_C(2) << 30)
/* KERNEL_LINK_ADDR since 5.13; KASLR (6.8 and later) keeps the image in the GiB above. */
#define LINK_ADDR   UINT64_C(0xffffffff80000000)
#define IMAGE_SIZE  (UINT64_C(1) << 30)
/* Above it are modules and the image, below it all else, KASAN's shadow among it. */
#define LINEAR_HIGH UINT64_C(0xffffffff00000000)

/* The kernel's half of the address space in Sv39, Sv48 and Sv57. */
static bool bits_of_space(uint64_t page_offset, unsigned int *bits)
{
	static const unsigned int modes[] = { 39, 48, 57 };

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (page_offset >= 0 - (UINT64_C(1) << (modes[i] - 1))) {
			*bits = modes[i];
			return true;
		}
	return false;
}

static bool matches_vmcoreinfo(const struct kmd_vmcoreinfo *info)
{
	uint64_t number;

	return kmd_vmcoreinfo_number(info, "NUMBER(va_kernel_pa_offset)", &number) ||
	       kmd_vmcoreinfo_number(info, "NUMBER(phys_ram_base)", &number);
}

/* vmalloc ends where the linear map begins, or one byte before it. */
static bool page_offset_of(const struct kmd_vmcoreinfo *info, const struct kmd_runtime *runtime,
			   uint64_t *value)
{
	unsigned int bits;

	if (!kmd_runtime_or_number(runtime, KMD_RUNTIME_PAGE_OFFSET, info, "NUMBER(PAGE_OFFSET)",
				   value)) {
		if (!info->text || !kmd_vmcoreinfo_number(info, "NUMBER(VMALLOC_END)", value))
			return false;
		*value = (*value + 1) & ~UINT64_C(1);
	}
	return bits_of_space(*value, &bits) && *value < LINEAR_HIGH && !(*value & (SZ_2M - 1));
}

static void linear_map(const struct kmd_vmcoreinfo *info, const struct kmd_runtime *runtime,
		       const struct kmd_memory *memory, struct kmd_map *map)
{
	uint64_t ram_base;

	if (!page_offset_of(info, runtime, &map->low))
		return;
	map->high = LINEAR_HIGH;
	map->known = kmd_runtime_or_number(runtime, KMD_RUNTIME_PHYS_OFFSET, info,
					   "NUMBER(phys_ram_base)", &ram_base);
	if (map->known)
		map->delta = map->low - ram_base;
	else
		map->known = kmd_common_delta(memory, map->low, map->high, SZ_2M, &map->delta);
}

/* Where the image starts, wherever KASLR has moved it. */
static uint64_t image_start(const struct kmd_vmcoreinfo *info, const struct kmd_runtime *runtime)
{
	uint64_t link = LINK_ADDR, kaslr;

	if (info->text)
		kmd_vmcoreinfo_number(info, "NUMBER(KERNEL_LINK_ADDR)", &link);
	if (!kmd_runtime_get(runtime, KMD_RUNTIME_KASLR, &kaslr) &&
	    !(info->text && kmd_vmcoreinfo_kaslr(info, &kaslr)))
		kaslr = 0;
	return link + kaslr;
}

/*
 * Modules lie in the 2 GiB that end where the image does, below the image: MODULES_VADDR is
 * its end less 2 GiB, and MODULES_END its start.
 */
static void image_map(const struct kmd_vmcoreinfo *info, const struct kmd_runtime *runtime,
		      const struct kmd_memory *memory, struct kmd_map *map)
{
	uint64_t modules;

	map->low = image_start(info, runtime);
	map->high = UINT64_MAX;
	if (info->text && kmd_vmcoreinfo_number(info, "NUMBER(MODULES_VADDR)", &modules) &&
	    modules <= UINT64_MAX - SZ_2G && modules + SZ_2G > map->low)
		map->high = modules + SZ_2G;
	map->known = kmd_runtime_or_number(runtime, KMD_RUNTIME_KIMAGE_VOFFSET, info,
					   "NUMBER(va_kernel_pa_offset)", &map->delta) ||
		     kmd_common_delta(memory, map->low, map->high, SZ_2M, &map->delta);
}

static void layout(const struct kmd_vmcoreinfo *info, const struct kmd_runtime *runtime,
		   const struct kmd_memory *memory, struct kmd_layout *out)
{
	linear_map(info, runtime, memory, &out->linear);
	image_map(info, runtime, memory, &out->image);
}

/* ----- a build, and evidence */

#define WHO_MAP      "kernel_map in memory"
#define WHO_RAM_BASE "phys_ram_base in memory"
#define WHO_LEVELS   "pgtable_l4_enabled and pgtable_l5_enabled in memory"
#define WHO_OFFSET   "PAGE_OFFSET"
#define WHO_PAIRS    "regions by linear address"

static void read_build(const struct kmd_vmlinux *vmlinux, struct kmd_build *build)
{
	(void)vmlinux;
	build->page_size = 4096;
}

/* Before 5.17 the number of levels was chosen at build time; on 64-bit it was 3. */
static void build_evidence(struct kmd_evidence *evidence)
{
	kmd_evidence_constant(evidence, "pgtable_l4_enabled", KMD_RUNTIME_VA_BITS, 39);
}

static void pair_evidence(struct kmd_evidence *evidence)
{
	uint64_t page_offset, delta;

	if (!kmd_candidates_best(&evidence->candidates, KMD_RUNTIME_PAGE_OFFSET, &page_offset) ||
	    !kmd_common_delta(evidence->memory, page_offset, LINEAR_HIGH, SZ_2M, &delta))
		return;
	kmd_evidence_add(evidence, KMD_RUNTIME_PHYS_OFFSET, page_offset - delta, WHO_PAIRS,
			 KMD_WEIGHT_PLAIN);
}

enum { MAP_PAGE_OFFSET, MAP_VIRT_OFFSET, MAP_VA_PA, MAP_KERNEL_PA, MAP_MEMBERS };

/* The members of struct kernel_mapping; it grew in 5.17 and 6.8. */
static bool read_kernel_map(struct kmd_evidence *evidence, struct kmd_type_query map[MAP_MEMBERS])
{
	static const char *const members[] = { "page_offset", "virt_offset", "va_pa_offset",
					       "va_kernel_pa_offset" };
	unsigned char bytes[8];
	uint64_t link;

	if (!kmd_vmlinux_symbol(evidence->vmlinux, "kernel_map", &link))
		return false;
	for (size_t i = 0; i < MAP_MEMBERS; i++)
		map[i] = (struct kmd_type_query){ .kind = KMD_TYPE_OFFSET,
						  .type = "kernel_mapping",
						  .member = members[i] };
	if (kmd_vmlinux_types(evidence->vmlinux, map, MAP_MEMBERS, evidence->diag) != KMD_OK)
		return false;
	for (size_t i = 0; i < MAP_MEMBERS; i++) {
		map[i].known = map[i].known &&
			       kmd_image_reader_read(&evidence->reader, link + map[i].value, bytes,
						     sizeof(bytes));
		map[i].value = kmd_get_le(bytes, sizeof(bytes));
	}
	return true;
}

static void kernel_map_evidence(struct kmd_evidence *evidence)
{
	struct kmd_type_query map[MAP_MEMBERS];
	unsigned int bits;

	if (!read_kernel_map(evidence, map))
		return;
	if (map[MAP_VIRT_OFFSET].known &&
	    kmd_build_kaslr_ok(&evidence->build, map[MAP_VIRT_OFFSET].value))
		kmd_evidence_add(evidence, KMD_RUNTIME_KASLR, map[MAP_VIRT_OFFSET].value, WHO_MAP,
				 KMD_WEIGHT_PLAIN);
	if (map[MAP_KERNEL_PA].known && map[MAP_KERNEL_PA].value &&
	    !(map[MAP_KERNEL_PA].value & (SZ_2M - 1)))
		kmd_evidence_add(evidence, KMD_RUNTIME_KIMAGE_VOFFSET, map[MAP_KERNEL_PA].value,
				 WHO_MAP, KMD_WEIGHT_PLAIN);
	if (!map[MAP_PAGE_OFFSET].known || map[MAP_PAGE_OFFSET].value & (SZ_2M - 1) ||
	    !bits_of_space(map[MAP_PAGE_OFFSET].value, &bits))
		return;
	kmd_evidence_add(evidence, KMD_RUNTIME_PAGE_OFFSET, map[MAP_PAGE_OFFSET].value, WHO_MAP,
			 KMD_WEIGHT_PLAIN);
	kmd_evidence_add(evidence, KMD_RUNTIME_VA_BITS, bits, WHO_OFFSET, KMD_WEIGHT_PLAIN);
	if (map[MAP_VA_PA].known && map[MAP_VA_PA].value)
		kmd_evidence_add(evidence, KMD_RUNTIME_PHYS_OFFSET,
				 map[MAP_PAGE_OFFSET].value - map[MAP_VA_PA].value, WHO_MAP,
				 KMD_WEIGHT_PLAIN);
}

static bool has_all(const struct kmd_vmcoreinfo *info)
{
	uint64_t value;

	return info->text && kmd_vmcoreinfo_number(info, "NUMBER(va_kernel_pa_offset)", &value) &&
	       kmd_vmcoreinfo_number(info, "NUMBER(phys_ram_base)", &value) &&
	       kmd_vmcoreinfo_number(info, "NUMBER(PAGE_OFFSET)", &value);
}

static void variable_evidence(struct kmd_evidence *evidence)
{
	uint64_t four, five, value;

	if (kmd_evidence_variable(evidence, "pgtable_l4_enabled", 1, &four) && four <= 1 &&
	    kmd_evidence_variable(evidence, "pgtable_l5_enabled", 1, &five) && five <= four)
		kmd_evidence_add(evidence, KMD_RUNTIME_VA_BITS,
				 five   ? 57
				 : four ? 48
					: 39,
				 WHO_LEVELS, KMD_WEIGHT_PLAIN);
	if (kmd_evidence_variable(evidence, "phys_ram_base", 8, &value))
		kmd_evidence_add(evidence, KMD_RUNTIME_PHYS_OFFSET, value, WHO_RAM_BASE,
				 KMD_WEIGHT_PLAIN);
	/* It takes a look at the debug information. */
	if (!has_all(evidence->info))
		kernel_map_evidence(evidence);
}

/* ----- page tables */

/* Sv39, Sv48 and Sv57: 3, 4 and 5 levels, with pages of 4 KiB. */
static bool read_paging(const struct kmd_vmcoreinfo *info, struct kmd_paging *paging)
{
	unsigned int bits = kmd_arch_number(info, "NUMBER(VA_BITS)", 39, 57, 0);
	uint64_t page_offset;

	if (!bits && page_offset_of(info, NULL, &page_offset))
		bits_of_space(page_offset, &bits);
	if (paging->page_shift != 12 || (bits != 39 && bits != 48 && bits != 57))
		return false;
	paging->layout = KMD_PA_RISCV;
	paging->va_bits = bits;
	paging->root_bits = bits;
	paging->pa_bits = 56;
	return true;
}

const struct kmd_arch kmd_arch_riscv64 = {
	.name = "riscv64",
	.machine = EM_RISCV,
	.elf_class = ELFCLASS64,
	.matches_vmcoreinfo = matches_vmcoreinfo,
	.layout = layout,
	/* KASLR moves it by what one PMD entry maps. */
	.kaslr_align = SZ_2M,
	.image_base = LINK_ADDR,
	.image_max = IMAGE_SIZE,
	.has_image_key = true,
	.image_key = KMD_RUNTIME_KIMAGE_VOFFSET,
	.read_build = read_build,
	.build_evidence = build_evidence,
	.pair_evidence = pair_evidence,
	.variable_evidence = variable_evidence,
	.read_paging = read_paging,
	.vmcoreinfo = &kmd_riscv64_vmcoreinfo,
};
