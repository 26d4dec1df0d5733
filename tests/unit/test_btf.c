/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_btf.c - types out of BTF made by hand, sound and hostile. */
#include "kit.h"

#include "base/bytes.h"
#include "types/btf.h"

#include <stdlib.h>
#include <string.h>

static struct bytes types, strings, whole;
static const char *wrong;
static size_t wrong_at;

static void setup(void)
{
	types = strings = whole = (struct bytes){ 0 };
	bytes_number(&strings, 0, 1);
}

static void teardown(void)
{
	bytes_free(&types);
	bytes_free(&strings);
	bytes_free(&whole);
}

static uint32_t text(const char *name)
{
	size_t at = strings.size;

	bytes_add(&strings, name, strlen(name) + 1);
	return (uint32_t)at;
}

static void type(const char *name, unsigned int kind, unsigned int n, uint32_t size)
{
	bytes_number(&types, *name ? text(name) : 0, 4);
	bytes_number(&types, kind << 24 | n, 4);
	bytes_number(&types, size, 4);
}

static void member(const char *name, uint32_t of, uint32_t bits)
{
	bytes_number(&types, *name ? text(name) : 0, 4);
	bytes_number(&types, of, 4);
	bytes_number(&types, bits, 4);
}

static void build(void)
{
	whole.size = 0;
	bytes_number(&whole, 0xeb9f, 2);
	bytes_number(&whole, 1, 2);
	bytes_number(&whole, 24, 4);
	bytes_number(&whole, 0, 4);
	bytes_number(&whole, types.size, 4);
	bytes_number(&whole, types.size, 4);
	bytes_number(&whole, strings.size, 4);
	bytes_add(&whole, types.at, types.size);
	bytes_add(&whole, strings.at, strings.size);
}

/* The answer, or -1. */
static int64_t ask(enum kmd_type_kind kind, const char *name, const char *path)
{
	struct kmd_type_query query = { kind, name, path, false, 0 };

	expect_ok(kmd_btf_types(whole.at, whole.size, false, &query, 1, &diag, &wrong, &wrong_at));
	return query.known ? (int64_t)query.value : -1;
}

/* 1 int, 2 array of 16 ints, 3 inner, 4 anonymous, 5 outer, 6 typedef, 7 enum, 8 pointer, 9 var. */
static void some_types(void)
{
	type("int", 1, 0, 4);
	bytes_number(&types, 32, 4);
	type("", 3, 0, 0);
	bytes_number(&types, 1, 4);
	bytes_number(&types, 1, 4);
	bytes_number(&types, 16, 4);
	type("inner", 4, 2, 72);
	member("first", 1, 0);
	member("list", 2, 64);
	type("", 5, 1, 8);
	member("hidden", 8, 0);
	type("outer", 4, 3, 96);
	member("pid", 1, 32);
	member("", 4, 64);
	member("in", 3, 128);
	type("outer_t", 8, 0, 5);
	type("", 6, 2, 4);
	bytes_number(&types, text("ZERO"), 4);
	bytes_number(&types, 0, 4);
	bytes_number(&types, text("SEVEN"), 4);
	bytes_number(&types, 7, 4);
	type("", 2, 0, 5);
	type("variable", 14, 0, 2);
	bytes_number(&types, 1, 4);
}

START_TEST(answers)
{
	some_types();
	build();
	ck_assert_int_eq(ask(KMD_TYPE_SIZE, "outer", NULL), 96);
	ck_assert_int_eq(ask(KMD_TYPE_SIZE, "outer_t", NULL), 96);
	ck_assert_int_eq(ask(KMD_TYPE_OFFSET, "outer", "pid"), 4);
	ck_assert_int_eq(ask(KMD_TYPE_OFFSET, "outer", "hidden"), 8);
	ck_assert_int_eq(ask(KMD_TYPE_OFFSET, "outer", "in.list"), 24);
	ck_assert_int_eq(ask(KMD_TYPE_OFFSET, "outer_t", "in.first"), 16);
	ck_assert_int_eq(ask(KMD_TYPE_LENGTH, "inner", "list"), 16);
	ck_assert_int_eq(ask(KMD_TYPE_ENUMERATOR, "SEVEN", NULL), 7);
	ck_assert_int_eq(ask(KMD_TYPE_VARIABLE, "variable", NULL), 64);
	ck_assert_int_eq(ask(KMD_TYPE_ELEMENTS, "variable", NULL), 16);
	ck_assert_int_eq(ask(KMD_TYPE_OFFSET, "outer", "none"), -1);
	ck_assert_int_eq(ask(KMD_TYPE_OFFSET, "outer", "pid.more"), -1);
	ck_assert_int_eq(ask(KMD_TYPE_SIZE, "absent", NULL), -1);
}
END_TEST

/* A typedef of itself, a structure inside itself without a name, a member of no type. */
START_TEST(circles)
{
	type("loop", 8, 0, 1);
	type("own", 4, 1, 8);
	member("", 2, 0);
	type("bad", 4, 1, 8);
	member("m", 0xffffffff, 0);
	build();
	ck_assert_int_eq(ask(KMD_TYPE_SIZE, "loop", NULL), -1);
	ck_assert_int_eq(ask(KMD_TYPE_OFFSET, "loop", "x"), -1);
	ck_assert_int_eq(ask(KMD_TYPE_OFFSET, "own", "x"), -1);
	ck_assert_int_eq(ask(KMD_TYPE_OFFSET, "bad", "m.x"), -1);
	ck_assert_int_eq(ask(KMD_TYPE_OFFSET, "bad", "m"), 0);
}
END_TEST

/* Each level has a thousand members without a name, of the next level. */
START_TEST(deep_and_wide)
{
	for (uint32_t level = 1; level <= 30; level++) {
		type("level", 4, 1000, 8);
		for (size_t i = 0; i < 1000; i++)
			member("", level + 1, 0);
	}
	type("last", 4, 0, 8);
	build();
	ck_assert_int_eq(ask(KMD_TYPE_OFFSET, "level", "x"), -1);
}
END_TEST

/* Each prefix, and each word replaced: no answer, or one, but nothing else. */
START_TEST(cut_and_damaged)
{
	static const uint64_t values[] = { 0, 0xffffffff, 0x1f00ffff, 0x80000001 };
	unsigned char *copy;

	some_types();
	build();
	for (size_t size = 0; size < whole.size; size++) {
		struct kmd_type_query query = { KMD_TYPE_OFFSET, "outer", "in.list", false, 0 };

		copy = malloc(size + 1);
		memcpy(copy, whole.at, size);
		expect_ok(kmd_btf_types(copy, size, false, &query, 1, &diag, &wrong, &wrong_at));
		ck_assert(!query.known);
		free(copy);
	}
	for (size_t at = 0; at + 4 <= whole.size; at += 4)
		for (size_t i = 0; i < 4; i++) {
			uint64_t old = kmd_get_le(whole.at + at, 4);

			bytes_set(&whole, at, values[i], 4);
			ask(KMD_TYPE_OFFSET, "outer", "in.list");
			ask(KMD_TYPE_LENGTH, "inner", "list");
			ask(KMD_TYPE_ELEMENTS, "variable", NULL);
			ask(KMD_TYPE_ENUMERATOR, "SEVEN", NULL);
			bytes_set(&whole, at, old, 4);
		}
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, answers);
	tcase_add_test(tcase, circles);
	tcase_add_test(tcase, deep_and_wide);
	tcase_add_test(tcase, cut_and_damaged);
	return kit_run("btf", tcase);
}
