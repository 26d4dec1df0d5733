/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * memory.h - the captured memory: sorted, overlap resolved, every byte traceable.
 *
 * Physical memory is the truth.  Where regions overlap, one of them provides the
 * byte: the larger region, then the lower one, then the name that sorts first.
 * The rule does not depend on the order of any table, so the same dump gives the
 * same memory from every form.  Overlapping regions that hold different bytes are
 * a finding.
 */
#ifndef KMD_MEMORY_MEMORY_H
#define KMD_MEMORY_MEMORY_H

#include "base/interval.h"
#include "region/region.h"

/* Values of the kernel, and texts such as its banner, are not longer. */
#define KMD_MEMORY_VALUE_MAX 512

struct kmd_memory {
	const struct kmd_regions *regions;
	struct kmd_interval *phys; /* owner = row of @regions */
	size_t n_phys;
	struct kmd_interval *virt; /* memory of which only a virtual address is known */
	size_t n_virt;
};

/* @regions must outlive the result. */
enum kmd_status kmd_memory_build(const struct kmd_regions *regions, struct kmd_diag *diag,
				 struct kmd_memory *memory);
void kmd_memory_deinit(struct kmd_memory *memory);
/* Bytes with a physical address. */
uint64_t kmd_memory_size(const struct kmd_memory *memory);

/* Where the bytes of @address are: in which source, at which offset. */
const struct kmd_source *kmd_memory_bytes(const struct kmd_memory *memory,
					  const struct kmd_interval *piece, bool physical,
					  uint64_t address, uint64_t *offset);

/*
 * Read captured memory by physical address.  KMD_ERR_NOT_FOUND, without a
 * sentence, if a byte was not captured; *@missing is then the first such address.
 */
enum kmd_status kmd_memory_read(const struct kmd_memory *memory, uint64_t phys, void *buffer,
				uint64_t length, uint64_t *missing, struct kmd_diag *diag);

/* The same for memory without a physical address. */
enum kmd_status kmd_memory_read_virt(const struct kmd_memory *memory, uint64_t virt, void *buffer,
				     uint64_t length, uint64_t *missing, struct kmd_diag *diag);

#endif
