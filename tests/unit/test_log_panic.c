/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_log_panic.c - the reason of the panic, from the logs of several kernels. */
#include "kit.h"

#include "log/panic.h"

#include <string.h>

#define RECORDS_MAX 32

static struct kmd_log_record records[RECORDS_MAX];
static struct kmd_log lines;
static struct kmd_log_panic found;

static void setup(void)
{
	lines.items = records;
	lines.n = 0;
}

static void teardown(void)
{
	kmd_log_panic_deinit(&found);
}

static struct kmd_log_record *log_line(const char *text)
{
	struct kmd_log_record *record = &records[lines.n++];

	ck_assert_uint_le(lines.n, RECORDS_MAX);
	*record = (struct kmd_log_record){ .text = text, .length = strlen(text) };
	return record;
}

static void log_as(uint32_t caller, const char *text)
{
	struct kmd_log_record *record = log_line(text);

	record->caller = caller;
	record->has_caller = true;
}

static void expect_reason(const char *reason)
{
	kmd_log_panic_deinit(&found);
	expect_ok(kmd_log_panic(&lines, &diag, &found));
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
	log_line("Linux version 6.1.0");
	log_line("");
	log_line("CPU: 1 PID: 1 Comm: swapper/0 Not tainted 6.1.0");
	expect_reason(NULL);
	expect_nobody();
}
END_TEST

static void expect_event(const char *event, size_t begin)
{
	if (event)
		ck_assert_str_eq(found.event, event);
	else
		ck_assert_ptr_null(found.event);
	ck_assert_uint_eq(found.begin, begin);
}

/* The event that led to the panic is that of the panic's report, not an earlier one. */
START_TEST(event_of_oops)
{
	log_line("BUG: unable to handle page fault for address: dead000000000108");
	log_line("CPU: 0 PID: 7 Comm: first Not tainted 6.1.0 #1");
	log_line("BUG: kernel NULL pointer dereference, address: 0000000000000000");
	log_line("#PF: supervisor read access in kernel mode");
	log_line("Oops: 0000 [#2] PREEMPT SMP NOPTI");
	log_line("CPU: 1 PID: 113 Comm: insmod Tainted: G           OE      6.1.0 #1");
	log_line("Kernel panic - not syncing: Fatal exception");
	expect_panic("Kernel panic - not syncing: Fatal exception", 1, 113, "insmod");
	expect_event("BUG: kernel NULL pointer dereference, address: 0000000000000000", 2);
	/* Without the line, there is none. */
	log_line("Kernel panic - not syncing: Attempted to kill init!");
	expect_reason("Kernel panic - not syncing: Attempted to kill init!");
	expect_event(NULL, 7);
}
END_TEST

/* Another CPU writes between. */
START_TEST(event_of_another_cpu)
{
	log_as(4, "Unable to handle kernel paging request at virtual address dead000000000100");
	log_as(5, "Unable to handle kernel NULL pointer dereference at virtual address 08");
	log_as(4, "Internal error: Oops: 96000004 [#1] SMP");
	log_as(5, "CPU: 1 PID: 5 Comm: other Not tainted 6.1.0 #1");
	log_as(4, "CPU: 0 PID: 4 Comm: one Not tainted 6.1.0 #1");
	log_as(4, "Kernel panic - not syncing: Oops: Fatal exception");
	expect_panic("Kernel panic - not syncing: Oops: Fatal exception", 0, 4, "one");
	expect_event("Unable to handle kernel paging request at virtual address dead000000000100",
		     0);
}
END_TEST

START_TEST(event_of_hung_task)
{
	log_line("INFO: task first:100 blocked for more than 2 seconds.");
	log_line("INFO: task second:101 blocked for more than 2 seconds.");
	log_line("Kernel panic - not syncing: hung_task: blocked tasks");
	expect_reason("Kernel panic - not syncing: hung_task: blocked tasks");
	expect_event("INFO: task second:101 blocked for more than 2 seconds.", 1);
	ck_assert_uint_eq(found.blocked_pid, 101);
}
END_TEST

