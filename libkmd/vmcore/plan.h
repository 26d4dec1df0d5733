/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * plan.h - where everything goes in the core: pure arithmetic, nothing is written.
 *
 *	ELF header | program headers | [section 0] | notes | page slots
 *
 * Every captured page has one page-aligned slot, padded with zeroes, in order of
 * address; crash reads on to the end of a page.  Segments have the exact extent
 * of what was captured, p_offset congruent to the address, p_align 0 (crash takes
 * another value for a netdump).  Several segments may show one slot.
 */
#ifndef KMD_VMCORE_PLAN_H
#define KMD_VMCORE_PLAN_H

#include "cpu/core_notes.h"
#include "target/views.h"

/* p_paddr of a segment that has no physical address, as /proc/kcore writes it. */
#define KMD_NO_PHYS UINT64_MAX

struct kmd_load {
	uint64_t virt; /* 0 = not known */
	uint64_t phys; /* or KMD_NO_PHYS */
	uint64_t size;
	uint64_t offset;
};

/* Bytes to copy. */
struct kmd_chunk {
	uint64_t offset, size; /* in the core */
	const struct kmd_source *source;
	uint64_t from;
};

struct kmd_plan {
	uint16_t machine;
	unsigned char elf_class;
	bool big_endian;
	struct kmd_load *loads;
	size_t n_loads, cap_loads;
	struct kmd_chunk *chunks; /* by offset */
	size_t n_chunks, cap_chunks;
	unsigned char *notes;
	size_t notes_size;
	uint64_t notes_at;
	uint64_t headers_size; /* up to the notes */
	uint64_t file_size;
};

enum kmd_status kmd_plan_build(const struct kmd_memory *memory, const struct kmd_views *views,
			       const struct kmd_kernel_facts *facts,
			       const struct kmd_core_notes *carried,
			       const struct kmd_vmcoreinfo *info, struct kmd_diag *diag,
			       struct kmd_plan *plan);
void kmd_plan_deinit(struct kmd_plan *plan);

#endif
