/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * modules.h - the modules that were loaded, and their symbols, out of captured memory.
 *
 * Sources: include/linux/module.h (struct module, struct mod_kallsyms, enum mod_mem_type),
 * kernel/module/kallsyms.c, arch/x86/include/asm/module.h.
 */
#ifndef KMD_SYMBOL_MODULES_H
#define KMD_SYMBOL_MODULES_H

#include "symbol/trampolines.h"

/* MODULE_NAME_LEN is below this; each byte as \xNN if it is not printable. */
#define KMD_MODULE_NAME     64
#define KMD_MODULE_RANGES   8
#define KMD_MODULES_MAX     16384
/* BUILD_ID_SIZE_MAX, and the flags of which the kernel prints a letter. */
#define KMD_MODULE_BUILD_ID 20
#define KMD_MODULE_TAINTS   20

struct kmd_module_symbol {
	uint64_t value;
	uint32_t name_at; /* in the string table */
	uint32_t place;   /* in the symbol table */
	bool is_nameless; /* it was asked for, and there is none */
	char *name;       /* once it was asked for */
};

struct kmd_module_entry {
	struct kmd_module pub; /* .name is @name */
	char name[4 * KMD_MODULE_NAME + 1];
	char build_id[2 * KMD_MODULE_BUILD_ID + 1]; /* .pub.build_id, if it is known */
	char taint[KMD_MODULE_TAINTS + 1];
	bool has_taint;
	/*
	 * All of its memory: text, data, read-only data, ...  What follows the first @n_lasting is
	 * that of its initialisation, while that runs.
	 */
	struct kmd_module_range {
		uint64_t start, size;
	} ranges[KMD_MODULE_RANGES];
	size_t n_ranges, n_lasting;
	uint64_t strings;                  /* address of the string table; 0 = no symbols */
	struct kmd_module_symbol *symbols; /* by value */
	size_t n_symbols;
	/* x86_64: its ORC tables; .n_orc is 0 if there are none. */
	uint64_t orc_ips, orc_rows, n_orc;
};

struct kmd_modules {
	struct kmd_module_entry *items; /* as in the kernel's list: the newest first */
	size_t n, cap;
	const char *unknown;                /* why there may be more; NULL = these are all */
	struct kmd_trampolines trampolines; /* other code outside of the kernel's image */
	uint64_t to_search;                 /* bytes in which build-ids may still be searched */
	uint64_t symbols_left;              /* symbols that may still be read */
	struct kmd_module_place *places;    /* memory of modules by address */
	size_t n_places;
};

/* Read what identifies @module: its build-id and taint (identity.c). */
void kmd_module_identify(const struct kmd_target *target, uint64_t *budget,
			 struct kmd_module_entry *module);

/* What was not captured is absent, with the reason. */
enum kmd_status kmd_modules_read(const struct kmd_target *target, struct kmd_modules *modules);
void kmd_modules_deinit(struct kmd_modules *modules);

/* The module that has the address, or NULL. */
struct kmd_module_entry *kmd_modules_find(const struct kmd_modules *modules, uint64_t virt);
/*
 * The symbol at or before @virt in @module, if its name can be read: else NULL.  *@next is true if
 * another symbol begins at @after, behind it.
 */
const struct kmd_module_symbol *kmd_module_symbol_at(const struct kmd_target *target,
						     struct kmd_module_entry *module, uint64_t virt,
						     uint64_t after, bool *next);

/* The name of the symbol with this index; NULL if it was not captured, or names no object. */
const char *kmd_module_symbol_name(const struct kmd_target *target, struct kmd_module_entry *module,
				   size_t index);
/* Bytes from @virt to the end of the module's memory; 0 if it is in none. */
uint64_t kmd_modules_room(const struct kmd_modules *modules, uint64_t virt);

#endif
