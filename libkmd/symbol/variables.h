/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* variables.h - variables of the kernel that are numbers. */
#ifndef KMD_SYMBOL_VARIABLES_H
#define KMD_SYMBOL_VARIABLES_H

#include "target/target.h"

struct kmd_variables {
	struct kmd_variable *items; /* in order of name */
	size_t n, cap;
};

/* Those of the vmlinux's data that were captured.  None if the target has no vmlinux. */
enum kmd_status kmd_variables_read(const struct kmd_target *target,
				   struct kmd_variables *variables);
void kmd_variables_deinit(struct kmd_variables *variables);

/* The kinds of variables @indices[0..n). */
enum kmd_status kmd_variables_kinds(const struct kmd_target *target,
				    const struct kmd_variables *variables, const size_t *indices,
				    size_t n, enum kmd_variable_kind *kinds);

/* The symbol of the vmlinux that a run-time address of the image belongs to; NULL = none. */
const struct kmd_elf_symbol *kmd_image_symbol_at(const struct kmd_target *target, uint64_t virt,
						 uint64_t *offset);

#endif
