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

/* Of the types and strings that were added since the kernel's section was built. */
static struct bytes split_after(size_t types_size, size_t strings_size)
{
	struct bytes own = { 0 };

	bytes_number(&own, 0xeb9f, 2);
	bytes_number(&own, 1, 2);
	bytes_number(&own, 24, 4);
	bytes_number(&own, 0, 4);
	bytes_number(&own, types.size - types_size, 4);
	bytes_number(&own, types.size - types_size, 4);
	bytes_number(&own, strings.size - strings_size, 4);
	bytes_add(&own, types.at + types_size, types.size - types_size);
	bytes_add(&own, strings.at + strings_size, strings.size - strings_size);
	return own;
}

static int64_t ask_split(const struct bytes *own, enum kmd_type_kind kind, const char *name,
			 const char *path)
{
	const struct kmd_btf_section base = { whole.at, whole.size },
				     split = { own->at, own->size };
	struct kmd_type_query query = { kind, name, path, false, 0 };

	expect_ok(kmd_btf_split_types(&base, &split, false, &query, 1, &diag, &wrong, &wrong_at));
	ck_assert(wrong_at <= own->size);
	return query.known ? (int64_t)query.value : -1;
}

/* 10 a structure of the module with members of types of the kernel, and 11 one of its own. */
static struct bytes some_split(void)
{
	size_t types_size, strings_size;

	some_types();
	build();
	types_size = types.size;
	strings_size = strings.size;
	type("state", 4, 3, 200);
	member("number", 1, 0);
	member("kernel", 5, 64);
	member("own", 11, 1024);
	type("part", 4, 1, 72);
	member("deep", 3, 0);
	type("", 6, 1, 4);
	bytes_number(&types, text("ELEVEN"), 4);
	bytes_number(&types, 11, 4);
	return split_after(types_size, strings_size);
}

START_TEST(module)
{
	struct bytes own = some_split();

	ck_assert_int_eq(ask_split(&own, KMD_TYPE_SIZE, "state", NULL), 200);
	ck_assert_int_eq(ask_split(&own, KMD_TYPE_OFFSET, "state", "kernel.in.list"), 8 + 24);
	ck_assert_int_eq(ask_split(&own, KMD_TYPE_OFFSET, "state", "own.deep.list"), 128 + 8);
	ck_assert_int_eq(ask_split(&own, KMD_TYPE_ENUMERATOR, "ELEVEN", NULL), 11);
	ck_assert_ptr_null(wrong);
	/* Types of the kernel are not the module's. */
	ck_assert_int_eq(ask_split(&own, KMD_TYPE_SIZE, "outer", NULL), -1);
	ck_assert_int_eq(ask_split(&own, KMD_TYPE_ENUMERATOR, "SEVEN", NULL), -1);
	/* With a type less, the numbers mean others. */
	bytes_set(&whole, 24 + 16 + 4, 0x1f000000, 4);
	ck_assert_int_eq(ask_split(&own, KMD_TYPE_SIZE, "state", NULL), -1);
	ck_assert_ptr_nonnull(wrong);
	bytes_free(&own);
}
END_TEST

START_TEST(damaged_module)
{
	static const uint64_t values[] = { 0, 0xffffffff, 0x1f00ffff, 0x80000001 };
	struct bytes own = some_split();

	for (size_t size = 0; size < own.size; size++) {
		struct bytes cut = { .at = malloc(size + 1), .size = size };

		memcpy(cut.at, own.at, size);
		ck_assert_int_eq(ask_split(&cut, KMD_TYPE_SIZE, "state", NULL), -1);
		ck_assert_ptr_nonnull(wrong);
		free(cut.at);
	}
	for (size_t at = 0; at + 4 <= own.size; at += 4)
		for (size_t i = 0; i < 4; i++) {
			uint64_t old = kmd_get_le(own.at + at, 4);

			bytes_set(&own, at, values[i], 4);
			ask_split(&own, KMD_TYPE_OFFSET, "state", "kernel.in.list");
			ask_split(&own, KMD_TYPE_OFFSET, "state", "own.deep.list");
			ask_split(&own, KMD_TYPE_ENUMERATOR, "ELEVEN", NULL);
			bytes_set(&own, at, old, 4);
		}
	bytes_free(&own);
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

/* All members have one name, which is as long as all strings. */
START_TEST(long_names)
{
	const size_t length = 4u << 20;
	char *name = malloc(length + 1);
	uint32_t at;

	memset(name, 'x', length);
	name[length] = '\0';
	at = text(name);
	free(name);
	for (size_t k = 0; k < 10; k++) {
		type("wide", 4, 65535, 8);
		for (size_t i = 0; i < 65535; i++) {
			bytes_number(&types, at, 4);
			bytes_number(&types, 1, 4);
			bytes_number(&types, 0, 4);
		}
	}
	build();
	ck_assert_int_eq(ask(KMD_TYPE_OFFSET, "wide", "x"), -1);
	ck_assert_int_eq(ask(KMD_TYPE_OFFSET, "wide", "xxxx"), -1);
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
	tcase_add_test(tcase, module);
	tcase_add_test(tcase, damaged_module);
	tcase_add_test(tcase, circles);
	tcase_add_test(tcase, deep_and_wide);
	tcase_add_test(tcase, long_names);
	tcase_add_test(tcase, cut_and_damaged);
	return kit_run("btf", tcase);
}
