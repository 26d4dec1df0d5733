/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_signature.c - call traces in the log, and the signatures of stacks and traces. */
#include "kit.h"

#include "unwind/signature.h"

#include <string.h>

#define RECORDS_MAX 48

static struct kmd_log_record records[RECORDS_MAX];
static struct kmd_log lines;
static struct kmd_log_panic panic;
static struct kmd_trace trace;
static struct kmd_signature_data signature;

static void setup(void)
{
	lines.items = records;
	lines.n = 0;
	memset(&panic, 0, sizeof(panic));
	memset(&trace, 0, sizeof(trace));
}

static void teardown(void)
{
	kmd_log_panic_deinit(&panic);
	kmd_trace_deinit(&trace);
}

static void log_as(uint32_t caller, const char *text)
{
	ck_assert_uint_lt(lines.n, RECORDS_MAX);
	records[lines.n++] = (struct kmd_log_record){
		.text = text,
		.length = strlen(text),
		.caller = caller,
		.has_caller = caller != 0,
	};
}

static void log_line(const char *text)
{
	log_as(0, text);
}

/* Frames of the trace, and those of the signature, with blanks between them. */
static const char *frames_of_trace(void)
{
	static char text[1024];

	kmd_trace_deinit(&trace);
	kmd_log_panic_deinit(&panic);
	expect_ok(kmd_log_panic(&lines, &diag, &panic));
	expect_ok(kmd_trace_read(&lines, &panic, &diag, &trace));
	text[0] = '\0';
	for (size_t i = 0; i < trace.n; i++) {
		strcat(text, i ? " " : "");
		strncat(text, trace.items[i].function, trace.items[i].length);
	}
	return text;
}

static const char *frames_of_signature(void)
{
	static char text[1024];

	text[0] = '\0';
	for (size_t i = 0; i < signature.pub.n; i++) {
		strcat(text, i ? " " : "");
		strcat(text, signature.pub.frames[i]);
	}
	return text;
}

static const char *sign_log(void)
{
	frames_of_trace();
	kmd_signature_from_trace(&panic, &trace, &signature);
	return frames_of_signature();
}

static void log_sysrq(void)
{
	log_line("sysrq: Trigger a crash");
	log_line("Kernel panic - not syncing: sysrq triggered crash");
	log_line("CPU: 0 PID: 1 Comm: init Tainted: G           OE      6.1.0 #1");
	log_line("Hardware name: QEMU");
	log_line("Call Trace:");
	log_line(" <TASK>");
	log_line(" dump_stack_lvl+0x44/0x5c");
	log_line(" panic+0x118/0x2f4");
	log_line(" ? _printk+0x68/0x83");
	log_line(" sysrq_handle_crash+0x16/0x20");
	log_line(" __handle_sysrq.cold+0x44/0x11c");
	log_line(" write_sysrq_trigger+0x24/0x40");
	log_line(" proc_reg_write+0x56/0xa0");
	log_line(" vfs_write+0xc7/0x3f0");
	log_line(" do_syscall_64+0x5d/0x90");
	log_line(" entry_SYSCALL_64_after_hwframe+0x6e/0xd8");
	log_line("RIP: 0033:0x47b7a0");
	log_line(" </TASK>");
	log_line("Kernel Offset: 0xc00000 from 0xffffffff81000000");
}

START_TEST(sysrq)
{
	log_sysrq();
	ck_assert_str_eq(frames_of_trace(),
			 "dump_stack_lvl panic sysrq_handle_crash __handle_sysrq.cold "
			 "write_sysrq_trigger proc_reg_write vfs_write do_syscall_64 "
			 "entry_SYSCALL_64_after_hwframe");
	ck_assert_str_eq(sign_log(), "sysrq_handle_crash __handle_sysrq write_sysrq_trigger "
				     "proc_reg_write");
	/* docs/signature.md has this key: a change of it is a new version of the rule. */
	ck_assert_str_eq(signature.pub.key, "2-panic-4f4dd094714b6c48");
	ck_assert_str_eq(signature.pub.source, "log");
}
END_TEST

