// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Tasks, followed as they come and go, since nothing runs when a machine hangs.
 *
 * A new task is registered in task_newtask, before it runs, and dropped in
 * sched_process_free.  (sched_process_fork is for processes and threads of users
 * and the kernel, not for the threads of io_uring and vhost.)  Its memory may be
 * used again before that: the stack of a zombie, a struct pid.  So whoever is
 * registered at an address drops what was registered there before, and a sweep,
 * some time after an exit, drops what tasks do not point to any more, and
 * registers what was lost to a namesake.
 *
 * sched_switch shows the idle tasks, which no list holds, and who runs.  While
 * firmware's table has room for all there is no more to do than to look whether
 * that is so.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/binfmts.h>
#include <linux/cred.h>
#include <linux/hash.h>
#include <linux/mm_types.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/version.h>
#include <linux/workqueue.h>
#include <trace/events/sched.h>
#include <trace/events/task.h>

#include "compat.h"
#include "hooks.h"
#include "internal.h"

#define SWEEP_DELAY	HZ
/* Tasks that a sweep looks at before it lets others run. */
#define SWEEP_BATCH	256

static void sweep(struct work_struct *work);
static DECLARE_DELAYED_WORK(sweeper, sweep);
static bool stopping;

static void schedule_sweep(void)
{
	if (!READ_ONCE(stopping))
		schedule_delayed_work(&sweeper, SWEEP_DELAY);
}

/* @like: priority, owner and so on. */
static struct kmd_spec spec_of(const struct kmd_spec *like, const char *name,
			       const void *va, size_t size)
{
	struct kmd_spec spec = *like;

	spec.name = name;
	spec.va = (unsigned long)va;
	spec.size = size;
	return spec;
}

/* False if there was no room. */
static bool add(const struct kmd_spec *like, const char *name, const void *va,
		size_t size)
{
	const struct kmd_spec spec = spec_of(like, name, va, size);

	if (!va || kmd_is_image(spec.va) ||
	    kmd_touch_va(spec.va, size, spec.owner))
		return true;
	return kmd_add(&spec) != -ENOSPC;
}

/* A registration where something new begins is stale, but for the image's. */
static void drop_at(const void *va)
{
	if (va && !kmd_is_image((unsigned long)va))
		kmd_drop_va((unsigned long)va);
}

/*
 * What is new, and this owner's.  A registration there is of something that was freed
 * before, and would go away with its owner.
 */
static bool claim(const struct kmd_spec *like, const char *name, const void *va,
		  size_t size)
{
	const struct kmd_spec spec = spec_of(like, name, va, size);

	if (va && !kmd_is_image(spec.va) && kmd_take_over(&spec))
		return true;
	drop_at(va);
	return add(like, name, va, size);
}

/* One of the two. */
typedef bool put_fn(const struct kmd_spec *like, const char *name,
		    const void *va, size_t size);

/* Three keys, as stack and structures go at different times. */
static const void *stack_key(const struct task_struct *p)
{
	return &p->stack;
}

static const void *aux_key(const struct task_struct *p)
{
	return &p->mm;
}

/* The tables first: without them some debuggers cannot find the stack. */
static void add_stack(struct task_struct *p, enum kmemdump_prio prio,
		      bool again)
{
	const void *stack = task_stack_page(p);
	const struct kmd_spec like = {
		.prio = prio,
		.owner = stack_key(p),
		.task = p,
		.again = again,
	};

	if (!stack)
		return;
	kmd_pgtable_follow((unsigned long)stack, THREAD_SIZE,
			   KMEMDUMP_PRIO_CURRENT, again);
	drop_at(stack);
	add(&like, "stack", stack, THREAD_SIZE);
}

/* With a number for each namespace that it is in; an array without a size. */
static void add_pid(const struct pid *pid, const struct kmd_spec *like,
		    put_fn *put)
{
	if (pid)
		put(like, "pid", pid, offsetof(struct pid, numbers) +
		    (pid->level + 1) * sizeof(pid->numbers[0]));
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0) && defined(CONFIG_SMP)
/*
 * The counters of a process's memory, one behind the other since 6.6.  The
 * process may be giving its memory up just now, so this looks, and trusts not.
 */
