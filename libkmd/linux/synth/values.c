/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Numbers that the kernel computes from macros, the same way on all machines. */
#include "linux/synth/keys.h"

#include <elf.h>
#include <string.h>

const struct kmd_type_ask kmd_synth_facts[] = {
	{ .question = KMD_TYPE_SIZE, .type = "page" },
	{ .question = KMD_TYPE_SIZE, .type = "mem_section" },
	{ .question = KMD_TYPE_SIZE, .type = "nodemask_t" },
	{ .question = KMD_TYPE_VARIABLE, .type = "mem_section" },
	{ .question = KMD_TYPE_ELEMENTS, .type = "mem_section" },
	{ .question = KMD_TYPE_ENUMERATOR, .type = "N_ONLINE" },
	{ .question = KMD_TYPE_ENUMERATOR, .type = "PG_head" },
	{ .question = KMD_TYPE_ENUMERATOR, .type = "PG_slab" },
	{ .question = KMD_TYPE_ENUMERATOR, .type = "PG_buddy" },
	{ .question = KMD_TYPE_ENUMERATOR, .type = "PG_offline" },
	{ .question = KMD_TYPE_ENUMERATOR, .type = "PG_hugetlb" },
	{ .question = KMD_TYPE_ENUMERATOR, .type = "PGTY_slab" },
	{ .question = KMD_TYPE_ENUMERATOR, .type = "PGTY_buddy" },
	{ .question = KMD_TYPE_ENUMERATOR, .type = "PGTY_offline" },
	{ .question = KMD_TYPE_ENUMERATOR, .type = "PGTY_hugetlb" },
	{ .question = KMD_TYPE_ENUMERATOR, .type = "PGTY_unaccepted" },
};

const size_t kmd_n_synth_facts = sizeof(kmd_synth_facts) / sizeof(kmd_synth_facts[0]);

bool kmd_synth_fact(const struct kmd_synth *synth, enum kmd_type_question question,
		    const char *type, uint64_t *value)
{
	for (size_t i = 0; i < kmd_n_synth_facts && i < synth->n_asks; i++)
		if (synth->asks[i].question == question && !strcmp(synth->asks[i].type, type)) {
			*value = synth->asks[i].value;
			return synth->asks[i].known;
		}
	return false;
}

bool kmd_synth_boot(const struct kmd_synth *synth, enum kmd_boot_key key, uint64_t *value)
{
	return kmd_boot_get(synth->boot, key, value);
}

bool kmd_synth_has(const struct kmd_synth *synth, const char *symbol)
{
	uint64_t link;

	return kmd_vmlinux_symbol(synth->vmlinux, symbol, &link);
}

static bool run_time(const struct kmd_synth *synth, const char *symbol, uint64_t *value)
{
	uint64_t kaslr;

	if (!kmd_synth_boot(synth, KMD_BOOT_KASLR, &kaslr) ||
	    !kmd_vmlinux_symbol(synth->vmlinux, symbol, value))
		return false;
	*value += kaslr;
	return true;
}

bool kmd_synth_kaslr(const struct kmd_synth *synth, uint64_t *value)
{
	return kmd_synth_boot(synth, KMD_BOOT_KASLR, value);
}

bool kmd_synth_page_size(const struct kmd_synth *synth, uint64_t *value)
{
	*value = synth->build.page_size;
	return *value != 0;
}

/* A name for one element of node_states[]. */
bool kmd_synth_node_online_map(const struct kmd_synth *synth, uint64_t *value)
{
	uint64_t size, index;

	if (!run_time(synth, "node_states", value) ||
	    !kmd_synth_fact(synth, KMD_TYPE_SIZE, "nodemask_t", &size) ||
	    !kmd_synth_fact(synth, KMD_TYPE_ENUMERATOR, "N_ONLINE", &index))
		return false;
	*value += index * size;
	return true;
}

/* x86_64 has it by another name only. */
bool kmd_synth_swapper(const struct kmd_synth *synth, uint64_t *value)
{
	return run_time(synth, "swapper_pg_dir", value) || run_time(synth, "init_top_pgt", value);
}

bool kmd_synth_vmalloc_start(const struct kmd_synth *synth, uint64_t *value)
{
	if (synth->build.machine == EM_X86_64)
		return kmd_synth_x86_vmalloc_start(synth, value);
	return kmd_synth_modules_end(synth, value);
}

bool kmd_synth_vmemmap(const struct kmd_synth *synth, uint64_t *value)
{
	if (synth->build.machine == EM_X86_64)
		return kmd_synth_x86_vmemmap(synth, value);
	return kmd_synth_arm64_vmemmap(synth, value);
}

