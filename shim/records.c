// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The records of the registry.
 *
 * All are allocated at load, since regions come and go in tracepoint probes, RCU
 * callbacks and drivers' interrupt handlers, where nothing can be allocated on
 * every kernel.  Tasks may take most of them, never the last.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/overflow.h>
#include <linux/printk.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "registry.h"

/* Kept free for what matters more than tasks, if the registry has as many. */
#define MAX_RESERVE	512U

DEFINE_RAW_SPINLOCK(kmd_lock);

static struct kmd_record *records; /* room, and the one of the ELF header */
static unsigned int room;
static LIST_HEAD(free_records);
static unsigned int nr_free;
static struct kmd_stats counters;

unsigned int kmd_record_index(const struct kmd_record *rec)
{
	return rec - records;
}

/* Of a registration that drivers know by number; they do not know the header's. */
struct kmd_record *kmd_record_of(int id)
{
	return id > 0 && id <= room ? &records[id - 1] : NULL;
}

/* Records in all, free and used. */
unsigned int kmd_room(void)
{
	return room + 1;
}

void kmd_count(enum kmd_reason reason)
{
	counters.refused[reason]++;
}

int kmd_refuse(enum kmd_reason reason, int err)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&kmd_lock, flags);
	kmd_count(reason);
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
	return err;
}

/* Records that must stay free for what matters more. */
static unsigned int reserve(enum kmemdump_prio prio)
{
	if (prio < KMEMDUMP_PRIO_CURRENT)
		return 0;
	if (prio < KMEMDUMP_PRIO_COUNTERS)
		return min(room / 8, MAX_RESERVE);
	return room / 2;
}

/* The header, which is one run, always finds its own record free. */
bool kmd_record_fits(enum kmemdump_prio prio, unsigned int nr)
{
	if (prio == KMEMDUMP_PRIO_KELF)
		return nr == 1 && !records[room].r.id;
	return nr_free >= nr + reserve(prio);
}

struct kmd_record *kmd_record_get(enum kmemdump_prio prio)
{
	struct kmd_record *rec = &records[room];

	if (!kmd_record_fits(prio, 1))
		return NULL;
	if (prio != KMEMDUMP_PRIO_KELF) {
		rec = list_first_entry(&free_records, struct kmd_record, queue);
		list_del_init(&rec->queue);
		nr_free--;
	}
	counters.registered++;
	counters.live++;
	counters.most = max(counters.most, counters.live);
	return rec;
}

/* To the end of the list: an id that a driver uses after the end stays dead. */
void kmd_record_put(struct kmd_record *rec)
{
	rec->r.id = 0;
	rec->head = false;
	rec->next = NULL;
	if (rec != &records[room]) {
		list_add_tail(&rec->queue, &free_records);
		nr_free++;
	}
	counters.unregistered++;
	counters.live--;
}

/* A copy of a record by number; false if it is not in use. */
bool kmd_get_region(unsigned int index, struct kmemdump_region *r)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&kmd_lock, flags);
	*r = records[index].r;
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
	return r->id;
}

void kmd_get_stats(struct kmd_stats *stats)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&kmd_lock, flags);
	*stats = counters;
	stats->room = room;
	kmd_backend_stats(stats);
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
}

/* Once; later refusals are counted in debugfs. */
void kmd_report_refusals(void)
{
	static bool reported;
	struct kmd_stats stats;

	kmd_get_stats(&stats);
	if (reported || !stats.refused[KMD_REASON_NO_ROOM])
		return;
	reported = true;
	pr_warn("%llu regions refused, so missing in a dump: %u of %u places taken; load kmemdump with max_regions=%u\n",
		stats.refused[KMD_REASON_NO_ROOM], stats.live, room, 2 * room);
}

int kmd_records_init(unsigned int max_regions)
{
	unsigned int i;

	records = vzalloc(array_size(max_regions + 1, sizeof(*records)));
	if (!records)
		return -ENOMEM;
	room = max_regions;
	nr_free = room;
	for (i = 0; i < room; i++)
		list_add_tail(&records[i].queue, &free_records);
	return 0;
}

void kmd_records_exit(void)
{
	vfree(records);
}
