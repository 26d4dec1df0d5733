/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_registers.c - CPU registers from the text of QEMU, and in the notes of a core. */
#include "kit.h"

#include "cpu/find.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER  20 /* of a note named CORE or LINUX */
#define PID_AT  32
#define REGS_AT 112

static struct kmd_cpus cpus;
static unsigned char *notes;
static size_t size;

static void done(void)
{
	kmd_cpus_deinit(&cpus);
	free(notes);
	notes = NULL;
	size = 0;
}

static uint64_t number(const unsigned char *at, size_t width)
{
	uint64_t value = 0;

	while (width--)
		value = value << 8 | at[width];
	return value;
}

static void read_text(const char *text, uint16_t machine)
{
	kmd_cpus_deinit(&cpus);
	expect_ok(kmd_cpus_from_text(text, strlen(text), "file", machine, &diag, &cpus));
	kmd_cpus_sort(&cpus, machine);
}

static void refuse(const char *text, uint16_t machine, const char *words)
{
	kmd_cpus_deinit(&cpus);
	expect_error(kmd_cpus_from_text(text, strlen(text), "file", machine, &diag, &cpus),
		     KMD_ERR_FORMAT, words);
	ck_assert(has_message("file"));
	kmd_cpus_deinit(&cpus);
}

static void add(uint32_t cpu, enum kmd_cpu_source source, uint64_t first)
{
	struct kmd_cpu item = { .cpu = cpu, .source = source };

	for (size_t i = 0; i < KMD_CPU_WORDS_MAX; i++)
		item.words[i] = first + i;
	expect_ok(kmd_cpus_add(&cpus, &item, &diag));
}

/* ------------------------------------------------------------- QEMU's text */

/* The text of QEMU 7.2, with an unknown word and with the line ends of a terminal. */
static const char x86_text[] =
	"\n"
	"CPU#0\r\n"
	"RAX=0000000000000001 RBX=ffff8ea642645dc0 RCX=0000000000000002 RDX=0000000000000003\r\n"
	"RSI=0000000000000202 RDI=0000000000000004 RBP=ffff8ea642523080 RSP=ffffcfff4043bef0\r\n"
	"R8 =0000000000000008 R9 =0000000000000009 R10=000000000000000a R11=000000000000000b\r\n"
	"R12=ffffcfff40493918 R13=ffff8ea642546d80 R14=000000000000000e R15=ffffffffc030d030\r\n"
	"RIP=ffffffffc030d01e RFL=00000246 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=0\r\n"
	"ES =0001 0000000000000000 00000000 00000000\r\n"
	"CS =0010 0000000000000000 ffffffff 00a09b00 DPL=0 CS64 [-RA]\r\n"
	"SS =0018 0000000000000000 ffffffff 00c09300 DPL=0 DS   [-WA]\r\n"
	"DS =0002 0000000000000000 00000000 00000000\r\n"
	"FS =0003 00007f0000000000 00000000 00000000\r\n"
	"GS =0004 ffff8ea64f800000 00000000 00000000\r\n"
	"LDT=0000 0000000000000000 00000000 00008200 DPL=0 LDT\r\n"
	"GDT=     fffffe1a8ced5000 0000007f\r\n"
	"CR0=80050033 CR2=0000000017fec9a0 CR3=00000000024a4000 CR4=000006f0\r\n"
	"CCS=0000000000000044 CCD=0000000000000000 CCO=EFLAGS\r\n"
	"FCW=037f FSW=0000 [ST=0] FTW=00 MXCSR=00001f80\r\n"
	"FPR0=0000000000000000 0000 FPR1=0000000000000000 0000\r\n"
	"XMM00=ffffffff00000000 ffffff0000000000 XMM01=0101010100000000 0101010000000000\r\n"
	"SOMETHING_NEW=zz RIP_X=12\r\n";

