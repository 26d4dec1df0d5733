/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_pagetable_make.c - page tables for memory that was captured without them. */
#include "pagetable_kit.h"

#include "supply/tables.h"
#include "pagetable/table.h"

#define RAM   UINT64_C(0x80000000)
#define T1    UINT64_C(0x40100000)
#define T2    UINT64_C(0x40110000)
#define T3    UINT64_C(0x40120000)
#define FRESH (UINT64_C(1) << 40)

static struct kmd_made_tables made;
static struct kmd_view list[2048];
static struct kmd_views views = { list, 0 };

static void teardown(void)
{
	kmd_made_tables_deinit(&made);
	views.n = 0;
}

static void add_view(uint64_t virt, uint64_t phys, uint64_t size, enum kmd_view_kind kind)
{
	ck_assert_uint_lt(views.n, sizeof(list) / sizeof(*list));
	list[views.n++] = (struct kmd_view){ virt, phys, size, kind };
}

/* No table is over captured memory, or over another one, or where no entry can point. */
static void make(void)
{
	expect_ok(kmd_tables_make(&paging, &memory, &views, 0, &diag, &made));
	for (size_t i = 0; i < made.n; i++) {
		const struct kmd_made_table *piece = &made.items[i];

		ck_assert(!kmd_table_captured(&memory, piece->phys, piece->size));
		ck_assert_uint_eq((piece->phys + piece->size - 1) >> paging.pa_bits, 0);
		if (i)
			ck_assert_uint_ge(piece->phys,
					  made.items[i - 1].phys + made.items[i - 1].size);
	}
}

/* As if the made tables had been captured. */
static void supply(void)
{
	for (size_t i = 0; i < made.n; i++)
		add_row(&regions, "made", made.items[i].phys, made.items[i].bytes,
			made.items[i].size);
	capture();
}

static uint64_t entry_in(const struct kmd_made_table *piece, size_t index)
{
	uint64_t entry = 0;

	ck_assert_uint_le(8 * index + 8, piece->size);
	for (size_t i = 0; i < 8; i++)
		entry |= (uint64_t)piece->bytes[8 * index + i] << 8 * i;
	return entry;
}

/* A captured region with a view of it. */
static void add(uint64_t virt, uint64_t phys, uint64_t size, enum kmd_view_kind kind)
{
	add_bytes(phys, (size_t)size);
	add_view(virt, phys, size, kind);
}

/* Views in the kernel half of any shape; sizes in pages. */
static void add_all_kinds(void)
{
	uint64_t page = kmd_paging_page(&paging);
	uint64_t block = UINT64_C(1) << kmd_paging_shift(&paging, paging.levels - 2);
	uint64_t low = 0 - (UINT64_C(1) << (paging.va_bits - 1)), phys = RAM + 8 * block;

	/* Adjacent virtual pages with scattered physical pages; one is cut. */
	add(low + 2 * page, RAM + 9 * page, page, KMD_VIEW_OTHER);
	add(low + 3 * page, RAM + 4 * page, page, KMD_VIEW_OTHER);
	add(low + 4 * page + 0x10, RAM + 2 * page + 0x10, 0x20, KMD_VIEW_OTHER);
	/* Across the border of two tables. */
	add(low + 5 * block - page, RAM + 20 * page, 3 * page, KMD_VIEW_OTHER);
	/* The same memory at another address. */
	add_view(low + (UINT64_C(1) << (paging.va_bits - 2)), RAM + 9 * page, page,
		 KMD_VIEW_LINEAR);
	/* The captured parts of whole blocks. */
	add_bytes(phys, 0x100);
	add_bytes(phys + block + block / 2, (size_t)page);
	add_view(low + 16 * block, phys, 0x100, KMD_VIEW_IMAGE);
	add_view(low + 17 * block + block / 2, phys + block + block / 2, page, KMD_VIEW_IMAGE);
	/* The highest address that gdb can read. */
	add(0 - 3 * page, RAM + 30 * page, page, KMD_VIEW_OTHER);
}

