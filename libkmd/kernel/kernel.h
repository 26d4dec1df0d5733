/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* kernel.h - what is known of the dumped kernel, put together. */
#ifndef KMD_KERNEL_KERNEL_H
#define KMD_KERNEL_KERNEL_H

#include "arch/arch.h"
#include "arch/paging.h"

struct kmd_kernel_facts {
	struct kmd_kernel pub;       /* strings belong to the facts */
	const struct kmd_arch *arch; /* NULL = not known */
	uint16_t machine;            /* e_machine for the core; 0 = not known */
	unsigned char elf_class;
	bool big_endian;
	struct kmd_layout layout;
};

/*
 * The machine comes from the first of KELF, vmlinux, VMCOREINFO's keys and the kernel's
 * utsname in memory that has it.  Page size and release come from VMCOREINFO; KASLR offset
 * and the kernel's maps from @runtime, else VMCOREINFO.  @vmlinux and @runtime may be NULL.
 * KMD_ERR_DAMAGED, unless @accept_order, for a cat of files with bytes that are provably
 * at a wrong place.
 */
enum kmd_status kmd_kernel_read(const struct kmd_claims *claims, const struct kmd_memory *memory,
				const struct kmd_vmcoreinfo *info,
				const struct kmd_runtime *runtime,
				const struct kmd_vmlinux *vmlinux, bool accept_order,
				struct kmd_diag *diag, struct kmd_kernel_facts *facts);
/* The kernel's own page tables; false if machine, root or sizes are not known. */
bool kmd_kernel_paging(const struct kmd_vmcoreinfo *info, const struct kmd_kernel_facts *facts,
		       struct kmd_paging *paging);
void kmd_kernel_deinit(struct kmd_kernel_facts *facts);

#endif
