/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_log_records.c - the record buffer of 3.5 to 5.9, with and without VMCOREINFO. */
#include "log_kit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BASE UINT64_C(0xffff800000000000)

/* Write records as log_store() of the kernel does. */
struct writer {
	struct bytes bytes;
	size_t size, head; /* of the buffer, of a record's head */
	size_t align, word;
	size_t first, next, n;
	uint64_t base;
};

static struct writer writer;

static void setup(void)
{
	writer = (struct writer){ .size = 512, .head = 16, .align = 4, .word = 8, .base = BASE };
}

static void teardown(void)
{
	bytes_free(&writer.bytes);
}

static size_t length_at(size_t at)
{
	const unsigned char *from = writer.bytes.at + at + 8;

	return writer.bytes.big_endian ? (size_t)(from[0] << 8 | from[1])
				       : (size_t)(from[1] << 8 | from[0]);
}

static bool has_space(size_t size)
{
	size_t free;

	if (writer.next > writer.first || !writer.n) {
		free = writer.size - writer.next;
		free = free > writer.first ? free : writer.first;
	} else {
		free = writer.first - writer.next;
	}
	return free >= size + writer.head;
}

static void drop_first(void)
{
	size_t length = length_at(writer.first);

	writer.first = length ? writer.first + length : length_at(0);
	writer.n--;
}

static void note(uint64_t time, unsigned int level, uint32_t caller, const char *text,
		 const char *dict)
{
	struct bytes *bytes = &writer.bytes;
	size_t size = writer.head + strlen(text) + strlen(dict), at;

	size = (size + writer.align - 1) & ~(writer.align - 1);
	bytes_zero_until(bytes, writer.size);
	while (writer.n && !has_space(size))
		drop_first();
	if (writer.next + size + writer.head > writer.size) {
		memset(bytes->at + writer.next, 0, writer.head);
		writer.next = 0;
	}
	at = writer.next;
	bytes_set(bytes, at, time, 8);
	bytes_set(bytes, at + 8, size, 2);
	bytes_set(bytes, at + 10, strlen(text), 2);
	bytes_set(bytes, at + 12, strlen(dict), 2);
	bytes_set(bytes, at + 14, 1, 1);
	bytes_set(bytes, at + 15, bytes->big_endian ? level : level << 5, 1);
	if (writer.head > 16)
		bytes_set(bytes, at + 16, caller, 4);
	memcpy(bytes->at + at + writer.head, text, strlen(text));
	memcpy(bytes->at + at + writer.head + strlen(text), dict, strlen(dict));
	writer.next += size;
	writer.n++;
}

/* The text of record @i, as fill() logs it. */
static const char *numbered(size_t i)
{
	static char text[64];

	snprintf(text, sizeof(text), "record %zu %.*s", i, (int)(i * 7 % 30),
		 "some text of some length, more or less");
	return text;
}

static void fill(size_t n)
{
	for (size_t i = 0; i < n; i++)
		note(i * UINT64_C(1000000000), i & 7, (uint32_t)i, numbered(i),
		     i % 3 ? "" : "SUBSYSTEM=pci");
}

static void place_variables(void)
{
	struct bytes variables = { .big_endian = writer.bytes.big_endian };

	bytes_number(&variables, writer.base + 0x1000, writer.word);
	bytes_zero_until(&variables, 8);
	bytes_number(&variables, writer.size, 4);
	bytes_number(&variables, writer.first, 4);
	bytes_number(&variables, writer.next, 4);
	place("variables", writer.base, variables.at, variables.size);
	bytes_free(&variables);
}

static void set_keys(const char *type)
{
	set_vmcoreinfo("OSRELEASE=4.19\nSYMBOL(log_buf)=%" PRIx64 "\nSYMBOL(log_buf_len)=%" PRIx64
		       "\nSYMBOL(log_first_idx)=%" PRIx64 "\nSYMBOL(log_next_idx)=%" PRIx64
		       "\nSIZE(%s)=%zu\nOFFSET(%s.ts_nsec)=0\nOFFSET(%s.len)=8\n"
		       "OFFSET(%s.text_len)=10\nOFFSET(%s.dict_len)=12\n%s",
		       writer.base, writer.base + 8, writer.base + 12, writer.base + 16, type,
		       writer.head, type, type, type, type,
		       writer.head > 16 ? "OFFSET(printk_log.caller_id)=16\n" : "");
}

