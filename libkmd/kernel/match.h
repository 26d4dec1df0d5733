/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * match.h - whether a vmlinux is the dumped kernel's.
 *
 * One of another build has wrong addresses for right names, so this is settled
 * before anything is taken from it: by build-id, else by banner, and by what
 * is captured of the image once its place is known.
 */
#ifndef KMD_KERNEL_MATCH_H
#define KMD_KERNEL_MATCH_H

#include "kernel/runtime.h"

/*
 * @machine is that of the dump's headers, 0 = not known; @info may have no text.
 * KMD_ERR_MISMATCH, or with @accept a finding of damage, if it is another kernel's; a note
 * if that is not known.
 */
enum kmd_status kmd_match_vmlinux(const struct kmd_vmlinux *vmlinux, const char *path,
				  uint16_t machine, const struct kmd_vmcoreinfo *info,
				  const struct kmd_memory *memory, bool accept,
				  struct kmd_diag *diag);

/*
 * The build-id in the captured image, at the place that @runtime gives, against the file's.
 * If neither that nor @info has one, only the banner is compared: a note, because another
 * build may bear the same.
 */
enum kmd_status kmd_match_content(const struct kmd_vmlinux *vmlinux, const char *path,
				  const struct kmd_vmcoreinfo *info,
				  const struct kmd_memory *memory,
				  const struct kmd_runtime *runtime, bool accept,
				  struct kmd_diag *diag);

#endif
