/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Bytes to the region table and the address space: all descriptions, and the join. */
#include "fuzz.h"

#include "base/checked.h"
#include "vmcoreinfo/vmcoreinfo.h"
#include "memory/memory.h"

#include <string.h>

/* Everything from the input to the address space. */
struct stages {
	struct kmd_diag diag;
	struct kmd_input input;
	struct kmd_image image;
	struct kmd_claims claims;
	struct kmd_vmcoreinfo info;
	struct kmd_hints hints;
	struct kmd_regions regions;
	struct kmd_memory memory;
};

static void check_claims(const struct stages *s)
{
	for (size_t i = 0; i < s->claims.n; i++) {
		const struct kmd_claim *claim = &s->claims.items[i];

		FUZZ_CHECK(claim->name != NULL && claim->file != NULL);
		if (!claim->has_bytes || !claim->captured)
			continue;
		FUZZ_CHECK(claim->blob < s->image.n_blobs);
		FUZZ_CHECK(claim->captured <= claim->size);
		FUZZ_CHECK(kmd_inside(claim->offset, claim->captured,
				      s->image.blobs[claim->blob].size));
	}
}

static bool printable(const char *name)
{
	for (; *name; name++)
		if (*name < 0x20 || *name == 0x7f)
			return false;
	return true;
}

static void check_regions(const struct kmd_regions *regions)
{
	for (size_t i = 0; i < regions->n; i++) {
		const struct kmd_region_entry *row = &regions->rows[i];
		uint64_t end;

		FUZZ_CHECK(row->pub.name != NULL && printable(row->pub.name));
		if (!kmd_region_entry_is_used(row))
			continue;
		FUZZ_CHECK(row->pub.captured <= row->pub.size);
		FUZZ_CHECK(row->pub.has_phys || row->pub.has_virt);
		FUZZ_CHECK(kmd_inside(row->offset, row->pub.captured, row->source->size));
		FUZZ_CHECK(!row->pub.has_phys ||
			   kmd_add_u64(row->pub.phys, row->pub.captured, &end));
	}
}

static void check_pieces(const struct kmd_interval *pieces, size_t n, size_t n_rows)
{
	for (size_t i = 0; i < n; i++) {
		FUZZ_CHECK(pieces[i].start < pieces[i].end);
		FUZZ_CHECK(!i || pieces[i - 1].end <= pieces[i].start);
		FUZZ_CHECK(pieces[i].owner < n_rows);
	}
}

static enum kmd_status run(struct stages *s, const struct kmd_image_options *options)
{
	enum kmd_status status = kmd_image_read(&s->input, options, &s->diag, &s->image);

	if (status == KMD_OK)
		status = kmd_claims_read(&s->image, &s->diag, &s->claims);
	if (status != KMD_OK)
		return status;
	check_claims(s);
	status = kmd_vmcoreinfo_from_claims(&s->image, &s->claims, &s->diag, &s->info);
	if (status == KMD_OK && s->info.text)
		status = kmd_vmcoreinfo_hints(&s->info, &s->diag, &s->hints);
	if (status == KMD_OK)
		status = kmd_regions_join(&s->image, &s->claims, &s->hints, &s->diag, &s->regions);
	if (status != KMD_OK)
		return status;
	check_regions(&s->regions);
	status = kmd_memory_build(&s->regions, &s->diag, &s->memory);
	if (status != KMD_OK)
		return status;
	check_pieces(s->memory.phys, s->memory.n_phys, s->regions.n);
	check_pieces(s->memory.virt, s->memory.n_virt, s->regions.n);
	return KMD_OK;
}

static void deinit(struct stages *s)
{
	kmd_memory_deinit(&s->memory);
	kmd_regions_deinit(&s->regions);
	kmd_hints_deinit(&s->hints);
	kmd_vmcoreinfo_deinit(&s->info);
	kmd_claims_deinit(&s->claims);
	kmd_image_deinit(&s->image);
	kmd_input_deinit(&s->input);
	kmd_diag_deinit(&s->diag);
}

static void try(const uint8_t *data, size_t size, const struct kmd_image_options *options)
{
	struct stages stages;

	memset(&stages, 0, sizeof(stages));
	kmd_diag_init(&stages.diag);
	if (fuzz_input_make(data, size, &stages.diag, &stages.input) &&
	    run(&stages, options) != KMD_OK)
		FUZZ_CHECK(stages.diag.status != KMD_OK && stages.diag.sentence[0]);
	deinit(&stages);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct kmd_image_options plain = { .accept_invalid = true };
	static const struct kmd_image_options rockchip = { .has_rockchip = true,
							   .rockchip = 0x40008000,
							   .has_ram_base = true,
							   .ram_base = 0x40000000 };

	try(data, size, &plain);
	if (size > rockchip.rockchip - rockchip.ram_base)
		try(data, size, &rockchip);
	return 0;
}