START_TEST(same_from_stack)
{
	struct kmd_frame frames[] = {
		{ .symbol = "delay_tsc", .flags = KMD_FRAME_EXACT | KMD_FRAME_INLINE },
		{ .symbol = "delay_tsc", .flags = KMD_FRAME_EXACT },
		{ .symbol = "panic" },
		{ .symbol = "sysrq_handle_crash" },
		{ .symbol = "__handle_sysrq.cold" },
		{ .symbol = "write_sysrq_trigger" },
		{ .symbol = "proc_reg_write", .function = "pde_write", .flags = KMD_FRAME_INLINE },
		{ .symbol = "proc_reg_write" },
		{ .symbol = "vfs_write" },
	};
	struct kmd_stack stack = { .frames = frames, .n = 9 };

	log_sysrq();
	frames_of_trace();
	kmd_signature_from_stack(&panic, &stack, false, &signature);
	ck_assert_str_eq(signature.pub.key, "2-panic-4f4dd094714b6c48");
	ck_assert_str_eq(signature.pub.source, "stack");
	/* Four frames are enough, whether the rest is there or not. */
	stack.end = "the rest of the stack was not captured";
	kmd_signature_from_stack(&panic, &stack, false, &signature);
	ck_assert_str_eq(signature.pub.key, "2-panic-4f4dd094714b6c48");
	/* Three are not: that would be another key. */
	stack.n = 6;
	kmd_signature_from_stack(&panic, &stack, false, &signature);
	ck_assert_uint_eq(signature.pub.n, 0);
	/* A function without a name may be any. */
	stack = (struct kmd_stack){ .frames = frames, .n = 9 };
	frames[4].symbol = NULL;
	kmd_signature_from_stack(&panic, &stack, false, &signature);
	ck_assert_uint_eq(signature.pub.n, 0);
}
END_TEST

/* Whether the kernel's own trace would name such a frame depends on the machine. */
START_TEST(last_call)
{
	struct kmd_frame frames[] = {
		{ .symbol = "panic", .flags = KMD_FRAME_EXACT },
		{ .symbol = "die_at_the_end.cold", .flags = KMD_FRAME_LAST_CALL },
		{ .symbol = "kthread" },
		{ .symbol = "ret_from_fork" },
	};
	struct kmd_stack stack = { .frames = frames, .n = 4 };

	log_line("Kernel panic - not syncing: the end");
	log_line("Call Trace:");
	log_line(" panic+0x118/0x2f4");
	log_line(" die_at_the_end.cold+0xc/0xc [faulty]");
	log_line(" kthread+0xda/0x100");
	log_line(" ret_from_fork+0x22/0x30");
	ck_assert_str_eq(sign_log(), "die_at_the_end kthread");
	kmd_signature_from_stack(&panic, &stack, true, &signature);
	ck_assert_str_eq(frames_of_signature(), "die_at_the_end kthread");
	kmd_signature_from_stack(&panic, &stack, false, &signature);
	ck_assert_str_eq(frames_of_signature(), "kthread");
}
END_TEST

START_TEST(oops)
{
	log_line("BUG: kernel NULL pointer dereference, address: 0000000000000008");
	log_line("Oops: 0000 [#1] PREEMPT SMP NOPTI");
	log_line("CPU: 1 PID: 77 Comm: sh Not tainted 6.1.0 #1");
	log_line("RIP: 0010:read_it+0x5/0x10 [faulty]");
	log_line("Code: 00 00");
	log_line("Call Trace:");
	log_line(" <TASK>");
	log_line(" store+0x15/0x20 [faulty]");
	log_line(" kernfs_fop_write_iter+0x11e/0x1f0");
	log_line(" __mutex_lock.constprop.0+0x1/0x2");
	log_line(" vfs_write+0x23a/0x3f0");
	log_line(" ksys_write+0x6b/0xf0");
	log_line(" </TASK>");
	log_line("Modules linked in: faulty(OE)");
	log_line("Kernel panic - not syncing: Fatal exception");
	ck_assert_str_eq(sign_log(), "read_it store kernfs_fop_write_iter vfs_write");
	ck_assert_str_eq(signature.pub.reason, "oops");
	ck_assert_uint_eq(trace.items[0].module_length, 6);
	ck_assert(trace.items[0].exact && !trace.items[1].exact);
}
END_TEST

