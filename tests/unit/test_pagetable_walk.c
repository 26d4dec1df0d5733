/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_pagetable_walk.c - what captured page tables map. */
#include "pagetable_kit.h"

/* Tables of the second level and on. */
#define T1          UINT64_C(0x40100000)
#define T2          UINT64_C(0x40110000)
#define T3          UINT64_C(0x40120000)
#define RAM         UINT64_C(0x50000000)

#define TABLE(phys) ((phys) | 3)
#define PAGE(phys)  ((phys) | UINT64_C(0x0068000000000703))
#define BLOCK(phys) ((phys) | UINT64_C(0x0068000000000701))

/* arm64, 4K, 48 bits: one path to a table of pages at 0xffff800000000000. */
static void way_down(void)
{
	use("4K 48");
	set_entry(ROOT, 256, TABLE(T1));
	set_entry(T1, 0, TABLE(T2));
	set_entry(T2, 0, TABLE(T3));
}

#define VMALLOC UINT64_C(0xffff800000000000)

START_TEST(pages)
{
	way_down();
	set_entry(T3, 0, PAGE(RAM));
	set_entry(T3, 1, PAGE(RAM + 0x1000)); /* merged */
	set_entry(T3, 2, PAGE(RAM + 0x8000));
	set_entry(T3, 511, PAGE(RAM + 0x4000));
	set_entry(T3, 100, PAGE(RAM + 0x100000)); /* not captured */
	set_entry(T3, 101, PAGE(RAM) & ~UINT64_C(1));
	add_bytes(RAM, 0x10000);
	capture();
	walk(NULL);
	expect_no_messages();
	ck_assert_uint_eq(mappings.n, 3);
	expect_mapping(0, VMALLOC, RAM, 0x2000);
	expect_mapping(1, VMALLOC + 0x2000, RAM + 0x8000, 0x1000);
	expect_mapping(2, VMALLOC + 0x1ff000, RAM + 0x4000, 0x1000);
	ck_assert_uint_eq(mappings.tables_read, 4);
	ck_assert_uint_eq(mappings.tables_missing, 0);
}
END_TEST

/* One page is mapped at two addresses. */
START_TEST(twice)
{
	way_down();
	set_entry(T3, 0, PAGE(RAM));
	set_entry(T3, 2, PAGE(RAM));
	add_bytes(RAM, 0x1000);
	capture();
	walk(NULL);
	ck_assert_uint_eq(mappings.n, 2);
	expect_mapping(0, VMALLOC, RAM, 0x1000);
	expect_mapping(1, VMALLOC + 0x2000, RAM, 0x1000);
}
END_TEST

/* Only the captured part of a page or block is mapped; adjacent regions are merged. */
START_TEST(exact_bytes)
{
	way_down();
	set_entry(T3, 3, PAGE(RAM));
	set_entry(T2, 1, BLOCK(UINT64_C(0x60000000)));
	set_entry(T1, 1, BLOCK(UINT64_C(0x80000000)));
	add_bytes(RAM + 0x10, 0x20);
	add_bytes(RAM + 0x30, 0x10);
	add_bytes(RAM + 0xff0, 0x20);
	add_bytes(0x601ff000, 0x2000);
	add_bytes(0xa0000123, 1);
	capture();
	walk(NULL);
	ck_assert_uint_eq(mappings.n, 4);
	expect_mapping(0, VMALLOC + 0x3010, RAM + 0x10, 0x30);
	expect_mapping(1, VMALLOC + 0x3ff0, RAM + 0xff0, 0x10);
	expect_mapping(2, VMALLOC + 0x3ff000, 0x601ff000, 0x1000);
	expect_mapping(3, VMALLOC + 0x60000123, 0xa0000123, 1);
}
END_TEST

