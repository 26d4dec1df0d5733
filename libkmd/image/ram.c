/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * ram.c - an image of RAM that holds an SMEM area, or the area alone.
 *
 * A RAM image has no header.  What shows that it is one, and at which address its first byte
 * lay, is the SMEM area in it.
 */
#include "image/image.h"

#include "base/checked.h"
#include "image/smem_find.h"

#include <kmemdump/minidump.h>
#include <inttypes.h>
#include <string.h>

static bool probe_ram(const struct kmd_input *input, const struct kmd_image_options *options,
		      struct kmd_diag *diag)
{
	struct kmd_smem_site site;
	bool found;

	if (input->folder || input->n_members != 1 ||
	    input->members[0].source->size < MD_SMEM_PTABLE_SIZE)
		return false;
	if (options->has_smem || options->has_ram_base)
		return true;
	return kmd_smem_find(input->members[0].source, options, true, diag, &site, &found) ==
		       KMD_OK &&
	       found;
}

static enum kmd_status not_found(const struct kmd_source *source,
				 const struct kmd_image_options *options, struct kmd_diag *diag)
{
	const char *foreign;

	if (options->has_smem && options->has_ram_base)
		return kmd_fail(diag, KMD_ERR_DAMAGED, kmd_in(source->name),
				"no SMEM area at physical 0x%" PRIx64 ": the image holds 0x%" PRIx64
				" bytes from 0x%" PRIx64,
				options->smem, source->size, options->ram_base);
	foreign = kmd_image_foreign(source, diag);
	if (foreign)
		return kmd_fail(diag, KMD_ERR_FORMAT, kmd_in(source->name),
				"not a RAM image: this is %s", foreign);
	return kmd_fail(diag, KMD_ERR_FORMAT, kmd_in(source->name),
			"no SMEM area: no page is a partition table ($TOC) with its header or "
			"global partition ($PRT) before it");
}

static enum kmd_status report_rivals(const struct kmd_source *source,
				     const struct kmd_smem_site *site, struct kmd_diag *diag)
{
	if (!site->rivals)
		return KMD_OK;
	return kmd_report(
		diag, KMD_FIND_AMBIGUOUS, KMD_NOTE, kmd_at(source->name, site->base),
		"%zu more SMEM areas are equally plausible (copies?); this one is used: choose "
		"with the physical addresses of SMEM and of RAM (--smem, --ram-base)",
		site->rivals);
}

/* What is wrong with the place itself; the area's contents are for region/. */
static enum kmd_status add_vmcoreinfo(const struct kmd_source *source,
				      const struct kmd_smem_site *site, struct kmd_diag *diag)
{
	uint64_t table = site->base + site->size - MD_SMEM_PTABLE_SIZE;
	struct kmd_place place = kmd_at(source->name, table);
	const struct kmd_smem_info *info = &site->info;

	if (!info->present)
		return kmd_report(diag, KMD_FIND_HEADER, KMD_NOTE, place,
				  "the SMEM partition table has no info block (SIII)");
	if (!info->marked)
		return kmd_report(
			diag, KMD_FIND_HEADER, KMD_DAMAGE, place,
			"the magic of the SMEM info block (SIII) is damaged; its size fits, "
			"so it is used");
	if (info->size == site->size)
		return KMD_OK;
	return kmd_report(diag, KMD_FIND_HEADER, KMD_DAMAGE, place,
			  "the SMEM info block gives 0x%" PRIx64
			  " bytes, but the header and partitions fit an area of 0x%" PRIx64,
			  info->size, site->size);
}

/* The user's word on addresses wins over the area's own. */
static enum kmd_status base_from_user(const struct kmd_source *source,
				      const struct kmd_image_options *options,
				      const struct kmd_smem_site *site, struct kmd_diag *diag,
				      uint64_t *base)
{
	uint64_t phys;

	*base = options->ram_base;
	if (!options->has_ram_base) {
		if (options->smem < site->base)
			return kmd_fail(
				diag, KMD_ERR_USAGE, kmd_at(source->name, site->base),
				"SMEM was found here, which cannot be the physical 0x%" PRIx64
				" given by --smem",
				options->smem);
		*base = options->smem - site->base;
	}
	if (!site->info.present || !kmd_add_u64(*base, site->base, &phys) ||
	    site->info.phys == phys)
		return KMD_OK;
	return kmd_report(diag, KMD_FIND_DISAGREE, KMD_DAMAGE, kmd_at(source->name, site->base),
			  "SMEM records its address as physical 0x%" PRIx64
			  ", the given address makes it 0x%" PRIx64 "; the given one is used",
			  site->info.phys, phys);
}

