/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_consumer_objects.c - which tasks, CPUs, stacks and modules were captured. */
#include "consumer_kit.h"

#include <elf.h>

/* ----------------------------------------------------------------------- tasks */

#define NODE_SIZE (8 + 64 * 8)

static void types_of_tasks(void)
{
	consumer_type(KMD_T_PIDNS_HEAD, 16);
	consumer_type(KMD_T_TASK_PIDS, 32);
	consumer_type(KMD_T_PID_TASKS, 8);
	consumer_type(KMD_T_PID, 24);
	consumer_type(KMD_T_TASK, 256);
	consumer_type(KMD_T_XA_SHIFT, 0);
	consumer_type(KMD_T_XA_SLOTS, 8);
	consumer_type(KMD_T_XA_SLOT_COUNT, 64);
}

static void slot(size_t node, size_t index, uint64_t entry)
{
	fake_set(&fake, node + 8 + 8 * index, entry, 8);
}

/* Root 0x1000 of shift 6, leaves 0x2000 and 0x3000; pids and tasks at 0x4000 and on. */
static void tree(void)
{
	fake_symbol(&fake, "init_pid_ns", 0x100);
	fake_set(&fake, 0x110, AT(0x1000) | 2, 8);
	fake_set(&fake, 0x1000, 6, 1);
	slot(0x1000, 0, AT(0x2000) | 2);
	slot(0x1000, 1, AT(0x3000) | 2);
	for (size_t i = 0; i < 3; i++) {
		slot(i < 2 ? 0x2000 : 0x3000, 5 + i, AT(0x4000 + 0x40 * i));
		fake_set(&fake, 0x4008 + 0x40 * i, AT(0x5000 + 0x200 * i + 32), 8);
	}
}

static void read_tasks(void)
{
	consumer_look();
	types_of_tasks();
	expect_ok(kmd_tasks_read(&target, &check.tasks));
}

START_TEST(tasks_are_found)
{
	tree();
	consumer_capture(0, 0x6000);
	read_tasks();
	ck_assert_ptr_null(check.tasks.unknown);
	ck_assert_uint_eq(check.tasks.nodes.n, 3);
	ck_assert_uint_eq(check.tasks.pids.n, 3);
	ck_assert_uint_eq(check.tasks.tasks.n, 3);
	ck_assert_uint_eq(check.tasks.tasks.items[2], AT(0x5400));
	expect_availability(KMD_O_PID_TREE, KMD_PRESENT, "");
	expect_availability(KMD_O_TASKS, KMD_PRESENT, "");
}
END_TEST

/* CONFIG_BASE_SMALL: what lies behind the 16 slots of a node is something else. */
START_TEST(small_nodes_have_few_slots)
{
	tree();
	slot(0x3000, 16, AT(0x4100));
	fake_set(&fake, 0x4108, AT(0x5600 + 32), 8);
	consumer_capture(0, 0x6000);
	consumer_look();
	types_of_tasks();
	consumer_type(KMD_T_XA_SLOT_COUNT, 16);
	expect_ok(kmd_tasks_read(&target, &check.tasks));
	ck_assert_uint_eq(check.tasks.tasks.n, 3);
}
END_TEST

START_TEST(tasks_are_counted)
{
	tree();
	consumer_capture(0, 0x3000);
	consumer_capture(0x4000, 0x5200);
	read_tasks();
	ck_assert_uint_eq(check.tasks.nodes_absent, 1);
	expect_availability(KMD_O_PID_TREE, KMD_ABSENT,
			    "1 of 3 xa_nodes of pids (0xffff800080203000)");
	expect_availability(KMD_O_PIDS, KMD_PRESENT, "");
	expect_availability(KMD_O_TASKS, KMD_IN_PART,
			    "1 of 2 task_structs (first 0xffff800080205200)");
	expect_availability(KMD_O_STACKS, KMD_UNKNOWN, "size of stacks");
}
END_TEST

