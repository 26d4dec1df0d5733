/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_log_panic.c - why the kernel died, out of logs of several kernels. */
#include "kit.h"

#include "log/panic.h"

#include <string.h>

#define RECORDS_MAX 32

static struct kmd_log_record records[RECORDS_MAX];
static struct kmd_log said;
static struct kmd_log_panic found;

static void setup(void)
{
	said.items = records;
	said.n = 0;
}

static void teardown(void)
{
	kmd_log_panic_deinit(&found);
}

static struct kmd_log_record *say(const char *text)
{
	struct kmd_log_record *record = &records[said.n++];

	ck_assert_uint_le(said.n, RECORDS_MAX);
	*record = (struct kmd_log_record){ .text = text, .length = strlen(text) };
	return record;
}

static void say_as(uint32_t caller, const char *text)
{
	struct kmd_log_record *record = say(text);

	record->caller = caller;
	record->has_caller = true;
}

static void expect_reason(const char *reason)
{
	kmd_log_panic_deinit(&found);
	expect_ok(kmd_log_panic(&said, &diag, &found));
	if (reason)
		ck_assert_str_eq(found.reason, reason);
	else
		ck_assert_ptr_null(found.reason);
}

static void expect_panic(const char *reason, uint32_t cpu, uint32_t pid, const char *task)
{
	expect_reason(reason);
	ck_assert(found.has_cpu && found.has_pid);
	ck_assert_uint_eq(found.cpu, cpu);
	ck_assert_uint_eq(found.pid, pid);
	ck_assert_str_eq(found.task, task);
}

static void expect_nobody(void)
{
	ck_assert(!found.has_cpu && !found.has_pid);
	ck_assert_ptr_null(found.task);
}

START_TEST(none)
{
	expect_reason(NULL);
	say("Linux version 6.1.0");
	say("");
	say("CPU: 1 PID: 1 Comm: swapper/0 Not tainted 6.1.0");
	expect_reason(NULL);
	expect_nobody();
}
END_TEST

/* sysrq: panic() shows the stack itself. */
START_TEST(x86_61_sysrq)
{
	say("sysrq: Trigger a crash");
	say("Kernel panic - not syncing: sysrq triggered crash");
	say("CPU: 1 PID: 134 Comm: my shell Kdump: loaded Tainted: G           O       6.1.0-50");
	say("Hardware name: QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.16.2");
	say("Call Trace:");
	say("---[ end Kernel panic - not syncing: sysrq triggered crash ]---");
	expect_panic("Kernel panic - not syncing: sysrq triggered crash", 1, 134, "my shell");
}
END_TEST

/* An oops has shown its stack before panic() is called, and what follows is another CPU's. */
START_TEST(x86_612_oops)
{
	say("BUG: kernel NULL pointer dereference, address: 0000000000000000");
	say("#PF: supervisor write access in kernel mode");
	say("Oops: Oops: 0002 [#1] PREEMPT SMP NOPTI");
	say("CPU: 3 UID: 0 PID: 512 Comm: insmod Tainted: G           OE      6.12.117 #1");
	say("RIP: 0010:0xffffffffc0000010");
	say("Kernel panic - not syncing: Fatal exception");
	say("CPU: 0 UID: 0 PID: 0 Comm: swapper/0 Tainted: G      D    OE      6.12.117 #1");
	say("Kernel Offset: 0x1e000000 from 0xffffffff81000000");
	say("---[ end Kernel panic - not syncing: Fatal exception ]---");
	expect_panic("Kernel panic - not syncing: Fatal exception", 3, 512, "insmod");
}
END_TEST

START_TEST(arm64_61_oops)
{
	say("Unable to handle kernel NULL pointer dereference at virtual address 0000000000000008");
	say("Mem abort info:");
	say("Internal error: Oops: 0000000096000045 [#1] SMP");
	say("Modules linked in: kmdlab(O)");
	say("CPU: 0 PID: 201 Comm: kworker/0:1 Tainted: G           O       6.1.0-50-arm64 #1");
	say("Kernel panic - not syncing: Oops: Fatal exception");
	say("SMP: stopping secondary CPUs");
	expect_panic("Kernel panic - not syncing: Oops: Fatal exception", 0, 201, "kworker/0:1");
}
END_TEST