START_TEST(x86_64_text)
{
	static const uint64_t wanted[] = {
		0xffffffffc030d030,
		0xe,
		0xffff8ea642546d80,
		0xffffcfff40493918, /* r15 to r12 */
		0xffff8ea642523080,
		0xffff8ea642645dc0,
		0xb,
		0xa,
		9,
		8, /* bp bx r11-r8 */
		1,
		2,
		3,
		0x202,
		4,
		0, /* ax to orig_ax */
		0xffffffffc030d01e,
		0x10,
		0x246,
		0xffffcfff4043bef0,
		0x18, /* ip to ss */
		0x7f0000000000,
		0xffff8ea64f800000,
		2,
		1,
		3,
		4, /* bases, ds, es, fs, gs */
	};

	read_text(x86_text, EM_X86_64);
	ck_assert_uint_eq(cpus.n, 1);
	ck_assert_uint_eq(cpus.items[0].pub.n_words, 27);
	for (size_t i = 0; i < 27; i++)
		ck_assert_msg(cpus.items[0].words[i] == wanted[i], "word %zu is 0x%lx", i,
			      (unsigned long)cpus.items[0].words[i]);
	ck_assert_uint_eq(cpus.items[0].pub.pc, 0xffffffffc030d01e);
	ck_assert_uint_eq(cpus.items[0].pub.sp, 0xffffcfff4043bef0);
	ck_assert_ptr_eq(cpus.items[0].pub.words, cpus.items[0].words);
	ck_assert_str_eq(cpus.items[0].pub.source, "register file");
	done();
}
END_TEST

/* The x registers of @cpu are 0x10000 * cpu + their number; SVE follows, as in newer versions. */
static char *arm64_text(char *to, unsigned int cpu)
{
	to += sprintf(to, "\nCPU#%u\n PC=ffffd369058d80%02x ", cpu, cpu);
	for (unsigned int i = 0; i < 31; i++)
		to += sprintf(to, "X%02u=%016x%s", i, cpu << 16 | i, i % 3 == 1 ? "\n" : " ");
	return to + sprintf(to,
			    " SP=ffff80000842be%02x\n"
			    "PSTATE=400000c5 -Z-- EL1h  SVCR=00000000 --  BTYPE=0\n"
			    "FPCR=00000000 FPSR=00000000\nP00=0000 P01=0000 FFR=0000\n"
			    "Z00[a0]=0000000000000000:0000000000000000\n"
			    "Q00=766e690076746541:0075626e41767465\n",
			    cpu * 16);
}

START_TEST(arm64_text_of_many)
{
	static const unsigned int order[] = { 3, 0, 1 };
	char text[8192], *at = text;

	for (size_t i = 0; i < 3; i++)
		at = arm64_text(at, order[i]);
	read_text(text, EM_AARCH64);
	ck_assert_uint_eq(cpus.n, 3);
	for (size_t i = 0; i < 3; i++) {
		uint32_t cpu = i == 2 ? 3 : (uint32_t)i;

		ck_assert_uint_eq(cpus.items[i].cpu, cpu);
		for (uint64_t x = 0; x < 31; x++)
			ck_assert_uint_eq(cpus.items[i].words[x], (uint64_t)cpu << 16 | x);
		ck_assert_uint_eq(cpus.items[i].pub.sp, 0xffff80000842be00 + 16 * cpu);
		ck_assert_uint_eq(cpus.items[i].pub.pc, 0xffffd369058d8000 + cpu);
		ck_assert_uint_eq(cpus.items[i].words[33], 0x400000c5);
	}
	done();
}
END_TEST

/* CPUs in a 32-bit mode (x86 before its start, a 32-bit program), or never started. */
START_TEST(cpus_that_do_not_run_the_kernel)
{
	read_text("CPU#0\nEAX=00000000 EIP=0000fff0 EFL=00000002 [-------] HLT=1\nESP=0\n"
		  "ES =0000 00000000 0000ffff 00009300\n"
		  "CPU#1\nRIP=ffffffff81000000 RSP=ffffffff82000000\n",
		  EM_X86_64);
	ck_assert_uint_eq(cpus.n, 1);
	ck_assert_uint_eq(cpus.items[0].cpu, 1);
	read_text("CPU#0\n PC=0000000000000000  SP=0000000000000000\nPSTATE=400003c5\n"
		  "CPU#1\nR00=00000000 R15=00008000\nPSR=400001d3 -Z-- A S svc32\n"
		  "CPU#2\n PC=ffff800008000000  SP=ffff800009000000\n",
		  EM_AARCH64);
	ck_assert_uint_eq(cpus.n, 1);
	ck_assert_uint_eq(cpus.items[0].cpu, 2);
	done();
}
END_TEST

