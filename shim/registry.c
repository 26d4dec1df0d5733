// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The registry: what is to be saved, whoever asked for it.
 *
 * All records are allocated at load, since regions come and go in tracepoint
 * probes, RCU callbacks and drivers' interrupt handlers, where nothing can be
 * allocated on every kernel.  A registration is one record for each physically
 * contiguous run, chained; its id is the first record's index plus one.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/hash.h>
#include <linux/hashtable.h>
#include <linux/overflow.h>
#include <linux/preempt.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "registry.h"

#define KEY_HASH_BITS	10

DEFINE_RAW_SPINLOCK(kmd_lock);

static struct kmd_record *records;
static unsigned int room;
static LIST_HEAD(free_records);
static DEFINE_HASHTABLE(by_va, KEY_HASH_BITS);
static DEFINE_HASHTABLE(by_owner, KEY_HASH_BITS);
static struct kmd_stats counters;
static u32 last_stamp;

static unsigned int index_of(const struct kmd_record *rec)
{
	return rec - records;
}

/* Records in all, free and used. */
unsigned int kmd_room(void)
{
	return room;
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

static struct kmd_record *get_record(void)
{
	struct kmd_record *rec;

	rec = list_first_entry_or_null(&free_records, struct kmd_record, queue);
	if (!rec)
		return NULL;
	list_del_init(&rec->queue);
	counters.registered++;
	counters.live++;
	counters.most = max(counters.most, counters.live);
	return rec;
}

/* To the end of the list: an id that a driver uses after the end stays dead. */
static void put_record(struct kmd_record *rec)
{
	rec->r.id = 0;
	rec->head = false;
	rec->next = NULL;
	list_add_tail(&rec->queue, &free_records);
	counters.unregistered++;
	counters.live--;
}

static void set_record(struct kmd_record *rec, const struct kmd_spec *spec,
		       const struct kmd_run *run, unsigned long va, int id)
{
	strscpy(rec->r.name, spec->name, sizeof(rec->r.name));
	rec->r.id = id ? id : index_of(rec) + 1;
	rec->r.pa = run->pa;
	rec->r.va = va;
	rec->r.size = run->len;
	rec->r.prio = spec->prio;
	rec->r.state = KMEMDUMP_WAITING;
	rec->owner = spec->owner;
	rec->total = spec->size;
	rec->slot = -1;
	rec->head = false;
	rec->next = NULL;
}

/* Add one run behind @last; NULL if there is no room. */
static struct kmd_record *add_run(const struct kmd_spec *spec,
				  const struct kmd_run *run, unsigned long va,
				  struct kmd_record *last, int id)
{
	struct kmd_record *rec;
	unsigned long flags;

	raw_spin_lock_irqsave(&kmd_lock, flags);
	rec = get_record();
	if (!rec) {
		kmd_count(KMD_REASON_NO_ROOM);
		goto unlock;
	}
	set_record(rec, spec, run, va, id);
	if (!kmd_name_take(rec, index_of(rec))) {
		kmd_count(KMD_REASON_NAME);
		put_record(rec);
		rec = NULL;
		goto unlock;
	}
	if (last)
		last->next = rec;
	kmd_enqueue(rec);
unlock:
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
	return rec;
}

/* From here on others can find the registration, and take it away. */
static void publish(struct kmd_record *head, const struct kmd_spec *spec)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&kmd_lock, flags);
	head->head = true;
	head->stamp = last_stamp;
	if (spec->va)
		hash_add(by_va, &head->by_va, spec->va);
	if (spec->owner)
		hash_add(by_owner, &head->by_owner, (unsigned long)spec->owner);
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
}

static void remove_chain(struct kmd_record *rec)
{
	struct kmd_record *next;

	hash_del(&rec->by_va);
	hash_del(&rec->by_owner);
	for (; rec; rec = next) {
		next = rec->next;
		kmd_dequeue(rec);
		kmd_name_release(rec);
		put_record(rec);
	}
}

static void abandon(struct kmd_record *head)
{
	unsigned long flags;

	if (!head)
		return;
	raw_spin_lock_irqsave(&kmd_lock, flags);
	remove_chain(head);
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
}

static int next_run(const struct kmd_spec *spec, size_t done,
		    struct kmd_run *run)
{
	if (spec->va && !spec->at_pa)
		return kmd_next_run(spec->va + done, spec->size - done, run);
	run->pa = spec->pa + done;
	run->len = spec->size - done;
	return 0;
}

static bool valid_spec(const struct kmd_spec *spec)
{
	unsigned long va_end;
	phys_addr_t pa_end;

	if (!spec->name || !*spec->name || !spec->size ||
	    spec->prio >= KMEMDUMP_NR_PRIO)
		return false;
	if (check_add_overflow(spec->va, (unsigned long)spec->size - 1, &va_end))
		return false;
	return !check_add_overflow(spec->pa, (phys_addr_t)spec->size - 1,
				   &pa_end);
}

/**
 * kmd_add() - register memory
 * @spec: see &struct kmd_spec
 *
 * Return: the id, greater than 0; -EINVAL, -EFAULT if the memory is not mapped,
 * -ENOSPC if the registry is full, -EPERM in NMI.
 */