/* A node that is its own child, a child whose shift is not less than its parent's, and a slot with
 * a bad pointer. */
START_TEST(tree_with_bad_nodes)
{
	tree();
	slot(0x1000, 2, AT(0x1000) | 2);
	slot(0x1000, 3, UINT64_MAX - 1);
	fake_set(&fake, 0x3000, 6, 1);
	consumer_capture(0, 0x6000);
	read_tasks();
	ck_assert_uint_eq(check.tasks.pids.n, 2);
	ck_assert_uint_eq(check.tasks.nodes_absent, 3);
}
END_TEST

/* All slots of a node point to the same child node, so there are 64^10 paths. */
START_TEST(tree_of_too_many)
{
	fake_symbol(&fake, "init_pid_ns", 0x100);
	fake_set(&fake, 0x110, AT(0x1000) | 2, 8);
	for (size_t level = 0; level < 10; level++) {
		fake_set(&fake, 0x1000 * (level + 1), 60 - 6 * level, 1);
		for (size_t i = 0; i < 64; i++)
			slot(0x1000 * (level + 1), i, AT(0x1000 * (level + 2)) | 2);
	}
	consumer_capture(0, 0x20000);
	read_tasks();
	ck_assert_uint_le(check.tasks.nodes.n, 200000);
}
END_TEST

START_TEST(modules_without_end)
{
	fake_symbol(&fake, "modules", 0x100);
	fake_set(&fake, 0x100, AT(0x1008), 8);
	fake_set(&fake, 0x1008, AT(0x2008), 8);
	fake_set(&fake, 0x2008, AT(0x1008), 8);
	consumer_capture(0, 0x3000);
	consumer_look();
	consumer_type(KMD_T_MODULE, 64);
	consumer_type(KMD_T_MODULE_LIST, 8);
	expect_availability(KMD_O_MODULES, KMD_PRESENT, "");
}
END_TEST

START_TEST(module_is_missing)
{
	fake_symbol(&fake, "modules", 0x100);
	fake_set(&fake, 0x100, AT(0x1008), 8);
	fake_set(&fake, 0x1008, AT(0x9008), 8);
	consumer_capture(0, 0x3000);
	consumer_look();
	consumer_type(KMD_T_MODULE, 64);
	consumer_type(KMD_T_MODULE_LIST, 8);
	expect_availability(KMD_O_MODULES, KMD_ABSENT, "struct module (0xffff800080209000)");
}
END_TEST

/* A module at 0x1000 with two exports at 0x5000 and its data at 0x6000. */
static void one_module(void)
{
	fake_symbol(&fake, "modules", 0x100);
	fake_set(&fake, 0x100, AT(0x1008), 8);
	fake_set(&fake, 0x1008, AT(0x100), 8);
	fake_set(&fake, 0x1010, AT(0x5000), 8);
	fake_set(&fake, 0x1018, 2, 4);
	fake_set(&fake, 0x1050, AT(0x6000), 8);
	fake_set(&fake, 0x1058, 0x1800, 4);
}

static void types_of_modules(void)
{
	consumer_type(KMD_T_MODULE, 128);
	consumer_type(KMD_T_MODULE_LIST, 8);
	consumer_type(KMD_T_KERNEL_SYMBOL, 12);
	consumer_type(KMD_T_MODULE_GPL_SYMS, 16);
	consumer_type(KMD_T_MODULE_NUM_GPL_SYMS, 24);
}

START_TEST(exports_of_a_module)
{
	one_module();
	consumer_capture(0, 0x3000);
	consumer_look();
	types_of_modules();
	expect_availability(KMD_O_MODULES, KMD_PRESENT, "");
	expect_availability(KMD_O_MODULE_EXPORTS, KMD_ABSENT,
			    "exports of a module (0xffff800080205000)");
}
END_TEST

