// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The registry: what is to be saved, whoever asked for it.
 *
 * A registration is one record for each physically contiguous run, chained; its
 * id is the first record's index plus one.
 *
 * Interrupts are off for one record at a time, however many a registration has:
 * a chain is made out of reach of everybody, and found by all when it is whole;
 * taken away it is first out of reach again, and then freed.
 */
#include <linux/hash.h>
#include <linux/hashtable.h>
#include <linux/overflow.h>
#include <linux/preempt.h>
#include <linux/string.h>

#include "compat.h"
#include "registry.h"

#define KEY_HASH_BITS	12

static DEFINE_HASHTABLE(by_address, KEY_HASH_BITS);
static DEFINE_HASHTABLE(by_owner, KEY_HASH_BITS);
static u32 last_stamp;

/* The runs of a registration, until it is published. */
struct chain {
	struct kmd_record *head;
	struct kmd_record *last;
};

static void set_record(struct kmd_record *rec, const struct kmd_spec *spec,
		       const struct kmd_run *run, unsigned long va, int id)
{
	strscpy(rec->r.name, spec->name, sizeof(rec->r.name));
	rec->r.id = id;
	rec->r.pa = run->pa;
	rec->r.va = va;
	rec->r.size = run->len;
	rec->r.prio = spec->prio;
	rec->r.state = KMEMDUMP_WAITING;
	rec->owner = spec->owner;
	rec->task = spec->task;
	rec->total = spec->size;
	rec->slot = -1;
	rec->head = false;
	rec->next = NULL;
}

/* 0, or why there is no record. */
static int append(struct chain *chain, const struct kmd_spec *spec,
		  const struct kmd_run *run, unsigned long va)
{
	struct kmd_record *rec = kmd_record_get(spec->prio);

	if (!rec) {
		if (!spec->again)
			kmd_count(KMD_REASON_NO_ROOM);
		return -ENOSPC;
	}
	set_record(rec, spec, run, va,
		   chain->head ? chain->head->r.id : kmd_record_index(rec) + 1);
	if (!kmd_name_take(rec, kmd_record_index(rec))) {
		kmd_count(KMD_REASON_NAME);
		kmd_record_put(rec);
		return -EEXIST;
	}
	if (chain->last)
		chain->last->next = rec;
	else
		chain->head = rec;
	chain->last = rec;
	kmd_enqueue(rec);
	return 0;
}

/* The header's places in the file, which take their time. */
static void settle(void)
{
	unsigned long flags;
	bool more;

	do {
		raw_spin_lock_irqsave(&kmd_lock, flags);
		more = kmd_settle();
		raw_spin_unlock_irqrestore(&kmd_lock, flags);
	} while (more);
}

/* From here on others can find the registration, and take it away. */
static void publish(struct kmd_record *head, const struct kmd_spec *spec)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&kmd_lock, flags);
	head->head = true;
	head->stamp = last_stamp;
	hash_add(by_address, &head->by_address, spec->va ?: spec->pa);
	if (spec->owner)
		hash_add(by_owner, &head->by_owner, (unsigned long)spec->owner);
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
	settle();
}

/* Nobody else finds it any more; under the lock. */
static struct kmd_record *take_away(struct kmd_record *head)
{
	hash_del(&head->by_address);
	hash_del(&head->by_owner);
	head->head = false;
	return head;
}

