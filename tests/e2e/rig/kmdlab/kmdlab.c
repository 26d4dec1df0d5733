// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * kmdlab.ko: ways to break a kernel, and to stress the shim.
 *
 *	what=null	reads through a NULL pointer
 *	what=hang	all CPUs spin with interrupts off; no panic, no watchdog
 *	what=exec	the same, in the middle of the next exec of busybox
 *	what=exec_mm	the same, while an exec gives up the memory that the task had
 *	what=irq	another CPU spins in a hard interrupt while this one panics
 *	what=spin	one CPU spins in a soft interrupt, one with interrupts off, and on x86 one
 *in an NMI, while the last one panics what=nullirq	reads through a NULL pointer in a hard
 *interrupt what=bug	BUG() what=overflow	recursion down to the guard page of the stack
 *	what=oom	allocates pages until there are none
 *	what=softlockup	a task that never gives up its CPU
 *	what=all	all CPUs panic at once
 *	what=hungtask	a task that waits forever, uninterruptible
 *	what=traced	panics in a callback of ftrace, once bpf_user_rnd_u32() is called, while
 *			another CPU spins in a kprobe
 *	what=mutex	two tasks that wait for a mutex, whose owner sleeps forever
 *	what=storm	each CPU registers and unregisters for @seconds
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/ftrace.h>
#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/mm_types.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/tracepoint.h>
#include <linux/version.h>
#include <linux/vmalloc.h>
#ifdef CONFIG_X86
#include <asm/nmi.h>
#endif

#include <linux/kmemdump.h>

static char *what = "";
module_param(what, charp, 0444);

static unsigned int seconds = 5;
module_param(seconds, uint, 0444);

static atomic_t spinning;
static atomic_t failures;
static atomic_t running;
static DECLARE_COMPLETION(never);

static noinline void kmdlab_spin(void)
{
	atomic_inc(&spinning);
	while (1)
		cpu_relax();
}

static int hang_here(void *unused)
{
	local_irq_disable();
	kmdlab_spin();
	return 0;
}

#define MAX_CPUS 8

/* All threads are created before the first one runs, because it may never release its CPU. */
static int on_each_cpu_thread(int (*fn)(void *), const char *name)
{
	struct task_struct *tasks[MAX_CPUS] = {};
	int cpu;

	for_each_online_cpu(cpu) {
		if (cpu >= MAX_CPUS)
			break;
		tasks[cpu] = kthread_create(fn, (void *)(long)cpu, name, cpu);
		if (IS_ERR(tasks[cpu]))
			return PTR_ERR(tasks[cpu]);
		kthread_bind(tasks[cpu], cpu);
	}
	preempt_disable();
	for (cpu = 0; cpu < MAX_CPUS; cpu++)
		if (tasks[cpu])
			wake_up_process(tasks[cpu]);
	preempt_enable();
	return 0;
}

/* The line is printed first, because nothing can be printed later. */
static int hang(void)
{
	int error;

	pr_emerg("all CPUs hang from here on\n");
	msleep(200);
	error = on_each_cpu_thread(hang_here, "kmdlab_hang/%d");
	/* So that this CPU's thread runs now: otherwise the task may go on, and wait for the other
	 * CPUs with preemption off. */
	if (!error)
		msleep(1000);
	return error;
}

static void hang_there(void *unused)
{
	hang_here(NULL);
}

/* The task already has its new memory.  On newer kernels a thread may print the line, so there is
 * a delay before all CPUs hang. */
static void on_rename(void *unused, struct task_struct *p, const char *comm)
{
	if (strcmp(comm, "busybox"))
		return;
	pr_emerg("all CPUs hang from here on\n");
	mdelay(500);
	smp_call_function(hang_there, NULL, 0);
	hang_here(NULL);
}

/* The first page that is freed once the task has its new memory, of which only the stack is mapped.
 */
static void on_page_free(void *unused, struct page *page, unsigned int order)
{
	static atomic_t once;

	if (!current->in_execve || !current->mm || current->mm->map_count != 1 ||
	    atomic_xchg(&once, 1))
		return;
	pr_emerg("new memory %px of %zu bytes\n", current->mm, sizeof(*current->mm));
	on_rename(NULL, current, "busybox");
}

struct search {
	const char *name;
	struct tracepoint *tp;
};

static void find_tracepoint(struct tracepoint *tp, void *found)
{
	struct search *search = found;

	if (!strcmp(tp->name, search->name))
		search->tp = tp;
}

static int hang_at(const char *name, void *probe)
{
	struct search search = { name };

	for_each_kernel_tracepoint(find_tracepoint, &search);
	return search.tp ? tracepoint_probe_register(search.tp, probe, NULL) : -ENOENT;
}

static int hang_in_exec(void)
{
	return hang_at("task_rename", on_rename);
}

static int hang_in_exec_mm(void)
{
	return hang_at("mm_page_free", on_page_free);
}

