/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* generate_keys.h - the keys of VMCOREINFO that all machines write, in the kernel's order. */
#ifndef KMD_KERNEL_GENERATE_KEYS_H
#define KMD_KERNEL_GENERATE_KEYS_H

#include "arch/generator.h"

struct kmd_generate_keys {
	const struct kmd_generate_key *items;
	size_t n;
};

extern const struct kmd_generate_keys kmd_keys_common;

/* Values that are computed: generate_values.c. */
kmd_generate_value kmd_generate_page_size, kmd_generate_node_online_map, kmd_generate_swapper,
	kmd_generate_vmalloc_start, kmd_generate_vmemmap, kmd_generate_section_roots,
	kmd_generate_section_bits, kmd_generate_physmem_bits, kmd_generate_head_mask,
	kmd_generate_slab_type, kmd_generate_buddy_type, kmd_generate_hugetlb_type,
	kmd_generate_offline_type, kmd_generate_unaccepted_type;

#endif