START_TEST(tables_that_are_missing)
{
	use("4K 48");
	capture();
	walk(NULL);
	ck_assert_uint_eq(mappings.n, 0);
	ck_assert_uint_eq(mappings.tables_read, 0);
	ck_assert_uint_eq(mappings.tables_missing, 1);
	way_down();
	set_entry(T2, 1, TABLE(UINT64_C(0x70000000)));
	set_entry(T1, 5, TABLE(UINT64_C(0xfffffffff000)));
	set_entry(T3, 0, PAGE(RAM));
	add_bytes(RAM, 0x1000);
	capture();
	walk(NULL);
	expect_no_messages();
	ck_assert_uint_eq(mappings.n, 1);
	ck_assert_uint_eq(mappings.tables_missing, 2);
}
END_TEST

/* Only entries that were captured completely are used. */
START_TEST(parts_of_a_table)
{
	static const unsigned char entries[24] = { 0x03, 0x07, 0x00, 0x50, 0, 0, 0, 0,
						   0x03, 0x27, 0x00, 0x50, 0, 0, 0, 0,
						   0x03, 0x47, 0x00, 0x50, 0, 0, 0, 0 };

	way_down();
	add_row(&regions, "part", T3 + 8, entries, 12);
	add_row(&regions, "rest", T3 + 20, entries + 12, 4);
	add_row(&regions, "cut", T3 + 24, entries + 16, 7);
	add_bytes(RAM, 0x10000);
	capture();
	walk(NULL);
	ck_assert_uint_eq(mappings.n, 2);
	expect_mapping(0, VMALLOC + 0x1000, RAM, 0x1000);
	expect_mapping(1, VMALLOC + 0x2000, RAM + 0x2000, 0x1000);
}
END_TEST

START_TEST(known_maps)
{
	struct kmd_layout known = {
		.linear = { true, VMALLOC - RAM, VMALLOC, VMALLOC + 0x2000 },
		.image = { true, VMALLOC + 0x100000 - RAM, VMALLOC + 0x100000, VMALLOC + 0x101000 },
	};

	way_down();
	set_entry(T3, 0, PAGE(RAM));
	set_entry(T3, 1, PAGE(RAM + 0x3000)); /* contradicts */
	set_entry(T3, 2, PAGE(RAM + 0x2000)); /* behind the map's end */
	set_entry(T3, 0x100, PAGE(RAM));
	add_bytes(RAM, 0x10000);
	capture();
	walk(&known);
	ck_assert_uint_eq(mappings.n, 2);
	expect_mapping(0, VMALLOC + 0x1000, RAM + 0x3000, 0x1000);
	expect_mapping(1, VMALLOC + 0x2000, RAM + 0x2000, 0x1000);
	known.linear.known = known.image.known = false;
	walk(&known);
	ck_assert_uint_eq(mappings.n, 4);
}
END_TEST

/* A root smaller than a page ends at its last index. */
START_TEST(small_roots)
{
	use("4K 52");
	set_entry(ROOT, 15, TABLE(T1));
	set_entry(ROOT, 16, TABLE(T1));
	set_entry(T1, 511, TABLE(T2));
	set_entry(T2, 0, UINT64_C(0x80000401));
	set_entry(T2, 1, TABLE(T3));
	/* Address bits 51:50 in bits 9:8. */
	set_entry(T3, 7, UINT64_C(0x50000601));
	add_bytes(UINT64_C(0x90000000), 0x1000);
	add_bytes(UINT64_C(0x8000050000000), 0x1000);
	capture();
	walk(NULL);
	ck_assert_uint_eq(mappings.n, 2);
	expect_mapping(0, UINT64_C(0xffffff8010000000), 0x90000000, 0x1000);
	expect_mapping(1, UINT64_C(0xffffff8040e00000), UINT64_C(0x8000050000000), 0x1000);
	ck_assert_uint_eq(mappings.tables_read, 4);

	use("16K 48");
	drop_rows(0);
	set_entry(ROOT, 1, TABLE(T1));
	set_entry(T1, 2047, TABLE(T2));
	set_entry(T2, 2046, BLOCK(UINT64_C(0x50000000)));
	add_bytes(RAM, 0x1000);
	capture();
	walk(NULL);
	expect_mapping(0, UINT64_C(0xfffffffffc000000), RAM, 0x1000);
	ck_assert_uint_eq(mappings.n, 1);
}
END_TEST

