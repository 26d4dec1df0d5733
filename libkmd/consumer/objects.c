/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The table of objects; what is judged in one line is judged here. */
#include "consumer/objects.h"

#include <elf.h>
#include <string.h>

#define ANY 0

struct object {
	kmd_check_fn check_object; /* or else ... */
	const char *const *names;  /* ... variables, */
	const char *range[3];      /* or a name, and the symbols where it begins and ends */
	const char *const *keys;   /* or keys of VMCOREINFO */
	uint16_t machine;          /* no other has it; ANY */
	bool without_vmlinux;      /* VMCOREINFO and the dump suffice to judge it */
};

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void check_vmlinux(struct kmd_consumer_check *check, enum kmd_xlate mode,
			  struct kmd_availability *availability)
{
	(void)check, (void)mode, (void)availability;
}

static void check_kaslr(struct kmd_consumer_check *check, enum kmd_xlate mode,
			struct kmd_availability *availability)
{
	uint64_t kaslr;

	(void)mode;
	if (!check->target->facts->pub.has_kaslr_offset &&
	    !kmd_runtime_get(check->target->runtime, KMD_RUNTIME_KASLR, &kaslr))
		kmd_availability_add(availability, KMD_ABSENT, "the KASLR offset");
}

static void check_registers(struct kmd_consumer_check *check, enum kmd_xlate mode,
			    struct kmd_availability *availability)
{
	const struct kmd_tasks *tasks = kmd_check_tasks_of(check);
	size_t known = check->cpus->n;

	(void)mode;
	if (!known)
		kmd_availability_add(availability, KMD_ABSENT, "registers of CPUs");
	else if (known < tasks->cpus.n)
		kmd_availability_add(availability, KMD_IN_PART, "registers of %zu of %zu CPUs",
				     tasks->cpus.n - known, tasks->cpus.n);
}

static void check_panic_cpu(struct kmd_consumer_check *check, enum kmd_xlate mode,
			    struct kmd_availability *availability)
{
	const struct kmd_target *target = check->target;
	uint64_t virt, cpu;

	kmd_check_variables(target, mode, availability, NAMES("panic_cpu"));
	if (!availability->presence && kmd_target_symbol(target, "panic_cpu", &virt, NULL) &&
	    kmd_target_read_uint(target, mode, virt, 4, &cpu) && cpu == UINT32_MAX)
		kmd_availability_add(availability, KMD_ABSENT, "a panic (panic_cpu is -1)");
}

/* Where the variables of the image are, the constant ones too. */
static const char *const data[][3] = { { ".rodata", "__start_rodata", "__end_rodata" },
				       { ".data", "_sdata", "_edata" },
				       { ".bss", "__bss_start", "__bss_stop" } };

static void check_data(struct kmd_consumer_check *check, enum kmd_xlate mode,
		       struct kmd_availability *availability)
{
	const size_t n = sizeof(data) / sizeof(data[0]);
	size_t gone = 0;

	/* Each variable is there or not; nothing at all is something else. */
	for (size_t i = 0; i < n; i++) {
		struct kmd_availability one = { 0 };

		kmd_check_range(check->target, mode, &one, data[i][0], data[i][1], data[i][2]);
		gone += one.presence == KMD_ABSENT;
		if (one.presence)
			kmd_availability_add(availability, gone == n ? KMD_ABSENT : KMD_IN_PART,
					     "%s", one.names);
	}
}

static void check_orc(struct kmd_consumer_check *check, enum kmd_xlate mode,
		      struct kmd_availability *availability)
{
	const struct kmd_target *target = check->target;

	kmd_check_range(target, mode, availability, "ORC tables", "__start_orc_unwind_ip",
			"__stop_orc_unwind_ip");
	kmd_check_range(target, mode, availability, "ORC tables", "__start_orc_unwind",
			"__stop_orc_unwind");
	kmd_check_range(target, mode, availability, "orc_lookup", "orc_lookup", "orc_lookup_end");
}

/*
 * gdb looks at the code of a frame that no debug information describes: on x86_64 of entries; on
 * arm64 it takes any frame whose code it cannot read for one of a function that calls none.
 */
static void check_text_gdb(struct kmd_consumer_check *check, enum kmd_xlate mode,
			   struct kmd_availability *availability)
{
	const struct kmd_target *target = check->target;

