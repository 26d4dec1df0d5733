// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Probes at the kernel's tracepoints, found by name as few of them are exported.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/binfmts.h>
#include <linux/errno.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "compat.h"
#include "hooks.h"

#ifdef CONFIG_TRACEPOINTS
struct search {
	struct kmd_hook *hooks;
	unsigned int nr;
};

static void find_tracepoint(struct tracepoint *tp, void *priv)
{
	struct search *search = priv;
	unsigned int i;

	for (i = 0; i < search->nr; i++)
		if (!strcmp(tp->name, search->hooks[i].name))
			search->hooks[i].tp = tp;
}

static int hook_up(struct kmd_hook *hook)
{
	int err = -ENOENT;

	if (!hook->tp && hook->optional)
		return 0;
	if (hook->tp)
		err = tracepoint_probe_register(hook->tp, hook->probe, NULL);
	if (err)
		pr_err("tracepoint %s: %d\n", hook->name, err);
	hook->on = !err;
	return err;
}

int kmd_hook_up(struct kmd_hook *hooks, unsigned int nr)
{
	struct search search = { hooks, nr };
	unsigned int i;
	int err;

	for_each_kernel_tracepoint(find_tracepoint, &search);
	for (i = 0; i < nr; i++) {
		err = hook_up(&hooks[i]);
		if (err)
			return err;
	}
	return 0;
}

void kmd_unhook(struct kmd_hook *hooks, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (hooks[i].on)
			tracepoint_probe_unregister(hooks[i].tp, hooks[i].probe,
						    NULL);
		hooks[i].on = false;
	}
	tracepoint_synchronize_unregister();
}
#else
int kmd_hook_up(struct kmd_hook *hooks, unsigned int nr)
{
	return -EOPNOTSUPP;
}

void kmd_unhook(struct kmd_hook *hooks, unsigned int nr)
{
}
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0) && defined(CONFIG_KRETPROBES)
#include <linux/kprobes.h>

/*
 * What exec calls last before the process gets its new memory.  Its return is probed: a
 * probe of its first instruction runs like an NMI on x86, where nothing can be registered.
 */
static kmd_exec_fn *exec_probe;
static bool exec_on;

static int on_would_dump(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	*(unsigned long *)ri->data = kmd_first_argument(regs);
	return 0;
}

static int on_would_dump_end(struct kretprobe_instance *ri,
			     struct pt_regs *regs)
{
	struct linux_binprm *bprm = *(struct linux_binprm **)ri->data;

	/* It is called once more, of the file that an interpreter runs. */
	if (bprm->mm && bprm->cred)
		exec_probe(NULL, current, bprm);
	return 0;
}

static struct kretprobe would_dump_probe = {
	.kp.symbol_name = "would_dump",
	.entry_handler = on_would_dump,
	.handler = on_would_dump_end,
	.data_size = sizeof(struct linux_binprm *),
};

void kmd_hook_up_exec(kmd_exec_fn *probe)
{
	exec_probe = probe;
	exec_on = !register_kretprobe(&would_dump_probe);
}

void kmd_unhook_exec(void)
{
	if (exec_on)
		unregister_kretprobe(&would_dump_probe);
	exec_on = false;
}
#else
void kmd_hook_up_exec(kmd_exec_fn *probe)
{
}

void kmd_unhook_exec(void)
{
}
#endif
