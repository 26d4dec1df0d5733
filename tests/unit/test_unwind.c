/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_unwind.c - stacks of arm64 and x86_64 made by hand, sound and hostile. */
#include "unwind_kit.h"

#include "unwind/stack.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

static void build(void)
{
	unwind_build(0x10000);
}

START_TEST(records)
{
	record(STACK, AT(STACK + 0x40), AT(0x200));
	record(STACK + 0x40, AT(STACK + 0x80), AT(0x300));
	record(STACK + 0x80, 0, 0);
	build();
	unwind_from(AT(0x100), AT(STACK - 0x20), AT(STACK));
	expect_frames("100 200 300", NULL);
	ck_assert(unwind.frames[0].exact && !unwind.frames[1].exact);
}
END_TEST

/* The record in struct pt_regs has what an exception interrupted. */
START_TEST(exception)
{
	const size_t regs = STACK + 0x100, at = regs + 304;

	record(STACK, AT(at), AT(0x200));
	record(at, AT(STACK + 0x400), AT(0x300));
	fake_set(&fake, regs + 8 * 29, AT(STACK + 0x400), 8);
	fake_set(&fake, regs + 8 * 32, AT(0x300), 8);
	record(STACK + 0x400, 0, 0);
	build();
	unwind_from(AT(0x100), AT(STACK - 0x20), AT(STACK));
	expect_frames("100 200 300", NULL);
	ck_assert(!unwind.frames[1].exact && unwind.frames[2].exact);
}
END_TEST

/* Since 6.14 that record is zero, and its type follows. */
START_TEST(exception_with_type)
{
	const size_t regs = STACK + 0x100, at = regs + 296;

	record(STACK, AT(at), AT(0x200));
	fake_set(&fake, at + 16, 2, 8);
	fake_set(&fake, regs + 8 * 29, AT(STACK + 0x400), 8);
	fake_set(&fake, regs + 8 * 31, AT(STACK + 0x3f0), 8);
	fake_set(&fake, regs + 8 * 32, AT(0x300), 8);
	record(STACK + 0x400, 0, 0);
	fake_set(&fake, STACK + 0x410, 1, 8);
	build();
	consumer_type(KMD_T_REGS_RECORD, 296);
	consumer_type(KMD_T_RECORD_META, 24);
	unwind_from(AT(0x100), AT(STACK - 0x20), AT(STACK));
	expect_frames("100 200 300", NULL);
	ck_assert(unwind.frames[2].exact);
}
END_TEST

START_TEST(signed_addresses)
{
	record(STACK, AT(STACK + 0x40), AT(0x200) & ~(UINT64_C(0x55) << 48));
	record(STACK + 0x40, 0, 0);
	consumer_line("NUMBER(KERNELPACMASK)=0x7f000000000000");
	build();
	unwind_from(AT(0x100), AT(STACK - 0x20), AT(STACK));
	expect_frames("100 200", NULL);
}
END_TEST

START_TEST(hostile_records)
{
	/* A circle, on one stack. */
	record(STACK, AT(STACK + 0x40), AT(0x200));
	record(STACK + 0x40, AT(STACK), AT(0x300));
	/* A circle of two stacks that are far from each other. */
	record(0x1000, AT(0xf000), AT(0x200));
	record(0xf000, AT(0x1000), AT(0x300));
	/* A pointer that is odd, one into user space, one to memory that is not there. */
	record(0x2000, AT(0x2041), AT(0x200));
	record(0x2100, 0x7fff1234, AT(0x200));
	record(0x2200, AT(0x20000), AT(0x200));
	/* A return address of user space. */
	record(0x2300, AT(0x2340), 0x401000);
	build();
	unwind_from(AT(0x100), AT(STACK - 0x20), AT(STACK));
	expect_frames("100 200 300", "does not rise");
	unwind_from(AT(0x100), AT(0xff0), AT(0x1000));
	ck_assert_uint_lt(unwind.n, 64);
	ck_assert_ptr_nonnull(unwind.end);
	unwind_from(AT(0x100), AT(0x1ff0), AT(0x2000));
	expect_frames("100 200", "frame pointer is invalid");
	unwind_from(AT(0x100), AT(0x20f0), AT(0x2100));
	expect_frames("100 200", "frame pointer is invalid");
	unwind_from(AT(0x100), AT(0x21f0), AT(0x2200));
	expect_frames("100 200", "not captured");
	unwind_from(AT(0x100), AT(0x22f0), AT(0x2300));
	expect_frames("100", "not in the kernel");
	unwind_from(AT(0x100), AT(STACK), UINT64_MAX - 7);
	expect_frames("100", "not captured");
}
END_TEST

