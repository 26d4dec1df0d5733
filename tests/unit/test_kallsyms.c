/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_kallsyms.c - the kernel's symbol table, made by hand: both forms of addresses, and damage.
 */
#include "consumer_kit.h"

#include "target/kallsyms.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#define NUM     0x1000
#define NAMES   0x1100
#define TOKENS  0x2000
#define INDEX   0x2400
#define OFFSETS 0x3000
#define BASE    0x4000

static struct kmd_kallsyms table;
static size_t n_symbols, names_end;

static void setup(void)
{
	consumer_setup();
	memset(&table, 0, sizeof(table));
	n_symbols = 0;
	names_end = NAMES;
}

static void teardown(void)
{
	kmd_kallsyms_deinit(&table);
	consumer_teardown();
}

/* A token for each character; 1 is "sys_". */
static void add_tokens(void)
{
	size_t at = TOKENS;

	for (size_t i = 0; i < 256; i++) {
		const char *text = i == 1 ? "sys_" : (const char[]){ (char)(i ? i : '?'), 0 };

		fake_set(&fake, INDEX + 2 * i, at - TOKENS, 2);
		memcpy(fake.memory + at, text, strlen(text) + 1);
		at += strlen(text) + 1;
	}
	/* Nothing lies between the tokens and their index. */
	ck_assert_uint_lt(at, INDEX);
}

static void add(const char *name, uint32_t offset)
{
	fake_set(&fake, names_end++, strlen(name), 1);
	memcpy(fake.memory + names_end, name, strlen(name));
	names_end += strlen(name);
	fake_set(&fake, OFFSETS + 4 * n_symbols++, offset, 4);
}

static void line(const char *name, size_t at)
{
	char text[80];

	snprintf(text, sizeof(text), "SYMBOL(%s)=%jx", name, (uintmax_t)AT(at));
	consumer_line(text);
}

static void read_table_of(uint64_t base, bool names_base)
{
	add_tokens();
	fake_set(&fake, NUM, n_symbols, 4);
	fake_set(&fake, names_base ? BASE : OFFSETS + (4 * n_symbols + 7) / 8 * 8, base, 8);
	line("kallsyms_num_syms", NUM);
	line("kallsyms_names", NAMES);
	line("kallsyms_token_table", TOKENS);
	line("kallsyms_token_index", INDEX);
	line("kallsyms_offsets", OFFSETS);
	if (names_base)
		line("kallsyms_relative_base", BASE);
	line("_stext", 0x100);
	consumer_capture(0, 0x8000);
	consumer_build();
	kmd_kallsyms_read(&target, &table);
}

static void read_table(uint64_t base)
{
	read_table_of(base, true);
}

static void expect_at(uint64_t virt, const char *name)
{
	size_t i = kmd_kallsyms_find(&table, virt);

	ck_assert_uint_lt(i, table.n);
	ck_assert_str_eq(kmd_kallsyms_name(&table, i), name);
}

START_TEST(base_and_offset)
{
	uint64_t address;

	add("T_stext", 0x100);
	add("t\1read", 0x200);
	add("t\1write", 0x300);
	read_table(AT(0));
	ck_assert_uint_eq(table.n, 3);
	expect_at(AT(0x100), "_stext");
	expect_at(AT(0x2ff), "sys_read");
	expect_at(AT(0x300), "sys_write");
	ck_assert_uint_eq(kmd_kallsyms_find(&table, AT(0xff)), 3);
	ck_assert(kmd_kallsyms_address(&table, "sys_write", &address));
	ck_assert_uint_eq(address, AT(0x300));
	ck_assert(!kmd_kallsyms_address(&table, "sys", &address));
	/* The target finds names of neither vmlinux nor VMCOREINFO. */
	target.kallsyms = &table;
	ck_assert(kmd_target_symbol(&target, "sys_read", &address, NULL));
	ck_assert_uint_eq(address, AT(0x200));
}
END_TEST

/* VMCOREINFO of riscv64's 6.12 without this key: the base follows the offsets. */
START_TEST(base_that_vmcoreinfo_does_not_name)
{
	add("T_stext", 0x100);
	add("t\1read", 0x200);
	add("t\1write", 0x300);
	read_table_of(AT(0), false);
	ck_assert_uint_eq(table.n, 3);
	expect_at(AT(0x2ff), "sys_read");
	expect_no_messages();
}
END_TEST

