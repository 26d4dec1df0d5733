// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Whole pages: the rest of those of which the levels log and rfc register single
 * variables.  Consumers that read by page (libkdumpfile) take what a core lacks of
 * one for zeroes, and would show wrong values of a variable's neighbours.
 *
 * Of the kernel's image only, where nobody's data but the kernel's own lies.  What
 * is registered keeps its region and name; these go first if there is no room.
 */
#include <linux/mm.h>

#include "compat.h"
#include "internal.h"

static bool is_of_image(unsigned long va)
{
	static const char * const parts[] = {
		"Kernel code", "Kernel rodata", "Kernel data", "Kernel bss",
	};
	phys_addr_t pa = kmd_image_pa(va);
	struct kmd_extent extent;
	int i;

	if (!kmd_is_image(va))
		return false;
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		if (kmd_image_extent(parts[i], &extent) &&
		    pa >= extent.start && pa < extent.end)
			return true;
	}
	return false;
}

static void add_page(unsigned long va)
{
	va = ALIGN_DOWN(va, PAGE_SIZE);
	if (!kmd_has_va(va, PAGE_SIZE))
		kmd_want("page", va, PAGE_SIZE, KMEMDUMP_PRIO_DATA);
}

/* The first and the last, if they are not whole. */
static int add_pages_of(void *unused, const struct kmemdump_region *r)
{
	unsigned long end = r->va + r->size;

	if (!is_of_image(r->va))
		return 0;
	if (!PAGE_ALIGNED(r->va))
		add_page(r->va);
	if (!PAGE_ALIGNED(end))
		add_page(end);
	return 0;
}

void kmd_pages_register(void)
{
	kmemdump_traverse(NULL, add_pages_of);
}
