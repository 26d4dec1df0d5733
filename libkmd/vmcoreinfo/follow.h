/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* follow.h - a kernel and its VMCOREINFO in much memory, without reading all of it. */
#ifndef KMD_VMCOREINFO_FOLLOW_H
#define KMD_VMCOREINFO_FOLLOW_H

#include "vmcoreinfo/vmcoreinfo.h"

/* Physical addresses, in @memory's terms. */
struct kmd_kernel_site {
	bool found;
	uint64_t start, end; /* the kernel's data, with its utsname */
	uint64_t text;       /* vmcoreinfo_data */
	uint64_t note;       /* vmcoreinfo_note */
};

/*
 * The only kernel in @memory whose variables lead to its VMCOREINFO; not found: search all.
 * Less than KMD_SOURCE_MUCH is not looked at.
 */
enum kmd_status kmd_vmcoreinfo_follow(const struct kmd_memory *memory, struct kmd_diag *diag,
				      struct kmd_kernel_site *site);

/* The text there. */
enum kmd_status kmd_vmcoreinfo_at_site(const struct kmd_memory *memory,
				       const struct kmd_kernel_site *site, struct kmd_diag *diag,
				       struct kmd_vmcoreinfo *info);
/* Every text that was captured; the longest. */
enum kmd_status kmd_vmcoreinfo_search_all(const struct kmd_memory *memory, struct kmd_diag *diag,
					  struct kmd_vmcoreinfo *info);

#endif
