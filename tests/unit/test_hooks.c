/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_hooks.c - return addresses that probes replaced, of x86_64 and arm64, sound and hostile. */
#include "unwind_kit.h"

#include <elf.h>
#include <string.h>

#define TASK  0x6000
#define NODES 0x6800 /* 0x40 bytes each */
#define HOOK  0x1000 /* the code that a function returns to */
#define SLOT  (STACK + 8)

static void build(const char *hook, size_t captured)
{
	fake_symbol(&fake, hook, HOOK);
	unwind_build(captured);
}

/* 0x104 is called by the function at 0x200, and that by the first function, at 0x400. */
static void build_x86(const char *hook, size_t captured)
{
	row(0x100, 16, 0, CALL | SP);
	row(0x200, 8, 0, CALL | SP);
	row(0x400, 0, 0, END);
	row(0xf00, -64, 0, CALL | SP); /* the code before the hook is another function's */
	row(HOOK, 8, 0, CALL | SP);
	row(0x2000, 0, 0, 0);
	name_rows();
	fake_set(&fake, SLOT, AT(HOOK), 8);
	fake_set(&fake, SLOT + 8, AT(0x408), 8);
	build(hook, captured);
	ck_assert_ptr_null(unwinder.unusable);
}

static void unwind_task(uint64_t task, uint64_t sp, uint64_t fp)
{
	struct kmd_unwind_start start = {
		.pc = AT(0x104), .sp = sp, .fp = fp, .exact = true, .task = task
	};

	kmd_unwind_deinit(&unwind);
	expect_ok(kmd_unwind(&unwinder, &start, &unwind));
}

/* A node of a list: the next one, the real return address, where it was. */
static void node(size_t n, size_t next, uint64_t real, uint64_t frame)
{
	size_t at = NODES + 0x40 * n;

	fake_set(&fake, at + 0x10, next ? AT(NODES + 0x40 * next + 0x10) : 0, 8);
	fake_set(&fake, at + 0x20, real, 8);
	fake_set(&fake, at + 0x28, frame, 8);
}

static void rethook_types(void)
{
	consumer_type(KMD_T_TASK_RETHOOKS, 0x30);
	consumer_type(KMD_T_RETHOOK_LINK, 0x10);
	consumer_type(KMD_T_RETHOOK_RET, 0x20);
	consumer_type(KMD_T_RETHOOK_FRAME, 0x28);
}

START_TEST(rethook)
{
	fake_set(&fake, TASK + 0x30, AT(NODES + 0x10), 8);
	node(0, 1, AT(0x999), AT(SLOT - 0x80)); /* of a call that this stack does not have */
	node(1, 2, AT(HOOK), AT(SLOT));         /* two probes of one function */
	node(2, 0, AT(0x208), AT(SLOT));
	build_x86("arch_rethook_trampoline", 0x10000);
	rethook_types();
	unwind_task(AT(TASK), AT(STACK), 0);
	expect_frames("104 @1000 208 408", NULL);
	ck_assert(!unwind.frames[2].exact && !unwind.needs_task);
}
END_TEST

/* It is never followed as if it had been called. */
START_TEST(not_captured)
{
	fake_set(&fake, TASK + 0x30, AT(0x20000), 8);
	build_x86("arch_rethook_trampoline", 0x10000);
	rethook_types();
	unwind_task(AT(TASK), AT(STACK), 0);
	expect_frames("104 @1000", "a probe replaced was not captured");
	ck_assert(!unwind.needs_task);
	unwind_task(0, AT(STACK), 0);
	expect_frames("104 @1000", "a probe replaced was not captured");
	ck_assert(unwind.needs_task);
}
END_TEST

START_TEST(hostile_list)
{
	fake_set(&fake, TASK + 0x30, AT(NODES + 0x10), 8);
	node(0, 1, AT(0x208), AT(SLOT + 8));
	node(1, 2, 0x401000, AT(SLOT)); /* a program's */
	node(2, 1, AT(0x208), AT(SLOT - 8));
	fake_set(&fake, NODES + 0x40 * 2 + 0x10, AT(NODES + 0x10), 8); /* a circle */
	build_x86("arch_rethook_trampoline", 0x10000);
	rethook_types();
	unwind_task(AT(TASK), AT(STACK), 0);
	expect_frames("104 @1000", "a probe replaced was not captured");
}
END_TEST

static void graph_types(bool words)
{
	consumer_type(KMD_T_TASK_RET_STACK, 0x40);
	consumer_type(KMD_T_TASK_CURR_RET_STACK, 0x48);
	consumer_type(KMD_T_RET_STACK_SIZE, 0x20);
	consumer_type(KMD_T_RET_STACK_RET, 0);
	consumer_type(KMD_T_RET_STACK_FUNC, 8);
	consumer_type(KMD_T_RET_STACK_PLACE, 0x18);
	if (words)
		consumer_type(KMD_T_FGRAPH_INDEX, 0x10);
}

static void graph_entry(size_t at, uint64_t real)
{
	fake_set(&fake, at, real, 8);
	fake_set(&fake, at + 8, AT(0x100), 8);
	fake_set(&fake, at + 0x18, AT(SLOT), 8);
}

