/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What each consumer can do with the core:
 *
 *	1. objects[] lists what consumers read, and how to check whether it is in the core;
 *	2. requirements[] lists which objects each ability of each consumer needs;
 *	3. a row of the report is the worst of its objects.
 *
 * The lists were found by tracing crash 8.0.2, 8.0.6 and 9.0.2 (-d8), and by removing memory
 * from dumps of Linux 6.1, 6.12 and 7.2 on arm64 and x86_64; tests/e2e/rig/ready.py does that.
 */
#include "consumer/objects.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ----- objects */

#define ANY 0

struct object {
	kmd_check_fn *check_object; /* or else ... */
	const char *const *names;   /* ... variables, */
	const char *range[3];       /* or a name, and the symbols where it begins and ends */
	const char *const *keys;    /* or keys of VMCOREINFO */
	uint16_t machine;           /* only this machine has it; ANY */
	bool without_vmlinux;       /* VMCOREINFO and the dump suffice to check it */
};

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static const struct object objects[KMD_O_N] = {
	[KMD_O_KEYS_CRASH] = { .check_object = kmd_check_keys_crash, .without_vmlinux = true },
	[KMD_O_KEYS_DRGN] = { .check_object = kmd_check_keys_drgn, .without_vmlinux = true },
	[KMD_O_KASLR] = { .check_object = kmd_check_kaslr, .without_vmlinux = true },
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
	[KMD_O_PER_CPU_OFFSET] = { .names = NAMES("__per_cpu_offset") },
	[KMD_O_RUNQUEUES] = { .check_object = kmd_check_runqueues },
	[KMD_O_ROOT_TABLE] = { .check_object = kmd_check_root_table, .without_vmlinux = true },
	[KMD_O_MEM_SECTION] = { .check_object = kmd_check_mem_section },
	[KMD_O_ROOT_SECTIONS] = { .check_object = kmd_check_root_sections,
				  .without_vmlinux = true },
	[KMD_O_NODES] = { .check_object = kmd_check_nodes },
	[KMD_O_PID_TREE] = { .check_object = kmd_check_pid_tree },
	[KMD_O_CRASH_PIDS] = { .check_object = kmd_check_crash_pids, .machine = EM_ARM },
	[KMD_O_PIDS] = { .check_object = kmd_check_pids },
	[KMD_O_TASKS] = { .check_object = kmd_check_tasks },
	[KMD_O_MMS] = { .check_object = kmd_check_mms },
	[KMD_O_STACKS] = { .check_object = kmd_check_stacks },
	[KMD_O_IDLE_TASKS] = { .check_object = kmd_check_idle_tasks },
	[KMD_O_IDLE_STACKS] = { .check_object = kmd_check_idle_stacks },
	[KMD_O_CURRENT_TASKS] = { .check_object = kmd_check_current_tasks },
	[KMD_O_CURRENT_STACKS] = { .check_object = kmd_check_current_stacks },
	[KMD_O_IRQ_STACKS] = { .check_object = kmd_check_irq_stacks },
	[KMD_O_REGISTER_STACKS] = { .check_object = kmd_check_register_stacks },
	[KMD_O_PANIC_TASK] = { .check_object = kmd_check_panic_task },
	[KMD_O_PANIC_STACK] = { .check_object = kmd_check_panic_stack },
	[KMD_O_PANIC_CPU] = { .check_object = kmd_check_panic_cpu },
	[KMD_O_MODULES_HEAD] = { .names = NAMES("modules") },
	[KMD_O_MODULES] = { .check_object = kmd_check_modules },
	[KMD_O_MODULE_EXPORTS] = { .check_object = kmd_check_module_exports },
	[KMD_O_MODULE_SYMBOLS] = { .check_object = kmd_check_module_symbols },
	[KMD_O_TEXT] = { .range = { "the kernel's text", "_stext", "_etext" },
			 .machine = EM_X86_64 },
	[KMD_O_TEXT_GDB] = { .check_object = kmd_check_text_gdb },
	[KMD_O_SCHEDULE] = { .names = NAMES("schedule", "__schedule", "common_interrupt"),
			     .machine = EM_X86_64 },
	[KMD_O_ORC] = { .check_object = kmd_check_orc, .machine = EM_X86_64 },
	[KMD_O_UNWIND_ARM] = { .range = { "the unwind tables", "__start_unwind_idx",
					  "__stop_unwind_tab" },
			       .machine = EM_ARM },
	[KMD_O_VMAP_AREA] = { .check_object = kmd_check_vmap_area, .machine = EM_ARM },
	[KMD_O_MINIMAL_BASE] = { .check_object = kmd_check_minimal_base,
				 .machine = EM_ARM,
				 .without_vmlinux = true },
	[KMD_O_DATA] = { .check_object = kmd_check_data },
	[KMD_O_COMMAND_LINE] = { .check_object = kmd_check_command_line },
	[KMD_O_REGISTERS] = { .check_object = kmd_check_registers, .without_vmlinux = true },
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
		kmd_check_keys(target->info, object->keys, availability);
	else if (object->range[0])
		kmd_check_range(target, mode, availability, object->range[0], object->range[1],
				object->range[2]);
}