/* arm64 prints the program counter twice, and other CPUs write in between. */
START_TEST(arm64_oops)
{
	log_as(5, "Unable to handle kernel NULL pointer dereference at virtual address 08");
	log_as(5, "Internal error: Oops: 0000000096000004 [#1] SMP");
	log_as(5, "CPU: 1 PID: 77 Comm: sh Not tainted 6.1.0 #1");
	log_as(5, "pc : read_it+0x8/0x10 [faulty]");
	log_as(5, "lr : store+0x20/0x30 [faulty]");
	log_as(5, "Call trace:");
	log_as(6, " somebody_else+0x8/0x10");
	log_as(5, " read_it+0x8/0x10 [faulty]");
	log_as(5, " store+0x20/0x30 [faulty]");
	log_as(5, " sysrq_reset_seq_param_set+0x0/0xa0");
	log_as(5, " el0_svc+0x34/0xdc");
	log_as(5, " el0t_64_sync+0x18c/0x190");
	log_as(5, "---[ end trace 0000000000000000 ]---");
	log_as(5, " never+0x1/0x2");
	log_as(5, "Kernel panic - not syncing: Oops: Fatal exception");
	ck_assert_str_eq(sign_log(), "read_it store");
	ck_assert_str_eq(signature.pub.reason, "oops");
}
END_TEST

/* The key is that of the code which the watchdog interrupted. */
START_TEST(lockup)
{
	log_line("watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [spin:90]");
	log_line("CPU: 1 PID: 90 Comm: spin Not tainted 6.1.0 #1");
	log_line("RIP: 0010:spin_forever+0x3/0x10 [faulty]");
	log_line("Call Trace:");
	log_line(" <TASK>");
	log_line(" kthread+0xda/0x100");
	log_line(" ret_from_fork+0x22/0x30");
	log_line(" </TASK>");
	log_line("Kernel panic - not syncing: softlockup: hung tasks");
	log_line("CPU: 1 PID: 90 Comm: spin Tainted: G L 6.1.0 #1");
	log_line("Call Trace:");
	log_line(" panic+0x1/0x2");
	log_line(" watchdog_timer_fn.cold+0x1/0x2");
	ck_assert_str_eq(sign_log(), "spin_forever kthread");
	ck_assert_str_eq(signature.pub.reason, "lockup");
}
END_TEST

START_TEST(hung_task)
{
	log_as(9, "INFO: task reader:42 blocked for more than 120 seconds.");
	log_as(9, "task:reader state:D stack:0 pid:42 ppid:2 flags:0x00004000");
	log_as(9, "Call Trace:");
	log_as(9, " __schedule+0x1/0x2");
	log_as(9, " schedule+0x1/0x2");
	log_as(9, " wait_for_completion+0x1/0x2");
	log_as(9, " reader_thread+0x1/0x2 [faulty]");
	log_as(9, "Kernel panic - not syncing: hung_task: blocked tasks");
	log_as(9, "CPU: 0 PID: 30 Comm: khungtaskd Not tainted 6.1.0 #1");
	log_as(9, "Call Trace:");
	log_as(9, " panic+0x1/0x2");
	log_as(9, " watchdog+0x1/0x2");
	ck_assert_str_eq(sign_log(), "reader_thread");
	ck_assert_str_eq(signature.pub.reason, "hung");
	ck_assert(panic.has_blocked_pid && panic.blocked_pid == 42);
}
END_TEST

/* How arm64 and x86_64 report that a stack has no room: the key is that of what used it up. */
START_TEST(stack_overflow)
{
	log_line("Insufficient stack space to handle exception!");
	log_line("Kernel panic - not syncing: kernel stack overflow");
	log_line("CPU: 1 PID: 77 Comm: insmod Not tainted 6.1.0 #1");
	log_line("Call trace:");
	log_line(" dump_backtrace+0xe4/0x140");
	log_line(" show_stack+0x20/0x30");
	log_line(" panic+0x180/0x390");
	log_line(" nmi_panic+0xac/0xb0");
	log_line(" panic_bad_stack+0x100/0x120");
	log_line(" handle_bad_stack+0x38/0x40");
	log_line(" __bad_stack+0x88/0x8c");
	log_line(" use_it_up+0x14/0x40 [faulty]");
	log_line(" use_it_up+0x20/0x40 [faulty]");
	log_line(" store+0x20/0x30 [faulty]");
	log_line(" el0t_64_sync+0x18c/0x190");
	ck_assert_str_eq(sign_log(), "use_it_up use_it_up store");
}
END_TEST