/* ----- x86_64 */

static void build_x86(void)
{
	row(0x2000, 0, 0, 0);
	name_rows();
	build();
	ck_assert_ptr_null(unwinder.unusable);
}

START_TEST(orc)
{
	row(0x100, 16, 0, CALL | SP);               /* one word below the return address */
	row(0x200, 16, -16, CALL | BP | BP_ON_CFA); /* a frame with a frame pointer */
	row(0x300, 8, 0, CALL | SP);
	row(0x400, 0, 0, END);
	fake_set(&fake, STACK + 8, AT(0x210), 8);
	fake_set(&fake, STACK + 0x40, AT(0x1111), 8); /* the caller's rbp */
	fake_set(&fake, STACK + 0x48, AT(0x308), 8);
	fake_set(&fake, STACK + 0x50, AT(0x408), 8);
	build_x86();
	unwind_from(AT(0x104), AT(STACK), AT(STACK + 0x40));
	expect_frames("104 210 308 408", NULL);
}
END_TEST

/* In Linux 7.2 the registers have other numbers: most rows decide. */
START_TEST(orc_renumbered)
{
	const unsigned int sp = 3, bp = 4, bp_on_cfa = 8u << 4, ax = 1;

	row(0x100, 16, 0, CALL | sp);
	row(0x200, 16, -16, CALL | bp | bp_on_cfa);
	row(0x300, 8, 0, CALL | sp);
	row(0x400, 0, 0, END);
	row(0x500, 8, 0, CALL | ax);
	fake_set(&fake, STACK + 8, AT(0x210), 8);
	fake_set(&fake, STACK + 0x40, AT(0x1111), 8);
	fake_set(&fake, STACK + 0x48, AT(0x308), 8);
	fake_set(&fake, STACK + 0x50, AT(0x408), 8);
	build_x86();
	unwind_from(AT(0x104), AT(STACK), AT(STACK + 0x40));
	expect_frames("104 210 308 408", NULL);
	unwind_from(AT(0x504), AT(STACK), AT(STACK + 0x40));
	expect_frames("504", "not captured");
}
END_TEST

/* An interrupt: its registers, whole, and then the interrupted function. */
START_TEST(orc_interrupt)
{
	const size_t regs = STACK + 8;

	row(0x100, 8, 0, CALL | SP);
	row(0x200, 0, 0, REGS | SP | SIGNAL); /* entry code: registers at the stack pointer */
	row(0x300, 8, 0, CALL | SP);
	row(0x400, 0, 0, END);
	fake_set(&fake, STACK, AT(0x210), 8);
	fake_set(&fake, regs + 8 * 16, AT(0x300), 8);
	fake_set(&fake, regs + 8 * 17, 0x10, 8);
	fake_set(&fake, regs + 8 * 19, AT(STACK + 0x400), 8);
	fake_set(&fake, STACK + 0x400, AT(0x408), 8);
	build_x86();
	unwind_from(AT(0x104), AT(STACK), 0);
	/* 0x300 is the first byte of its function: a return address there would be the last's. */
	expect_frames("104 210 300 408", NULL);
	ck_assert(unwind.frames[2].exact && !unwind.frames[3].exact);
}
END_TEST

START_TEST(orc_from_user_space)
{
	row(0x100, 8, 0, CALL | SP);
	row(0x200, 0, 0, PARTIAL | SP | SIGNAL);
	fake_set(&fake, STACK, AT(0x210), 8);
	fake_set(&fake, STACK + 8, 0x401000, 8);
	fake_set(&fake, STACK + 16, 0x33, 8);
	fake_set(&fake, STACK + 32, 0x7fff0000, 8);
	build_x86();
	unwind_from(AT(0x104), AT(STACK), 0);
	expect_frames("104 210", NULL);
}
END_TEST

/* ftrace's copy of its entry code has the rows of the original. */
START_TEST(orc_in_a_copy)
{
	struct kmd_trampoline copy = { AT(0x6000), 0x100, "__builtin__ftrace", NULL, AT(0x100) };

	row(0x100, 16, 0, CALL | SP);
	row(0x200, 8, 0, CALL | SP);
	row(0x400, 0, 0, END);
	fake_set(&fake, STACK + 8, AT(0x210), 8);
	fake_set(&fake, STACK + 0x10, AT(0x408), 8);
	modules.trampolines = (struct kmd_trampolines){ &copy, 1, 1 };
	build_x86();
	unwind_from(AT(0x6020), AT(STACK), 0);
	expect_frames("6020 210 408", NULL);
	unwind_from(AT(0x6100), AT(STACK), 0);
	expect_frames("6100", "no ORC table covers");
	modules.trampolines = (struct kmd_trampolines){ 0 };
}
END_TEST

