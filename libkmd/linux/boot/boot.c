/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "linux/boot/boot.h"

#include "linux/arch.h"
#include "linux/boot/inquiry.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define WHO_PLACE "place of the image"

static const struct {
	const char *name;
	bool may_be_given;
} keys[KMD_N_BOOT_KEYS] = {
	[KMD_BOOT_KASLR] = { "kaslr", true },
	[KMD_BOOT_KIMAGE_VOFFSET] = { "kimage_voffset", true },
	[KMD_BOOT_PHYS_BASE] = { "phys_base", true },
	[KMD_BOOT_PHYS_OFFSET] = { "phys_offset", true },
	[KMD_BOOT_VA_BITS] = { "va_bits", false },
	[KMD_BOOT_VABITS_ACTUAL] = { "vabits_actual", true },
	[KMD_BOOT_PAC_MASK] = { "pac_mask", false },
	[KMD_BOOT_L5] = { "pgtable_l5_enabled", false },
	[KMD_BOOT_SME_MASK] = { "sme_mask", false },
	[KMD_BOOT_PAGE_OFFSET] = { "page_offset", false },
};

const char *kmd_boot_key_name(enum kmd_boot_key key)
{
	return keys[key].name;
}

bool kmd_boot_key_by_name(const char *name, enum kmd_boot_key *key)
{
	for (size_t i = 0; i < KMD_N_BOOT_KEYS; i++)
		if (keys[i].may_be_given && !strcmp(keys[i].name, name)) {
			*key = (enum kmd_boot_key)i;
			return true;
		}
	return false;
}

static enum kmd_status ask(struct kmd_inquiry *inquiry, kmd_witness *const *witnesses, size_t n)
{
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; status == KMD_OK && i < n; i++) {
		status = witnesses[i](inquiry);
		if (status == KMD_OK && inquiry->votes.no_memory)
			status = kmd_fail_memory(inquiry->diag);
	}
	return status;
}

/* What is agreed on so far; the user's word goes first. */
static bool agreed(const struct kmd_inquiry *inquiry, const struct kmd_boot_given *given,
		   enum kmd_boot_key key, uint64_t *value)
{
	if (given && given->has[key]) {
		*value = given->values[key];
		return true;
	}
	return kmd_votes_best(&inquiry->votes, key, value);
}

static void place_by_maps(struct kmd_inquiry *inquiry, const struct kmd_boot_given *given)
{
	struct kmd_space *space = &inquiry->space;
	uint64_t value;

	if (space->has_place || !space->has_kaslr)
		return;
	if (inquiry->build.machine == EM_X86_64 &&
	    agreed(inquiry, given, KMD_BOOT_PHYS_BASE, &value)) {
		space->has_place = true;
		space->place = KMD_X86_KERNEL_MAP - value - space->kaslr;
	}
	if (inquiry->build.machine == EM_AARCH64 &&
	    agreed(inquiry, given, KMD_BOOT_KIMAGE_VOFFSET, &value)) {
		space->has_place = true;
		space->place = value - space->kaslr;
	}
}

static void find_space(struct kmd_inquiry *inquiry, const struct kmd_boot_given *given)
{
	struct kmd_space *space = &inquiry->space;

	space->has_place = kmd_votes_best(&inquiry->votes, KMD_VOTE_PLACE, &space->place);
	space->has_kaslr = agreed(inquiry, given, KMD_BOOT_KASLR, &space->kaslr);
	place_by_maps(inquiry, given);
}

/* KASLR offset and the image's place in physical memory give the distance of its map. */
static void derive_map(struct kmd_inquiry *inquiry)
{
	uint64_t place, kaslr;

	if (!kmd_votes_best(&inquiry->votes, KMD_VOTE_PLACE, &place) ||
	    !kmd_votes_best(&inquiry->votes, KMD_BOOT_KASLR, &kaslr))
		return;
	if (inquiry->build.machine == EM_X86_64)
		kmd_votes_add(&inquiry->votes, KMD_BOOT_PHYS_BASE,
			      KMD_X86_KERNEL_MAP - place - kaslr, WHO_PLACE, KMD_WEIGHT_PLAIN);
	else if (inquiry->build.machine == EM_AARCH64)
		kmd_votes_add(&inquiry->votes, KMD_BOOT_KIMAGE_VOFFSET, place + kaslr, WHO_PLACE,
			      KMD_WEIGHT_PLAIN);
}

static enum kmd_status hear_all(struct kmd_inquiry *inquiry, const struct kmd_boot_given *given)
{
	static kmd_witness *const first[] = { kmd_witness_vmcoreinfo, kmd_witness_build,
					      kmd_witness_names, kmd_witness_text,
					      kmd_witness_records };
	static kmd_witness *const pairs[] = { kmd_witness_pairs };
	static kmd_witness *const pointers[] = { kmd_witness_pointers, kmd_witness_pairs };
	static kmd_witness *const variables[] = { kmd_witness_variables };
	enum kmd_status status = ask(inquiry, first, sizeof(first) / sizeof(first[0]));

	if (status == KMD_OK)
		status = ask(inquiry, pairs, 1);
	find_space(inquiry, given);
	if (status == KMD_OK)
		status = ask(inquiry, pointers, 2);
	derive_map(inquiry);
	find_space(inquiry, given);
	if (status == KMD_OK)
		status = ask(inquiry, variables, 1);
	return status;
}

static enum kmd_status conclude(const struct kmd_inquiry *inquiry,
				const struct kmd_boot_given *given, struct kmd_boot *boot)
{
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; status == KMD_OK && i < KMD_N_BOOT_KEYS; i++)
		status = kmd_votes_conclude(&inquiry->votes, (enum kmd_boot_key)i, given,
					    inquiry->diag, boot);
	return status;
}

enum kmd_status kmd_boot_infer(const struct kmd_memory *memory, const struct kmd_vmcoreinfo *info,
			       const struct kmd_vmlinux *vmlinux,
			       const struct kmd_boot_given *given, struct kmd_diag *diag,
			       struct kmd_boot *boot)
{
	struct kmd_inquiry inquiry = {
		.memory = memory, .info = info, .vmlinux = vmlinux, .diag = diag
	};
	const struct kmd_arch *arch = kmd_arch_by_vmcoreinfo(info);
	enum kmd_status status;

	memset(boot, 0, sizeof(*boot));
	kmd_build_learn(vmlinux, &inquiry.build);
	if (!vmlinux && arch)
		inquiry.build.machine = arch->machine;
	inquiry.space = (struct kmd_space){ .memory = memory, .vmlinux = vmlinux, .diag = diag };
	status = hear_all(&inquiry, given);
	if (status == KMD_OK)
		status = conclude(&inquiry, given, boot);
	kmd_votes_deinit(&inquiry.votes);
	if (status != KMD_OK)
		kmd_boot_deinit(boot);
	return status;
}

void kmd_boot_deinit(struct kmd_boot *boot)
{
	for (size_t i = 0; i < KMD_N_BOOT_KEYS; i++)
		free(boot->values[i].witnessed);
	memset(boot, 0, sizeof(*boot));
}

bool kmd_boot_get(const struct kmd_boot *boot, enum kmd_boot_key key, uint64_t *value)
{
	if (!boot || !boot->values[key].known)
		return false;
	*value = boot->values[key].value;
	return true;
}
