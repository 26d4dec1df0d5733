/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What registry.c and its neighbours share.  What has to do with one record is
 * called under kmd_lock.
 */
#ifndef KMD_REGISTRY_H
#define KMD_REGISTRY_H

#include <linux/list.h>
#include <linux/spinlock.h>

#include "internal.h"

/* A record of the registry: one physically contiguous run. */
struct kmd_record {
	struct kmemdump_region r;
	struct list_head queue;		/* of its state and priority, or free */
	struct hlist_node by_address;	/* first run of a registration only */
	struct hlist_node by_owner;	/* likewise, and only with an owner */
	struct hlist_node by_name;
	const void *owner;
	const struct task_struct *task;	/* whose memory it is, or NULL */
	size_t total;			/* of all runs; in the first one */
	struct kmd_record *next;	/* run of the same registration */
	int slot;			/* in the backend's table, or -1 */
	u32 stamp;
	bool head;
};

/* Raw, as tracepoint probes and real-time kernels come here as well. */
extern raw_spinlock_t kmd_lock;

/* --- records.c: the records, free and used */

int kmd_records_init(unsigned int max_regions);
void kmd_records_exit(void);
void kmd_count(enum kmd_reason reason);
unsigned int kmd_room(void);
unsigned int kmd_record_index(const struct kmd_record *rec);
struct kmd_record *kmd_record_of(int id);
bool kmd_record_fits(enum kmemdump_prio prio, unsigned int nr);
struct kmd_record *kmd_record_get(enum kmemdump_prio prio);
void kmd_record_put(struct kmd_record *rec);
bool kmd_get_region(unsigned int index, struct kmemdump_region *r);

/* --- registry.c, for api.c, which holds no lock */

int kmd_add_percpu(const struct kmd_spec *like, const void __percpu *ptr);
void kmd_drop_id(int id);
int kmd_drop_exact(unsigned long va, phys_addr_t pa, size_t size);

/* --- names.c: unique names within firmware's limits */

void kmd_names_init(unsigned int room);
bool kmd_name_take(struct kmd_record *rec, unsigned int index);
void kmd_name_release(struct kmd_record *rec);

/* --- backend.c: who is in firmware's table */

void kmd_queues_init(void);
void kmd_enqueue(struct kmd_record *rec);
void kmd_dequeue(struct kmd_record *rec);
void kmd_raise(struct kmd_record *rec, enum kmemdump_prio prio);
void kmd_prefer(struct kmd_record *rec);
bool kmd_settle(void);
void kmd_backend_stats(struct kmd_stats *stats);

#endif /* KMD_REGISTRY_H */
