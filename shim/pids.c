// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The tree that leads from a PID number to its struct pid: init_pid_ns.idr, an
 * xarray, whose nodes come and go with the numbers in use.  crash and drgn find
 * all tasks through it.  Nodes are in the linear map, so one that was freed and
 * not yet forgotten is a waste of a region, never a wrong value.
 */
#include <linux/idr.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/xarray.h>

#include "internal.h"

/* A node has at least 16 slots, so 32 bits of a number need at most 8 levels. */
#define MAX_LEVELS	8

static const struct xarray *tree(void)
{
	return &init_pid_ns.idr.idr_rt;
}

/* The owner of all nodes, to sweep them by. */
static const void *key(void)
{
	return tree();
}

/* @again: was looked at before, see &struct kmd_spec. */
static void add_node(const struct xa_node *node, bool again)
{
	const struct kmd_spec spec = {
		.name = "xa_node",
		.va = (unsigned long)node,
		.size = sizeof(*node),
		.prio = KMEMDUMP_PRIO_CURRENT,
		.owner = key(),
		.again = again,
	};

	if (!kmd_touch_va(spec.va, spec.size, spec.owner))
		kmd_add(&spec);
}

static const struct xa_node *node_of(const void *entry)
{
	return xa_is_node(entry) ? xa_to_node(entry) : NULL;
}

static void add_below(const struct xa_node *node, int levels, bool again)
{
	const struct xa_node *child;
	int i;

	add_node(node, again);
	if (!node->shift || !levels)
		return;
	for (i = 0; i < XA_CHUNK_SIZE; i++) {
		child = node_of(rcu_dereference_raw(node->slots[i]));
		if (child)
			add_below(child, levels - 1, again);
	}
}

/* Register the nodes of today, and forget those of yesterday. */
void kmd_pids_sweep(bool again)
{
	const struct xa_node *node;
	u32 stamp = kmd_new_stamp();

	rcu_read_lock();
	node = node_of(rcu_dereference_raw(tree()->xa_head));
	if (node)
		add_below(node, MAX_LEVELS, again);
	rcu_read_unlock();
	kmd_drop_untouched(key(), stamp);
}

/* Register the nodes on the way to a number; from a tracepoint's probe. */
void kmd_pid_added(int nr)
{
	const struct xa_node *node;
	int levels = MAX_LEVELS;
	unsigned long index;

	rcu_read_lock();
	node = node_of(rcu_dereference_raw(tree()->xa_head));
	while (node && levels--) {
		add_node(node, false);
		if (!node->shift)
			break;
		index = ((unsigned long)nr >> node->shift) & XA_CHUNK_MASK;
		node = node_of(rcu_dereference_raw(node->slots[index]));
	}
	rcu_read_unlock();
}
