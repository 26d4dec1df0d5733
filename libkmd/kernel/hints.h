/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* hints.h - what is known of the kernel's addresses before its memory is. */
#ifndef KMD_KERNEL_HINTS_H
#define KMD_KERNEL_HINTS_H

#include "kernel/runtime.h"

/*
 * Symbols at registered addresses, from VMCOREINFO and @vmlinux (may be NULL), and the
 * kernel's maps as far as VMCOREINFO has them.  They identify region files that have no
 * recorded address.
 */
enum kmd_status kmd_hints_gather(struct kmd_claims *claims, const struct kmd_vmcoreinfo *info,
				 const struct kmd_vmlinux *vmlinux,
				 const struct kmd_runtime_given *given, struct kmd_diag *diag,
				 struct kmd_hints *hints);

#endif
