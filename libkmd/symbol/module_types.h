/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * module_types.h - the types of a module: its BTF, of which the kernel keeps a copy.
 *
 * Sources: kernel/bpf/btf.c (btf_module_notify(), struct btf_module), kernel/module/main.c.
 */
#ifndef KMD_SYMBOL_MODULE_TYPES_H
#define KMD_SYMBOL_MODULE_TYPES_H

#include "target/target.h"

/* Where the BTF of the module at @module is.  False if that is not known. */
bool kmd_module_btf_find(const struct kmd_target *target, uint64_t module, uint64_t *virt,
			 uint64_t *size);

#endif