/* If struct module is absent, crash does not read the exports. */
START_TEST(exports_of_no_module)
{
	one_module();
	consumer_capture(0, 0x200);
	consumer_look();
	types_of_modules();
	expect_availability(KMD_O_MODULES, KMD_ABSENT, "struct module");
	expect_availability(KMD_O_MODULE_EXPORTS, KMD_PRESENT, "");
}
END_TEST

/* The second memory type of a module since 6.4; before that, the core layout. */
START_TEST(symbols_of_a_module)
{
	one_module();
	consumer_capture(0, 0x7000);
	consumer_look();
	types_of_modules();
	consumer_type(_i ? KMD_T_MODULE_MEM : KMD_T_CORE_BASE, _i ? 0x20 : 0x50);
	consumer_type(_i ? KMD_T_MODULE_MEMORY : KMD_T_CORE_SIZE, _i ? 0x30 : 0x58);
	if (_i) {
		consumer_type(KMD_T_MOD_DATA, 1);
		consumer_type(KMD_T_MEM_BASE, 0);
		consumer_type(KMD_T_MEM_SIZE, 8);
	}
	expect_availability(KMD_O_MODULE_SYMBOLS, KMD_IN_PART,
			    "module data area (0xffff800080206000)");
}
END_TEST

START_TEST(too_many_roots)
{
	fake_symbol(&fake, "mem_section", 0x100);
	fake_set(&fake, 0x100, AT(0x1000), 8);
	consumer_capture(0, 0x2000);
	consumer_line("LENGTH(mem_section)=99999999999");
	consumer_look();
	consumer_set_size("mem_section", 8);
	expect_availability(KMD_O_MEM_SECTION, KMD_UNKNOWN, "length of mem_section");
}
END_TEST

START_TEST(cpus_of_the_masks)
{
	uint64_t virt;

	fake_symbol(&fake, "__cpu_present_mask", 0x100);
	fake_symbol(&fake, "__per_cpu_offset", 0x200);
	fake_symbol(&fake, "runqueues", 0x1000);
	fake_set(&fake, 0x100, 0x6, 8);
	fake_set(&fake, 0x208, 0x2000, 8);
	fake_set(&fake, 0x210, 0x3000, 8);
	fake_set(&fake, 0x3010, AT(0x5000), 8);
	consumer_capture(0, 0x4000);
	consumer_look();
	consumer_set_size("__cpu_present_mask", 8);
	consumer_set_size("__per_cpu_offset", 64);
	consumer_type(KMD_T_RQ, 64);
	consumer_type(KMD_T_RQ_CURR, 16);
	consumer_type(KMD_T_RQ_IDLE, 24);
	consumer_type(KMD_T_TASK, 256);
	expect_ok(kmd_tasks_read(&target, &check.tasks));
	ck_assert_uint_eq(check.tasks.cpus.n, 2);
	ck_assert_uint_eq(check.tasks.cpus.numbers[1], 2);
	ck_assert_uint_eq(check.tasks.current.items[0], AT(0x5000));
	ck_assert(kmd_target_per_cpu(&target, "runqueues", 0x3000, &virt));
	ck_assert_uint_eq(virt, AT(0x4000));
	expect_availability(KMD_O_RUNQUEUES, KMD_ABSENT, "runqueues of CPU 2 (0xffff800080204000)");
	expect_availability(KMD_O_CURRENT_TASKS, KMD_ABSENT, "2 of 2 current task_structs");
	expect_availability(KMD_O_IDLE_TASKS, KMD_ABSENT, "2 of 2 idle task_structs");
}
END_TEST

/* One process, whose struct mm_struct is at 0x6000, and two CPUs; the part of the second is absent.
 */