/* Pages of ftrace and kprobes are numbers in the kernel's traces. */
START_TEST(code_made_at_run_time)
{
	struct kmd_frame frames[] = {
		{ .symbol = "panic" },
		{ .symbol = "handler", .module = "faulty" },
		{ .symbol = "ftrace_trampoline", .module = "__builtin__ftrace" },
		{ .symbol = "bpf_prog_0123456789abcdef_probe", .module = "bpf" },
		{ .symbol = "vfs_write" },
	};
	struct kmd_stack stack = { .frames = frames, .n = 5 };

	log_line("Kernel panic - not syncing: x");
	frames_of_trace();
	kmd_signature_from_stack(&panic, &stack, true, &signature);
	ck_assert_str_eq(frames_of_signature(),
			 "handler bpf_prog_0123456789abcdef_probe vfs_write");
}
END_TEST

/* Lines that only look like frames, and none at all. */
/* Lines of 6.12. */
START_TEST(riscv64)
{
	log_line("Unable to handle kernel NULL pointer dereference at virtual address "
		 "0000000000000008");
	log_line("Oops [#1]");
	log_line("epc : kmdlab_null+0x1a/0x30 [kmdlab]");
	log_line(" ra : kmdlab_init+0x5c/0x1000 [kmdlab]");
	log_line("epc : ffffffff01f3c01a ra : ffffffff01f4105c sp : ff20000000083c50");
	log_line("[<ffffffff01f3c01a>] kmdlab_null+0x1a/0x30 [kmdlab]");
	log_line("[<ffffffff800021f4>] do_one_initcall+0x58/0x1e0");
	log_line("[<ffffffff800f1a30>] do_init_module+0x60/0x224");
	log_line("[<ffffffff80a74844>] do_trap_ecall_u+0x94/0x1ea");
	log_line("[<ffffffff80a8138a>] handle_exception+0x14a/0x156");
	log_line("---[ end trace 0000000000000000 ]---");
	ck_assert_str_eq(frames_of_trace(), "kmdlab_null do_one_initcall do_init_module "
					    "do_trap_ecall_u handle_exception");
	ck_assert_str_eq(sign_log(), "kmdlab_null do_one_initcall do_init_module");
	lines.n = 5;
	log_line("Call Trace:");
	log_line("[<ffffffff01f3c01a>] kmdlab_null+0x1a/0x30 [kmdlab]");
	log_line("[<ffffffff800021f4>] do_one_initcall+0x58/0x1e0");
	log_line("[<ffffffff>] ");
	log_line("[<ffffffff");
	log_line("[<ffffffff80a74844>] do_trap_ecall_u+0x94/0x1ea");
	log_line("[<ffffffff80a8138a>] handle_exception+0x14a/0x156");
	ck_assert_str_eq(frames_of_trace(),
			 "kmdlab_null do_one_initcall do_trap_ecall_u handle_exception");
	ck_assert_str_eq(sign_log(), "kmdlab_null do_one_initcall");
}
END_TEST

/* The same oops by its stack: an exception's entry is before what it interrupted. */
START_TEST(riscv64_from_stack)
{
	struct kmd_frame frames[] = {
		{ .symbol = "panic" },
		{ .symbol = "die" },
		{ .symbol = "die_kernel_fault" },
		{ .symbol = "no_context" },
		{ .symbol = "do_page_fault" },
		{ .symbol = "handle_exception" },
		{ .symbol = "kmdlab_null", .flags = KMD_FRAME_EXACT },
		{ .symbol = "do_one_initcall" },
		{ .symbol = "do_trap_ecall_u" },
		{ .symbol = "handle_exception" },
	};
	struct kmd_stack stack = { .frames = frames, .n = 10 };
	char key[KMD_SIGNATURE_NAME];

	log_line("Oops [#1]");
	log_line("epc : kmdlab_null+0x1a/0x30 [kmdlab]");
	log_line("Call Trace:");
	log_line("[<ffffffff800021f4>] do_one_initcall+0x58/0x1e0");
	log_line("[<ffffffff80a8138a>] handle_exception+0x14a/0x156");
	sign_log();
	strcpy(key, signature.pub.key);
	kmd_signature_from_stack(&panic, &stack, false, &signature);
	ck_assert_str_eq(signature.pub.key, key);
}
END_TEST

