/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* space.h - the captured kernel image, read by link-time address. */
#ifndef KMD_LINUX_BOOT_SPACE_H
#define KMD_LINUX_BOOT_SPACE_H

#include "linux/boot/boot.h"
#include "linux/boot/build.h"

struct kmd_space {
	const struct kmd_memory *memory;
	const struct kmd_vmlinux *vmlinux;
	bool has_place, has_kaslr;
	uint64_t place; /* link address minus physical address */
	uint64_t kaslr;
	struct kmd_diag *diag;
};

/* The space that the values of @boot give. */
void kmd_space_of_boot(const struct kmd_memory *memory, const struct kmd_vmlinux *vmlinux,
		       const struct kmd_build *build, const struct kmd_boot *boot,
		       struct kmd_diag *diag, struct kmd_space *space);

/* False if not all of it was captured. */
bool kmd_space_read(const struct kmd_space *space, uint64_t link, void *to, size_t size);
/* The little-endian number of @size bytes in the variable @symbol. */
bool kmd_space_variable(const struct kmd_space *space, const char *symbol, size_t size,
			uint64_t *value);

/* A little-endian number. */
uint64_t kmd_space_number(const unsigned char *bytes, size_t size);

#endif
