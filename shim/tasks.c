// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Tasks, followed as they come and go, since nothing runs when a machine hangs.
 *
 * A new task is registered in sched_process_fork, before it runs, and dropped
 * in sched_process_free.  Its memory may be used again before that: the stack
 * of a zombie, a struct pid.  So whoever is registered at an address drops what
 * was registered there before, and a sweep, some time after an exit, drops the
 * stacks of zombies and registers what was lost to a namesake.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cred.h>
#include <linux/irq_work.h>
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

#include "internal.h"

#define SWEEP_DELAY	HZ

static void sweep(struct work_struct *work);
static DECLARE_DELAYED_WORK(sweeper, sweep);
static bool stopping;

static void schedule_sweep(void)
{
	if (!READ_ONCE(stopping))
		schedule_delayed_work(&sweeper, SWEEP_DELAY);
}

static void add(const char *name, const void *va, size_t size,
		enum kmemdump_prio prio, const void *owner)
{
	const struct kmd_spec spec = {
		.name = name,
		.va = (unsigned long)va,
		.size = size,
		.prio = prio,
		.owner = owner,
	};

	if (va && !kmd_is_image(spec.va) && !kmd_has_va(spec.va, size))
		kmd_add(&spec);
}

/* A registration where something new begins is stale, but for the image's. */
static void drop_at(const void *va)
{
	if (va && !kmd_is_image((unsigned long)va))
		kmd_drop_va((unsigned long)va);
}

/* What belongs to this one alone. */
static void add_own(const char *name, const void *va, size_t size,
		    enum kmemdump_prio prio, const void *owner)
{
	drop_at(va);
	add(name, va, size, prio, owner);
}

/* Three keys, as stack and structures go at different times. */
static const void *stack_key(struct task_struct *p)
{
	return &p->stack;
}

static const void *aux_key(struct task_struct *p)
{
	return &p->mm;
}

static void add_stack(struct task_struct *p, enum kmemdump_prio prio)
{
	const void *stack = task_stack_page(p);

	if (!stack)
		return;
	add_own("stack", stack, THREAD_SIZE, prio, stack_key(p));
	kmd_pgtable_follow((unsigned long)stack, THREAD_SIZE);
}

/* With a number for each namespace that it is in; an array without a size. */
static void add_pid(const struct pid *pid, const void *owner)
{
	if (pid)
		add("pid", pid, offsetof(struct pid, numbers) +
		    (pid->level + 1) * sizeof(pid->numbers[0]),
		    KMEMDUMP_PRIO_TASK_AUX, owner);
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0) && defined(CONFIG_SMP)
/*
 * The counters of a process's memory, one behind the other since 6.6.  The
 * process may be giving its memory up just now, so this looks, and trusts not.
 */
static void add_counters(struct mm_struct *mm, const void *owner)
{
	const void __percpu *counters;
	unsigned long at;
	int cpu;

	if (!kmd_read_word((unsigned long)&mm->rss_stat[0].counters, &at))
		return;
	counters = (const void __percpu *)at;
	if (!counters || kmd_in_percpu(counters))
		return;
	for_each_possible_cpu(cpu)
		add("rss", per_cpu_ptr(counters, cpu),
		    NR_MM_COUNTERS * sizeof(s32), KMEMDUMP_PRIO_TASK_AUX,
		    owner);
}
#else
static void add_counters(struct mm_struct *mm, const void *owner)
{
}
#endif

static void add_mm(struct mm_struct *mm, const void *owner)
{
	if (!mm)
		return;
	add("mm", mm, sizeof(*mm), KMEMDUMP_PRIO_TASK_AUX, owner);
	add_counters(mm, owner);
}

/*
 * What a task points to.  Threads of a process share all but the struct pid;
 * between vfork and exec, two processes share their memory.
 */
static void add_aux(struct task_struct *p)
{
	const void *owner = aux_key(p);

	add_pid(task_pid(p), owner);
	if (!thread_group_leader(p))
		return;
	add("signal", p->signal, sizeof(*p->signal), KMEMDUMP_PRIO_TASK_AUX,
	    owner);
	add_mm(p->mm, owner);
	add("cred", rcu_access_pointer(p->real_cred), sizeof(*p->real_cred),
	    KMEMDUMP_PRIO_TASK_AUX, owner);
}

/* The same, of a process that has just got them. */
static void add_fresh_aux(struct task_struct *p, const struct mm_struct *shared)
{
	drop_at(task_pid(p));
	if (thread_group_leader(p)) {
		drop_at(p->signal);
		drop_at(rcu_access_pointer(p->real_cred));
		if (p->mm != shared)
			drop_at(p->mm);
	}
	add_aux(p);
}

static void add_task(struct task_struct *p, enum kmemdump_prio prio)
{
	add_own("task", p, sizeof(*p), prio, p);
	add_stack(p, prio);
}

static void drop_task(struct task_struct *p)
{
	kmd_drop_owner(p);
	kmd_drop_owner(stack_key(p));
	kmd_drop_owner(aux_key(p));
}

/* --- tracepoints */

static void on_fork(void *unused, struct task_struct *parent,
		    struct task_struct *child)
{
	add_task(child, KMEMDUMP_PRIO_TASK);
	add_fresh_aux(child, parent->mm);
	kmd_pid_added(pid_nr(task_pid(child)));
}

