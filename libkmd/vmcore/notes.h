/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* notes.h - the one PT_NOTE of the core. */
#ifndef KMD_VMCORE_NOTES_H
#define KMD_VMCORE_NOTES_H

#include "vmcore/plan.h"

/*
 * Fill plan->notes, of the plan's class and byte order: what there is of CPUs and supplied
 * memory; a note of files that keeps gdb from taking values out of the vmlinux; then
 * VMCOREINFO if there is any.  The latter two are always built again.
 */
enum kmd_status kmd_notes_build(const struct kmd_core_notes *carried,
				const struct kmd_vmcoreinfo *info, struct kmd_diag *diag,
				struct kmd_plan *plan);

#endif
