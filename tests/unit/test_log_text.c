/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_log_text.c - regions of downstream kernels with the log as text, and pstore zones. */
#include "log_kit.h"
#include "ring_writer.h"

#include <stdio.h>
#include <string.h>

static enum kmd_status read_region(const char *name, const void *bytes, size_t size)
{
	kmd_regions_deinit(&regions);
	place(name, 0x1000, bytes, size);
	return read_log(true);
}

static void expect_texts(const char *name, const void *bytes, size_t size, const char *wanted)
{
	expect_ok(read_region(name, bytes, size));
	ck_assert_str_eq(texts(), wanted);
}

START_TEST(other_regions)
{
	expect_error(read_region("Kx", "[    1.000000] text\n", 20), KMD_ERR_NOT_FOUND,
		     "no kernel log: there is no VMCOREINFO");
	expect_error(read_region("KDMESG", "\0\0\0\0", 4), KMD_ERR_NOT_FOUND, "no kernel log");
}
END_TEST

START_TEST(stamps)
{
	static const char text[] = "<6>[    0.000000] Booting\n[    1.500000][    T7] two\r\n\n"
				   "without a stamp\n\0\0\0\0<30>[   12.000001] [   C3] x\n"
				   "[123] no stamp\n[ 1.5] no stamp\n<6>[1.000000]tight\n"
				   "[99999999999999999999.000000] no stamp\n<\n[\n<6\n[1.000000";

	expect_texts("KDMESG", text, sizeof(text) - 1,
		     "Booting|two|without a stamp|[   C3] x|[123] no stamp|[ 1.5] no stamp|tight|"
		     "[99999999999999999999.000000] no stamp|<|[|<6|[1.000000|");
	expect_record(0, 0, "Booting");
	expect_record(1, 1.5, "two");
	ck_assert(log_read.items[0].has_time && !log_read.items[2].has_time);
	ck_assert_uint_eq(log_read.items[0].level, 6);
	ck_assert(log_read.items[1].has_caller && !log_read.items[0].has_caller);
	ck_assert_uint_eq(log_read.items[1].caller, 7);
	ck_assert_uint_eq(log_read.items[3].facility, 3);
	ck_assert_uint_eq(log_read.items[3].level, 6);
	ck_assert_uint_eq(log_read.items[3].time, 12000001000);
	ck_assert_str_eq(log_read.form, "text region");
}
END_TEST

START_TEST(callers)
{
	static const char text[] = "[    1.000000][    C3] cpu\n[    1.000000][ C] none\n"
				   "[    1.000000][T99999999999] none\n";

	expect_texts("KCONSOLE", text, sizeof(text) - 1, "cpu|[ C] none|[T99999999999] none|");
	ck_assert_uint_eq(log_read.items[0].caller, UINT32_C(0x80000003));
	ck_assert(!log_read.items[1].has_caller && !log_read.items[2].has_caller);
}
END_TEST

/* A ring without a head: its write position is where the time decreases. */
START_TEST(turned)
{
	static const char text[] = "00] eight\n[    9.000000] nine\n[   10.000000] ten\n"
				   "x of five\nno stamp\n[    6.000000] six\n[    7.000000] seven\n"
				   "[    8.0000";

	expect_texts("KDPDLOGBUF", text, sizeof(text) - 1,
		     "x of five|no stamp|six|seven|eight|nine|ten|");
	expect_record(4, 8, "eight");
}
END_TEST

/* The time decreases a little between CPUs, and to 0 where another boot begins. */
START_TEST(not_turned)
{
	static const char skew[] = "[    1.000002] a\n[    1.000001] b\n[    2.000000] c\n";
	static const char boots[] = "[    8.000000] a\n[    9.000000] b\n[    0.000000] c\n"
				    "[    1.000000] d\n";

	expect_texts("KDMESG", skew, sizeof(skew) - 1, "a|b|c|");
	expect_texts("KDMESG", boots, sizeof(boots) - 1, "a|b|c|d|");
}
END_TEST

static void add_zone(struct bytes *bytes, size_t zone, uint32_t magic, size_t start, size_t size,
		     const char *text)
{
	size_t at = bytes->size;

	bytes_number(bytes, magic, 4);
	bytes_number(bytes, start, 4);
	bytes_number(bytes, size, 4);
	bytes_add(bytes, text, strlen(text));
	bytes_zero_until(bytes, at + zone);
}

#define DBGC 0x43474244

START_TEST(pstore_zone)
{
	static const char text[] = "1.000000] new\n[    0.500000] old\n[    ";
	struct bytes bytes = { .big_endian = _i };

	facts.big_endian = _i;
	add_zone(&bytes, 4096, DBGC, 14, strlen(text), text);
	expect_texts("ramoops", bytes.at, bytes.size, "old|new|");
	ck_assert_str_eq(log_read.form, "pstore zone");
	expect_record(1, 1, "new");
	bytes_free(&bytes);
}
END_TEST

