// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * What drivers call; see include/linux/kmemdump.h.
 */
#include <linux/export.h>

#include "registry.h"

/**
 * kmemdump_register() - register memory by its kernel virtual address
 * @name: what it is called in the dump; cut to what firmware holds, and made
 *	unique by a sequence number
 * @va: linear map, vmalloc, module or kernel image address; not user memory
 * @size: bytes
 *
 * Memory that is not physically contiguous becomes several regions.  The memory
 * must stay mapped until it is unregistered.
 *
 * Return: an id for kmemdump_unregister(), greater than 0; -EINVAL if there is
 * no name or size, -EFAULT if @va is not mapped memory, -ENOSPC if the registry
 * is full, -EEXIST if all names are taken, -EPERM in NMI.
 */
int kmemdump_register(const char *name, const void *va, size_t size)
{
	return kmd_add_va(name, (unsigned long)va, size, KMEMDUMP_PRIO_DRIVER);
}
EXPORT_SYMBOL_GPL(kmemdump_register);

/**
 * kmemdump_register_pa() - register memory by its physical address
 * @name: as for kmemdump_register()
 * @pa: physical address of memory; the caller answers for it not being I/O
 * @size: bytes
 *
 * Return: as kmemdump_register().
 */
int kmemdump_register_pa(const char *name, phys_addr_t pa, size_t size)
{
	const struct kmd_spec spec = {
		.name = name,
		.pa = pa,
		.size = size,
		.prio = KMEMDUMP_PRIO_DRIVER,
		.at_pa = true,
	};

	return kmd_add(&spec);
}
EXPORT_SYMBOL_GPL(kmemdump_register_pa);

/**
 * kmemdump_register_percpu() - register a per-CPU variable, of all CPUs
 * @name: as for kmemdump_register()
 * @ptr: of DEFINE_PER_CPU() or alloc_percpu()
 * @size: bytes of one CPU's
 *
 * Return: as kmemdump_register(); one id for all of them.
 */
int kmemdump_register_percpu(const char *name, const void __percpu *ptr,
			     size_t size)
{
	const struct kmd_spec spec = {
		.name = name,
		.size = size,
		.prio = KMEMDUMP_PRIO_DRIVER,
	};

	return kmd_add_percpu(&spec, ptr);
}
EXPORT_SYMBOL_GPL(kmemdump_register_percpu);

/**
 * kmemdump_unregister() - take back a registration
 * @id: what the registration returned; 0 and errors are ignored
 */
void kmemdump_unregister(int id)
{
	kmd_drop_id(id);
}
EXPORT_SYMBOL_GPL(kmemdump_unregister);

/**
 * kmemdump_unregister_va() - take back a registration by address and size
 * @va: as registered
 * @size: as registered
 *
 * Return: 0, or -ENOENT.
 */
int kmemdump_unregister_va(const void *va, size_t size)
{
	return va ? kmd_drop_exact((unsigned long)va, 0, size) : -ENOENT;
}
EXPORT_SYMBOL_GPL(kmemdump_unregister_va);

/**
 * kmemdump_unregister_pa() - take back a registration by physical address
 * @pa: as registered with kmemdump_register_pa()
 * @size: as registered
 *
 * Return: 0, or -ENOENT.
 */
int kmemdump_unregister_pa(phys_addr_t pa, size_t size)
{
	return kmd_drop_exact(0, pa, size);
}
EXPORT_SYMBOL_GPL(kmemdump_unregister_pa);

/**
 * kmemdump_traverse() - look at all regions, one by one
 * @priv: handed to @cb
 * @cb: called with a copy, without locks held; it may sleep, register and
 *	unregister.  A result other than 0 ends the walk.
 *
 * Regions that come or go meanwhile are seen or not.
 *
 * Return: the last result of @cb, 0 without regions.
 */
int kmemdump_traverse(void *priv,
		      int (*cb)(void *priv, const struct kmemdump_region *r))
{
	struct kmemdump_region r;
	unsigned int i;
	int err;

	for (i = 0; i < kmd_room(); i++) {
		err = kmd_get_region(i, &r) ? cb(priv, &r) : 0;
		if (err)
			return err;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(kmemdump_traverse);