/* Init dies of an oops: the last report in front is the one, as none follows. */
START_TEST(init_killed)
{
	say("Internal error: synchronous external abort: 96000210 [#1] PREEMPT SMP");
	say("CPU: 2 PID: 1 Comm: init Not tainted 5.15.0");
	say("Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b");
	expect_panic("Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b", 2,
		     1, "init");
}
END_TEST

START_TEST(last_panic)
{
	say("Kernel panic - not syncing: first");
	say("CPU: 0 PID: 1 Comm: a Not tainted");
	say("Kernel panic - not syncing: second");
	say("CPU: 1 PID: 2 Comm: b Not tainted");
	say("BUG: something after it");
	say("CPU: 2 PID: 3 Comm: c Not tainted");
	expect_panic("Kernel panic - not syncing: second", 1, 2, "b");
}
END_TEST

/* Records of another thread do not belong to it. */
START_TEST(callers)
{
	say_as(7, "CPU: 0 PID: 7 Comm: other Not tainted");
	say_as(UINT32_C(0x80000001), "Kernel panic - not syncing: Hard LOCKUP");
	say_as(9, "CPU: 2 PID: 9 Comm: noise Not tainted");
	say_as(UINT32_C(0x80000001), "CPU: 1 PID: 5 Comm: spins Not tainted");
	expect_panic("Kernel panic - not syncing: Hard LOCKUP", 1, 5, "spins");
	said.n = 3;
	/* Better one of another than none. */
	expect_panic("Kernel panic - not syncing: Hard LOCKUP", 2, 9, "noise");
	said.n = 0;
	say_as(UINT32_C(0x80000001), "Kernel panic - not syncing: no report");
	expect_reason("Kernel panic - not syncing: no report");
	ck_assert(found.has_cpu && !found.has_pid);
	ck_assert_uint_eq(found.cpu, 1);
	said.n = 0;
	say_as(42, "Kernel panic - not syncing: no report");
	expect_reason("Kernel panic - not syncing: no report");
	ck_assert(!found.has_cpu && found.has_pid);
	ck_assert_uint_eq(found.pid, 42);
}
END_TEST

/* What user space writes to /dev/kmsg has a facility. */
START_TEST(forged)
{
	say("Kernel panic - not syncing: forged")->facility = 1;
	expect_reason(NULL);
	say("BUG: real");
	say("CPU: 9 PID: 9 Comm: forged Not tainted")->facility = 3;
	say("CPU: 1 PID: 2 Comm: real Not tainted");
	expect_panic("BUG: real", 1, 2, "real");
}
END_TEST

/* Without a panic: what there is, of one report the line that says most. */
START_TEST(oopses)
{
	say("BUG: unable to handle page fault for address: ffffffffdeadbeef");
	say("Oops: 0000 [#1] PREEMPT SMP PTI");
	say("CPU: 1 PID: 77 Comm: cat Not tainted 6.1.0");
	expect_panic("BUG: unable to handle page fault for address: ffffffffdeadbeef", 1, 77,
		     "cat");
	say("Unable to handle kernel paging request at virtual address dead000000000100");
	say("Internal error: Oops: 96000004 [#2] SMP");
	say("CPU: 0 PID: 78 Comm: dd Tainted: G      D            6.1.0");
	expect_panic("Internal error: Oops: 96000004 [#2] SMP", 0, 78, "dd");
	say("kernel BUG at mm/slub.c:379!");
	say("invalid opcode: 0000 [#3] SMP");
	expect_reason("kernel BUG at mm/slub.c:379!");
	expect_nobody();
}
END_TEST

START_TEST(general_protection)
{
	say("general protection fault, probably for non-canonical address 0xdead: 0000 [#1] SMP");
	say("CPU: 1 PID: 7 Comm: x Not tainted 5.10");
	expect_panic("general protection fault, probably for non-canonical address 0xdead: 0000 "
		     "[#1] SMP",
		     1, 7, "x");
}
END_TEST

