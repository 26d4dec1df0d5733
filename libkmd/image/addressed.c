/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * addressed.c - images of RAM whose physical addresses the user gives.
 *
 * Each image is one region, all of it: nothing in it describes regions.  Files without an
 * address (OCIMEM.BIN, dump_info.txt) may be given with them.
 */
#include "image/image.h"

#include "base/checked.h"

#include <inttypes.h>
#include <string.h>

enum kmd_status kmd_image_add_ram(struct kmd_image *image, const struct kmd_member *member,
				  uint64_t phys, struct kmd_diag *diag)
{
	const struct kmd_source *source = member->source;
	struct kmd_blob *blob;
	uint64_t end;

	if (!source->size)
		return kmd_fail(diag, KMD_ERR_FORMAT, kmd_in(source->name), "an empty file");
	if (!kmd_add_u64(phys, source->size, &end))
		return kmd_fail(diag, KMD_ERR_DAMAGED, kmd_in(source->name),
				"an image that starts at physical 0x%" PRIx64
				" extends past the end of the address space",
				phys);
	blob = kmd_image_add(image);
	if (!blob)
		return kmd_fail_memory(diag);
	blob->name = strdup(member->file_name);
	if (!blob->name)
		return kmd_fail_memory(diag);
	blob->source = source;
	blob->size = blob->declared = source->size;
	blob->phys = phys;
	blob->has_phys = true;
	blob->kind = KMD_BLOB_REGION;
	blob->origin = KMD_FROM_ADDRESS;
	return KMD_OK;
}

static bool probe_addressed(const struct kmd_input *input, const struct kmd_image_options *options,
			    struct kmd_diag *diag)
{
	(void)options;
	(void)diag;
	for (size_t i = 0; i < input->n_members; i++)
		if (input->members[i].has_phys)
			return true;
	return false;
}

static enum kmd_status read_addressed(const struct kmd_input *input,
				      const struct kmd_image_options *options,
				      struct kmd_diag *diag, struct kmd_image *image)
{
	enum kmd_status status = KMD_OK;

	(void)options;
	for (size_t i = 0; i < input->n_members && status == KMD_OK; i++) {
		const struct kmd_member *member = &input->members[i];

		status = member->has_phys ? kmd_image_add_ram(image, member, member->phys, diag)
					  : kmd_image_add_file(image, member, diag);
	}
	return status;
}

const struct kmd_image_format kmd_image_addressed = {
	.form = "RAM images with addresses",
	.probe = probe_addressed,
	.read = read_addressed,
};