static void free_chain(struct kmd_record *rec)
{
	struct kmd_record *next;
	unsigned long flags;

	if (!rec)
		return;
	for (; rec; rec = next) {
		raw_spin_lock_irqsave(&kmd_lock, flags);
		next = rec->next;
		kmd_dequeue(rec);
		kmd_name_release(rec);
		kmd_record_put(rec);
		raw_spin_unlock_irqrestore(&kmd_lock, flags);
	}
	settle();
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

/* What the registry can hold in no case is not counted to its end. */
static int count_runs(const struct kmd_spec *spec, unsigned int *nr)
{
	struct kmd_run run;
	size_t done;

	*nr = 0;
	for (done = 0; done < spec->size; done += run.len) {
		if (next_run(spec, done, &run))
			return -EFAULT;
		if (++*nr > kmd_room())
			break;
	}
	return 0;
}

/* Before the first record is taken, so that a refusal costs nothing. */
static int check_room(const struct kmd_spec *spec)
{
	unsigned long flags;
	unsigned int nr;
	int err;

	err = count_runs(spec, &nr);
	if (err)
		return kmd_refuse(KMD_REASON_ADDRESS, err);
	raw_spin_lock_irqsave(&kmd_lock, flags);
	if (!kmd_record_fits(spec->prio, nr)) {
		err = -ENOSPC;
		if (!spec->again)
			kmd_count(KMD_REASON_NO_ROOM);
	}
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
	return err;
}

static int add_runs(struct chain *chain, const struct kmd_spec *spec)
{
	unsigned long flags;
	struct kmd_run run;
	size_t done;
	int err;

	err = check_room(spec);
	for (done = 0; !err && done < spec->size; done += run.len) {
		if (next_run(spec, done, &run))
			return kmd_refuse(KMD_REASON_ADDRESS, -EFAULT);
		raw_spin_lock_irqsave(&kmd_lock, flags);
		err = append(chain, spec, &run,
			     spec->va ? spec->va + done : 0);
		raw_spin_unlock_irqrestore(&kmd_lock, flags);
	}
	return err;
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

static int check_spec(const struct kmd_spec *spec)
{
	if (in_nmi())
		return -EPERM;
	if (!valid_spec(spec))
		return kmd_refuse(KMD_REASON_ARGUMENT, -EINVAL);
	if (!spec->va && !spec->at_pa)
		return kmd_refuse(KMD_REASON_ADDRESS, -EFAULT);
	return 0;
}

/* The same memory has another tag each time that it is allocated. */
static struct kmd_spec untagged(const struct kmd_spec *spec)
{
	struct kmd_spec plain = *spec;

	plain.va = kmd_untag(plain.va);
	return plain;
}

/**
 * kmd_add() - register memory
 * @spec: see &struct kmd_spec
 *
 * Return: the id, greater than 0; -EINVAL, -EFAULT if the memory is not mapped,
 * -ENOSPC if the registry is full, -EEXIST if no name is left, -EPERM in NMI.
 */
int kmd_add(const struct kmd_spec *spec)
{
	const struct kmd_spec plain = untagged(spec);
	struct chain chain = {};
	int id, err;

	err = check_spec(&plain);
	if (!err)
		err = add_runs(&chain, &plain);
	if (err) {
		free_chain(chain.head);
		return err;
	}
	id = chain.head->r.id;
	publish(chain.head, &plain);
	return id;
}

/**
 * kmd_add_percpu() - register a per-CPU variable, of all CPUs
 * @like: name, size of one CPU's, priority
 * @ptr: of DEFINE_PER_CPU() or alloc_percpu()
 *
 * Return: as kmd_add(); one id for all of them.
 */
int kmd_add_percpu(const struct kmd_spec *like, const void __percpu *ptr)
{
	struct kmd_spec spec = *like, first;
	struct chain chain = {};
	int cpu, id, err;

	for_each_possible_cpu(cpu) {
		spec.va = kmd_untag((unsigned long)per_cpu_ptr(ptr, cpu));
		if (!chain.head)
			first = spec;
		err = check_spec(&spec);
		if (!err)
			err = add_runs(&chain, &spec);
		if (err) {
			free_chain(chain.head);
			return err;
		}
	}
	id = chain.head->r.id;
	publish(chain.head, &first);
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

	return kmd_add(&spec);
}

static struct kmd_record *find_va(unsigned long va)
{
	struct kmd_record *rec;

	va = kmd_untag(va);
	hash_for_each_possible(by_address, rec, by_address, va)
		if (rec->r.va == va)
			return rec;
	return NULL;
}

/* The same, if it is not shorter than @size. */
static struct kmd_record *find_va_size(unsigned long va, size_t size)
{
	struct kmd_record *rec;

	va = kmd_untag(va);
	hash_for_each_possible(by_address, rec, by_address, va)
		if (rec->r.va == va && rec->total >= size)
			return rec;
	return NULL;
}

static bool is_older(const struct kmd_record *rec, u32 stamp)
{
	return (s32)(rec->stamp - stamp) < 0;
}

/* The next registration of an owner, if @stamp is given with an older one. */
static struct kmd_record *take_owned(const void *owner, const u32 *stamp)
{
	struct kmd_record *rec, *found = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&kmd_lock, flags);
	hash_for_each_possible(by_owner, rec, by_owner, (unsigned long)owner) {
		if (rec->owner != owner || (stamp && !is_older(rec, *stamp)))
			continue;
		found = take_away(rec);
		break;
	}
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
	return found;
}

/* Drop all registrations of an owner. */
void kmd_drop_owner(const void *owner)
{
	struct kmd_record *head;

	while ((head = take_owned(owner, NULL)))
		free_chain(head);
}

/* Stamps are compared by distance, so that they may wrap around. */
void kmd_drop_untouched(const void *owner, u32 stamp)
{
	struct kmd_record *head;

	while ((head = take_owned(owner, &stamp)))
		free_chain(head);
}

static struct kmd_record *take_va(unsigned long va)
{
	struct kmd_record *head;
	unsigned long flags;

	raw_spin_lock_irqsave(&kmd_lock, flags);
	head = find_va(va);
	if (head)
		take_away(head);
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
	return head;
}

/* Drop the registrations that begin at a virtual address. */
void kmd_drop_va(unsigned long va)
{
	struct kmd_record *head;

	while ((head = take_va(va)))
		free_chain(head);
}

/* Drop a driver's registration. */
void kmd_drop_id(int id)
{
	struct kmd_record *head;
	unsigned long flags;

	raw_spin_lock_irqsave(&kmd_lock, flags);
	head = kmd_record_of(id);
	if (head && head->head)
		take_away(head);
	else
		head = NULL;
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
	free_chain(head);
}

/* Drop a driver's registration, as it was made: of @va, or, if that is 0, @pa. */
int kmd_drop_exact(unsigned long va, phys_addr_t pa, size_t size)
{
	struct kmd_record *rec, *head = NULL;
	unsigned long flags;

	va = kmd_untag(va);
	raw_spin_lock_irqsave(&kmd_lock, flags);
	hash_for_each_possible(by_address, rec, by_address, va ?: pa) {
		if (rec->r.va != va || (!va && rec->r.pa != pa) ||
		    rec->total != size || rec->r.prio != KMEMDUMP_PRIO_DRIVER)
			continue;
		head = take_away(rec);
		break;
	}
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
	free_chain(head);
	return head ? 0 : -ENOENT;
}

/* Whether there is a registration that begins at @va and is not shorter. */
bool kmd_has_va(unsigned long va, size_t size)
{
	unsigned long flags;
	bool found;

	raw_spin_lock_irqsave(&kmd_lock, flags);
	found = find_va_size(va, size);
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
	return found;
}

/* The same; it matters as much as @prio, if not more. */
bool kmd_raise_va(unsigned long va, size_t size, enum kmemdump_prio prio)
{
	struct kmd_record *head, *rec;
	unsigned long flags;

	raw_spin_lock_irqsave(&kmd_lock, flags);
	head = find_va_size(va, size);
	for (rec = head; rec && rec->r.prio > prio; rec = rec->next)
		kmd_raise(rec, prio);
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
	settle();
	return head;
}

/*
 * What begins at these addresses is in use now, so it is to be in a table that is full.
 * True if all of it is.
 */
bool kmd_prefer_vas(const unsigned long *vas, unsigned int n)
{
	struct kmd_record *rec;
	unsigned long flags;
	unsigned int i;
	bool placed = true;

	raw_spin_lock_irqsave(&kmd_lock, flags);
	for (i = 0; i < n; i++) {
		rec = find_va(vas[i]);
		placed = placed && rec;
		for (; rec; rec = rec->next) {
			kmd_prefer(rec);
			placed = placed && rec->r.state == KMEMDUMP_PLACED;
		}
	}
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
	settle();
	return placed;
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

/* As kmd_has_va(); it is stamped, if it is of this owner. */
bool kmd_touch_va(unsigned long va, size_t size, const void *owner)
{
	struct kmd_record *rec;
	unsigned long flags;
	bool found = false;

	va = kmd_untag(va);
	raw_spin_lock_irqsave(&kmd_lock, flags);
	hash_for_each_possible(by_address, rec, by_address, va) {
		if (rec->r.va != va || rec->total < size)
			continue;
		found = true;
		if (rec->owner == owner)
			rec->stamp = last_stamp;
	}
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
	return found;
}

/* The same registration in all but the owner. */
static bool is_same(const struct kmd_record *rec, const struct kmd_spec *spec)
{
	return rec->r.va == spec->va && rec->total == spec->size &&
	       rec->r.prio == spec->prio && rec->task == spec->task &&
	       !strncmp(rec->r.name, spec->name, sizeof(rec->r.name) - 1);
}

/**
 * kmd_take_over() - make a registration another owner's, without a moment in which it is gone
 * @spec: what would be registered
 *
 * What is mapped page by page may be other memory by now, if another owner registered it.
 *
 * Return: false if there is no such registration; otherwise it is stamped.
 */
bool kmd_take_over(const struct kmd_spec *spec)
{
	const struct kmd_spec plain = untagged(spec);
	struct kmd_record *rec;
	unsigned long flags;
	bool paged = kmd_is_paged(plain.va);
	bool found = false;

	raw_spin_lock_irqsave(&kmd_lock, flags);
	hash_for_each_possible(by_address, rec, by_address, plain.va) {
		found = is_same(rec, &plain) &&
			(!paged || rec->owner == spec->owner);
		if (found)
			break;
	}
	if (found) {
		hash_del(&rec->by_owner);
		hash_add(by_owner, &rec->by_owner, (unsigned long)spec->owner);
		rec->stamp = last_stamp;
		for (; rec; rec = rec->next)
			rec->owner = spec->owner;
	}
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
	return found;
}

int kmd_registry_init(unsigned int max_regions)
{
	int err = kmd_records_init(max_regions);

	if (err)
		return err;
	hash_init(by_address);
	hash_init(by_owner);
	kmd_names_init(kmd_room());
	kmd_queues_init();
	return 0;
}

void kmd_registry_exit(void)
{
	kmd_records_exit();
}
