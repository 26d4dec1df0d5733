/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* image_reader.h - the captured kernel image, read by link-time address. */
#ifndef KMD_ARCH_IMAGE_READER_H
#define KMD_ARCH_IMAGE_READER_H

#include "arch/build.h"
#include "base/bytes.h"

struct kmd_image_reader {
	const struct kmd_memory *memory;
	const struct kmd_vmlinux *vmlinux;
	bool has_image_delta, has_kaslr;
	uint64_t image_delta; /* link address minus physical address */
	uint64_t kaslr;
	struct kmd_diag *diag;
};

/* The space that the values of @boot give. */
void kmd_image_reader_init(const struct kmd_memory *memory, const struct kmd_vmlinux *vmlinux,
			   const struct kmd_build *build, const struct kmd_runtime *runtime,
			   struct kmd_diag *diag, struct kmd_image_reader *reader);

/* False if not all of it was captured. */
bool kmd_image_reader_read(const struct kmd_image_reader *reader, uint64_t link, void *to,
			   size_t size);
/* The little-endian number of @size bytes in the variable @symbol. */
bool kmd_image_reader_variable(const struct kmd_image_reader *reader, const char *symbol,
			       size_t size, uint64_t *value);

#endif
