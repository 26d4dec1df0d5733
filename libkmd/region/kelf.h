/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* kelf.h - reading one KELF header, or ELF core, once it was found. */
#ifndef KMD_REGION_KELF_H
#define KMD_REGION_KELF_H

#include "region/claim.h"

struct kmd_kelf_place {
	const struct kmd_source *source;
	uint64_t offset, size;
	size_t blob; /* of a core file */
	bool whole;  /* a core file: the segments' bytes are in it */
};

/* The claims of the header at @place. */
enum kmd_status kmd_kelf_read(const struct kmd_kelf_place *place, struct kmd_diag *diag,
			      struct kmd_claims *claims);

/*
 * A core beside the region files, such as qdl's minidump.elf or what this library
 * made of them before, has its segments' bytes inside; a KELF header has not.
 */
bool kmd_is_finished_core(const struct kmd_source *source, uint64_t offset, uint64_t size,
			  struct kmd_diag *diag);

#endif