START_TEST(small_root_of_64k)
{
	use("64K 52 on 48");
	set_entry(ROOT, 0x3e0, TABLE(T1));
	set_entry(T1, 0, TABLE(T2));
	set_entry(T2, 3, PAGE(RAM));
	add_bytes(RAM, 0x10000);
	capture();
	walk(NULL);
	ck_assert_uint_eq(mappings.n, 1);
	expect_mapping(0, VMALLOC + 0x30000, RAM, 0x10000);
}
END_TEST

START_TEST(x86_64)
{
	use("x86 4");
	/* User space has another root with KPTI. */
	set_entry(ROOT, 0, T1 | 0x67);
	set_entry(ROOT, 255, T1 | 0x67);
	set_entry(ROOT, 256, T1 | 0x8000000000000067);
	set_entry(ROOT, 511, T1 | 0x67);
	set_entry(T1, 0, UINT64_C(0x80000000900011e3)); /* below its size: no address */
	set_entry(T1, 1, T2 | 0x67);
	set_entry(T2, 3, RAM | UINT64_C(0x80000000000011e3));
	set_entry(T2, 4, T3 | 0x63);
	set_entry(T3, 5, (RAM + 0x1000) | UINT64_C(0x80000000000001e3));
	set_entry(T3, 6, (RAM + 0x1000) | UINT64_C(0x162));
	add_bytes(RAM + 0x1000, 0x1000);
	add_bytes(0x90001000, 0x1000);
	capture();
	walk(NULL);
	ck_assert_uint_eq(mappings.n, 6);
	expect_mapping(0, VMALLOC + 0x10001000, 0x90001000, 0x1000);
	expect_mapping(1, VMALLOC + 0x40601000, RAM + 0x1000, 0x1000);
	expect_mapping(2, VMALLOC + 0x40805000, RAM + 0x1000, 0x1000);
	expect_mapping(3, UINT64_C(0xffffff8010001000), 0x90001000, 0x1000);
	expect_mapping(5, UINT64_C(0xffffff8040805000), RAM + 0x1000, 0x1000);
}
END_TEST

START_TEST(x86_64_encrypted)
{
	use("x86 SME");
	set_entry(ROOT, 256, T1 | 0x800000000067);
	set_entry(T1, 1, T2 | 0x800000000067);
	set_entry(T2, 4, T3 | 0x800000000063);
	set_entry(T3, 5, RAM | UINT64_C(0x8000800000000163));
	add_bytes(RAM, 0x1000);
	capture();
	walk(NULL);
	ck_assert_uint_eq(mappings.n, 1);
	expect_mapping(0, VMALLOC + 0x40805000, RAM, 0x1000);
}
END_TEST

START_TEST(last_page)
{
	use("4K 48");
	set_entry(ROOT, 511, TABLE(T1));
	set_entry(T1, 511, TABLE(T2));
	set_entry(T2, 511, TABLE(T3));
	set_entry(T3, 510, PAGE(RAM));
	set_entry(T3, 511, PAGE(RAM + 0x1000));
	add_bytes(RAM, 0x2000);
	capture();
	walk(NULL);
	ck_assert_uint_eq(mappings.n, 1);
	expect_mapping(0, UINT64_C(0xffffffffffffe000), RAM, 0x1000);
}
END_TEST

START_TEST(translate)
{
	uint64_t phys = 0;
	bool found;

	way_down();
	set_entry(T3, 3, PAGE(RAM));
	set_entry(T2, 1, BLOCK(UINT64_C(0x60000000)));
	set_entry(T2, 2, TABLE(UINT64_C(0x70000000)));
	capture();
	/* The page itself need not be captured. */
	expect_ok(kmd_paging_translate(&paging, &memory, VMALLOC + 0x3123, &found, &phys, &diag));
	ck_assert(found && phys == RAM + 0x123);
	expect_ok(kmd_paging_translate(&paging, &memory, VMALLOC + 0x212345, &found, &phys, &diag));
	ck_assert(found && phys == 0x60012345);
	expect_ok(kmd_paging_translate(&paging, &memory, VMALLOC + 0x400000, &found, &phys, &diag));
	ck_assert(!found);
	expect_ok(kmd_paging_translate(&paging, &memory, VMALLOC + 0x600000, &found, &phys, &diag));
	ck_assert(!found);
	expect_ok(kmd_paging_translate(&paging, &memory, 0x3123, &found, &phys, &diag));
	ck_assert(!found);
}
END_TEST