/* The number of an oops stands in the first line of those that have no other. */
START_TEST(numbered)
{
	log_line("md: [#raid] is no number, nor is [#12");
	expect_reason(NULL);
	log_line("divide error: 0000 [#1] PREEMPT SMP NOPTI");
	log_line("CPU: 1 PID: 113 Comm: insmod Not tainted 6.1.0 #1");
	expect_panic("divide error: 0000 [#1] PREEMPT SMP NOPTI", 1, 113, "insmod");
	expect_event(NULL, 1);
	ck_assert_int_eq(found.kind, KMD_REASON_OOPS);
	log_line("Kernel panic - not syncing: Fatal exception");
	expect_reason("Kernel panic - not syncing: Fatal exception");
	expect_event("divide error: 0000 [#1] PREEMPT SMP NOPTI", 1);
}
END_TEST

/* sysrq: panic() prints the stack itself. */
START_TEST(x86_61_sysrq)
{
	log_line("sysrq: Trigger a crash");
	log_line("Kernel panic - not syncing: sysrq triggered crash");
	log_line("CPU: 1 PID: 134 Comm: my shell Kdump: loaded Tainted: G           O       "
		 "6.1.0-50");
	log_line("Hardware name: QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.16.2");
	log_line("Call Trace:");
	log_line("---[ end Kernel panic - not syncing: sysrq triggered crash ]---");
	expect_panic("Kernel panic - not syncing: sysrq triggered crash", 1, 134, "my shell");
}
END_TEST

/* An oops prints its stack before it calls panic(); the lines that follow are those of another CPU.
 */
START_TEST(x86_612_oops)
{
	log_line("BUG: kernel NULL pointer dereference, address: 0000000000000000");
	log_line("#PF: supervisor write access in kernel mode");
	log_line("Oops: Oops: 0002 [#1] PREEMPT SMP NOPTI");
	log_line("CPU: 3 UID: 0 PID: 512 Comm: insmod Tainted: G           OE      6.12.117 #1");
	log_line("RIP: 0010:0xffffffffc0000010");
	log_line("Kernel panic - not syncing: Fatal exception");
	log_line("CPU: 0 UID: 0 PID: 0 Comm: swapper/0 Tainted: G      D    OE      6.12.117 #1");
	log_line("Kernel Offset: 0x1e000000 from 0xffffffff81000000");
	log_line("---[ end Kernel panic - not syncing: Fatal exception ]---");
	expect_panic("Kernel panic - not syncing: Fatal exception", 3, 512, "insmod");
}
END_TEST

START_TEST(arm64_61_oops)
{
	log_line("Unable to handle kernel NULL pointer dereference at virtual address "
		 "0000000000000008");
	log_line("Mem abort info:");
	log_line("Internal error: Oops: 0000000096000045 [#1] SMP");
	log_line("Modules linked in: kmdlab(O)");
	log_line(
		"CPU: 0 PID: 201 Comm: kworker/0:1 Tainted: G           O       6.1.0-50-arm64 #1");
	log_line("Kernel panic - not syncing: Oops: Fatal exception");
	log_line("SMP: stopping secondary CPUs");
	expect_panic("Kernel panic - not syncing: Oops: Fatal exception", 0, 201, "kworker/0:1");
}
END_TEST

/* An oops kills init: no report follows the panic, so the last report before it is used. */
START_TEST(init_killed)
{
	log_line("Internal error: synchronous external abort: 96000210 [#1] PREEMPT SMP");
	log_line("CPU: 2 PID: 1 Comm: init Not tainted 5.15.0");
	log_line("Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b");
	expect_panic("Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b", 2,
		     1, "init");
}
END_TEST

START_TEST(last_panic)
{
	log_line("Kernel panic - not syncing: first");
	log_line("CPU: 0 PID: 1 Comm: a Not tainted");
	log_line("Kernel panic - not syncing: second");
	log_line("CPU: 1 PID: 2 Comm: b Not tainted");
	log_line("BUG: something after it");
	log_line("CPU: 2 PID: 3 Comm: c Not tainted");
	expect_panic("Kernel panic - not syncing: second", 1, 2, "b");
}
END_TEST

