/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_log_ring.c - the ring buffer of 5.10 and later, written as the kernel writes it. */
#include "log_kit.h"
#include "ring_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct ring ring;
static struct bytes heads, descs, pointer;
static const struct ring_kind usual = { 8, false, false, true, 88 };

/* The addresses of the arrays, for both word sizes. */
static uint64_t base(void)
{
	return ring.kind.word == 4 ? UINT64_C(0xc0000000) : UINT64_C(0xffff800000000000);
}

static void setup(void)
{
	ring_init(&ring, usual, 4, 9);
}

static void teardown(void)
{
	ring_deinit(&ring);
	bytes_free(&heads);
	bytes_free(&descs);
	bytes_free(&pointer);
}

static void fresh(struct ring_kind kind, unsigned int count_bits, unsigned int size_bits)
{
	ring_deinit(&ring);
	ring_init(&ring, kind, count_bits, size_bits);
}

static void note(uint64_t seconds, const char *text)
{
	ring_log(&ring, seconds * 1000000000, 0, 6, 1, text);
}

/* The arrays as bytes, to be damaged. */
static void freeze(void)
{
	bytes_free(&heads);
	bytes_free(&descs);
	bytes_free(&pointer);
	ring_descs(&ring, &descs);
	ring_heads(&ring, base() + 0x100000, base() + 0x200000, base() + 0x300000, &heads);
	pointer.big_endian = ring.kind.big_endian;
	bytes_number(&pointer, base() + 0x2000, ring.kind.word);
}

static enum kmd_status read_frozen(void)
{
	kmd_regions_deinit(&regions);
	place("prb", base() + 0x1000, pointer.at, pointer.size);
	place("rb", base() + 0x2000, heads.at, heads.size);
	place("d", base() + 0x100000, descs.at, descs.size);
	place("i", base() + 0x200000, ring.infos.at, ring.infos.size);
	place("t", base() + 0x300000, ring.text.at, ring.text.size);
	set_vmcoreinfo("%s", ring_vmcoreinfo(&ring, base() + 0x1000));
	facts.big_endian = ring.kind.big_endian;
	return read_log(ring.kind.word == 8);
}

static void expect_logged(const struct kmd_log_record *record, const struct logged *logged)
{
	ck_assert_uint_eq(record->seq, logged->seq);
	ck_assert_uint_eq(record->time, logged->time);
	ck_assert(record->has_time && record->has_caller);
	ck_assert_uint_eq(record->caller, logged->caller);
	ck_assert_uint_eq(record->level, logged->level);
	ck_assert_uint_eq(record->facility, logged->facility);
	ck_assert_uint_eq(record->length, strlen(logged->text));
	ck_assert(!memcmp(record->text, logged->text, record->length));
}

/* Expect exactly the surviving records, in order; returns their number. */
static size_t expect_survivors(size_t damaged)
{
	size_t found = 0;

	for (size_t i = 0; i < ring.n_all; i++) {
		if (!ring_holds(&ring, &ring.all[i]))
			continue;
		ck_assert_uint_lt(found, log_read.n);
		expect_logged(&log_read.items[found++], &ring.all[i]);
	}
	ck_assert_uint_eq(log_read.n, found);
	ck_assert_uint_eq(log_read.damaged, damaged);
	return found;
}

START_TEST(initial_state)
{
	freeze();
	expect_ok(read_frozen());
	ck_assert_uint_eq(log_read.n, 0);
	ck_assert_uint_eq(log_read.damaged, 0);
	ck_assert_str_eq(log_read.form, "ring buffer");
	expect_no_messages();
}
END_TEST

START_TEST(first_records)
{
	note(0, "Linux version 6.1");
	note(1, "two\nlines");
	note(2, "");
	note(3, "last");
	freeze();
	expect_ok(read_frozen());
	ck_assert_uint_eq(expect_survivors(0), 4);
	ck_assert_str_eq(texts(), "Linux version 6.1|two\nlines||last|");
	ck_assert_uint_eq(log_read.items[3].seq, 3);
}
END_TEST

