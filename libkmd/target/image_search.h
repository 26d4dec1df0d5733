/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* image_search.h - what no symbol names is found in the kernel's image by its form. */
#ifndef KMD_TARGET_IMAGE_SEARCH_H
#define KMD_TARGET_IMAGE_SEARCH_H

#include "target/target.h"

/* @bytes[0..size) were captured at @virt.  True ends the search. */
typedef bool (*kmd_image_look)(void *data, uint64_t virt, const unsigned char *bytes, size_t size);

/*
 * Let @look see all captured runs of the image that have @least bytes, until it returns true, which
 * is the result.  Where the begin of the text is known, that is where the image begins; else it is
 * seen in windows that overlap.
 */
bool kmd_image_search(const struct kmd_target *target, size_t least, kmd_image_look look,
		      void *data);

/*
 * Addresses that kernels without CONFIG_KALLSYMS_ALL do not name: their own types (BTF), once the
 * symbols are there, and init_task with init_pid_ns, once the types are there.  They stay 0 where
 * none, or more than one, is found.
 */
void kmd_image_find_btf(struct kmd_target *target);
void kmd_image_find_init_task(struct kmd_target *target);

#endif
