/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* keys.h - the keys of VMCOREINFO, one row each, in the kernel's order. */
#ifndef KMD_KERNEL_GENERATE_KEYS_H
#define KMD_KERNEL_GENERATE_KEYS_H

#include "kernel/runtime.h"
#include "arch/build.h"
#include "kernel/image_reader.h"
#include "types/types.h"

/* What a text is made from. */
struct kmd_generator {
	const struct kmd_vmlinux *vmlinux;
	const struct kmd_runtime *runtime;
	struct kmd_build build;
	struct kmd_image_reader reader;
	struct kmd_type_query *queries; /* the facts', then those of rows that have one */
	size_t n_queries;
	struct kmd_diag *diag;
};

enum kmd_key_kind {
	KMD_KEY_SYMBOL,     /* run-time address of a symbol */
	KMD_KEY_SIZE,       /* of .name */
	KMD_KEY_OFFSET,     /* of .member in .name */
	KMD_KEY_LENGTH,     /* of the array .member in .name */
	KMD_KEY_ELEMENTS,   /* of the array variable .name */
	KMD_KEY_ENUMERATOR, /* NUMBER() of an enumerator */
	KMD_KEY_VALUE,      /* a number that .value computes; .name is the whole key */
	KMD_KEY_TEXT,       /* a text that .text gives; .name is the whole key */
};

enum kmd_key_format { KMD_KEY_DECIMAL, KMD_KEY_HEX, KMD_KEY_BARE_HEX };

struct kmd_generate_key {
	enum kmd_key_kind kind;
	const char *name, *member;
	const char *label; /* in place of .name and .member, where the kernel calls it so */
	/* Kernel versions (major << 8 | minor) that write it; 0 = any.  What does not exist
	 * in the build is left out anyhow. */
	unsigned int since, until;
	const char *if_symbol; /* written only by builds that have this; "!x": that have not */
	enum kmd_key_format format;
	bool (*value)(const struct kmd_generator *generator, uint64_t *value);
	const char *(*text)(const struct kmd_generator *generator);
	bool needed; /* a consumer does not work without it */
};

struct kmd_generate_keys {
	const struct kmd_generate_key *items;
	size_t n;
};

/* Those that all machines' kernels write, and those of each machine behind them. */
extern const struct kmd_generate_keys kmd_keys_common;
extern const struct kmd_generate_keys kmd_keys_x86_64;
extern const struct kmd_generate_keys kmd_keys_arm64;

/* --- values that are computed (values.c, values_x86_64.c, values_arm64.c) */

typedef bool kmd_generate_value(const struct kmd_generator *generator, uint64_t *value);

kmd_generate_value kmd_generate_page_size, kmd_generate_node_online_map, kmd_generate_swapper,
	kmd_generate_vmalloc_start, kmd_generate_vmemmap, kmd_generate_mem_section,
	kmd_generate_section_roots, kmd_generate_section_bits, kmd_generate_physmem_bits,
	kmd_generate_head_mask, kmd_generate_slab_type, kmd_generate_buddy_type,
	kmd_generate_hugetlb_type, kmd_generate_offline_type, kmd_generate_unaccepted_type,
	kmd_generate_kaslr;
kmd_generate_value kmd_generate_x86_vmalloc_start, kmd_generate_x86_vmemmap, kmd_generate_phys_base,
	kmd_generate_l5, kmd_generate_image_size, kmd_generate_sme_mask;
kmd_generate_value kmd_generate_arm64_vmemmap, kmd_generate_arm64_physmem_bits,
	kmd_generate_va_bits, kmd_generate_modules_start, kmd_generate_modules_end,
	kmd_generate_vmalloc_end, kmd_generate_vmemmap_start, kmd_generate_vmemmap_end,
	kmd_generate_voffset, kmd_generate_phys_offset, kmd_generate_t1sz, kmd_generate_pac_mask;

/* What values ask of DWARF. */
extern const struct kmd_type_query kmd_generate_facts[];
extern const size_t kmd_n_generate_facts;

/* The answer to one of them; false where the build does not tell. */
bool kmd_generate_fact(const struct kmd_generator *generator, enum kmd_type_kind kind,
		       const char *type, uint64_t *value);
/* True, with its value, if the value of this boot is known. */
bool kmd_generate_boot(const struct kmd_generator *generator, enum kmd_runtime_key key,
		       uint64_t *value);
bool kmd_generate_has(const struct kmd_generator *generator, const char *symbol);

#endif
