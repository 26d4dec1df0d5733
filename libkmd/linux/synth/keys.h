/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* keys.h - the keys of VMCOREINFO, one row each, in the kernel's order. */
#ifndef KMD_LINUX_SYNTH_KEYS_H
#define KMD_LINUX_SYNTH_KEYS_H

#include "linux/boot/boot.h"
#include "linux/boot/build.h"
#include "linux/boot/space.h"
#include "linux/vmlinux/types.h"

/* What a text is made from. */
struct kmd_synth {
	const struct kmd_vmlinux *vmlinux;
	const struct kmd_boot *boot;
	struct kmd_build build;
	struct kmd_space space;
	struct kmd_type_ask *asks; /* the facts', then those of rows that have one */
	size_t n_asks;
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

struct kmd_synth_key {
	enum kmd_key_kind kind;
	const char *name, *member;
	const char *label; /* in place of .name and .member, where the kernel calls it so */
	/* Kernel versions (major << 8 | minor) that write it; 0 = any.  What does not exist
	 * in the build is left out anyhow. */
	unsigned int since, until;
	const char *if_symbol; /* written only by builds that have this; "!x": that have not */
	enum kmd_key_format format;
	bool (*value)(const struct kmd_synth *synth, uint64_t *value);
	const char *(*text)(const struct kmd_synth *synth);
	bool needed; /* a consumer does not work without it */
};

struct kmd_synth_keys {
	const struct kmd_synth_key *items;
	size_t n;
};

/* Those that all machines' kernels write, and those of each machine behind them. */
extern const struct kmd_synth_keys kmd_keys_common;
extern const struct kmd_synth_keys kmd_keys_x86_64;
extern const struct kmd_synth_keys kmd_keys_arm64;

/* --- values that are computed (values.c, values_x86_64.c, values_arm64.c) */

typedef bool kmd_synth_value(const struct kmd_synth *synth, uint64_t *value);

kmd_synth_value kmd_synth_page_size, kmd_synth_node_online_map, kmd_synth_swapper,
	kmd_synth_vmalloc_start, kmd_synth_vmemmap, kmd_synth_mem_section, kmd_synth_section_roots,
	kmd_synth_section_bits, kmd_synth_physmem_bits, kmd_synth_head_mask, kmd_synth_slab_type,
	kmd_synth_buddy_type, kmd_synth_hugetlb_type, kmd_synth_offline_type,
	kmd_synth_unaccepted_type, kmd_synth_kaslr;
kmd_synth_value kmd_synth_x86_vmalloc_start, kmd_synth_x86_vmemmap, kmd_synth_phys_base,
	kmd_synth_l5, kmd_synth_image_size, kmd_synth_sme_mask;
kmd_synth_value kmd_synth_arm64_vmemmap, kmd_synth_arm64_physmem_bits, kmd_synth_va_bits,
	kmd_synth_modules_start, kmd_synth_modules_end, kmd_synth_vmalloc_end,
	kmd_synth_vmemmap_start, kmd_synth_vmemmap_end, kmd_synth_voffset, kmd_synth_phys_offset,
	kmd_synth_t1sz, kmd_synth_pac_mask;

/* What values ask of DWARF. */
extern const struct kmd_type_ask kmd_synth_facts[];
extern const size_t kmd_n_synth_facts;

/* The answer to one of them; false where the build does not tell. */
bool kmd_synth_fact(const struct kmd_synth *synth, enum kmd_type_question question,
		    const char *type, uint64_t *value);
/* True, with its value, if the value of this boot is known. */
bool kmd_synth_boot(const struct kmd_synth *synth, enum kmd_boot_key key, uint64_t *value);
bool kmd_synth_has(const struct kmd_synth *synth, const char *symbol);

#endif
