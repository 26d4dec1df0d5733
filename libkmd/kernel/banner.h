/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* banner.h - linux_banner of a given vmlinux in much memory, without reading all of it. */
#ifndef KMD_KERNEL_BANNER_H
#define KMD_KERNEL_BANNER_H

#include "elf/vmlinux.h"
#include "memory/memory.h"

#define KMD_BANNERS_MAX 16

/*
 * Images lie at multiples of 2 MiB from their link addresses: physical addresses of that kind at
 * which the banner is.  Returns how many; less than KMD_SOURCE_MUCH is not looked at.
 */
size_t kmd_banner_find(const struct kmd_memory *memory, const struct kmd_vmlinux *vmlinux,
		       struct kmd_diag *diag, uint64_t found[KMD_BANNERS_MAX]);

#endif