/* In every shape, the walker finds exactly the given views. */
START_TEST(there_and_back)
{
	paging = shapes[_i].paging;
	paging.root = ROOT;
	paging.root_virt = ROOT_VIRT;
	add_all_kinds();
	capture();
	make();
	expect_no_messages();
	ck_assert_int_eq(made.root, KMD_ROOT_MISSING);
	ck_assert_uint_eq(made.tables_completed, 1);
	ck_assert_uint_eq(made.n, 1 + made.tables_added);
	ck_assert_uint_eq(made.items[0].phys, ROOT);
	ck_assert_uint_eq(made.items[0].virt, ROOT_VIRT);
	for (size_t i = 0; i < made.n; i++)
		ck_assert_uint_eq(made.items[i].size, kmd_paging_page(&paging));
	ck_assert_uint_eq(made.items[1].phys, FRESH);
	ck_assert(!made.refused && !made.cut);
	supply();
	walk(NULL);
	ck_assert_uint_eq(mappings.n, views.n);
	for (size_t i = 0; i < views.n; i++) {
		size_t at = 0;

		while (at < mappings.n && mappings.items[at].virt != list[i].virt)
			at++;
		expect_mapping(at, list[i].virt, list[i].phys, list[i].size);
	}
	/* Now nothing is missing. */
	kmd_made_tables_deinit(&made);
	make();
	ck_assert_int_eq(made.root, KMD_ROOT_CAPTURED);
	ck_assert_uint_eq(made.n, 0);
	ck_assert_uint_eq(made.mapped, 0);
	ck_assert_uint_eq(made.refused, 0);
}
END_TEST

/* Large views use a block only if they cover all of it. */
START_TEST(blocks)
{
	uint64_t phys;
	bool found;

	use("4K 48");
	add_bytes(RAM, 0x10);
	capture();
	add_view(UINT64_C(0xffff800000200000) - 0x1000, RAM - 0x1000, 0x400000 + 0x3000,
		 KMD_VIEW_OTHER);
	make();
	ck_assert_uint_eq(made.mapped, 0x403000);
	/* Two levels, and a table of pages before and behind the two blocks. */
	ck_assert_uint_eq(made.tables_added, 4);
	supply();
	expect_ok(kmd_paging_translate(&paging, &memory, UINT64_C(0xffff800000345678), &found,
				       &phys, &diag));
	ck_assert(found && phys == RAM + 0x145678);
	expect_ok(kmd_paging_translate(&paging, &memory, UINT64_C(0xffff800000601fff), &found,
				       &phys, &diag));
	ck_assert(found && phys == RAM + 0x401fff);
	expect_ok(kmd_paging_translate(&paging, &memory, UINT64_C(0xffff800000602000), &found,
				       &phys, &diag));
	ck_assert(!found);
	expect_ok(kmd_paging_translate(&paging, &memory, UINT64_C(0xffff8000001fe000), &found,
				       &phys, &diag));
	ck_assert(!found);
}
END_TEST

START_TEST(entries_as_consumers_know_them)
{
	use("4K 48");
	add(UINT64_C(0xffff800000005000), RAM, 0x1000, KMD_VIEW_OTHER);
	capture();
	make();
	ck_assert_uint_eq(made.n, 4);
	ck_assert_uint_eq(entry_in(&made.items[0], 256), FRESH | 3);
	ck_assert_uint_eq(entry_in(&made.items[1], 0), (FRESH + 0x1000) | 3);
	ck_assert_uint_eq(entry_in(&made.items[3], 5), RAM | 0x0068000000000703);
	kmd_made_tables_deinit(&made);
	use("x86 4");
	make();
	ck_assert_uint_eq(entry_in(&made.items[0], 256), FRESH | 0x67);
	ck_assert_uint_eq(entry_in(&made.items[3], 5), RAM | 0x8000000000000163);
}
END_TEST