/* All kinds of kernels, many laps of both rings, read at intervals. */
START_TEST(laps)
{
	unsigned int k = (unsigned int)_i;
	struct ring_kind kind = { k & 1 ? 4 : 8, k & 2, k & 4, k & 8, k & 1 ? 88 : 112 };
	uint32_t random = 12345 + k;
	char text[256];
	size_t survivors = 0;

	fresh(kind, 5, 10);
	for (unsigned int i = 0; i < 4000; i++) {
		random = random * 1103515245 + 12345;
		memset(text, 'a' + (int)(i % 26), sizeof(text));
		text[(random >> 16) % 100] = '\0';
		if (random >> 16 & 0x100 && strlen(text) > 4)
			text[2] = '\n';
		ring_log(&ring, i * UINT64_C(1234567), i % 3, random >> 24 & 7,
			 random >> 8 & 1 ? i : i | UINT32_C(0x80000000), text);
		if (i % 97 && i < 3990)
			continue;
		freeze();
		expect_ok(read_frozen());
		survivors += expect_survivors(0);
	}
	expect_no_messages();
	ck_assert_uint_gt(survivors, 500);
	ck_assert_uint_gt(ring.wrapped, 50);
	if (kind.fits_exactly)
		ck_assert_uint_gt(ring.exact, 5);
}
END_TEST

/* Logical positions of 32 bits wrap through 0. */
START_TEST(positions_through_zero)
{
	struct ring_kind kind = { 4, false, true, true, 88 };

	fresh(kind, 3, 8);
	for (int i = 0; i < 9; i++) {
		note((uint64_t)i, "twenty-eight bytes, with id ");
		freeze();
		expect_ok(read_frozen());
		expect_survivors(0);
	}
	ck_assert_uint_gt(ring.exact, 0);
	ck_assert_uint_lt(ring.head_lpos, 256);
}
END_TEST

static void set_state(uint64_t index, unsigned int state)
{
	ring.descs[index].state = state;
}

START_TEST(states)
{
	for (int i = 0; i < 6; i++)
		note((uint64_t)i, (const char *[]){ "a", "b", "c", "d", "e", "f" }[i]);
	set_state(1, DESC_RESERVED);
	set_state(2, DESC_COMMITTED);
	set_state(3, DESC_REUSABLE);
	freeze();
	expect_ok(read_frozen());
	/* Reusable records are old; a reserved record was being written. */
	ck_assert_str_eq(texts(), "a|c|e|f|");
	ck_assert_uint_eq(log_read.damaged, 1);
}
END_TEST

/* All bits of the id are compared, not only those of the index. */
START_TEST(id_of_another_lap)
{
	for (int i = 0; i < 40; i++)
		note((uint64_t)i, i % 2 ? "odd" : "even");
	ring.descs[ring.head_id & 15].id -= 16;
	freeze();
	expect_ok(read_frozen());
	ck_assert_uint_eq(log_read.n, 15);
	ck_assert_uint_eq(log_read.damaged, 1);
	ck_assert_uint_eq(log_read.items[14].seq, 38);
}
END_TEST

/* A writer had only reserved its record when the kernel died. */
START_TEST(being_written)
{
	note(1, "whole");
	ck_assert_ptr_nonnull(ring_reserve(&ring, 20));
	freeze();
	expect_ok(read_frozen());
	ck_assert_str_eq(texts(), "whole|");
	ck_assert_uint_eq(log_read.damaged, 1);
}
END_TEST

START_TEST(no_room_for_text)
{
	char long_text[400];

	memset(long_text, 'x', sizeof(long_text));
	long_text[399] = '\0';
	note(1, "before");
	note(2, long_text);
	note(3, "after");
	freeze();
	expect_ok(read_frozen());
	ck_assert_str_eq(texts(), "before|after|");
	ck_assert_uint_eq(log_read.damaged, 1);
}
END_TEST

