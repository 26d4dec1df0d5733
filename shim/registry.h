/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What registry.c, names.c and backend.c share; all of it under kmd_lock. */
#ifndef KMD_REGISTRY_H
#define KMD_REGISTRY_H

#include <linux/list.h>
#include <linux/spinlock.h>

#include "internal.h"

/* A record of the registry: one physically contiguous run. */
struct kmd_record {
	struct kmemdump_region r;
	struct list_head queue;		/* of its state and priority, or free */
	struct hlist_node by_va;	/* first run of a registration only */
	struct hlist_node by_owner;	/* likewise, and only with an owner */
	struct hlist_node by_name;
	const void *owner;
	size_t total;			/* of all runs; in the first one */
	struct kmd_record *next;	/* run of the same registration */
	int slot;			/* in the backend's table, or -1 */
	u32 stamp;
	bool head;
};

/* Raw, as tracepoint probes and real-time kernels come here as well. */
extern raw_spinlock_t kmd_lock;

void kmd_count(enum kmd_reason reason);
unsigned int kmd_room(void);

/* --- names.c: unique names within firmware's limits */

void kmd_names_init(unsigned int room);
bool kmd_name_take(struct kmd_record *rec, unsigned int index);
void kmd_name_release(struct kmd_record *rec);

/* --- backend.c: who is in firmware's table */

void kmd_queues_init(void);
void kmd_enqueue(struct kmd_record *rec);
void kmd_dequeue(struct kmd_record *rec);
void kmd_backend_stats(struct kmd_stats *stats);

#endif /* KMD_REGISTRY_H */
