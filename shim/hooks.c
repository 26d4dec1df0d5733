// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Probes at the kernel's tracepoints, found by name as few of them are exported.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

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
