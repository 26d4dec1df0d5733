/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * types.h - sizes and offsets of the kernel's structures, out of vmlinux's DWARF.
 *
 * Debug information of a kernel is hundreds of megabytes, so all questions are asked
 * first and answered in one pass, which ends when the last is answered.
 */
#ifndef KMD_TYPES_TYPES_H
#define KMD_TYPES_TYPES_H

#include "elf/vmlinux.h"

enum kmd_type_kind {
	KMD_TYPE_SIZE,       /* of struct, union or typedef @type */
	KMD_TYPE_OFFSET,     /* of @member in @type; anonymous members are looked into, and
			      * "a.b" leads into the member a */
	KMD_TYPE_LENGTH,     /* of the array @member in @type: number of elements */
	KMD_TYPE_ENUMERATOR, /* value of the enumerator @type, of whatever enumeration */
	KMD_TYPE_VARIABLE,   /* size in bytes of the global variable @type */
	KMD_TYPE_ELEMENTS,   /* number of elements of the global array variable @type */
	KMD_TYPE_NUMBER,     /* what number the global variable @type is: enum kmd_variable_kind,
			      * and its size in bytes << 8 */
};

struct kmd_type_query {
	enum kmd_type_kind kind;
	const char *type, *member;
	/* The answer. */
	bool known;
	uint64_t value;
};

/*
 * Answer @queries[0..n).  What the debug information does not hold stays unknown: macros, what
 * assembly or the linker defines.  Of several types of one name the first that has the answer
 * is taken; the kernel's core is linked first.  KMD_ERR_NOT_FOUND, with a sentence, if the
 * vmlinux has no debug information at all; KMD_ERR_DAMAGED if it cannot be read.
 */
enum kmd_status kmd_vmlinux_types(const struct kmd_vmlinux *vmlinux, struct kmd_type_query *queries,
				  size_t n, struct kmd_diag *diag);

#endif