START_TEST(text_that_is_refused)
{
	refuse("", EM_X86_64, "line 0: no CPU");
	refuse("hello\nworld\n", EM_X86_64, "line 2: no CPU");
	refuse("CPU#0\nRIP=1\n\nCPU#1\n", EM_X86_64, "line 1: this CPU has no program counter");
	refuse("\nCPU#0\nRSP=1\n", EM_X86_64, "line 2: this CPU has no program counter");
	refuse("CPU#0\nRSP=1 RIP=zz\n", EM_X86_64, "line 2: RIP: unreadable value");
	refuse("CPU#0\nRSP=1 RIP=\n", EM_X86_64, "line 2: RIP: unreadable value");
	refuse("CPU#0\nRSP=1 RIP=11112222333344445\n", EM_X86_64, "line 2: RIP: unreadable value");
	refuse("CPU#0\nRSP=1 RIP=2\nRIP=2\n", EM_X86_64, "line 3: RIP: duplicate register");
	refuse("CPU#0\nRSP=1 RIP=2\nCPU#0\n", EM_X86_64, "line 3: duplicate CPU");
	refuse("CPU#x\nRSP=1 RIP=2\n", EM_X86_64, "line 1: no number");
	refuse("CPU#8192\nRSP=1 RIP=2\n", EM_X86_64, "line 1: no number");
	refuse("CPU#-1\nRSP=1 RIP=2\n", EM_X86_64, "line 1: no number");
	refuse(x86_text, EM_AARCH64, "no CPU that runs code of");
	refuse(x86_text, EM_PPC64, "not supported");
	read_text("CPU#8191\nRSP=1 RIP=2", EM_X86_64);
	ck_assert_uint_eq(cpus.items[0].cpu, 8191);
	done();
}
END_TEST

START_TEST(text_from_a_file)
{
	const char *path = path_in_folder("registers.txt");
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(x86_text, file);
	fclose(file);
	expect_ok(kmd_cpus_from_file(path, EM_X86_64, &diag, &cpus));
	ck_assert_uint_eq(cpus.n, 1);
	expect_error(kmd_cpus_from_file(path, EM_AARCH64, &diag, &cpus), KMD_ERR_FORMAT,
		     "registers.txt");
	expect_error(kmd_cpus_from_file(path_in_folder("none"), EM_X86_64, &diag, &cpus),
		     KMD_ERR_IO, "none");
	done();
}
END_TEST

/* ------------------------------------------------------------ one for each */

START_TEST(the_better_source_wins)
{
	add(1, KMD_CPU_FROM_NOTES, 100);
	add(0, KMD_CPU_FROM_RECORD, 200);
	add(1, KMD_CPU_FROM_FILE, 300);
	add(1, KMD_CPU_FROM_RECORD, 400);
	add(0, KMD_CPU_FROM_CONTEXT, 500);
	kmd_cpus_sort(&cpus, EM_AARCH64);
	ck_assert_uint_eq(cpus.n, 2);
	ck_assert_uint_eq(cpus.items[0].words[0], 200);
	ck_assert_str_eq(cpus.items[0].pub.source, "panic record");
	ck_assert_uint_eq(cpus.items[1].words[0], 300);
	ck_assert_str_eq(cpus.items[1].pub.source, "register file");
	ck_assert_uint_eq(cpus.items[1].pub.pc, 332);
	done();
}
END_TEST

/* ------------------------------------------------------------------- notes */

/* The note at *@at; moves behind it. */
static const unsigned char *next_note(size_t *at, const char *name, uint32_t type, size_t desc)
{
	const unsigned char *note = notes + *at;
	size_t named = (strlen(name) + 4) & ~(size_t)3;

	ck_assert_uint_le(*at + 12 + named + desc, size);
	ck_assert_uint_eq(number(note, 4), strlen(name) + 1);
	ck_assert_uint_eq(number(note + 4, 4), desc);
	ck_assert_uint_eq(number(note + 8, 4), type);
	ck_assert_str_eq((const char *)note + 12, name);
	*at += 12 + named + desc;
	return note + 12 + named;
}

static void expect_prstatus(size_t *at, size_t desc_size, uint32_t pid, uint64_t first,
			    size_t words)
{
	const unsigned char *desc = next_note(at, "CORE", NT_PRSTATUS, desc_size);

	ck_assert_uint_eq(number(desc + PID_AT, 4), pid);
	for (size_t i = 0; i < words; i++)
		ck_assert_uint_eq(number(desc + REGS_AT + 8 * i, 8), first + i);
	for (size_t i = REGS_AT + 8 * words; i < desc_size; i++)
		ck_assert_uint_eq(desc[i], 0);
}

static void make(uint16_t machine, const struct kmd_cpu_hints *hints)
{
	kmd_cpus_sort(&cpus, machine);
	expect_ok(kmd_cpus_notes(&cpus, machine, hints, &diag, &notes, &size));
}