static struct hrtimer timer;
static enum hrtimer_restart (*in_timer)(struct hrtimer *timer);

static enum hrtimer_restart spin_in_timer(struct hrtimer *unused)
{
	kmdlab_spin();
	return HRTIMER_NORESTART;
}

static void start_timer(void *unused)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(&timer, in_timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
#else
	hrtimer_init(&timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	timer.function = in_timer;
#endif
	hrtimer_start(&timer, ms_to_ktime(10), HRTIMER_MODE_REL_PINNED_HARD);
}

static int spin_in_interrupt(void)
{
	int here = get_cpu();

	pr_emerg("CPU %d spins at %px\n", !here, kmdlab_spin);
	in_timer = spin_in_timer;
	smp_call_function_single(!here, start_timer, NULL, 1);
	while (!atomic_read(&spinning))
		cpu_relax();
	panic("a CPU spins in an interrupt");
}

static noinline void kmdlab_spin_softirq(struct timer_list *unused)
{
	kmdlab_spin();
}

static DEFINE_TIMER(soft_timer, kmdlab_spin_softirq);

static noinline int kmdlab_spin_irqsoff(void *unused)
{
	local_irq_disable();
	kmdlab_spin();
	return 0;
}

#ifdef CONFIG_X86
/* QEMU injects NMIs, and only CPU 0 gets them. */
static noinline int kmdlab_spin_nmi(unsigned int type, struct pt_regs *regs)
{
	kmdlab_spin();
	return NMI_HANDLED;
}

static int wait_for_nmi(void)
{
	int err = register_nmi_handler(NMI_LOCAL, kmdlab_spin_nmi, 0, "kmdlab");

	if (!err)
		pr_emerg("waiting for an NMI\n");
	return err;
}
#else
static int wait_for_nmi(void)
{
	return 0;
}
#endif

static int panic_beside_spinning(void *unused)
{
	int want = IS_ENABLED(CONFIG_X86) ? 3 : 2;

	while (atomic_read(&spinning) < want)
		msleep(20);
	panic("CPUs spin");
}

static int start_on(int cpu, int (*fn)(void *), const char *name)
{
	struct task_struct *task = kthread_create(fn, NULL, "%s", name);

	if (IS_ERR(task))
		return PTR_ERR(task);
	kthread_bind(task, cpu);
	wake_up_process(task);
	return 0;
}

static int spin_everywhere(void)
{
	int err = start_on(3, panic_beside_spinning, "kmdlab_panic");

	if (!err)
		err = start_on(2, kmdlab_spin_irqsoff, "kmdlab_irqsoff");
	if (err)
		return err;
	soft_timer.expires = jiffies + HZ / 10;
	add_timer_on(&soft_timer, 1);
	return wait_for_nmi();
}

static int spin_forever(void *unused)
{
	preempt_disable();
	kmdlab_spin();
	return 0;
}

static int panic_together(void *unused)
{
	atomic_inc(&running);
	while (atomic_read(&running) < num_online_cpus())
		cpu_relax();
	panic("all CPUs panic");
}

static noinline int kmdlab_oom(void)
{
	while (alloc_page(GFP_KERNEL))
		cond_resched();
	return -ENOMEM;
}

static noinline int kmdlab_bug(void)
{
	BUG();
}

/* What is done after the call, and with this array, keeps the recursion one. */
static noinline int kmdlab_overflow(volatile int depth)
{
	volatile char array[256];

	array[depth % sizeof(array)] = depth;
	return (depth < 0 ? 0 : kmdlab_overflow(depth + 1)) + array[(depth + 1) % sizeof(array)];
}

static DEFINE_MUTEX(held);
static DECLARE_COMPLETION(locked);

static int hold_mutex(void *unused)
{
	mutex_lock(&held);
	complete(&locked);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(MAX_SCHEDULE_TIMEOUT);
	return 0;
}

static int wait_for_mutex(void *unused)
{
	mutex_lock(&held);
	return 0;
}

static int hung_on_mutex(void)
{
	kthread_run(hold_mutex, NULL, "kmdlab_holder");
	wait_for_completion(&locked);
	kthread_run(wait_for_mutex, NULL, "kmdlab_first");
	kthread_run(wait_for_mutex, NULL, "kmdlab_second");
	return 0;
}

static int wait_forever(void *unused)
{
	wait_for_completion(&never);
	return 0;
}

static int hung_task(void)
{
	return PTR_ERR_OR_ZERO(kthread_run(wait_forever, NULL, "kmdlab_hung"));
}

static noinline int kmdlab_null(volatile int *p)
{
	return *p;
}

static enum hrtimer_restart null_in_timer(struct hrtimer *unused)
{
	kmdlab_null(NULL);
	return HRTIMER_NORESTART;
}

static int null_in_interrupt(void)
{
	in_timer = null_in_timer;
	smp_call_function_single(num_online_cpus() - 1, start_timer, NULL, 1);
	return 0;
}

/* Several kinds of memory, in a different order on each CPU. */
static void register_some(int cpu, unsigned int round, void *flat, void *pages)
{
	int ids[8], i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		if ((round + i + cpu) & 1)
			ids[i] = kmemdump_register("storm", flat + i * 64, 64);
		else
			ids[i] = kmemdump_register("storm_pages", pages, 3 * PAGE_SIZE);
		if (ids[i] <= 0)
			atomic_inc(&failures);
	}
	for (i = 0; i < ARRAY_SIZE(ids); i++)
		kmemdump_unregister(ids[(i + round) % ARRAY_SIZE(ids)]);
}

