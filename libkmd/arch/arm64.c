/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * arm64: arch/arm64/include/asm/{memory,image,pgtable-hwdef}.h, arch/arm64/kernel/vmcore_info.c,
 * Documentation/arch/arm64/booting.rst.  What VMCOREINFO is generated with: arm64_vmcoreinfo.c.
 *
 * The image is mapped inside the vmalloc range, so its extent matters: a guess
 * too wide would name addresses that belong to others.
 */
#include "arch/evidence.h"
#include "arch/paging.h"

#include "base/checked.h"

#include <elf.h>
#include <string.h>

/* Text starts up to 2 MiB after _text; no distribution's image is larger. */
#define HEAD_MAX  (UINT64_C(2) << 20)
#define IMAGE_MAX (UINT64_C(64) << 20)

static bool matches_vmcoreinfo(const struct kmd_vmcoreinfo *info)
{
	uint64_t number;

	return kmd_vmcoreinfo_number(info, "NUMBER(kimage_voffset)", &number) ||
	       kmd_vmcoreinfo_number(info, "NUMBER(TCR_EL1_T1SZ)", &number);
}

/*
 * Bits that the processor translates.  A kernel built for 52 bits runs with 48
 * where the hardware has no more, and then keeps VA_BITS but not its address space.
 */
static uint64_t bits_in_use(const struct kmd_vmcoreinfo *info, const struct kmd_runtime *runtime,
			    uint64_t bits)
{
	uint64_t t1sz, actual;

	if (kmd_runtime_get(runtime, KMD_RUNTIME_VABITS_ACTUAL, &actual) && actual >= 36 &&
	    actual <= 52)
		return actual;
	if (info->text && kmd_vmcoreinfo_number(info, "NUMBER(TCR_EL1_T1SZ)", &t1sz) &&
	    t1sz >= 12 && t1sz <= 28)
		return 64 - t1sz;
	return bits > 48 ? 48 : bits;
}

/* Since 5.4 the linear map is the lower half of the kernel's space, before the upper. */
static void linear_map(const struct kmd_vmcoreinfo *info, const struct kmd_runtime *runtime,
		       struct kmd_map *map)
{
	unsigned int version = kmd_kernel_version(info);
	uint64_t bits, phys_offset;

	if (!kmd_runtime_or_number(runtime, KMD_RUNTIME_VA_BITS, info, "NUMBER(VA_BITS)", &bits) ||
	    bits < 36 || bits > 52 ||
	    !kmd_runtime_or_number(runtime, KMD_RUNTIME_PHYS_OFFSET, info, "NUMBER(PHYS_OFFSET)",
				   &phys_offset))
		return;
	map->known = true;
	if (version && version < KMD_VERSION_OF(5, 4)) {
		map->low = 0 - (UINT64_C(1) << (bits - 1));
		map->high = UINT64_MAX;
	} else {
		map->low = 0 - (UINT64_C(1) << bits);
		map->high = 0 - (UINT64_C(1) << (bits_in_use(info, runtime, bits) - 1));
	}
	map->delta = map->low - phys_offset;
}

static void image_map(const struct kmd_vmcoreinfo *info, const struct kmd_runtime *runtime,
		      struct kmd_map *map)
{
	uint64_t stext;

	if (!kmd_runtime_or_number(runtime, KMD_RUNTIME_KIMAGE_VOFFSET, info,
				   "NUMBER(kimage_voffset)", &map->delta))
		return;
	map->known = true;
	if (!info->text || !kmd_vmcoreinfo_hex(info, "SYMBOL(_stext)", &stext) ||
	    stext < HEAD_MAX || stext > UINT64_MAX - IMAGE_MAX)
		return;
	map->low = (stext & ~(HEAD_MAX - 1)) == stext ? stext - HEAD_MAX : stext & ~(HEAD_MAX - 1);
	map->high = stext + IMAGE_MAX;
}

static void layout(const struct kmd_vmcoreinfo *info, const struct kmd_runtime *runtime,
		   const struct kmd_memory *memory, struct kmd_layout *out)
{
	(void)memory;
	linear_map(info, runtime, &out->linear);
	image_map(info, runtime, &out->image);
}

/* ----- a build */

/* The image header has flags at 24, of which bits 1 and 2 give the page size. */
#define IMAGE_FLAGS 24
#define IMAGE_MAGIC 56

