/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* smem.h - an SMEM area of version 12 that holds item 602 and nothing else. */
#ifndef KMD_SMEM_H
#define KMD_SMEM_H

#include <linux/types.h>

/* Of the area without the regions of Minidump, which lie behind it. */
#define KMD_SMEM_SIZE		0x10000
#define KMD_SMEM_SUBSYSTEMS	10

struct kmd_md_global;

struct kmd_md_global *kmd_smem_build(void *area, phys_addr_t pa);
const char *kmd_smem_last(const void *area);

#endif /* KMD_SMEM_H */