/* The block has another id, so its text belongs to another record. */
START_TEST(overwritten_text)
{
	note(1, "first");
	note(2, "second");
	note(3, "third");
	bytes_set(&ring.text, ring.descs[1].begin & 511, ring.descs[2].id, 8);
	freeze();
	expect_ok(read_frozen());
	ck_assert_str_eq(texts(), "first|third|");
	ck_assert_uint_eq(log_read.damaged, 1);
}
END_TEST

/* The info is from another lap than the descriptor, so it belongs to another record. */
START_TEST(stale_info)
{
	note(1, "first");
	note(2, "second");
	bytes_set(&ring.infos, 88, 17, 8);
	freeze();
	expect_ok(read_frozen());
	ck_assert_str_eq(texts(), "first|");
	ck_assert_uint_eq(log_read.damaged, 1);
}
END_TEST

static const struct {
	uint64_t begin, next;
} impossible[] = {
	{ 0xfffffffffffffe04, 0xfffffffffffffe20 }, /* not aligned */
	{ 0xfffffffffffffe00, 0xfffffffffffffe1c },
	{ 0xfffffffffffffe00, 0xfffffffffffffe00 }, /* empty, without an id */
	{ 0xfffffffffffffe18, 0xfffffffffffffe00 }, /* backwards */
	{ 0xfffffffffffffe00, 0xfffffffffffffe04 }, /* no room for an id */
	{ 0xfffffffffffffe00, 0x20 },               /* as long as the ring, and more */
	{ 0xfffffffffffffe00, 0x220 },              /* two laps */
	{ 0x10, 0xfffffffffffffff0 },               /* nearly 2^64 */
	{ 1, 3 },                                   /* no text, but not an empty line */
	{ 3, 1 },
	{ 1, 0xfffffffffffffe00 },
};

START_TEST(impossible_blocks)
{
	note(1, "first");
	note(2, "second");
	ring.descs[0].begin = impossible[_i].begin;
	ring.descs[0].next = impossible[_i].next;
	freeze();
	expect_ok(read_frozen());
	ck_assert_str_eq(texts(), "second|");
	ck_assert_uint_eq(log_read.damaged, 1);
}
END_TEST

/* An info cannot make a text longer than its block. */
START_TEST(text_length_of_block)
{
	note(1, "12345678");
	note(2, "12345");
	bytes_set(&ring.infos, 16, 0xffff, 2);
	bytes_set(&ring.infos, 88 + 16, 0xffff, 2);
	freeze();
	expect_ok(read_frozen());
	ck_assert_uint_eq(log_read.items[0].length, 8);
	/* Padding is part of the block. */
	ck_assert_uint_eq(log_read.items[1].length, 8);
	ck_assert_uint_eq(log_read.damaged, 0);
}
END_TEST

static const struct {
	size_t at;
	uint64_t value;
	size_t width;
	const char *message;
} bad_heads[] = {
	{ 0, 0, 4, "the number of descriptors" },
	{ 0, 32, 4, "the number of descriptors" },
	{ 0, 0xffffffff, 4, "the number of descriptors" },
	{ 48, 0, 4, "the size of the text" },
	{ 48, 32, 4, "the size of the text" },
	{ 24, 0, 8, "head and tail" },
	{ 32, 0, 8, "head and tail" },
};

START_TEST(impossible_heads)
{
	note(1, "text");
	freeze();
	bytes_set(&heads, bad_heads[_i].at, bad_heads[_i].value, bad_heads[_i].width);
	expect_error(read_frozen(), KMD_ERR_DAMAGED, bad_heads[_i].message);
	ck_assert_uint_eq(log_read.n, 0);
	ck_assert_ptr_null(log_read.form);
}
END_TEST

