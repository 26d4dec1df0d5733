/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_ready.c - what consumers will be able to do, and what they lack. */
#include "fake_kit.h"

#include "linux/ready/objects.h"
#include "linux/ready/table.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#define TEXT  UINT64_C(0xffff800080000000)
#define KASLR UINT64_C(0x200000)
#define PHYS  UINT64_C(0x40000000)
#define AT(o) (TEXT + KASLR + (o))
#define PAGE  4096

static struct fake fake;
static struct kmd_vmlinux vmlinux;
static struct kmd_regions regions;
static struct kmd_memory memory;
static struct kmd_views views;
static struct kmd_kernel_facts facts;
static struct kmd_boot boot;
static struct kmd_vmcoreinfo info;
static struct kmd_cpus cpus;
static struct kmd_ready_input input;
static struct kmd_ready ready;
static struct kmd_judging judging;
static char info_text[2048];

static void setup(void)
{
	fake_init(&fake, EM_AARCH64, TEXT);
	memset(&facts, 0, sizeof(facts));
	memset(&boot, 0, sizeof(boot));
	memset(&judging, 0, sizeof(judging));
	memset(&info, 0, sizeof(info));
	facts.machine = EM_AARCH64;
	facts.elf_class = 2;
	facts.pub.page_size = PAGE;
	facts.layout.image =
		(struct kmd_map){ true, AT(0) - PHYS, AT(0), AT(0) + UINT64_C(0x10000000) };
	boot.values[KMD_BOOT_KASLR].known = true;
	boot.values[KMD_BOOT_KASLR].value = KASLR;
	*info_text = '\0';
}

static void teardown(void)
{
	kmd_tasks_deinit(&judging.tasks);
	kmd_ready_deinit(&ready);
	kmd_views_deinit(&views);
	kmd_memory_deinit(&memory);
	kmd_regions_deinit(&regions);
	kmd_vmlinux_deinit(&vmlinux);
}

static void line(const char *text)
{
	strcat(info_text, text);
	strcat(info_text, "\n");
	info.text = info_text;
	info.length = strlen(info_text);
}

/* [from, to) of the image was captured. */
static void capture(size_t from, size_t to)
{
	add_row(&regions, "r", PHYS + from, fake.memory + from, to - from);
}

static void build(void)
{
	fake_open(&fake, &vmlinux);
	expect_ok(kmd_memory_build(&regions, &diag, &memory));
	expect_ok(kmd_views_build(&memory, &facts, &diag, &views));
	input = (struct kmd_ready_input){ &memory, &views, &facts, &info, &boot, &vmlinux, &cpus };
}

static void judge(void)
{
	expect_ok(kmd_ready_judge(&input, &diag, &ready));
	ck_assert_uint_eq(ready.n, kmd_n_requirements);
}

static const struct kmd_readiness *row(const char *consumer, const char *ability)
{
	for (size_t i = 0; i < ready.n; i++)
		if (!strcmp(ready.rows[i].pub.consumer, consumer) &&
		    !strcmp(ready.rows[i].pub.ability, ability))
			return &ready.rows[i].pub;
	ck_abort_msg("no row %s %s", consumer, ability);
}

static void expect(const char *consumer, const char *ability, enum kmd_ready_state state,
		   const char *missing)
{
	const struct kmd_readiness *got = row(consumer, ability);

	ck_assert_msg(got->state == state, "%s %s: state %d, missing %s", consumer, ability,
		      got->state, got->missing);
	ck_assert_msg(strstr(got->missing, missing), "%s %s: missing %s", consumer, ability,
		      got->missing);
	if (state == KMD_READY_WORKS)
		ck_assert_str_eq(got->missing, "");
}

/* Types as if the debug information told them. */
static void type(enum kmd_look_type which, uint64_t value)
{
	judging.look.types[which].known = true;
	judging.look.types[which].value = value;
}

static void look(void)
{
	build();
	expect_ok(kmd_look_init(&judging.look, &input, &diag));
}

static void set_size(const char *name, uint64_t size)
{
	for (size_t i = 0; i < vmlinux.n; i++)
		if (!strcmp(vmlinux.symbols[i].name, name))
			vmlinux.symbols[i].size = size;
}