static const void __percpu *counters_of(struct mm_struct *mm)
{
	const void __percpu *counters;
	unsigned long at;

	if (!kmd_read_word((unsigned long)&mm->rss_stat[0].counters, &at))
		return NULL;
	counters = (const void __percpu *)at;
	return counters && !kmd_in_percpu(counters) ? counters : NULL;
}

static void add_counters(struct mm_struct *mm, const struct kmd_spec *like,
			 put_fn *put)
{
	const void __percpu *counters = counters_of(mm);
	struct kmd_spec spare = *like;
	int cpu;

	if (!counters)
		return;
	spare.prio = KMEMDUMP_PRIO_COUNTERS;
	for_each_possible_cpu(cpu) {
		if (!put(&spare, "rss", per_cpu_ptr(counters, cpu),
			 NR_MM_COUNTERS * sizeof(s32)))
			break;
	}
}
#else
static void add_counters(struct mm_struct *mm, const struct kmd_spec *like,
			 put_fn *put)
{
}
#endif

static void add_mm(struct mm_struct *mm, const struct kmd_spec *like,
		   put_fn *put)
{
	if (!mm)
		return;
	put(like, "mm", mm, sizeof(*mm));
	add_counters(mm, like, put);
}

/*
 * What a task points to.  Threads of a process share all but the struct pid, and
 * may outlive the leader, who lets go of the memory first; between vfork and
 * exec, two processes share their memory.
 */
static void put_aux(struct task_struct *p, bool again, put_fn *put,
		    put_fn *put_mm)
{
	const struct kmd_spec like = {
		.prio = KMEMDUMP_PRIO_TASK_AUX,
		.owner = aux_key(p),
		.again = again,
	};

	add_pid(task_pid(p), &like, put);
	if (!thread_group_leader(p)) {
		if (!p->group_leader->mm)
			add_mm(p->mm, &like, add);
		return;
	}
	put(&like, "signal", p->signal, sizeof(*p->signal));
	add_mm(p->mm, &like, put_mm);
	put(&like, "cred", rcu_access_pointer(p->real_cred),
	    sizeof(*p->real_cred));
}

static void add_aux(struct task_struct *p, bool again)
{
	put_aux(p, again, add, add);
}

/* The same, of a process that has just got them. */
static void add_fresh_aux(struct task_struct *p, const struct mm_struct *shared)
{
	put_aux(p, false, claim, p->mm == shared ? add : claim);
}

static void add_task(struct task_struct *p, enum kmemdump_prio prio, bool again)
{
	const struct kmd_spec like = {
		.prio = prio,
		.owner = p,
		.task = p,
		.again = again,
	};

	claim(&like, "task", p, sizeof(*p));
	add_stack(p, prio, again);
}

static void drop_task(struct task_struct *p)
{
	kmd_drop_owner(p);
	kmd_drop_owner(stack_key(p));
	kmd_drop_owner(aux_key(p));
}

/* --- tracepoints */

/* Its parent is who makes it.  An idle task has no number, and nothing else. */
static void add_new(struct task_struct *child)
{
	int nr = pid_nr(task_pid(child));

	if (!nr) {
		add_task(child, KMEMDUMP_PRIO_CURRENT, false);
		return;
	}
	add_task(child, KMEMDUMP_PRIO_TASK, false);
	add_fresh_aux(child, current->mm);
	kmd_pid_added(nr);
}

static void on_new(void *unused, struct task_struct *child,
		   unsigned long clone_flags)
{
	add_new(child);
}

/* The prototype of newer kernels. */
static void on_new_u64(void *unused, struct task_struct *child, u64 clone_flags)
{
	add_new(child);
}

static void *new_probe(void)
{
	if (__same_type(&check_trace_callback_type_task_newtask,
			(void (*)(typeof(on_new) *))NULL))
		return on_new;
	return on_new_u64;
}

static void on_free(void *unused, struct task_struct *p)
{
	drop_task(p);
	schedule_sweep();
}

/*
 * What a process is about to get: giving up what it had takes its time, and a machine
 * may hang meanwhile.  If refused it is asked for again in on_exec(),
 * and counted there.
 */
static void on_prepare_exec(void *unused, struct task_struct *p,
			    struct linux_binprm *bprm)
{
	const struct kmd_spec like = {
		.prio = KMEMDUMP_PRIO_TASK_AUX,
		.owner = aux_key(p),
		.again = true,
	};

	add_mm(bprm->mm, &like, claim);
	claim(&like, "cred", bprm->cred, sizeof(*bprm->cred));
}