int kmd_add(const struct kmd_spec *spec)
{
	struct kmd_record *head = NULL, *last = NULL, *rec;
	struct kmd_run run;
	size_t done;
	int id;

	if (in_nmi())
		return -EPERM;
	if (!valid_spec(spec))
		return kmd_refuse(KMD_REASON_ARGUMENT, -EINVAL);
	for (done = 0; done < spec->size; done += run.len) {
		if (next_run(spec, done, &run)) {
			abandon(head);
			return kmd_refuse(KMD_REASON_ADDRESS, -EFAULT);
		}
		rec = add_run(spec, &run, spec->va ? spec->va + done : 0, last,
			      head ? head->r.id : 0);
		if (!rec) {
			abandon(head);
			return -ENOSPC;
		}
		head = head ?: rec;
		last = rec;
	}
	id = head->r.id;
	publish(head, spec);
	return id;
}

/* The same for what has a virtual address and no owner. */
int kmd_add_va(const char *name, unsigned long va, size_t size,
	       enum kmemdump_prio prio)
{
	const struct kmd_spec spec = {
		.name = name,
		.va = va,
		.size = size,
		.prio = prio,
	};

	return va ? kmd_add(&spec) : kmd_refuse(KMD_REASON_ADDRESS, -EFAULT);
}

static struct kmd_record *find_va(unsigned long va)
{
	struct kmd_record *rec;

	hash_for_each_possible(by_va, rec, by_va, va)
		if (rec->r.va == va)
			return rec;
	return NULL;
}

/* Drop all registrations of an owner. */
void kmd_drop_owner(const void *owner)
{
	struct kmd_record *rec;
	struct hlist_node *tmp;
	unsigned long flags;

	raw_spin_lock_irqsave(&kmd_lock, flags);
	hash_for_each_possible_safe(by_owner, rec, tmp, by_owner,
				    (unsigned long)owner)
		if (rec->owner == owner)
			remove_chain(rec);
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
}

/* Drop the registrations that begin at a virtual address. */
void kmd_drop_va(unsigned long va)
{
	struct kmd_record *rec;
	unsigned long flags;

	raw_spin_lock_irqsave(&kmd_lock, flags);
	while ((rec = find_va(va)))
		remove_chain(rec);
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
}

/* Whether there is a registration that begins at @va and is not shorter. */
bool kmd_has_va(unsigned long va, size_t size)
{
	struct kmd_record *rec;
	unsigned long flags;
	bool found = false;

	raw_spin_lock_irqsave(&kmd_lock, flags);
	hash_for_each_possible(by_va, rec, by_va, va)
		found |= rec->r.va == va && rec->total >= size;
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
	return found;
}

u32 kmd_new_stamp(void)
{
	unsigned long flags;
	u32 stamp;

	raw_spin_lock_irqsave(&kmd_lock, flags);
	stamp = ++last_stamp;
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
	return stamp;
}

/* Stamp the registration that begins at @va; false if there is none. */
bool kmd_touch_va(unsigned long va)
{
	struct kmd_record *rec;
	unsigned long flags;

	raw_spin_lock_irqsave(&kmd_lock, flags);
	rec = find_va(va);
	if (rec)
		rec->stamp = last_stamp;
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
	return rec;
}

/* Stamps are compared by distance, so that they may wrap around. */
void kmd_drop_untouched(const void *owner, u32 stamp)
{
	struct kmd_record *rec;
	struct hlist_node *tmp;
	unsigned long flags;

	raw_spin_lock_irqsave(&kmd_lock, flags);
	hash_for_each_possible_safe(by_owner, rec, tmp, by_owner,
				    (unsigned long)owner)
		if (rec->owner == owner && (s32)(rec->stamp - stamp) < 0)
			remove_chain(rec);
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
}

/**
 * kmemdump_register() - register memory by its kernel virtual address
 * @name: what it is called in the dump; cut to what firmware holds, and made
 *	unique by a sequence number
 * @va: linear map, vmalloc, module or kernel image address; not user memory
 * @size: bytes
 *
 * Memory that is not physically contiguous becomes several regions.  The memory
 * must stay mapped until it is unregistered.
 *
 * Return: an id for kmemdump_unregister(), greater than 0; -EINVAL if there is
 * no name or size, -EFAULT if @va is not mapped memory, -ENOSPC if the registry
 * is full, -EPERM in NMI.
 */
int kmemdump_register(const char *name, const void *va, size_t size)
{
	return kmd_add_va(name, (unsigned long)va, size, KMEMDUMP_PRIO_DRIVER);
}
EXPORT_SYMBOL_GPL(kmemdump_register);

/**
 * kmemdump_register_pa() - register memory by its physical address
 * @name: as for kmemdump_register()
 * @pa: physical address of memory; the caller answers for it not being I/O
 * @size: bytes
 *
 * Return: as kmemdump_register().
 */
int kmemdump_register_pa(const char *name, phys_addr_t pa, size_t size)
{
	const struct kmd_spec spec = {
		.name = name,
		.pa = pa,
		.size = size,
		.prio = KMEMDUMP_PRIO_DRIVER,
		.at_pa = true,
	};

	return kmd_add(&spec);
}
EXPORT_SYMBOL_GPL(kmemdump_register_pa);

