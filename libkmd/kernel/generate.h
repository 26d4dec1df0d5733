/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * generate.h - the VMCOREINFO text that the dumped kernel would have written.
 *
 * Source: Linux kernel/vmcore_info.c (until 6.8 kernel/crash_core.c) and
 * arch/.../kernel/ vmcore_info.c or machine_kexec_64.c, from 5.4 on.
 */
#ifndef KMD_KERNEL_GENERATE_H
#define KMD_KERNEL_GENERATE_H

#include "kernel/runtime.h"

/*
 * Make the text from @vmlinux (which needs DWARF) and the values of this boot, each key
 * that a kernel of this version and build writes, in the kernel's own order.  A key
 * without a known value is omitted, and a finding names those that a consumer needs.
 * x86_64, arm64, riscv64 and arm only.
 * KMD_ERR_NOT_FOUND, with a sentence, where the vmlinux or the boot's values do not
 * suffice for a text that any consumer could use.
 */
enum kmd_status kmd_vmcoreinfo_generate(const struct kmd_memory *memory,
					const struct kmd_vmlinux *vmlinux,
					const struct kmd_runtime *runtime, struct kmd_diag *diag,
					struct kmd_vmcoreinfo *info);

/*
 * Read VMCOREINFO text from a file.  KMD_ERR_FORMAT if the file holds no such text,
 * KMD_ERR_MISMATCH if its KASLR offset or another run-time value is not that of @runtime.
 * @runtime may be NULL: then that is not checked.
 */
enum kmd_status kmd_vmcoreinfo_from_file(const char *path, const struct kmd_runtime *runtime,
					 struct kmd_diag *diag, struct kmd_vmcoreinfo *info);

#endif
