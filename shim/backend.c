// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Who is in firmware's table.
 *
 * Every record stands in one queue: of its state and priority.  A table that is
 * full keeps the most important; who comes first stays among equals, but for
 * tasks: who runs takes the place of one that does not.  When a slot becomes
 * free, who waits longest of the most important gets it.
 *
 * With max_bytes= the sum of their sizes is limited as well.  What does not fit,
 * even at the cost of all that is less important, is refused.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/export.h>
#include <linux/mutex.h>
#include <linux/sched.h>

#include "compat.h"
#include "registry.h"

#define NR_STATES	(KMEMDUMP_REFUSED + 1)

/* The table in use; under kmd_lock. */
static struct kmemdump_backend *backend;
static struct kmd_kelf *kelf;
static unsigned long *used_slots;
static unsigned int nr_slots; /* no more than there can be regions */
static bool accepting;

static struct list_head queues[NR_STATES][KMEMDUMP_NR_PRIO];
static unsigned int in_state[NR_STATES];
static u64 bytes_placed;
static u64 bytes_of[KMEMDUMP_NR_PRIO];	/* of these, by priority */
static u64 max_bytes = U64_MAX;
static unsigned long slots_lost;

/* One backend comes or goes at a time. */
static DEFINE_MUTEX(backend_mutex);

void kmd_queues_init(void)
{
	int state, prio;

	for (state = 0; state < NR_STATES; state++)
		for (prio = 0; prio < KMEMDUMP_NR_PRIO; prio++)
			INIT_LIST_HEAD(&queues[state][prio]);
}

/* Before anything is registered. */
void kmd_limit_bytes(u64 bytes)
{
	max_bytes = bytes;
}

static void count_bytes(const struct kmd_record *rec, bool add)
{
	u64 size = add ? rec->r.size : -(u64)rec->r.size;

	bytes_placed += size;
	bytes_of[rec->r.prio] += size;
}

static void leave_queue(struct kmd_record *rec)
{
	list_del_init(&rec->queue);
	WRITE_ONCE(in_state[rec->r.state], in_state[rec->r.state] - 1);
}

static void join_queue(struct kmd_record *rec, enum kmemdump_state state)
{
	rec->r.state = state;
	list_add_tail(&rec->queue, &queues[state][rec->r.prio]);
	WRITE_ONCE(in_state[state], in_state[state] + 1);
}

static void change_state(struct kmd_record *rec, enum kmemdump_state state)
{
	leave_queue(rec);
	join_queue(rec, state);
}

static void vacate(struct kmd_record *rec)
{
	kmd_kelf_del(kelf, rec->slot);
	backend->clear(backend, rec->slot);
	__clear_bit(rec->slot, used_slots);
	count_bytes(rec, false);
	rec->slot = -1;
	WRITE_ONCE(slots_lost, slots_lost + 1);
}

/* The latest that does not belong to a task that runs. */
static struct kmd_record *latest_idle(enum kmemdump_prio prio)
{
	struct kmd_record *rec;

	list_for_each_entry_reverse(rec, &queues[KMEMDUMP_PLACED][prio], queue)
		if (!rec->task || !kmd_task_runs(rec->task))
			return rec;
	return NULL;
}

/* The latest of the least important, if less important than @prio. */
static struct kmd_record *victim_for(enum kmemdump_prio prio)
{
	struct list_head *queue;
	int p;

	for (p = KMEMDUMP_NR_PRIO - 1; p > (int)prio; p--) {
		queue = &queues[KMEMDUMP_PLACED][p];
		if (!list_empty(queue))
			return latest_idle(p) ?:
			       list_last_entry(queue, struct kmd_record, queue);
	}
	return NULL;
}

static void evict(struct kmd_record *victim)
{
	vacate(victim);
	change_state(victim, KMEMDUMP_WAITING);
}

static bool make_room(enum kmemdump_prio prio)
{
	struct kmd_record *victim = victim_for(prio);

	if (!victim) {
		kmd_count(KMD_REASON_BUDGET);
		return false;
	}
	evict(victim);
	kmd_count(KMD_REASON_EVICTED);
	return true;
}

