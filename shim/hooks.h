/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* hooks.h - probes at the kernel's tracepoints */
#ifndef KMD_HOOKS_H
#define KMD_HOOKS_H

#include <linux/types.h>

struct linux_binprm;
struct task_struct;
struct tracepoint;

/**
 * struct kmd_hook - a probe and where it stands
 * @name: of the tracepoint
 * @probe: its first argument is unused
 * @optional: not every kernel has it
 * @tp: once it was found
 * @on: the probe is registered
 */
struct kmd_hook {
	const char *name;
	void *probe;
	bool optional;
	struct tracepoint *tp;
	bool on;
};

/*
 * On an error some may be up: kmd_unhook() takes away what is.  -EOPNOTSUPP if the
 * kernel has no tracepoints (CONFIG_TRACEPOINTS).
 */
int kmd_hook_up(struct kmd_hook *hooks, unsigned int nr);
/* No probe runs any more when it returns. */
void kmd_unhook(struct kmd_hook *hooks, unsigned int nr);

typedef void kmd_exec_fn(void *unused, struct task_struct *p,
			 struct linux_binprm *bprm);

/*
 * Before 6.10, where the tracepoint sched_prepare_exec is missing: calls @probe before
 * a process gets new memory.  Nothing happens where there are no kprobes.
 */
void kmd_hook_up_exec(kmd_exec_fn *probe);
/* It does not run any more when it returns. */
void kmd_unhook_exec(void);

#endif /* KMD_HOOKS_H */
