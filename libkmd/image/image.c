/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "image/image.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>

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