/* With CONFIG_SPARSEMEM_EXTREME a pointer to an array that is allocated at boot. */
static bool is_extreme(const struct kmd_synth *synth)
{
	uint64_t size;

	return kmd_synth_fact(synth, KMD_TYPE_VARIABLE, "mem_section", &size) && size == 8;
}

bool kmd_synth_mem_section(const struct kmd_synth *synth, uint64_t *value)
{
	if (is_extreme(synth))
		return kmd_space_variable(&synth->space, "mem_section", 8, value) && *value;
	return run_time(synth, "mem_section", value);
}

bool kmd_synth_section_roots(const struct kmd_synth *synth, uint64_t *value)
{
	uint64_t size, section_bits, physmem_bits, per_root;

	if (!is_extreme(synth))
		return kmd_synth_fact(synth, KMD_TYPE_ELEMENTS, "mem_section", value);
	if (!kmd_synth_fact(synth, KMD_TYPE_SIZE, "mem_section", &size) || !size ||
	    !kmd_synth_section_bits(synth, &section_bits) ||
	    !kmd_synth_physmem_bits(synth, &physmem_bits) || physmem_bits < section_bits)
		return false;
	per_root = synth->build.page_size / size;
	if (!per_root)
		return false;
	*value = ((UINT64_C(1) << (physmem_bits - section_bits)) + per_root - 1) / per_root;
	return true;
}

bool kmd_synth_section_bits(const struct kmd_synth *synth, uint64_t *value)
{
	*value = 27;
	if (synth->build.machine == EM_AARCH64 && synth->build.version < 0x50c)
		*value = 30;
	else if (synth->build.page_size == 65536)
		*value = 29;
	return true;
}

bool kmd_synth_physmem_bits(const struct kmd_synth *synth, uint64_t *value)
{
	uint64_t l5;

	if (synth->build.machine == EM_AARCH64)
		return kmd_synth_arm64_physmem_bits(synth, value);
	if (!kmd_synth_boot(synth, KMD_BOOT_L5, &l5))
		return false;
	*value = l5 ? 52 : 46;
	return true;
}

bool kmd_synth_head_mask(const struct kmd_synth *synth, uint64_t *value)
{
	uint64_t bit;

	if (!kmd_synth_fact(synth, KMD_TYPE_ENUMERATOR, "PG_head", &bit) || bit > 63)
		return false;
	*value = UINT64_C(1) << bit;
	return true;
}

/*
 * Types of pages were bits that are cleared, macros until 6.10 (@macro), then enumerators
 * (@flag); since 6.12 they are values of the highest byte (@type).  All are int.
 */
static bool page_type(const struct kmd_synth *synth, const char *type, const char *flag,
		      uint32_t macro, uint64_t *value)
{
	uint32_t word;

	if (kmd_synth_fact(synth, KMD_TYPE_ENUMERATOR, type, value))
		word = (uint32_t)*value << 24;
	else if (synth->build.version >= 0x60b &&
		 kmd_synth_fact(synth, KMD_TYPE_ENUMERATOR, flag, value))
		word = ~(uint32_t)*value;
	else if (synth->build.version < 0x60b)
		word = ~macro;
	else
		return false;
	*value = (uint64_t)(int64_t)(int32_t)word;
	return true;
}

bool kmd_synth_slab_type(const struct kmd_synth *synth, uint64_t *value)
{
	return page_type(synth, "PGTY_slab", "PG_slab", 0x1000, value);
}

bool kmd_synth_buddy_type(const struct kmd_synth *synth, uint64_t *value)
{
	return page_type(synth, "PGTY_buddy", "PG_buddy", 0x80, value);
}

/* Until 6.9 a page flag of its own, except where stable kernels took the change. */
bool kmd_synth_hugetlb_type(const struct kmd_synth *synth, uint64_t *value)
{
	if (synth->build.version < 0x60a &&
	    kmd_synth_fact(synth, KMD_TYPE_ENUMERATOR, "PG_hugetlb", value))
		return false;
	return page_type(synth, "PGTY_hugetlb", "PG_hugetlb", 0x800, value);
}

bool kmd_synth_offline_type(const struct kmd_synth *synth, uint64_t *value)
{
	if (synth->build.version < 0x60a && !kmd_synth_has(synth, "hugetlb_max_hstate"))
		return false;
	return page_type(synth, "PGTY_offline", "PG_offline", 0x100, value);
}

bool kmd_synth_unaccepted_type(const struct kmd_synth *synth, uint64_t *value)
{
	return kmd_synth_fact(synth, KMD_TYPE_ENUMERATOR, "PGTY_unaccepted", value) &&
	       page_type(synth, "PGTY_unaccepted", "", 0, value);
}
