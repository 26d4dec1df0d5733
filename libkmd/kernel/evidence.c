/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Sources of run-time values: VMCOREINFO, constants of the build, regions with both addresses,
 * the kernel's variables, and pointers.
 *
 * Pointers into the image that are in captured memory of the image: the vmlinux has
 * them as linked, and each differs by the KASLR offset.  Some were changed at run time
 * and differ otherwise, but never by one and the same distance.  Code is left out: eight of its
 * bytes may look like a pointer, and do not differ at all, as without KASLR.
 */
#include "kernel/evidence.h"

#include "base/checked.h"
#include "elf/sections.h"

#include <string.h>

enum kmd_status kmd_evidence_from_vmcoreinfo(struct kmd_evidence *evidence)
{
	static const struct {
		const char *name;
		enum kmd_runtime_key key;
	} numbers[] = {
		{ "NUMBER(kimage_voffset)", KMD_RUNTIME_KIMAGE_VOFFSET },
		{ "NUMBER(va_kernel_pa_offset)", KMD_RUNTIME_KIMAGE_VOFFSET },
		{ "NUMBER(phys_ram_base)", KMD_RUNTIME_PHYS_OFFSET },
		{ "NUMBER(PAGE_OFFSET)", KMD_RUNTIME_PAGE_OFFSET },
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
	if (kmd_vmcoreinfo_kaslr(info, &value))
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

enum kmd_status kmd_evidence_from_build(struct kmd_evidence *evidence)
{
	const struct kmd_arch *arch = evidence->build.arch;

	if (arch && arch->no_kaslr)
		kmd_evidence_add(evidence, KMD_RUNTIME_KASLR, 0, "a machine without KASLR",
				 KMD_WEIGHT_PLAIN);
	if (evidence->vmlinux && evidence->build.text && arch && arch->build_evidence)
		arch->build_evidence(evidence);
	return KMD_OK;
}

enum kmd_status kmd_evidence_from_variables(struct kmd_evidence *evidence)
{
	const struct kmd_arch *arch = evidence->build.arch;

	if (evidence->vmlinux && arch && arch->variable_evidence)
		arch->variable_evidence(evidence);
	return KMD_OK;
}

/* ----- regions with both addresses */

#define WHO_IMAGE "regions of the image"

/* The distance of the image's map, from regions in [low, high). */
static void add_image(struct kmd_evidence *evidence, uint64_t low, uint64_t high,
		      const uint64_t *kaslr)
{
	const struct kmd_build *build = &evidence->build;
	uint64_t delta;

	if (!kmd_common_delta(evidence->memory, low, high, kmd_build_align(build), &delta))
		return;
	kmd_evidence_add(evidence, build->arch->image_key, kmd_arch_image_delta(build->arch, delta),
			 WHO_IMAGE, KMD_WEIGHT_PLAIN);
	if (kaslr && kmd_build_image_delta_ok(build, delta - *kaslr))
		kmd_evidence_add(evidence, KMD_RUNTIME_IMAGE_DELTA, delta - *kaslr, WHO_IMAGE,
				 KMD_WEIGHT_PLAIN);
}

enum kmd_status kmd_evidence_from_pairs(struct kmd_evidence *evidence)
{
	const struct kmd_build *build = &evidence->build;
	const struct kmd_arch *arch = build->arch;
	uint64_t kaslr;

	if (!arch || !arch->pair_evidence)
		return KMD_OK;
	if (build->text && kmd_candidates_best(&evidence->candidates, KMD_RUNTIME_KASLR, &kaslr))
		add_image(evidence, build->text + kaslr, build->end + kaslr, &kaslr);
	else if (arch->image_max)
		add_image(evidence, arch->image_base, arch->image_base + arch->image_max, NULL);
	arch->pair_evidence(evidence);
	return KMD_OK;
}

/* ----- pointers */

#define WHO_POINTERS "pointers in the image"

/* Of the vmlinux this many bytes at a time; it may hold only part of the image. */
#define BLOCK        4096
/* Enough to be sure. */
#define POINTERS_MAX 8192
#define BYTES_MAX    (UINT64_C(256) << 20)
#define POINTERS_MIN 4
#define DISTANCES    64

struct count {
	uint64_t distance;
	size_t n;
};

struct counts {
	struct count items[DISTANCES];
	size_t n, pointers;
	uint64_t left; /* bytes that may still be looked at */
};

static void note(struct counts *counts, uint64_t distance)
{
	counts->pointers++;
	for (size_t i = 0; i < counts->n; i++)
		if (counts->items[i].distance == distance) {
			counts->items[i].n++;
			return;
		}
	if (counts->n < DISTANCES)
		counts->items[counts->n++] = (struct count){ distance, 1 };
}

static void compare(const struct kmd_build *build, const unsigned char *linked,
		    const unsigned char *captured, size_t size, struct counts *counts)
{
	for (size_t at = 0; at + 8 <= size; at += 8) {
		uint64_t link = kmd_get_le(linked + at, 8);
		uint64_t distance = kmd_get_le(captured + at, 8) - link;

		if (link >= build->text && link < build->end && kmd_build_kaslr_ok(build, distance))
			note(counts, distance);
	}
}

/* Compare image memory at link addresses [start, end). */
static void compare_span(struct kmd_evidence *evidence, uint64_t start, uint64_t end,
			 struct counts *counts)
{
	unsigned char linked[BLOCK], captured[BLOCK];

	start = kmd_align_up(start, 8);
	for (uint64_t at = start; at < end && counts->left && counts->pointers < POINTERS_MAX;) {
		size_t size = (size_t)kmd_min_u64(end - at, BLOCK - (at & (BLOCK - 1)));

		if (kmd_image_reader_read(&evidence->reader, at, captured, size) &&
		    kmd_vmlinux_bytes(evidence->vmlinux, at, linked, size))
			compare(&evidence->build, linked, captured, size, counts);
		counts->left -= kmd_min_u64(counts->left, size);
		at += size;
	}
}

/* Tables of the linker (.dynsym, .rela.dyn) keep link addresses: the kernel does not move them. */
static bool is_of_linker(const struct kmd_vmlinux_section *section)
{
	return !strncmp(section->name, ".dyn", 4) || !strncmp(section->name, ".rel", 4);
}

/* Compare image memory at link addresses [start, end) that is data. */
static void compare_data(struct kmd_evidence *evidence, const struct kmd_vmlinux_layout *layout,
			 uint64_t start, uint64_t end, struct counts *counts)
{
	for (size_t i = 0; i < layout->n; i++) {
		const struct kmd_vmlinux_section *section = &layout->sections[i];

		if (!section->exec && section->stored && !is_of_linker(section))
			compare_span(evidence, kmd_max_u64(start, section->link),
				     kmd_min_u64(end, section->link + section->size), counts);
	}
}

static void compare_pieces(struct kmd_evidence *evidence, const struct kmd_vmlinux_layout *layout,
			   const struct kmd_interval *pieces, size_t n, uint64_t to_link,
			   struct counts *counts)
{
	const struct kmd_build *build = &evidence->build;

	for (size_t i = 0; i < n; i++) {
		uint64_t first = build->text - to_link, last = build->end - to_link;
		uint64_t start = kmd_max_u64(pieces[i].start, first);
		uint64_t end = kmd_min_u64(pieces[i].end, last);

		if (first < last && start < end)
			compare_data(evidence, layout, start + to_link, end + to_link, counts);
	}
}

static void add_best(struct kmd_evidence *evidence, const struct counts *counts)
{
	struct count best = { 0 };

	for (size_t i = 0; i < counts->n; i++)
		if (counts->items[i].n > best.n)
			best = counts->items[i];
	if (best.n >= POINTERS_MIN && best.n * 10 >= counts->pointers * 6)
		kmd_candidates_add(&evidence->candidates, KMD_RUNTIME_KASLR, best.distance,
				   WHO_POINTERS, KMD_WEIGHT_STRONG);
}

enum kmd_status kmd_evidence_from_pointers(struct kmd_evidence *evidence)
{
	const struct kmd_memory *memory = evidence->memory;
	const struct kmd_image_reader *reader = &evidence->reader;
	struct kmd_vmlinux_layout layout = { 0 };
	struct counts counts = { .left = BYTES_MAX };
	enum kmd_status status;

	if (!evidence->vmlinux || !evidence->build.text)
		return KMD_OK;
	status = kmd_vmlinux_layout_read(evidence->vmlinux, evidence->diag, &layout);
	if (status)
		return status;
	if (reader->has_image_delta)
		compare_pieces(evidence, &layout, memory->phys, memory->n_phys, reader->image_delta,
			       &counts);
	if (reader->has_kaslr)
		compare_pieces(evidence, &layout, memory->virt, memory->n_virt, 0 - reader->kaslr,
			       &counts);
	add_best(evidence, &counts);
	kmd_vmlinux_layout_deinit(&layout);
	return KMD_OK;
}
