/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What VMCOREINFO says, and what the vmlinux leaves no choice of. */
#include "kernel/evidence.h"

#include <elf.h>

#define WHO_BUILD       "vmlinux"

/* Where the linear map lies without CONFIG_RANDOMIZE_MEMORY. */
#define X86_PAGE_OFFSET UINT64_C(0xffff888000000000)

enum kmd_status kmd_evidence_from_vmcoreinfo(struct kmd_evidence *evidence)
{
	static const struct {
		const char *name;
		enum kmd_runtime_key key;
	} numbers[] = {
		{ "NUMBER(kimage_voffset)", KMD_RUNTIME_KIMAGE_VOFFSET },
		{ "NUMBER(phys_base)", KMD_RUNTIME_PHYS_BASE },
		{ "NUMBER(PHYS_OFFSET)", KMD_RUNTIME_PHYS_OFFSET },
		{ "NUMBER(VA_BITS)", KMD_RUNTIME_VA_BITS },
		{ "NUMBER(KERNELPACMASK)", KMD_RUNTIME_PAC_MASK },
		{ "NUMBER(pgtable_l5_enabled)", KMD_RUNTIME_L5 },
		{ "NUMBER(sme_mask)", KMD_RUNTIME_SME_MASK },
	};
	const struct kmd_vmcoreinfo *info = evidence->info;
	uint64_t value;

	if (!info->text)
		return KMD_OK;
	if (kmd_vmcoreinfo_hex(info, "KERNELOFFSET", &value))
		kmd_candidates_add(&evidence->candidates, KMD_RUNTIME_KASLR, value, KMD_WHO_INFO,
				   KMD_WEIGHT_STRONG);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (kmd_vmcoreinfo_number(info, numbers[i].name, &value))
			kmd_candidates_add(&evidence->candidates, numbers[i].key, value,
					   KMD_WHO_INFO, KMD_WEIGHT_STRONG);
	if (kmd_vmcoreinfo_number(info, "NUMBER(TCR_EL1_T1SZ)", &value) && value < 64)
		kmd_candidates_add(&evidence->candidates, KMD_RUNTIME_VABITS_ACTUAL, 64 - value,
				   KMD_WHO_INFO, KMD_WEIGHT_STRONG);
	return KMD_OK;
}

/* Where there is no variable, there is nothing to vary. */
static void fixed(struct kmd_evidence *evidence, const char *variable, enum kmd_runtime_key key,
		  uint64_t value)
{
	uint64_t link;

	if (!kmd_vmlinux_symbol(evidence->vmlinux, variable, &link))
		kmd_candidates_add(&evidence->candidates, key, value, WHO_BUILD, KMD_WEIGHT_PLAIN);
}

enum kmd_status kmd_evidence_from_build(struct kmd_evidence *evidence)
{
	const struct kmd_build *build = &evidence->build;

	if (!evidence->vmlinux || !build->text)
		return KMD_OK;
	if (build->machine == EM_X86_64) {
		fixed(evidence, "__pgtable_l5_enabled", KMD_RUNTIME_L5, 0);
		fixed(evidence, "sme_me_mask", KMD_RUNTIME_SME_MASK, 0);
		fixed(evidence, "page_offset_base", KMD_RUNTIME_PAGE_OFFSET, X86_PAGE_OFFSET);
	}
	if (build->machine != EM_AARCH64)
		return KMD_OK;
	if (build->version >= 0x508)
		fixed(evidence, "has_address_auth_metacap", KMD_RUNTIME_PAC_MASK, 0);
	if (build->va_bits)
		kmd_candidates_add(&evidence->candidates, KMD_RUNTIME_VA_BITS, build->va_bits,
				   WHO_BUILD, KMD_WEIGHT_PLAIN);
	if (build->va_bits && build->va_bits == build->va_bits_min)
		kmd_candidates_add(&evidence->candidates, KMD_RUNTIME_VABITS_ACTUAL, build->va_bits,
				   WHO_BUILD, KMD_WEIGHT_PLAIN);
	return KMD_OK;
}
