// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * CPU registers.
 *
 * The kernel keeps a note per CPU, crash_notes, but fills in the note of the
 * CPU that panics only if a crash kernel is loaded, and those of the others not
 * even then on all architectures.  So probes record them: of the CPU that calls
 * panic(), its live frame, or the frame that the oops before it was about; of
 * the others, what the stop interrupt came upon.  Recorded once per CPU: into
 * crash_notes if nothing is there yet, and into a region of our own.
 *
 * All of this runs in a dying kernel, possibly in NMI: no locks, no allocation.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/elf.h>
#include <linux/elfcore.h>
#include <linux/io.h>
#include <linux/kdebug.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/notifier.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/irq_regs.h>

#include <kmemdump/minidump.h>

#include "compat.h"
#include "internal.h"

/* Looked at during load only; too many for a page of sysfs. */
static unsigned long long given_notes[NR_CPUS] __initdata;
static unsigned int nr_given __initdata;
module_param_array_named(crash_notes, given_notes, ullong, &nr_given, 0);
MODULE_PARM_DESC(crash_notes,
		 "physical addresses of the CPUs' crash_notes, as scripts/kmemdump-load gives them");

/* A note's parts lie side by side, at multiples of 4. */
struct record {
	struct elf_note note;
	char name[8];
	struct elf_prstatus status;
} __packed __aligned(4);

struct record_table {
	char magic[MD_REGS_MAGIC_SIZE];
	__le32 cpus;
	__le32 stride;
	__le32 panic_cpu;	/* plus 1 */
	__le32 pad;
	struct record records[];
};

static_assert(offsetof(struct record_table, cpus) == MD_REGS_CPUS);
static_assert(offsetof(struct record_table, stride) == MD_REGS_STRIDE);
static_assert(offsetof(struct record_table, panic_cpu) == MD_REGS_PANIC_CPU);
static_assert(offsetof(struct record_table, records) == MD_REGS_HEADER_SIZE);
/* The sparse of Debian 11 takes the size of note_buf_t for something else. */
#ifndef __CHECKER__
static_assert(sizeof(struct record) + sizeof(struct elf_note) <= sizeof(note_buf_t));
#endif

static struct record_table *table;
static size_t table_size;
static u32 **notes;		/* the kernel's own, per CPU; may hold NULL */
static atomic_t panic_seen;

/*
 * The frame that an oops was about, for a panic of the same task.  The task may
 * be killed instead, and its structure become another's, born later.
 */
struct oops {
	struct task_struct *task;
	u64 born;
	struct pt_regs regs;
};

static struct oops __percpu *oopses;

/* The register with the return address, and the size of a call. */
#ifdef CONFIG_ARM64
#define RETURN_ADDRESS(r)	((r)->regs[30])
#define CALL_SIZE	4
#elif defined(CONFIG_RISCV)
#define RETURN_ADDRESS(r)	((r)->ra)
#define CALL_SIZE	4
#elif defined(CONFIG_ARM)
#define RETURN_ADDRESS(r)	((r)->ARM_lr)
#define CALL_SIZE	4
#endif

#ifdef CONFIG_X86_64
/*
 * As elf_core_copy_regs(), which needs what is not exported for the bases of
 * the user's segments; those stay 0.
 */
static void copy_regs(elf_gregset_t *to, const struct pt_regs *regs)
{
	struct user_regs_struct *user = (struct user_regs_struct *)to;

	user->r15 = regs->r15;
	user->r14 = regs->r14;
	user->r13 = regs->r13;
	user->r12 = regs->r12;
	user->bp = regs->bp;
	user->bx = regs->bx;
	user->r11 = regs->r11;
	user->r10 = regs->r10;
	user->r9 = regs->r9;
	user->r8 = regs->r8;
	user->ax = regs->ax;
	user->cx = regs->cx;
	user->dx = regs->dx;
	user->si = regs->si;
	user->di = regs->di;
	user->orig_ax = regs->orig_ax;
	user->ip = regs->ip;
	user->cs = regs->cs;
	user->flags = regs->flags;
	user->sp = regs->sp;
	user->ss = regs->ss;
}
#else
static void copy_regs(elf_gregset_t *to, struct pt_regs *regs)
{
	elf_core_copy_regs(to, regs);
}
#endif

