/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Numbers that the kernel computes from macros, the same way on all machines. */
#include "kernel/generate_keys.h"

#include <elf.h>
#include <string.h>

const struct kmd_type_query kmd_generate_facts[] = {
	{ .kind = KMD_TYPE_SIZE, .type = "page" },
	{ .kind = KMD_TYPE_SIZE, .type = "mem_section" },
	{ .kind = KMD_TYPE_SIZE, .type = "nodemask_t" },
	{ .kind = KMD_TYPE_VARIABLE, .type = "mem_section" },
	{ .kind = KMD_TYPE_ELEMENTS, .type = "mem_section" },
	{ .kind = KMD_TYPE_ENUMERATOR, .type = "N_ONLINE" },
	{ .kind = KMD_TYPE_ENUMERATOR, .type = "PG_head" },
	{ .kind = KMD_TYPE_ENUMERATOR, .type = "PG_slab" },
	{ .kind = KMD_TYPE_ENUMERATOR, .type = "PG_buddy" },
	{ .kind = KMD_TYPE_ENUMERATOR, .type = "PG_offline" },
	{ .kind = KMD_TYPE_ENUMERATOR, .type = "PG_hugetlb" },
	{ .kind = KMD_TYPE_ENUMERATOR, .type = "PGTY_slab" },
	{ .kind = KMD_TYPE_ENUMERATOR, .type = "PGTY_buddy" },
	{ .kind = KMD_TYPE_ENUMERATOR, .type = "PGTY_offline" },
	{ .kind = KMD_TYPE_ENUMERATOR, .type = "PGTY_hugetlb" },
	{ .kind = KMD_TYPE_ENUMERATOR, .type = "PGTY_unaccepted" },
};

const size_t kmd_n_generate_facts = sizeof(kmd_generate_facts) / sizeof(kmd_generate_facts[0]);

bool kmd_generate_fact(const struct kmd_generator *generator, enum kmd_type_kind kind,
		       const char *type, uint64_t *value)
{
	for (size_t i = 0; i < kmd_n_generate_facts && i < generator->n_queries; i++)
		if (generator->queries[i].kind == kind &&
		    !strcmp(generator->queries[i].type, type)) {
			*value = generator->queries[i].value;
			return generator->queries[i].known;
		}
	return false;
}

bool kmd_generate_boot(const struct kmd_generator *generator, enum kmd_runtime_key key,
		       uint64_t *value)
{
	return kmd_runtime_get(generator->runtime, key, value);
}

bool kmd_generate_has(const struct kmd_generator *generator, const char *symbol)
{
	uint64_t link;

	return kmd_vmlinux_symbol(generator->vmlinux, symbol, &link);
}

static bool run_time(const struct kmd_generator *generator, const char *symbol, uint64_t *value)
{
	uint64_t kaslr;

	if (!kmd_generate_boot(generator, KMD_RUNTIME_KASLR, &kaslr) ||
	    !kmd_vmlinux_symbol(generator->vmlinux, symbol, value))
		return false;
	*value += kaslr;
	return true;
}

bool kmd_generate_kaslr(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_generate_boot(generator, KMD_RUNTIME_KASLR, value);
}

bool kmd_generate_page_size(const struct kmd_generator *generator, uint64_t *value)
{
	*value = generator->build.page_size;
	return *value != 0;
}

/* A name for one element of node_states[]. */
bool kmd_generate_node_online_map(const struct kmd_generator *generator, uint64_t *value)
{
	uint64_t size, index;

	if (!run_time(generator, "node_states", value) ||
	    !kmd_generate_fact(generator, KMD_TYPE_SIZE, "nodemask_t", &size) ||
	    !kmd_generate_fact(generator, KMD_TYPE_ENUMERATOR, "N_ONLINE", &index))
		return false;
	*value += index * size;
	return true;
}

/* x86_64 has it by another name only. */
bool kmd_generate_swapper(const struct kmd_generator *generator, uint64_t *value)
{
	return run_time(generator, "swapper_pg_dir", value) ||
	       run_time(generator, "init_top_pgt", value);
}

bool kmd_generate_vmalloc_start(const struct kmd_generator *generator, uint64_t *value)
{
	if (generator->build.machine == EM_X86_64)
		return kmd_generate_x86_vmalloc_start(generator, value);
	return kmd_generate_modules_end(generator, value);
}

bool kmd_generate_vmemmap(const struct kmd_generator *generator, uint64_t *value)
{
	if (generator->build.machine == EM_X86_64)
		return kmd_generate_x86_vmemmap(generator, value);
	return kmd_generate_arm64_vmemmap(generator, value);
}

/* With CONFIG_SPARSEMEM_EXTREME a pointer to an array that is allocated at boot. */
static bool is_extreme(const struct kmd_generator *generator)
{
	uint64_t size;

	return kmd_generate_fact(generator, KMD_TYPE_VARIABLE, "mem_section", &size) && size == 8;
}

bool kmd_generate_mem_section(const struct kmd_generator *generator, uint64_t *value)
{
	if (is_extreme(generator))
		return kmd_image_reader_variable(&generator->reader, "mem_section", 8, value) &&
		       *value;
	return run_time(generator, "mem_section", value);
}

bool kmd_generate_section_roots(const struct kmd_generator *generator, uint64_t *value)
{
	uint64_t size, section_bits, physmem_bits, per_root;

	if (!is_extreme(generator))
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

bool kmd_generate_section_bits(const struct kmd_generator *generator, uint64_t *value)
{
	*value = 27;
	if (generator->build.machine == EM_AARCH64 && generator->build.version < 0x50c)
		*value = 30;
	else if (generator->build.page_size == 65536)
		*value = 29;
	return true;
}

bool kmd_generate_physmem_bits(const struct kmd_generator *generator, uint64_t *value)
{
	uint64_t l5;

	if (generator->build.machine == EM_AARCH64)
		return kmd_generate_arm64_physmem_bits(generator, value);
	if (!kmd_generate_boot(generator, KMD_RUNTIME_L5, &l5))
		return false;
	*value = l5 ? 52 : 46;
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
	else if (generator->build.version >= 0x60b &&
		 kmd_generate_fact(generator, KMD_TYPE_ENUMERATOR, flag, value))
		word = ~(uint32_t)*value;
	else if (generator->build.version < 0x60b)
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
	if (generator->build.version < 0x60a &&
	    kmd_generate_fact(generator, KMD_TYPE_ENUMERATOR, "PG_hugetlb", value))
		return false;
	return page_type(generator, "PGTY_hugetlb", "PG_hugetlb", 0x800, value);
}

bool kmd_generate_offline_type(const struct kmd_generator *generator, uint64_t *value)
{
	if (generator->build.version < 0x60a && !kmd_generate_has(generator, "hugetlb_max_hstate"))
		return false;
	return page_type(generator, "PGTY_offline", "PG_offline", 0x100, value);
}

bool kmd_generate_unaccepted_type(const struct kmd_generator *generator, uint64_t *value)
{
	return kmd_generate_fact(generator, KMD_TYPE_ENUMERATOR, "PGTY_unaccepted", value) &&
	       page_type(generator, "PGTY_unaccepted", "", 0, value);
}