/* Lines of 6.1 and of 5.10; other CPUs print their traces behind it. */
START_TEST(arm)
{
	log_line("8<--- cut here ---");
	log_line("Unable to handle kernel NULL pointer dereference at virtual address 00000008");
	log_line("Internal error: Oops: 5 [#1] SMP ARM");
	log_line("PC is at kmdlab_null+0x10/0x1c [kmdlab]");
	log_line("LR is at kmdlab_init+0x50/0x1000 [kmdlab]");
	log_line(" kmdlab_null [kmdlab] from do_one_initcall+0x50/0x200");
	log_line(" do_one_initcall from do_init_module+0x44/0x1c8");
	log_line("[<c0109f3c>] (do_init_module) from [<c01a8f3c>] (sys_init_module+0x18c/0x1ac)");
	log_line(" sys_init_module from ret_fast_syscall+0x0/0x1c");
	log_line("Exception stack(0xd00fdfa8 to 0xd00fdff0)");
	log_line("dfa0:                   000001d4 b6f8e000 00000003 b6f8e000 00010000 00000001");
	log_line(" unwind_backtrace from show_stack+0x18/0x1c");
	log_line(" show_stack from elsewhere+0x18/0x1c");
	ck_assert_str_eq(
		frames_of_trace(),
		"kmdlab_null do_one_initcall do_init_module sys_init_module ret_fast_syscall");
	ck_assert(trace.by_calls && trace.items[0].exact && !trace.items[1].exact);
	ck_assert_str_eq(sign_log(), "kmdlab_null do_one_initcall do_init_module sys_init_module");
}
END_TEST

/* The kernel's unwinder stops where panic() was the last call of its caller. */
START_TEST(arm_ends_early)
{
	log_line("Kernel panic - not syncing: sysrq triggered crash");
	log_line("CPU: 1 PID: 1 Comm: init Tainted: G           OE      6.1.0-50-armmp #1");
	log_line(" unwind_backtrace from show_stack+0x18/0x1c");
	log_line(" show_stack from panic+0x110/0x370");
	log_line(" panic from one+0x10/0x90");
	ck_assert_str_eq(frames_of_trace(), "show_stack panic one");
	ck_assert_str_eq(sign_log(), "");
	ck_assert_ptr_null(signature.pub.key);
	log_line(" one from ret_fast_syscall+0x0/0x1c");
	ck_assert_str_eq(sign_log(), "one");
	lines.n -= 2;
	log_line("CPU0: stopping");
	log_line(" from +0x1/0x2");
	log_line("x [ from y+0x1/0x2");
	log_line("(x) from y+0x1/0x2");
	log_line("[<c0109f3c>] (x from [<c01a8f3c>] (y+0x18c/0x1ac)");
	log_line(" unwind_backtrace from show_stack+0x18/0x1c");
	log_line(" show_stack from ret_fast_syscall+0x0/0x1c");
	ck_assert_str_eq(frames_of_trace(), "show_stack panic");
}
END_TEST

START_TEST(hostile)
{
	log_line("Kernel panic - not syncing: x");
	ck_assert_str_eq(sign_log(), "");
	log_line("Call Trace:");
	log_line(" +0x1/0x2");
	log_line(" f+0x/0x2");
	log_line(" f+0x1");
	log_line(" f+0x11111111111111111/0x2");
	log_line(" f f+0x1/0x2");
	log_line("");
	log_line(" good+0x1/0x2 [");
	ck_assert_str_eq(sign_log(), "good");
	expect_no_messages();
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, sysrq);
	tcase_add_test(tcase, same_from_stack);
	tcase_add_test(tcase, last_call);
	tcase_add_test(tcase, oops);
	tcase_add_test(tcase, arm64_oops);
	tcase_add_test(tcase, lockup);
	tcase_add_test(tcase, hung_task);
	tcase_add_test(tcase, stack_overflow);
	tcase_add_test(tcase, code_made_at_run_time);
	tcase_add_test(tcase, riscv64);
	tcase_add_test(tcase, riscv64_from_stack);
	tcase_add_test(tcase, arm);
	tcase_add_test(tcase, arm_ends_early);
	tcase_add_test(tcase, hostile);
	return kit_run("signature", tcase);
}
