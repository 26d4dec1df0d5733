/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_unwind_frames.c - stacks of x86_64 with frame pointers, sound and hostile. */
#include "unwind_kit.h"

#include <elf.h>
#include <string.h>

/* A function that sets up its frame at once, behind the call for ftrace. */
static void framed_function(const char *name, size_t at)
{
	static const unsigned char code[] = { 0xe8, 0, 0, 0, 0, 0x55, 0x48, 0x89, 0xe5 };

	memcpy(fake.memory + at, code, sizeof(code));
	fake_symbol(&fake, name, at);
}

static void build_frames(void)
{
	framed_function("schedule", 0x1000);
	framed_function("do_exit", 0x1100);
	framed_function("vfs_read", 0x1200);
	fake_symbol(&fake, "_stext", 0x100);
	fake_symbol(&fake, "_etext", 0x4000);
	facts.machine = EM_X86_64;
	unwind_build(0x10000);
	ck_assert_ptr_null(unwinder.unusable);
}

START_TEST(frames)
{
	record(STACK, AT(STACK + 0x40), AT(0x1250));
	record(STACK + 0x40, 0, AT(0x1150));
	build_frames();
	unwind_from(AT(0x1020), AT(STACK - 0x20), AT(STACK));
	expect_frames("1020 1250 1150", NULL);
}
END_TEST

/* At each instruction of a function's begin and end its caller is found. */
START_TEST(frames_in_the_making)
{
	static const unsigned char end[] = { 0x5d, 0x31, 0xc0, 0x45, 0x31, 0xc9, 0xc3 };

	record(STACK, AT(STACK + 0x40), AT(0x1150));
	record(STACK + 0x40, 0, AT(0x1260));
	memcpy(fake.memory + 0x1030, end, sizeof(end));
	build_frames();
	/* Before the push: the return address alone is on the stack. */
	for (size_t at = 0x1000; at <= 0x1005; at += 5) {
		unwind_from(AT(at), AT(STACK + 8), AT(STACK + 0x40));
		ck_assert_uint_eq(unwind.n, 3);
		ck_assert_uint_eq(unwind.frames[1].pc, AT(0x1150));
	}
	unwind_from(AT(0x1006), AT(STACK), AT(STACK + 0x40));
	expect_frames("1006 1150 1260", NULL);
	unwind_from(AT(0x1009), AT(STACK), AT(STACK));
	expect_frames("1009 1150 1260", NULL);
	/* From the pop to the return. */
	unwind_from(AT(0x1030), AT(STACK), AT(STACK));
	expect_frames("1030 1150 1260", NULL);
	unwind_from(AT(0x1031), AT(STACK + 8), AT(STACK + 0x40));
	expect_frames("1031 1150 1260", NULL);
	unwind_from(AT(0x1033), AT(STACK + 8), AT(STACK + 0x40));
	expect_frames("1033 1150 1260", NULL);
	unwind_from(AT(0x1036), AT(STACK + 8), AT(STACK + 0x40));
	expect_frames("1036 1150 1260", NULL);
	/* A call of address 0. */
	unwind_from(0, AT(STACK + 8), AT(STACK + 0x40));
	ck_assert_uint_eq(unwind.n, 3);
}
END_TEST

/* Assembly has no frame: its caller is on the stack, or is missing, and that is marked. */
START_TEST(frames_of_assembly)
{
	fake_symbol(&fake, "memcpy", 0x2000);
	fake_symbol(&fake, "after", 0x2100);
	fake_set(&fake, 0x114b, 0xe8, 1);
	record(STACK, AT(STACK + 0x40), AT(0x1260));
	record(STACK + 0x40, 0, AT(0x1180));
	fake_set(&fake, STACK - 0x10, AT(0x1150), 8);
	fake_set(&fake, STACK - 0x20, 0x1234, 8);
	build_frames();
	unwind_from(AT(0x2010), AT(STACK - 0x10), AT(STACK));
	expect_frames("2010 ?1150 1260 1180", NULL);
	unwind_from(AT(0x2010), AT(STACK - 0x20), AT(STACK));
	expect_frames("2010 1260 1180", NULL);
}
END_TEST

/* The entry code's rbp is that of the registers, with its lowest bit set. */
START_TEST(frames_of_an_interrupt)
{
	const size_t regs = STACK + 0x100;

	record(STACK, AT(regs + 1), AT(0x3000));
	fake_set(&fake, regs + 8 * 4, AT(STACK + 0x400), 8);
	fake_set(&fake, regs + 8 * 16, AT(0x1020), 8);
	fake_set(&fake, regs + 8 * 17, 0x10, 8);
	fake_set(&fake, regs + 8 * 19, AT(STACK + 0x3f0), 8);
	record(STACK + 0x400, AT(STACK + 0x501), AT(0x1150));
	/* A program's registers end it. */
	fake_set(&fake, STACK + 0x500 + 8 * 16, 0x401000, 8);
	fake_set(&fake, STACK + 0x500 + 8 * 17, 0x33, 8);
	build_frames();
	unwind_from(AT(0x1220), AT(STACK - 0x20), AT(STACK));
	expect_frames("1220 3000 1020 1150", NULL);
	ck_assert(unwind.frames[2].exact && !unwind.frames[3].exact);
}
END_TEST

START_TEST(hostile_frames)
{
	record(STACK, AT(STACK + 0x40), AT(0x1250));
	record(STACK + 0x40, AT(STACK), AT(0x1150));
	record(0x5000, AT(0x5041), AT(0x1250)); /* registers that are all zero */
	record(0x5100, AT(0x5142), AT(0x1250));
	record(0x5200, AT(0x5240), AT(0x4800)); /* data */
	record(0x5300, AT(0x30001), AT(0x1250));
	build_frames();
	unwind_from(AT(0x1020), AT(STACK - 0x20), AT(STACK));
	expect_frames("1020 1250 1150", "does not rise");
	unwind_from(AT(0x1020), AT(0x4ff0), AT(0x5000));
	expect_frames("1020 1250", NULL);
	unwind_from(AT(0x1020), AT(0x50f0), AT(0x5100));
	expect_frames("1020 1250", "frame pointer is invalid");
	unwind_from(AT(0x1020), AT(0x51f0), AT(0x5200));
	expect_frames("1020", "not in the kernel");
	unwind_from(AT(0x1020), AT(0x52f0), AT(0x5300));
	expect_frames("1020 1250", "not captured");
	unwind_from(AT(0x1020), UINT64_MAX - 7, UINT64_MAX);
	ck_assert_ptr_nonnull(unwind.end);
}
END_TEST

/* A kernel without frame pointers, and without tables, is not unwound by them. */
START_TEST(no_frames)
{
	fake_symbol(&fake, "schedule", 0x1000);
	fake_symbol(&fake, "do_exit", 0x1100);
	framed_function("vfs_read", 0x1200);
	facts.machine = EM_X86_64;
	unwind_build(0x10000);
	ck_assert_ptr_nonnull(strstr(unwinder.unusable, "no symbols of ORC tables"));
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_checked_fixture(tcase, unwind_setup, unwind_teardown);
	tcase_add_test(tcase, frames);
	tcase_add_test(tcase, frames_in_the_making);
	tcase_add_test(tcase, frames_of_assembly);
	tcase_add_test(tcase, frames_of_an_interrupt);
	tcase_add_test(tcase, hostile_frames);
	tcase_add_test(tcase, no_frames);
	return kit_run("unwind_frames", tcase);
}