/* Records of another thread do not belong to the report. */
START_TEST(callers)
{
	log_as(7, "CPU: 0 PID: 7 Comm: other Not tainted");
	log_as(UINT32_C(0x80000001), "Kernel panic - not syncing: Hard LOCKUP");
	log_as(9, "CPU: 2 PID: 9 Comm: noise Not tainted");
	log_as(UINT32_C(0x80000001), "CPU: 1 PID: 5 Comm: spins Not tainted");
	expect_panic("Kernel panic - not syncing: Hard LOCKUP", 1, 5, "spins");
	lines.n = 3;
	/* Without a report of this thread, that of another one is used. */
	expect_panic("Kernel panic - not syncing: Hard LOCKUP", 2, 9, "noise");
	lines.n = 0;
	log_as(UINT32_C(0x80000001), "Kernel panic - not syncing: no report");
	expect_reason("Kernel panic - not syncing: no report");
	ck_assert(found.has_cpu && !found.has_pid);
	ck_assert_uint_eq(found.cpu, 1);
	lines.n = 0;
	log_as(42, "Kernel panic - not syncing: no report");
	expect_reason("Kernel panic - not syncing: no report");
	ck_assert(!found.has_cpu && found.has_pid);
	ck_assert_uint_eq(found.pid, 42);
}
END_TEST

/* What user space writes to /dev/kmsg has a facility. */
START_TEST(forged)
{
	log_line("Kernel panic - not syncing: forged")->facility = 1;
	expect_reason(NULL);
	log_line("BUG: real");
	log_line("CPU: 9 PID: 9 Comm: forged Not tainted")->facility = 3;
	log_line("CPU: 1 PID: 2 Comm: real Not tainted");
	expect_panic("BUG: real", 1, 2, "real");
}
END_TEST

/* Without a panic, the last report is used; of one report, the first matching line. */
START_TEST(oopses)
{
	log_line("BUG: unable to handle page fault for address: ffffffffdeadbeef");
	log_line("Oops: 0000 [#1] PREEMPT SMP PTI");
	log_line("CPU: 1 PID: 77 Comm: cat Not tainted 6.1.0");
	expect_panic("BUG: unable to handle page fault for address: ffffffffdeadbeef", 1, 77,
		     "cat");
	log_line("Unable to handle kernel paging request at virtual address dead000000000100");
	log_line("Internal error: Oops: 96000004 [#2] SMP");
	log_line("CPU: 0 PID: 78 Comm: dd Tainted: G      D            6.1.0");
	expect_panic("Internal error: Oops: 96000004 [#2] SMP", 0, 78, "dd");
	log_line("kernel BUG at mm/slub.c:379!");
	log_line("invalid opcode: 0000 [#3] SMP");
	expect_reason("kernel BUG at mm/slub.c:379!");
	expect_nobody();
}
END_TEST

START_TEST(general_protection)
{
	log_line("general protection fault, probably for non-canonical address 0xdead: 0000 [#1] "
		 "SMP");
	log_line("CPU: 1 PID: 7 Comm: x Not tainted 5.10");
	expect_panic("general protection fault, probably for non-canonical address 0xdead: 0000 "
		     "[#1] SMP",
		     1, 7, "x");
}
END_TEST

START_TEST(lockups)
{
	log_line("INFO: task init:1 blocked for more than 120 seconds.");
	expect_reason("INFO: task init:1 blocked for more than 120 seconds.");
	log_line("rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:");
	log_line("CPU: 0 PID: 0 Comm: swapper/0 Not tainted");
	expect_reason("rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:");
	/* The task that reports it is not the one that hangs. */
	expect_nobody();
	log_line("watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [spin:99]");
	log_line("CPU: 1 PID: 99 Comm: spin Not tainted 6.1.0");
	log_line("watchdog: BUG: soft lockup - CPU#1 stuck for 49s! [spin:99]");
	log_line("CPU: 1 PID: 99 Comm: spin Tainted: G             L     6.1.0");
	log_line("INFO: task init:1 blocked for more than 241 seconds.");
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
	log_line(rcu_lines[_i]);
	expect_reason(rcu_lines[_i]);
}
END_TEST

static void log_at(uint64_t seconds, const char *text)
{
	struct kmd_log_record *record = log_line(text);

	record->time = seconds * 1000000000;
	record->has_time = true;
}