/* The zone is not full: start is the end of the text, and nothing behind it was written. */
START_TEST(pstore_not_full)
{
	static const char text[] = "[    1.000000] one\n[    2.000000] two\n";
	struct bytes bytes = { 0 };

	add_zone(&bytes, 4096, DBGC, strlen(text), strlen(text), text);
	expect_texts("KCONSOLE", bytes.at, bytes.size, "one|two|");
	bytes_free(&bytes);
}
END_TEST

/* The region is all of ramoops: the dump of the panic and the messages of user space are other
 * zones. */
START_TEST(pstore_console_of_many)
{
	struct bytes bytes = { 0 };

	add_zone(&bytes, 4096, DBGC, 0, 60,
		 "====1.000000-D\nPanic#1 Part1\n<6>[    1.000000] dumped by the panic, long\n");
	add_zone(&bytes, 4096, DBGC, 0, 15, "[    2.0] line\n");
	add_zone(&bytes, 4096, DBGC, 0, 40, "\1\2\3\4\5\6\7\1\2\3\4\5\6\7\1\2\3\4\5\6\7");
	expect_texts("x", bytes.at, bytes.size, "[    2.0] line|");
	bytes_free(&bytes);
}
END_TEST

static const struct {
	size_t start, size;
} bad_zones[] = { { 0, 0 }, { 5, 4 }, { 0, 4085 }, { 0, 0xffffffff }, { 0xffffffff, 0xffffffff } };

START_TEST(pstore_damaged)
{
	struct bytes bytes = { 0 };

	add_zone(&bytes, 4096, DBGC, bad_zones[_i].start, bad_zones[_i].size, "text\n");
	expect_error(read_region("KCONSOLE", bytes.at, bytes.size), KMD_ERR_NOT_FOUND,
		     "no kernel log");
	bytes_free(&bytes);
}
END_TEST

/* The text of a ring buffer alone, as printk() leaves it: two bytes are repeated, then the text
 * ends. */
START_TEST(blocks_alone)
{
	struct ring_kind kind = { _i & 1 ? 4 : 8, _i & 2, false, !(_i & 4), 88 };
	size_t found = 0, first = 0;
	struct ring ring;
	char text[96];

	ring_init(&ring, kind, 5, 11);
	facts.big_endian = kind.big_endian;
	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "line %d of a log, %d bytes34%s", i, i * i,
			 i % 4 ? "34\1" : "34\n\1");
		ring_log(&ring, 0, 0, 0, 0, text);
	}
	expect_ok(read_region("KLOGBUF", ring.text.at, ring.text.size));
	ck_assert_str_eq(log_read.form, "unindexed ring buffer");
	for (size_t i = ring.n_all - log_read.n; i < ring.n_all; i++, found++) {
		snprintf(text, sizeof(text), "line %zu of a log, %zu bytes34", i, i * i);
		ck_assert_uint_eq(log_read.items[found].length, strlen(text));
		ck_assert(!memcmp(log_read.items[found].text, text, strlen(text)));
		first += ring_holds(&ring, &ring.all[i]);
	}
	ck_assert_uint_ge(found, 25);
	ck_assert_uint_ge(first, 25);
	ring_deinit(&ring);
}
END_TEST

/* The ring that VMCOREINFO names was not captured, but a region of text was. */
START_TEST(second_choice)
{
	struct ring ring;

	ring_init(&ring, (struct ring_kind){ 8, false, false, true, 88 }, 4, 9);
	set_vmcoreinfo("%s", ring_vmcoreinfo(&ring, 0x9000));
	expect_texts("KCONSOLE", "[    1.000000] text\n", 20, "text|");
	expect_error(read_region("other", "text", 4), KMD_ERR_NOT_FOUND,
		     "virtual address 0x9000 (prb) was not captured");
	ring_deinit(&ring);
}
END_TEST

int main(void)
{
	TCase *tcase = log_tcase();

	tcase_add_test(tcase, other_regions);
	tcase_add_test(tcase, stamps);
	tcase_add_test(tcase, callers);
	tcase_add_test(tcase, turned);
	tcase_add_test(tcase, not_turned);
	tcase_add_loop_test(tcase, pstore_zone, 0, 2);
	tcase_add_test(tcase, pstore_not_full);
	tcase_add_test(tcase, pstore_console_of_many);
	tcase_add_loop_test(tcase, pstore_damaged, 0, sizeof(bad_zones) / sizeof(bad_zones[0]));
	tcase_add_loop_test(tcase, blocks_alone, 0, 8);
	tcase_add_test(tcase, second_choice);
	return kit_run("log_text", tcase);
}