/*
 * Exec gives a name, soon after the new mm: the first that older kernels show of it
 * without kprobes.
 * Where nobody shares the mm, a registration there is of one that was freed before,
 * and would go away with its owner.
 */
static void on_rename(void *unused, struct task_struct *p, const char *comm)
{
	const struct kmd_spec like = {
		.prio = KMEMDUMP_PRIO_TASK_AUX,
		.owner = aux_key(p),
		.again = true,
	};

	if (p != current || !thread_group_leader(p) || !p->mm)
		return;
	add_mm(p->mm, &like, atomic_read(&p->mm->mm_users) == 1 ? claim : add);
}

/*
 * A new mm and new credentials, and a thread may have become the leader.  What stays is
 * registered all the time, as another CPU may panic just now.
 */
static void on_exec(void *unused, struct task_struct *p, pid_t old_pid,
		    struct linux_binprm *bprm)
{
	u32 stamp = kmd_new_stamp();

	add_fresh_aux(p, NULL);
	kmd_drop_untouched(aux_key(p), stamp);
	schedule_sweep();
}

static void on_exit(void *unused, struct task_struct *p)
{
	schedule_sweep();
}

/* The prototype of newer kernels. */
static void on_exit_group(void *unused, struct task_struct *p, bool group_dead)
{
	schedule_sweep();
}

static void *exit_probe(void)
{
	if (__same_type(&check_trace_callback_type_sched_process_exit,
			(void (*)(typeof(on_exit) *))NULL))
		return on_exit;
	return on_exit_group;
}

/* --- the idle tasks, and who runs */

static struct cpumask idle_seen;

static void see_idle(struct task_struct *p)
{
	int cpu = raw_smp_processor_id();

	if (!cpumask_test_cpu(cpu, &idle_seen) &&
	    !cpumask_test_and_set_cpu(cpu, &idle_seen))
		add_task(p, KMEMDUMP_PRIO_CURRENT, false);
}

/*
 * Tasks that were seen with all their slots, by CPU.  A task that runs again keeps
 * them unless somebody lost a slot meanwhile, so there is nothing to look up.
 */
struct seen_task {
	const struct task_struct *task;
	unsigned long slots_lost;
};

#define SEEN_BITS	3
static DEFINE_PER_CPU(struct seen_task, seen_tasks[1 << SEEN_BITS]);

static void see_running(struct task_struct *p)
{
	struct seen_task *seen = this_cpu_ptr(&seen_tasks[hash_ptr(p, SEEN_BITS)]);
	unsigned long vas[] = { (unsigned long)task_stack_page(p),
				(unsigned long)p };
	unsigned long lost = kmd_slots_lost();

	if (seen->task == p && seen->slots_lost == lost)
		return;
	seen->task = kmd_prefer_vas(vas, ARRAY_SIZE(vas)) ? p : NULL;
	seen->slots_lost = lost;
}

/* Runs often, under the run queue's lock. */
static __always_inline void see_switch(struct task_struct *prev,
				       struct task_struct *next)
{
	if (is_idle_task(next))
		see_idle(next);
	else if (kmd_is_crowded())
		see_running(next);
	if (is_idle_task(prev))
		see_idle(prev);
	/* The next task frees its stack, and the address may be used for something else at once. */
	if (unlikely(kmd_task_is_dead(prev)))
		kmd_drop_owner(stack_key(prev));
}

static void on_switch(void *unused, bool preempt, struct task_struct *prev,
		      struct task_struct *next, unsigned int prev_state)
{
	see_switch(prev, next);
}

/* The prototype until 5.17: with CFI_CLANG, a call of any other one is fatal. */
static void on_switch_stateless(void *unused, bool preempt,
				struct task_struct *prev,
				struct task_struct *next)
{
	see_switch(prev, next);
}

static void *switch_probe(void)
{
	if (__same_type(&check_trace_callback_type_sched_switch,
			(void (*)(typeof(on_switch_stateless) *))NULL))
		return on_switch_stateless;
	return on_switch;
}

/* A per-CPU variable points to each; its symbol may be out of reach. */
static bool add_idle_threads(void)
{
	unsigned long va, task;
	int cpu;

	if (!kmd_symbol_quiet("idle_threads", &va))
		return false;
	for_each_possible_cpu(cpu) {
		if (kmd_read_word(va + per_cpu_offset(cpu), &task) && task)
			add_task((struct task_struct *)task,
				 KMEMDUMP_PRIO_CURRENT, false);
	}
	return true;
}