static void process_with_counters(void)
{
	static const size_t counters[] = { 0, 1, 3 };

	tree();
	fake_symbol(&fake, "__cpu_present_mask", 0x300);
	fake_symbol(&fake, "__per_cpu_offset", 0x400);
	fake_symbol(&fake, "runqueues", 0x1000);
	fake_set(&fake, 0x300, 0x3, 8);
	fake_set(&fake, 0x400, 0x2000, 8);
	fake_set(&fake, 0x408, 0x3000, 8);
	fake_set(&fake, 0x5040, AT(0x6000), 8);
	for (size_t i = 0; i < 3; i++)
		fake_set(&fake, 0x6020 + 0x28 * counters[i] + 0x20, AT(0x6000 + 4 * counters[i]),
			 8);
	consumer_capture(0, 0x9000);
	consumer_look();
	types_of_tasks();
	consumer_set_size("__cpu_present_mask", 8);
	consumer_set_size("__per_cpu_offset", 64);
	consumer_type(KMD_T_RQ, 64);
	consumer_type(KMD_T_RQ_CURR, 16);
	consumer_type(KMD_T_RQ_IDLE, 24);
	consumer_type(KMD_T_TASK_MM, 0x40);
	consumer_type(KMD_T_MM, 0x100);
	consumer_type(KMD_T_MM_RSS_STAT, 0x20);
	consumer_type(KMD_T_COUNTER, 0x28);
	consumer_type(KMD_T_COUNTER_COUNTERS, 0x20);
}

START_TEST(counters_of_a_process)
{
	process_with_counters();
	expect_ok(kmd_tasks_read(&target, &check.tasks));
	ck_assert_uint_eq(check.tasks.cpus.n, 2);
	expect_availability(KMD_O_MMS, KMD_IN_PART,
			    "3 of 6 per-CPU rss_stat counters (first 0xffff800080209000)");
}
END_TEST

/* Up to 6.1, the counters are in struct mm_struct. */
START_TEST(counters_of_older_kernels)
{
	process_with_counters();
	consumer_type(KMD_T_RSS_STAT_OLD, 32);
	expect_ok(kmd_tasks_read(&target, &check.tasks));
	expect_availability(KMD_O_MMS, KMD_PRESENT, "");
}
END_TEST

/* ---------------------------------------------------------------------- stacks */

/* A CPU with stack pointer @sp; its per-CPU variables are at +0x2000. */
static void cpu_at(size_t sp)
{
	static struct kmd_cpu cpu;

	cpu.pub.sp = AT(sp);
	cpus = (struct kmd_cpus){ &cpu, 1, 1 };
	fake_symbol(&fake, "__cpu_present_mask", 0x100);
	fake_symbol(&fake, "__per_cpu_offset", 0x200);
	fake_symbol(&fake, "__start_init_task", 0x20000);
	fake_symbol(&fake, "__end_init_task", 0x24000);
	fake_set(&fake, 0x100, 1, 8);
	fake_set(&fake, 0x200, 0x2000, 8);
}

static void look_at_cpus(void)
{
	consumer_look();
	consumer_set_size("__cpu_present_mask", 8);
	consumer_set_size("__per_cpu_offset", 8);
	expect_ok(kmd_tasks_read(&target, &check.tasks));
}

START_TEST(interrupt_stack_of_arm64)
{
	cpu_at(0xb000);
	fake_symbol(&fake, "irq_stack_ptr", 0x1000);
	fake_set(&fake, 0x3000, AT(0x8000), 8);
	consumer_capture(0, 0x4000);
	consumer_capture(0xb000, 0xc000);
	look_at_cpus();
	expect_availability(KMD_O_IRQ_STACKS, KMD_IN_PART, "interrupt stack (0xffff800080208000)");
	expect_availability(KMD_O_REGISTER_STACKS, KMD_PRESENT, "");
}
END_TEST

