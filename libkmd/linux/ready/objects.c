/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The table of objects; what is judged in one line is judged here. */
#include "linux/ready/objects.h"

#include <elf.h>
#include <string.h>

#define ANY 0

struct object {
	kmd_judge_fn judge;       /* or else ... */
	const char *const *names; /* ... variables, */
	const char *range[3];     /* or a name, and the symbols where it begins and ends */
	const char *const *keys;  /* or keys of VMCOREINFO */
	uint16_t machine;         /* no other has it; ANY */
	bool without_vmlinux;     /* VMCOREINFO and the dump suffice to judge it */
};

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void judge_vmlinux(struct kmd_judging *judging, enum kmd_look_mode mode,
			  struct kmd_verdict *verdict)
{
	(void)judging, (void)mode, (void)verdict;
}

static void judge_kaslr(struct kmd_judging *judging, enum kmd_look_mode mode,
			struct kmd_verdict *verdict)
{
	uint64_t kaslr;

	(void)mode;
	if (!judging->look.in->facts->pub.has_kaslr_offset &&
	    !kmd_boot_get(judging->look.in->boot, KMD_BOOT_KASLR, &kaslr))
		kmd_verdict_add(verdict, KMD_ABSENT, "the KASLR offset");
}

static void judge_registers(struct kmd_judging *judging, enum kmd_look_mode mode,
			    struct kmd_verdict *verdict)
{
	const struct kmd_tasks *tasks = kmd_judging_tasks(judging);
	size_t known = judging->look.in->cpus->n;

	(void)mode;
	if (!known)
		kmd_verdict_add(verdict, KMD_ABSENT, "registers of CPUs");
	else if (known < tasks->cpus.n)
		kmd_verdict_add(verdict, KMD_IN_PART, "registers of %zu of %zu CPUs",
				tasks->cpus.n - known, tasks->cpus.n);
}

static void judge_panic_cpu(struct kmd_judging *judging, enum kmd_look_mode mode,
			    struct kmd_verdict *verdict)
{
	const struct kmd_look *look = &judging->look;
	uint64_t virt, cpu;

	kmd_judge_variables(look, mode, verdict, NAMES("panic_cpu"));
	if (!verdict->presence && kmd_look_symbol(look, "panic_cpu", &virt, NULL) &&
	    kmd_look_number(look, mode, virt, 4, &cpu) && cpu == UINT32_MAX)
		kmd_verdict_add(verdict, KMD_ABSENT, "a panic (panic_cpu is -1)");
}

/* Where the variables of the image are, the constant ones too. */
static const char *const data[][3] = { { ".rodata", "__start_rodata", "__end_rodata" },
				       { ".data", "_sdata", "_edata" },
				       { ".bss", "__bss_start", "__bss_stop" } };

static void judge_data(struct kmd_judging *judging, enum kmd_look_mode mode,
		       struct kmd_verdict *verdict)
{
	const size_t n = sizeof(data) / sizeof(data[0]);
	size_t gone = 0;

	/* Each variable is there or not; nothing at all is something else. */
	for (size_t i = 0; i < n; i++) {
		struct kmd_verdict one = { 0 };

		kmd_judge_range(&judging->look, mode, &one, data[i][0], data[i][1], data[i][2]);
		gone += one.presence == KMD_ABSENT;
		if (one.presence)
			kmd_verdict_add(verdict, gone == n ? KMD_ABSENT : KMD_IN_PART, "%s",
					one.names);
	}
}

static void judge_orc(struct kmd_judging *judging, enum kmd_look_mode mode,
		      struct kmd_verdict *verdict)
{
	const struct kmd_look *look = &judging->look;

	kmd_judge_range(look, mode, verdict, "ORC tables", "__start_orc_unwind_ip",
			"__stop_orc_unwind_ip");
	kmd_judge_range(look, mode, verdict, "ORC tables", "__start_orc_unwind",
			"__stop_orc_unwind");
	kmd_judge_range(look, mode, verdict, "orc_lookup", "orc_lookup", "orc_lookup_end");
}

/*
 * gdb looks at the code of a frame that no debug information describes: on x86_64 of entries; on
 * arm64 it takes any frame whose code it cannot read for one of a function that calls none.
 */