	if (target->facts->machine == EM_X86_64) {
		kmd_check_range(target, mode, availability, "the text of entries",
				"__entry_text_start", "__entry_text_end");
		return;
	}
	kmd_check_range(target, mode, availability, "the kernel's text", "_stext", "_etext");
	/* That has been freed, so it is captured by chance only. */
	if (kmd_check_first_task_runs(check)) {
		struct kmd_availability runtime = { 0 };

		kmd_check_range(target, mode, &runtime, "start_kernel()'s code", "_sinittext",
				"_einittext");
		if (runtime.presence)
			kmd_availability_add(availability, KMD_IN_PART, "%s", runtime.names);
	}
}

static const char *const keys_arm64[] = { "OSRELEASE", "SYMBOL(_stext)", "NUMBER(VA_BITS)",
					  "NUMBER(kimage_voffset)", NULL };
static const char *const keys_x86[] = { "OSRELEASE", "SYMBOL(_stext)", "KERNELOFFSET",
					"NUMBER(phys_base)", NULL };
static const char *const keys_drgn[] = { "OSRELEASE", "PAGESIZE", "SYMBOL(swapper_pg_dir)",
					 "KERNELOFFSET", NULL };

static void check_keys(const struct kmd_vmcoreinfo *info, const char *const *keys,
		       struct kmd_availability *availability)
{
	const char *value;
	size_t length;

	if (!info->text) {
		kmd_availability_add(availability, KMD_ABSENT, "VMCOREINFO");
		return;
	}
	for (; *keys; keys++)
		if (!kmd_vmcoreinfo_get(info, *keys, &value, &length))
			kmd_availability_add(availability, KMD_ABSENT, "VMCOREINFO's %s", *keys);
}

static void check_keys_crash(struct kmd_consumer_check *check, enum kmd_xlate mode,
			     struct kmd_availability *availability)
{
	const struct kmd_target *target = check->target;

	(void)mode;
	if (target->facts->machine == EM_AARCH64)
		check_keys(target->info, keys_arm64, availability);
	else if (target->facts->machine == EM_X86_64)
		check_keys(target->info, keys_x86, availability);
	else
		kmd_availability_add(availability, KMD_UNKNOWN, "what crash needs on this machine");
}