/* The RFC's list registers the first bytes of swapper_pg_dir. */
START_TEST(root_in_part)
{
	static const unsigned char zero[8];
	unsigned char three[3] = { 1, 2, 3 };

	use("4K 48");
	add_row(&regions, "swapper_pg_dir", ROOT, zero, 8);
	add_row(&regions, "odd", ROOT + 257 * 8 + 4, three, 3);
	add(UINT64_C(0xffff000000005000), RAM, 0x1000,
	    KMD_VIEW_LINEAR); /* entry 0 of a root of arm64 */
	add(UINT64_C(0xffff800000005000), RAM + 0x1000, 0x1000, KMD_VIEW_OTHER);
	add(UINT64_C(0xffff808000005000), RAM + 0x2000, 0x1000, KMD_VIEW_OTHER); /* entry 257 */
	capture();
	make();
	ck_assert_int_eq(made.root, KMD_ROOT_PARTLY);
	ck_assert_uint_eq(made.n, 5);
	ck_assert_uint_eq(made.items[0].phys, ROOT + 8);
	ck_assert_uint_eq(made.items[0].virt, ROOT_VIRT + 8);
	ck_assert_uint_eq(made.items[0].size, 256 * 8 + 4);
	ck_assert_uint_eq(made.items[1].phys, ROOT + 257 * 8 + 7);
	ck_assert_uint_eq(made.items[1].size, 0x1000 - 257 * 8 - 7);
	ck_assert_uint_eq(entry_in(&made.items[0], 255), FRESH | 3);
	ck_assert_uint_eq(made.mapped, 0x1000);
	ck_assert_uint_eq(made.refused, 0x1000);
	ck_assert_uint_eq(made.first_refused, UINT64_C(0xffff808000005000));
	supply();
	walk(NULL);
	ck_assert_uint_eq(mappings.n, 1);
	expect_mapping(0, UINT64_C(0xffff800000005000), RAM + 0x1000, 0x1000);
}
END_TEST

/* A missing table is made at the address that a captured entry has for it. */
START_TEST(completed)
{
	use("4K 48");
	set_entry(ROOT, 256, T1 | 3);
	set_entry(T1, 0, T2 | 3);
	set_entry(T2, 0, T3 | 3);
	set_entry(T2, 1, UINT64_C(0x70000003));
	set_entry(T3, 0, RAM | 3);
	add(UINT64_C(0xffff800000000000), RAM, 0x1000, KMD_VIEW_OTHER); /* mapped already */
	add(UINT64_C(0xffff800000001000), RAM + 0x1000, 0x1000,
	    KMD_VIEW_OTHER); /* captured: unmapped */
	add(UINT64_C(0xffff800000203000), RAM + 0x2000, 0x1000, KMD_VIEW_OTHER);
	add(UINT64_C(0xffff800000403000), RAM + 0x3000, 0x1000,
	    KMD_VIEW_LINEAR); /* not mapped either */
	capture();
	make();
	ck_assert_int_eq(made.root, KMD_ROOT_CAPTURED);
	ck_assert_uint_eq(made.n, 1);
	ck_assert_uint_eq(made.items[0].phys, 0x70000000);
	ck_assert_uint_eq(made.items[0].virt, 0);
	ck_assert_uint_eq(made.tables_completed, 1);
	ck_assert_uint_eq(made.tables_added, 0);
	ck_assert_uint_eq(made.mapped, 0x1000);
	ck_assert_uint_eq(made.refused, 0x1000);
	ck_assert_uint_eq(made.first_refused, UINT64_C(0xffff800000001000));
	supply();
	walk(NULL);
	ck_assert_uint_eq(mappings.n, 2);
	expect_mapping(1, UINT64_C(0xffff800000203000), RAM + 0x2000, 0x1000);
}
END_TEST

START_TEST(captured_elsewhere)
{
	use("4K 48");
	set_entry(ROOT, 256, T1 | 3);
	set_entry(T1, 0, RAM | 0x701);
	set_entry(T1, 1, UINT64_C(0xfffffffff003)); /* within physical memory */
	set_entry(T1, 2, UINT64_C(2));
	add(UINT64_C(0xffff800000003000), RAM + 0x3000, 0x1000, KMD_VIEW_OTHER);
	add(UINT64_C(0xffff800000004000), RAM + 0x5000, 0x1000, KMD_VIEW_OTHER);
	add(UINT64_C(0xffff800040000000), RAM + 0x6000, 0x1000, KMD_VIEW_OTHER);
	add(UINT64_C(0xffff800080000000), RAM + 0x7000, 0x1000, KMD_VIEW_OTHER);
	capture();
	make();
	ck_assert_uint_eq(made.mapped, 0x1000);
	ck_assert_uint_eq(made.refused, 0x2000);
	ck_assert_uint_eq(made.first_refused, UINT64_C(0xffff800000004000));
	ck_assert_uint_eq(made.items[made.n - 1].phys, 0xfffffffff000);
	/* The kernel has less physical memory than that. */
	kmd_made_tables_deinit(&made);
	paging.pa_bits = 44;
	make();
	ck_assert_uint_eq(made.n, 0);
	ck_assert_uint_eq(made.refused, 0x3000);
}
END_TEST