static uint64_t page_size_of_flags(uint64_t flags)
{
	static const uint64_t sizes[] = { 0, 4096, 16384, 65536 };

	return sizes[flags >> 1 & 3];
}

static void read_page_size(const struct kmd_vmlinux *vmlinux, struct kmd_build *build)
{
	unsigned char header[IMAGE_MAGIC + 4];
	uint64_t flags;

	if (kmd_vmlinux_symbol(vmlinux, "_kernel_flags_le_lo32", &flags))
		build->page_size = page_size_of_flags(flags);
	else if (build->text && kmd_vmlinux_bytes(vmlinux, build->text, header, sizeof(header)) &&
		 !memcmp(header + IMAGE_MAGIC, "ARM\x64", 4))
		build->page_size = page_size_of_flags(header[IMAGE_FLAGS]);
}

static bool has_symbol(const struct kmd_vmlinux *vmlinux, const char *name)
{
	uint64_t value;

	return kmd_vmlinux_symbol(vmlinux, name, &value);
}

/* A level that is folded into the one above has no allocator. */
static unsigned int table_levels(const struct kmd_vmlinux *vmlinux)
{
	if (has_symbol(vmlinux, "__p4d_alloc"))
		return 5;
	if (has_symbol(vmlinux, "__pud_alloc"))
		return 4;
	return has_symbol(vmlinux, "__pmd_alloc") ? 3 : 2;
}

/*
 * The image lies in the first GiBs of the upper half, whose size is that of VA_BITS_MIN
 * (48, or 47 with 16 KiB pages, where VA_BITS is 52).
 */
static void read_va_bits(const struct kmd_vmlinux *vmlinux, struct kmd_build *build)
{
	unsigned int levels, ones = 0;

	if (!build->text || !build->page_size)
		return;
	while (ones < 63 && build->text >> (63 - ones) & 1)
		ones++;
	if (ones < 12 || ones > 29)
		return;
	build->va_bits = build->va_bits_min = 64 - ones + 1;
	levels = table_levels(vmlinux);
	if ((build->page_size == 4096 && levels == 5) ||
	    (build->page_size == 16384 && levels == 4 && build->va_bits_min == 47))
		build->va_bits = 52;
	else if (build->page_size == 65536 && build->va_bits_min == 48)
		/* Until 6.8 a variable where they are chosen at boot; not known since. */
		build->va_bits = build->version >= KMD_VERSION_OF(6, 1) &&
						 build->version < KMD_VERSION_OF(6, 9)
					 ? (has_symbol(vmlinux, "vabits_actual") ? 52 : 48)
					 : 0;
}

static void read_build(const struct kmd_vmlinux *vmlinux, struct kmd_build *build)
{
	read_page_size(vmlinux, build);
	read_va_bits(vmlinux, build);
}

/* ----- evidence */

#define WHO_VOFFSET       "kimage_voffset in memory"
#define WHO_MEMSTART      "memstart_addr in memory"
#define WHO_VABITS        "vabits_actual in memory"
#define WHO_CAPS          "CPU capabilities in memory"
#define WHO_FEATURES      "panic text"
#define WHO_LINEAR        "regions by linear address"

#define ARM64_IMAGE_PAGE  UINT64_C(0xfff)
/* memstart_addr is a multiple of what one PMD maps with pages of 4 KiB. */
#define ARM64_ALIGN       (UINT64_C(2) << 20)

/* struct arm64_cpu_capabilities: u16 capability, u16 type, padding, then .matches. */
#define CAPABILITY_BEFORE 8
#define CAPABILITIES_SIZE (UINT64_C(64) << 10)
#define CAPABILITY_MAX    512

static void build_evidence(struct kmd_evidence *evidence)
{
	const struct kmd_build *build = &evidence->build;

	if (build->version >= KMD_VERSION_OF(5, 8))
		kmd_evidence_constant(evidence, "has_address_auth_metacap", KMD_RUNTIME_PAC_MASK,
				      0);
	if (build->va_bits)
		kmd_evidence_add(evidence, KMD_RUNTIME_VA_BITS, build->va_bits, "vmlinux",
				 KMD_WEIGHT_PLAIN);
	if (build->va_bits && build->va_bits == build->va_bits_min)
		kmd_evidence_add(evidence, KMD_RUNTIME_VABITS_ACTUAL, build->va_bits, "vmlinux",
				 KMD_WEIGHT_PLAIN);
}