static void judge_text_gdb(struct kmd_judging *judging, enum kmd_look_mode mode,
			   struct kmd_verdict *verdict)
{
	const struct kmd_look *look = &judging->look;

	if (look->in->facts->machine == EM_X86_64) {
		kmd_judge_range(look, mode, verdict, "the text of entries", "__entry_text_start",
				"__entry_text_end");
		return;
	}
	kmd_judge_range(look, mode, verdict, "the kernel's text", "_stext", "_etext");
	/* That has been freed, so it is captured by chance only. */
	if (kmd_judging_is_first_task_on(judging)) {
		struct kmd_verdict boot = { 0 };

		kmd_judge_range(look, mode, &boot, "start_kernel()'s code", "_sinittext",
				"_einittext");
		if (boot.presence)
			kmd_verdict_add(verdict, KMD_IN_PART, "%s", boot.names);
	}
}

static const char *const keys_arm64[] = { "OSRELEASE", "SYMBOL(_stext)", "NUMBER(VA_BITS)",
					  "NUMBER(kimage_voffset)", NULL };
static const char *const keys_x86[] = { "OSRELEASE", "SYMBOL(_stext)", "KERNELOFFSET",
					"NUMBER(phys_base)", NULL };
static const char *const keys_drgn[] = { "OSRELEASE", "PAGESIZE", "SYMBOL(swapper_pg_dir)",
					 "KERNELOFFSET", NULL };

static void judge_keys(const struct kmd_vmcoreinfo *info, const char *const *keys,
		       struct kmd_verdict *verdict)
{
	const char *value;
	size_t length;

	if (!info->text) {
		kmd_verdict_add(verdict, KMD_ABSENT, "VMCOREINFO");
		return;
	}
	for (; *keys; keys++)
		if (!kmd_vmcoreinfo_get(info, *keys, &value, &length))
			kmd_verdict_add(verdict, KMD_ABSENT, "VMCOREINFO's %s", *keys);
}

static void judge_keys_crash(struct kmd_judging *judging, enum kmd_look_mode mode,
			     struct kmd_verdict *verdict)
{
	const struct kmd_ready_input *in = judging->look.in;

	(void)mode;
	if (in->facts->machine == EM_AARCH64)
		judge_keys(in->info, keys_arm64, verdict);
	else if (in->facts->machine == EM_X86_64)
		judge_keys(in->info, keys_x86, verdict);
	else
		kmd_verdict_add(verdict, KMD_UNKNOWN, "what crash needs on this machine");
}

