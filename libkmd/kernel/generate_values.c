/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Numbers that the kernel computes from macros, the same way on all machines. */
#include "kernel/generate_keys.h"

bool kmd_generate_page_size(const struct kmd_generator *generator, uint64_t *value)
{
	*value = generator->build.page_size;
	return *value != 0;
}

/* A name for one element of node_states[]. */
bool kmd_generate_node_online_map(const struct kmd_generator *generator, uint64_t *value)
{
	uint64_t size, index;

	if (!kmd_generate_address(generator, "node_states", value) ||
	    !kmd_generate_fact(generator, KMD_TYPE_SIZE, "nodemask_t", &size) ||
	    !kmd_generate_fact(generator, KMD_TYPE_ENUMERATOR, "N_ONLINE", &index))
		return false;
	*value += index * size;
	return true;
}

/* x86_64 has it by another name only. */
bool kmd_generate_swapper(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_generate_address(generator, "swapper_pg_dir", value) ||
	       kmd_generate_address(generator, "init_top_pgt", value);
}

/* Values that each machine computes in its own way. */
#define BY_MACHINE(op)                                                                             \
	bool kmd_generate_##op(const struct kmd_generator *generator, uint64_t *value)             \
	{                                                                                          \
		return generator->build.arch->vmcoreinfo->op(generator, value);                    \
	}

BY_MACHINE(vmalloc_start)
BY_MACHINE(vmemmap)
BY_MACHINE(physmem_bits)
BY_MACHINE(section_bits)

bool kmd_generate_section_roots(const struct kmd_generator *generator, uint64_t *value)
{
	uint64_t size, section_bits, physmem_bits, per_root;

	if (!kmd_generate_is_extreme(generator))
		return kmd_generate_fact(generator, KMD_TYPE_ELEMENTS, "mem_section", value);
	if (!kmd_generate_fact(generator, KMD_TYPE_SIZE, "mem_section", &size) || !size ||
	    !kmd_generate_section_bits(generator, &section_bits) ||
	    !kmd_generate_physmem_bits(generator, &physmem_bits) || physmem_bits < section_bits)
		return false;
	per_root = generator->build.page_size / size;
	if (!per_root)
		return false;
	*value = ((UINT64_C(1) << (physmem_bits - section_bits)) + per_root - 1) / per_root;
	return true;
}

bool kmd_generate_head_mask(const struct kmd_generator *generator, uint64_t *value)
{
	uint64_t bit;

	if (!kmd_generate_fact(generator, KMD_TYPE_ENUMERATOR, "PG_head", &bit) || bit > 63)
		return false;
	*value = UINT64_C(1) << bit;
	return true;
}

/*
 * Types of pages were bits that are cleared, macros until 6.10 (@macro), then enumerators
 * (@flag); since 6.12 they are values of the highest byte (@type).  All are int.
 */
static bool page_type(const struct kmd_generator *generator, const char *type, const char *flag,
		      uint32_t macro, uint64_t *value)
{
	uint32_t word;

	if (kmd_generate_fact(generator, KMD_TYPE_ENUMERATOR, type, value))
		word = (uint32_t)*value << 24;
	else if (generator->build.version >= KMD_VERSION_OF(6, 11) &&
		 kmd_generate_fact(generator, KMD_TYPE_ENUMERATOR, flag, value))
		word = ~(uint32_t)*value;
	else if (generator->build.version < KMD_VERSION_OF(6, 11))
		word = ~macro;
	else
		return false;
	*value = (uint64_t)(int64_t)(int32_t)word;
	return true;
}

bool kmd_generate_slab_type(const struct kmd_generator *generator, uint64_t *value)
{
	return page_type(generator, "PGTY_slab", "PG_slab", 0x1000, value);
}

bool kmd_generate_buddy_type(const struct kmd_generator *generator, uint64_t *value)
{
	return page_type(generator, "PGTY_buddy", "PG_buddy", 0x80, value);
}

/* Until 6.9 a page flag of its own, except where stable kernels took the change. */
bool kmd_generate_hugetlb_type(const struct kmd_generator *generator, uint64_t *value)
{
	if (generator->build.version < KMD_VERSION_OF(6, 10) &&
	    kmd_generate_fact(generator, KMD_TYPE_ENUMERATOR, "PG_hugetlb", value))
		return false;
	return page_type(generator, "PGTY_hugetlb", "PG_hugetlb", 0x800, value);
}

bool kmd_generate_offline_type(const struct kmd_generator *generator, uint64_t *value)
{
	if (generator->build.version < KMD_VERSION_OF(6, 10) &&
	    !kmd_generate_has(generator, "hugetlb_max_hstate"))
		return false;
	return page_type(generator, "PGTY_offline", "PG_offline", 0x100, value);
}

bool kmd_generate_unaccepted_type(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_generate_fact(generator, KMD_TYPE_ENUMERATOR, "PGTY_unaccepted", value) &&
	       page_type(generator, "PGTY_unaccepted", "", 0, value);
}