static bool has_bytes(const struct kmd_record *rec)
{
	return rec->r.size <= max_bytes && bytes_placed <= max_bytes - rec->r.size;
}

/* Whether there were bytes for it without all of priority @first and those behind. */
static bool could_have_bytes(const struct kmd_record *rec, int first)
{
	u64 others = bytes_placed;
	int p;

	for (p = first; p < KMEMDUMP_NR_PRIO; p++)
		others -= bytes_of[p];
	return rec->r.size <= max_bytes && others <= max_bytes - rec->r.size;
}

/* Evict what is less important, if that leaves enough. */
static bool make_bytes(const struct kmd_record *rec)
{
	if (has_bytes(rec))
		return true;
	if (!could_have_bytes(rec, rec->r.prio + 1))
		return false;
	while (!has_bytes(rec)) {
		evict(victim_for(rec->r.prio));
		kmd_count(KMD_REASON_EVICTED);
	}
	return true;
}

static bool has_free_slot(void)
{
	return !bitmap_full(used_slots, nr_slots);
}

/* There is a free slot. */
static void fill_slot(struct kmd_record *rec)
{
	unsigned int slot = find_first_zero_bit(used_slots, nr_slots);

	if (backend->write(backend, slot, &rec->r)) {
		change_state(rec, KMEMDUMP_REFUSED);
		kmd_count(KMD_REASON_BACKEND);
		return;
	}
	__set_bit(slot, used_slots);
	rec->slot = slot;
	count_bytes(rec, true);
	change_state(rec, KMEMDUMP_PLACED);
	kmd_kelf_add(kelf, slot, &rec->r);
}

/* Try to give a waiting record a slot. */
static void place(struct kmd_record *rec)
{
	if (backend->accepts && !backend->accepts(backend, &rec->r)) {
		change_state(rec, KMEMDUMP_REFUSED);
		kmd_count(KMD_REASON_BACKEND);
		return;
	}
	if (!make_bytes(rec)) {
		change_state(rec, KMEMDUMP_REFUSED);
		kmd_count(KMD_REASON_BUDGET);
		return;
	}
	if (has_free_slot() || make_room(rec->r.prio))
		fill_slot(rec);
}

/* The longest waiting of the most important into a free slot. */
static bool place_next(void)
{
	struct kmd_record *rec;
	int prio;

	if (!accepting || !has_free_slot())
		return false;
	for (prio = 0; prio < KMEMDUMP_NR_PRIO; prio++) {
		rec = list_first_entry_or_null(&queues[KMEMDUMP_WAITING][prio],
					       struct kmd_record, queue);
		if (rec) {
			place(rec);
			return true;
		}
	}
	return false;
}

/* Of each state and priority; the rest have their turn when bytes are freed again. */
#define MAX_RETRIES	4

static bool retry(struct kmd_record *rec)
{
	if ((backend->accepts && !backend->accepts(backend, &rec->r)) ||
	    !make_bytes(rec) || !has_free_slot())
		return false;
	fill_slot(rec);
	return true;
}

/* Who does not fit yet goes to the end, so that others behind it are looked at. */
static void retry_queue(struct list_head *queue)
{
	struct kmd_record *rec;
	int i;

	for (i = 0; i < MAX_RETRIES && !list_empty(queue); i++) {
		rec = list_first_entry(queue, struct kmd_record, queue);
		if (!retry(rec))
			list_move_tail(&rec->queue, queue);
	}
}

/* What a large record leaves is enough for several that are smaller. */
static void refill(void)
{
	int prio;

	if (max_bytes == U64_MAX) {
		place_next();
		return;
	}
	for (prio = 0; accepting && prio < KMEMDUMP_NR_PRIO; prio++) {
		retry_queue(&queues[KMEMDUMP_REFUSED][prio]);
		retry_queue(&queues[KMEMDUMP_WAITING][prio]);
	}
}

void kmd_enqueue(struct kmd_record *rec)
{
	join_queue(rec, KMEMDUMP_WAITING);
	if (accepting)
		place(rec);
}

void kmd_dequeue(struct kmd_record *rec)
{
	bool was_placed = rec->r.state == KMEMDUMP_PLACED;

	if (was_placed)
		vacate(rec);
	leave_queue(rec);
	if (was_placed)
		refill();
}