/* x86_64 until 6.14: most offsets are negative, and those of per-CPU variables are addresses. */
START_TEST(absolute_per_cpu)
{
	uint64_t address;

	add("Afixed_percpu_data", 0x40);
	add("T_stext", (uint32_t)-0x101);
	add("t\1read", (uint32_t)-0x201);
	read_table(AT(0));
	expect_at(AT(0x100), "_stext");
	expect_at(AT(0x210), "sys_read");
	ck_assert(kmd_kallsyms_address(&table, "fixed_percpu_data", &address));
	ck_assert_uint_eq(address, 0x40);
}
END_TEST

/* A name of 130 tokens has a length of two bytes. */
START_TEST(long_name)
{
	char name[131];

	memset(name, 'x', sizeof(name));
	name[130] = '\0';
	add("T_stext", 0x100);
	fake_set(&fake, names_end, 0x82, 1);
	fake_set(&fake, names_end + 1, 1, 1);
	memcpy(fake.memory + names_end + 2, name, 130);
	names_end += 132;
	fake_set(&fake, OFFSETS + 4 * n_symbols++, 0x200, 4);
	add("t\1read", 0x300);
	read_table(AT(0));
	expect_at(AT(0x200), name + 1);
	expect_at(AT(0x300), "sys_read");
}
END_TEST

/* Without CONFIG_KALLSYMS_ALL it has no variables, and VMCOREINFO may lack _stext: no damage. */
START_TEST(nothing_confirms_it)
{
	if (_i)
		facts.machine = EM_ARM; /* without KASLR there is nothing to confirm */
	add("T_text", 0x100);
	read_table(AT(0));
	ck_assert_uint_eq(table.n, _i ? 1 : 0);
	if (_i)
		expect_no_messages();
	else
		expect_finding(KMD_FIND_TABLE, KMD_NOTE, "neither VMCOREINFO nor memory shows");
}
END_TEST

/* Another base is that of another boot. */
START_TEST(does_not_agree)
{
	add("T_stext", 0x100);
	read_table(AT(0x1000));
	ck_assert_uint_eq(table.n, 0);
	expect_finding(KMD_FIND_TABLE, KMD_DAMAGE, "is not used: its addresses are not those");
}
END_TEST

START_TEST(hostile)
{
	add("T_stext", 0x100);
	fake_set(&fake, names_end, 0xff, 1);
	fake_set(&fake, names_end + 1, 0xff, 1);
	n_symbols++;
	read_table(AT(0));
	ck_assert_uint_eq(table.n, 0);
	expect_finding(KMD_FIND_TABLE, KMD_DAMAGE, "is not used: a name crosses its end");
}
END_TEST

/* One damaged offset would give another function's name. */
START_TEST(not_sorted)
{
	add("T_stext", 0x100);
	add("t\1read", 0x300);
	add("t\1write", 0x200);
	read_table(AT(0));
	ck_assert_uint_eq(table.n, 0);
	expect_finding(KMD_FIND_TABLE, KMD_DAMAGE, "is not used: its addresses do not rise");
}
END_TEST

START_TEST(huge_count)
{
	add("T_stext", 0x100);
	n_symbols = 0x7fffffff;
	read_table(AT(0));
	ck_assert_uint_eq(table.n, 0);
	expect_finding(KMD_FIND_TABLE, KMD_DAMAGE, "its number of symbols is impossible");
}
END_TEST

/* Before 6.0 VMCOREINFO does not name the parts: they are found by their form. */
#define MANY 1100

/* How scripts/kallsyms.c lays out the parts. */
enum layout {
	MARKERS_8,     /* until 4.19: offsets first, markers of 8 bytes */
	OFFSETS_FIRST, /* until 6.1 */
	SEQUENCE_4,    /* 6.2: the same, with 4 bytes a symbol before the tokens */
	SEQUENCE_3,    /* 6.3: with 3 */
	OFFSETS_LAST,  /* since 6.4 */
	NO_BASE,       /* since 7.0: each offset counts from its own place */
};

static size_t align(size_t at)
{
	return (at + 7) / 8 * 8;
}

