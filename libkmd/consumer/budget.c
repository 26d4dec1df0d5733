/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "consumer/budget.h"

#include "base/checked.h"
#include "consumer/objects.h"
#include "types/types.h"

#include <elf.h>
#include <string.h>

#define KIB      UINT64_C(1024)
#define PAGE     UINT64_C(4096)
#define GIB_LOG2 30
/* What a machine may have at most here, so that no sum wraps. */
#define MOST     (UINT64_C(1) << 32)

_Static_assert(KMD_N_PARTS == KMD_BUDGET_PARTS, "all parts are handed out");

/* ----- where the shim has each object */

static const unsigned char part_of[KMD_O_N] = {
	[KMD_O_KEYS_CRASH] = KMD_PART_LOG,
	[KMD_O_KEYS_DRGN] = KMD_PART_LOG,
	[KMD_O_KASLR] = KMD_PART_LOG,
	[KMD_O_LOG] = KMD_PART_LOG,
	[KMD_O_BANNER] = KMD_PART_LOG,
	[KMD_O_UTSNAME] = KMD_PART_LOG,
	[KMD_O_X86_BASES] = KMD_PART_LOG,
	[KMD_O_IDT] = KMD_PART_DATA,
	[KMD_O_CRASHING_CPU] = KMD_PART_VARIABLES,
	[KMD_O_IST_TABLES] = KMD_PART_DATA,
	[KMD_O_COUNTERS] = KMD_PART_VARIABLES,
	[KMD_O_PER_CPU_OFFSET] = KMD_PART_VARIABLES,
	[KMD_O_RUNQUEUES] = KMD_PART_DATA,
	/* Where it is not captured, the library builds one. */
	[KMD_O_ROOT_TABLE] = KMD_PART_VARIABLES,
	[KMD_O_MEM_SECTION] = KMD_PART_VARIABLES,
	[KMD_O_ROOT_SECTIONS] = KMD_PART_VARIABLES,
	[KMD_O_NODES] = KMD_PART_VARIABLES,
	[KMD_O_PID_TREE] = KMD_PART_TREE,
	[KMD_O_PIDS] = KMD_PART_TREE,
	[KMD_O_TASKS] = KMD_PART_TASKS,
	[KMD_O_MMS] = KMD_PART_TASK_AUX,
	[KMD_O_STACKS] = KMD_PART_TASKS,
	[KMD_O_IDLE_TASKS] = KMD_PART_TASKS,
	[KMD_O_IDLE_STACKS] = KMD_PART_TASKS,
	[KMD_O_CURRENT_TASKS] = KMD_PART_TASKS,
	[KMD_O_CURRENT_STACKS] = KMD_PART_TASKS,
	[KMD_O_IRQ_STACKS] = KMD_PART_TREE,
	[KMD_O_REGISTER_STACKS] = KMD_PART_TASKS,
	[KMD_O_PANIC_TASK] = KMD_PART_TASKS,
	[KMD_O_PANIC_STACK] = KMD_PART_TASKS,
	[KMD_O_PANIC_CPU] = KMD_PART_VARIABLES,
	[KMD_O_MODULES_HEAD] = KMD_PART_DATA,
	[KMD_O_MODULES] = KMD_PART_MODULES,
	[KMD_O_MODULE_EXPORTS] = KMD_PART_DATA,
	[KMD_O_MODULE_SYMBOLS] = KMD_PART_MODULES,
	[KMD_O_TEXT] = KMD_PART_TEXT,
	[KMD_O_TEXT_GDB] = KMD_PART_TEXT,
	[KMD_O_SCHEDULE] = KMD_PART_TEXT,
	[KMD_O_ORC] = KMD_PART_TEXT,
	[KMD_O_UNWIND_ARM] = KMD_PART_TEXT,
	[KMD_O_VMAP_AREA] = KMD_PART_MODULES,
	[KMD_O_DATA] = KMD_PART_TEXT, /* constants are variables as well */
	[KMD_O_COMMAND_LINE] = KMD_PART_VARIABLES,
	[KMD_O_REGISTERS] = KMD_PART_REGISTERS,
};

static const char *const part_names[KMD_N_PARTS] = {
	[KMD_PART_LOG] = "the log",
	[KMD_PART_VARIABLES] = "single variables",
	[KMD_PART_DRIVERS] = "drivers' regions",
	[KMD_PART_REGISTERS] = "CPU registers",
	[KMD_PART_DATA] = "the kernel's data",
	[KMD_PART_TREE] = "pids, page tables",
	[KMD_PART_TASKS] = "tasks and stacks",
	[KMD_PART_TASK_AUX] = "what tasks point to",
	[KMD_PART_TEXT] = "code and constants",
	[KMD_PART_MODULES] = "modules",
};

/* ----- how large the parts are */

struct measure {
	const struct kmd_vmlinux *vmlinux;
	const struct kmd_limits *limits;
	uint64_t stack, task, signal, cred, mm, node;
};

