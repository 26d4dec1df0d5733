/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_memory.c - the captured memory: which region provides a byte, and the findings if they
 * differ. */
#include "kit.h"

#include "memory/memory.h"

#include <stdlib.h>
#include <string.h>

#define BASE UINT64_C(0x80000000)

static struct kmd_regions regions;
static struct kmd_memory memory;

static void build(void)
{
	expect_ok(kmd_memory_build(&regions, &diag, &memory));
}

static void done(void)
{
	kmd_memory_deinit(&memory);
	kmd_regions_deinit(&regions);
}

/* Change the order of the table. */
static void reverse(void)
{
	for (size_t i = 0; i < regions.n / 2; i++) {
		struct kmd_region_entry row = regions.rows[i];

		regions.rows[i] = regions.rows[regions.n - 1 - i];
		regions.rows[regions.n - 1 - i] = row;
	}
	kmd_memory_deinit(&memory);
	kmd_diag_deinit(&diag);
	build();
}

static void expect_bytes(uint64_t phys, const void *wanted, size_t size)
{
	unsigned char got[512];
	uint64_t missing;

	expect_ok(kmd_memory_read(&memory, phys, got, size, &missing, &diag));
	ck_assert_mem_eq(got, wanted, size);
}

static void expect_missing(uint64_t phys, size_t size, uint64_t wanted)
{
	unsigned char got[512];
	uint64_t missing = 0;

	ck_assert_int_eq(kmd_memory_read(&memory, phys, got, size, &missing, &diag),
			 KMD_ERR_NOT_FOUND);
	ck_assert_uint_eq(missing, wanted);
}

START_TEST(nothing)
{
	build();
	ck_assert_uint_eq(memory.n_phys + memory.n_virt, 0);
	expect_missing(0, 1, 0);
	done();
}
END_TEST

START_TEST(across_borders_and_holes)
{
	add_row(&regions, "b", BASE + 4, "5678", 4);
	add_row(&regions, "a", BASE, "1234", 4);
	add_row(&regions, "c", BASE + 10, "abcd", 4);
	build();
	expect_bytes(BASE, "12345678", 8);
	expect_bytes(BASE + 3, "45", 2);
	expect_bytes(BASE + 10, "abcd", 4);
	expect_missing(BASE - 1, 4, BASE - 1);
	expect_missing(BASE + 6, 8, BASE + 8);
	expect_missing(BASE + 13, 2, BASE + 14);
	expect_no_messages();
	done();
}
END_TEST

/* The larger region provides the bytes; they equal those of the smaller one. */
START_TEST(nested_alike)
{
	add_row(&regions, "inner", BASE + 2, "345", 3);
	add_row(&regions, "outer", BASE, "12345678", 8);
	for (int i = 0; i < 2; i++) {
		if (i)
			reverse();
		else
			build();
		expect_no_messages();
		ck_assert_uint_eq(memory.n_phys, 1);
		expect_bytes(BASE, "12345678", 8);
	}
	done();
}
END_TEST

START_TEST(nested_but_different)
{
	add_row(&regions, "inner", BASE + 2, "3x5", 3);
	add_row(&regions, "outer", BASE, "12345678", 8);
	for (int i = 0; i < 2; i++) {
		if (i)
			reverse();
		else
			build();
		expect_finding(KMD_FIND_OVERLAP, KMD_DAMAGE,
			       "\"inner\" and \"outer\" overlap and differ, first at physical "
			       "0x80000003; taking \"outer\"");
		expect_bytes(BASE, "12345678", 8);
	}
	done();
}
END_TEST

/* Of equal sizes, the lower address wins; of equal addresses, the name that sorts first. */
START_TEST(ties)
{
	add_row(&regions, "high", BASE + 2, "cdEF", 4);
	add_row(&regions, "low", BASE, "abcd", 4);
	add_row(&regions, "twin b", BASE + 0x100, "BBBB", 4);
	add_row(&regions, "twin a", BASE + 0x100, "AAAA", 4);
	for (int i = 0; i < 2; i++) {
		if (i)
			reverse();
		else
			build();
		expect_bytes(BASE, "abcdEF", 6);
		expect_bytes(BASE + 0x100, "AAAA", 4);
		expect_finding(KMD_FIND_OVERLAP, KMD_DAMAGE, "taking \"twin a\"");
	}
	done();
}
END_TEST

START_TEST(strict)
{
	diag.strict = true;
	add_row(&regions, "one", BASE, "1234", 4);
	add_row(&regions, "two", BASE + 1, "2345", 4);
	expect_ok(kmd_memory_build(&regions, &diag, &memory));
	kmd_memory_deinit(&memory);
	add_row(&regions, "three", BASE, "1x", 2);
	expect_error(kmd_memory_build(&regions, &diag, &memory), KMD_ERR_STRICT,
		     "first at physical 0x80000001");
	done();
}
END_TEST

