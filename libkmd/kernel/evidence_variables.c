/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The kernel's own variables, in captured memory of its image. */
#include "kernel/evidence.h"

#include "base/checked.h"

#include <elf.h>

#define WHO_VOFFSET       "kimage_voffset in memory"
#define WHO_PHYS_BASE     "phys_base in memory"
#define WHO_MEMSTART      "memstart_addr in memory"
#define WHO_VABITS        "vabits_actual in memory"
#define WHO_CAPS          "CPU capabilities in memory"
#define WHO_FEATURES      "panic text"
#define WHO_L5            "__pgtable_l5_enabled in memory"
#define WHO_PAGE_OFFSET   "page_offset_base in memory"
#define WHO_SME           "sme_me_mask in memory"

#define ARM64_IMAGE_PAGE  UINT64_C(0xfff)
#define X86_LINEAR_LOW    UINT64_C(0xff00000000000000)
#define X86_4LEVEL        UINT64_C(0xffff800000000000)
#define X86_LINEAR_ALIGN  ((UINT64_C(1) << 30) - 1)

/* struct arm64_cpu_capabilities: u16 capability, u16 type, padding, then .matches. */
#define CAPABILITY_BEFORE 8
#define CAPABILITIES_SIZE (UINT64_C(64) << 10)
#define CAPABILITY_MAX    512

static bool read_variable(const struct kmd_evidence *evidence, const char *symbol, size_t size,
			  uint64_t *value)
{
	return kmd_image_reader_variable(&evidence->reader, symbol, size, value);
}

static void candidate(struct kmd_evidence *evidence, enum kmd_runtime_key key, uint64_t value,
		      const char *who)
{
	kmd_candidates_add(&evidence->candidates, key, value, who, KMD_WEIGHT_PLAIN);
}

static void add_kaslr(struct kmd_evidence *evidence, uint64_t kaslr, const char *who)
{
	if (evidence->reader.has_image_delta && kmd_build_kaslr_ok(&evidence->build, kaslr))
		candidate(evidence, KMD_RUNTIME_KASLR, kaslr, who);
}

static void read_x86(struct kmd_evidence *evidence)
{
	const struct kmd_image_reader *reader = &evidence->reader;
	uint64_t value;

	if (read_variable(evidence, "phys_base", 8, &value) &&
	    !(value & (kmd_build_align(&evidence->build) - 1))) {
		candidate(evidence, KMD_RUNTIME_PHYS_BASE, value, WHO_PHYS_BASE);
		add_kaslr(evidence, KMD_X86_KERNEL_MAP - value - reader->image_delta,
			  WHO_PHYS_BASE);
	}
	if (read_variable(evidence, "__pgtable_l5_enabled", 4, &value) && value <= 1)
		candidate(evidence, KMD_RUNTIME_L5, value, WHO_L5);
	if (read_variable(evidence, "page_offset_base", 8, &value) && value >= X86_LINEAR_LOW &&
	    value < KMD_X86_KERNEL_MAP && !(value & X86_LINEAR_ALIGN)) {
		candidate(evidence, KMD_RUNTIME_PAGE_OFFSET, value, WHO_PAGE_OFFSET);
		/* The space of four levels begins above that of five. */
		candidate(evidence, KMD_RUNTIME_L5, value < X86_4LEVEL, WHO_PAGE_OFFSET);
	}
	if (read_variable(evidence, "sme_me_mask", 8, &value) &&
	    (!value || (kmd_is_pow2(value) && value >> 32)))
		candidate(evidence, KMD_RUNTIME_SME_MASK, value, WHO_SME);
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
		candidate(evidence, KMD_RUNTIME_PAC_MASK, set ? mask : 0, WHO_CAPS);
	if (number / 64 < evidence->n_features) {
		set = evidence->features[number / 64] >> number % 64 & 1;
		candidate(evidence, KMD_RUNTIME_PAC_MASK, set ? mask : 0, WHO_FEATURES);
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
		candidate(evidence, KMD_RUNTIME_VABITS_ACTUAL, 48, "PHYS_OFFSET's high bits");
	else
		candidate(evidence, KMD_RUNTIME_VABITS_ACTUAL, 52, "PHYS_OFFSET's high bits");
}

static void read_arm64_variables(struct kmd_evidence *evidence)
{
	uint64_t value;

	if (read_variable(evidence, "kimage_voffset", 8, &value) && value &&
	    !(value & ARM64_IMAGE_PAGE)) {
		candidate(evidence, KMD_RUNTIME_KIMAGE_VOFFSET, value, WHO_VOFFSET);
		add_kaslr(evidence, value - evidence->reader.image_delta, WHO_VOFFSET);
	}
	if (read_variable(evidence, "memstart_addr", 8, &value) && value != UINT64_MAX)
		candidate(evidence, KMD_RUNTIME_PHYS_OFFSET, value, WHO_MEMSTART);
	if (read_variable(evidence, "vabits_actual", 8, &value) && value >= 36 && value <= 52)
		candidate(evidence, KMD_RUNTIME_VABITS_ACTUAL, value, WHO_VABITS);
	add_va_bits(evidence);
	read_pac(evidence);
}

enum kmd_status kmd_evidence_from_variables(struct kmd_evidence *evidence)
{
	if (!evidence->vmlinux)
		return KMD_OK;
	if (evidence->build.machine == EM_X86_64)
		read_x86(evidence);
	else if (evidence->build.machine == EM_AARCH64)
		read_arm64_variables(evidence);
	return KMD_OK;
}