/* One more than there are descriptors. */
START_TEST(tail_too_far)
{
	note(1, "text");
	freeze();
	bytes_set(&heads, 32, ring.head_id - 15, 8);
	expect_ok(read_frozen());
	ck_assert_str_eq(texts(), "text|");
	bytes_set(&heads, 32, ring.head_id - 16, 8);
	expect_error(read_frozen(), KMD_ERR_DAMAGED, "head and tail");
}
END_TEST

/* The ring has as many descriptors as the kernel allows, and the dump holds a few of them.  Reading
 * takes little time and memory. */
START_TEST(huge_rings)
{
	note(1, "text");
	freeze();
	bytes_set(&heads, 0, 31, 4);
	bytes_set(&heads, 32, ring.head_id - 0x7ffffffe, 8);
	expect_error(read_frozen(), KMD_ERR_DAMAGED, "bytes");
	bytes_set(&heads, 0, 26, 4);
	bytes_set(&heads, 32, (ring.head_id - 0x3fffffe), 8);
	expect_error(read_frozen(), KMD_ERR_DAMAGED, "bytes");
	bytes_set(&heads, 0, 24, 4);
	bytes_set(&heads, 32, (ring.head_id - 0xfffffe), 8);
	expect_ok(read_frozen());
	ck_assert_uint_eq(log_read.n + log_read.damaged, 0xffffff);
}
END_TEST

/* Memory has holes: the captured records are shown. */
START_TEST(holes)
{
	for (int i = 0; i < 8; i++)
		note((uint64_t)i, (const char *[]){ "a", "b", "c", "d", "e", "f", "g", "h" }[i]);
	freeze();
	place("prb", base() + 0x1000, pointer.at, pointer.size);
	place("rb", base() + 0x2000, heads.at, heads.size);
	/* Descriptor 2 is captured in part, and 3 not at all. */
	place("d", base() + 0x100000, descs.at, 2 * 24 + 8);
	place("d2", base() + 0x100000 + 4 * 24, descs.at + 4 * 24, descs.size - 4 * 24);
	/* Info 5 is missing, and the text of 6. */
	place("i", base() + 0x200000, ring.infos.at, 5 * 88);
	place("i2", base() + 0x200000 + 6 * 88, ring.infos.at + 6 * 88, ring.infos.size - 6 * 88);
	place("t", base() + 0x300000, ring.text.at, 6 * 16 + 8);
	place("t2", base() + 0x300000 + 7 * 16, ring.text.at + 7 * 16, ring.text.size - 7 * 16);
	set_vmcoreinfo("%s", ring_vmcoreinfo(&ring, base() + 0x1000));
	expect_ok(read_log(true));
	ck_assert_str_eq(texts(), "a|b|e|h|");
	ck_assert_uint_eq(log_read.damaged, 4);
}
END_TEST

/* The arrays are in several adjacent regions: nothing is missing. */
START_TEST(in_parts)
{
	struct kmd_region_entry *row;

	note(1, "cut in its id");
	note(2, "cut in its text");
	freeze();
	place("prb", base() + 0x1000, pointer.at, pointer.size);
	place("rb", base() + 0x2000, heads.at, heads.size);
	place("d", base() + 0x100000, descs.at, 30);
	place("d2", base() + 0x100000 + 30, descs.at + 30, descs.size - 30);
	place("i", base() + 0x200000, ring.infos.at, 3);
	place("i2", base() + 0x200000 + 3, ring.infos.at + 3, ring.infos.size - 3);
	place("t", base() + 0x300000, ring.text.at, 5);
	/* This region has a physical address, and so a view of its own. */
	row = add_row(&regions, "t2", 0x40000000, ring.text.at + 5, 35);
	row->pub.virt = base() + 0x300000 + 5;
	row->pub.has_virt = true;
	place("t3", base() + 0x300000 + 40, ring.text.at + 40, ring.text.size - 40);
	set_vmcoreinfo("%s", ring_vmcoreinfo(&ring, base() + 0x1000));
	expect_ok(read_log(true));
	ck_assert_str_eq(texts(), "cut in its id|cut in its text|");
	ck_assert_uint_eq(log_read.damaged, 0);
}
END_TEST

