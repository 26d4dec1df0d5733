/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* source_lines.h - functions, inlined ones included, and source lines of an address, by DWARF. */
#ifndef KMD_TYPES_SOURCE_LINES_H
#define KMD_TYPES_SOURCE_LINES_H

#include "elf/vmlinux.h"

struct kmd_source_lines;

/* One function that an address is in. */
struct kmd_source_place {
	const char *function; /* NULL = not known; belongs to the debug information */
	const char *file;     /* NULL = not known; without the folder of the build */
	uint32_t line;        /* 0 = not known */
	bool is_inline;       /* its code is part of the next place's function */
};

/* Inlined functions in one place; more are not listed. */
#define KMD_SOURCE_PLACES_MAX 32

/* *@lines is NULL if the vmlinux has no usable debug information. */
enum kmd_status kmd_source_lines_new(const struct kmd_vmlinux *vmlinux, struct kmd_diag *diag,
				     struct kmd_source_lines **lines);
void kmd_source_lines_free(struct kmd_source_lines *lines);

/*
 * The functions that the instruction at link address @link is in, innermost first; returns
 * their number, 0 if the debug information does not cover it.
 */
size_t kmd_source_lines_find(struct kmd_source_lines *lines, uint64_t link,
			     struct kmd_source_place places[KMD_SOURCE_PLACES_MAX]);

#endif