/* Chain what was registered for one CPU behind that of the CPUs before. */
static int join(int first, int id)
{
	struct kmd_record *last, *rec;
	unsigned long flags;

	if (!first)
		return id;
	raw_spin_lock_irqsave(&kmd_lock, flags);
	rec = &records[id - 1];
	hash_del(&rec->by_va);
	rec->head = false;
	for (last = &records[first - 1]; last->next; last = last->next)
		;
	last->next = rec;
	for (; rec; rec = rec->next)
		rec->r.id = first;
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
	return first;
}

/**
 * kmemdump_register_percpu() - register a per-CPU variable, of all CPUs
 * @name: as for kmemdump_register()
 * @ptr: of DEFINE_PER_CPU() or alloc_percpu()
 * @size: bytes of one CPU's
 *
 * Return: as kmemdump_register(); one id for all of them.
 */
int kmemdump_register_percpu(const char *name, const void __percpu *ptr,
			     size_t size)
{
	int first = 0, id, cpu;

	for_each_possible_cpu(cpu) {
		id = kmemdump_register(name, per_cpu_ptr(ptr, cpu), size);
		if (id < 0) {
			kmemdump_unregister(first);
			return id;
		}
		first = join(first, id);
	}
	return first;
}
EXPORT_SYMBOL_GPL(kmemdump_register_percpu);

/**
 * kmemdump_unregister() - take back a registration
 * @id: what the registration returned; 0 and errors are ignored
 */
void kmemdump_unregister(int id)
{
	unsigned long flags;

	if (id <= 0 || id > room)
		return;
	raw_spin_lock_irqsave(&kmd_lock, flags);
	if (records[id - 1].head)
		remove_chain(&records[id - 1]);
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
}
EXPORT_SYMBOL_GPL(kmemdump_unregister);

/**
 * kmemdump_unregister_va() - take back a registration by address and size
 * @va: as registered
 * @size: as registered
 *
 * Return: 0, or -ENOENT.
 */
int kmemdump_unregister_va(const void *va, size_t size)
{
	struct kmd_record *rec;
	unsigned long flags;
	int err = -ENOENT;

	raw_spin_lock_irqsave(&kmd_lock, flags);
	hash_for_each_possible(by_va, rec, by_va, (unsigned long)va) {
		if (rec->r.va != (unsigned long)va || rec->total != size ||
		    rec->r.prio != KMEMDUMP_PRIO_DRIVER)
			continue;
		remove_chain(rec);
		err = 0;
		break;
	}
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
	return err;
}
EXPORT_SYMBOL_GPL(kmemdump_unregister_va);

/**
 * kmemdump_unregister_pa() - take back a registration by physical address
 * @pa: as registered
 * @size: as registered
 *
 * Return: 0, or -ENOENT.
 */
int kmemdump_unregister_pa(phys_addr_t pa, size_t size)
{
	struct kmd_record *rec;
	unsigned long flags;
	int err = -ENOENT;

	raw_spin_lock_irqsave(&kmd_lock, flags);
	for (rec = records; rec < records + room; rec++) {
		if (!rec->head || rec->r.pa != pa || rec->total != size ||
		    rec->r.prio != KMEMDUMP_PRIO_DRIVER)
			continue;
		remove_chain(rec);
		err = 0;
		break;
	}
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
	return err;
}
EXPORT_SYMBOL_GPL(kmemdump_unregister_pa);

/**
 * kmemdump_traverse() - look at all regions, one by one
 * @priv: handed to @cb
 * @cb: called with a copy, without locks held; it may sleep, register and
 *	unregister.  A result other than 0 ends the walk.
 *
 * Regions that come or go meanwhile are seen or not.
 *
 * Return: the last result of @cb, 0 without regions.
 */
int kmemdump_traverse(void *priv,
		      int (*cb)(void *priv, const struct kmemdump_region *r))
{
	struct kmemdump_region r;
	unsigned long flags;
	unsigned int i;
	int err;

	for (i = 0; i < room; i++) {
		raw_spin_lock_irqsave(&kmd_lock, flags);
		r = records[i].r;
		raw_spin_unlock_irqrestore(&kmd_lock, flags);
		err = r.id ? cb(priv, &r) : 0;
		if (err)
			return err;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(kmemdump_traverse);

void kmd_get_stats(struct kmd_stats *stats)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&kmd_lock, flags);
	*stats = counters;
	stats->room = room;
	kmd_backend_stats(stats);
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
}

int kmd_registry_init(unsigned int max_regions)
{
	unsigned int i;

	records = vzalloc(array_size(max_regions, sizeof(*records)));
	if (!records)
		return -ENOMEM;
	room = max_regions;
	hash_init(by_va);
	hash_init(by_owner);
	kmd_names_init(room);
	kmd_queues_init();
	for (i = 0; i < room; i++)
		list_add_tail(&records[i].queue, &free_records);
	return 0;
}

void kmd_registry_exit(void)
{
	vfree(records);
}