static void on_free(void *unused, struct task_struct *p)
{
	drop_task(p);
	schedule_sweep();
}

/* A new mm and new credentials, and a thread may have become the leader. */
static void on_exec(void *unused, struct task_struct *p, pid_t old_pid,
		    struct linux_binprm *bprm)
{
	kmd_drop_owner(aux_key(p));
	add_fresh_aux(p, NULL);
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
			(void (*)(typeof(&on_exit)))NULL))
		return on_exit;
	return on_exit_group;
}

static void find_idle(void *unused, bool preempt, struct task_struct *prev,
		      struct task_struct *next, unsigned int prev_state);

static struct hook {
	const char *name;
	void *probe;
	struct tracepoint *tp;
	bool on;
} hooks[] = {
	{ "sched_process_fork", on_fork },
	{ "sched_process_free", on_free },
	{ "sched_process_exec", on_exec },
	{ "sched_process_exit" },
	{ "sched_switch", find_idle },
};

#define EXIT_HOOK	(&hooks[3])
#define IDLE_HOOK	(&hooks[4])

static void find_tracepoint(struct tracepoint *tp, void *unused)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		if (!strcmp(tp->name, hooks[i].name))
			hooks[i].tp = tp;
}

static int hook_up(struct hook *hook)
{
	int err;

	if (!hook->tp)
		return -ENOENT;
	err = tracepoint_probe_register(hook->tp, hook->probe, NULL);
	hook->on = !err;
	return err;
}

static void unhook(struct hook *hook)
{
	if (hook->on)
		tracepoint_probe_unregister(hook->tp, hook->probe, NULL);
	hook->on = false;
}

static void unhook_all(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		unhook(&hooks[i]);
	tracepoint_synchronize_unregister();
}

/* --- the idle tasks, which no list holds */

static struct cpumask idle_seen;

static void unhook_idle(struct work_struct *work)
{
	unhook(IDLE_HOOK);
}

static DECLARE_WORK(idle_unhooker, unhook_idle);

/* The probe runs under the run queue's lock, where no work can be scheduled. */
static void kick_unhooker(struct irq_work *unused)
{
	schedule_work(&idle_unhooker);
}

static DEFINE_IRQ_WORK(idle_kick, kick_unhooker);

static void add_idle(struct task_struct *p, int cpu)
{
	if (cpumask_test_and_set_cpu(cpu, &idle_seen))
		return;
	add_task(p, KMEMDUMP_PRIO_CURRENT);
	if (cpumask_subset(cpu_online_mask, &idle_seen))
		irq_work_queue(&idle_kick);
}

static void find_idle(void *unused, bool preempt, struct task_struct *prev,
		      struct task_struct *next, unsigned int prev_state)
{
	if (is_idle_task(next))
		add_idle(next, raw_smp_processor_id());
	else if (is_idle_task(prev))
		add_idle(prev, raw_smp_processor_id());
}

/* A per-CPU variable points to each; its symbol may be out of reach. */
static bool add_idle_threads(void)
{
	unsigned long va, task;
	int cpu;

	if (!kmd_symbol_quiet("idle_threads", &va))
		return false;
	for_each_possible_cpu(cpu)
		if (kmd_read_word(va + per_cpu_offset(cpu), &task) && task)
			add_task((struct task_struct *)task,
				 KMEMDUMP_PRIO_CURRENT);
	return true;
}

/* init_task is part of the image, its stack as well. */
static void add_idle_tasks(void)
{
	cpumask_clear(&idle_seen);
	add_task(&init_task, KMEMDUMP_PRIO_CURRENT);
	if (!add_idle_threads() && hook_up(IDLE_HOOK))
		kmd_missing("idle_threads");
}

/* --- the tasks that are there, at load and later */

/* True if the task will want another look, as its stack is still to go. */
static bool look_at(struct task_struct *p)
{
	if (!kmd_has_va((unsigned long)p, sizeof(*p)))
		add_task(p, KMEMDUMP_PRIO_TASK);
	add_aux(p);
	if (!(p->flags & PF_EXITING))
		return false;
	if (task_stack_page(p))
		return true;
	kmd_drop_owner(stack_key(p));
	return false;
}

static void sweep(struct work_struct *work)
{
	struct task_struct *g, *p;
	bool again = false;

	rcu_read_lock();
	for_each_process_thread(g, p)
		again |= look_at(p);
	rcu_read_unlock();
	kmd_pids_sweep();
	if (again)
		schedule_sweep();
}

int kmd_tasks_init(void)
{
	int i, err = 0;

	EXIT_HOOK->probe = exit_probe();
	for_each_kernel_tracepoint(find_tracepoint, NULL);
	for (i = 0; i < ARRAY_SIZE(hooks) - 1; i++) {
		err = hook_up(&hooks[i]);
		if (err) {
			pr_err("tracepoint %s: %d\n", hooks[i].name, err);
			kmd_tasks_exit();
			return err;
		}
	}
	add_idle_tasks();
	sweep(NULL);
	return 0;
}

void kmd_tasks_exit(void)
{
	WRITE_ONCE(stopping, true);
	unhook(IDLE_HOOK);
	tracepoint_synchronize_unregister();
	irq_work_sync(&idle_kick);
	cancel_work_sync(&idle_unhooker);
	unhook_all();
	cancel_delayed_work_sync(&sweeper);
}