/* The root has another address than in VMCOREINFO: it is that of another kernel, or not a table. */
START_TEST(not_its_own_root)
{
	use("4K 48");
	set_entry(ROOT, 511, TABLE(T1));
	set_entry(T1, 511, TABLE(T2));
	set_entry(T2, 4, BLOCK(RAM));
	add_bytes(RAM, 0x1000);
	capture();
	walk(NULL);
	ck_assert_uint_eq(mappings.n, 0);
	expect_finding(KMD_FIND_KERNEL, KMD_DAMAGE,
		       "map their own address 0xffffffffc0800000 to physical 0x50000000");
}
END_TEST

/* Every entry of the only table points to this table. */
START_TEST(loop)
{
	paging = shapes[_i].paging;
	paging.root = ROOT;
	for (size_t i = 0; i < kmd_paging_page(&paging) / 8; i++)
		set_entry(ROOT, i, kmd_entry_table(&paging, ROOT));
	capture();
	walk(NULL);
	expect_no_messages();
	ck_assert_uint_gt(mappings.n, 0);
	ck_assert_uint_le(mappings.n, 16);
	for (size_t i = 0; i < mappings.n; i++)
		ck_assert_uint_eq(mappings.items[i].phys, ROOT);
}
END_TEST

/* KASAN and espfix use one table for many places. */
START_TEST(fillers)
{
	way_down();
	for (size_t i = 0; i < 100; i++)
		set_entry(T2, i, TABLE(T3));
	set_entry(T3, 5, PAGE(RAM));
	set_entry(T3, 7, PAGE(RAM));
	add_bytes(RAM, 0x1000);
	capture();
	walk(NULL);
	expect_no_messages();
	/* The table maps the page twice at each of 16 places: 16 mappings remain. */
	ck_assert_uint_eq(mappings.n, 16);
	expect_mapping(0, VMALLOC + 0x5000, RAM, 0x1000);
	expect_mapping(15, VMALLOC + 7 * 0x200000 + 0x7000, RAM, 0x1000);
}
END_TEST

/* Large blocks over small pieces give more runs than the limit. */
START_TEST(too_much)
{
	use("4K 48");
	for (size_t i = 256; i < 272; i++)
		set_entry(ROOT, i, TABLE(T1));
	for (size_t i = 0; i < 512; i++)
		set_entry(T1, i, BLOCK(UINT64_C(0x40000000)));
	for (size_t i = 0; i < 200; i++)
		add_bytes(RAM + 2 * i, 1);
	capture();
	walk(NULL);
	ck_assert(mappings.cut);
	expect_finding(KMD_FIND_KERNEL, KMD_DAMAGE, "more than a kernel does");
	ck_assert_uint_le(mappings.n, 16 * 203);
}
END_TEST

int main(void)
{
	TCase *tcase = pagetable_tcase();

	tcase_add_test(tcase, pages);
	tcase_add_test(tcase, twice);
	tcase_add_test(tcase, exact_bytes);
	tcase_add_test(tcase, tables_that_are_missing);
	tcase_add_test(tcase, parts_of_a_table);
	tcase_add_test(tcase, known_maps);
	tcase_add_test(tcase, small_roots);
	tcase_add_test(tcase, small_root_of_64k);
	tcase_add_test(tcase, x86_64);
	tcase_add_test(tcase, x86_64_encrypted);
	tcase_add_test(tcase, last_page);
	tcase_add_test(tcase, translate);
	tcase_add_test(tcase, not_its_own_root);
	tcase_add_loop_test(tcase, loop, 0, (int)n_shapes);
	tcase_add_test(tcase, fillers);
	tcase_add_test(tcase, too_much);
	return kit_run("pagetable-walk", tcase);
}
