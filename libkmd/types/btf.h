/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * btf.h - the kernel's types as BTF, which may come out of a damaged dump.
 *
 * Source of the format: Documentation/bpf/btf.rst, include/uapi/linux/btf.h.
 */
#ifndef KMD_TYPES_BTF_H
#define KMD_TYPES_BTF_H

#include "base/diag.h"
#include "types/types.h"

/* Some ten times what kernels have. */
#define KMD_BTF_MAX (UINT64_C(64) << 20)

/*
 * Answer those of @queries[0..n) that are not known yet, out of the @size bytes of a .BTF
 * section.  What it does not have stays unknown; bytes that are no BTF have nothing.  Of several
 * types of one name the first that has the answer is taken.  *@wrong is what is damaged, and *@at
 * its offset; NULL = nothing that can be seen.
 */
enum kmd_status kmd_btf_types(const unsigned char *bytes, size_t size, bool big_endian,
			      struct kmd_type_query *queries, size_t n, struct kmd_diag *diag,
			      const char **wrong, size_t *at);

/* The @size bytes of a .BTF section. */
struct kmd_btf_section {
	const unsigned char *bytes;
	size_t size;
};

/*
 * The same out of @split, the section of a module: its numbers of types and offsets of strings
 * go on where those of the kernel's section @base end.  Types of @base alone do not answer.  A
 * @base that is damaged gives none, since the numbers are not known then.
 */
enum kmd_status kmd_btf_split_types(const struct kmd_btf_section *base,
				    const struct kmd_btf_section *split, bool big_endian,
				    struct kmd_type_query *queries, size_t n, struct kmd_diag *diag,
				    const char **wrong, size_t *at);

#endif
