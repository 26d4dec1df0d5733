// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Virtual addresses to runs of physical memory.
 *
 * Three kinds of addresses are memory that can be saved: the kernel image, the
 * linear map, and what is mapped page by page (vmalloc, stacks, modules,
 * per-CPU chunks).  The kinds overlap in the macros that the kernel offers:
 * arm64 has its image inside the vmalloc range, and its first page is not
 * mapped at all, so the image comes first and is never looked up in tables.
 */
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/sched/task.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "internal.h"

static phys_addr_t image_start, image_end;
static unsigned long image_voffset; /* virtual minus physical address */

/* The image's parts lie below "System RAM", on riscv64 below "Kernel image" in it. */
static const struct resource *find_resource(const char *name)
{
	const struct resource *ram, *part, *inner;

	for (ram = iomem_resource.child; ram; ram = ram->sibling)
		for (part = ram->child; part; part = part->sibling) {
			if (part->name && !strcmp(part->name, name))
				return part;
			for (inner = part->child; inner; inner = inner->sibling)
				if (inner->name && !strcmp(inner->name, name))
					return inner;
		}
	return NULL;
}

/**
 * kmd_image_extent() - where a part of the kernel image lies
 * @resource: "Kernel code", "Kernel rodata", "Kernel data" or "Kernel bss"
 * @extent: set if there is such a part; not every architecture has all
 */
bool kmd_image_extent(const char *resource, struct kmd_extent *extent)
{
	const struct resource *part = find_resource(resource);

	if (!part)
		return false;
	extent->name = resource;
	extent->start = part->start;
	extent->end = part->end + 1;
	return true;
}

/* The virtual address at which the running kernel uses memory of its image. */
unsigned long kmd_image_va(phys_addr_t pa)
{
	return (unsigned long)pa + image_voffset;
}

phys_addr_t kmd_image_pa(unsigned long va)
{
	return va - image_voffset;
}

bool kmd_is_image(unsigned long va)
{
	va = kmd_untag(va);
	return va >= kmd_image_va(image_start) && va < kmd_image_va(image_end);
}

int kmd_runs_init(void)
{
	static const char * const parts[] = {
		"Kernel code", "Kernel rodata", "Kernel data", "Kernel bss",
	};
	/* Any variable of the image would do. */
	unsigned long va = (unsigned long)&init_task;
	struct kmd_extent extent;
	int i;

	image_voffset = va - (unsigned long)__pa_symbol(va);
	image_start = __pa_symbol(va);
	image_end = image_start;
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		if (!kmd_image_extent(parts[i], &extent))
			continue;
		image_start = min(image_start, extent.start);
		image_end = max(image_end, extent.end);
	}
	return image_end > image_start ? 0 : -ENOENT;
}

/* Mapped page by page: vmalloc memory, stacks, modules; arm64's image too. */
bool kmd_is_paged(unsigned long va)
{
	va = kmd_untag(va);
	if (is_vmalloc_addr((void *)va))
		return true;
#ifdef KMD_MODULES_VADDR
	if (va >= KMD_MODULES_VADDR && va - 1 < KMD_MODULES_END - 1)
		return true;
#endif
	return false;
}

/* I/O memory is mapped like vmalloc, and must not be read by firmware. */
static bool page_pa(unsigned long va, phys_addr_t *pa)
{
	struct page *page = vmalloc_to_page((void *)va);

	if (!page || !pfn_valid(page_to_pfn(page)))
		return false;
	*pa = PFN_PHYS(page_to_pfn(page)) + offset_in_page(va);
	return true;
}

static int next_paged_run(unsigned long va, size_t size, struct kmd_run *run)
{
	phys_addr_t pa;

	if (!page_pa(va, &run->pa))
		return -EFAULT;
	run->len = min_t(size_t, size, PAGE_SIZE - offset_in_page(va));
	while (run->len < size) {
		if (!page_pa(va + run->len, &pa) || pa != run->pa + run->len)
			break;
		run->len += min_t(size_t, size - run->len, PAGE_SIZE);
	}
	return 0;
}

/**
 * kmd_next_run() - the physical run that begins at a virtual address
 * @va: kernel virtual address
 * @size: bytes wanted, not 0
 * @run: set; its length is at most @size
 *
 * Return: 0, or -EFAULT if @va is not memory that the kernel has mapped.
 */
int kmd_next_run(unsigned long va, size_t size, struct kmd_run *run)
{
	va = kmd_untag(va);
	if (kmd_is_image(va)) {
		run->pa = kmd_image_pa(va);
		run->len = min_t(size_t, size, image_end - run->pa);
		return 0;
	}
	if (kmd_is_paged(va))
		return next_paged_run(va, size, run);
	if (!virt_addr_valid((void *)va) ||
	    !virt_addr_valid((void *)(va + size - 1)))
		return -EFAULT;
	run->pa = __pa(va);
	run->len = size;
	return 0;
}