/* Two entries point to one missing table.  Made for one, it would also map pages at the other. */
START_TEST(one_table_for_two_places)
{
	use("4K 48");
	set_entry(ROOT, 256, T1 | 3);
	set_entry(T1, 0, T2 | 3);
	set_entry(T2, 0, UINT64_C(0x70000003));
	set_entry(T2, 1, UINT64_C(0x70000003));
	set_entry(T1, 1, FRESH | 3);
	add(UINT64_C(0xffff800000003000), RAM, 0x1000, KMD_VIEW_OTHER);
	add(UINT64_C(0xffff800000204000), RAM + 0x1000, 0x1000, KMD_VIEW_OTHER);
	/* A captured entry points to the first address for new tables. */
	add(UINT64_C(0xffff800040005000), RAM + 0x2000, 0x1000, KMD_VIEW_OTHER);
	capture();
	make();
	ck_assert_uint_eq(made.refused, 0x1000);
	ck_assert_uint_eq(made.first_refused, UINT64_C(0xffff800000204000));
	ck_assert_uint_eq(made.n, 3);
	ck_assert_uint_eq(made.items[1].phys, FRESH);
	ck_assert_uint_eq(made.items[2].phys, FRESH + 0x1000);
	ck_assert_uint_eq(made.tables_completed, 2);
}
END_TEST

/* crash walks the CPU entry area, and fails if an entry points to an absent table. */
START_TEST(closed)
{
	static const unsigned char zero[0x1000];
	bool found;
	uint64_t phys;

	use("x86 4");
	set_entry(ROOT, 508, UINT64_C(0x70000067));
	set_entry(ROOT, 300, UINT64_C(0x71000067)); /* no consumer walks this */
	set_entry(ROOT, 511, T1 | 0x67);
	set_entry(T1, 510, UINT64_C(0x72000067));
	set_entry(T1, 511, T2 | 0x67);
	set_entry(T2, 503, UINT64_C(0x73000067));
	set_entry(T2, 507, UINT64_C(0x74000067));
	set_entry(T2, 508, T3 | 0x67);
	set_entry(T2, 511, UINT64_C(0x74000067));
	set_entry(T3, 0, 0);
	add(UINT64_C(0xffff900000000000), RAM, 0x1000, KMD_VIEW_OTHER);
	capture();
	make();
	ck_assert_uint_eq(made.tables_closed, 2);
	ck_assert_uint_eq(made.tables_completed, 0);
	ck_assert_uint_eq(made.n, 2);
	ck_assert_uint_eq(made.items[0].phys, 0x70000000);
	ck_assert_mem_eq(made.items[0].bytes, zero, 0x1000);
	ck_assert_uint_eq(made.items[1].phys, 0x74000000);
	supply();
	expect_ok(kmd_paging_translate(&paging, &memory, UINT64_C(0xfffffe0000015000), &found,
				       &phys, &diag));
	ck_assert(!found);
}
END_TEST

START_TEST(loop)
{
	paging = shapes[_i].paging;
	paging.root = ROOT;
	for (size_t i = 0; i < kmd_paging_page(&paging) / 8; i++)
		set_entry(ROOT, i, kmd_entry_table(&paging, ROOT));
	add_all_kinds();
	capture();
	make();
	ck_assert_uint_eq(made.n, 0);
	ck_assert_uint_gt(made.refused, 0);
}
END_TEST

/* Random tables point to each other, some captured in part: the walk ends, and the rules hold. */
START_TEST(anything)
{
	uint64_t page, seed = 88172645463325252;

	paging = shapes[_i].paging;
	paging.root = ROOT;
	page = kmd_paging_page(&paging);
	for (uint64_t table = 0; table < 6; table++) {
		for (size_t i = 0; i < page / 8; i++) {
			uint64_t to;

			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			to = ROOT + (seed >> 40) % 16 * page;
			set_entry(ROOT + table * page, i,
				  to | (seed & 0x80) | (seed >> 8 & 3) | (seed >> 56) << 56);
		}
	}
	add_bytes(ROOT + 7 * page + 0x123, 0x456);
	add_bytes(ROOT + 12 * page, (size_t)page);
	add_all_kinds();
	capture();
	walk(NULL);
	for (size_t i = 0; i < mappings.n; i++)
		ck_assert(kmd_table_captured(&memory, mappings.items[i].phys,
					     mappings.items[i].size));
	make();
	supply();
	walk(NULL);
}
END_TEST

