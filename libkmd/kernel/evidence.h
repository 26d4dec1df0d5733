/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * evidence.h - the sources of run-time values, each of which adds candidates.
 *
 * Later ones build on what the earlier ones agree on: where the image lies in
 * physical memory, then what it contains.
 */
#ifndef KMD_KERNEL_EVIDENCE_H
#define KMD_KERNEL_EVIDENCE_H

#include "arch/evidence.h"

typedef enum kmd_status kmd_evidence_fn(struct kmd_evidence *evidence);

/* --- without any address */

kmd_evidence_fn kmd_evidence_from_vmcoreinfo; /* its own keys */
kmd_evidence_fn kmd_evidence_from_build;      /* constants of the build */
kmd_evidence_fn kmd_evidence_from_names;      /* names and addresses of regions, against symbols */
kmd_evidence_fn kmd_evidence_from_text; /* linux_banner, utsname and the panic's lines in memory */
kmd_evidence_fn kmd_evidence_from_records; /* kinfo, shared IMEM */
kmd_evidence_fn kmd_evidence_from_tables;  /* page tables that map their own root */

/* --- with a KASLR offset or an image delta, if it is known by now */

kmd_evidence_fn kmd_evidence_from_pairs;     /* regions with both addresses */
kmd_evidence_fn kmd_evidence_from_pointers;  /* captured pointers, against vmlinux's content */
kmd_evidence_fn kmd_evidence_from_variables; /* the kernel's own variables */

#endif
