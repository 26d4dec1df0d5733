/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* ram_base.h - the physical address of a RAM image, found from the kernel in it. */
#ifndef KMD_KERNEL_RAM_BASE_H
#define KMD_KERNEL_RAM_BASE_H

#include "elf/vmlinux.h"
#include "region/claim.h"
#include "vmcoreinfo/vmcoreinfo.h"

struct kmd_ram_base {
	bool found;
	size_t blob;                /* the image that holds the kernel */
	uint64_t phys;              /* of its first byte */
	struct kmd_vmcoreinfo info; /* the kernel's, for the caller; perhaps none */
};

/*
 * VMCOREINFO gives the physical address of init_uts_ns, and the images are searched for the
 * utsname that must be there.  A dump without VMCOREINFO needs @vmlinux (may be NULL).
 * KMD_ERR_FORMAT, with a sentence, if no kernel is found, or several that contradict each
 * other; it names the input @name.  @image must hold unplaced RAM images (kmd_image.unplaced).
 * @quick: only what is found without reading all memory; that nothing is found is no error then.
 */
enum kmd_status kmd_ram_base_find(const struct kmd_image *image, const struct kmd_vmlinux *vmlinux,
				  const char *name, bool quick, struct kmd_diag *diag,
				  struct kmd_ram_base *base);

/* VMCOREINFO in images whose addresses are known, if it is found without reading all memory. */
enum kmd_status kmd_ram_kernel_find(const struct kmd_image *image, struct kmd_diag *diag,
				    struct kmd_vmcoreinfo *info);

#endif
