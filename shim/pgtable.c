// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The kernel's own page tables, which crash, drgn and others walk to find what
 * is mapped page by page: stacks, modules, vmalloc memory.  The linear map is
 * left out: it has the most tables, and everybody computes its addresses.
 *
 * Tables of the kernel's half are not freed while it runs, but for those that a
 * huge mapping replaces; to have registered one of them costs a page, no more.
 */
#include <linux/mm.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#ifdef CONFIG_X86_64
#include <asm/cpu_entry_area.h>
#include <asm/fixmap.h>
#endif

#include "compat.h"
#include "internal.h"

#define MAX_TABLES	2048

static pgd_t *top;
static atomic_t nr_tables;

/* @like: priority, and whether it was asked for before */
static void add_table(const void *table, size_t size,
		      const struct kmd_spec *like)
{
	const struct kmd_spec spec = {
		.name = "pgtable",
		.va = (unsigned long)table & PAGE_MASK,
		.size = size,
		.prio = like->prio,
		.owner = &nr_tables,
		.again = like->again,
	};

	/* arm's root has several pages, and is the table of levels that do not exist. */
	if (spec.va != (unsigned long)top &&
	    spec.va - (unsigned long)top < PTRS_PER_PGD * sizeof(*top))
		return;
	if (kmd_raise_va(spec.va, size, spec.prio))
		return;
	if (!atomic_add_unless(&nr_tables, 1, MAX_TABLES)) {
		if (!spec.again)
			kmd_refuse(KMD_REASON_TABLES, -ENOSPC);
		return;
	}
	if (kmd_add(&spec) < 0)
		atomic_dec(&nr_tables);
}

/*
 * Each step registers the table that holds the entry, and returns the end of
 * what the entry covers, or of what the level below has looked at.
 */
static unsigned long step_pmd(pud_t *pud, unsigned long va, unsigned long end,
			      const struct kmd_spec *like)
{
	pmd_t *pmd = pmd_offset(pud, va);
	unsigned long next = pmd_addr_end(va, end);

	add_table(pmd, PAGE_SIZE, like);
	if (!pmd_none(*pmd) && !pmd_leaf(*pmd) && pmd_present(*pmd))
		add_table(pte_offset_kernel(pmd, va), PAGE_SIZE, like);
	return next;
}

static unsigned long step_pud(p4d_t *p4d, unsigned long va, unsigned long end,
			      const struct kmd_spec *like)
{
	pud_t *pud = kmd_pud_offset(p4d, va);
	unsigned long next = pud_addr_end(va, end);

	add_table(pud, PAGE_SIZE, like);
	if (pud_none(*pud) || pud_leaf(*pud) || !pud_present(*pud))
		return next;
	return step_pmd(pud, va, end, like);
}

static unsigned long step_p4d(pgd_t *pgd, unsigned long va, unsigned long end,
			      const struct kmd_spec *like)
{
	p4d_t *p4d = kmd_p4d_offset(pgd, va);
	unsigned long next = p4d_addr_end(va, end);

	add_table(p4d, PAGE_SIZE, like);
	if (p4d_none(*p4d) || !p4d_present(*p4d))
		return next;
	return step_pud(p4d, va, end, like);
}

static unsigned long step(unsigned long va, unsigned long end,
			  const struct kmd_spec *like)
{
	pgd_t *pgd = pgd_offset_pgd(top, va);
	unsigned long next = pgd_addr_end(va, end);

	if (pgd_none(*pgd) || !pgd_present(*pgd))
		return next;
	return step_p4d(pgd, va, end, like);
}

/* @end is one past the last byte, or 0 for the end of all addresses. */
static void walk(unsigned long va, unsigned long end,
		 const struct kmd_spec *like)
{
	while (va - 1 < end - 1) {
		va = step(va, end, like);
		if (!va)
			break;
	}
}

/**
 * kmd_pgtable_follow() - register the tables on the way to a mapping
 * @va: mapped page by page
 * @size: bytes
 * @prio: how much they matter
 * @again: was asked for before, see &struct kmd_spec
 */
void kmd_pgtable_follow(unsigned long va, size_t size, enum kmemdump_prio prio,
			bool again)
{
	const struct kmd_spec like = { .prio = prio, .again = again };

	va = kmd_untag(va);
	if (top && kmd_is_paged(va))
		walk(va, va + size, &like);
}

static const struct kmd_spec others = { .prio = KMEMDUMP_PRIO_TABLES };
static const struct kmd_spec root = { .prio = KMEMDUMP_PRIO_CURRENT };

#ifdef CONFIG_ARM
/* crash's arm takes the start of the first one for that of vmalloc; until 6.8. */
static void add_first_area(void)
{
	unsigned long va;
	struct list_head *list;

	if (!kmd_symbol_quiet("vmap_area_list", &va))
		return;
	list = (struct list_head *)va;
	if (!list_empty(list))
		kmd_want("vmap_area", (unsigned long)list_first_entry(
			 list, struct vmap_area, list),
			 sizeof(struct vmap_area), KMEMDUMP_PRIO_TABLES);
}
#endif

static void add_arch(void)
{
#ifdef CONFIG_ARM
	add_first_area();
#endif
#ifdef CONFIG_X86_64
	/* crash reads both when it starts. */
	walk(CPU_ENTRY_AREA_BASE,
	     CPU_ENTRY_AREA_BASE + CPU_ENTRY_AREA_MAP_SIZE,
	     &others);
	walk(FIXADDR_START & PAGE_MASK, FIXADDR_TOP & PAGE_MASK,
	     &others);
#endif
}

static void add_image(void)
{
	struct kmd_extent code, data;

	if (!kmd_image_extent("Kernel code", &code) ||
	    !kmd_image_extent("Kernel data", &data))
		return;
	walk(kmd_image_va(code.start), kmd_image_va(data.end),
	     &others);
}

static void look_at_all(void)
{
	add_image();
	add_arch();
#ifdef KMD_MODULES_VADDR
	walk(KMD_MODULES_VADDR, KMD_MODULES_END, &others);
#endif
	walk(VMALLOC_START, VMALLOC_END, &others);
}

#ifndef MODULE
#define LOOK_DELAY	(HZ / 10)

static void look_again(struct work_struct *work);
static DECLARE_DELAYED_WORK(looker, look_again);

/* The kernel splits mappings of its image as the last thing that it does at boot. */
static void look_again(struct work_struct *work)
{
	if (system_state < SYSTEM_RUNNING)
		schedule_delayed_work(&looker, LOOK_DELAY);
	else
		look_at_all();
}

static void look_after_boot(void)
{
	schedule_delayed_work(&looker, LOOK_DELAY);
}
#else
static void look_after_boot(void)
{
}
#endif

void kmd_pgtable_register(void)
{
	unsigned long va;

	atomic_set(&nr_tables, 0);
	if (!kmd_symbol("swapper_pg_dir", &va))
		return;
	top = (pgd_t *)va;
	add_table(top, PTRS_PER_PGD * sizeof(*top), &root);
	look_at_all();
	look_after_boot();
}