/*
 * init_task is part of the image, its stack as well.  Where the others are not
 * known, each is seen when its CPU has nothing to do.
 */
static void add_idle_tasks(void)
{
	cpumask_clear(&idle_seen);
	add_task(&init_task, KMEMDUMP_PRIO_CURRENT, false);
	if (add_idle_threads())
		cpumask_setall(&idle_seen);
}

/* --- what probes stand in */

static struct kmd_hook hooks[] = {
	{ "task_newtask" },
	{ "sched_process_exit" },
	{ "sched_process_free", on_free },
	{ "sched_prepare_exec", on_prepare_exec, .optional = true },
	{ "task_rename", on_rename },
	{ "sched_process_exec", on_exec },
	{ "sched_switch" },
};

#define NEW_HOOK	(&hooks[0])
#define EXIT_HOOK	(&hooks[1])
#define SWITCH_HOOK	(&hooks[ARRAY_SIZE(hooks) - 1])

static int hook_up(void)
{
	NEW_HOOK->probe = new_probe();
	EXIT_HOOK->probe = exit_probe();
	SWITCH_HOOK->probe = switch_probe();
	return kmd_hook_up(hooks, ARRAY_SIZE(hooks));
}

/* --- the tasks that are there, at load and later */

/* One look at all tasks. */
struct look {
	u32 stamp;	/* of what is found */
	bool again;	/* not the first, so refusals have been counted */
	bool unfinished; /* there will be more to see */
};

static void look_at(struct task_struct *p, struct look *look)
{
	const void *stack = task_stack_page(p);
	bool exits = p->flags & PF_EXITING;

	if (!kmd_has_va((unsigned long)p, sizeof(*p)))
		add_task(p, KMEMDUMP_PRIO_TASK, look->again);
	else if (stack && !exits &&
		 !kmd_has_va((unsigned long)stack, THREAD_SIZE))
		add_stack(p, KMEMDUMP_PRIO_TASK, look->again);
	add_aux(p, look->again);
	kmd_drop_untouched(aux_key(p), look->stamp);
	if (!exits)
		return;
	/* The stack is still to go, or has gone. */
	if (stack)
		look->unfinished = true;
	else
		kmd_drop_owner(stack_key(p));
}

/* Let others run; false if the list may have changed around these two. */
static bool pause_look(struct task_struct *g, struct task_struct *p)
{
	bool alive;

	get_task_struct(g);
	get_task_struct(p);
	rcu_read_unlock();
	cond_resched();
	rcu_read_lock();
	alive = pid_alive(g) && pid_alive(p);
	put_task_struct(p);
	put_task_struct(g);
	return alive;
}

static void look_at_all(struct look *look)
{
	struct task_struct *g, *p;
	unsigned int left = SWEEP_BATCH;

	rcu_read_lock();
	for_each_process_thread(g, p) {
		if (!left--) {
			left = SWEEP_BATCH;
			if (!pause_look(g, p)) {
				look->unfinished = true;
				goto unlock;
			}
		}
		look_at(p, look);
	}
unlock:
	rcu_read_unlock();
}

static void look_around(bool again)
{
	struct look look = { .stamp = kmd_new_stamp(), .again = again };

	look_at_all(&look);
	kmd_pids_sweep(again);
	if (look.unfinished)
		schedule_sweep();
}

static void sweep(struct work_struct *work)
{
	look_around(true);
	kmd_report_refusals();
}

int kmd_tasks_init(void)
{
	int err = hook_up();

	/* If the end of a task is not seen, its memory stays registered when it is another's. */
	if (err == -EOPNOTSUPP) {
		pr_warn("the kernel has no CONFIG_TRACEPOINTS: only idle tasks are registered\n");
		add_idle_tasks();
		return 0;
	}
	if (err) {
		kmd_tasks_exit();
		return err;
	}
	kmd_hook_up_exec(on_prepare_exec);
	add_idle_tasks();
	look_around(false);
	return 0;
}

void kmd_tasks_exit(void)
{
	WRITE_ONCE(stopping, true);
	kmd_unhook_exec();
	kmd_unhook(hooks, ARRAY_SIZE(hooks));
	cancel_delayed_work_sync(&sweeper);
}
