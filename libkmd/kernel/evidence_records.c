/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Records that others left in regions of their own: Android's debug-kinfo (also
 * written by kmemdump and meminspect), and Qualcomm's shared IMEM.
 */
#include "kernel/evidence.h"

#include "base/checked.h"
#include "base/text.h"

#include <string.h>

#define WHO_KINFO      "kinfo"
#define WHO_IMEM       "shared IMEM"

#define KINFO_MAGIC    UINT64_C(0xcceeddff)
#define KINFO_CHECKSUM 4
#define KINFO_INFO     8
/* With and without the vendor's 256 bytes of build_info. */
#define KINFO_LONG     464
#define KINFO_SHORT    208

/* The boot loader's word is unaligned; it follows one whose value is not documented. */
#define IMEM_KASLR     (0x6d0 + 4)

/* Physical addresses of symbols, counted from .info. */
static const struct {
	size_t offset;
	const char *symbol;
} kinfo_symbols[] = {
	{ 24, "_text" },      { 32, "_stext" },     { 40, "_etext" },
	{ 48, "_sinittext" }, { 56, "_einittext" }, { 64, "_end" },
};

#define N_KINFO_SYMBOLS (sizeof(kinfo_symbols) / sizeof(kinfo_symbols[0]))

static bool read_row(const struct kmd_region_entry *row, uint64_t offset, void *to, size_t size,
		     struct kmd_diag *diag)
{
	return kmd_region_entry_is_used(row) && kmd_inside(offset, size, row->pub.captured) &&
	       kmd_source_read(row->source, row->offset + offset, to, size, diag) == KMD_OK;
}

static bool checksum_fits(const unsigned char *bytes, size_t size)
{
	uint64_t sum = 0;

	for (size_t at = 0; at < size; at += 4)
		sum ^= kmd_get_le(bytes + KINFO_INFO + at, 4);
	return sum == kmd_get_le(bytes + KINFO_CHECKSUM, 4);
}

static void read_kinfo(struct kmd_evidence *evidence, const struct kmd_region_entry *row)
{
	static const size_t sizes[] = { KINFO_LONG, KINFO_SHORT };
	unsigned char bytes[KINFO_INFO + KINFO_LONG];
	bool sound = false, any = false;
	uint64_t image_delta = 0, link;

	if (!read_row(row, 0, bytes, KINFO_INFO, evidence->diag) ||
	    kmd_get_le(bytes, 4) != KINFO_MAGIC)
		return;
	for (size_t i = 0; !sound && i < 2; i++)
		sound = read_row(row, 0, bytes, KINFO_INFO + sizes[i], evidence->diag) &&
			checksum_fits(bytes, sizes[i]);
	if (sound)
		kmd_source_mark(row->source, row->offset, sizeof(bytes), evidence->diag);
	for (size_t i = 0; sound && i < N_KINFO_SYMBOLS; i++) {
		uint64_t phys = kmd_get_le(bytes + KINFO_INFO + kinfo_symbols[i].offset, 8);

		if (!kmd_vmlinux_symbol(evidence->vmlinux, kinfo_symbols[i].symbol, &link))
			continue;
		sound = !any || image_delta == link - phys;
		image_delta = link - phys;
		any = true;
	}
	if (sound && any && kmd_build_image_delta_ok(&evidence->build, image_delta))
		kmd_candidates_add(&evidence->candidates, KMD_RUNTIME_IMAGE_DELTA, image_delta,
				   WHO_KINFO, KMD_WEIGHT_STRONG);
}

static void read_imem(struct kmd_evidence *evidence, const struct kmd_region_entry *row)
{
	unsigned char bytes[8];
	uint64_t kaslr;

	if (!kmd_text_has_prefix(row->pub.name, "SHRDIMEM") &&
	    !kmd_text_has_prefix(row->pub.name, "shared_imem"))
		return;
	if (!read_row(row, IMEM_KASLR, bytes, sizeof(bytes), evidence->diag))
		return;
	kaslr = kmd_get_le(bytes, sizeof(bytes));
	kmd_source_mark(row->source, row->offset + IMEM_KASLR, sizeof(bytes), evidence->diag);
	if (kaslr && kmd_build_kaslr_ok(&evidence->build, kaslr))
		kmd_candidates_add(&evidence->candidates, KMD_RUNTIME_KASLR, kaslr, WHO_IMEM,
				   KMD_WEIGHT_HINT);
}

enum kmd_status kmd_evidence_from_records(struct kmd_evidence *evidence)
{
	const struct kmd_regions *regions = evidence->memory->regions;

	for (size_t i = 0; i < regions->n; i++) {
		if (evidence->vmlinux && evidence->build.text)
			read_kinfo(evidence, &regions->rows[i]);
		read_imem(evidence, &regions->rows[i]);
	}
	return KMD_OK;
}
