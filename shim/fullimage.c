// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Level full: the kernel image itself, the static per-CPU areas, IRQ stacks.
 */
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/thread_info.h>

#include "compat.h"
#include "internal.h"

static const struct part {
	const char *resource;
	const char *name;
	enum kmemdump_prio prio;
} parts[] = {
	{ "Kernel data", "data", KMEMDUMP_PRIO_DATA },
	{ "Kernel bss", "bss", KMEMDUMP_PRIO_DATA },
	{ "Kernel rodata", "rodata", KMEMDUMP_PRIO_TEXT },
	{ "Kernel code", "code", KMEMDUMP_PRIO_TEXT },
};

/* Some architectures lack symbols for some parts; another part then contains them. */
static void add_image(void)
{
	struct kmd_extent extent;
	int i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		if (kmd_image_extent(parts[i].resource, &extent))
			kmd_want(parts[i].name, kmd_image_va(extent.start),
				 extent.end - extent.start, parts[i].prio);
	}
}

/*
 * The link addresses of the per-CPU variables.  x86_64 has them at 0 before
 * 6.15, and kallsyms also returns 0 if it knows no such symbol.
 */
static bool percpu_extent(unsigned long *start, unsigned long *end)
{
	if (!kmd_symbol_quiet("__per_cpu_start", start))
		*start = 0;
	if (!kmd_symbol("__per_cpu_end", end))
		return false;
	return *end > *start && *end - *start <= SZ_16M;
}

/*
 * The tables by which x86_64 unwinds stacks; crash reads them from the dump.
 * They lie between data and bss, where the resource tree has no name for them.
 */
static void add_orc(void)
{
	unsigned long start, end;

	if (!IS_ENABLED(CONFIG_UNWINDER_ORC))
		return;
	if (kmd_symbol("__start_orc_unwind_ip", &start) &&
	    kmd_symbol("orc_lookup_end", &end) && end > start)
		kmd_want("orc", start, end - start, KMEMDUMP_PRIO_TEXT);
}

static unsigned long percpu_start;
static size_t percpu_size; /* of the first chunk, per CPU */

/*
 * The first chunk: the kernel's own variables, room for modules', and the first
 * that were allocated.
 */
static void add_percpu(void)
{
	unsigned long end;
	int cpu;

	if (!percpu_extent(&percpu_start, &end))
		return;
	percpu_size = PAGE_ALIGN(end - percpu_start + PERCPU_MODULE_RESERVE +
				 PERCPU_DYNAMIC_RESERVE);
	for_each_possible_cpu(cpu) {
		kmd_want("percpu", percpu_start + per_cpu_offset(cpu),
			 percpu_size, KMEMDUMP_PRIO_DATA);
	}
}

/* Whether a per-CPU pointer leads to what is registered already. */
bool kmd_in_percpu(const void __percpu *ptr)
{
	return (unsigned long)ptr - percpu_start < percpu_size;
}

#if defined(CONFIG_ARM64) || defined(CONFIG_RISCV) || defined(CONFIG_ARM)
/*
 * A per-CPU pointer to each; x86_64 has its own inside the per-CPU areas.  On
 * 32-bit arm the pointer is to the end, and a stack that overflows goes on in
 * one that has such a pointer as well.
 */
static void add_per_cpu_stacks(const char *pointer, size_t size)
{
	unsigned long var, stack;
	int cpu;

	/* riscv64 has them since 6.5, 32-bit arm since 5.18. */
	if (!(IS_ENABLED(CONFIG_ARM64) ? kmd_symbol : kmd_symbol_quiet)(pointer, &var))
		return;
	for_each_possible_cpu(cpu) {
		if (!kmd_read_word(var + per_cpu_offset(cpu), &stack) || !stack)
			continue;
		if (IS_ENABLED(CONFIG_ARM))
			stack -= size;
		kmd_want("irqstack", stack, size, KMEMDUMP_PRIO_CURRENT);
	}
}

static void add_irq_stacks(void)
{
	add_per_cpu_stacks("irq_stack_ptr", THREAD_SIZE);
	if (IS_ENABLED(CONFIG_ARM))
		add_per_cpu_stacks("overflow_stack_ptr", PAGE_SIZE);
}
#else
static void add_irq_stacks(void)
{
}
#endif

/*
 * The cache of caches, which crash reads when it starts.  Its objects are
 * struct kmem_cache; their size is the size of that structure.
 */
static void add_slab(void)
{
	unsigned long cache;
	size_t size;

	if (!kmd_symbol_word("kmem_cache", &cache) ||
	    !virt_addr_valid((void *)cache))
		return;
	size = kmem_cache_size((struct kmem_cache *)cache);
	if (size && size <= PAGE_SIZE)
		kmd_want("kmem_cache", cache, size, KMEMDUMP_PRIO_DATA);
}

void kmd_full_register(void)
{
	add_slab();
	add_image();
	add_orc();
	add_percpu();
	add_irq_stacks();
}
