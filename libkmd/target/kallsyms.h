/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * kallsyms.h - the kernel's own symbol table, out of captured memory.
 *
 * Names are compressed: each is a length and that many indexes of tokens; the first letter of
 * the expanded text is the symbol's type.  Addresses are offsets of 32 bits.
 * Sources: scripts/kallsyms.c, kernel/kallsyms.c.
 */
#ifndef KMD_TARGET_KALLSYMS_H
#define KMD_TARGET_KALLSYMS_H

#include <kmemdump/kmd.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kmd_target;

/* KSYM_NAME_LEN of 6.1 and later. */
#define KMD_KALLSYMS_NAME 512

struct kmd_kallsyms_symbol {
	uint64_t address; /* at run time */
	uint32_t name_at; /* in .bytes */
};

struct kmd_kallsyms {
	struct kmd_kallsyms_symbol *symbols; /* by address */
	size_t n;
	char **names;     /* by index, once they were asked for */
	uint32_t *hashes; /* of the names, by index */
	/* The first symbol of each bucket of hashes, and the next one in the same; .n = none. */
	uint32_t *buckets, *next;
	size_t n_buckets;     /* a power of 2 */
	unsigned char *bytes; /* the compressed names */
	size_t size;
	unsigned char *tokens; /* 256 texts, and where each begins */
	size_t tokens_size;
	uint16_t token_at[256];
};

/*
 * Read the table that VMCOREINFO names (Linux 6.0 and later), or that a search finds.  .n is 0 if
 * it was not captured whole or memory is short, and if it is implausible, which is a finding: it
 * must be sorted, and its addresses must agree with those that VMCOREINFO has, else with memory.
 */
enum kmd_status kmd_kallsyms_read(const struct kmd_target *target, struct kmd_kallsyms *table);
void kmd_kallsyms_deinit(struct kmd_kallsyms *table);

/*
 * The length before a name at *@at, which moves behind it; since 6.1 it may have two bytes.  False
 * if length or name would cross the end.
 */
bool kmd_kallsyms_length(const struct kmd_kallsyms *table, size_t *at, size_t *length);

/* Make the table by which names are found; false if memory is short. */
bool kmd_kallsyms_hash(struct kmd_kallsyms *table);

/* The address of a symbol; false if there is none, or several at different addresses. */
bool kmd_kallsyms_address(const struct kmd_kallsyms *table, const char *name, uint64_t *address);
/*
 * The symbol at or before @address: its index, or .n.  The name belongs to the table; NULL if
 * memory is short.
 */
size_t kmd_kallsyms_find(const struct kmd_kallsyms *table, uint64_t address);
/* The first symbol above @address. */
size_t kmd_kallsyms_above(const struct kmd_kallsyms *table, uint64_t address);
const char *kmd_kallsyms_name(struct kmd_kallsyms *table, size_t index);
/* The letter of its type, as nm(1) prints it. */
char kmd_kallsyms_type(const struct kmd_kallsyms *table, size_t index);

#endif
