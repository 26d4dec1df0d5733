/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * inquiry.h - the witnesses, each of which adds to the votes what it knows.
 *
 * Later ones build on what the earlier ones agree on: where the image lies in
 * physical memory, then what stands in it.
 */
#ifndef KMD_LINUX_BOOT_INQUIRY_H
#define KMD_LINUX_BOOT_INQUIRY_H

#include "linux/boot/build.h"
#include "memory/scan.h"
#include "linux/boot/space.h"
#include "linux/boot/votes.h"

#define KMD_HEARD_WORDS 8

struct kmd_inquiry {
	const struct kmd_memory *memory;
	const struct kmd_vmcoreinfo *info;
	const struct kmd_vmlinux *vmlinux; /* NULL = none */
	struct kmd_build build;
	struct kmd_space space;
	struct kmd_votes votes;
	/* arm64: the processor's capabilities as the panic text prints them, low word first. */
	uint64_t features[KMD_HEARD_WORDS];
	size_t n_features;
	struct kmd_diag *diag;
};

typedef enum kmd_status kmd_witness(struct kmd_inquiry *inquiry);

/* --- without any address */

kmd_witness kmd_witness_vmcoreinfo; /* its own keys */
kmd_witness kmd_witness_build;      /* what the vmlinux leaves no choice of */
kmd_witness kmd_witness_names;      /* names and addresses of regions, against symbols */
kmd_witness kmd_witness_text;       /* linux_banner, utsname and the panic's lines in memory */
kmd_witness kmd_witness_records;    /* kinfo, shared IMEM */

/* --- with a KASLR offset or a place that may be known by now */

kmd_witness kmd_witness_pairs;     /* regions with both addresses */
kmd_witness kmd_witness_pointers;  /* captured pointers, against vmlinux's content */
kmd_witness kmd_witness_variables; /* the kernel's own variables */

#endif