static const struct object objects[KMD_O_N] = {
	[KMD_O_KEYS_CRASH] = { .check_object = check_keys_crash, .without_vmlinux = true },
	[KMD_O_KEYS_DRGN] = { .keys = keys_drgn, .without_vmlinux = true },
	[KMD_O_VMLINUX] = { .check_object = check_vmlinux },
	[KMD_O_KASLR] = { .check_object = check_kaslr, .without_vmlinux = true },
	[KMD_O_LOG] = { .check_object = kmd_check_log, .without_vmlinux = true },
	[KMD_O_BANNER] = { .names = NAMES("linux_banner") },
	[KMD_O_UTSNAME] = { .names = NAMES("init_uts_ns"), .without_vmlinux = true },
	[KMD_O_X86_BASES] = { .names = NAMES("page_offset_base", "vmalloc_base", "vmemmap_base"),
			      .machine = EM_X86_64 },
	[KMD_O_IDT] = { .names = NAMES("idt_table"), .machine = EM_X86_64 },
	[KMD_O_CRASHING_CPU] = { .names = NAMES("crashing_cpu"), .machine = EM_X86_64 },
	[KMD_O_IST_TABLES] = { .check_object = kmd_check_ist_tables, .machine = EM_X86_64 },
	[KMD_O_COUNTERS] = { .names = NAMES("nr_irqs", "high_memory", "_totalram_pages",
					    "nr_swapfiles", "nr_threads", "jiffies_64") },
	[KMD_O_ONLINE_MASK] = { .names = NAMES("__cpu_online_mask") },
	[KMD_O_PER_CPU_OFFSET] = { .names = NAMES("__per_cpu_offset") },
	[KMD_O_RUNQUEUES] = { .check_object = kmd_check_runqueues },
	[KMD_O_ROOT_TABLE] = { .check_object = kmd_check_root_table, .without_vmlinux = true },
	[KMD_O_MEM_SECTION] = { .check_object = kmd_check_mem_section },
	[KMD_O_ROOT_SECTIONS] = { .check_object = kmd_check_root_sections,
				  .without_vmlinux = true },
	[KMD_O_NODES] = { .check_object = kmd_check_nodes },
	[KMD_O_PID_TREE] = { .check_object = kmd_check_pid_tree },
	[KMD_O_PIDS] = { .check_object = kmd_check_pids },
	[KMD_O_TASKS] = { .check_object = kmd_check_tasks },
	[KMD_O_MMS] = { .check_object = kmd_check_mms },
	[KMD_O_STACKS] = { .check_object = kmd_check_stacks },
	[KMD_O_IDLE_TASKS] = { .check_object = kmd_check_idle_tasks },
	[KMD_O_IDLE_STACKS] = { .check_object = kmd_check_idle_stacks },
	[KMD_O_QUEUES] = { .check_object = kmd_check_queues },
	[KMD_O_CURRENT_TASKS] = { .check_object = kmd_check_current_tasks },
	[KMD_O_CURRENT_STACKS] = { .check_object = kmd_check_current_stacks },
	[KMD_O_IRQ_STACKS] = { .check_object = kmd_check_irq_stacks },
	[KMD_O_REGISTER_STACKS] = { .check_object = kmd_check_register_stacks },
	[KMD_O_PANIC_TASK] = { .check_object = kmd_check_panic_task },
	[KMD_O_PANIC_STACK] = { .check_object = kmd_check_panic_stack },
	[KMD_O_PANIC_CPU] = { .check_object = check_panic_cpu },
	[KMD_O_MODULES_HEAD] = { .names = NAMES("modules") },
	[KMD_O_MODULES] = { .check_object = kmd_check_modules },
	[KMD_O_MODULE_EXPORTS] = { .check_object = kmd_check_module_exports },
	[KMD_O_MODULE_SYMBOLS] = { .check_object = kmd_check_module_symbols },
	[KMD_O_TEXT] = { .range = { "the kernel's text", "_stext", "_etext" },
			 .machine = EM_X86_64 },
	[KMD_O_TEXT_GDB] = { .check_object = check_text_gdb },
	[KMD_O_SCHEDULE] = { .names = NAMES("schedule", "__schedule", "common_interrupt"),
			     .machine = EM_X86_64 },
	[KMD_O_ORC] = { .check_object = check_orc, .machine = EM_X86_64 },
	[KMD_O_DATA] = { .check_object = check_data },
	[KMD_O_COMMAND_LINE] = { .check_object = kmd_check_command_line },
	[KMD_O_JIFFIES] = { .names = NAMES("jiffies_64") },
	[KMD_O_TAINT] = { .names = NAMES("tainted_mask", "taint_flags") },
	[KMD_O_AVENRUN] = { .names = NAMES("avenrun") },
	[KMD_O_REGISTERS] = { .check_object = check_registers, .without_vmlinux = true },
};

static void check_object(struct kmd_consumer_check *check, enum kmd_xlate mode,
			 const struct object *object, struct kmd_availability *availability)
{
	const struct kmd_target *target = check->target;

	if (object->machine && object->machine != target->facts->machine)
		return;
	if (!object->without_vmlinux && !target->has_symbols)
		kmd_availability_add(availability, KMD_UNKNOWN,
				     target->vmlinux ? "the KASLR offset" : "a vmlinux (-x)");
	else if (object->check_object)
		object->check_object(check, mode, availability);
	else if (object->names)
		kmd_check_variables(target, mode, availability, object->names);
	else if (object->keys)
		check_keys(target->info, object->keys, availability);
	else if (object->range[0])
		kmd_check_range(target, mode, availability, object->range[0], object->range[1],
				object->range[2]);
}

const struct kmd_availability *kmd_object_check(struct kmd_consumer_check *check,
						enum kmd_xlate mode, enum kmd_object object)
{
	struct kmd_availability *availability = &check->availabilities[mode][object];

	if (!availability->checked)
		check_object(check, mode, &objects[object], availability);
	availability->checked = true;
	return availability;
}

const struct kmd_tasks *kmd_check_tasks_of(struct kmd_consumer_check *check)
{
	return &check->tasks;
}
