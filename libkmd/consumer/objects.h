/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* objects.h - what consumers read, and the checks whether it is in the core. */
#ifndef KMD_CONSUMER_OBJECTS_H
#define KMD_CONSUMER_OBJECTS_H

#include "consumer/check.h"
#include "task/tasks.h"

enum kmd_object {
	KMD_O_KEYS_CRASH,
	KMD_O_KEYS_DRGN,
	KMD_O_KASLR,
	KMD_O_LOG,
	KMD_O_BANNER,
	KMD_O_UTSNAME,
	KMD_O_X86_BASES,
	KMD_O_IDT,
	KMD_O_CRASHING_CPU,
	KMD_O_IST_TABLES,
	KMD_O_COUNTERS,
	KMD_O_PER_CPU_OFFSET,
	KMD_O_RUNQUEUES,
	KMD_O_ROOT_TABLE,
	KMD_O_MEM_SECTION,
	KMD_O_ROOT_SECTIONS,
	KMD_O_NODES,
	KMD_O_PID_TREE,
	KMD_O_PIDS,
	KMD_O_CRASH_PIDS,
	KMD_O_TASKS,
	KMD_O_MMS,
	KMD_O_STACKS,
	KMD_O_IDLE_TASKS,
	KMD_O_IDLE_STACKS,
	KMD_O_CURRENT_TASKS,
	KMD_O_CURRENT_STACKS,
	KMD_O_IRQ_STACKS,
	KMD_O_REGISTER_STACKS,
	KMD_O_PANIC_TASK,
	KMD_O_PANIC_STACK,
	KMD_O_PANIC_CPU,
	KMD_O_MODULES_HEAD,
	KMD_O_MODULES,
	KMD_O_MODULE_EXPORTS,
	KMD_O_MODULE_SYMBOLS,
	KMD_O_TEXT,
	KMD_O_TEXT_GDB,
	KMD_O_SCHEDULE,
	KMD_O_ORC,
	KMD_O_UNWIND_ARM,
	KMD_O_VMAP_AREA,
	KMD_O_MINIMAL_BASE,
	KMD_O_DATA,
	KMD_O_COMMAND_LINE,
	KMD_O_REGISTERS,
	KMD_O_N,
};

/* From good to bad. */
enum kmd_presence {
	KMD_PRESENT,
	KMD_IN_PART, /* of it something is there, and it depends what the consumer looks at */
	KMD_UNKNOWN,
	KMD_ABSENT,
};

struct kmd_availability {
	bool checked;
	enum kmd_presence presence;
	char names[192]; /* of what is missing, or why it is not known */
};

struct kmd_consumer_check {
	const struct kmd_target *target;
	const struct kmd_cpus *cpus; /* whose registers are known */
	struct kmd_tasks tasks;
	struct kmd_availability availabilities[KMD_N_XLATE][KMD_O_N];
};

/* The availability of an object; checked once for each way of translation. */
const struct kmd_availability *kmd_object_availability(struct kmd_consumer_check *check,
						       enum kmd_xlate mode, enum kmd_object object);

typedef void kmd_check_fn(struct kmd_consumer_check *check, enum kmd_xlate mode,
			  struct kmd_availability *availability);

/* --- helpers */

/* Lower the availability; @format names what is missing, or why it is not known. */
void kmd_availability_add(struct kmd_availability *availability, enum kmd_presence presence,
			  const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The memory of one object. */
void kmd_check_span(const struct kmd_target *target, enum kmd_xlate mode,
		    struct kmd_availability *availability, const char *name, uint64_t virt,
		    uint64_t size);
/* Variables by name, NULL after the last; those that this kernel does not have are skipped. */
void kmd_check_variables(const struct kmd_target *target, enum kmd_xlate mode,
			 struct kmd_availability *availability, const char *const *names);
/* From the symbol @from to the symbol @to. */
void kmd_check_range(const struct kmd_target *target, enum kmd_xlate mode,
		     struct kmd_availability *availability, const char *name, const char *from,
		     const char *to);

/* How many of several alike objects are there, and which is the first that is not. */
struct kmd_count {
	size_t total, gone, part;
	uint64_t first;
};

void kmd_count_span(const struct kmd_target *target, enum kmd_xlate mode, uint64_t virt,
		    uint64_t size, struct kmd_count *count);
/* Where one is missing and others are there, the consumer shows those. */
void kmd_count_to_availability(const struct kmd_count *count, const char *name,
			       struct kmd_availability *availability);

/* Keys of VMCOREINFO, NULL after the last. */
void kmd_check_keys(const struct kmd_vmcoreinfo *info, const char *const *keys,
		    struct kmd_availability *availability);
/* True if a CPU runs init_task, whose outermost frames are of start_kernel(). */
bool kmd_check_first_task_runs(struct kmd_consumer_check *check);

/* --- the checks of single objects: memory.c, tasks.c, modules.c */

kmd_check_fn kmd_check_vmap_area, kmd_check_minimal_base, kmd_check_crash_pids;
kmd_check_fn kmd_check_log, kmd_check_command_line, kmd_check_mem_section, kmd_check_root_sections,
	kmd_check_nodes, kmd_check_root_table, kmd_check_ist_tables, kmd_check_kaslr,
	kmd_check_keys_crash, kmd_check_keys_drgn, kmd_check_data, kmd_check_orc,
	kmd_check_text_gdb;
kmd_check_fn kmd_check_runqueues, kmd_check_pid_tree, kmd_check_pids, kmd_check_tasks,
	kmd_check_mms, kmd_check_stacks, kmd_check_idle_tasks, kmd_check_idle_stacks,
	kmd_check_current_tasks, kmd_check_current_stacks, kmd_check_irq_stacks,
	kmd_check_register_stacks, kmd_check_panic_task, kmd_check_panic_stack, kmd_check_panic_cpu,
	kmd_check_registers;
kmd_check_fn kmd_check_modules, kmd_check_module_exports, kmd_check_module_symbols;

#endif
