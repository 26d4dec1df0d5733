/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * locks.h - which task holds the lock that another one waits for.
 *
 * Sources: kernel/locking/mutex.c, kernel/locking/rwsem.c and their headers.
 */
#ifndef KMD_TASK_LOCKS_H
#define KMD_TASK_LOCKS_H

#include "task/list.h"

/*
 * Fill in .holder and .holds_lock of tasks that wait for a mutex or an rw_semaphore.  A waiter lies
 * on its task's stack, in the lock's list of waiters; the lock has its owner.  Whatever was not
 * captured, or does not fit together, gives no holder.  Never fails.
 */
void kmd_task_locks_find(const struct kmd_target *target, struct kmd_task_list *list);

#endif