/* From one symbol to the other; 0 if there is no such span. */
static uint64_t between(const struct measure *m, const char *from, const char *to)
{
	uint64_t first, last;

	if (!kmd_vmlinux_symbol(m->vmlinux, from, &first) ||
	    !kmd_vmlinux_symbol(m->vmlinux, to, &last) || last < first || last - first > MOST)
		return 0;
	return last - first;
}

static uint64_t size_of(const struct measure *m, const char *name)
{
	const struct kmd_elf_symbol *symbol = kmd_vmlinux_find(m->vmlinux, name);

	return symbol && symbol->size < MOST ? symbol->size : 0;
}

static uint64_t page_align(uint64_t size)
{
	return (size + PAGE - 1) & ~(PAGE - 1);
}

static void set(struct kmd_parts *parts, enum kmd_part part, uint64_t slots, uint64_t bytes)
{
	parts->rows[part].slots = slots;
	parts->rows[part].bytes = bytes;
}

/* The kernel enlarges the buffer for many CPUs, each of which may print 4 KiB. */
static void measure_log(const struct measure *m, struct kmd_parts *parts)
{
	uint64_t built_in = size_of(m, "__log_buf"), size = built_in;
	uint64_t extra = (m->limits->cpus - 1) * 4 * KIB, all;

	if (built_in && extra > built_in / 2)
		while (size < built_in + extra)
			size *= 2;
	if (m->limits->log)
		size = m->limits->log;
	all = size + size_of(m, "_printk_rb_static_descs") + size_of(m, "_printk_rb_static_infos");
	/* Descriptors grow with the buffer. */
	if (built_in && size > built_in)
		all = size / built_in * (all - size + built_in) + size;
	/* The text of VMCOREINFO has a page; then there are some variables. */
	set(parts, KMD_PART_LOG, 16, all + 2 * PAGE);
}

static void measure_variables(const struct measure *m, struct kmd_parts *parts)
{
	static const char *const large[] = {
		"__per_cpu_offset", "node_data", "node_states",
		"taint_flags",      "init_mm",   "__cpu_possible_mask"
	};
	uint64_t bytes = m->node + size_of(m, "kernel_config_data") + 3 * size_of(m, large[5]);
	uint64_t gib = m->limits->ram >> GIB_LOG2;

	for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++)
		bytes += size_of(m, large[i]);
	/* The map of RAM: one array of pointers, and arrays for each 32 GiB. */
	bytes += m->vmlinux->machine == EM_X86_64 ? 40 * KIB : 16 * KIB;
	set(parts, KMD_PART_VARIABLES, 40 + gib / 32, bytes + (4 + gib / 32) * 4 * KIB);
}

static void measure_registers(const struct measure *m, struct kmd_parts *parts)
{
	set(parts, KMD_PART_REGISTERS, m->limits->cpus + 1, m->limits->cpus * KIB + KIB);
}

static void measure_data(const struct measure *m, struct kmd_parts *parts)
{
	/* The first chunk: their own, modules' and those that are allocated first. */
	uint64_t percpu = page_align(between(m, "__per_cpu_start", "__per_cpu_end") + 64 * KIB);
	uint64_t data;

	if (m->vmlinux->machine == EM_X86_64)
		data = between(m, "_sdata", "_edata") + between(m, "__bss_start", "__bss_stop");
	else
		data = between(m, "_sdata", "_end");
	set(parts, KMD_PART_DATA, 4 + m->limits->cpus, data + PAGE + m->limits->cpus * percpu);
}

/* Pids have a slot each, and nodes of their tree for 64 of them; the kernel's page tables. */
static void measure_tree(const struct measure *m, struct kmd_parts *parts)
{
	uint64_t tasks = m->limits->tasks, tables = 96 + 2 * (m->limits->ram >> GIB_LOG2);
	uint64_t irq = m->vmlinux->machine == EM_X86_64 ? 0 : m->limits->cpus;

	set(parts, KMD_PART_TREE, tasks + tasks / 16 + 4 + tables + irq,
	    tasks * 256 + (tasks / 16 + 4) * 640 + tables * PAGE + irq * m->stack);
}

/* A stack is four pages, not all of them side by side. */
static void measure_tasks(const struct measure *m, struct kmd_parts *parts)
{
	uint64_t tasks = m->limits->tasks + m->limits->cpus;

	set(parts, KMD_PART_TASKS, tasks * 3, tasks * (m->task + m->stack));
	set(parts, KMD_PART_TASK_AUX, tasks * 2 + tasks / 4,
	    tasks * (m->signal + m->cred) + tasks / 4 * m->mm);
}

static void measure_text(const struct measure *m, struct kmd_parts *parts)
{
	uint64_t text = between(m, "_text", "__init_begin");

	if (m->vmlinux->machine == EM_X86_64)
		text = between(m, "_text", "_etext") +
		       between(m, "__start_rodata", "__end_rodata") +
		       between(m, "__start_orc_unwind_ip", "orc_lookup_end");
	set(parts, KMD_PART_TEXT, 4, text + 4 * PAGE);
}