START_TEST(nothing_captured)
{
	static const char *const message[] = { "(prb)", "(printk_ringbuffer)",
					       "(the log's descriptors)", "(the log's infos)",
					       "(the log's text)" };

	note(1, "text");
	freeze();
	set_vmcoreinfo("%s", ring_vmcoreinfo(&ring, base() + 0x1000));
	place("other", base() + 0x9000, "x", 1);
	expect_error(read_log(true), KMD_ERR_NOT_FOUND, message[0]);
	place("prb", base() + 0x1000, pointer.at, pointer.size);
	expect_error(read_log(true), KMD_ERR_NOT_FOUND, message[1]);
	place("rb", base() + 0x2000, heads.at, heads.size);
	expect_error(read_log(true), KMD_ERR_NOT_FOUND, message[2]);
	place("d", base() + 0x100000, descs.at, descs.size);
	expect_error(read_log(true), KMD_ERR_NOT_FOUND, message[3]);
	place("i", base() + 0x200000, ring.infos.at, ring.infos.size);
	expect_error(read_log(true), KMD_ERR_NOT_FOUND, message[4]);
	place("t", base() + 0x300000, ring.text.at, ring.text.size);
	expect_ok(read_log(true));
	ck_assert_str_eq(texts(), "text|");
}
END_TEST

/* Records are read as far as memory was captured. */
START_TEST(extents)
{
	note(1, "text");
	freeze();
	set_vmcoreinfo("%s", ring_vmcoreinfo(&ring, base() + 0x1000));
	place("other", base() + 0x9000, "x", 1);
	read_log(true);
	expect_extents("prb 0xffff800000001000+8|unknown");
	place("prb", base() + 0x1000, pointer.at, pointer.size);
	read_log(true);
	expect_extents("prb 0xffff800000001000+8|printk_ringbuffer 0xffff800000002000+88|unknown");
	place("rb", base() + 0x2000, heads.at, heads.size);
	read_log(true);
	expect_extents("prb 0xffff800000001000+8|printk_ringbuffer 0xffff800000002000+88|"
		       "the log's descriptors 0xffff800000100000+384|"
		       "the log's infos 0xffff800000200000+1408|"
		       "the log's text 0xffff800000300000+512|");
	bytes_set(&heads, 0, 32, 4);
	expect_error(read_frozen(), KMD_ERR_DAMAGED, "number of descriptors");
	expect_extents("prb 0xffff800000001000+8|printk_ringbuffer 0xffff800000002000+88|unknown");
}
END_TEST

/* A field is outside of its structure, so VMCOREINFO does not describe a ring. */
START_TEST(hostile_vmcoreinfo)
{
	static const char *const lines[][2] = {
		{ "OFFSET(prb_desc_ring.head_id)=24", "OFFSET(prb_desc_ring.head_id)=81" },
		{ "OFFSET(prb_desc_ring.head_id)=24", "OFFSET(prb_desc_ring.head_id)=-8" },
		{ "OFFSET(prb_data_ring.data)=8", "OFFSET(prb_data_ring.data)=33" },
		{ "SIZE(prb_desc)=24", "SIZE(prb_desc)=23" },
		{ "SIZE(prb_desc)=24", "SIZE(prb_desc)=99999999999" },
		{ "SIZE(printk_info)=88", "SIZE(printk_info)=17" },
		{ "SIZE(printk_ringbuffer)=88", "SIZE(printk_ringbuffer)=0" },
		{ "OFFSET(prb_data_blk_lpos.next)=8", "OFFSET(prb_data_blk_lpos.next)=0" },
		{ "OFFSET(prb_data_blk_lpos.next)=8", "OFFSET(prb_data_blk_lpos.next)=7" },
		{ "OFFSET(printk_info.seq)=0", "OFFSET(printk_info.seq)=18446744073709551615" },
		{ "OFFSET(printk_info.text_len)=16", "" },
	};
	char *text, *at;

	note(1, "text");
	freeze();
	expect_ok(read_frozen());
	text = strdup(info.text);
	at = strstr(text, lines[_i][0]);
	ck_assert_ptr_nonnull(at);
	*at = '\0';
	set_vmcoreinfo("%s%s%s", text, lines[_i][1], at + strlen(lines[_i][0]));
	free(text);
	expect_error(read_log(true), KMD_ERR_NOT_FOUND, "VMCOREINFO does not have its address");
}
END_TEST