static enum kmd_status read_writer(void)
{
	kmd_regions_deinit(&regions);
	place_variables();
	place("buffer", writer.base + 0x1000, writer.bytes.at, writer.size);
	facts.big_endian = writer.bytes.big_endian;
	return read_log(writer.word == 8);
}

/* The newest records up to number @n - 1, as many as the buffer holds. */
static void expect_newest(size_t n)
{
	ck_assert_uint_eq(log_read.n, writer.n);
	for (size_t i = 0; i < log_read.n; i++) {
		size_t number = n - log_read.n + i;
		const struct kmd_log_record *record = &log_read.items[i];

		expect_record(i, (double)number, numbered(number));
		ck_assert_uint_eq(record->level, number & 7);
		ck_assert_uint_eq(record->facility, 1);
		ck_assert_uint_eq(record->has_caller, writer.head > 16);
		if (record->has_caller)
			ck_assert_uint_eq(record->caller, number);
	}
}

START_TEST(empty)
{
	bytes_zero_until(&writer.bytes, writer.size);
	set_keys("printk_log");
	expect_ok(read_writer());
	ck_assert_uint_eq(log_read.n, 0);
	ck_assert_uint_eq(log_read.damaged, 0);
	ck_assert_str_eq(log_read.form, "record buffer");
	/* The log was cleared, so records that are still in the buffer are not shown. */
	fill(5);
	writer.first = writer.next;
	expect_ok(read_writer());
	ck_assert_uint_eq(log_read.n, 0);
	expect_no_messages();
}
END_TEST

/* All layouts, and all places of the newest record. */
START_TEST(laps)
{
	unsigned int k = (unsigned int)_i;
	size_t wrapped = 0;

	writer.word = k & 1 ? 4 : 8;
	writer.base = k & 1 ? UINT64_C(0xc0000000) : BASE;
	writer.bytes.big_endian = k & 2;
	writer.head = k & 4 ? 20 : 16;
	writer.align = k & 8 ? 8 : 4;
	if (k & 8)
		writer.head = (writer.head + 7) & ~(size_t)7;
	set_keys(k & 4 ? "printk_log" : "log");
	for (size_t n = 1; n < 60; n++) {
		writer.first = writer.next = writer.n = 0;
		bytes_free(&writer.bytes);
		writer.bytes.big_endian = k & 2;
		fill(n);
		expect_ok(read_writer());
		expect_newest(n);
		ck_assert_uint_eq(log_read.damaged, 0);
		wrapped += writer.next < writer.first;
	}
	ck_assert_uint_gt(wrapped, 20);
	expect_no_messages();
}
END_TEST

/* After a broken link, reading continues where a record must begin. */
START_TEST(broken_chain)
{
	set_keys("printk_log");
	fill(40);
	ck_assert_uint_lt(writer.next, writer.first);
	bytes_set(&writer.bytes, writer.first + 8, 0xffff, 2);
	expect_ok(read_writer());
	ck_assert_uint_eq(log_read.damaged, 1);
	ck_assert_uint_gt(log_read.n, 2);
	expect_record(log_read.n - 1, 39, numbered(39));
	/* A record before next is longer than the distance to next. */
	bytes_set(&writer.bytes, 8, writer.next + 4, 2);
	expect_ok(read_writer());
	ck_assert_uint_eq(log_read.damaged, 2);
	ck_assert_uint_eq(log_read.n, 0);
}
END_TEST

static const struct {
	size_t at, value;
} bad_lengths[] = { { 8, 0 }, { 8, 15 }, { 8, 0xfffc }, { 10, 0xffff }, { 10, 50 } };

START_TEST(impossible_lengths)
{
	set_keys("printk_log");
	note(1000, 0, 0, "one", "");
	note(2000, 0, 0, "two", "");
	bytes_set(&writer.bytes, bad_lengths[_i].at, bad_lengths[_i].value, 2);
	expect_ok(read_writer());
	ck_assert_uint_eq(log_read.n, 0);
	ck_assert_uint_eq(log_read.damaged, 1);
}
END_TEST

