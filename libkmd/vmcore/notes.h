/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* notes.h - the one PT_NOTE of the core. */
#ifndef KMD_VMCORE_NOTES_H
#define KMD_VMCORE_NOTES_H

#include "vmcore/plan.h"

/*
 * Fill plan->notes: what a finished core as input brings along, then VMCOREINFO if
 * there is any, always built anew.
 */
enum kmd_status kmd_notes_build(const struct kmd_core_notes *carried,
				const struct kmd_vmcoreinfo *info, bool big_endian,
				struct kmd_diag *diag, struct kmd_plan *plan);

#endif
