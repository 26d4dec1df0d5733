/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_cursor.c - the cursor, through which all input bytes are read. */
#include "kit.h"

#include "source/cursor.h"

#include <stdlib.h>
#include <string.h>

static const unsigned char counting[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
static struct kmd_cursor cursor;

static void on(const void *bytes, size_t size, uint64_t start, uint64_t window)
{
	kmd_cursor_init(&cursor, source_of("f", bytes, size), start, window, &diag);
}

START_TEST(byte_order)
{
	on(counting, sizeof(counting), 0, UINT64_MAX);
	ck_assert_uint_eq(kmd_cursor_u16(&cursor, 0), 0x0201);
	ck_assert_uint_eq(kmd_cursor_u32(&cursor, 1), 0x05040302);
	ck_assert_uint_eq(kmd_cursor_u64(&cursor, 1), UINT64_C(0x0908070605040302));
	cursor.big_endian = true;
	ck_assert_uint_eq(kmd_cursor_u16(&cursor, 0), 0x0102);
	ck_assert_uint_eq(kmd_cursor_u32(&cursor, 1), 0x02030405);
	ck_assert_uint_eq(kmd_cursor_u64(&cursor, 0), UINT64_C(0x0102030405060708));
	expect_ok(kmd_cursor_check(&cursor, "table"));
}
END_TEST

START_TEST(outside_is_zero_and_remembered)
{
	unsigned char bytes[2] = { 0xee, 0xee };

	on(counting, sizeof(counting), 0, UINT64_MAX);
	ck_assert_uint_eq(kmd_cursor_u32(&cursor, 6), 0);
	ck_assert(!kmd_cursor_bytes(&cursor, UINT64_MAX, bytes, 2));
	ck_assert_uint_eq(bytes[0] | bytes[1], 0);
	/* Reads inside the range still succeed, and the error names the first bad read. */
	ck_assert_uint_eq(kmd_cursor_u16(&cursor, 0), 0x0201);
	expect_error(kmd_cursor_check(&cursor, "table"), KMD_ERR_DAMAGED,
		     "f: offset 0x6: the table extends past the end of the input");
}
END_TEST

START_TEST(window)
{
	on(counting, sizeof(counting), 2, 4);
	ck_assert_uint_eq(cursor.size, 4);
	ck_assert_uint_eq(kmd_cursor_u32(&cursor, 0), 0x06050403);
	ck_assert(kmd_cursor_has(&cursor, 4, 0) && !kmd_cursor_has(&cursor, 4, 1));
	ck_assert(!kmd_cursor_has(&cursor, 1, UINT64_MAX));
	ck_assert_uint_eq(kmd_cursor_u32(&cursor, 1), 0);
	/* Errors have offsets in the source. */
	expect_error(kmd_cursor_check(&cursor, "entry"), KMD_ERR_DAMAGED, "offset 0x3:");
	on(counting, sizeof(counting), 7, UINT64_MAX);
	ck_assert_uint_eq(cursor.size, 2);
	on(counting, sizeof(counting), UINT64_MAX, UINT64_MAX);
	ck_assert_uint_eq(cursor.size, 0);
	on("", 0, 0, 0);
	ck_assert_uint_eq(kmd_cursor_u16(&cursor, 0), 0);
}
END_TEST

/* The source is larger than the buffer; reads go back and forth across its borders. */
START_TEST(buffer)
{
	const size_t size = 3 * KMD_CURSOR_BUFFER + 5;
	const unsigned char *bytes = noise(size, 1);
	unsigned char *got = malloc(size);

	on(bytes, size, 0, UINT64_MAX);
	for (size_t length = 1; length < 2 * KMD_CURSOR_BUFFER; length = length * 3 + 1)
		for (size_t at = 0; at + length <= size; at += 997) {
			size_t from = at % 2 ? at : size - length - at;

			ck_assert(kmd_cursor_bytes(&cursor, from, got, length));
			ck_assert_mem_eq(got, bytes + from, length);
		}
	ck_assert(kmd_cursor_bytes(&cursor, 0, got, size));
	ck_assert_mem_eq(got, bytes, size);
	free(got);
}
END_TEST

START_TEST(magic_never_marks)
{
	on(counting, sizeof(counting), 1, 4);
	ck_assert(kmd_cursor_is(&cursor, 0, "\2\3", 2));
	ck_assert(!kmd_cursor_is(&cursor, 0, "\2\4", 2));
	ck_assert(kmd_cursor_is(&cursor, 2, "\4\5", 2));
	ck_assert(!kmd_cursor_is(&cursor, 3, "\5\6", 2));
	ck_assert(!kmd_cursor_is(&cursor, UINT64_MAX, "\2", 1));
	ck_assert(!kmd_cursor_is(&cursor, 0, counting, 100));
	expect_ok(kmd_cursor_check(&cursor, "magic"));
}
END_TEST

START_TEST(names)
{
	char *name;

	on("abc\0defghi", 10, 0, UINT64_MAX);
	name = kmd_cursor_name(&cursor, 0, 8);
	ck_assert_str_eq(name, "abc");
	free(name);
	/* The name has no NUL. */
	name = kmd_cursor_name(&cursor, 4, 6);
	ck_assert_str_eq(name, "defghi");
	free(name);
	name = kmd_cursor_name(&cursor, 8, 6);
	ck_assert_str_eq(name, "");
	free(name);
	ck_assert_int_eq(kmd_cursor_check(&cursor, "name"), KMD_ERR_DAMAGED);
}
END_TEST

/* A file that shrinks is an I/O error, not a damaged dump. */
START_TEST(source_fails)
{
	struct kmd_source source = {
		.name = (char *)"f", .fd = -1, .shared_fd = 1 << 30, .size = 100
	};

	kmd_cursor_init(&cursor, &source, 0, UINT64_MAX, &diag);
	ck_assert_uint_eq(kmd_cursor_u32(&cursor, 0), 0);
	ck_assert_uint_eq(kmd_cursor_u32(&cursor, 4), 0);
	expect_error(kmd_cursor_check(&cursor, "table"), KMD_ERR_IO, "cannot read");
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_test(tcase, byte_order);
	tcase_add_test(tcase, outside_is_zero_and_remembered);
	tcase_add_test(tcase, window);
	tcase_add_test(tcase, buffer);
	tcase_add_test(tcase, magic_never_marks);
	tcase_add_test(tcase, names);
	tcase_add_test(tcase, source_fails);
	return kit_run("cursor", tcase);
}