static enum kmd_status base_from_area(const struct kmd_source *source,
				      const struct kmd_smem_site *site, struct kmd_diag *diag,
				      uint64_t *base)
{
	struct kmd_place place = kmd_at(source->name, site->base);

	if (!site->info.present)
		return kmd_fail(diag, KMD_ERR_DAMAGED, place,
				"the SMEM area found here does not record its physical address: "
				"give the address of the image's first byte (--ram-base)");
	if (!site->info.phys_sane || site->info.phys < site->base)
		return kmd_fail(diag, KMD_ERR_DAMAGED, place,
				"the SMEM area found here records physical address 0x%" PRIx64
				", which is impossible: give the address of the image's first byte "
				"(--ram-base)",
				site->info.phys);
	*base = site->info.phys - site->base;
	return KMD_OK;
}

static enum kmd_status find_base(const struct kmd_source *source,
				 const struct kmd_image_options *options,
				 const struct kmd_smem_site *site, struct kmd_diag *diag,
				 uint64_t *base)
{
	enum kmd_status status;
	uint64_t end;

	if (options->has_smem || options->has_ram_base)
		status = base_from_user(source, options, site, diag, base);
	else
		status = base_from_area(source, site, diag, base);
	if (status != KMD_OK)
		return status;
	if (!kmd_add_u64(*base, source->size, &end))
		return kmd_fail(diag, KMD_ERR_DAMAGED, kmd_in(source->name),
				"an image that starts at physical 0x%" PRIx64
				" extends past the end of the address space",
				*base);
	return KMD_OK;
}

/* An area that hardly holds a Minidump may do without address: region/ reports why. */
static bool is_hopeless(const struct kmd_smem_site *site)
{
	return !site->size || (site->version == MD_SMEM_GLOBAL_HEAP_VERSION && !site->partition);
}

/* The address can be known: the user or the area has it. */
static bool has_base(const struct kmd_image_options *options, const struct kmd_smem_site *site)
{
	return !is_hopeless(site) || options->has_ram_base || options->has_smem ||
	       (site->info.present && site->info.phys_sane && site->info.phys >= site->base);
}

static enum kmd_status add_blob(const struct kmd_source *source, const struct kmd_smem_site *site,
				uint64_t base, bool known, struct kmd_diag *diag,
				struct kmd_image *image)
{
	struct kmd_blob *blob = kmd_image_add(image);

	if (!blob)
		return kmd_fail_memory(diag);
	blob->name = strdup("");
	if (!blob->name)
		return kmd_fail_memory(diag);
	blob->source = source;
	blob->size = blob->declared = source->size;
	blob->phys = base;
	blob->has_phys = known;
	blob->kind = KMD_BLOB_FLAT;
	blob->origin = KMD_FROM_SMEM;
	image->smem.present = true;
	image->smem.blob = image->n_blobs - 1;
	image->smem.offset = site->base;
	image->smem.size = site->size;
	image->smem.phys = base + site->base;
	return KMD_OK;
}

static enum kmd_status read_ram(const struct kmd_input *input,
				const struct kmd_image_options *options, struct kmd_diag *diag,
				struct kmd_image *image)
{
	const struct kmd_source *source = input->members[0].source;
	struct kmd_smem_site site;
	enum kmd_status status;
	uint64_t base = 0;
	bool found, known;

	status = kmd_smem_find(source, options, false, diag, &site, &found);
	if (status != KMD_OK)
		return status;
	image->hurried = !found && options->quick;
	if (!found && options->has_ram_base && !options->has_smem)
		return kmd_image_add_ram(image, &input->members[0], options->ram_base, diag);
	if (!found)
		return not_found(source, options, diag);
	known = has_base(options, &site);
	if (!is_hopeless(&site)) {
		status = report_rivals(source, &site, diag);
		if (status == KMD_OK)
			status = add_vmcoreinfo(source, &site, diag);
	}
	if (status == KMD_OK && known)
		status = find_base(source, options, &site, diag, &base);
	if (status != KMD_OK)
		return status;
	if (options->all_memory && known)
		return kmd_image_add_ram(image, &input->members[0], base, diag);
	image->smem.subsystem = options->subsystem;
	return add_blob(source, &site, base, known, diag, image);
}

const struct kmd_image_format kmd_image_ram = {
	.form = "RAM image with an SMEM area",
	.probe = probe_ram,
	.read = read_ram,
};
