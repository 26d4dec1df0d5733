/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * toc.h - the Minidump tables that boot firmware reads: the global table (SMEM
 * item 602), a subsystem's entry in it, and that subsystem's regions.
 */
#ifndef KMD_TOC_H
#define KMD_TOC_H

#include <linux/build_bug.h>
#include <linux/kmemdump.h>
#include <linux/stddef.h>
#include <linux/types.h>

#include <kmemdump/minidump.h>

struct kmd_md_region {
	char name[MD_REGION_NAME_SIZE];
	__le32 seq;
	__le32 valid;
	__le64 address;
	__le64 size;
};

struct kmd_md_subsystem {
	__le32 status;
	__le32 enabled;
	__le32 encryption_status;
	__le32 encryption_required;
	__le32 region_count;
	__le32 pad;
	__le64 regions_base;
};

struct kmd_md_global {
	__le32 status;
	__le32 revision;
	__le32 enabled;
	__le32 pad;
	struct kmd_md_subsystem subsystems[];
};

#define KMD_AT(type, member, offset) \
	static_assert(offsetof(struct type, member) == (offset))

KMD_AT(kmd_md_region, name, MD_REGION_NAME);
KMD_AT(kmd_md_region, seq, MD_REGION_SEQ);
KMD_AT(kmd_md_region, valid, MD_REGION_VALID);
KMD_AT(kmd_md_region, address, MD_REGION_ADDRESS);
KMD_AT(kmd_md_region, size, MD_REGION_LENGTH);
static_assert(sizeof(struct kmd_md_region) == MD_REGION_SIZE);
KMD_AT(kmd_md_subsystem, status, MD_SS_STATUS);
KMD_AT(kmd_md_subsystem, enabled, MD_SS_ENABLED);
KMD_AT(kmd_md_subsystem, encryption_status, MD_SS_ENCRYPTION_STATUS);
KMD_AT(kmd_md_subsystem, encryption_required, MD_SS_ENCRYPTION_REQUIRED);
KMD_AT(kmd_md_subsystem, region_count, MD_SS_REGION_COUNT);
KMD_AT(kmd_md_subsystem, regions_base, MD_SS_REGIONS_BASE);
static_assert(sizeof(struct kmd_md_subsystem) == MD_SS_SIZE);
KMD_AT(kmd_md_global, status, MD_GLOBAL_STATUS);
KMD_AT(kmd_md_global, revision, MD_GLOBAL_REVISION);
KMD_AT(kmd_md_global, enabled, MD_GLOBAL_ENABLED);
KMD_AT(kmd_md_global, subsystems, MD_GLOBAL_SUBSYSTEMS);

/**
 * struct kmd_toc - a subsystem's table, and the backend that fills it
 * @backend: give this to kmemdump_register_backend()
 * @subsystem: its entry in the global table
 * @regions: @backend.max_regions entries that firmware finds at @regions_pa
 * @regions_pa: physical address of @regions
 * @before: what @subsystem was before kmd_toc_start()
 * @prio: for the priority of what is in each slot, or NULL
 */
struct kmd_toc {
	struct kmemdump_backend backend;
	struct kmd_md_subsystem *subsystem;
	struct kmd_md_region *regions;
	phys_addr_t regions_pa;
	struct kmd_md_subsystem before;
	u8 *prio;
};

int kmd_toc_start(struct kmd_toc *toc);
void kmd_toc_stop(struct kmd_toc *toc);

#endif /* KMD_TOC_H */
