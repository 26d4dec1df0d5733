// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * What sysfs knows of a module, for debuggers that look there for the addresses of
 * its sections and for its build-id, as drgn does.
 *
 * The structures are private to the kernel, but a group of attributes comes first
 * (in those of notes since 6.14), and the allocator knows how large they are.  The
 * names of sections are many small strings that lie together: their pages are
 * registered, and dropped when no module has a name there any more.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/version.h>

#include "compat.h"
#include "internal.h"

#ifdef CONFIG_KALLSYMS
/* No module has more sections. */
#define MAX_ATTRS	1024

static const char names_key;

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

	if (!kmd_touch_va(spec.va, size, owner))
		kmd_add(&spec);
}

static void add_allocated(const char *name, const void *va,
			  const struct module *mod)
{
	if (!ZERO_OR_NULL_PTR(va))
		add(name, va, ksize(va), mod);
}

static void add_name(const char *name)
{
	if (name && !kmd_is_image((unsigned long)name))
		add("secnames", PTR_ALIGN_DOWN((void *)name, PAGE_SIZE),
		    PAGE_SIZE, &names_key);
}

static void add_names(const struct attribute_group *group)
{
	int i;

	for (i = 0; i < MAX_ATTRS && group->bin_attrs[i]; i++)
		add_name(group->bin_attrs[i]->attr.name);
}

/* The array may be a part of what begins with the group. */
static void add_array(const struct attribute_group *group,
		      const struct module *mod)
{
	const void *array = group->bin_attrs;

	if (array - (const void *)group >= ksize(group))
		add_allocated("attrs", array, mod);
}

static void add_sections(const struct module *mod)
{
	const struct attribute_group *group = (void *)mod->sect_attrs;

	if (!group || !group->bin_attrs)
		return;
	add_allocated("sections", group, mod);
	add_array(group, mod);
	add_names(group);
}

/* Their names are those of sections. */
static void add_notes(const struct module *mod)
{
	const void *notes = mod->notes_attrs;

	if (!notes)
		return;
	add_allocated("notes", notes, mod);
	if (LINUX_VERSION_CODE >= KERNEL_VERSION(6, 14, 0))
		add_array(notes, mod);
}

/* Of a module that cannot go meanwhile. */
void kmd_module_attrs_add(struct module *mod)
{
	add_sections(mod);
	add_notes(mod);
}

/* The names of those that are not seen after kmd_new_stamp(). */
void kmd_module_attrs_drop(u32 stamp)
{
	kmd_drop_untouched(&names_key, stamp);
}
#else
/* Without kallsyms sysfs has no sections of modules. */
void kmd_module_attrs_add(struct module *mod)
{
}

void kmd_module_attrs_drop(u32 stamp)
{
}
#endif
