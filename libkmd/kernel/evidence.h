/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * inquiry.h - the n_sources, each of which adds to the votes what it knows.
 *
 * Later ones build on what the earlier ones agree on: where the image lies in
 * physical memory, then what stands in it.
 */
#ifndef KMD_KERNEL_EVIDENCE_H
#define KMD_KERNEL_EVIDENCE_H

#include "arch/build.h"
#include "memory/scan.h"
#include "kernel/image_reader.h"
#include "kernel/candidates.h"

#define KMD_CPU_FEATURE_WORDS 8

struct kmd_evidence {
	const struct kmd_memory *memory;
	const struct kmd_vmcoreinfo *info;
	const struct kmd_vmlinux *vmlinux; /* NULL = none */
	struct kmd_build build;
	struct kmd_image_reader reader;
	struct kmd_candidates candidates;
	/* arm64: the processor's capabilities as the panic text prints them, low word first. */
	uint64_t features[KMD_CPU_FEATURE_WORDS];
	size_t n_features;
	struct kmd_diag *diag;
};

typedef enum kmd_status kmd_evidence_fn(struct kmd_evidence *evidence);

/* --- without any address */

kmd_evidence_fn kmd_evidence_from_vmcoreinfo; /* its own keys */
kmd_evidence_fn kmd_evidence_from_build;      /* what the vmlinux leaves no choice of */
kmd_evidence_fn kmd_evidence_from_names;      /* names and addresses of regions, against symbols */
kmd_evidence_fn kmd_evidence_from_text; /* linux_banner, utsname and the panic's lines in memory */
kmd_evidence_fn kmd_evidence_from_records; /* kinfo, shared IMEM */

/* --- with a KASLR offset or a place that may be known by now */

kmd_evidence_fn kmd_evidence_from_pairs;     /* regions with both addresses */
kmd_evidence_fn kmd_evidence_from_pointers;  /* captured pointers, against vmlinux's content */
kmd_evidence_fn kmd_evidence_from_variables; /* the kernel's own variables */

#endif
