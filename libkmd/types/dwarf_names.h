/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * dwarf_names.h - which units of debug information can contain a name.
 *
 * A kernel has thousands of units, and to walk one costs a millisecond.  A name is in a
 * unit either as its offset in .debug_str or as text; both show as four known bytes, and
 * to look for those is a hundred times faster.  What is found so is only a hint.
 */
#ifndef KMD_TYPES_DWARF_NAMES_H
#define KMD_TYPES_DWARF_NAMES_H

#include "base/diag.h"

#include <elfutils/libdw.h>

struct kmd_dwarf_name {
	const char *text; /* not terminated: @length bytes */
	size_t length;
	bool always;   /* too short, or too many places: may be in every unit */
	uint64_t seen; /* number of the unit that it was last seen in */
};

struct kmd_dwarf_needle {
	uint32_t bytes; /* as they lie in the file */
	size_t word;
};

#define KMD_DWARF_SIEVE_BITS 16

struct kmd_dwarf_names {
	struct kmd_dwarf_name *items; /* sorted */
	size_t n, cap;
	/* Sections as libdw has read them; NULL = none. */
	Elf_Data *info, *strings;
	/* private */
	struct kmd_dwarf_needle *needles; /* sorted */
	size_t n_needles, cap_needles;
	Elf_Data *offsets;
	bool big_endian;
	uint8_t sieve[1u << (KMD_DWARF_SIEVE_BITS - 3)];
};

struct kmd_dwarf_unit {
	uint64_t number; /* from 1 */
	uint16_t version;
	Dwarf_Die die;
	uint64_t size; /* from .die on */
};

/* A word, before the preparation. */
bool kmd_dwarf_names_add(struct kmd_dwarf_names *words, const char *text, size_t length);
/* Sort them and look where they are. */
bool kmd_dwarf_names_prepare(struct kmd_dwarf_names *words, Dwarf *dwarf);
/* Index of the word, or -1. */
ptrdiff_t kmd_dwarf_names_find(const struct kmd_dwarf_names *words, const char *text,
			       size_t length);
/* Mark the words that @unit may hold. */
void kmd_dwarf_names_look(struct kmd_dwarf_names *words, const struct kmd_dwarf_unit *unit);
bool kmd_dwarf_names_may_hold(const struct kmd_dwarf_names *words, size_t word,
			      const struct kmd_dwarf_unit *unit);
void kmd_dwarf_names_deinit(struct kmd_dwarf_names *words);

#endif