/* Missing CPUs do not shift the others; existing notes are kept. */
START_TEST(plain_notes)
{
	static const struct kmd_cpu_hints none;
	size_t at = 4;

	notes = malloc(4);
	ck_assert_ptr_nonnull(notes);
	memcpy(notes, "abcd", 4);
	size = 4;
	add(4, KMD_CPU_FROM_NOTES, 1000);
	add(1, KMD_CPU_FROM_NOTES, 2000);
	make(EM_X86_64, &none);
	ck_assert_uint_eq(size, 4 + 2 * (HEADER + 336));
	ck_assert(!memcmp(notes, "abcd", 4));
	expect_prstatus(&at, 336, 2, 2000, 27);
	expect_prstatus(&at, 336, 5, 1000, 27);
	done();
	add(0, KMD_CPU_FROM_NOTES, 3000);
	make(EM_AARCH64, &none);
	at = 0;
	expect_prstatus(&at, 392, 1, 3000, 34);
	ck_assert_uint_eq(size, at);
	done();
	make(EM_AARCH64, &none);
	ck_assert_uint_eq(size, 0);
	add(0, KMD_CPU_FROM_NOTES, 3000);
	make(EM_RISCV, &none);
	at = 0;
	expect_prstatus(&at, 376, 1, 3000, 32);
	ck_assert_uint_eq(size, at);
	done();
	add(0, KMD_CPU_FROM_NOTES, 3000);
	make(EM_PPC64, &none);
	ck_assert_uint_eq(size, 0);
	done();
}
END_TEST

START_TEST(pointer_authentication)
{
	struct kmd_cpu_hints hints = { .pac_mask = 0xffff000000000000 };
	const unsigned char *desc;
	size_t at = 0;

	add(0, KMD_CPU_FROM_FILE, 1);
	add(1, KMD_CPU_FROM_FILE, 2);
	make(EM_AARCH64, &hints);
	for (uint32_t i = 0; i < 2; i++) {
		expect_prstatus(&at, 392, i + 1, i + 1, 34);
		desc = next_note(&at, "LINUX", 0x406, 16);
		ck_assert_uint_eq(number(desc, 8), hints.pac_mask);
		ck_assert_uint_eq(number(desc + 8, 8), hints.pac_mask);
	}
	desc = next_note(&at, "CORE", NT_AUXV, 32);
	ck_assert_uint_eq(number(desc, 8), AT_HWCAP);
	ck_assert_uint_eq(number(desc + 8, 8), 1u << 30);
	ck_assert_uint_eq(number(desc + 16, 8), AT_NULL);
	ck_assert_uint_eq(size, at);
	free(notes);
	notes = NULL;
	size = 0;
	hints.has_auxv = true;
	make(EM_AARCH64, &hints);
	ck_assert_uint_eq(size, at - HEADER - 32);
	done();
}
END_TEST

START_TEST(entry_for_gdb)
{
	static const struct kmd_cpu_hints hints = { .entry = 0xffffd36912345678,
						    .pac_mask = 0xffff000000000000 };
	const unsigned char *desc;
	size_t at = 0;

	make(EM_AARCH64, &hints);
	desc = next_note(&at, "CORE", NT_AUXV, 32);
	ck_assert_uint_eq(number(desc, 8), AT_ENTRY);
	ck_assert_uint_eq(number(desc + 8, 8), hints.entry);
	ck_assert_uint_eq(number(desc + 16, 8), AT_NULL);
	ck_assert_uint_eq(size, at);
	done();
}
END_TEST

/* crash uses the i-th note for CPU i, so notes that only crash counts replace the missing ones. */
START_TEST(notes_for_all_cpus_of_arm64)
{
	static const struct kmd_cpu_hints hints = { .all_cpus = true };
	const unsigned char *desc;
	size_t at = 0;

	add(2, KMD_CPU_FROM_FILE, 7);
	make(EM_AARCH64, &hints);
	for (int i = 0; i < 2; i++) {
		desc = next_note(&at, "KMD", NT_PRSTATUS, 35 * 8);
		for (size_t j = 0; j < 35 * 8; j++)
			ck_assert_uint_eq(desc[j], 0);
	}
	expect_prstatus(&at, 392, 3, 7, 34);
	desc = next_note(&at, "QEMU", 0, 440);
	ck_assert_uint_eq(number(desc, 4), 1);
	ck_assert_uint_eq(number(desc + 4, 4), 440);
	ck_assert_uint_eq(size, at);
	done();
}
END_TEST

