// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * kmdlab.ko: ways to break a kernel, and to stress the shim.
 *
 *	what=null	reads through a NULL pointer
 *	what=hang	all CPUs spin with interrupts off; no panic, no watchdog
 *	what=exec	the same, in the middle of the next exec of busybox
 *	what=irq	another CPU spins in a hard interrupt while this one panics
 *	what=hungtask	a task that waits forever, uninterruptible
 *	what=storm	each CPU registers and unregisters for @seconds
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/version.h>
#include <linux/vmalloc.h>

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
	pr_emerg("all CPUs hang from here on\n");
	msleep(200);
	return on_each_cpu_thread(hang_here, "kmdlab_hang/%d");
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

static void find_rename(struct tracepoint *tp, void *found)
{
	if (!strcmp(tp->name, "task_rename"))
		*(struct tracepoint **)found = tp;
}

static int hang_in_exec(void)
{
	struct tracepoint *tp = NULL;

	for_each_kernel_tracepoint(find_rename, &tp);
	return tp ? tracepoint_probe_register(tp, on_rename, NULL) : -ENOENT;
}

static struct hrtimer timer;

static enum hrtimer_restart spin_in_timer(struct hrtimer *unused)
{
	kmdlab_spin();
	return HRTIMER_NORESTART;
}

static void start_timer(void *unused)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(&timer, spin_in_timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
#else
	hrtimer_init(&timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	timer.function = spin_in_timer;
#endif
	hrtimer_start(&timer, ms_to_ktime(10), HRTIMER_MODE_REL_PINNED_HARD);
}

static int spin_in_interrupt(void)
{
	int here = get_cpu();

	pr_emerg("CPU %d spins at %px\n", !here, kmdlab_spin);
	smp_call_function_single(!here, start_timer, NULL, 1);
	while (!atomic_read(&spinning))
		cpu_relax();
	panic("a CPU spins in an interrupt");
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

static int __init kmdlab_init(void)
{
	if (!strcmp(what, "null"))
		return kmdlab_null(NULL);
	if (!strcmp(what, "hang"))
		return hang();
	if (!strcmp(what, "exec"))
		return hang_in_exec();
	if (!strcmp(what, "irq"))
		return spin_in_interrupt();
	if (!strcmp(what, "hungtask"))
		return hung_task();
	if (!strcmp(what, "storm"))
		return storm();
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