/* A call of address 0, and code that has no row. */
START_TEST(orc_without_row)
{
	row(0x100, 8, 0, CALL | SP);
	row(0x200, 0, 0, END);
	fake_set(&fake, STACK, AT(0x108), 8);
	fake_set(&fake, STACK + 8, AT(0x208), 8);
	build_x86();
	unwind_from(0, AT(STACK), 0);
	ck_assert_uint_eq(unwind.n, 3);
	ck_assert_ptr_null(unwind.end);
	unwind_from(AT(0x5000), AT(STACK), 0);
	expect_frames("5000", "no ORC table covers");
}
END_TEST

START_TEST(hostile_orc)
{
	row(0x100, -8, 0, CALL | SP); /* the stack pointer falls */
	row(0x200, 0, 0, CALL);       /* no stack pointer */
	row(0x300, 8, 0, (7u << 8) | SP);
	row(0x400, 0x7ff8, 0, CALL | SP);
	fake_set(&fake, STACK + 0xf0, AT(0x108), 8);
	build_x86();
	unwind_from(AT(0x104), AT(STACK + 0x100), 0);
	expect_frames("104", "does not rise");
	unwind_from(AT(0x204), AT(STACK), 0);
	ck_assert_ptr_nonnull(unwind.end);
	unwind_from(AT(0x304), AT(STACK), 0);
	ck_assert_ptr_nonnull(unwind.end);
	unwind_from(AT(0x404), UINT64_MAX - 16, 0);
	ck_assert_ptr_nonnull(unwind.end);
}
END_TEST

/* Tables that are not sorted, of different lengths, or not there. */
START_TEST(damaged_tables)
{
	row(0x300, 8, 0, CALL | SP);
	row(0x100, 8, 0, CALL | SP);
	facts.machine = EM_X86_64;
	fake_symbol(&fake, "__start_orc_unwind_ip", ENTRIES);
	fake_symbol(&fake, "__stop_orc_unwind_ip", ENTRIES + 8);
	fake_symbol(&fake, "__start_orc_unwind", ROWS);
	fake_symbol(&fake, "__stop_orc_unwind", ROWS + 12);
	build();
	ck_assert_ptr_nonnull(strstr(unwinder.unusable, "not sorted"));
	expect_finding(KMD_FIND_TABLE, KMD_DAMAGE, "ORC tables of the kernel");
	unwind_from(AT(0x104), AT(STACK), 0);
	expect_frames("104", "not sorted");
}
END_TEST

/* ----- x86_64: modules */

#define LIST    0xa000 /* the list's head */
#define FIRST   0xa100 /* struct module: links, name, core and init layout, ORC tables */
#define SECOND  0xa200
#define ROWS_OF 0xb000  /* the distances and rows of the first; 0x100 further of the second */
#define NOWHERE 0x1f000 /* not captured */

/* Text and initialisation of two modules, mixed; the rows of the first reach over all of it. */
#define TEXT_1  0x5000
#define TEXT_2  0x6000
#define INIT_1  0x7000
#define INIT_2  0x8000
#define BEHIND  0x9000

static void add_module(size_t at, size_t next, size_t text, size_t init, size_t tables)
{
	const size_t pcs[] = { text, init, BEHIND };

	fake_set(&fake, at, AT(next), 8);
	memcpy(fake.memory + at + 0x10, "lab", 4);
	fake_set(&fake, at + 0x50, AT(text), 8);
	fake_set(&fake, at + 0x58, 0x800, 4);
	fake_set(&fake, at + 0x60, AT(init), 8);
	fake_set(&fake, at + 0x68, 0x800, 4);
	fake_set(&fake, at + 0x70, 3, 4);
	fake_set(&fake, at + 0x78, AT(tables), 8);
	fake_set(&fake, at + 0x80, AT(tables + 0x40), 8);
	for (size_t i = 0; tables != NOWHERE && i < 3; i++) {
		fake_set(&fake, tables + 4 * i, pcs[i] - (tables + 4 * i), 4);
		fake_set(&fake, tables + 0x40 + 6 * i, i == 2 ? 0 : 8, 2);
		fake_set(&fake, tables + 0x44 + 6 * i, i == 2 ? 0 : CALL | SP, 2);
	}
}