START_TEST(impossible_variables)
{
	set_keys("printk_log");
	fill(3);
	writer.first = 512;
	expect_error(read_writer(), KMD_ERR_DAMAGED, "an index is impossible");
	writer.first = 0;
	writer.next = 0xffffffff;
	expect_error(read_writer(), KMD_ERR_DAMAGED, "an index is impossible");
	writer.next = 0;
	writer.size = 15;
	expect_error(read_writer(), KMD_ERR_DAMAGED, "its size");
}
END_TEST

START_TEST(hole)
{
	set_keys("printk_log");
	fill(6);
	place_variables();
	place("buffer", BASE + 0x1000, writer.bytes.at, length_at(0) + 4);
	expect_ok(read_log(true));
	ck_assert_uint_eq(log_read.n, 1);
	ck_assert_uint_eq(log_read.damaged, 1);
	kmd_regions_deinit(&regions);
	place_variables();
	expect_error(read_log(true), KMD_ERR_NOT_FOUND, "(the log's buffer)");
}
END_TEST

/* Records are read as far as memory was captured. */
START_TEST(extents)
{
	set_keys("printk_log");
	fill(1);
	expect_ok(read_writer());
	expect_extents("log_buf 0xffff800000000000+8|log_buf_len 0xffff800000000008+4|"
		       "log_first_idx 0xffff80000000000c+4|log_next_idx 0xffff800000000010+4|"
		       "the log's buffer 0xffff800000001000+512|");
	kmd_regions_deinit(&regions);
	place("other", BASE + 0x9000, "x", 1);
	read_log(true);
	expect_extents("log_buf 0xffff800000000000+8|log_buf_len 0xffff800000000008+4|"
		       "log_first_idx 0xffff80000000000c+4|log_next_idx 0xffff800000000010+4|"
		       "unknown");
	set_vmcoreinfo("OSRELEASE=4.19\n");
	read_log(true);
	expect_extents("unknown");
}
END_TEST

START_TEST(missing_key)
{
	set_vmcoreinfo("SYMBOL(log_buf)=%" PRIx64 "\nSIZE(printk_log)=16\n"
		       "OFFSET(printk_log.ts_nsec)=0\nOFFSET(printk_log.len)=8\n"
		       "OFFSET(printk_log.text_len)=10\n",
		       BASE);
	fill(1);
	expect_error(read_writer(), KMD_ERR_NOT_FOUND, "SYMBOL(log_buf_len)");
	set_vmcoreinfo("SYMBOL(log_buf)=%" PRIx64 "\nSIZE(printk_log)=16\n"
		       "OFFSET(printk_log.ts_nsec)=9\nOFFSET(printk_log.len)=8\n"
		       "OFFSET(printk_log.text_len)=10\n",
		       BASE);
	expect_error(read_writer(), KMD_ERR_NOT_FOUND, "does not have");
}
END_TEST

/* A region of a downstream kernel that has neither VMCOREINFO nor the variables. */
START_TEST(unindexed)
{
	unsigned int k = (unsigned int)_i;

	writer.size = 2048;
	writer.head = k & 4 ? 20 : 16;
	for (size_t n = 5; n < 200; n += 13) {
		writer.first = writer.next = writer.n = 0;
		bytes_free(&writer.bytes);
		writer.bytes.big_endian = k & 2;
		fill(n);
		kmd_regions_deinit(&regions);
		place(n % 2 ? "KLOGBUF" : "Klog_records", BASE, writer.bytes.at, writer.size);
		facts.big_endian = k & 2;
		expect_ok(read_log(true));
		ck_assert_str_eq(log_read.form, "unindexed record buffer");
		/* Older records that are not overwritten yet may precede them. */
		ck_assert_uint_ge(log_read.n + 3, writer.n);
		for (size_t i = 0; i < log_read.n; i++)
			expect_record(i, (double)(n - log_read.n + i),
				      numbered(n - log_read.n + i));
	}
}
END_TEST

int main(void)
{
	TCase *tcase = log_tcase();

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, empty);
	tcase_add_loop_test(tcase, laps, 0, 16);
	tcase_add_test(tcase, broken_chain);
	tcase_add_loop_test(tcase, impossible_lengths, 0,
			    sizeof(bad_lengths) / sizeof(bad_lengths[0]));
	tcase_add_test(tcase, impossible_variables);
	tcase_add_test(tcase, hole);
	tcase_add_test(tcase, extents);
	tcase_add_test(tcase, missing_key);
	tcase_add_loop_test(tcase, unindexed, 0, 8);
	return kit_run("log_records", tcase);
}