/* The kernel's own form: the note, and an empty one that ends the list. */
static void fill_note(u32 *buf, const struct record *rec)
{
	if (!buf || buf[0] || sizeof(*rec) + sizeof(rec->note) >
	    sizeof(note_buf_t))
		return;
	memset((void *)buf + sizeof(*rec), 0, sizeof(rec->note));
	memcpy(buf, rec, sizeof(*rec));
}

static void record(struct pt_regs *regs)
{
	int cpu = raw_smp_processor_id();
	struct record *rec = &table->records[cpu];
	elf_gregset_t general = {}; /* a record is not aligned for it */

	if (rec->note.n_namesz)
		return;
	copy_regs(&general, regs);
	memcpy(&rec->status.pr_reg, &general, sizeof(general));
	kmd_prstatus_pid(&rec->status) = current->pid;
	memcpy(rec->name, "CORE", sizeof("CORE"));
	rec->note.n_type = NT_PRSTATUS;
	rec->note.n_descsz = sizeof(rec->status);
	wmb(); /* complete before it counts */
	rec->note.n_namesz = sizeof("CORE");
	if (notes)
		fill_note(notes[cpu], rec);
}

static bool is_about_current(const struct oops *oops)
{
	return oops->task == current && oops->born == current->start_time;
}

#ifdef RETURN_ADDRESS
/*
 * At panic()'s first instruction there is no frame record of it yet, and unwinders that
 * follow frame records would lose its caller; so do those of arm's tables, which are right
 * at calls only.  So go back to the call: the
 * link register is not signed yet, and stack and frame pointer are the caller's.
 */
static void record_panic(const struct kprobe *kp, const struct pt_regs *regs)
{
	struct pt_regs caller = *regs;

	instruction_pointer_set(&caller, RETURN_ADDRESS(regs) - CALL_SIZE);
	record(&caller);
}
#else
/*
 * x86 has gone past the breakpoint.  That may be the next instruction, which finds the
 * stack otherwise than it is: the first may be a push, which has not run.
 */
static void record_at(const struct kprobe *kp, const struct pt_regs *regs)
{
	struct pt_regs here = *regs;

	instruction_pointer_set(&here, (unsigned long)kp->addr);
	record(&here);
}

static void record_panic(const struct kprobe *kp, const struct pt_regs *regs)
{
	record_at(kp, regs);
}
#endif

static int on_panic(struct kprobe *kp, struct pt_regs *regs)
{
	struct oops *oops = this_cpu_ptr(oopses);

	if (atomic_xchg(&panic_seen, 1) == 0)
		table->panic_cpu = cpu_to_le32(raw_smp_processor_id() + 1);
	if (is_about_current(oops))
		record(&oops->regs);
	else
		record_panic(kp, regs);
	return 0;
}

#ifdef CONFIG_X86
/*
 * A CPU that does not take the stop interrupt gets an NMI.  Its second argument
 * is what the NMI interrupted: a hard interrupt's handler, perhaps, while
 * get_irq_regs() is what that handler has interrupted, an innocent task.
 */
static int on_stop_nmi(struct kprobe *kp, struct pt_regs *regs)
{
	struct pt_regs *interrupted = (struct pt_regs *)regs->si;

	/* The CPU that stops the others returns from here. */
	if (atomic_read(&panic_seen) && interrupted &&
	    le32_to_cpu(table->panic_cpu) != raw_smp_processor_id() + 1)
		record(interrupted);
	return 0;
}

static int on_stop(struct kprobe *kp, struct pt_regs *regs)
{
	record_at(kp, regs);
	return 0;
}
#endif

#ifdef RETURN_ADDRESS
/* Interrupts and pseudo-NMIs alike set these. */
static int on_stop(struct kprobe *kp, struct pt_regs *regs)
{
	record(get_irq_regs() ?: regs);
	return 0;
}

/* CPUs leave when they are unplugged, too. */
static int on_leave(struct kprobe *kp, struct pt_regs *regs)
{
	return atomic_read(&panic_seen) ? on_stop(kp, regs) : 0;
}
#endif

static int on_die(struct notifier_block *nb, unsigned long why, void *data)
{
	const struct die_args *args = data;
	struct oops *oops = this_cpu_ptr(oopses);

	if (why == DIE_OOPS && args->regs && !user_mode(args->regs)) {
		oops->regs = *args->regs;
		oops->born = current->start_time;
		oops->task = current;
	}
	return NOTIFY_DONE;
}

