/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Modules, and what crash reads of their memory. */
#include "linux/ready/objects.h"

#include <elf.h>
#include <inttypes.h>

#define MODULES_MAX 16384

struct list {
	uint64_t head, at, size; /* of the list, of its links in a struct module, of that */
};

static bool list_of(const struct kmd_look *look, struct list *list, struct kmd_verdict *verdict)
{
	/* A kernel without modules needs none. */
	if (!kmd_look_symbol(look, "modules", &list->head, NULL))
		return false;
	if (kmd_look_type(look, KMD_T_MODULE, &list->size) &&
	    kmd_look_type(look, KMD_T_MODULE_LIST, &list->at))
		return true;
	kmd_verdict_add(verdict, KMD_UNKNOWN, "size of struct module");
	return false;
}

/* Go from a list's entry to the next; false at the end, and where that is not there. */
static bool next_module(const struct kmd_look *look, enum kmd_look_mode mode,
			const struct list *list, uint64_t *entry, uint64_t *module)
{
	if (!kmd_look_number(look, mode, *entry, 8, entry) || *entry == list->head)
		return false;
	*module = *entry - list->at;
	return true;
}

void kmd_judge_modules(struct kmd_judging *judging, enum kmd_look_mode mode,
		       struct kmd_verdict *verdict)
{
	const struct kmd_look *look = &judging->look;
	struct kmd_count count = { 0, 0, 0, 0 };
	uint64_t entry, module;
	struct list list;

	if (!list_of(look, &list, verdict))
		return;
	entry = list.head;
	while (count.total < MODULES_MAX && next_module(look, mode, &list, &entry, &module))
		kmd_count_span(look, mode, module, list.size, &count);
	/* What follows one that is not there is not reached. */
	if (count.gone)
		kmd_verdict_add(verdict, KMD_ABSENT, "struct module (0x%" PRIx64 ")", count.first);
	else
		kmd_count_conclude(&count, "struct module", verdict);
}

/* A number in a structure; false if there is none in this kernel, or it is not there. */
static bool member(const struct kmd_look *look, enum kmd_look_mode mode, uint64_t base,
		   enum kmd_look_type at, size_t size, uint64_t *value)
{
	uint64_t offset;

	return kmd_look_type(look, at, &offset) &&
	       kmd_look_number(look, mode, base + offset, size, value);
}

static void count_exports(const struct kmd_look *look, enum kmd_look_mode mode, uint64_t module,
			  enum kmd_look_type table, enum kmd_look_type length,
			  struct kmd_count *count)
{
	uint64_t virt, n, size;

	if (kmd_look_type(look, KMD_T_KERNEL_SYMBOL, &size) &&
	    member(look, mode, module, table, 8, &virt) &&
	    member(look, mode, module, length, 4, &n) && n)
		kmd_count_span(look, mode, virt, n * size, count);
}

/* The tables of what modules export: crash dies of one that is not there when it starts. */
void kmd_judge_module_exports(struct kmd_judging *judging, enum kmd_look_mode mode,
			      struct kmd_verdict *verdict)
{
	const struct kmd_look *look = &judging->look;
	struct kmd_count count = { 0, 0, 0, 0 };
	uint64_t entry, module;
	struct list list;
	size_t n = 0;

	/* Where a struct module is not there, crash does without modules. */
	if (!list_of(look, &list, verdict) ||
	    kmd_object_judge(judging, mode, KMD_O_MODULES)->presence == KMD_ABSENT)
		return;
	entry = list.head;
	while (n++ < MODULES_MAX && next_module(look, mode, &list, &entry, &module)) {
		count_exports(look, mode, module, KMD_T_MODULE_SYMS, KMD_T_MODULE_NUM_SYMS, &count);
		count_exports(look, mode, module, KMD_T_MODULE_GPL_SYMS, KMD_T_MODULE_NUM_GPL_SYMS,
			      &count);
	}
	if (count.gone)
		kmd_verdict_add(verdict, KMD_ABSENT, "exports of a module (0x%" PRIx64 ")",
				count.first);
}

/* Where crash looks for a module's symbols: its data (since 6.4), or all of it. */
static bool symbols_of(const struct kmd_look *look, enum kmd_look_mode mode, uint64_t module,
		       uint64_t *base, uint64_t *size)
{
	uint64_t data, length, at;

	if (kmd_look_type(look, KMD_T_MODULE_MEM, &at) &&
	    kmd_look_type(look, KMD_T_MOD_DATA, &data) &&
	    kmd_look_type(look, KMD_T_MODULE_MEMORY, &length)) {
		at += module + data * length;
		return member(look, mode, at, KMD_T_MEM_BASE, 8, base) &&
		       member(look, mode, at, KMD_T_MEM_SIZE, 4, size);
	}
	return member(look, mode, module, KMD_T_CORE_BASE, 8, base) &&
	       member(look, mode, module, KMD_T_CORE_SIZE, 4, size);
}

void kmd_judge_module_symbols(struct kmd_judging *judging, enum kmd_look_mode mode,
			      struct kmd_verdict *verdict)
{
	const struct kmd_look *look = &judging->look;
	struct kmd_count count = { 0, 0, 0, 0 };
	uint64_t entry, module, base, size;
	struct list list;
	size_t n = 0;

	if (!list_of(look, &list, verdict))
		return;
	entry = list.head;
	while (n++ < MODULES_MAX && next_module(look, mode, &list, &entry, &module))
		if (symbols_of(look, mode, module, &base, &size))
			kmd_count_span(look, mode, base, size, &count);
	kmd_count_conclude(&count, "module data area", verdict);
}