START_TEST(lockups)
{
	say("INFO: task init:1 blocked for more than 120 seconds.");
	expect_reason("INFO: task init:1 blocked for more than 120 seconds.");
	say("rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:");
	say("CPU: 0 PID: 0 Comm: swapper/0 Not tainted");
	expect_reason("rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:");
	/* Who reports it is not who hangs. */
	expect_nobody();
	say("watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [spin:99]");
	say("CPU: 1 PID: 99 Comm: spin Not tainted 6.1.0");
	say("watchdog: BUG: soft lockup - CPU#1 stuck for 49s! [spin:99]");
	say("CPU: 1 PID: 99 Comm: spin Tainted: G             L     6.1.0");
	say("INFO: task init:1 blocked for more than 241 seconds.");
	expect_panic("watchdog: BUG: soft lockup - CPU#1 stuck for 49s! [spin:99]", 1, 99, "spin");
}
END_TEST

static const char *const rcu_lines[] = {
	"rcu: INFO: rcu_sched self-detected stall on CPU",
	"rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 1-.... } 21 jiffies",
	"INFO: rcu_sched detected stalls on CPUs/tasks: { 1} (detected by 0, t=5252 jiffies)",
};

START_TEST(stalls)
{
	say(rcu_lines[_i]);
	expect_reason(rcu_lines[_i]);
}
END_TEST

/* One record of many lines, as pstore's and old consoles' are. */
START_TEST(many_lines)
{
	say("x\nKernel panic - not syncing: inside\n\nCPU: 4 PID: 5 Comm: y Not tainted\n"
	    "---[ end Kernel panic - not syncing: inside");
	expect_panic("Kernel panic - not syncing: inside", 4, 5, "y");
	said.n = 0;
	say("(0)[1:init]Kernel panic - not syncing: with a prefix");
	expect_reason("Kernel panic - not syncing: with a prefix");
}
END_TEST

/* Text that is not fit for a terminal, and numbers that are none. */
START_TEST(hostile)
{
	static char text[4096];

	say("Kernel panic - not syncing: \033[2J\x9b\\");
	say("CPU:  PID: 1 Comm: x Not tainted");
	say("CPU: 99999999999 PID: 1 Comm: x Not tainted");
	say("CPU: 1 PID: -1 Comm: x Not tainted");
	say("CPU: 1 PID: 1 Comm:");
	say("CPU: 1 PID: 1");
	expect_reason("Kernel panic - not syncing: \\x1b[2J\\x9b\\x5c");
	expect_nobody();
	say("CPU: 1 PID: 1 Comm: \033c Not tainted");
	expect_panic("Kernel panic - not syncing: \\x1b[2J\\x9b\\x5c", 1, 1, "\\x1bc");
	said.n = 0;
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "Kernel panic - not syncing", 26);
	say(text);
	kmd_log_panic_deinit(&found);
	expect_ok(kmd_log_panic(&said, &diag, &found));
	ck_assert_uint_eq(strlen(found.reason), 500);
}
END_TEST

/* A name without an end is not taken for more than a name can be. */
START_TEST(endless_name)
{
	static char text[1024] = "CPU: 1 PID: 1 Comm: ";

	memset(text + 20, 'n', sizeof(text) - 21);
	say("Kernel panic - not syncing: x");
	say(text);
	expect_reason("Kernel panic - not syncing: x");
	ck_assert_uint_eq(strlen(found.task), 64);
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, none);
	tcase_add_test(tcase, x86_61_sysrq);
	tcase_add_test(tcase, x86_612_oops);
	tcase_add_test(tcase, arm64_61_oops);
	tcase_add_test(tcase, init_killed);
	tcase_add_test(tcase, last_panic);
	tcase_add_test(tcase, callers);
	tcase_add_test(tcase, forged);
	tcase_add_test(tcase, oopses);
	tcase_add_test(tcase, general_protection);
	tcase_add_test(tcase, lockups);
	tcase_add_loop_test(tcase, stalls, 0, 3);
	tcase_add_test(tcase, many_lines);
	tcase_add_test(tcase, hostile);
	tcase_add_test(tcase, endless_name);
	return kit_run("log_panic", tcase);
}