START_TEST(views_that_fit_nowhere)
{
	use("x86 4");
	add(0x1000, RAM, 0x1000, KMD_VIEW_OTHER);                                /* user space */
	add(UINT64_C(0xffff7ffffffff000), RAM + 0x1000, 0x1000, KMD_VIEW_OTHER); /* no address */
	add(UINT64_C(0xffff800000000010), RAM + 0x2020, 0x10, KMD_VIEW_OTHER); /* no whole pages */
	add(UINT64_C(0xfffffffffffff000), RAM + 0x3000, 0x1000, KMD_VIEW_OTHER); /* the last page */
	add(UINT64_C(0xffff900000000000), UINT64_C(1) << 50, 0x1000,
	    KMD_VIEW_OTHER); /* no memory */
	add_view(UINT64_C(0xffff900000001000), UINT64_C(0xffff900000001000), 0x1000,
		 KMD_VIEW_VIRTUAL);
	capture();
	/* The last region leaves no physical address above it. */
	make();
	ck_assert_uint_eq(made.n, 0);
	expect_finding(KMD_FIND_KERNEL, KMD_NOTE, "no physical address is left");
	kmd_made_tables_deinit(&made);
	drop_rows(4);
	capture();
	make();
	ck_assert_uint_eq(made.n, 0);
	ck_assert_uint_eq(made.refused, 0x4010);
	ck_assert_uint_eq(made.first_refused, 0x1000);
}
END_TEST

/* New tables are above all known RAM and below the limit of the machine. */
START_TEST(place_of_new_tables)
{
	use("4K 39");
	add(UINT64_C(0xffffffc000000000), RAM, 0x1000, KMD_VIEW_OTHER);
	capture();
	expect_ok(kmd_tables_make(&paging, &memory, &views, FRESH + 1, &diag, &made));
	ck_assert_uint_eq(made.items[1].phys, 2 * FRESH);
	kmd_made_tables_deinit(&made);
	/* A region is described but missing. */
	add_bytes(5 * FRESH, 0x1000);
	regions.rows[regions.n - 1].pub.captured = 0;
	regions.rows[regions.n - 1].has_bytes = false;
	regions.rows[regions.n - 1].pub.state = KMD_REGION_MISSING;
	capture();
	make();
	ck_assert_uint_eq(made.items[1].phys, 6 * FRESH);
	kmd_made_tables_deinit(&made);
	drop_rows(1);
	paging.pa_bits = 36;
	capture();
	make();
	ck_assert_uint_eq(made.items[1].phys, 0xc0000000);
	kmd_made_tables_deinit(&made);
	paging.pa_bits = 32;
	expect_ok(kmd_tables_make(&paging, &memory, &views, 0xc0000001, &diag, &made));
	ck_assert_uint_eq(made.n, 0);
	expect_finding(KMD_FIND_KERNEL, KMD_NOTE, "no physical address is left");
}
END_TEST

/* Each view needs a table of 64K of its own. */
START_TEST(too_much)
{
	use("64K 48");
	add_bytes(RAM, 0x10000);
	for (uint64_t i = 0; i < 1100; i++)
		add_view(UINT64_C(0xffff800000000000) + (i << 29), RAM, 0x10000, KMD_VIEW_OTHER);
	capture();
	make();
	ck_assert(made.cut);
	expect_finding(KMD_FIND_KERNEL, KMD_NOTE, "some captured memory is not mapped");
	ck_assert_uint_le(made.n, 1024);
	ck_assert_uint_gt(made.mapped >> 16, 1000);
	/* No table is incomplete. */
	ck_assert_uint_eq(made.n, made.tables_added + 1);
}
END_TEST

int main(void)
{
	TCase *tcase = pagetable_tcase();

	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_loop_test(tcase, there_and_back, 0, (int)n_shapes);
	tcase_add_test(tcase, blocks);
	tcase_add_test(tcase, entries_as_consumers_know_them);
	tcase_add_test(tcase, root_in_part);
	tcase_add_test(tcase, completed);
	tcase_add_test(tcase, captured_elsewhere);
	tcase_add_test(tcase, one_table_for_two_places);
	tcase_add_test(tcase, closed);
	tcase_add_loop_test(tcase, loop, 0, (int)n_shapes);
	tcase_add_loop_test(tcase, anything, 0, (int)n_shapes);
	tcase_add_test(tcase, views_that_fit_nowhere);
	tcase_add_test(tcase, place_of_new_tables);
	tcase_add_test(tcase, too_much);
	return kit_run("pagetable-make", tcase);
}