const struct kmd_availability *kmd_object_availability(struct kmd_consumer_check *check,
						       enum kmd_xlate mode, enum kmd_object object)
{
	struct kmd_availability *availability = &check->availabilities[mode][object];

	if (!availability->checked)
		check_object(check, mode, &objects[object], availability);
	availability->checked = true;
	return availability;
}

/* ----- abilities */

/* Sets of objects, bit n being object n. */
struct requirement {
	const char *consumer, *ability;
	enum kmd_xlate mode;
	uint64_t required;       /* without one of them it fails */
	uint64_t optional;       /* without one of them it shows less */
	uint64_t maybe_required; /* without one of them it may fail */
};

#define B(name) (UINT64_C(1) << KMD_O_##name)

_Static_assert(KMD_O_N <= 64, "a set of objects is a word");

#define CRASH        "crash"
#define MINIMAL      "crash --minimal"
#define DRGN         "drgn"
#define GDB          "gdb"
#define MAKEDUMPFILE "makedumpfile --dump-dmesg"

#define START        "start"

/*
 * What crash reads with FAULT_ON_ERROR before its prompt.  It also looks for the task that
 * panicked in the CPUs' stacks, and 8.0.2 fails if one of them is missing.
 */
#define CRASH_START                                                                                \
	(B(KEYS_CRASH) | B(BANNER) | B(X86_BASES) | B(IDT) | B(IST_TABLES) | B(COUNTERS) |         \
	 B(PER_CPU_OFFSET) | B(RUNQUEUES) | B(ROOT_TABLE) | B(MEM_SECTION) | B(NODES) |            \
	 B(PID_TREE) | B(MODULES_HEAD) | B(MODULE_EXPORTS) | B(VMAP_AREA))

/* Without them crash unwinds by guess, on x86_64; a stack that is in no module needs no modules. */
#define UNWIND (B(TEXT) | B(ORC) | B(UNWIND_ARM) | B(MODULES) | B(MODULE_SYMBOLS))

