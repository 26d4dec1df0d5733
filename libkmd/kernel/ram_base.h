/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* ram_base.h - the physical address of a RAM image, found from the kernel in it. */
#ifndef KMD_KERNEL_RAM_BASE_H
#define KMD_KERNEL_RAM_BASE_H

#include "elf/vmlinux.h"
#include "region/claim.h"

struct kmd_ram_base {
	size_t blob;   /* the image that holds the kernel */
	uint64_t phys; /* of its first byte */
};

/*
 * VMCOREINFO gives the physical address of init_uts_ns, and the images are searched for the
 * utsname that must be there.  A dump without VMCOREINFO needs @vmlinux (may be NULL).
 * KMD_ERR_FORMAT, with a sentence, if no kernel is found, or several that contradict each
 * other; it names the input @name.  @image must hold unplaced RAM images (kmd_image.unplaced).
 */
enum kmd_status kmd_ram_base_find(const struct kmd_image *image, const struct kmd_vmlinux *vmlinux,
				  const char *name, struct kmd_diag *diag,
				  struct kmd_ram_base *base);

#endif
