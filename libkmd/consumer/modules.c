/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Modules, and what crash reads of their memory. */
#include "consumer/objects.h"

#include <elf.h>
#include <inttypes.h>

#define MODULES_MAX 16384

struct list {
	uint64_t head, at, size; /* of the list, of its links in a struct module, of that */
};

static bool list_of(const struct kmd_target *target, struct list *list,
		    struct kmd_availability *availability)
{
	/* A kernel without modules needs none. */
	if (!kmd_target_symbol(target, "modules", &list->head, NULL))
		return false;
	if (kmd_target_type(target, KMD_T_MODULE, &list->size) &&
	    kmd_target_type(target, KMD_T_MODULE_LIST, &list->at))
		return true;
	kmd_availability_add(availability, KMD_UNKNOWN, "size of struct module");
	return false;
}

/* Go from a list's entry to the next; false at the end, and where that is not there. */
static bool next_module(const struct kmd_target *target, enum kmd_xlate mode,
			const struct list *list, uint64_t *entry, uint64_t *module)
{
	if (!kmd_target_read_uint(target, mode, *entry, KMD_LONG, entry) || *entry == list->head)
		return false;
	*module = *entry - list->at;
	return true;
}

void kmd_check_modules(struct kmd_consumer_check *check, enum kmd_xlate mode,
		       struct kmd_availability *availability)
{
	const struct kmd_target *target = check->target;
	struct kmd_count count = { 0, 0, 0, 0 };
	uint64_t entry, module;
	struct list list;

	if (!list_of(target, &list, availability))
		return;
	entry = list.head;
	while (count.total < MODULES_MAX && next_module(target, mode, &list, &entry, &module))
		kmd_count_span(target, mode, module, list.size, &count);
	/* What follows one that is not there is not reached. */
	if (count.gone)
		kmd_availability_add(availability, KMD_ABSENT, "struct module (0x%" PRIx64 ")",
				     count.first);
	else
		kmd_count_to_availability(&count, "struct module", availability);
}

/* A number in a structure; false if there is none in this kernel, or it is not there. */
static bool member(const struct kmd_target *target, enum kmd_xlate mode, uint64_t base,
		   enum kmd_target_type at, size_t size, uint64_t *value)
{
	uint64_t offset;

	return kmd_target_type(target, at, &offset) &&
	       kmd_target_read_uint(target, mode, base + offset, size, value);
}

static void count_exports(const struct kmd_target *target, enum kmd_xlate mode, uint64_t module,
			  enum kmd_target_type table, enum kmd_target_type length,
			  struct kmd_count *count)
{
	uint64_t virt, n, size;

	if (kmd_target_type(target, KMD_T_KERNEL_SYMBOL, &size) &&
	    member(target, mode, module, table, KMD_LONG, &virt) &&
	    member(target, mode, module, length, 4, &n) && n)
		kmd_count_span(target, mode, virt, n * size, count);
}

/* The tables of what modules export: crash does not start if one is missing. */
void kmd_check_module_exports(struct kmd_consumer_check *check, enum kmd_xlate mode,
			      struct kmd_availability *availability)
{
	const struct kmd_target *target = check->target;
	struct kmd_availability modules = { 0 };
	struct kmd_count count = { 0, 0, 0, 0 };
	uint64_t entry, module;
	struct list list;
	size_t n = 0;

	/* If a struct module is missing, crash starts without modules. */
	kmd_check_modules(check, mode, &modules);
	if (modules.presence == KMD_ABSENT || !list_of(target, &list, availability))
		return;
	entry = list.head;
	while (n++ < MODULES_MAX && next_module(target, mode, &list, &entry, &module)) {
		count_exports(target, mode, module, KMD_T_MODULE_SYMS, KMD_T_MODULE_NUM_SYMS,
			      &count);
		count_exports(target, mode, module, KMD_T_MODULE_GPL_SYMS,
			      KMD_T_MODULE_NUM_GPL_SYMS, &count);
	}
	if (count.gone)
		kmd_availability_add(availability, KMD_ABSENT,
				     "exports of a module (0x%" PRIx64 ")", count.first);
}

/* Where crash looks for a module's symbols: its data (since 6.4), or all of it. */
static bool symbols_of(const struct kmd_target *target, enum kmd_xlate mode, uint64_t module,
		       uint64_t *base, uint64_t *size)
{
	uint64_t data, length, at;

	if (kmd_target_type(target, KMD_T_MODULE_MEM, &at) &&
	    kmd_target_type(target, KMD_T_MOD_DATA, &data) &&
	    kmd_target_type(target, KMD_T_MODULE_MEMORY, &length)) {
		at += module + data * length;
		return member(target, mode, at, KMD_T_MEM_BASE, KMD_LONG, base) &&
		       member(target, mode, at, KMD_T_MEM_SIZE, 4, size);
	}
	return member(target, mode, module, KMD_T_CORE_BASE, KMD_LONG, base) &&
	       member(target, mode, module, KMD_T_CORE_SIZE, 4, size);
}

void kmd_check_module_symbols(struct kmd_consumer_check *check, enum kmd_xlate mode,
			      struct kmd_availability *availability)
{
	const struct kmd_target *target = check->target;
	struct kmd_count count = { 0, 0, 0, 0 };
	uint64_t entry, module, base, size;
	struct list list;
	size_t n = 0;

	if (!list_of(target, &list, availability))
		return;
	entry = list.head;
	while (n++ < MODULES_MAX && next_module(target, mode, &list, &entry, &module))
		if (symbols_of(target, mode, module, &base, &size))
			kmd_count_span(target, mode, base, size, &count);
	kmd_count_to_availability(&count, "module data area", availability);
}
