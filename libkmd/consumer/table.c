/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Found by tracing crash 8.0.2, 8.0.6 and 9.0.2 (-d8), and by taking memory away from dumps
 * of Linux 6.1, 6.12 and 7.2 on arm64 and x86_64; tests/e2e/rig/ready.py does so again.
 */
#include "consumer/table.h"

#define B(name) (UINT64_C(1) << KMD_O_##name)

_Static_assert(KMD_O_N <= 64, "a set of objects is a word");

#define CRASH        "crash"
#define MINIMAL      "crash --minimal"
#define NO_PANIC     "crash --no_panic"
#define DRGN         "drgn"
#define GDB          "gdb"
#define MAKEDUMPFILE "makedumpfile --dump-dmesg"

#define START        "start"

/*
 * What crash reads with FAULT_ON_ERROR before its prompt.  Without --no_panic it also looks for
 * the task that panicked, in the CPUs' stacks, and 8.0.2 dies of one that is not there.
 */
#define CRASH_START                                                                                \
	(B(KEYS_CRASH) | B(BANNER) | B(X86_BASES) | B(IDT) | B(IST_TABLES) | B(COUNTERS) |         \
	 B(PER_CPU_OFFSET) | B(RUNQUEUES) | B(ROOT_TABLE) | B(MEM_SECTION) | B(NODES) |            \
	 B(PID_TREE) | B(MODULES_HEAD) | B(MODULE_EXPORTS))

/* Without them crash unwinds by guess, on x86_64; a stack that is in no module needs no modules. */
#define UNWIND (B(TEXT) | B(ORC) | B(MODULES) | B(MODULE_SYMBOLS))

const struct kmd_requirement kmd_requirements[] = {
	{ MINIMAL, START, KMD_XLATE_DIRECT_THEN_TABLES, B(KEYS_CRASH) | B(X86_BASES), 0, 0 },
	{ MINIMAL, "log", KMD_XLATE_DIRECT_THEN_TABLES, B(LOG), 0, 0 },

	{ CRASH, START, KMD_XLATE_DIRECT_THEN_TABLES, CRASH_START | B(CRASHING_CPU), 0,
	  B(UTSNAME) | B(SCHEDULE) | B(CURRENT_STACKS) },
	{ CRASH, "sys", KMD_XLATE_DIRECT_THEN_TABLES, B(TAINT) | B(AVENRUN) | B(ONLINE_MASK),
	  B(LOG) | B(PIDS) | B(TASKS) | B(IDLE_TASKS), 0 },
	{ CRASH, "log", KMD_XLATE_DIRECT_THEN_TABLES, B(LOG), 0, 0 },
	{ CRASH, "ps", KMD_XLATE_DIRECT_THEN_TABLES, 0,
	  B(PIDS) | B(TASKS) | B(CURRENT_TASKS) | B(IDLE_TASKS) | B(MMS), 0 },
	{ CRASH, "bt", KMD_XLATE_DIRECT_THEN_TABLES, B(PANIC_TASK) | B(PANIC_STACK), 0, UNWIND },
	{ CRASH, "bt -a", KMD_XLATE_DIRECT_THEN_TABLES, 0,
	  B(CURRENT_TASKS) | B(CURRENT_STACKS) | B(IRQ_STACKS), UNWIND },
	{ CRASH, "foreach bt", KMD_XLATE_DIRECT_THEN_TABLES, 0,
	  B(PIDS) | B(TASKS) | B(STACKS) | B(IRQ_STACKS) | B(IDLE_TASKS) | B(IDLE_STACKS), UNWIND },
	{ CRASH, "mod", KMD_XLATE_DIRECT_THEN_TABLES, B(MODULES), B(MODULE_SYMBOLS), 0 },
	{ CRASH, "runq", KMD_XLATE_DIRECT_THEN_TABLES, B(CURRENT_TASKS), B(QUEUES), 0 },
	{ CRASH, "p VARIABLE", KMD_XLATE_DIRECT_THEN_TABLES, 0, B(DATA) | B(COMMAND_LINE), 0 },

	{ NO_PANIC, START, KMD_XLATE_DIRECT_THEN_TABLES, CRASH_START, 0, B(UTSNAME) | B(SCHEDULE) },
	{ NO_PANIC, "log", KMD_XLATE_DIRECT_THEN_TABLES, B(LOG), 0, 0 },
	{ NO_PANIC, "ps", KMD_XLATE_DIRECT_THEN_TABLES, 0,
	  B(PIDS) | B(TASKS) | B(CURRENT_TASKS) | B(IDLE_TASKS) | B(MMS), 0 },

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

const size_t kmd_n_requirements = sizeof(kmd_requirements) / sizeof(kmd_requirements[0]);