START_TEST(notes_for_all_cpus_of_x86_64)
{
	static const struct kmd_cpu_hints hints = { .all_cpus = true };
	/* Words of user_regs in the order of QEMU's record. */
	static const unsigned int regs[] = { 10, 5, 11, 12, 13, 14, 19, 4,  9,
					     8,  7, 6,  3,  2,  1,  0,  16, 18 };
	static const unsigned int segs[] = { 17, 23, 24, 25, 26, 20 };
	const unsigned char *desc;
	size_t at = 0;

	add(1, KMD_CPU_FROM_FILE, 100);
	make(EM_X86_64, &hints);
	next_note(&at, "KMD", NT_PRSTATUS, 28 * 8);
	expect_prstatus(&at, 336, 2, 100, 27);
	desc = next_note(&at, "QEMU", 0, 440);
	for (size_t i = 8; i < 440; i++)
		ck_assert_uint_eq(desc[i], 0);
	desc = next_note(&at, "QEMU", 0, 440);
	for (size_t i = 0; i < 18; i++)
		ck_assert_uint_eq(number(desc + 8 + 8 * i, 8), 100 + regs[i]);
	for (size_t i = 0; i < 6; i++) {
		ck_assert_uint_eq(number(desc + 152 + 24 * i, 4), 100 + segs[i]);
		ck_assert_uint_eq(number(desc + 152 + 24 * i + 16, 8), i == 3   ? 121u
								       : i == 4 ? 122u
										: 0u);
	}
	ck_assert_uint_eq(size, at);
	done();
}
END_TEST

/* The registers of a finished core, as the public API shows them. */
START_TEST(notes_of_a_core)
{
	static const struct kmd_cpu_hints hints = { .pac_mask = 1, .all_cpus = true };
	struct kmd_core_notes carried = { 0 };
	size_t first;

	add(1, KMD_CPU_FROM_FILE, 10);
	add(5, KMD_CPU_FROM_FILE, 20);
	make(EM_AARCH64, &hints);
	kmd_cpus_deinit(&cpus);
	carried = (struct kmd_core_notes){ notes, size, 2 };
	expect_ok(kmd_cpus_from_core(&carried, EM_AARCH64, &diag, &cpus));
	kmd_cpus_sort(&cpus, EM_AARCH64);
	ck_assert_uint_eq(cpus.n, 2);
	ck_assert_uint_eq(cpus.items[0].cpu, 1);
	ck_assert_uint_eq(cpus.items[1].cpu, 5);
	ck_assert_uint_eq(cpus.items[1].pub.pc, 52);
	/* Without the pids of QEMU, the place is the CPU; CPU 0 has a placeholder. */
	first = 16 + 35 * 8;
	ck_assert_uint_eq(notes[first + HEADER + PID_AT], 2);
	notes[first + HEADER + PID_AT] = 99;
	kmd_cpus_deinit(&cpus);
	expect_ok(kmd_cpus_from_core(&carried, EM_AARCH64, &diag, &cpus));
	ck_assert_uint_eq(cpus.n, 2);
	ck_assert_uint_eq(cpus.items[0].cpu, 0);
	ck_assert_uint_eq(cpus.items[1].cpu, 1);
	/* The core is of another machine, or has fewer bytes than counted. */
	kmd_cpus_deinit(&cpus);
	expect_ok(kmd_cpus_from_core(&carried, EM_X86_64, &diag, &cpus));
	ck_assert_uint_eq(cpus.n, 0);
	carried.size = first + HEADER + 391;
	expect_ok(kmd_cpus_from_core(&carried, EM_AARCH64, &diag, &cpus));
	ck_assert_uint_eq(cpus.n, 0);
	carried.size++;
	expect_ok(kmd_cpus_from_core(&carried, EM_AARCH64, &diag, &cpus));
	ck_assert_uint_eq(cpus.n, 1);
	done();
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_test(tcase, x86_64_text);
	tcase_add_test(tcase, arm64_text_of_many);
	tcase_add_test(tcase, cpus_that_do_not_run_the_kernel);
	tcase_add_test(tcase, text_that_is_refused);
	tcase_add_test(tcase, text_from_a_file);
	tcase_add_test(tcase, the_better_source_wins);
	tcase_add_test(tcase, plain_notes);
	tcase_add_test(tcase, pointer_authentication);
	tcase_add_test(tcase, entry_for_gdb);
	tcase_add_test(tcase, notes_for_all_cpus_of_arm64);
	tcase_add_test(tcase, notes_for_all_cpus_of_x86_64);
	tcase_add_test(tcase, notes_of_a_core);
	return kit_run("registers", tcase);
}
