/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * trampolines.h - code that the kernel made at run time: copies of ftrace's entry, pages of
 * instructions of kprobes, BPF programs.
 *
 * Sources: kernel/trace/ftrace.c, kernel/kprobes.c, kernel/bpf/core.c, which name them so in
 * /proc/kallsyms.
 */
#ifndef KMD_SYMBOL_TRAMPOLINES_H
#define KMD_SYMBOL_TRAMPOLINES_H

#include "target/target.h"

/* Module names of the kernel for code that belongs to no module. */
#define KMD_OWNER_FTRACE  "__builtin__ftrace"
#define KMD_OWNER_KPROBES "__builtin__kprobes"
#define KMD_OWNER_BPF     "bpf"

struct kmd_trampoline {
	uint64_t start, size;
	const char *owner;
	char *name;
	uint64_t copy_of; /* x86_64's ftrace: the function whose code this is; 0 = none */
};

struct kmd_trampolines {
	struct kmd_trampoline *items; /* by address */
	size_t n, cap;
};

/* Those whose descriptions were captured.  False only if memory is short. */
bool kmd_trampolines_read(const struct kmd_target *target, struct kmd_trampolines *list);
void kmd_trampolines_deinit(struct kmd_trampolines *list);
/* The one that has @virt, or NULL. */
const struct kmd_trampoline *kmd_trampolines_find(const struct kmd_trampolines *list,
						  uint64_t virt);

#endif