static struct notifier_block die_notifier = {
	.notifier_call = on_die,
	.priority = INT_MIN,
};

#define PROBE(name, function)	{ .symbol_name = name, \
				  .offset = KMD_PROBE_OFFSET, \
				  .pre_handler = function }

/* Not every kernel has all of them, and a name may have been inlined away. */
static struct probe {
	struct kprobe kp;
	bool on;
} probes[] = {
	{ PROBE("vpanic", on_panic) },
	{ PROBE("panic", on_panic) },
#ifdef CONFIG_X86
	{ PROBE("smp_stop_nmi_callback", on_stop_nmi) },
	{ PROBE("crash_nmi_callback", on_stop_nmi) },
	{ PROBE("stop_this_cpu", on_stop) },
#endif
#ifdef CONFIG_ARM64
	{ PROBE("local_cpu_stop", on_stop) },
	/* Since 7.3 what stops a CPU cannot be probed; it calls this. */
	{ PROBE("set_cpu_online", on_leave) },
#endif
#if defined(CONFIG_RISCV) || defined(CONFIG_ARM)
	/* What stops a CPU is inlined into the interrupt's handler; it calls this. */
	{ PROBE("set_cpu_online", on_leave) },
#endif
};

static void remove_probes(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		if (probes[i].on)
			unregister_kprobe(&probes[i].kp);
		probes[i].on = false;
	}
}

static void add_probes(void)
{
	bool panics = false;
	int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		probes[i].on = !register_kprobe(&probes[i].kp);
		if (probes[i].kp.pre_handler == on_panic)
			panics |= probes[i].on;
	}
	if (!panics)
		kmd_missing("panic()'s registers (no kprobes)");
}

/* By the kernel's pointer, or where the loader read that they are. */
static u32 __init *find_note(u32 __percpu *pointer, int cpu)
{
	u32 *buf;

	if (pointer)
		return per_cpu_ptr(pointer, cpu);
	if (cpu >= nr_given || !given_notes[cpu])
		return NULL;
	buf = phys_to_virt(given_notes[cpu]);
	return virt_addr_valid(buf) ? buf : NULL;
}

static void __init find_notes(void)
{
	unsigned long pointer = 0, va;
	int cpu;

	if (kmd_symbol_quiet("crash_notes", &va))
		kmd_read_word(va, &pointer);
	if (!pointer && !nr_given) {
		kmd_missing("crash_notes");
		return;
	}
	notes = kcalloc(nr_cpu_ids, sizeof(*notes), GFP_KERNEL);
	if (!notes)
		return;
	for_each_possible_cpu(cpu) {
		notes[cpu] = find_note((u32 __percpu *)pointer, cpu);
		if (notes[cpu])
			kmd_want("crash_notes", (unsigned long)notes[cpu],
				 sizeof(note_buf_t), KMEMDUMP_PRIO_REGS);
	}
}

static int alloc_table(void)
{
	table_size = struct_size(table, records, nr_cpu_ids);
	table = alloc_pages_exact(table_size, GFP_KERNEL | __GFP_ZERO);
	oopses = alloc_percpu(struct oops);
	if (!table || !oopses)
		return -ENOMEM;
	memcpy(table->magic, MD_REGS_MAGIC, sizeof(table->magic));
	table->cpus = cpu_to_le32(nr_cpu_ids);
	table->stride = cpu_to_le32(sizeof(struct record));
	return 0;
}

static void free_table(void)
{
	if (table)
		free_pages_exact(table, table_size);
	table = NULL;
	free_percpu(oopses);
	kfree(notes);
}

int __init kmd_registers_init(void)
{
	int err = alloc_table();

	if (!err)
		err = register_die_notifier(&die_notifier);
	if (err) {
		free_table();
		return err;
	}
	kmd_want("prstatus", (unsigned long)table, table_size,
		 KMEMDUMP_PRIO_REGS);
	find_notes();
	add_probes();
	return 0;
}

/* The registry is emptied before, so nobody announces what is freed here. */
void kmd_registers_exit(void)
{
	remove_probes();
	unregister_die_notifier(&die_notifier);
	kmd_drop_va((unsigned long)table);
	free_table();
}
