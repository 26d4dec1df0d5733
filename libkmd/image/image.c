/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "image/image.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>

/* Cheap and certain probes first: searching a RAM image for marks comes last. */
static const struct kmd_image_format *const formats[] = {
	&kmd_image_folder,
	&kmd_image_raw_dump,
	&kmd_image_elf,
	&kmd_image_ram,
};

struct kmd_blob *kmd_image_add(struct kmd_image *image)
{
	struct kmd_blob *blob;

	if (!KMD_ARRAY_RESERVE(image->blobs, image->n_blobs, image->cap_blobs))
		return NULL;
	blob = &image->blobs[image->n_blobs++];
	memset(blob, 0, sizeof(*blob));
	return blob;
}

void kmd_image_deinit(struct kmd_image *image)
{
	for (size_t i = 0; i < image->n_blobs; i++)
		free(image->blobs[i].name);
	free(image->blobs);
	memset(image, 0, sizeof(*image));
}

static enum kmd_status refuse(const struct kmd_input *input, struct kmd_diag *diag)
{
	const char *foreign;

	if (input->folder || !input->n_members)
		return kmd_fail(diag, KMD_ERR_FORMAT, kmd_in(input->name),
				"no region files in this folder");
	foreign = kmd_image_foreign(input->members[0].source, diag);
	if (foreign)
		return kmd_fail(diag, KMD_ERR_FORMAT, kmd_in(input->name),
				"not a kernel minidump: this is %s", foreign);
	return kmd_fail(diag, KMD_ERR_FORMAT, kmd_in(input->name),
			"not a kernel minidump: no partition image, ELF core, region folder, or "
			"RAM image with an SMEM area");
}

enum kmd_status kmd_image_read(const struct kmd_input *input,
			       const struct kmd_image_options *options, struct kmd_diag *diag,
			       struct kmd_image *image)
{
	enum kmd_status status;

	memset(image, 0, sizeof(*image));
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		diag->status = KMD_OK;
		if (!formats[i]->probe(input, options, diag)) {
			if (diag->status != KMD_OK)
				return diag->status;
			continue;
		}
		image->form = formats[i]->form;
		status = formats[i]->read(input, options, diag, image);
		if (status != KMD_OK)
			kmd_image_deinit(image);
		return status;
	}
	return refuse(input, diag);
}