static const struct requirement requirements[] = {
	{ MINIMAL, START, KMD_XLATE_DIRECT_THEN_TABLES, B(KEYS_CRASH) | B(X86_BASES), 0,
	  B(MINIMAL_BASE) },
	{ MINIMAL, "log", KMD_XLATE_DIRECT_THEN_TABLES, B(LOG), 0, 0 },

	{ CRASH, START, KMD_XLATE_DIRECT_THEN_TABLES, CRASH_START | B(CRASHING_CPU), 0,
	  B(UTSNAME) | B(SCHEDULE) | B(CURRENT_STACKS) },
	{ CRASH, "log", KMD_XLATE_DIRECT_THEN_TABLES, B(LOG), 0, 0 },
	{ CRASH, "ps", KMD_XLATE_DIRECT_THEN_TABLES, 0,
	  B(PIDS) | B(CRASH_PIDS) | B(TASKS) | B(CURRENT_TASKS) | B(IDLE_TASKS) | B(MMS), 0 },
	{ CRASH, "bt", KMD_XLATE_DIRECT_THEN_TABLES, B(PANIC_TASK) | B(PANIC_STACK), 0, UNWIND },
	{ CRASH, "bt -a", KMD_XLATE_DIRECT_THEN_TABLES, 0,
	  B(CURRENT_TASKS) | B(CURRENT_STACKS) | B(IRQ_STACKS), UNWIND },
	{ CRASH, "foreach bt", KMD_XLATE_DIRECT_THEN_TABLES, 0,
	  B(PIDS) | B(CRASH_PIDS) | B(TASKS) | B(STACKS) | B(IRQ_STACKS) | B(IDLE_TASKS) |
		  B(IDLE_STACKS),
	  UNWIND },
	{ CRASH, "mod", KMD_XLATE_DIRECT_THEN_TABLES, B(MODULES), B(MODULE_SYMBOLS), 0 },
	{ CRASH, "p VARIABLE", KMD_XLATE_DIRECT_THEN_TABLES, 0, B(DATA) | B(COMMAND_LINE), 0 },

	{ DRGN, START, KMD_XLATE_ANY, B(KEYS_DRGN), 0, 0 },
	{ DRGN, "variables", KMD_XLATE_ANY, 0, B(DATA), 0 },
	{ DRGN, "log", KMD_XLATE_ANY, B(LOG), 0, 0 },
	{ DRGN, "tasks", KMD_XLATE_ANY, B(PID_TREE), B(TASKS), B(PIDS) },
	{ DRGN, "stacks", KMD_XLATE_ANY, B(PID_TREE), B(TASKS) | B(STACKS) | B(REGISTER_STACKS),
	  B(PIDS) },
	{ DRGN, "crashed thread", KMD_XLATE_ANY,
	  B(PANIC_CPU) | B(PER_CPU_OFFSET) | B(RUNQUEUES) | B(PANIC_TASK), B(PANIC_STACK), 0 },
	{ DRGN, "modules", KMD_XLATE_ANY, B(MODULES_HEAD) | B(MODULES), 0, 0 },

	{ GDB, START, KMD_XLATE_SEGMENTS, B(KASLR), 0, 0 },
	{ GDB, "variables", KMD_XLATE_SEGMENTS, 0, B(DATA) | B(COMMAND_LINE), 0 },
	{ GDB, "threads", KMD_XLATE_SEGMENTS, B(REGISTERS), 0, 0 },
	{ GDB, "bt", KMD_XLATE_SEGMENTS, B(REGISTERS), B(REGISTER_STACKS) | B(TEXT_GDB), 0 },

	{ MAKEDUMPFILE, START, KMD_XLATE_TABLES,
	  B(KEYS_CRASH) | B(UTSNAME) | B(ROOT_TABLE) | B(ROOT_SECTIONS), 0, 0 },
	{ MAKEDUMPFILE, "log", KMD_XLATE_TABLES, B(LOG), 0, 0 },
};

#define N_REQUIREMENTS (sizeof(requirements) / sizeof(requirements[0]))

/* ----- the report */

static void worse(struct kmd_consumer_row *row, enum kmd_ready_state state, const char *names)
{
	size_t used = strlen(row->missing), room = sizeof(row->missing) - used;

	/* The order is works, partly, unknown, fails: what is certain wins over what is possible.
	 */
	if (state > row->pub.state)
		row->pub.state = state;
	/* Several objects may lack the same thing. */
	if (!strstr(row->missing, names) && strlen(names) + 3 < room)
		snprintf(row->missing + used, room, "%s%s", used ? ", " : "", names);
}

/* What the availability of a set of objects does to a row. */
struct effect {
	uint64_t set;
	enum kmd_ready_state in_part, unknown, absent;
};

static void apply(struct kmd_consumer_check *check, enum kmd_xlate mode,
		  const struct effect *effect, struct kmd_consumer_row *row)
{
	const enum kmd_ready_state states[] = {
		[KMD_PRESENT] = KMD_READY_WORKS,
		[KMD_IN_PART] = effect->in_part,
		[KMD_UNKNOWN] = effect->unknown,
		[KMD_ABSENT] = effect->absent,
	};

	for (unsigned int object = 0; object < KMD_O_N; object++) {
		const struct kmd_availability *availability;

		if (!(effect->set >> object & 1))
			continue;
		availability = kmd_object_availability(check, mode, object);
		if (availability->presence != KMD_PRESENT)
			worse(row, states[availability->presence], availability->names);
	}
}

