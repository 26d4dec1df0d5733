/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_kmd_note.c - the note that lists what was not captured. */
#include "kit.h"
#include "vmcore/kmd_note.h"

#include <kmemdump/minidump.h>
#include <stdlib.h>
#include <string.h>

static struct kmd_regions regions;
static struct kmd_memory memory;
static struct kmd_supply supply;
static struct kmd_core_memory core;
static unsigned char *note;
static size_t size;

static void item(uint64_t phys, size_t bytes, const char *what, enum kmd_supply_kind kind)
{
	const struct kmd_supply_item item = { .phys = phys,
					      .size = bytes,
					      .source = source_of("made", noise(bytes, 1), bytes),
					      .what = what,
					      .kind = kind };

	expect_ok(kmd_supply_add(&supply, &item, &diag));
}

static void build(bool big_endian)
{
	expect_ok(kmd_memory_build(&regions, &diag, &memory));
	expect_ok(kmd_core_memory_build(&memory, &supply, &diag, &core));
	expect_ok(kmd_note_supplied(&core, big_endian, &diag, &note, &size));
}

static void end(void)
{
	kmd_core_memory_deinit(&core);
	kmd_supply_deinit(&supply);
	kmd_memory_deinit(&memory);
	kmd_regions_deinit(&regions);
	free(note);
	note = NULL;
	size = 0;
}

static uint64_t number(size_t at, size_t width, bool big_endian)
{
	uint64_t value = 0;

	ck_assert_uint_le(at + width, size);
	for (size_t i = 0; i < width; i++)
		value = value << 8 | note[at + (big_endian ? i : width - 1 - i)];
	return value;
}

/* Header of the note and name. */
#define DESC 16

static void expect_range(size_t i, uint64_t phys, uint64_t bytes, uint32_t kind, const char *text,
			 bool big_endian)
{
	size_t at = DESC + MD_SUPPLIED_HEADER_SIZE + i * MD_SUPPLIED_RANGE;
	size_t texts = DESC + MD_SUPPLIED_HEADER_SIZE +
		       (size_t)number(DESC + MD_SUPPLIED_COUNT, 4, big_endian) * MD_SUPPLIED_RANGE;

	ck_assert_uint_eq(number(at + MD_SUPPLIED_PHYS, 8, big_endian), phys);
	ck_assert_uint_eq(number(at + MD_SUPPLIED_SIZE, 8, big_endian), bytes);
	ck_assert_uint_eq(number(at + MD_SUPPLIED_KIND, 4, big_endian), kind);
	texts += (size_t)number(at + MD_SUPPLIED_TEXT, 4, big_endian);
	ck_assert_uint_le(texts + strlen(text) + 1, size);
	ck_assert_str_eq((const char *)note + texts, text);
}

static void check(bool big_endian)
{
	add_row(&regions, "captured", 0x2000, noise(0x100, 2), 0x100);
	item(0x1000, 0x2000, "rodata of vmlinux", KMD_SUPPLY_FILE);
	item(0x3000, 0x10, "rodata of vmlinux", KMD_SUPPLY_FILE);
	item(0x5000, 3, "text of vmlinux", KMD_SUPPLY_SIMILAR);
	item(0x8000, 0x1000, "page table", KMD_SUPPLY_MADE);
	build(big_endian);
	ck_assert_uint_eq(size % 4, 0);
	ck_assert_uint_eq(number(0, 4, big_endian), 4);
	ck_assert_uint_eq(number(8, 4, big_endian), MD_NOTE_SUPPLIED);
	ck_assert_str_eq((const char *)note + 12, "KMD");
	ck_assert_uint_eq(DESC + (number(4, 4, big_endian) + 3) / 4 * 4, size);
	ck_assert_uint_eq(number(DESC + MD_SUPPLIED_VERSION, 4, big_endian), 1);
	ck_assert_uint_eq(number(DESC + MD_SUPPLIED_COUNT, 4, big_endian), 4);
	ck_assert_uint_eq(number(DESC + MD_SUPPLIED_RANGE_SIZE, 4, big_endian), MD_SUPPLIED_RANGE);
	ck_assert_uint_eq(number(DESC + MD_SUPPLIED_TEXTS, 4, big_endian),
			  sizeof("rodata of vmlinux") + sizeof("text of vmlinux") +
				  sizeof("page table"));
	expect_range(0, 0x1000, 0x1000, MD_SUPPLIED_FILE, "rodata of vmlinux", big_endian);
	/* Two items that touch are one range. */
	expect_range(1, 0x2100, 0xf10, MD_SUPPLIED_FILE, "rodata of vmlinux", big_endian);
	expect_range(2, 0x5000, 3, MD_SUPPLIED_SIMILAR, "text of vmlinux", big_endian);
	expect_range(3, 0x8000, 0x1000, MD_SUPPLIED_MADE, "page table", big_endian);
	end();
}

START_TEST(ranges)
{
	check(false);
}
END_TEST

START_TEST(big_endian)
{
	check(true);
}
END_TEST

START_TEST(nothing_supplied)
{
	add_row(&regions, "captured", 0x2000, noise(0x100, 2), 0x100);
	item(0x2010, 0x20, "rodata of vmlinux", KMD_SUPPLY_FILE);
	build(false);
	ck_assert_uint_eq(size, 0);
	ck_assert_ptr_null(note);
	end();
}
END_TEST

/* Behind the notes that are there already. */
START_TEST(appended)
{
	note = malloc(20);
	memset(note, 'n', 20);
	size = 20;
	item(0x1000, 0x20, "page table", KMD_SUPPLY_MADE);
	build(false);
	ck_assert_uint_eq(size, 20 + DESC + MD_SUPPLIED_HEADER_SIZE + MD_SUPPLIED_RANGE + 12);
	ck_assert_int_eq(note[19], 'n');
	ck_assert_uint_eq(number(20 + 8, 4, false), MD_NOTE_SUPPLIED);
	end();
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_test(tcase, ranges);
	tcase_add_test(tcase, big_endian);
	tcase_add_test(tcase, nothing_supplied);
	tcase_add_test(tcase, appended);
	return kit_run("KMD note", tcase);
}