/* Without VMCOREINFO, the arrays are found by the names that downstream kernels and kmemdump use.
 */
START_TEST(registered_arrays)
{
	static const char *const names[][3] = { { "KLOG_DESC", "KLOG_INFO", "KKLOGBUF" },
						{ "Kprb_desc25", "Kprb_info26", "Kprb_data27" } };
	struct ring_kind kind = usual;

	kind.word = _i & 1 ? 4 : 8;
	fresh(kind, 4, 9);
	for (int i = 0; i < 100; i++)
		note((uint64_t)i, i % 3 ? "some text" : "some more text, and more");
	freeze();
	place(names[_i / 2][0], base() + 0x100000, descs.at, descs.size);
	place(names[_i / 2][1], base() + 0x200000, ring.infos.at, ring.infos.size);
	place(names[_i / 2][2], base() + 0x300000, ring.text.at, ring.text.size);
	expect_ok(read_log(kind.word == 8));
	ck_assert_uint_gt(expect_survivors(0), 8);
	ck_assert_str_eq(log_read.form, "registered arrays of the ring buffer");
}
END_TEST

/* A descriptor at the wrong index is not used, even if all its fields are right. */
START_TEST(registered_twice)
{
	note(1, "one");
	note(2, "two");
	freeze();
	memcpy(descs.at + 5 * 24, descs.at, 24);
	place("LOG_DESC", base() + 0x100000, descs.at, descs.size);
	place("LOG_INFO", base() + 0x200000, ring.infos.at, ring.infos.size);
	place("KLOGBUF", base() + 0x300000, ring.text.at, ring.text.size);
	expect_ok(read_log(true));
	ck_assert_str_eq(texts(), "one|two|");
	ck_assert_uint_eq(log_read.damaged, 1);
}
END_TEST

int main(void)
{
	TCase *tcase = log_tcase();

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, initial_state);
	tcase_add_test(tcase, first_records);
	tcase_add_loop_test(tcase, laps, 0, 16);
	tcase_add_test(tcase, positions_through_zero);
	tcase_add_test(tcase, states);
	tcase_add_test(tcase, id_of_another_lap);
	tcase_add_test(tcase, being_written);
	tcase_add_test(tcase, no_room_for_text);
	tcase_add_test(tcase, overwritten_text);
	tcase_add_test(tcase, stale_info);
	tcase_add_loop_test(tcase, impossible_blocks, 0,
			    sizeof(impossible) / sizeof(impossible[0]));
	tcase_add_test(tcase, text_length_of_block);
	tcase_add_loop_test(tcase, impossible_heads, 0, sizeof(bad_heads) / sizeof(bad_heads[0]));
	tcase_add_test(tcase, tail_too_far);
	tcase_add_test(tcase, huge_rings);
	tcase_add_test(tcase, holes);
	tcase_add_test(tcase, in_parts);
	tcase_add_test(tcase, nothing_captured);
	tcase_add_test(tcase, extents);
	tcase_add_loop_test(tcase, hostile_vmcoreinfo, 0, 11);
	tcase_add_loop_test(tcase, registered_arrays, 0, 4);
	tcase_add_test(tcase, registered_twice);
	return kit_run("log_ring", tcase);
}