static void check_row(struct kmd_consumer_check *check, const struct requirement *requirement,
		      struct kmd_consumer_row *row)
{
	const struct effect effects[] = {
		{ requirement->required, KMD_READY_UNKNOWN, KMD_READY_UNKNOWN, KMD_READY_FAILS },
		{ requirement->maybe_required, KMD_READY_UNKNOWN, KMD_READY_UNKNOWN,
		  KMD_READY_UNKNOWN },
		{ requirement->optional, KMD_READY_PARTLY, KMD_READY_UNKNOWN, KMD_READY_PARTLY },
	};

	for (size_t i = 0; i < sizeof(effects) / sizeof(effects[0]); i++)
		apply(check, requirement->mode, &effects[i], row);
}

static void check_all(struct kmd_consumer_check *check, struct kmd_consumer_report *report)
{
	const struct kmd_consumer_row *start = NULL;

	for (size_t i = 0; i < N_REQUIREMENTS; i++) {
		const struct requirement *requirement = &requirements[i];
		struct kmd_consumer_row *row = &report->rows[report->n++];

		row->pub.consumer = requirement->consumer;
		row->pub.ability = requirement->ability;
		row->pub.missing = row->missing;
		if (!start || strcmp(start->pub.consumer, requirement->consumer) != 0) {
			start = row;
			/* Each of them finds the kernel by its virtual addresses. */
			if (check->target && !check->target->views->n)
				worse(row, KMD_READY_FAILS, "virtual addresses of captured memory");
		} else if (start->pub.state != KMD_READY_WORKS)
			worse(row, start->pub.state, start->missing);
		check_row(check, requirement, row);
	}
}

enum kmd_status kmd_consumers_check(const struct kmd_target *target, const struct kmd_cpus *cpus,
				    struct kmd_diag *diag, struct kmd_consumer_report *report)
{
	struct kmd_consumer_check *check = calloc(1, sizeof(*check));
	enum kmd_status status;

	memset(report, 0, sizeof(*report));
	if (!check)
		return kmd_fail_memory(diag);
	check->target = target;
	check->cpus = cpus;
	report->rows = calloc(N_REQUIREMENTS, sizeof(*report->rows));
	status = report->rows ? kmd_tasks_read(target, &check->tasks) : kmd_fail_memory(diag);
	if (status == KMD_OK)
		check_all(check, report);
	kmd_tasks_deinit(&check->tasks);
	free(check);
	if (status != KMD_OK)
		kmd_consumer_report_deinit(report);
	return status;
}

enum kmd_status kmd_consumers_predict(const char *const *missing, uint16_t machine,
				      struct kmd_diag *diag, struct kmd_consumer_report *report)
{
	struct kmd_consumer_check *check = calloc(1, sizeof(*check));

	memset(report, 0, sizeof(*report));
	report->rows = calloc(N_REQUIREMENTS, sizeof(*report->rows));
	if (!check || !report->rows) {
		free(check);
		kmd_consumer_report_deinit(report);
		return kmd_fail_memory(diag);
	}
	for (unsigned int i = 0; i < (unsigned int)KMD_N_XLATE * (unsigned int)KMD_O_N; i++) {
		unsigned int object = i % KMD_O_N;
		struct kmd_availability *availability = &check->availabilities[i / KMD_O_N][object];

		availability->checked = true;
		if (missing[object] &&
		    (!objects[object].machine || objects[object].machine == machine))
			kmd_availability_add(availability, KMD_ABSENT, "%s", missing[object]);
	}
	check_all(check, report);
	free(check);
	return KMD_OK;
}

void kmd_consumer_report_deinit(struct kmd_consumer_report *report)
{
	free(report->rows);
	memset(report, 0, sizeof(*report));
}