/* Only captured bytes are used, and only rows with that state. */
START_TEST(rows_that_are_not_used)
{
	static const enum kmd_region_state states[] = {
		KMD_REGION_MISSING,  KMD_REGION_INVALID,   KMD_REGION_NO_ADDRESS,
		KMD_REGION_CONFLICT, KMD_REGION_AUXILIARY, KMD_REGION_OTHER_VM
	};
	struct kmd_region_entry *row;

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		add_row(&regions, "unused", BASE, "zzzz", 4)->pub.state = states[i];
	row = add_row(&regions, "cut", BASE, "123456", 6);
	row->pub.captured = 3;
	row->pub.state = KMD_REGION_CUT;
	build();
	expect_no_messages();
	expect_bytes(BASE, "123", 3);
	expect_missing(BASE, 4, BASE + 3);
	done();
}
END_TEST

START_TEST(virtual_only)
{
	unsigned char got[8];
	uint64_t missing;

	add_virtual_row(&regions, "v", 0xffff000000001000, "virt", 4);
	add_row(&regions, "p", 0xffff000000001000, "phys", 4);
	add_virtual_row(&regions, "last", UINT64_MAX - 7, "12345678", 8);
	build();
	ck_assert_uint_eq(memory.n_virt, 2);
	expect_ok(kmd_memory_read_virt(&memory, 0xffff000000001000, got, 4, &missing, &diag));
	ck_assert_mem_eq(got, "virt", 4);
	expect_bytes(0xffff000000001000, "phys", 4);
	expect_ok(kmd_memory_read_virt(&memory, UINT64_MAX - 7, got, 7, &missing, &diag));
	ck_assert_mem_eq(got, "1234567", 7);
	ck_assert_int_eq(kmd_memory_read_virt(&memory, 0xffff000000001002, got, 4, &missing, &diag),
			 KMD_ERR_NOT_FOUND);
	ck_assert_uint_eq(missing, 0xffff000000001004);
	done();
}
END_TEST

START_TEST(one_source_behind_both)
{
	const unsigned char *bytes = noise(64, 5);
	struct kmd_region_entry *outer, *inner;

	outer = add_row(&regions, "outer", BASE, bytes, 64);
	inner = add_row(&regions, "inner", BASE + 8, bytes, 8);
	outer = &regions.rows[0];
	inner->source = outer->source;
	inner->offset = 8;
	build();
	expect_no_messages();
	expect_bytes(BASE, bytes, 64);
	done();
}
END_TEST

/* -------------------------------------------------------- against a model */

#define SPACE 96

static uint32_t state;

static uint32_t dice(uint32_t sides)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % sides;
}

/* True if row @a provides before row @b, by the definition in memory.h. */
static bool before(const struct kmd_region *a, const struct kmd_region *b)
{
	if (a->captured != b->captured)
		return a->captured > b->captured;
	if (a->phys != b->phys)
		return a->phys < b->phys;
	return strcmp(a->name, b->name) < 0;
}

static const struct kmd_region_entry *provider(uint64_t address)
{
	const struct kmd_region_entry *best = NULL;

	for (size_t i = 0; i < regions.n; i++) {
		const struct kmd_region_entry *row = &regions.rows[i];

		if (address >= row->pub.phys && address < row->pub.phys + row->pub.captured &&
		    (!best || before(&row->pub, &best->pub)))
			best = row;
	}
	return best;
}

static void expect_model(void)
{
	for (uint64_t at = BASE; at < BASE + SPACE; at++) {
		const struct kmd_region_entry *row = provider(at);

		if (row)
			expect_bytes(at, row->source->data + (at - row->pub.phys), 1);
		else
			expect_missing(at, 1, at);
	}
}

START_TEST(as_the_model)
{
	for (uint32_t seed = 1; seed < 400; seed++) {
		state = seed;
		for (uint32_t i = dice(10); i; i--) {
			char name[2] = { (char)('a' + i), '\0' };
			uint32_t size = 1 + dice(30);

			add_row(&regions, name, BASE + dice(SPACE - size), noise(size, state),
				size);
		}
		build();
		expect_model();
		reverse();
		expect_model();
		done();
		kmd_diag_deinit(&diag);
	}
}
END_TEST

/* A hostile table of many large overlaps causes only a bounded amount of reading. */
START_TEST(overlaps_without_end)
{
	const size_t size = 4 << 20;
	const unsigned char *bytes = noise(size, 1);
	const struct kmd_source *source = source_of("f", bytes, size);

	for (size_t i = 0; i < 2000; i++) {
		struct kmd_region_entry *row = add_row(&regions, "r", BASE + i, "", 0);

		row->source = source;
		row->pub.size = row->pub.captured = size - i;
	}
	build();
	/* Each address has another part of the same file, so nothing agrees. */
	ck_assert(findings_of(KMD_FIND_OVERLAP) > 0);
	done();
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_test(tcase, nothing);
	tcase_add_test(tcase, across_borders_and_holes);
	tcase_add_test(tcase, nested_alike);
	tcase_add_test(tcase, nested_but_different);
	tcase_add_test(tcase, ties);
	tcase_add_test(tcase, strict);
	tcase_add_test(tcase, rows_that_are_not_used);
	tcase_add_test(tcase, virtual_only);
	tcase_add_test(tcase, one_source_behind_both);
	tcase_add_test(tcase, as_the_model);
	tcase_add_test(tcase, overlaps_without_end);
	return kit_run("memory", tcase);
}