static const struct object objects[KMD_O_N] = {
	[KMD_O_KEYS_CRASH] = { .judge = judge_keys_crash, .without_vmlinux = true },
	[KMD_O_KEYS_DRGN] = { .keys = keys_drgn, .without_vmlinux = true },
	[KMD_O_VMLINUX] = { .judge = judge_vmlinux },
	[KMD_O_KASLR] = { .judge = judge_kaslr, .without_vmlinux = true },
	[KMD_O_LOG] = { .judge = kmd_judge_log, .without_vmlinux = true },
	[KMD_O_BANNER] = { .names = NAMES("linux_banner") },
	[KMD_O_UTSNAME] = { .names = NAMES("init_uts_ns"), .without_vmlinux = true },
	[KMD_O_X86_BASES] = { .names = NAMES("page_offset_base", "vmalloc_base", "vmemmap_base"),
			      .machine = EM_X86_64 },
	[KMD_O_IDT] = { .names = NAMES("idt_table"), .machine = EM_X86_64 },
	[KMD_O_CRASHING_CPU] = { .names = NAMES("crashing_cpu"), .machine = EM_X86_64 },
	[KMD_O_IST_TABLES] = { .judge = kmd_judge_ist_tables, .machine = EM_X86_64 },
	[KMD_O_COUNTERS] = { .names = NAMES("nr_irqs", "high_memory", "_totalram_pages",
					    "nr_swapfiles", "nr_threads", "jiffies_64") },
	[KMD_O_ONLINE_MASK] = { .names = NAMES("__cpu_online_mask") },
	[KMD_O_PER_CPU_OFFSET] = { .names = NAMES("__per_cpu_offset") },
	[KMD_O_RUNQUEUES] = { .judge = kmd_judge_runqueues },
	[KMD_O_ROOT_TABLE] = { .judge = kmd_judge_root_table, .without_vmlinux = true },
	[KMD_O_MEM_SECTION] = { .judge = kmd_judge_mem_section },
	[KMD_O_ROOT_SECTIONS] = { .judge = kmd_judge_root_sections, .without_vmlinux = true },
	[KMD_O_NODES] = { .judge = kmd_judge_nodes },
	[KMD_O_PID_TREE] = { .judge = kmd_judge_pid_tree },
	[KMD_O_PIDS] = { .judge = kmd_judge_pids },
	[KMD_O_TASKS] = { .judge = kmd_judge_tasks },
	[KMD_O_MMS] = { .judge = kmd_judge_mms },
	[KMD_O_STACKS] = { .judge = kmd_judge_stacks },
	[KMD_O_IDLE_TASKS] = { .judge = kmd_judge_idle_tasks },
	[KMD_O_IDLE_STACKS] = { .judge = kmd_judge_idle_stacks },
	[KMD_O_QUEUES] = { .judge = kmd_judge_queues },
	[KMD_O_CURRENT_TASKS] = { .judge = kmd_judge_current_tasks },
	[KMD_O_CURRENT_STACKS] = { .judge = kmd_judge_current_stacks },
	[KMD_O_IRQ_STACKS] = { .judge = kmd_judge_irq_stacks },
	[KMD_O_REGISTER_STACKS] = { .judge = kmd_judge_register_stacks },
	[KMD_O_PANIC_TASK] = { .judge = kmd_judge_panic_task },
	[KMD_O_PANIC_STACK] = { .judge = kmd_judge_panic_stack },
	[KMD_O_PANIC_CPU] = { .judge = judge_panic_cpu },
	[KMD_O_MODULES_HEAD] = { .names = NAMES("modules") },
	[KMD_O_MODULES] = { .judge = kmd_judge_modules },
	[KMD_O_MODULE_EXPORTS] = { .judge = kmd_judge_module_exports },
	[KMD_O_MODULE_SYMBOLS] = { .judge = kmd_judge_module_symbols },
	[KMD_O_TEXT] = { .range = { "the kernel's text", "_stext", "_etext" },
			 .machine = EM_X86_64 },
	[KMD_O_TEXT_GDB] = { .judge = judge_text_gdb },
	[KMD_O_SCHEDULE] = { .names = NAMES("schedule", "__schedule", "common_interrupt"),
			     .machine = EM_X86_64 },
	[KMD_O_ORC] = { .judge = judge_orc, .machine = EM_X86_64 },
	[KMD_O_DATA] = { .judge = judge_data },
	[KMD_O_COMMAND_LINE] = { .judge = kmd_judge_command_line },
	[KMD_O_JIFFIES] = { .names = NAMES("jiffies_64") },
	[KMD_O_TAINT] = { .names = NAMES("tainted_mask", "taint_flags") },
	[KMD_O_AVENRUN] = { .names = NAMES("avenrun") },
	[KMD_O_REGISTERS] = { .judge = judge_registers, .without_vmlinux = true },
};

static void judge(struct kmd_judging *judging, enum kmd_look_mode mode, const struct object *object,
		  struct kmd_verdict *verdict)
{
	const struct kmd_look *look = &judging->look;

	if (object->machine && object->machine != look->in->facts->machine)
		return;
	if (!object->without_vmlinux && !look->has_symbols)
		kmd_verdict_add(verdict, KMD_UNKNOWN,
				look->in->vmlinux ? "the KASLR offset" : "a vmlinux (-x)");
	else if (object->judge)
		object->judge(judging, mode, verdict);
	else if (object->names)
		kmd_judge_variables(look, mode, verdict, object->names);
	else if (object->keys)
		judge_keys(look->in->info, object->keys, verdict);
	else if (object->range[0])
		kmd_judge_range(look, mode, verdict, object->range[0], object->range[1],
				object->range[2]);
}

const struct kmd_verdict *kmd_object_judge(struct kmd_judging *judging, enum kmd_look_mode mode,
					   enum kmd_object object)
{
	struct kmd_verdict *verdict = &judging->verdicts[mode][object];

	if (!verdict->judged)
		judge(judging, mode, &objects[object], verdict);
	verdict->judged = true;
	return verdict;
}

const struct kmd_tasks *kmd_judging_tasks(struct kmd_judging *judging)
{
	return &judging->tasks;
}