/* If a CPU runs the first task, gdb also reads the code of start_kernel(), which was freed. */
START_TEST(code_of_first_task)
{
	static const char *const missing[] = { "", "start_kernel()'s code (0xffff800080206000)",
					       "start_kernel()'s code (0xffff800080206000)",
					       "the kernel's text (0xffff800080204000)" };

	cpu_at(_i == 1 ? 0x21000 : 0xb000);
	fake_symbol(&fake, "_stext", 0x4000);
	fake_symbol(&fake, "_etext", 0x6000);
	fake_symbol(&fake, "_sinittext", 0x6000);
	fake_symbol(&fake, "_einittext", 0x7000);
	fake_symbol(&fake, "runqueues", 0x400);
	fake_symbol(&fake, "init_task", 0x9000);
	fake_set(&fake, 0x2410, AT(_i == 2 ? 0x9000 : 0xa000), 8);
	consumer_capture(0, 0x4000);
	if (_i != 3)
		consumer_capture(0x4000, 0x6000);
	consumer_look();
	consumer_set_size("__cpu_present_mask", 8);
	consumer_set_size("__per_cpu_offset", 8);
	consumer_type(KMD_T_RQ_CURR, 16);
	consumer_type(KMD_T_RQ_IDLE, 24);
	expect_ok(kmd_tasks_read(&target, &check.tasks));
	expect_availability(KMD_O_TEXT_GDB,
			    _i == 0   ? KMD_PRESENT
			    : _i == 3 ? KMD_ABSENT
				      : KMD_IN_PART,
			    missing[_i]);
}
END_TEST

/* It is aligned to a page; the memory behind it is not part of it. */
START_TEST(interrupt_stack_of_x86_64)
{
	facts.machine = EM_X86_64;
	cpu_at(0x8fe8);
	fake_symbol(&fake, _i ? "pcpu_hot" : "hardirq_stack_ptr", 0x1000);
	fake_set(&fake, _i ? 0x3018 : 0x3000, AT(0x8ff8), 8);
	consumer_capture(0, 0x4000);
	consumer_capture(0x5000, 0x9000);
	look_at_cpus();
	consumer_type(KMD_T_HOT_IRQ_STACK, 0x18);
	expect_availability(KMD_O_IRQ_STACKS, KMD_PRESENT, "");
	expect_availability(KMD_O_REGISTER_STACKS, KMD_PRESENT, "");
}
END_TEST

/* For a CPU that is on the stack of its task, no other stack is read. */
START_TEST(no_interrupt_stack)
{
	cpu_at(0xb000);
	fake_symbol(&fake, "irq_stack_ptr", 0x1000);
	fake_set(&fake, 0x3000, AT(0x10000), 8);
	consumer_capture(0, 0x4000);
	consumer_capture(0xb000, 0xb800);
	look_at_cpus();
	expect_availability(KMD_O_IRQ_STACKS, KMD_PRESENT, "");
	expect_availability(KMD_O_REGISTER_STACKS, KMD_IN_PART,
			    "running stack (0xffff80008020b000)");
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_checked_fixture(tcase, consumer_setup, consumer_teardown);
	tcase_add_test(tcase, tasks_are_found);
	tcase_add_test(tcase, small_nodes_have_few_slots);
	tcase_add_test(tcase, tasks_are_counted);
	tcase_add_test(tcase, tree_with_bad_nodes);
	tcase_add_test(tcase, tree_of_too_many);
	tcase_add_test(tcase, modules_without_end);
	tcase_add_test(tcase, module_is_missing);
	tcase_add_test(tcase, exports_of_a_module);
	tcase_add_test(tcase, exports_of_no_module);
	tcase_add_loop_test(tcase, symbols_of_a_module, 0, 2);
	tcase_add_test(tcase, too_many_roots);
	tcase_add_test(tcase, cpus_of_the_masks);
	tcase_add_test(tcase, counters_of_a_process);
	tcase_add_test(tcase, counters_of_older_kernels);
	tcase_add_test(tcase, interrupt_stack_of_arm64);
	tcase_add_loop_test(tcase, code_of_first_task, 0, 4);
	tcase_add_loop_test(tcase, interrupt_stack_of_x86_64, 0, 2);
	tcase_add_test(tcase, no_interrupt_stack);
	return kit_run("consumer-objects", tcase);
}