static int storm_here(void *arg)
{
	unsigned long end = jiffies + seconds * HZ;
	void *pages = vzalloc(3 * PAGE_SIZE);
	void *flat = kzalloc(512, GFP_KERNEL);
	unsigned int round = 0;

	while (pages && flat && time_before(jiffies, end)) {
		unsigned long flags;

		local_irq_save(flags);
		register_some((long)arg, round++, flat, pages);
		local_irq_restore(flags);
		cond_resched();
	}
	vfree(pages);
	kfree(flat);
	pr_info("storm on CPU %ld: %u rounds\n", (long)arg, round);
	atomic_dec(&running);
	return 0;
}

static int storm(void)
{
	int err;

	atomic_set(&running, num_online_cpus());
	err = on_each_cpu_thread(storm_here, "kmdlab_storm/%d");
	while (!err && atomic_read(&running))
		msleep(50);
	msleep(100);
	pr_info("storm over, %d failures\n", atomic_read(&failures));
	return err;
}

static int read_null(void)
{
	return kmdlab_null(NULL);
}

static int overflow(void)
{
	return kmdlab_overflow(0);
}

static int soft_lockup(void)
{
	return start_on(num_online_cpus() - 1, spin_forever, "kmdlab_lockup");
}

static int all_panic(void)
{
	return on_each_cpu_thread(panic_together, "kmdlab_panic/%d");
}

#if defined(CONFIG_DYNAMIC_FTRACE) && defined(CONFIG_KPROBES)
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
#define ftrace_regs pt_regs
#endif

static DECLARE_COMPLETION(traced);

static void panic_in_callback(unsigned long ip, unsigned long parent, struct ftrace_ops *op,
			      struct ftrace_regs *regs)
{
	complete_all(&traced);
	while (!atomic_read(&spinning))
		cpu_relax();
	panic("a callback of ftrace panics");
}

static struct ftrace_ops panic_ops = { .func = panic_in_callback };
static char called_by_bpf[] = "bpf_user_rnd_u32";

static int spin_in_probe(struct kprobe *unused, struct pt_regs *regs)
{
	kmdlab_spin();
	return 0;
}

static noinline int kmdlab_traced(void *unused)
{
	return atomic_read(&spinning) + 1;
}

static struct kprobe probe = { .pre_handler = spin_in_probe };

static int call_traced(void *unused)
{
	wait_for_completion(&traced);
	return kmdlab_traced(unused) - 1;
}

static int start_traced(void)
{
	int err;

	probe.addr = (kprobe_opcode_t *)kmdlab_traced;
	err = register_kprobe(&probe);
	if (err)
		return err;
	err = ftrace_set_filter(&panic_ops, called_by_bpf, strlen(called_by_bpf), 0);
	err = err ?: register_ftrace_function(&panic_ops);
	/* That of the CPU which panics does not run. */
	err = err ?: on_each_cpu_thread(call_traced, "kmdlab_traced/%d");
	if (err)
		unregister_kprobe(&probe);
	return err;
}
#else
static int start_traced(void)
{
	return -ENODEV;
}
#endif

static const struct {
	const char *what;
	int (*fn)(void);
} ways[] = {
	{ "null", read_null },
	{ "nullirq", null_in_interrupt },
	{ "hang", hang },
	{ "exec", hang_in_exec },
	{ "exec_mm", hang_in_exec_mm },
	{ "irq", spin_in_interrupt },
	{ "spin", spin_everywhere },
	{ "bug", kmdlab_bug },
	{ "overflow", overflow },
	{ "oom", kmdlab_oom },
	{ "softlockup", soft_lockup },
	{ "all", all_panic },
	{ "hungtask", hung_task },
	{ "mutex", hung_on_mutex },
	{ "traced", start_traced },
	{ "storm", storm },
};

static int __init kmdlab_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(ways); i++)
		if (!strcmp(what, ways[i].what))
			return ways[i].fn();
	pr_err("what=\"%s\"?\n", what);
	return -EINVAL;
}

static void __exit kmdlab_exit(void)
{
}

module_init(kmdlab_init);
module_exit(kmdlab_exit);

MODULE_DESCRIPTION("Breaks kernels for tests");
MODULE_LICENSE("Dual BSD/GPL");