/*
 * With 52 bits built in, PAGE_OFFSET is that of 52 bits even where the processor has 48;
 * memstart_addr makes up for it.  Linear addresses show which of the two is in use.
 */
static void pair_evidence(struct kmd_evidence *evidence)
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
	kmd_evidence_add(evidence, KMD_RUNTIME_PHYS_OFFSET,
			 kmd_build_page_offset((unsigned int)va_bits) - delta, WHO_LINEAR,
			 KMD_WEIGHT_PLAIN);
}

static void add_kaslr(struct kmd_evidence *evidence, uint64_t kaslr, const char *who)
{
	if (evidence->reader.has_image_delta && kmd_build_kaslr_ok(&evidence->build, kaslr))
		kmd_evidence_add(evidence, KMD_RUNTIME_KASLR, kaslr, who, KMD_WEIGHT_PLAIN);
}

/* The number of the capability whose detector is @detector; it stands in the vmlinux's table. */
static bool capability_number(const struct kmd_vmlinux *vmlinux, const char *detector,
			      uint64_t *number)
{
	uint64_t table, matches;
	unsigned char bytes[8];

	if (!kmd_vmlinux_symbol(vmlinux, "arm64_features", &table) ||
	    !kmd_vmlinux_symbol(vmlinux, detector, &matches))
		return false;
	for (uint64_t at = table + CAPABILITY_BEFORE; at < table + CAPABILITIES_SIZE; at += 8) {
		if (!kmd_vmlinux_bytes(vmlinux, at, bytes, 8))
			return false;
		if (kmd_get_le(bytes, 8) != matches)
			continue;
		if (!kmd_vmlinux_bytes(vmlinux, at - CAPABILITY_BEFORE, bytes, 2))
			return false;
		*number = kmd_get_le(bytes, 2);
		return *number < CAPABILITY_MAX;
	}
	return false;
}

/* The capability's bit in memory. */
static bool read_capability(const struct kmd_evidence *evidence, uint64_t number, bool *set)
{
	uint64_t link;
	unsigned char byte;

	/* Until 6.4 under another name. */
	if (!kmd_vmlinux_symbol(evidence->vmlinux, "system_cpucaps", &link) &&
	    !kmd_vmlinux_symbol(evidence->vmlinux, "cpu_hwcaps", &link))
		return false;
	if (!kmd_image_reader_read(&evidence->reader, link + number / 8, &byte, 1))
		return false;
	*set = byte >> number % 8 & 1;
	return true;
}

/* Addresses are signed with the bits above those in use (ptrauth_kernel_pac_mask()). */
static void read_pac(struct kmd_evidence *evidence)
{
	uint64_t number, bits = 0, mask;
	bool set;

	if (!capability_number(evidence->vmlinux, "has_address_auth_metacap", &number) ||
	    !kmd_candidates_best(&evidence->candidates, KMD_RUNTIME_VABITS_ACTUAL, &bits) ||
	    bits < 32 || bits > 52)
		return;
	mask = ~UINT64_C(0) << bits;
	if (read_capability(evidence, number, &set))
		kmd_evidence_add(evidence, KMD_RUNTIME_PAC_MASK, set ? mask : 0, WHO_CAPS,
				 KMD_WEIGHT_PLAIN);
	if (number / 64 < evidence->n_features) {
		set = evidence->features[number / 64] >> number % 64 & 1;
		kmd_evidence_add(evidence, KMD_RUNTIME_PAC_MASK, set ? mask : 0, WHO_FEATURES,
				 KMD_WEIGHT_PLAIN);
	}
}

/*
 * A kernel built for 52 bits that runs with fewer moves memstart_addr down by the
 * difference; KASLR moves it by half of the linear map at most.
 */