/* ------------------------------------------------------------------- the look */

START_TEST(extents)
{
	uint64_t first;

	capture(0, PAGE + 100);
	capture(2 * PAGE + 8, 3 * PAGE);
	look();
#define EXTENT(mode, from, size) kmd_look_extent(&judging.look, mode, AT(from), size, &first)
	ck_assert_int_eq(EXTENT(KMD_LOOK_WALK, 0, PAGE + 100), KMD_EXTENT_WHOLE);
	ck_assert_int_eq(EXTENT(KMD_LOOK_VIEWS, 10, PAGE + 90), KMD_EXTENT_WHOLE);
	ck_assert_int_eq(EXTENT(KMD_LOOK_WALK, 0, PAGE + 101), KMD_EXTENT_PART);
	ck_assert_uint_eq(first, AT(PAGE));
	/* Without page tables the image's map does not count. */
	ck_assert_int_eq(EXTENT(KMD_LOOK_TABLES, 0, 8), KMD_EXTENT_GONE);
	/* The third page's first byte is not there: crash fails, drgn may not. */
	ck_assert_int_eq(EXTENT(KMD_LOOK_WALK, 0, 3 * PAGE), KMD_EXTENT_GONE);
	ck_assert_int_eq(EXTENT(KMD_LOOK_EITHER, 0, 3 * PAGE), KMD_EXTENT_PART);
	ck_assert_int_eq(EXTENT(KMD_LOOK_EITHER, 4 * PAGE, 8), KMD_EXTENT_GONE);
	ck_assert_int_eq(EXTENT(KMD_LOOK_EITHER, UINT64_MAX - AT(0) - 4, 64), KMD_EXTENT_GONE);
	ck_assert_int_eq(EXTENT(KMD_LOOK_EITHER, 5 * PAGE, 0), KMD_EXTENT_WHOLE);
}
END_TEST

START_TEST(numbers)
{
	uint64_t value;

	fake_set(&fake, 0x40, UINT64_C(0x1122334455667788), 8);
	capture(0, 0x48);
	look();
	ck_assert(kmd_look_number(&judging.look, KMD_LOOK_WALK, AT(0x40), 8, &value));
	ck_assert_uint_eq(value, UINT64_C(0x1122334455667788));
	ck_assert(kmd_look_number(&judging.look, KMD_LOOK_VIEWS, AT(0x40), 2, &value));
	ck_assert_uint_eq(value, 0x7788);
	ck_assert(!kmd_look_number(&judging.look, KMD_LOOK_EITHER, AT(0x41), 8, &value));
	facts.big_endian = true;
	ck_assert(kmd_look_number(&judging.look, KMD_LOOK_EITHER, AT(0x40), 2, &value));
	ck_assert_uint_eq(value, 0x8877);
}
END_TEST

START_TEST(names_that_do_not_fit)
{
	struct kmd_verdict verdict = { 0 };

	for (int i = 0; i < 1000; i++)
		kmd_verdict_add(&verdict, i == 500 ? KMD_ABSENT : KMD_IN_PART, "object %d", i);
	ck_assert_int_eq(verdict.presence, KMD_ABSENT);
	ck_assert_uint_lt(strlen(verdict.names), sizeof(verdict.names));
	ck_assert(!strncmp(verdict.names, "object 0, object 1, ", 20));
	/* The last that is named is named whole. */
	ck_assert(strstr(verdict.names, "object 10"));
}
END_TEST

/* ------------------------------------------------------------------ the verdict */

START_TEST(without_vmlinux_nothing_is_promised)
{
	capture(0, 2 * PAGE);
	line("OSRELEASE=6.1.0");
	line("PAGESIZE=4096");
	line("SYMBOL(swapper_pg_dir)=ffff800080201000");
	line("KERNELOFFSET=200000");
	line("SYMBOL(_stext)=ffff800080210000");
	line("NUMBER(VA_BITS)=48");
	line("NUMBER(kimage_voffset)=0xffff800040200000");
	build();
	input.vmlinux = NULL;
	judge();
	expect("crash --minimal", "start", KMD_READY_WORKS, "");
	expect("drgn", "start", KMD_READY_WORKS, "");
	expect("crash", "start", KMD_READY_UNKNOWN, "a vmlinux (-x)");
	expect("drgn", "tasks", KMD_READY_UNKNOWN, "a vmlinux (-x)");
	expect("gdb", "threads", KMD_READY_FAILS, "registers of CPUs");
	for (size_t i = 0; i < ready.n; i++)
		if (strcmp(ready.rows[i].pub.ability, "start") != 0)
			ck_assert_int_ne(ready.rows[i].pub.state, KMD_READY_WORKS);
}
END_TEST

