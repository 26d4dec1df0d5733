/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * rockchip.c - images of RAM in which the user gives the address of Rockchip's Minidump table.
 *
 * The address differs between boards and the table has no mark of its own, so it is never
 * searched for.  region/smem/rockchip.c checks that it is one.
 */
#include "image/image.h"

#include "base/checked.h"

#include <inttypes.h>
#include <kmemdump/minidump.h>
#include <string.h>

#define TABLE_SIZE (MD_GLOBAL_SUBSYSTEMS + MD_ROCKCHIP_SUBSYSTEMS * MD_ROCKCHIP_SS_SIZE)

static bool probe(const struct kmd_input *input, const struct kmd_image_options *options,
		  struct kmd_diag *diag)
{
	(void)diag;
	return options->has_rockchip && input->n_members;
}

static enum kmd_status fail_address(const struct kmd_source *source, struct kmd_diag *diag)
{
	return kmd_fail(diag, KMD_ERR_USAGE, kmd_in(source->name),
			"the table of Rockchip is looked for at a physical address, but that of "
			"this image's first byte is not known: give it (--ram-base, or FILE@ADDR)");
}

static enum kmd_status add_image(struct kmd_image *image, const struct kmd_member *member,
				 uint64_t phys, struct kmd_diag *diag)
{
	enum kmd_status status = kmd_image_add_ram(image, member, phys, diag);

	if (status == KMD_OK) {
		image->blobs[image->n_blobs - 1].kind = KMD_BLOB_FLAT;
		image->blobs[image->n_blobs - 1].origin = KMD_FROM_SMEM;
	}
	return status;
}

static bool holds_table(const struct kmd_blob *blob, uint64_t phys)
{
	return blob->kind == KMD_BLOB_FLAT && phys >= blob->phys &&
	       kmd_inside(phys - blob->phys, TABLE_SIZE, blob->size);
}

static enum kmd_status find_table(const struct kmd_input *input, uint64_t phys,
				  struct kmd_diag *diag, struct kmd_image *image)
{
	for (size_t i = 0; i < image->n_blobs; i++) {
		const struct kmd_blob *blob = &image->blobs[i];

		if (!holds_table(blob, phys))
			continue;
		image->smem = (struct kmd_smem_area){ .present = true,
						      .rockchip = true,
						      .blob = i,
						      .offset = phys - blob->phys,
						      .size = TABLE_SIZE,
						      .phys = phys };
		return KMD_OK;
	}
	return kmd_fail(diag, KMD_ERR_DAMAGED, kmd_in(input->name),
			"no image has the %d bytes at physical 0x%" PRIx64
			" where Rockchip's table should be (--rockchip)",
			TABLE_SIZE, phys);
}

static enum kmd_status read_image(const struct kmd_input *input,
				  const struct kmd_image_options *options, struct kmd_diag *diag,
				  struct kmd_image *image)
{
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; status == KMD_OK && i < input->n_members; i++) {
		const struct kmd_member *member = &input->members[i];

		if (member->has_phys)
			status = add_image(image, member, member->phys, diag);
		else if (input->n_members == 1 && options->has_ram_base)
			status = add_image(image, member, options->ram_base, diag);
		else if (input->n_members == 1)
			status = fail_address(member->source, diag);
		else
			status = kmd_image_add_file(image, member, diag);
	}
	if (status == KMD_OK)
		status = find_table(input, options->rockchip, diag, image);
	image->smem.subsystem = options->subsystem;
	return status;
}

const struct kmd_image_format kmd_image_rockchip = {
	.form = "RAM image with Rockchip's Minidump table",
	.probe = probe,
	.read = read_image,
};