/* The kernel survived it, and hangs much later. */
START_TEST(stall_ended)
{
	log_at(100, rcu_lines[_i]);
	log_at(1100, "usb 1-1: new high-speed USB device number 2");
	expect_reason(rcu_lines[_i]);
	log_at(1101, "usb 1-1: new high-speed USB device number 3");
	expect_reason(NULL);
	/* RCU reports one that lasts again and again. */
	log_at(1150, rcu_lines[_i]);
	log_at(1200, "usb 1-1: new high-speed USB device number 4");
	expect_reason(rcu_lines[_i]);
}
END_TEST

/* One record of many lines, as in pstore and on old consoles. */
START_TEST(many_lines)
{
	log_line("x\nKernel panic - not syncing: inside\n\nCPU: 4 PID: 5 Comm: y Not tainted\n"
		 "---[ end Kernel panic - not syncing: inside");
	expect_panic("Kernel panic - not syncing: inside", 4, 5, "y");
	lines.n = 0;
	log_line("(0)[1:init]Kernel panic - not syncing: with a prefix");
	expect_reason("Kernel panic - not syncing: with a prefix");
}
END_TEST

/* Text with control characters, and numbers that are invalid. */
START_TEST(hostile)
{
	static char text[4096];

	log_line("Kernel panic - not syncing: \033[2J\x9b\\");
	log_line("CPU:  PID: 1 Comm: x Not tainted");
	log_line("CPU: 99999999999 PID: 1 Comm: x Not tainted");
	log_line("CPU: 1 PID: -1 Comm: x Not tainted");
	log_line("CPU: 1 PID: 1 Comm:");
	log_line("CPU: 1 PID: 1");
	expect_reason("Kernel panic - not syncing: \\x1b[2J\\x9b\\x5c");
	expect_nobody();
	log_line("CPU: 1 PID: 1 Comm: \033c Not tainted");
	expect_panic("Kernel panic - not syncing: \\x1b[2J\\x9b\\x5c", 1, 1, "\\x1bc");
	lines.n = 0;
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "Kernel panic - not syncing", 26);
	log_line(text);
	kmd_log_panic_deinit(&found);
	expect_ok(kmd_log_panic(&lines, &diag, &found));
	ck_assert_uint_eq(strlen(found.reason), 500);
}
END_TEST

/* A name without an end is cut to the length of the longest name. */
START_TEST(endless_name)
{
	static char text[1024] = "CPU: 1 PID: 1 Comm: ";

	memset(text + 20, 'n', sizeof(text) - 21);
	log_line("Kernel panic - not syncing: x");
	log_line(text);
	expect_reason("Kernel panic - not syncing: x");
	ck_assert_uint_eq(strlen(found.task), 64);
}
END_TEST

/* The shim prints this line when its registry is full; the same line from user space is ignored. */
START_TEST(refused_regions)
{
	log_line("kmemdump: 12 regions refused, so missing in a dump: 90 of 90 places taken")
		->facility = 1;
	expect_ok(kmd_log_report_refusals(&lines, &diag));
	ck_assert_uint_eq(diag.n_findings, 0);
	log_line("kmemdump: level full: 1200 regions");
	log_line("kmemdump: 12 regions refused, so missing in a dump: 90 of 90 places taken");
	expect_ok(kmd_log_report_refusals(&lines, &diag));
	ck_assert_uint_eq(diag.n_findings, 1);
	ck_assert_ptr_nonnull(strstr(diag.findings[0]->text, "12 regions refused"));
	ck_assert_int_eq(diag.findings[0]->severity, KMD_DAMAGE);
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, none);
	tcase_add_test(tcase, event_of_oops);
	tcase_add_test(tcase, event_of_another_cpu);
	tcase_add_test(tcase, event_of_hung_task);
	tcase_add_test(tcase, numbered);
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
	tcase_add_loop_test(tcase, stall_ended, 0, 3);
	tcase_add_test(tcase, many_lines);
	tcase_add_test(tcase, hostile);
	tcase_add_test(tcase, endless_name);
	tcase_add_test(tcase, refused_regions);
	return kit_run("log_panic", tcase);
}
