/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "target/image_search.h"

#include "base/bytes.h"
#include "base/checked.h"
#include "types/btf.h"

#include <stdlib.h>
#include <string.h>

/* Text and data of a kernel; the largest of any is below this. */
#define WINDOW_SIZE (UINT64_C(128) << 20)
/* Windows of a run, each half over the one before: the image's map on x86_64. */
#define WINDOWS_MAX 16

struct search {
	const struct kmd_target *target;
	kmd_image_look look;
	void *data;
};

static bool search_window(const struct search *search, uint64_t virt, uint64_t size)
{
	unsigned char *bytes = malloc((size_t)size);
	bool found = bytes &&
		     kmd_target_read(search->target, KMD_XLATE_SEGMENTS, virt, bytes, size) &&
		     search->look(search->data, virt, bytes, (size_t)size);

	free(bytes);
	return found;
}

/* All of RAM may lie in the image's map. */
static bool search_run(const struct search *search, uint64_t virt, uint64_t size)
{
	const struct kmd_vmcoreinfo *info = search->target->info;
	uint64_t text;

	if (info->text && kmd_vmcoreinfo_hex(info, "SYMBOL(_stext)", &text) && text >= virt &&
	    text - virt < size)
		return search_window(search, text, kmd_min_u64(size - (text - virt), WINDOW_SIZE));
	for (uint64_t at = 0, n = 0; at < size && n < WINDOWS_MAX; at += WINDOW_SIZE / 2, n++)
		if (search_window(search, virt + at, kmd_min_u64(size - at, WINDOW_SIZE)))
			return true;
	return false;
}

/* Views that follow each other are one run. */
bool kmd_image_search(const struct kmd_target *target, size_t least, kmd_image_look look,
		      void *data)
{
	const struct kmd_views *views = target->views;
	const struct search search = { target, look, data };

	for (size_t i = 0, end; i < views->n; i = end) {
		uint64_t size = views->items[i].size;

		for (end = i + 1;
		     end < views->n && views->items[end].virt == views->items[i].virt + size; end++)
			size += views->items[end].size;
		if (views->items[i].kind == KMD_VIEW_IMAGE && size >= least &&
		    search_run(&search, views->items[i].virt, size))
			return true;
	}
	return false;
}

/* ----- types */

/* The kernel's own section; those of modules are smaller, and are not in the image. */
#define BTF_LEAST (64u << 10)
#define BTF_HEAD  24

struct btf_search {
	const struct kmd_target *target;
	uint64_t end; /* of what is before the code of the initialisation */
	uint64_t virt, size;
};

/* A header of version 1 without flags, of which the strings follow the types. */
static bool is_btf(const unsigned char *bytes, size_t room, uint64_t *size)
{
	static const unsigned char start[12] = { 0x9f, 0xeb, 1, 0, BTF_HEAD };
	uint64_t types, strings;

	if (room < BTF_HEAD || memcmp(bytes, start, sizeof(start)) != 0)
		return false;
	types = kmd_get_le(bytes + 12, 4);
	strings = kmd_get_le(bytes + 20, 4);
	*size = BTF_HEAD + types + strings;
	return kmd_get_le(bytes + 16, 4) == types && strings && *size >= BTF_LEAST &&
	       *size <= KMD_BTF_MAX && *size <= room && !bytes[BTF_HEAD + types] &&
	       !bytes[*size - 1];
}

static bool look_for_btf(void *data, uint64_t virt, const unsigned char *bytes, size_t size)
{
	struct btf_search *search = data;

	for (size_t at = 0; at + BTF_HEAD <= size && virt + at < search->end; at += 4)
		if (bytes[at] == 0x9f && is_btf(bytes + at, size - at, &search->size)) {
			search->virt = virt + at;
			return true;
		}
	return false;
}

void kmd_image_find_btf(struct kmd_target *target)
{
	struct btf_search search = { .target = target };

	/* Read-only data lie between the text and that of the initialisation. */
	if (kmd_target_symbol(target, "__start_BTF", &search.virt, NULL) ||
	    !kmd_target_symbol(target, "_sinittext", &search.end, NULL) ||
	    !kmd_image_search(target, BTF_LEAST, look_for_btf, &search))
		return;
	target->found.btf = search.virt;
	target->found.btf_size = search.size;
}

/* ----- the first task */

struct task_search {
	const struct kmd_target *target;
	uint64_t comm, list;
	uint64_t task;
	bool several;
};

/* The idle task of CPU 0: the number 0, and a place in the list of all tasks. */
static bool is_init_task(const struct task_search *search, uint64_t task)
{
	const struct kmd_target *target = search->target;
	uint64_t list = task + search->list, next, previous, pid;

	return kmd_target_member(target, task, KMD_T_TASK_PID, 4, &pid) && !pid &&
	       kmd_target_read_uint(target, KMD_XLATE_ANY, list, KMD_LONG, &next) && next != list &&
	       kmd_target_read_uint(target, KMD_XLATE_ANY, next + kmd_target_word(target), KMD_LONG,
				    &previous) &&
	       previous == list;
}

static bool look_for_task(void *data, uint64_t virt, const unsigned char *bytes, size_t size)
{
	static const char name[] = "swapper";
	struct task_search *search = data;

	for (size_t at = 0; at + 16 <= size; at += 4) {
		uint64_t task = virt + at - search->comm;

		/* "swapper" without SMP. */
		if (bytes[at] != 's' || memcmp(bytes + at, name, sizeof(name) - 1) != 0 ||
		    (bytes[at + 7] && memcmp(bytes + at + 7, "/0", 3) != 0) ||
		    task == search->task || !is_init_task(search, task))
			continue;
		search->several |= search->task != 0;
		search->task = task;
	}
	return false;
}

void kmd_image_find_init_task(struct kmd_target *target)
{
	struct task_search search = { .target = target };
	uint64_t nsproxy, pids;

	if (kmd_target_symbol(target, "init_task", &search.task, NULL) ||
	    !kmd_target_type(target, KMD_T_TASK_COMM, &search.comm) ||
	    !kmd_target_type(target, KMD_T_TASK_LIST, &search.list))
		return;
	search.task = 0;
	kmd_image_search(target, 4096, look_for_task, &search);
	if (!search.task || search.several)
		return;
	target->found.init_task = search.task;
	/* Its children, which are all processes, have their numbers in the first namespace. */
	if (kmd_target_member(target, search.task, KMD_T_TASK_NSPROXY, KMD_LONG, &nsproxy) &&
	    kmd_target_member(target, nsproxy, KMD_T_NSPROXY_PID_NS, KMD_LONG, &pids) &&
	    kmd_target_is_kernel(target, pids))
		target->found.init_pid_ns = pids;
}
