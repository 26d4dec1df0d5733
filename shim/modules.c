// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Loaded modules: struct module, what stays of a module's memory, and, by
 * module_attrs.c, what sysfs knows of it.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/rculist.h>
#include <linux/version.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#ifdef CONFIG_ARM_UNWIND
#include <asm/unwind.h>
#endif

#include "hooks.h"
#include "internal.h"

/* Until the kernel has taken the memory of a module's init function away. */
#define INIT_DELAY	(HZ / 10)

static void add(const char *name, const void *va, size_t size,
		const void *owner)
{
	const struct kmd_spec spec = {
		.name = name,
		.va = (unsigned long)va,
		.size = size,
		.prio = KMEMDUMP_PRIO_MODULE,
		.owner = owner,
	};

	if (!va || !size)
		return;
	kmd_add(&spec);
	kmd_pgtable_follow(spec.va, size, KMEMDUMP_PRIO_TABLES, false);
}

/* What goes when the module's init function is through. */
static const void *init_key(struct module *mod)
{
	return &mod->init;
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
static void add_parts(struct module *mod)
{
	for_class_mod_mem_type(type, core)
		add(mod->name, mod->mem[type].base, mod->mem[type].size, mod);
}

static void add_init_parts(struct module *mod)
{
	for_class_mod_mem_type(type, init)
		add(mod->name, mod->mem[type].base, mod->mem[type].size,
		    init_key(mod));
}

static bool has_init_parts(const struct module *mod)
{
	for_class_mod_mem_type(type, init)
		if (mod->mem[type].base)
			return true;
	return false;
}
#else
static void add_parts(struct module *mod)
{
	add(mod->name, mod->core_layout.base, mod->core_layout.size, mod);
}

static void add_init_parts(struct module *mod)
{
	add(mod->name, mod->init_layout.base, mod->init_layout.size,
	    init_key(mod));
}

static bool has_init_parts(const struct module *mod)
{
	return mod->init_layout.base;
}
#endif

#ifdef CONFIG_ARM
/*
 * crash does not start without the lowest area of vmalloc, and modules lie below
 * all others.
 */
static void add_area(struct module *mod)
{
	struct vmap_area *(*find)(unsigned long addr), *area;
	unsigned long va;

	if (!kmd_symbol_quiet("find_vmap_area", &va))
		return;
	if (IS_ENABLED(CONFIG_THUMB2_KERNEL))
		va |= 1;
	find = (void *)va;
	area = find((unsigned long)mod);
	add("vmap_area", area, sizeof(*area), mod);
}
#else
static void add_area(struct module *mod)
{
}
#endif

#if defined(CONFIG_ARM_UNWIND) && LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0)
static void add_unwind_tables(struct module *mod)
{
	struct unwind_table *table;

	list_for_each_entry(table, &mod->arch.unwind_list, mod_list)
		add("unwind", table, sizeof(*table), mod);
}
#else
static void add_unwind_tables(struct module *mod)
{
}
#endif

/* struct module itself lies in the module's memory. */
static void add_module(struct module *mod)
{
	if (!kmd_has_va((unsigned long)mod, sizeof(*mod)))
		add("module", mod, sizeof(*mod), mod);
	add_parts(mod);
	add_area(mod);
	add_unwind_tables(mod);
	if (mod->state == MODULE_STATE_COMING)
		add_init_parts(mod);
}

/*
 * The kernel's list of modules has no exported name, but a module stands in it.
 * NULL if this is built into a kernel that hides it.
 */
static struct list_head *place_in_list(void)
{
#ifdef MODULE
	return &THIS_MODULE->list;
#else
	unsigned long va;

	return kmd_symbol("modules", &va) ? (struct list_head *)va : NULL;
#endif
}

static struct list_head *place;

/* The head of the list is part of the kernel image, and no module is. */
static bool look_at_modules(bool (*look)(struct module *mod))
{
	struct list_head *pos = place;
	bool any = false;

	if (!place)
		return false;
	rcu_read_lock();
	do {
		if (!kmd_is_image((unsigned long)pos))
			any |= look(list_entry(pos, struct module, list));
		pos = rcu_dereference(list_next_rcu(pos));
	} while (pos != place);
	rcu_read_unlock();
	return any;
}

/* One that is not formed yet has no references to count. */
static bool see_attrs(struct module *mod)
{
	if (mod->state != MODULE_STATE_UNFORMED && try_module_get(mod)) {
		kmd_module_attrs_add(mod);
		module_put(mod);
	}
	return false;
}

static bool add_loaded(struct module *mod)
{
	if (!kmd_has_va((unsigned long)mod, sizeof(*mod)))
		add_module(mod);
	return see_attrs(mod);
}

/*
 * A module is live before the kernel takes its init memory away, and refers to
 * it until then; a machine that hangs in between is dumped with both.
 */
static bool drop_init_parts(struct module *mod)
{
	if (mod->state != MODULE_STATE_LIVE)
		return false;
	if (has_init_parts(mod))
		return true;
	kmd_drop_owner(init_key(mod));
	return false;
}

static void sweep_init(struct work_struct *work);
static DECLARE_DELAYED_WORK(init_sweeper, sweep_init);

static void sweep_init(struct work_struct *work)
{
	if (look_at_modules(drop_init_parts))
		schedule_delayed_work(&init_sweeper, INIT_DELAY);
}

/* The names of sections lie on pages that modules share. */
static void drop_attrs(void)
{
	u32 stamp = kmd_new_stamp();

	look_at_modules(see_attrs);
	kmd_module_attrs_drop(stamp);
}

static int on_module(struct notifier_block *nb, unsigned long state, void *data)
{
	struct module *mod = data;

	if (state == MODULE_STATE_COMING) {
		/* It may have got what others' init functions left. */
		look_at_modules(drop_init_parts);
		add_module(mod);
	} else if (state == MODULE_STATE_LIVE) {
		schedule_delayed_work(&init_sweeper, INIT_DELAY);
	} else {
		kmd_drop_owner(init_key(mod));
		kmd_drop_owner(mod);
		drop_attrs();
	}
	return NOTIFY_OK;
}

/* Behind COMING, when it is in sysfs, and before its init function runs. */
static void on_load(void *unused, struct module *mod)
{
	kmd_module_attrs_add(mod);
}

static struct kmd_hook load_hook = { "module_load", on_load };

static struct notifier_block notifier = { .notifier_call = on_module };

/* First notifier and probe: what comes meanwhile is registered once, by has_va. */
int kmd_modules_init(void)
{
	int err;

	place = place_in_list();
	err = register_module_notifier(&notifier);
	if (err)
		return err;
	/* Without tracepoints: not what sysfs has of modules that come later. */
	err = kmd_hook_up(&load_hook, 1);
	if (err && err != -EOPNOTSUPP) {
		kmd_modules_exit();
		return err;
	}
	look_at_modules(add_loaded);
	return 0;
}

void kmd_modules_exit(void)
{
	kmd_unhook(&load_hook, 1);
	unregister_module_notifier(&notifier);
	cancel_delayed_work_sync(&init_sweeper);
}
