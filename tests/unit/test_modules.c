/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_modules.c - modules and code made at run time, out of memory made by hand; and damage. */
#include "consumer_kit.h"

#include "symbol/list.h"
#include "unwind/stack.h"

#include <elf.h>
#include <string.h>

#define LIST   0x1000 /* the list's head */
#define MODULE 0x2000 /* struct module: links, name, taints, base, size, kallsyms */
#define TABLE  0x3000 /* its symbols */
#define NAMES  0x3800
#define MEMORY 0x4000 /* its code and data */
#define OPS    0x6000 /* struct ftrace_ops: next, flags, trampoline, size */
#define PAGES  0x7000 /* struct kprobe_insn_page */
#define KSYM   0x8000 /* struct bpf_ksym */
#define CODE   0xa000

static struct kmd_modules modules;

static void teardown(void)
{
	kmd_modules_deinit(&modules);
	consumer_teardown();
}

static void types(void)
{
	static const struct {
		enum kmd_target_type type;
		uint64_t value;
	} known[] = {
		{ KMD_T_MODULE, 0x100 },         { KMD_T_MODULE_LIST, 0 },
		{ KMD_T_MODULE_NAME, 0x10 },     { KMD_T_MODULE_TAINTS, 0x50 },
		{ KMD_T_CORE_BASE, 0x58 },       { KMD_T_CORE_SIZE, 0x60 },
		{ KMD_T_MODULE_KALLSYMS, 0x68 }, { KMD_T_KALLSYMS_SYMTAB, 0 },
		{ KMD_T_KALLSYMS_NUM, 8 },       { KMD_T_KALLSYMS_STRTAB, 16 },
		{ KMD_T_FTRACE_NEXT, 0 },        { KMD_T_FTRACE_FLAGS, 8 },
		{ KMD_T_FTRACE_TRAMPOLINE, 16 }, { KMD_T_FTRACE_SIZE, 24 },
		{ KMD_T_FTRACE_SAVE_REGS, 4 },   { KMD_T_KPROBE_PAGES, 16 },
		{ KMD_T_KPROBE_PAGE_LIST, 0 },   { KMD_T_KPROBE_PAGE_INSNS, 16 },
		{ KMD_T_BPF_LINK, 0 },           { KMD_T_BPF_START, 16 },
		{ KMD_T_BPF_END, 24 },           { KMD_T_BPF_NAME, 32 },
		{ KMD_T_BPF_NAME_LENGTH, 128 },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		consumer_type(known[i].type, known[i].value);
}

static void text(size_t at, const char *value)
{
	memcpy(fake.memory + at, value, strlen(value) + 1);
}

static void pointer(size_t at, size_t to)
{
	fake_set(&fake, at, AT(to), 8);
}

static void note(size_t at, unsigned char first)
{
	fake_set(&fake, at, 4, 4);
	fake_set(&fake, at + 4, 20, 4);
	fake_set(&fake, at + 8, NT_GNU_BUILD_ID, 4);
	text(at + 12, "GNU");
	for (unsigned int i = 0; i < 20; i++)
		fake_set(&fake, at + 16 + i, first + i, 1);
}

static void add_module(void)
{
	fake_symbol(&fake, "modules", LIST);
	pointer(LIST, MODULE);
	pointer(MODULE, LIST);
	text(MODULE + 0x10, "lab");
	fake_set(&fake, MODULE + 0x50, 1 << 12 | 1 << 13, 8);
	pointer(MODULE + 0x58, MEMORY);
	fake_set(&fake, MODULE + 0x60, 0x1000, 4);
	pointer(MODULE + 0x68, MODULE + 0x80);
	pointer(MODULE + 0x80, TABLE);
	fake_set(&fake, MODULE + 0x88, 2, 4);
	pointer(MODULE + 0x90, NAMES);
	text(NAMES + 1, "lab_start");
	fake_set(&fake, TABLE + 24, 1, 4);
	pointer(TABLE + 24 + 8, MEMORY + 0x100);
	note(MEMORY + 0x400, 0xa0);
}

static void read_from(size_t from)
{
	consumer_capture(from, 0x20000);
	consumer_build();
	types();
	expect_ok(kmd_modules_read(&target, &modules));
}

START_TEST(identity)
{
	bool next;

	add_module();
	read_from(0);
	ck_assert_uint_eq(modules.n, 1);
	ck_assert_str_eq(modules.items[0].pub.name, "lab");
	ck_assert_str_eq(modules.items[0].pub.taint, "OE");
	ck_assert_str_eq(modules.items[0].pub.build_id, "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3");
	ck_assert_str_eq(kmd_module_symbol_at(&target, &modules.items[0], AT(MEMORY + 0x110),
					      AT(MEMORY + 0x110), &next)
				 ->name,
			 "lab_start");
	expect_no_messages();
}
END_TEST

/* Two different ones: which is the module's is not known.  A bit without a letter neither. */
START_TEST(identity_not_known)
{
	add_module();
	note(MEMORY + 0x800, 0x10);
	fake_set(&fake, MODULE + 0x50, UINT64_C(1) << 40, 8);
	read_from(0);
	ck_assert_ptr_null(modules.items[0].pub.build_id);
	ck_assert_ptr_null(modules.items[0].pub.taint);
}
END_TEST

/* What was not captured may have a second one. */
START_TEST(identity_of_part)
{
	add_module();
	pointer(MODULE + 0x58, 0x1f800);
	note(0x1f900, 0xa0);
	read_from(0);
	ck_assert_ptr_null(modules.items[0].pub.build_id);
}
END_TEST

/* The kernel's own copy needs no search. */
START_TEST(identity_by_member)
{
	add_module();
	for (unsigned int i = 0; i < 20; i++)
		fake_set(&fake, MODULE + 0xa0 + i, 0x30 + i, 1);
	consumer_capture(0, 0x20000);
	consumer_build();
	types();
	consumer_type(KMD_T_MODULE_BUILD_ID, 0xa0);
	expect_ok(kmd_modules_read(&target, &modules));
	ck_assert_int_eq(strncmp(modules.items[0].pub.build_id, "303132", 6), 0);
}
END_TEST

START_TEST(damaged_symbols)
{
	add_module();
	if (_i)
		fake_set(&fake, MODULE + 0x88, 0x7fffffff, 4);
	else
		pointer(TABLE + 24 + 8, 0x9000);
	read_from(0);
	ck_assert_uint_eq(modules.n, 1);
	ck_assert_uint_eq(modules.items[0].n_symbols, 0);
	expect_finding(KMD_FIND_TABLE, KMD_DAMAGE,
		       _i ? "symbols of module lab" : "none is in the module's memory");
}
END_TEST

/* A list that leads back into itself, and not to its head: each module once. */
START_TEST(list_in_a_circle)
{
	add_module();
	pointer(MODULE, MODULE + 0x800);
	memcpy(fake.memory + MODULE + 0x800, fake.memory + MODULE, 0x100);
	pointer(MODULE + 0x800, MODULE);
	read_from(0);
	ck_assert_uint_eq(modules.n, 2);
	ck_assert_str_eq(modules.unknown, "the list of modules is damaged");
}
END_TEST

/* Many modules have one table, whose names are as long as they may be, and not printable. */
START_TEST(long_names)
{
	enum { MODULES = 140, SYMBOLS = 1000, TABLE_AT = 0x10000, NAMES_AT = 0x18000 };
	struct kmd_symbol_list list;
	struct kmd_kallsyms none = { 0 };

	add_module();
	for (size_t i = 0; i < MODULES; i++) {
		size_t at = MODULE + 0x1000 + i * 0x100;

		memcpy(fake.memory + at, fake.memory + MODULE, 0x100);
		pointer(at, i + 1 < MODULES ? at + 0x100 : LIST);
	}
	pointer(MODULE, MODULE + 0x1000);
	pointer(MODULE + 0x80, TABLE_AT);
	for (size_t i = 1; i < SYMBOLS; i++) {
		fake_set(&fake, TABLE_AT + 24 * i, 1, 4);
		pointer(TABLE_AT + 24 * i + 8, MEMORY + 0x100);
	}
	memset(fake.memory + NAMES_AT, 1, 500);
	pointer(MODULE + 0x90, NAMES_AT);
	for (size_t i = 0; i <= MODULES; i++) {
		size_t at = i ? MODULE + 0x1000 + (i - 1) * 0x100 : MODULE;

		pointer(at + 0x68, MODULE + 0x80);
	}
	fake_set(&fake, MODULE + 0x88, SYMBOLS, 4);
	read_from(0);
	ck_assert_uint_eq(modules.n, MODULES + 1);
	ck_assert_uint_eq(modules.items[1].n_symbols, SYMBOLS - 1);
	expect_error(kmd_symbol_list_read(&target, &none, &modules, &list), KMD_ERR_LIMIT,
		     "the names of all symbols");
	ck_assert_uint_eq(list.n, 0);
}
END_TEST

/* While it is initialised, a module has code that the rest of its life has not. */
START_TEST(initialisation)
{
	const struct kmd_module_symbol *symbol;
	bool next;

	add_module();
	fake_set(&fake, MODULE + 0x88, 3, 4);
	text(NAMES + 0x40, "lab_init");
	fake_set(&fake, TABLE + 48, 0x40, 4);
	pointer(TABLE + 48 + 8, 0x9000);
	pointer(MODULE + 0x98, 0x9000);
	fake_set(&fake, MODULE + 0xa0, _i ? 0 : 0x800, 4);
	consumer_capture(0, 0x20000);
	consumer_build();
	types();
	consumer_type(KMD_T_INIT_BASE, 0x98);
	consumer_type(KMD_T_INIT_SIZE, 0xa0);
	expect_ok(kmd_modules_read(&target, &modules));
	ck_assert_uint_eq(modules.items[0].pub.base, AT(MEMORY));
	ck_assert(kmd_modules_find(&modules, AT(0x9010)) == (_i ? NULL : &modules.items[0]));
	ck_assert_uint_eq(modules.items[0].n_symbols, _i ? 1 : 2);
	if (_i)
		return;
	symbol = kmd_module_symbol_at(&target, &modules.items[0], AT(0x9010), AT(0x9010), &next);
	ck_assert_str_eq(symbol->name, "lab_init");
	ck_assert_uint_eq(kmd_modules_room(&modules, AT(0x9010)), 0x7f0);
}
END_TEST

static void add_code(void)
{
	fake_symbol(&fake, "ftrace_ops_list", OPS - 8);
	fake_symbol(&fake, "ftrace_list_end", OPS + 0x80);
	fake_symbol(&fake, "ftrace_caller", 0x9000);
	fake_symbol(&fake, "ftrace_regs_caller", 0x9400);
	pointer(OPS - 8, OPS);
	pointer(OPS, OPS + 0x80);
	fake_set(&fake, OPS + 8, 5, 8);
	pointer(OPS + 16, CODE);
	fake_set(&fake, OPS + 24, 0x100, 8);
	fake_symbol(&fake, "kprobe_optinsn_slots", PAGES);
	pointer(PAGES + 16, PAGES + 0x40);
	pointer(PAGES + 0x40, PAGES + 16);
	pointer(PAGES + 0x50, CODE + 0x1000);
	fake_symbol(&fake, "bpf_kallsyms", KSYM - 16);
	pointer(KSYM - 16, KSYM);
	pointer(KSYM, KSYM - 16);
	pointer(KSYM + 16, CODE + 0x3000);
	pointer(KSYM + 24, CODE + 0x3080);
	text(KSYM + 32, "bpf_prog_6deef7357e7b4530_\x01");
}

static void expect_code(size_t at, const char *owner, const char *name)
{
	const struct kmd_trampoline *one = kmd_trampolines_find(&modules.trampolines, AT(at));

	if (!name) {
		ck_assert_ptr_null(one);
		return;
	}
	ck_assert_ptr_nonnull(one);
	ck_assert_str_eq(one->owner, owner);
	ck_assert_str_eq(one->name, name);
}

START_TEST(code_made_at_run_time)
{
	add_code();
	read_from(0);
	ck_assert_uint_eq(modules.trampolines.n, 3);
	expect_code(CODE + 0x10, "__builtin__ftrace", "ftrace_trampoline");
	ck_assert_uint_eq(modules.trampolines.items[0].copy_of, AT(0x9400));
	expect_code(CODE + 0x100, NULL, NULL);
	expect_code(CODE + 0x1fff, "__builtin__kprobes", "kprobe_optinsn_page");
	expect_code(CODE + 0x3000, "bpf", "bpf_prog_6deef7357e7b4530_\\x01");
	expect_code(CODE + 0x3080, NULL, NULL);
}
END_TEST

/* Circles, sizes of the whole address space, an end before the start, lists that lead nowhere. */
START_TEST(hostile_code)
{
	add_code();
	pointer(OPS, OPS);
	fake_set(&fake, OPS + 24, UINT64_MAX, 8);
	pointer(PAGES + 0x40, PAGES + 0x40);
	fake_set(&fake, PAGES + 0x50, 0x1000, 8);
	pointer(KSYM, 0x1fffc);
	pointer(KSYM + 24, CODE);
	read_from(0);
	ck_assert_uint_eq(modules.trampolines.n, 0);
	expect_no_messages();
}
END_TEST

/* A stack of arm64 through such code: its frames have names, and the rest is there. */
START_TEST(stack_through_code)
{
	struct kmd_unwind_start start = { .pc = AT(0x100), .sp = AT(0xc000), .fp = AT(0xc010) };
	struct kmd_stack_entry stack;
	struct kmd_unwinder unwinder;
	struct kmd_unwind unwind;

	add_code();
	fake_symbol(&fake, "_stext", 0x80);
	fake_symbol(&fake, "a_function", 0x200);
	pointer(0xc010, 0xc040);
	/* Behind the kernel's image. */
	pointer(KSYM + 16, FAKE_SIZE + 0x1000);
	pointer(KSYM + 24, FAKE_SIZE + 0x1080);
	pointer(0xc018, FAKE_SIZE + 0x1010);
	pointer(0xc040, 0xc080);
	pointer(0xc048, 0x210);
	read_from(0);
	expect_ok(kmd_unwinder_init(&target, &modules, &unwinder));
	expect_ok(kmd_unwind(&unwinder, &start, &unwind));
	expect_ok(kmd_stack_make(&target, &modules, NULL, &unwind, &stack));
	ck_assert_uint_eq(stack.pub.n, 3);
	ck_assert_str_eq(stack.pub.frames[1].module, "bpf");
	ck_assert_uint_eq(stack.pub.frames[1].offset, 0x10);
	ck_assert_str_eq(stack.pub.frames[2].function, "a_function");
	kmd_stack_deinit(&stack);
	kmd_unwind_deinit(&unwind);
	kmd_unwinder_deinit(&unwinder);
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_checked_fixture(tcase, consumer_setup, teardown);
	tcase_add_test(tcase, identity);
	tcase_add_test(tcase, identity_not_known);
	tcase_add_test(tcase, identity_of_part);
	tcase_add_test(tcase, identity_by_member);
	tcase_add_loop_test(tcase, damaged_symbols, 0, 2);
	tcase_add_test(tcase, list_in_a_circle);
	tcase_add_test(tcase, long_names);
	tcase_add_loop_test(tcase, initialisation, 0, 2);
	tcase_add_test(tcase, code_made_at_run_time);
	tcase_add_test(tcase, hostile_code);
	tcase_add_test(tcase, stack_through_code);
	return kit_run("modules", tcase);
}