START_TEST(without_vmcoreinfo_nothing_starts)
{
	capture(0, PAGE);
	build();
	judge();
	expect("crash --minimal", "start", KMD_READY_FAILS, "VMCOREINFO");
	expect("crash", "bt", KMD_READY_FAILS, "VMCOREINFO");
	expect("drgn", "log", KMD_READY_FAILS, "VMCOREINFO");
	/* gdb needs none; the boot's KASLR offset is known. */
	expect("gdb", "start", KMD_READY_WORKS, "");
}
END_TEST

START_TEST(a_key_is_named)
{
	capture(0, PAGE);
	line("OSRELEASE=6.1.0");
	line("SYMBOL(_stext)=ffff800080210000");
	line("NUMBER(VA_BITS)=48");
	build();
	judge();
	expect("crash --minimal", "start", KMD_READY_FAILS, "VMCOREINFO's NUMBER(kimage_voffset)");
}
END_TEST

/* Each of these fails crash, by name and at its run-time address. */
START_TEST(variables_are_named)
{
	static const char *const names[] = { "linux_banner", "__per_cpu_offset", "nr_threads",
					     "modules" };
	char want[64];

	for (size_t i = 0; i < 4; i++)
		fake_symbol(&fake, names[i], 0x1000 + 0x1000 * i);
	capture(0, 0x1000);
	capture(0x1000 + 0x1000 * (size_t)_i, 0x1008 + 0x1000 * (size_t)_i);
	build();
	judge();
	for (size_t i = 0; i < 4; i++) {
		snprintf(want, sizeof(want), "%s (0x%llx)", names[i],
			 (unsigned long long)AT(0x1000 + 0x1000 * i));
		ck_assert_int_eq(!strstr(row("crash", "start")->missing, want), (int)i == _i);
	}
}
END_TEST

START_TEST(data_in_part)
{
	fake_symbol(&fake, "_sdata", 0x1000);
	fake_symbol(&fake, "_edata", 0x3000);
	capture(0x1000, 0x1800);
	build();
	judge();
	expect("gdb", "variables", KMD_READY_PARTLY, "part of .data");
}
END_TEST

/* ---------------------------------------------------------------------- the log */

static void ring(uint64_t size_bits)
{
	fake_symbol(&fake, "prb", 0x100);
	fake_set(&fake, 0x100, AT(0x200), 8);
	fake_set(&fake, 0x200, 2, 4);          /* count_bits */
	fake_set(&fake, 0x208, AT(0x1000), 8); /* descs */
	fake_set(&fake, 0x210, AT(0x2000), 8); /* infos */
	fake_set(&fake, 0x230, size_bits, 4);  /* size_bits */
	fake_set(&fake, 0x238, AT(0x3000), 8); /* data */
	line("SIZE(printk_ringbuffer)=88");
	line("OFFSET(printk_ringbuffer.desc_ring)=0");
	line("OFFSET(printk_ringbuffer.text_data_ring)=48");
	line("OFFSET(prb_desc_ring.count_bits)=0");
	line("OFFSET(prb_desc_ring.descs)=8");
	line("OFFSET(prb_desc_ring.infos)=16");
	line("OFFSET(prb_data_ring.size_bits)=0");
	line("OFFSET(prb_data_ring.data)=8");
	line("SIZE(prb_desc)=24");
	line("SIZE(printk_info)=88");
	capture(0, 0x1000);
}

static const struct kmd_verdict *verdict_on(enum kmd_object object)
{
	look();
	return kmd_object_judge(&judging, KMD_LOOK_WALK, object);
}

