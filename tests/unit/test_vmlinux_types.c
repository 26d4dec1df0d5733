/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_vmlinux_types.c - type queries on the debug information of several compilers. */
#include "elf_kit.h"
#include "types/types.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct kmd_vmlinux_options options = { .debug_root = "/nowhere" };

struct row {
	enum kmd_type_kind kind;
	const char *type, *member;
	bool known;
	int64_t value;
};

/* The types in tests/fixtures/vmlinux/, for any 64-bit machine. */
static const struct row rows[] = {
	{ KMD_TYPE_SIZE, "list_head", NULL, true, 16 },
	{ KMD_TYPE_SIZE, "atomic_long_t", NULL, true, 8 },
	{ KMD_TYPE_SIZE, "note_buf_t", NULL, true, 368 },
	{ KMD_TYPE_SIZE, "gfp_t", NULL, true, 4 },
	{ KMD_TYPE_SIZE, "page", NULL, true, 48 },
	{ KMD_TYPE_SIZE, "only_in_driver", NULL, true, 24 },
	{ KMD_TYPE_SIZE, "task_struct", NULL, true, 120 },
	{ KMD_TYPE_SIZE, "odd", NULL, true, 8 },
	{ KMD_TYPE_SIZE, "opaque", NULL, false, 0 },
	{ KMD_TYPE_SIZE, "no_such_struct", NULL, false, 0 },
	{ KMD_TYPE_SIZE, "", NULL, false, 0 },
	{ KMD_TYPE_SIZE, "init_task", NULL, false, 0 }, /* a variable */
	{ KMD_TYPE_SIZE, "PG_lru", NULL, false, 0 },
	{ KMD_TYPE_OFFSET, "page", "flags", true, 0 },
	{ KMD_TYPE_OFFSET, "page", "lru", true, 8 },
	{ KMD_TYPE_OFFSET, "page", "lru.prev", true, 16 },
	{ KMD_TYPE_OFFSET, "page", "private", true, 32 },
	{ KMD_TYPE_OFFSET, "page", "compound_head", true, 8 },
	{ KMD_TYPE_OFFSET, "page", "compound_dtor", true, 16 },
	{ KMD_TYPE_OFFSET, "page", "_mapcount", true, 40 },
	{ KMD_TYPE_OFFSET, "page", "lru.none", false, 0 },
	{ KMD_TYPE_OFFSET, "page", "lru.", false, 0 },
	{ KMD_TYPE_OFFSET, "page", "", false, 0 },
	{ KMD_TYPE_OFFSET, "page", "flags.none", false, 0 },
	{ KMD_TYPE_OFFSET, "page", "none", false, 0 },
	{ KMD_TYPE_OFFSET, "page", "flag", false, 0 },
	/* The struct zone of the driver comes first. */
	{ KMD_TYPE_OFFSET, "zone", "free_area", true, 32 },
	{ KMD_TYPE_OFFSET, "zone", "private_to_driver", true, 0 },
	{ KMD_TYPE_LENGTH, "zone", "free_area", true, 11 },
	{ KMD_TYPE_LENGTH, "free_area", "free_list", true, 5 },
	{ KMD_TYPE_LENGTH, "only_in_driver", "zone", true, 3 },
	{ KMD_TYPE_OFFSET, "only_in_driver", "s", true, 20 },
	{ KMD_TYPE_OFFSET, "task_struct", "thread_info.cpu", true, 8 },
	{ KMD_TYPE_OFFSET, "task_struct", "early", true, 16 }, /* bit fields */
	{ KMD_TYPE_OFFSET, "task_struct", "id", true, 20 },
	{ KMD_TYPE_OFFSET, "task_struct", "usage.counter", true, 112 },
	{ KMD_TYPE_OFFSET, "task_struct", "tail", true, 120 },
	{ KMD_TYPE_LENGTH, "task_struct", "comm", true, 16 },
	{ KMD_TYPE_LENGTH, "task_struct", "grid", true, 3 },
	{ KMD_TYPE_LENGTH, "task_struct", "id", false, 0 },
	{ KMD_TYPE_OFFSET, "atomic_long_t", "counter", true, 0 },
	{ KMD_TYPE_OFFSET, "opaque", "any", false, 0 },
	{ KMD_TYPE_OFFSET, "gfp_t", "any", false, 0 },
	{ KMD_TYPE_ENUMERATOR, "PG_locked", NULL, true, 0 },
	{ KMD_TYPE_ENUMERATOR, "PG_lru", NULL, true, 5 },
	{ KMD_TYPE_ENUMERATOR, "PG_last", NULL, true, 255 },
	{ KMD_TYPE_ENUMERATOR, "ODD_NEGATIVE", NULL, true, -129 },
	{ KMD_TYPE_ENUMERATOR, "ODD_BIG", NULL, true, 0x80000000 },
	{ KMD_TYPE_ENUMERATOR, "DRIVER_LIVE", NULL, true, 7 },
	{ KMD_TYPE_ENUMERATOR, "PG_none", NULL, false, 0 },
	{ KMD_TYPE_ENUMERATOR, "page", NULL, false, 0 },
	{ KMD_TYPE_VARIABLE, "linux_banner", NULL, true, 38 },
	{ KMD_TYPE_VARIABLE, "node_data", NULL, true, 512 },
	{ KMD_TYPE_VARIABLE, "undefined_here", NULL, true, 28 },
	{ KMD_TYPE_VARIABLE, "crash_notes", NULL, true, 8 },
	{ KMD_TYPE_VARIABLE, "in_driver", NULL, false, 0 }, /* a function */
	{ KMD_TYPE_VARIABLE, "task_struct", NULL, false, 0 },
	{ KMD_TYPE_ELEMENTS, "node_data", NULL, true, 64 },
	{ KMD_TYPE_ELEMENTS, "undefined_here", NULL, true, 7 },
	{ KMD_TYPE_ELEMENTS, "init_task", NULL, false, 0 },
	{ KMD_TYPE_NUMBER, "allowed", NULL, true, KMD_VARIABLE_UNSIGNED | 4 << 8 },
	{ KMD_TYPE_NUMBER, "page_flag", NULL, true, KMD_VARIABLE_UNSIGNED | 4 << 8 },
	{ KMD_TYPE_NUMBER, "crash_notes", NULL, true, KMD_VARIABLE_POINTER | 8 << 8 },
	{ KMD_TYPE_NUMBER, "banner_pointer", NULL, true, KMD_VARIABLE_POINTER | 8 << 8 },
	{ KMD_TYPE_NUMBER, "node_data", NULL, false, 0 },
	{ KMD_TYPE_NUMBER, "init_task", NULL, false, 0 },
	{ KMD_TYPE_NUMBER, "linux_banner", NULL, false, 0 },
	{ KMD_TYPE_NUMBER, "gfp_t", NULL, false, 0 },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void fill(struct kmd_type_query queries[ROWS])
{
	for (size_t i = 0; i < ROWS; i++)
		queries[i] = (struct kmd_type_query){ rows[i].kind, rows[i].type, rows[i].member,
						      true, 0x5a5a };
}

static void try_fixture(const char *name)
{
	struct kmd_type_query queries[ROWS];
	struct kmd_vmlinux vmlinux;

	fill(queries);
	expect_ok(kmd_vmlinux_open(vmlinux_fixture(name), &options, &diag, &vmlinux));
	expect_ok(kmd_vmlinux_types(&vmlinux, queries, ROWS, &diag));
	for (size_t i = 0; i < ROWS; i++) {
		ck_assert_msg(queries[i].known == rows[i].known, "%s: %s %s is %sknown", name,
			      rows[i].type, rows[i].member ? rows[i].member : "",
			      queries[i].known ? "" : "not ");
		ck_assert_msg(!queries[i].known || queries[i].value == (uint64_t)rows[i].value,
			      "%s: %s %s is %lld", name, rows[i].type,
			      rows[i].member ? rows[i].member : "", (long long)queries[i].value);
	}
	expect_no_messages();
	kmd_vmlinux_deinit(&vmlinux);
}

START_TEST(compilers)
{
	try_fixture("gcc-x86_64");
	try_fixture("gcc-x86_64-dwarf4-gz");
	try_fixture("gcc-x86_64-dwz");
	try_fixture("clang-arm64");
	try_fixture("clang-arm64-relr");
	try_fixture("clang-powerpc64");
}
END_TEST

/* Each query alone: no answer may depend on other queries. */
START_TEST(one_by_one)
{
	struct kmd_type_query queries[ROWS];
	struct kmd_vmlinux vmlinux;

	fill(queries);
	expect_ok(kmd_vmlinux_open(vmlinux_fixture("gcc-x86_64"), &options, &diag, &vmlinux));
	for (size_t i = 0; i < ROWS; i++) {
		expect_ok(kmd_vmlinux_types(&vmlinux, &queries[i], 1, &diag));
		ck_assert_int_eq(queries[i].known, rows[i].known);
		ck_assert(!queries[i].known || queries[i].value == (uint64_t)rows[i].value);
	}
	expect_ok(kmd_vmlinux_types(&vmlinux, queries, 0, &diag));
	kmd_vmlinux_deinit(&vmlinux);
}
END_TEST

START_TEST(no_debug_information)
{
	struct kmd_type_query queries[ROWS];
	struct kmd_vmlinux vmlinux;
	struct bytes file = { 0 };

	fill(queries);
	kernel_make(&file, &(struct kernel_spec){ true, true, false, "abcd", NULL, 0 });
	expect_ok(kmd_vmlinux_open(file_with("vmlinux", file.at, file.size), &options, &diag,
				   &vmlinux));
	expect_error(kmd_vmlinux_types(&vmlinux, queries, ROWS, &diag), KMD_ERR_NOT_FOUND,
		     "no debug information");
	for (size_t i = 0; i < ROWS; i++)
		ck_assert(!queries[i].known);
	kmd_vmlinux_deinit(&vmlinux);
	bytes_free(&file);
}
END_TEST

/* ------------------------------------------------------------ damage */

/* The call must return, with any result.  True if the file was opened. */
static bool survive(const void *bytes, size_t size)
{
	struct kmd_type_query queries[ROWS];
	struct kmd_vmlinux vmlinux;
	char content[64];

	fill(queries);
	if (kmd_vmlinux_open(file_with("vmlinux", bytes, size), &options, &diag, &vmlinux) !=
	    KMD_OK) {
		ck_assert(diag.sentence[0]);
		return false;
	}
	for (size_t i = 0; i < vmlinux.n; i++)
		kmd_vmlinux_bytes(&vmlinux, vmlinux.symbols[i].value, content, sizeof(content));
	kmd_vmlinux_types(&vmlinux, queries, ROWS, &diag);
	kmd_vmlinux_deinit(&vmlinux);
	return true;
}

START_TEST(cut)
{
	struct bytes file = { 0 };

	vmlinux_fixture_read("gcc-x86_64", &file);
	ck_assert(survive(file.at, file.size));
	for (size_t size = 0; size < file.size; size += 61)
		ck_assert(!survive(file.at, size));
	bytes_free(&file);
}
END_TEST

/* Each text without its end: the last one of a section then ends with the section. */
START_TEST(unterminated)
{
	struct bytes file = { 0 };
	size_t texts = 0;

	vmlinux_fixture_read("gcc-x86_64", &file);
	for (size_t i = 1; i < file.size; i++) {
		if (file.at[i] || !isalnum(file.at[i - 1]))
			continue;
		file.at[i] = 'x';
		survive(file.at, file.size);
		file.at[i] = '\0';
		texts++;
	}
	ck_assert_uint_gt(texts, 50);
	bytes_free(&file);
}
END_TEST

static void flip(const char *name)
{
	uint32_t random = 1;
	struct bytes file = { 0 };
	size_t opened = 0;

	vmlinux_fixture_read(name, &file);
	for (int round = 0; round < 300; round++) {
		unsigned char old[3];
		size_t at[3];

		for (int i = 0; i < 3; i++) {
			random = random * 1664525 + 1013904223;
			at[i] = random % file.size;
			old[i] = file.at[at[i]];
			file.at[at[i]] = (unsigned char)(random >> 24);
		}
		opened += survive(file.at, file.size);
		for (int i = 2; i >= 0; i--)
			file.at[at[i]] = old[i];
	}
	ck_assert_uint_gt(opened, 100);
	bytes_free(&file);
}

START_TEST(flipped)
{
	flip("gcc-x86_64");
	flip("clang-arm64");
	flip("gcc-x86_64-dwarf4-gz");
}
END_TEST

/* Entry codes of the debug information below. */
enum { UNIT = 1, TYPEDEF, STRUCT, MEMBER, ARRAY, END = 0 };

static const unsigned char abbreviations[] = {
	UNIT,    0x11, 1, 0,    0,                      /* compile unit, has children */
	TYPEDEF, 0x16, 0, 0x03, 0x08, 0x49, 0x13, 0, 0, /* name as text, type by offset */
	STRUCT,  0x13, 1, 0x03, 0x08, 0,    0,          /* name */
	MEMBER,  0x0d, 0, 0x49, 0x13, 0,    0,          /* type: it is anonymous */
	ARRAY,   0x01, 0, 0x49, 0x13, 0,    0,          /* type, no dimensions */
	END,
};

static void add_entry(struct bytes *info, unsigned char code, const char *name, size_t type)
{
	bytes_number(info, code, 1);
	if (name)
		bytes_add(info, name, strlen(name) + 1);
	if (type)
		bytes_number(info, type, 4);
}

/* Types that contain themselves. */
static void make_circles(struct bytes *info)
{
	size_t at;

	bytes_number(info, 0, 4); /* length, set later */
	bytes_number(info, 4, 2);
	bytes_number(info, 0, 4);
	bytes_number(info, 8, 1);
	add_entry(info, UNIT, NULL, 0);
	add_entry(info, TYPEDEF, "circle", info->size);
	at = info->size;
	add_entry(info, STRUCT, "tree", 0);
	for (int i = 0; i < 8; i++)
		add_entry(info, MEMBER, NULL, at);
	bytes_number(info, END, 1);
	at = info->size + 1 + sizeof("row") + 4;
	add_entry(info, TYPEDEF, "row", at);
	add_entry(info, ARRAY, NULL, at);
	bytes_number(info, END, 1);
	bytes_set(info, 0, info->size - 4, 4);
}

START_TEST(circles)
{
	struct kmd_type_query queries[] = {
		{ .kind = KMD_TYPE_SIZE, .type = "circle" },
		{ .kind = KMD_TYPE_OFFSET, .type = "circle", .member = "a" },
		{ .kind = KMD_TYPE_SIZE, .type = "row" },
		{ .kind = KMD_TYPE_OFFSET, .type = "tree", .member = "a" },
	};
	struct bytes info = { 0 }, file = { 0 }, table = { 0 };
	struct elf_section sections[] = {
		{ ".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 0x1000, "text", 4, 0, 0 },
		{ ".symtab", SHT_SYMTAB, 0, 0, NULL, 0, 3, 24 },
		{ ".strtab", SHT_STRTAB, 0, 0, "\0a", 3, 0, 0 },
		{ ".debug_abbrev", SHT_PROGBITS, 0, 0, abbreviations, sizeof(abbreviations), 0, 0 },
		{ ".debug_info", SHT_PROGBITS, 0, 0, NULL, 0, 0, 0 },
	};
	struct kmd_vmlinux vmlinux;

	make_circles(&info);
	elf_symbol(&table, 1, 0x11, 1, 0x1000, 4);
	sections[1].data = table.at;
	sections[1].size = table.size;
	sections[4].data = info.at;
	sections[4].size = info.size;
	elf_make(&file, ET_EXEC, EM_X86_64, sections, 5);
	expect_ok(kmd_vmlinux_open(file_with("vmlinux", file.at, file.size), &options, &diag,
				   &vmlinux));
	expect_ok(kmd_vmlinux_types(&vmlinux, queries, 3, &diag));
	expect_error(kmd_vmlinux_types(&vmlinux, queries, 4, &diag), KMD_ERR_DAMAGED,
		     "circular type references");
	for (size_t i = 0; i < 4; i++)
		ck_assert(!queries[i].known);
	kmd_vmlinux_deinit(&vmlinux);
	bytes_free(&info);
	bytes_free(&table);
	bytes_free(&file);
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_test(tcase, compilers);
	tcase_add_test(tcase, one_by_one);
	tcase_add_test(tcase, no_debug_information);
	tcase_add_test(tcase, cut);
	tcase_add_test(tcase, unterminated);
	tcase_add_test(tcase, flipped);
	tcase_add_test(tcase, circles);
	return kit_run("vmlinux-types", tcase);
}
