/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_vmlinux_types.c - questions to debug information, as several compilers write it. */
#include "elf_kit.h"
#include "linux/vmlinux/types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct kmd_vmlinux_options options = { .debug_root = "/nowhere" };

struct row {
	enum kmd_type_question question;
	const char *type, *member;
	bool known;
	int64_t value;
};

/* What tests/fixtures/vmlinux/ has to say, on any machine of 64 bits. */
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
	/* The driver's own struct zone comes first. */
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
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void fill(struct kmd_type_ask asks[ROWS])
{
	for (size_t i = 0; i < ROWS; i++)
		asks[i] = (struct kmd_type_ask){ rows[i].question, rows[i].type, rows[i].member,
						 true, 0x5a5a };
}

static void try_fixture(const char *name)
{
	struct kmd_type_ask asks[ROWS];
	struct kmd_vmlinux vmlinux;

	fill(asks);
	expect_ok(kmd_vmlinux_open(vmlinux_fixture(name), &options, &diag, &vmlinux));
	expect_ok(kmd_vmlinux_types(&vmlinux, asks, ROWS, &diag));
	for (size_t i = 0; i < ROWS; i++) {
		ck_assert_msg(asks[i].known == rows[i].known, "%s: %s %s is %sknown", name,
			      rows[i].type, rows[i].member ? rows[i].member : "",
			      asks[i].known ? "" : "not ");
		ck_assert_msg(!asks[i].known || asks[i].value == (uint64_t)rows[i].value,
			      "%s: %s %s is %lld", name, rows[i].type,
			      rows[i].member ? rows[i].member : "", (long long)asks[i].value);
	}
	expect_silence();
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

/* Each alone: no answer may depend on what else is asked. */
START_TEST(one_by_one)
{
	struct kmd_type_ask asks[ROWS];
	struct kmd_vmlinux vmlinux;

	fill(asks);
	expect_ok(kmd_vmlinux_open(vmlinux_fixture("gcc-x86_64"), &options, &diag, &vmlinux));
	for (size_t i = 0; i < ROWS; i++) {
		expect_ok(kmd_vmlinux_types(&vmlinux, &asks[i], 1, &diag));
		ck_assert_int_eq(asks[i].known, rows[i].known);
		ck_assert(!asks[i].known || asks[i].value == (uint64_t)rows[i].value);
	}
	expect_ok(kmd_vmlinux_types(&vmlinux, asks, 0, &diag));
	kmd_vmlinux_deinit(&vmlinux);
}
END_TEST

START_TEST(no_debug_information)
{
	struct kmd_type_ask asks[ROWS];
	struct kmd_vmlinux vmlinux;
	struct bytes file = { 0 };

	fill(asks);
	kernel_make(&file, &(struct kernel_spec){ true, true, false, "abcd", NULL, 0 });
	expect_ok(kmd_vmlinux_open(file_with("vmlinux", file.at, file.size), &options, &diag,
				   &vmlinux));
	expect_error(kmd_vmlinux_types(&vmlinux, asks, ROWS, &diag), KMD_ERR_NOT_FOUND,
		     "no debug information");
	for (size_t i = 0; i < ROWS; i++)
		ck_assert(!asks[i].known);
	kmd_vmlinux_deinit(&vmlinux);
	bytes_free(&file);
}
END_TEST

/* ------------------------------------------------------------ damage */

/* Whatever it says of it, it must come back.  True if it was opened. */
static bool survive(const void *bytes, size_t size)
{
	struct kmd_type_ask asks[ROWS];
	struct kmd_vmlinux vmlinux;
	char content[64];

	fill(asks);
	if (kmd_vmlinux_open(file_with("vmlinux", bytes, size), &options, &diag, &vmlinux) !=
	    KMD_OK) {
		ck_assert(diag.sentence[0]);
		return false;
	}
	for (size_t i = 0; i < vmlinux.n; i++)
		kmd_vmlinux_bytes(&vmlinux, vmlinux.symbols[i].value, content, sizeof(content));
	kmd_vmlinux_types(&vmlinux, asks, ROWS, &diag);
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

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_test(tcase, compilers);
	tcase_add_test(tcase, one_by_one);
	tcase_add_test(tcase, no_debug_information);
	tcase_add_test(tcase, cut);
	tcase_add_test(tcase, flipped);
	return kit_run("vmlinux-types", tcase);
}