START_TEST(log_is_whole)
{
	ring(8);
	capture(0x1000, 0x1000 + 4 * 24);
	capture(0x2000, 0x2000 + 4 * 88);
	capture(0x3000, 0x3100);
	ck_assert_int_eq(verdict_on(KMD_O_LOG)->presence, KMD_PRESENT);
}
END_TEST

START_TEST(log_lacks_a_byte)
{
	const struct kmd_verdict *verdict;

	ring(8);
	capture(0x1000, 0x1000 + 4 * 24);
	capture(0x2000, 0x2000 + 4 * 88 - 1);
	verdict = verdict_on(KMD_O_LOG);
	ck_assert_int_eq(verdict->presence, KMD_ABSENT);
	ck_assert_ptr_nonnull(strstr(verdict->names, "part of the log's infos"));
	ck_assert_ptr_nonnull(strstr(verdict->names, "the log's text (0xffff800080203000)"));
	ck_assert_ptr_null(strstr(verdict->names, "descriptors"));
}
END_TEST

START_TEST(log_of_impossible_size)
{
	ring(200);
	ck_assert_int_eq(verdict_on(KMD_O_LOG)->presence, KMD_UNKNOWN);
}
END_TEST

/* ----------------------------------------------------------------------- tasks */

#define NODE_SIZE (8 + 64 * 8)

static void types_of_tasks(void)
{
	type(KMD_T_PIDNS_HEAD, 16);
	type(KMD_T_TASK_PIDS, 32);
	type(KMD_T_PID_TASKS, 8);
	type(KMD_T_PID, 24);
	type(KMD_T_TASK, 256);
	type(KMD_T_XA_SHIFT, 0);
	type(KMD_T_XA_SLOTS, 8);
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
	look();
	types_of_tasks();
	expect_ok(kmd_tasks_read(&judging.look, &judging.tasks));
}

static void expect_verdict(enum kmd_object object, enum kmd_presence presence, const char *names)
{
	const struct kmd_verdict *verdict = kmd_object_judge(&judging, KMD_LOOK_EITHER, object);

	ck_assert_msg(verdict->presence == presence && strstr(verdict->names, names),
		      "presence %d, names %s", verdict->presence, verdict->names);
}

START_TEST(tasks_are_found)
{
	tree();
	capture(0, 0x6000);
	read_tasks();
	ck_assert_ptr_null(judging.tasks.unknown);
	ck_assert_uint_eq(judging.tasks.nodes.n, 3);
	ck_assert_uint_eq(judging.tasks.pids.n, 3);
	ck_assert_uint_eq(judging.tasks.tasks.n, 3);
	ck_assert_uint_eq(judging.tasks.tasks.items[2], AT(0x5400));
	expect_verdict(KMD_O_PID_TREE, KMD_PRESENT, "");
	expect_verdict(KMD_O_TASKS, KMD_PRESENT, "");
}
END_TEST

START_TEST(tasks_are_counted)
{
	tree();
	capture(0, 0x3000);
	capture(0x4000, 0x5200);
	read_tasks();
	ck_assert_uint_eq(judging.tasks.nodes_absent, 1);
	expect_verdict(KMD_O_PID_TREE, KMD_ABSENT, "1 of 3 xa_nodes of pids (0xffff800080203000)");
	expect_verdict(KMD_O_PIDS, KMD_PRESENT, "");
	expect_verdict(KMD_O_TASKS, KMD_IN_PART, "1 of 2 task_structs (first 0xffff800080205200)");
	expect_verdict(KMD_O_STACKS, KMD_UNKNOWN, "size of stacks");
}
END_TEST

/* A node below itself, one whose shift is not less than its parent's, a slot to nowhere. */
START_TEST(tree_of_a_liar)
{
	tree();
	slot(0x1000, 2, AT(0x1000) | 2);
	slot(0x1000, 3, UINT64_MAX - 1);
	fake_set(&fake, 0x3000, 6, 1);
	capture(0, 0x6000);
	read_tasks();
	ck_assert_uint_eq(judging.tasks.pids.n, 2);
	ck_assert_uint_eq(judging.tasks.nodes_absent, 3);
}
END_TEST

