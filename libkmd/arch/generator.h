/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* generator.h - what VMCOREINFO text is generated from, and its keys, one row each. */
#ifndef KMD_ARCH_GENERATOR_H
#define KMD_ARCH_GENERATOR_H

#include "arch/build.h"
#include "arch/image_reader.h"
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

/* Values of more than one machine. */
typedef bool kmd_generate_value(const struct kmd_generator *generator, uint64_t *value);
kmd_generate_value kmd_generate_kaslr, kmd_generate_mem_section;

/* What values ask of the debug information. */
extern const struct kmd_type_query kmd_generate_facts[];
extern const size_t kmd_n_generate_facts;

/* The answer to one of them; false if the build does not have it. */
bool kmd_generate_fact(const struct kmd_generator *generator, enum kmd_type_kind kind,
		       const char *type, uint64_t *value);
/* True, with its value, if the run-time value is known. */
bool kmd_generate_boot(const struct kmd_generator *generator, enum kmd_runtime_key key,
		       uint64_t *value);
/* True if the vmlinux has the symbol. */
bool kmd_generate_has(const struct kmd_generator *generator, const char *symbol);
/* The run-time address of a symbol. */
bool kmd_generate_address(const struct kmd_generator *generator, const char *symbol,
			  uint64_t *value);
/* With CONFIG_SPARSEMEM_EXTREME mem_section is a pointer to an array allocated at boot. */
bool kmd_generate_is_extreme(const struct kmd_generator *generator);

#endif