/* Two modules; the second one's structure is at @second, its tables are at @tables. */
static void build_modules(size_t second, size_t tables)
{
	static const struct {
		enum kmd_target_type type;
		uint64_t value;
	} known[] = {
		{ KMD_T_MODULE, 0x100 },        { KMD_T_MODULE_LIST, 0 },
		{ KMD_T_MODULE_NAME, 0x10 },    { KMD_T_CORE_BASE, 0x50 },
		{ KMD_T_CORE_SIZE, 0x58 },      { KMD_T_INIT_BASE, 0x60 },
		{ KMD_T_INIT_SIZE, 0x68 },      { KMD_T_MODULE_ORC_N, 0x70 },
		{ KMD_T_MODULE_ORC_IPS, 0x78 }, { KMD_T_MODULE_ORC_ROWS, 0x80 },
	};

	row(0x100, 8, 0, CALL | SP);
	row(0x400, 0, 0, END);
	fake_symbol(&fake, "modules", LIST);
	fake_set(&fake, LIST, AT(FIRST), 8);
	add_module(FIRST, second, TEXT_1, INIT_1, ROWS_OF);
	if (second != NOWHERE)
		add_module(second, LIST, TEXT_2, INIT_2, tables);
	fake_set(&fake, STACK, AT(0x108), 8);
	fake_set(&fake, STACK + 8, AT(0x408), 8);
	build_x86();
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		consumer_type(known[i].type, known[i].value);
	expect_ok(kmd_modules_read(&target, &modules));
	ck_assert_uint_eq(modules.n, second == NOWHERE ? 1 : 2);
	kmd_unwinder_deinit(&unwinder);
	expect_ok(kmd_unwinder_init(&target, &modules, &unwinder));
}

static void expect_whole(size_t pc)
{
	char wanted[64];

	sprintf(wanted, "%zx 108 408", pc);
	unwind_from(AT(pc), AT(STACK), 0);
	expect_frames(wanted, NULL);
}

static void expect_no_row(size_t pc)
{
	char wanted[64];

	sprintf(wanted, "%zx", pc);
	unwind_from(AT(pc), AT(STACK), 0);
	expect_frames(wanted, "no ORC table covers");
}

START_TEST(orc_of_modules)
{
	build_modules(SECOND, ROWS_OF + 0x100);
	expect_whole(TEXT_1 + 0x10);
	expect_whole(INIT_1 + 0x10);
	expect_whole(TEXT_2 + 0x10);
	expect_whole(INIT_2 + 0x10);
	/* Memory of no module, over which the rows of both reach. */
	expect_no_row(TEXT_2 + 0x800);
	kmd_modules_deinit(&modules);
}
END_TEST

/* The region that has the rows of the second was taken away: those of the first are no answer. */
START_TEST(orc_of_a_module_taken_away)
{
	build_modules(SECOND, NOWHERE);
	expect_whole(TEXT_1 + 0x10);
	expect_whole(INIT_1 + 0x10);
	expect_no_row(TEXT_2 + 0x10);
	expect_no_row(INIT_2 + 0x10);
	kmd_modules_deinit(&modules);
}
END_TEST

/* So is the struct module of the second. */
START_TEST(orc_of_a_module_not_known)
{
	build_modules(NOWHERE, NOWHERE);
	ck_assert_ptr_nonnull(modules.unknown);
	expect_whole(INIT_1 + 0x10);
	expect_no_row(TEXT_2 + 0x10);
	expect_no_row(INIT_2 + 0x10);
	kmd_modules_deinit(&modules);
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_checked_fixture(tcase, unwind_setup, unwind_teardown);
	tcase_add_test(tcase, records);
	tcase_add_test(tcase, exception);
	tcase_add_test(tcase, exception_with_type);
	tcase_add_test(tcase, signed_addresses);
	tcase_add_test(tcase, hostile_records);
	tcase_add_test(tcase, orc);
	tcase_add_test(tcase, orc_renumbered);
	tcase_add_test(tcase, orc_interrupt);
	tcase_add_test(tcase, orc_from_user_space);
	tcase_add_test(tcase, orc_in_a_copy);
	tcase_add_test(tcase, orc_without_row);
	tcase_add_test(tcase, hostile_orc);
	tcase_add_test(tcase, damaged_tables);
	tcase_add_test(tcase, orc_of_modules);
	tcase_add_test(tcase, orc_of_a_module_taken_away);
	tcase_add_test(tcase, orc_of_a_module_not_known);
	return kit_run("unwind", tcase);
}