/* Every slot of every node leads down to one and the same node: 64^10 ways. */
START_TEST(tree_of_too_many)
{
	fake_symbol(&fake, "init_pid_ns", 0x100);
	fake_set(&fake, 0x110, AT(0x1000) | 2, 8);
	for (size_t level = 0; level < 10; level++) {
		fake_set(&fake, 0x1000 * (level + 1), 60 - 6 * level, 1);
		for (size_t i = 0; i < 64; i++)
			slot(0x1000 * (level + 1), i, AT(0x1000 * (level + 2)) | 2);
	}
	capture(0, 0x20000);
	read_tasks();
	ck_assert_uint_le(judging.tasks.nodes.n, 200000);
}
END_TEST

START_TEST(modules_without_end)
{
	fake_symbol(&fake, "modules", 0x100);
	fake_set(&fake, 0x100, AT(0x1008), 8);
	fake_set(&fake, 0x1008, AT(0x2008), 8);
	fake_set(&fake, 0x2008, AT(0x1008), 8);
	capture(0, 0x3000);
	look();
	type(KMD_T_MODULE, 64);
	type(KMD_T_MODULE_LIST, 8);
	expect_verdict(KMD_O_MODULES, KMD_PRESENT, "");
}
END_TEST

START_TEST(module_is_missing)
{
	fake_symbol(&fake, "modules", 0x100);
	fake_set(&fake, 0x100, AT(0x1008), 8);
	fake_set(&fake, 0x1008, AT(0x9008), 8);
	capture(0, 0x3000);
	look();
	type(KMD_T_MODULE, 64);
	type(KMD_T_MODULE_LIST, 8);
	expect_verdict(KMD_O_MODULES, KMD_ABSENT, "struct module (0xffff800080209000)");
}
END_TEST

START_TEST(too_many_roots)
{
	fake_symbol(&fake, "mem_section", 0x100);
	fake_set(&fake, 0x100, AT(0x1000), 8);
	capture(0, 0x2000);
	line("LENGTH(mem_section)=99999999999");
	look();
	set_size("mem_section", 8);
	expect_verdict(KMD_O_MEM_SECTION, KMD_UNKNOWN, "length of mem_section");
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
	capture(0, 0x4000);
	look();
	set_size("__cpu_present_mask", 8);
	set_size("__per_cpu_offset", 64);
	type(KMD_T_RQ, 64);
	type(KMD_T_RQ_CURR, 16);
	type(KMD_T_TASK, 256);
	expect_ok(kmd_tasks_read(&judging.look, &judging.tasks));
	ck_assert_uint_eq(judging.tasks.cpus.n, 2);
	ck_assert_uint_eq(judging.tasks.cpus.numbers[1], 2);
	ck_assert_uint_eq(judging.tasks.current.items[0], AT(0x5000));
	ck_assert(kmd_look_per_cpu(&judging.look, "runqueues", 0x3000, &virt));
	ck_assert_uint_eq(virt, AT(0x4000));
	expect_verdict(KMD_O_RUNQUEUES, KMD_ABSENT, "runqueues of CPU 2 (0xffff800080204000)");
	expect_verdict(KMD_O_CURRENT_TASKS, KMD_ABSENT, "2 of 2 current task_structs");
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, extents);
	tcase_add_test(tcase, numbers);
	tcase_add_test(tcase, names_that_do_not_fit);
	tcase_add_test(tcase, without_vmlinux_nothing_is_promised);
	tcase_add_test(tcase, without_vmcoreinfo_nothing_starts);
	tcase_add_test(tcase, a_key_is_named);
	tcase_add_loop_test(tcase, variables_are_named, 0, 4);
	tcase_add_test(tcase, data_in_part);
	tcase_add_test(tcase, log_is_whole);
	tcase_add_test(tcase, log_lacks_a_byte);
	tcase_add_test(tcase, log_of_impossible_size);
	tcase_add_test(tcase, tasks_are_found);
	tcase_add_test(tcase, tasks_are_counted);
	tcase_add_test(tcase, tree_of_a_liar);
	tcase_add_test(tcase, tree_of_too_many);
	tcase_add_test(tcase, modules_without_end);
	tcase_add_test(tcase, module_is_missing);
	tcase_add_test(tcase, too_many_roots);
	tcase_add_test(tcase, cpus_of_the_masks);
	return kit_run("ready", tcase);
}
