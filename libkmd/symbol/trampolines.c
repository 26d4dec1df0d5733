/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "symbol/trampolines.h"

#include "base/array.h"
#include "base/search.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* Far more than a kernel has; a damaged list may be a circle. */
#define LIST_MAX  65536
/* The largest BPF program has a million instructions. */
#define SIZE_MAX_ (UINT64_C(16) << 20)
/* KSYM_NAME_LEN. */
#define NAME_LEN  512

static bool add(struct kmd_trampolines *list, const struct kmd_trampoline *one, const char *name,
		size_t length)
{
	if (!(one->start >> 63) || !one->size || one->size > SIZE_MAX_)
		return true;
	if (!KMD_ARRAY_RESERVE(list->items, list->n, list->cap))
		return false;
	list->items[list->n] = *one;
	list->items[list->n].name = kmd_text_name_dup(name, length);
	return list->items[list->n++].name;
}

static bool member(const struct kmd_target *target, uint64_t base, enum kmd_target_type type,
		   uint64_t *value)
{
	return kmd_target_member(target, base, type, KMD_LONG, value);
}

/* ----- ftrace */

/* The function that create_trampoline() of x86_64 copies. */
static uint64_t copied(const struct kmd_target *target, uint64_t ops)
{
	uint64_t flags, save, virt;

	if (!member(target, ops, KMD_T_FTRACE_FLAGS, &flags) ||
	    !kmd_target_type(target, KMD_T_FTRACE_SAVE_REGS, &save) ||
	    !kmd_target_symbol(target, flags & save ? "ftrace_regs_caller" : "ftrace_caller", &virt,
			       NULL))
		return 0;
	return virt;
}

static bool read_ftrace(const struct kmd_target *target, struct kmd_trampolines *list)
{
	static const char name[] = "ftrace_trampoline";
	uint64_t ops, end = 0;

	if (!kmd_target_pointer(target, "ftrace_ops_list", &ops))
		return true;
	kmd_target_symbol(target, "ftrace_list_end", &end, NULL);
	for (size_t n = 0; n < LIST_MAX && ops && ops != end; n++) {
		struct kmd_trampoline one = { .owner = KMD_OWNER_FTRACE };

		if (member(target, ops, KMD_T_FTRACE_TRAMPOLINE, &one.start) && one.start &&
		    member(target, ops, KMD_T_FTRACE_SIZE, &one.size)) {
			one.copy_of = copied(target, ops);
			if (!add(list, &one, name, sizeof(name) - 1))
				return false;
		}
		if (!member(target, ops, KMD_T_FTRACE_NEXT, &ops))
			break;
	}
	return true;
}

/* ----- kprobes */

static bool read_pages(const struct kmd_target *target, const char *cache, const char *name,
		       struct kmd_trampolines *list)
{
	uint64_t virt, at, link, next;

	if (!kmd_target_symbol(target, cache, &virt, NULL) ||
	    !kmd_target_type(target, KMD_T_KPROBE_PAGES, &at) ||
	    !kmd_target_type(target, KMD_T_KPROBE_PAGE_LIST, &link))
		return true;
	next = virt + at;
	for (size_t n = 0; n < LIST_MAX; n++) {
		struct kmd_trampoline one = { .size = target->page, .owner = KMD_OWNER_KPROBES };

		if (!kmd_target_read_uint(target, KMD_XLATE_ANY, next, KMD_LONG, &next) ||
		    next == virt + at)
			break;
		if (member(target, next - link, KMD_T_KPROBE_PAGE_INSNS, &one.start) &&
		    !add(list, &one, name, strlen(name)))
			return false;
	}
	return true;
}

/* ----- BPF */

static bool read_ksym(const struct kmd_target *target, uint64_t ksym, struct kmd_trampolines *list)
{
	struct kmd_trampoline one = { .owner = KMD_OWNER_BPF };
	char name[NAME_LEN];
	uint64_t at, end, length, have;

	if (!member(target, ksym, KMD_T_BPF_START, &one.start) ||
	    !member(target, ksym, KMD_T_BPF_END, &end) ||
	    !kmd_target_type(target, KMD_T_BPF_NAME, &at) ||
	    !kmd_target_type(target, KMD_T_BPF_NAME_LENGTH, &length) || length > sizeof(name))
		return true;
	have = kmd_target_available(target, KMD_XLATE_ANY, ksym + at, length);
	if (!kmd_target_read(target, KMD_XLATE_ANY, ksym + at, name, have))
		return true;
	one.size = end - one.start;
	return add(list, &one, name, strnlen(name, (size_t)have));
}

static bool read_bpf(const struct kmd_target *target, struct kmd_trampolines *list)
{
	uint64_t head, next, link;

	if (!kmd_target_symbol(target, "bpf_kallsyms", &head, NULL) ||
	    !kmd_target_type(target, KMD_T_BPF_LINK, &link))
		return true;
	next = head;
	for (size_t n = 0; n < LIST_MAX; n++) {
		if (!kmd_target_read_uint(target, KMD_XLATE_ANY, next, KMD_LONG, &next) ||
		    next == head)
			break;
		if (!read_ksym(target, next - link, list))
			return false;
	}
	return true;
}

/* ----- the list */

static int by_start(const void *a, const void *b)
{
	const struct kmd_trampoline *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

bool kmd_trampolines_read(const struct kmd_target *target, struct kmd_trampolines *list)
{
	memset(list, 0, sizeof(*list));
	if (!read_ftrace(target, list) ||
	    !read_pages(target, "kprobe_insn_slots", "kprobe_insn_page", list) ||
	    !read_pages(target, "kprobe_optinsn_slots", "kprobe_optinsn_page", list) ||
	    !read_bpf(target, list)) {
		kmd_trampolines_deinit(list);
		return false;
	}
	if (list->n)
		qsort(list->items, list->n, sizeof(*list->items), by_start);
	return true;
}

void kmd_trampolines_deinit(struct kmd_trampolines *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->items[i].name);
	free(list->items);
	memset(list, 0, sizeof(*list));
}

const struct kmd_trampoline *kmd_trampolines_find(const struct kmd_trampolines *list, uint64_t virt)
{
	size_t i = KMD_LOWER_BOUND(list->n, middle, list->items[middle].start <= virt);

	return i && virt - list->items[i - 1].start < list->items[i - 1].size ? &list->items[i - 1]
									      : NULL;
}