/* A record matters more than was known. */
void kmd_raise(struct kmd_record *rec, enum kmemdump_prio prio)
{
	enum kmemdump_state state = rec->r.state;

	leave_queue(rec);
	if (state == KMEMDUMP_PLACED) {
		bytes_of[rec->r.prio] -= rec->r.size;
		bytes_of[prio] += rec->r.size;
	}
	/* Others may make way for it now. */
	if (state == KMEMDUMP_REFUSED)
		state = KMEMDUMP_WAITING;
	rec->r.prio = prio;
	join_queue(rec, state);
	if (accepting && state == KMEMDUMP_WAITING)
		place(rec);
}

/*
 * Whether anybody waits for a slot, or for bytes; without the lock, so for a hint only.
 * What the backend does not take is no reason to look at each context switch.
 */
bool kmd_is_crowded(void)
{
	return READ_ONCE(accepting) &&
	       (READ_ONCE(in_state[KMEMDUMP_WAITING]) ||
		(max_bytes != U64_MAX &&
		 READ_ONCE(in_state[KMEMDUMP_REFUSED])));
}

/* Those of a task are of similar size; a context switch has no time for more. */
#define MAX_VICTIMS	4

static bool make_way(const struct kmd_record *rec)
{
	enum kmemdump_prio prio = rec->r.prio;
	struct kmd_record *victim;
	int i;

	/* Nobody loses a slot for nothing, again and again. */
	if (!could_have_bytes(rec, prio))
		return false;
	for (i = 0; i < MAX_VICTIMS; i++) {
		if (has_free_slot() && has_bytes(rec))
			return true;
		victim = victim_for(prio) ?: latest_idle(prio);
		if (!victim)
			return false;
		evict(victim);
	}
	return has_free_slot() && has_bytes(rec);
}

/* As long as it stays the same, who has a slot keeps it. */
unsigned long kmd_slots_lost(void)
{
	return READ_ONCE(slots_lost);
}

/* Give a record a slot, at the cost of an equal if need be. */
void kmd_prefer(struct kmd_record *rec)
{
	enum kmemdump_prio prio = rec->r.prio;

	if (!accepting || rec->r.state == KMEMDUMP_PLACED ||
	    (backend->accepts && !backend->accepts(backend, &rec->r)))
		return;
	if (!make_way(rec))
		return;
	fill_slot(rec);
	/* The last to go, until others are preferred. */
	if (rec->r.state == KMEMDUMP_PLACED)
		list_move(&rec->queue, &queues[KMEMDUMP_PLACED][prio]);
}

/* True if there is more to do. */
bool kmd_settle(void)
{
	return kelf && kmd_kelf_settle(kelf);
}

void kmd_backend_stats(struct kmd_stats *stats)
{
	memcpy(stats->by_state, in_state, sizeof(in_state));
	stats->bytes_placed = bytes_placed;
	stats->slots = backend ? nr_slots : 0;
	stats->backend = backend ? backend->name : "none";
}

/*
 * The header must be the first that firmware saves, and outlive all others.  It
 * waits, and nobody else is placed, until the backend is opened.
 */
static int place_kelf(void)
{
	const struct kmd_spec spec = {
		.name = "ELF",
		.va = kmd_kelf_va(kelf),
		.pa = kmd_kelf_pa(kelf),
		.size = kmd_kelf_size(kelf),
		.prio = KMEMDUMP_PRIO_KELF,
		.owner = kelf,
		.at_pa = true,
	};

	return kmd_add(&spec);
}

static void set_backend(struct kmemdump_backend *to, struct kmd_kelf *new_kelf,
			unsigned long *slots)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&kmd_lock, flags);
	backend = to;
	kelf = new_kelf;
	used_slots = slots;
	accepting = false;
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
}

/* From here on others find slots; the header has found the first. */
static void open_backend(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&kmd_lock, flags);
	WRITE_ONCE(accepting, true);
	place_next();
	raw_spin_unlock_irqrestore(&kmd_lock, flags);
}