START_TEST(graph)
{
	fake_set(&fake, TASK + 0x40, AT(NODES), 8);
	fake_set(&fake, TASK + 0x48, 0, 4);
	graph_entry(NODES, AT(0x208));
	graph_entry(NODES + 0x20, AT(0x999)); /* left over from a call that returned */
	build_x86("return_to_handler", 0x10000);
	graph_types(false);
	unwind_task(AT(TASK), AT(STACK), 0);
	expect_frames("104 @1000 208 408", NULL);
}
END_TEST

/* Since 6.11 there are words between the entries. */
START_TEST(graph_of_words)
{
	fake_set(&fake, TASK + 0x40, AT(NODES), 8);
	fake_set(&fake, TASK + 0x48, 6, 4);
	fake_set(&fake, NODES, 0x1234, 8);
	graph_entry(NODES + 8, AT(0x208));
	graph_entry(NODES + 0x38, AT(0x999));
	build_x86("return_to_handler", 0x10000);
	graph_types(true);
	unwind_task(AT(TASK), AT(STACK), 0);
	expect_frames("104 @1000 208 408", NULL);
}
END_TEST

START_TEST(graph_is_empty)
{
	fake_set(&fake, TASK + 0x40, AT(NODES), 8);
	fake_set(&fake, TASK + 0x48, 0xffffffff, 4);
	graph_entry(NODES, AT(0x208));
	build_x86("return_to_handler", 0x10000);
	graph_types(false);
	unwind_task(AT(TASK), AT(STACK), 0);
	expect_frames("104 @1000", "a probe replaced was not captured");
}
END_TEST

/* Until 5.10 all tasks are in one table. */
START_TEST(hashed)
{
	fake_symbol(&fake, "kretprobe_inst_table", 0x7000);
	fake_set(&fake, 0x7000 + 8 * 63, AT(NODES + 0x10), 8);
	node(0, 1, AT(0x999), AT(SLOT));
	node(1, 0, AT(0x208), AT(SLOT));
	fake_set(&fake, NODES + 0x30, AT(TASK + 8), 8); /* of another task */
	fake_set(&fake, NODES + 0x70, AT(TASK), 8);
	build_x86("kretprobe_trampoline", 0x10000);
	consumer_type(KMD_T_KRETPROBE_HASH_LINK, 0x10);
	consumer_type(KMD_T_KRETPROBE_RET, 0x20);
	consumer_type(KMD_T_KRETPROBE_FP, 0x28);
	consumer_type(KMD_T_KRETPROBE_TASK, 0x30);
	unwind_task(AT(TASK), AT(STACK), 0);
	expect_frames("104 @1000 208 408", NULL);
}
END_TEST

/* arm64 has the address of the caller's frame record, or, until 5.10, the stack pointer below it.
 */
START_TEST(records)
{
	const size_t record = STACK + 0x20, next = STACK + 0x60;

	fake_set(&fake, TASK + 0x30, AT(NODES + 0x10), 8);
	node(0, 1, AT(0x999), AT(record));
	node(1, 0, AT(0x208), AT(next));
	fake_set(&fake, record, AT(next), 8);
	fake_set(&fake, record + 8, AT(HOOK), 8);
	fake_set(&fake, next, AT(STACK + 0x100), 8);
	fake_set(&fake, next + 8, AT(0x408), 8);
	build("__kretprobe_trampoline", 0x10000);
	consumer_type(KMD_T_TASK_KRETPROBES, 0x30);
	consumer_type(KMD_T_KRETPROBE_LINK, 0x10);
	consumer_type(KMD_T_KRETPROBE_RET, 0x20);
	consumer_type(KMD_T_KRETPROBE_FP, 0x28);
	unwind_task(AT(TASK), AT(STACK), AT(record));
	expect_frames("104 @1000 208 408", NULL);
	unwind_task(AT(TASK + 8), AT(STACK), AT(record));
	expect_frames("104 @1000", "a probe replaced was not captured");
}
END_TEST

/* The code itself, interrupted or making a call, is a function like any other. */
START_TEST(code_of_the_hook)
{
	build_x86("arch_rethook_trampoline", 0x10000);
	rethook_types();
	kmd_unwind_deinit(&unwind);
	fake_set(&fake, STACK, AT(0x408), 8);
	expect_ok(kmd_unwind(
		&unwinder,
		&(struct kmd_unwind_start){ .pc = AT(HOOK), .sp = AT(STACK), .exact = true },
		&unwind));
	ck_assert(!unwind.frames[0].is_hook);
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_checked_fixture(tcase, unwind_setup, unwind_teardown);
	tcase_add_test(tcase, rethook);
	tcase_add_test(tcase, not_captured);
	tcase_add_test(tcase, hostile_list);
	tcase_add_test(tcase, graph);
	tcase_add_test(tcase, graph_of_words);
	tcase_add_test(tcase, graph_is_empty);
	tcase_add_test(tcase, hashed);
	tcase_add_test(tcase, records);
	tcase_add_test(tcase, code_of_the_hook);
	return kit_run("hooks", tcase);
}
