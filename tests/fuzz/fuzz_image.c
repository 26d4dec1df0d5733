/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Bytes to blobs: every container format. */
#include "fuzz.h"

#include "base/checked.h"
#include "image/image.h"

#include <string.h>

static void check_blob(const struct kmd_blob *blob)
{
	FUZZ_CHECK(blob->name != NULL && blob->source != NULL);
	FUZZ_CHECK(kmd_inside(blob->offset, blob->size, blob->source->size));
	FUZZ_CHECK(blob->declared >= blob->size);
}

static void check_image(const struct kmd_image *image)
{
	FUZZ_CHECK(image->form != NULL);
	for (size_t i = 0; i < image->n_blobs; i++)
		check_blob(&image->blobs[i]);
	if (image->smem.present) {
		FUZZ_CHECK(image->smem.blob < image->n_blobs);
		FUZZ_CHECK(kmd_inside(image->smem.offset, image->smem.size,
				      image->blobs[image->smem.blob].size));
	}
}

static void try(const uint8_t *data, size_t size, const struct kmd_image_options *options)
{
	struct kmd_diag diag;
	struct kmd_input input;
	struct kmd_image image;

	kmd_diag_init(&diag);
	memset(&input, 0, sizeof(input));
	if (fuzz_input_make(data, size, &diag, &input)) {
		if (kmd_image_read(&input, options, &diag, &image) == KMD_OK) {
			check_image(&image);
			kmd_image_deinit(&image);
		} else {
			FUZZ_CHECK(diag.status != KMD_OK && diag.sentence[0]);
		}
	}
	kmd_input_deinit(&input);
	kmd_diag_deinit(&diag);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct kmd_image_options plain = { .accept_invalid = false };
	static const struct kmd_image_options forced = { .accept_invalid = true,
							 .has_smem = true,
							 .smem = 0x80200000,
							 .has_ram_base = true,
							 .ram_base = 0x80000000 };

	static const struct kmd_image_options rockchip = { .has_rockchip = true,
							   .rockchip = 0x40008000,
							   .has_ram_base = true,
							   .ram_base = 0x40000000 };

	try(data, size, &plain);
	try(data, size, &rockchip);
	try(data, size, &forced);
	return 0;
}