static void place_all(void)
{
	unsigned long flags;
	bool more;

	do {
		raw_spin_lock_irqsave(&kmd_lock, flags);
		more = place_next();
		raw_spin_unlock_irqrestore(&kmd_lock, flags);
		cond_resched();
	} while (more);
}

/* Back to waiting, the least important first, so that the header goes last. */
static bool displace_one(void)
{
	struct kmd_record *rec;
	struct list_head *queue;
	int state, prio;

	WRITE_ONCE(accepting, false);
	for (prio = KMEMDUMP_NR_PRIO - 1; prio >= 0; prio--) {
		for (state = KMEMDUMP_PLACED; state < NR_STATES; state++) {
			queue = &queues[state][prio];
			if (list_empty(queue))
				continue;
			rec = list_last_entry(queue, struct kmd_record, queue);
			if (state == KMEMDUMP_PLACED)
				vacate(rec);
			change_state(rec, KMEMDUMP_WAITING);
			return true;
		}
	}
	return false;
}

static void displace_all(void)
{
	unsigned long flags;
	bool more;

	do {
		raw_spin_lock_irqsave(&kmd_lock, flags);
		more = displace_one();
		raw_spin_unlock_irqrestore(&kmd_lock, flags);
		cond_resched();
	} while (more);
}

static void detach(void)
{
	unsigned long *slots = used_slots;
	struct kmd_kelf *old = kelf;

	displace_all();
	kmd_drop_owner(old);
	set_backend(NULL, NULL, NULL);
	bitmap_free(slots);
	kmd_kelf_free(old);
}

static int attach(struct kmemdump_backend *to)
{
	struct kmd_kelf *new_kelf;
	unsigned long *slots;
	int id;

	nr_slots = min(to->max_regions, kmd_room());
	slots = bitmap_zalloc(nr_slots, GFP_KERNEL);
	new_kelf = kmd_kelf_alloc(nr_slots);
	if (!slots || !new_kelf) {
		bitmap_free(slots);
		kmd_kelf_free(new_kelf);
		return -ENOMEM;
	}
	set_backend(to, new_kelf, slots);
	id = place_kelf();
	if (id < 0) {
		detach();
		return id;
	}
	if (kmd_kelf_size(new_kelf) > max_bytes)
		pr_warn("the ELF header for %u regions takes %zu bytes, more than max_bytes=%llu: a dump will lack virtual addresses; raise max_bytes, or give the backend fewer regions\n",
			nr_slots, kmd_kelf_size(new_kelf), max_bytes);
	open_backend();
	place_all();
	return 0;
}

/**
 * kmemdump_register_backend() - hand all regions to firmware's table
 * @to: stays the caller's, until kmemdump_unregister_backend()
 *
 * What is registered already is placed before this returns, what comes later
 * at once.  May sleep.
 *
 * Return: 0; -EBUSY if there is a backend; -EINVAL if something is missing or
 * there are more than 65280 slots; -ENOMEM.
 */
int kmemdump_register_backend(struct kmemdump_backend *to)
{
	struct kmd_stats stats;
	int err;

	if (!to || !to->name || !to->write || !to->clear ||
	    !to->max_regions || to->max_regions > KMEMDUMP_MAX_SLOTS)
		return -EINVAL;
	mutex_lock(&backend_mutex);
	err = backend ? -EBUSY : attach(to);
	mutex_unlock(&backend_mutex);
	if (err)
		return err;
	kmd_get_stats(&stats);
	pr_info("backend %s: %u regions, %llu KiB placed, %u waiting\n",
		to->name, stats.by_state[KMEMDUMP_PLACED],
		stats.bytes_placed >> 10, stats.by_state[KMEMDUMP_WAITING]);
	return 0;
}
EXPORT_SYMBOL_GPL(kmemdump_register_backend);

/**
 * kmemdump_unregister_backend() - take all regions out of firmware's table
 * @from: as registered
 *
 * They stay registered, and wait for the next backend.  May sleep.
 */
void kmemdump_unregister_backend(struct kmemdump_backend *from)
{
	mutex_lock(&backend_mutex);
	if (from && backend == from)
		detach();
	mutex_unlock(&backend_mutex);
}
EXPORT_SYMBOL_GPL(kmemdump_unregister_backend);