static void add_va_bits(struct kmd_evidence *evidence)
{
	const struct kmd_build *build = &evidence->build;
	uint64_t memstart, va_bits = build->va_bits, unused;

	if (!va_bits && !kmd_candidates_best(&evidence->candidates, KMD_RUNTIME_VA_BITS, &va_bits))
		return;
	if (va_bits != 52 || build->va_bits_min >= 52 ||
	    !kmd_candidates_best(&evidence->candidates, KMD_RUNTIME_PHYS_OFFSET, &memstart))
		return;
	/* Without it memstart_addr is at least minus 2^51. */
	unused = 0 - (UINT64_C(1) << 51);
	if (memstart >= UINT64_C(1) << 52 && memstart < unused)
		kmd_evidence_add(evidence, KMD_RUNTIME_VABITS_ACTUAL, 48, "PHYS_OFFSET's high bits",
				 KMD_WEIGHT_PLAIN);
	else
		kmd_evidence_add(evidence, KMD_RUNTIME_VABITS_ACTUAL, 52, "PHYS_OFFSET's high bits",
				 KMD_WEIGHT_PLAIN);
}

static void variable_evidence(struct kmd_evidence *evidence)
{
	uint64_t value;

	if (kmd_evidence_variable(evidence, "kimage_voffset", 8, &value) && value &&
	    !(value & ARM64_IMAGE_PAGE)) {
		kmd_evidence_add(evidence, KMD_RUNTIME_KIMAGE_VOFFSET, value, WHO_VOFFSET,
				 KMD_WEIGHT_PLAIN);
		add_kaslr(evidence, value - evidence->reader.image_delta, WHO_VOFFSET);
	}
	if (kmd_evidence_variable(evidence, "memstart_addr", 8, &value) && value != UINT64_MAX)
		kmd_evidence_add(evidence, KMD_RUNTIME_PHYS_OFFSET, value, WHO_MEMSTART,
				 KMD_WEIGHT_PLAIN);
	if (kmd_evidence_variable(evidence, "vabits_actual", 8, &value) && value >= 36 &&
	    value <= 52)
		kmd_evidence_add(evidence, KMD_RUNTIME_VABITS_ACTUAL, value, WHO_VABITS,
				 KMD_WEIGHT_PLAIN);
	add_va_bits(evidence);
	read_pac(evidence);
}

/* ----- page tables */

/*
 * A kernel built for 52 bits runs with fewer where the processor has no more: with
 * 4K and 16K pages its tables then have a level less; with 64K pages the root keeps
 * its shape (c812026c54cf "arm64: mm: Logic to make offset_ttbr1 conditional").
 *
 * 4K and 16K pages reach 52 bits by LPA2 only, and the kernel has then physical
 * addresses of 52 bits as well (352b0395b505 "arm64: Enable 52-bit virtual
 * addressing for 4k and 16k granule configs").
 */
static bool read_paging(const struct kmd_vmcoreinfo *info, struct kmd_paging *paging)
{
	unsigned int built = kmd_arch_number(info, "NUMBER(VA_BITS)", 36, 52, 0);
	unsigned int t1sz = kmd_arch_number(info, "NUMBER(TCR_EL1_T1SZ)", 12, 28, 0);

	if ((paging->page_shift != 12 && paging->page_shift != 14 && paging->page_shift != 16) ||
	    (!built && !t1sz))
		return false;
	paging->va_bits = t1sz ? 64 - t1sz : built;
	paging->root_bits = paging->va_bits;
	paging->layout = KMD_PA_ARM64;
	if (paging->page_shift == 16) {
		paging->layout = KMD_PA_ARM64_64;
		paging->root_bits = built > paging->va_bits ? built : paging->va_bits;
	} else if (paging->va_bits > 48) {
		paging->layout = KMD_PA_ARM64_L2;
	}
	paging->pa_bits = kmd_arch_number(info, "NUMBER(MAX_PHYSMEM_BITS)", 32, 52, 48);
	if (paging->layout == KMD_PA_ARM64 && paging->pa_bits > 48)
		paging->pa_bits = 48;
	return true;
}

const struct kmd_arch kmd_arch_arm64 = {
	.name = "aarch64",
	.machine = EM_AARCH64,
	.elf_class = ELFCLASS64,
	.matches_vmcoreinfo = matches_vmcoreinfo,
	.layout = layout,
	/* The kernel is mapped by 64 KiB at least. */
	.kaslr_align = UINT64_C(64) << 10,
	.has_image_key = true,
	.image_key = KMD_RUNTIME_KIMAGE_VOFFSET,
	.image_variable = "kimage_voffset",
	.read_build = read_build,
	.build_evidence = build_evidence,
	.pair_evidence = pair_evidence,
	.variable_evidence = variable_evidence,
	.read_paging = read_paging,
	.vmcoreinfo = &kmd_arm64_vmcoreinfo,
};