static size_t put_offsets(size_t at, enum layout layout)
{
	for (size_t n = 0; n < MANY; n++, at += 4)
		fake_set(&fake, at, 0x100 + 16 * n - (layout == NO_BASE ? at : 0), 4);
	at = align(at);
	if (layout != NO_BASE)
		fake_set(&fake, at, AT(0), 8);
	return at + (layout != NO_BASE ? 8 : 0);
}

static size_t put_name(size_t at, size_t n)
{
	char name[160];
	size_t length;

	/* One has a length of two bytes. */
	snprintf(name, sizeof(name), n ? "tfunction_%0*zu" : "T_stext", n == 900 ? 140 : 1, n);
	length = strlen(name);
	fake_set(&fake, at++, length > 127 ? (length & 127) | 128 : length, 1);
	if (length > 127)
		fake_set(&fake, at++, length >> 7, 1);
	memcpy(fake.memory + at, name, length);
	return at + length;
}

static size_t put_tokens(size_t at)
{
	for (size_t i = 0; i < 256; i++) {
		fake.memory[at++] = (unsigned char)(i ? i : '?');
		fake.memory[at++] = 0;
	}
	for (size_t i = 0; i < 256; i++, at += 2)
		fake_set(&fake, at, 2 * i, 2);
	return at;
}

/* Returns where the table begins to be damaged by the test: the place of the markers. */
static size_t many_symbols(enum layout layout)
{
	size_t at = 0x1000, names, markers, marks_width = layout == MARKERS_8 ? 8 : 4;
	uint32_t marks[MANY / 256 + 1];

	if (layout < OFFSETS_LAST)
		at = put_offsets(at, layout);
	fake_set(&fake, at, MANY, 4);
	names = at = at + 8;
	for (size_t n = 0; n < MANY; n++) {
		if (n % 256 == 0)
			marks[n / 256] = (uint32_t)(at - names);
		at = put_name(at, n);
	}
	markers = at = align(at);
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++, at += marks_width)
		fake_set(&fake, at, marks[i], marks_width);
	at = align(at);
	for (size_t i = 0; layout == SEQUENCE_4 && i < MANY; i++, at += 4)
		fake_set(&fake, at, i * 7 % MANY, 4);
	for (size_t i = 0; layout == SEQUENCE_3 && i < MANY; i++, at += 3)
		fake_set(&fake, at, i * 7 % MANY << 8, 3);
	at = put_tokens(align(at));
	if (layout >= OFFSETS_LAST)
		put_offsets(at, layout);
	line("_stext", 0x100);
	return markers;
}

static void search(void)
{
	consumer_capture(0, FAKE_SIZE);
	consumer_build();
	kmd_kallsyms_read(&target, &table);
}

START_TEST(found_by_search)
{
	many_symbols((enum layout)_i);
	search();
	ck_assert_uint_eq(table.n, MANY);
	expect_at(AT(0x100), "_stext");
	expect_at(AT(0x100 + 16 * 700 + 5), "function_700");
	expect_at(AT(0x100 + 16 * (MANY - 1)), "function_1099");
}
END_TEST

START_TEST(damaged_markers)
{
	fake_set(&fake, many_symbols(OFFSETS_FIRST) + 4, 77, 4);
	search();
	ck_assert_uint_eq(table.n, 0);
}
END_TEST

START_TEST(another_base)
{
	many_symbols(OFFSETS_FIRST);
	fake_set(&fake, 0x1000 + (4 * MANY + 7) / 8 * 8, AT(0x200000), 8);
	search();
	ck_assert_uint_eq(table.n, 0);
	expect_finding(KMD_FIND_TABLE, KMD_DAMAGE, "is not used: its addresses are not those");
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, base_and_offset);
	tcase_add_test(tcase, base_that_vmcoreinfo_does_not_name);
	tcase_add_test(tcase, absolute_per_cpu);
	tcase_add_test(tcase, long_name);
	tcase_add_loop_test(tcase, nothing_confirms_it, 0, 2);
	tcase_add_test(tcase, does_not_agree);
	tcase_add_test(tcase, hostile);
	tcase_add_test(tcase, not_sorted);
	tcase_add_test(tcase, huge_count);
	tcase_add_loop_test(tcase, found_by_search, MARKERS_8, NO_BASE + 1);
	tcase_add_test(tcase, damaged_markers);
	tcase_add_test(tcase, another_base);
	return kit_run("kallsyms", tcase);
}