static enum kmd_status measure_types(struct measure *m, struct kmd_diag *diag)
{
	struct kmd_type_query queries[] = {
		{ .kind = KMD_TYPE_SIZE, .type = "task_struct" },
		{ .kind = KMD_TYPE_SIZE, .type = "signal_struct" },
		{ .kind = KMD_TYPE_SIZE, .type = "cred" },
		{ .kind = KMD_TYPE_SIZE, .type = "mm_struct" },
		{ .kind = KMD_TYPE_SIZE, .type = "pglist_data" },
	};
	uint64_t *const to[] = { &m->task, &m->signal, &m->cred, &m->mm, &m->node };
	enum kmd_status status =
		kmd_vmlinux_types(m->vmlinux, queries, sizeof(queries) / sizeof(queries[0]), diag);

	for (size_t i = 0; status == KMD_OK && i < sizeof(to) / sizeof(to[0]); i++) {
		if (!queries[i].known || queries[i].value > MOST)
			return kmd_fail(diag, KMD_ERR_NOT_FOUND, kmd_in(""),
					"the vmlinux does not describe struct %s", queries[i].type);
		*to[i] = queries[i].value;
	}
	return status;
}

enum kmd_status kmd_parts_measure(const struct kmd_vmlinux *vmlinux,
				  const struct kmd_limits *limits, struct kmd_diag *diag,
				  struct kmd_parts *parts)
{
	struct measure m = { .vmlinux = vmlinux, .limits = limits };
	enum kmd_status status = measure_types(&m, diag);

	memset(parts, 0, sizeof(*parts));
	if (status != KMD_OK)
		return status;
	m.stack = between(&m, "__start_init_stack", "__end_init_stack");
	if (!m.stack)
		m.stack = between(&m, "__start_init_task", "__end_init_task");
	if (!m.stack || !between(&m, "_sdata", "_end") || !size_of(&m, "__log_buf"))
		return kmd_fail(diag, KMD_ERR_NOT_FOUND, kmd_in(""),
				"the vmlinux lacks symbols that show how large the kernel is");
	measure_log(&m, parts);
	measure_variables(&m, parts);
	set(parts, KMD_PART_DRIVERS, limits->driver_regions, limits->driver_bytes);
	measure_registers(&m, parts);
	measure_data(&m, parts);
	measure_tree(&m, parts);
	measure_tasks(&m, parts);
	measure_text(&m, parts);
	set(parts, KMD_PART_MODULES, limits->modules * 32, limits->modules * 256 * KIB);
	for (size_t i = 0; i < KMD_N_PARTS; i++)
		parts->rows[i].name = part_names[i];
	return KMD_OK;
}

/* ----- what fits */

/* The header region has a program header for each slot, and the dump's file a section. */
#define HEADER   (UINT64_C(128) + 2 * 56 + 4096)
#define PER_SLOT 56
#define SECTION  64

static void fit(struct kmd_parts *parts, const struct kmd_limits *limits, struct kmd_budget *budget)
{
	uint64_t slots = 1, bytes = 0, need, room;
	unsigned int i;

	parts->reach = KMD_N_PARTS;
	budget->bytes_free = 0;
	room = limits->bytes > 56 + limits->slots * SECTION
		       ? limits->bytes - 56 - limits->slots * SECTION
		       : 0;
	/* The shim's limit counts the header region. */
	budget->bytes = room;
	need = HEADER + limits->slots * PER_SLOT;
	bytes = need;
	for (i = 0; i < KMD_N_PARTS; i++) {
		struct kmd_budget_part *part = &parts->rows[i];

		slots += part->slots;
		bytes += part->bytes;
		part->fits = slots <= limits->slots && bytes <= room;
		if (!part->fits && parts->reach == KMD_N_PARTS)
			parts->reach = (enum kmd_part)i;
		/* What comes behind has no place that is sure. */
		part->fits = part->fits && parts->reach == KMD_N_PARTS;
		if (part->fits)
			budget->bytes_free = room - bytes;
	}
}

static const char *level_of(enum kmd_part reach)
{
	if (reach > KMD_PART_DATA)
		return "full";
	return reach > KMD_PART_VARIABLES ? "rfc" : "log";
}

enum kmd_status kmd_parts_plan(struct kmd_parts *parts, uint16_t machine,
			       const struct kmd_limits *limits, struct kmd_diag *diag,
			       struct kmd_budget *budget, struct kmd_consumer_report *report)
{
	const char *missing[KMD_O_N];

	fit(parts, limits, budget);
	budget->slots = limits->slots;
	budget->level = level_of(parts->reach);
	for (unsigned int object = 0; object < KMD_O_N; object++)
		missing[object] =
			part_of[object] >= parts->reach ? part_names[part_of[object]] : NULL;
	return kmd_consumers_predict(missing, machine, diag, report);
}
