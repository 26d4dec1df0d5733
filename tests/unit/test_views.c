/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_views.c - the virtual addresses of captured memory. */
#include "kit.h"

#include "target/views.h"

#include <string.h>

#define PHYS    UINT64_C(0x40000000)
#define LINEAR  UINT64_C(0xffff000000000000)
#define IMAGE   UINT64_C(0xffff800008000000)
#define VMALLOC UINT64_C(0xffff900000000000)

static struct kmd_regions regions;
static struct kmd_memory memory;
static struct kmd_views views;
static struct kmd_kernel_facts facts;
static struct kmd_mapping mapping[8];
static struct kmd_mappings mappings;

static void setup(void)
{
	memset(&facts, 0, sizeof(facts));
	mappings = (struct kmd_mappings){ .items = mapping };
	facts.elf_class = 2;
	facts.layout.linear =
		(struct kmd_map){ true, LINEAR - PHYS, LINEAR, LINEAR + (UINT64_C(1) << 47) };
	facts.layout.image = (struct kmd_map){ true, IMAGE - PHYS, IMAGE, IMAGE + 0x100000 };
}

static void teardown(void)
{
	kmd_views_deinit(&views);
	kmd_memory_deinit(&memory);
	kmd_regions_deinit(&regions);
}

static void add(uint64_t phys, uint64_t virt, size_t size)
{
	struct kmd_region_entry *row = add_row(&regions, "r", phys, noise(size, 1), size);

	row->pub.virt = virt;
	row->pub.has_virt = virt != 0;
}

static void build(void)
{
	expect_ok(kmd_memory_build(&regions, &diag, &memory));
	expect_ok(kmd_views_build_mapped(&memory, &facts, &mappings, &diag, &views));
	for (size_t i = 1; i < views.n; i++)
		ck_assert_uint_ge(views.items[i].virt,
				  views.items[i - 1].virt + views.items[i - 1].size);
}

/* Add a mapping of the page tables. */
static void map(uint64_t virt, uint64_t phys, uint64_t size)
{
	mapping[mappings.n++] = (struct kmd_mapping){ virt, phys, size };
}

static void expect_view(uint64_t virt, uint64_t phys, uint64_t size, enum kmd_view_kind kind)
{
	const struct kmd_view *view = kmd_views_find(&views, virt);

	ck_assert_msg(view, "no view at 0x%lx", (unsigned long)virt);
	ck_assert_uint_eq(view->virt, virt);
	ck_assert_uint_eq(view->size, size);
	ck_assert_int_eq(view->kind, kind);
	if (kind != KMD_VIEW_VIRTUAL)
		ck_assert_uint_eq(view->phys, phys);
}

START_TEST(image_and_linear)
{
	add(PHYS + 0x1000, IMAGE + 0x1000, 0x100);
	add(PHYS + 0x200000, 0, 0x100);
	build();
	expect_no_messages();
	ck_assert_uint_eq(views.n, 3);
	expect_view(LINEAR + 0x1000, PHYS + 0x1000, 0x100, KMD_VIEW_LINEAR);
	expect_view(IMAGE + 0x1000, PHYS + 0x1000, 0x100, KMD_VIEW_IMAGE);
	/* Beyond the image. */
	expect_view(LINEAR + 0x200000, PHYS + 0x200000, 0x100, KMD_VIEW_LINEAR);
}
END_TEST

/* A view is cut at the borders of its map. */
START_TEST(borders_of_a_map)
{
	add(PHYS + 0xff000, 0, 0x2000);
	build();
	expect_view(IMAGE + 0xff000, PHYS + 0xff000, 0x1000, KMD_VIEW_IMAGE);
	ck_assert_ptr_null(kmd_views_find(&views, IMAGE + 0x100000));
	expect_view(LINEAR + 0xff000, PHYS + 0xff000, 0x2000, KMD_VIEW_LINEAR);
}
END_TEST

/* All of RAM is larger than what is left of the address space behind the image. */
START_TEST(piece_larger_than_the_map)
{
	facts.layout.linear.known = false;
	facts.layout.image = (struct kmd_map){ true, -UINT64_C(0x8000) - PHYS, -UINT64_C(0x6000),
					       -UINT64_C(0x4000) };
	add(PHYS, 0, 0x10000);
	build();
	ck_assert_uint_eq(views.n, 1);
	expect_view(-UINT64_C(0x6000), PHYS + 0x2000, 0x2000, KMD_VIEW_IMAGE);
}
END_TEST

/* phys_base may be negative: the start of the map shows nothing. */
START_TEST(map_begins_below_physical_0)
{
	facts.layout.linear.known = false;
	facts.layout.image = (struct kmd_map){ true, IMAGE + 0x1000, IMAGE, IMAGE + 0x4000 };
	add(0, 0, 0x10000);
	build();
	ck_assert_uint_eq(views.n, 1);
	expect_view(IMAGE + 0x1000, 0, 0x3000, KMD_VIEW_IMAGE);
}
END_TEST

/* A registered image address is used even behind the assumed end of the image. */
START_TEST(registered_behind_the_image)
{
	add(PHYS + 0x300000, IMAGE + 0x300000, 0x100);
	build();
	expect_no_messages();
	expect_view(IMAGE + 0x300000, PHYS + 0x300000, 0x100, KMD_VIEW_IMAGE);
}
END_TEST

START_TEST(vmalloc)
{
	add(PHYS + 0x200000, 0xffff90000000a000, 0x1000);
	/* The next page of the stack has another physical place. */
	add(PHYS + 0x500000, 0xffff90000000b000, 0x1000);
	build();
	expect_no_messages();
	expect_view(0xffff90000000a000, PHYS + 0x200000, 0x1000, KMD_VIEW_OTHER);
	expect_view(0xffff90000000b000, PHYS + 0x500000, 0x1000, KMD_VIEW_OTHER);
	expect_view(LINEAR + 0x500000, PHYS + 0x500000, 0x1000, KMD_VIEW_LINEAR);
}
END_TEST

/* Without any map, only the registered addresses of regions are used. */
START_TEST(no_maps)
{
	memset(&facts.layout, 0, sizeof(facts.layout));
	add(PHYS, LINEAR, 0x100);
	add(PHYS + 0x1000, 0, 0x100);
	build();
	ck_assert_uint_eq(views.n, 1);
	expect_view(LINEAR, PHYS, 0x100, KMD_VIEW_OTHER);
}
END_TEST

START_TEST(virtual_only)
{
	add_virtual_row(&regions, "v", 0xffff900000000010, "1234", 4);
	build();
	expect_view(0xffff900000000010, 0, 4, KMD_VIEW_VIRTUAL);
}
END_TEST

/* A region has a virtual address that the maps of the kernel use for other memory. */
START_TEST(collision)
{
	add(PHYS + 0x1000, 0, 0x100);
	add(PHYS + 0x200000, LINEAR + 0x1000, 0x100);
	build();
	expect_view(LINEAR + 0x1000, PHYS + 0x1000, 0x100, KMD_VIEW_LINEAR);
	expect_finding(KMD_FIND_DISAGREE, KMD_DAMAGE,
		       "virtual address 0xffff000000001000 is already mapped to physical "
		       "0x40001000, not to "
		       "0x40200000");
}
END_TEST

/* Two regions claim one address: the first one in the table gets it. */
START_TEST(collision_of_regions)
{
	memset(&facts.layout, 0, sizeof(facts.layout));
	add(PHYS, 0xffff900000000000, 0x100);
	add(PHYS + 0x1000, 0xffff900000000080, 0x100);
	build();
	expect_view(0xffff900000000000, PHYS, 0x100, KMD_VIEW_OTHER);
	expect_view(0xffff900000000100, PHYS + 0x1080, 0x80, KMD_VIEW_OTHER);
	ck_assert_uint_eq(findings_of(KMD_FIND_DISAGREE), 1);
}
END_TEST

START_TEST(end_of_the_address_space)
{
	memset(&facts.layout, 0, sizeof(facts.layout));
	add(PHYS, UINT64_MAX - 0xff, 0x100);
	add(PHYS + 0x1000, UINT64_MAX - 0x10f, 0x10);
	build();
	/* gdb cannot read a segment that ends at the end of all addresses. */
	ck_assert_uint_eq(views.n, 1);
	expect_view(UINT64_MAX - 0x10f, PHYS + 0x1000, 0x10, KMD_VIEW_OTHER);
}
END_TEST

START_TEST(narrow)
{
	memset(&facts.layout, 0, sizeof(facts.layout));
	facts.elf_class = 1;
	facts.layout.linear = (struct kmd_map){ true, 0x80000000, 0xc0000000, UINT64_C(1) << 32 };
	add(PHYS, 0xc0000000, 0x100);
	add(PHYS + 0x3ffff000, 0, 0x1000);
	build();
	expect_view(0xc0000000, PHYS, 0x100, KMD_VIEW_LINEAR);
	ck_assert_ptr_null(kmd_views_find(&views, 0xfffff000));
}
END_TEST

START_TEST(find)
{
	add(PHYS + 0x1000, 0, 0x100);
	build();
	ck_assert_ptr_nonnull(kmd_views_find(&views, LINEAR + 0x10ff));
	ck_assert_ptr_null(kmd_views_find(&views, LINEAR + 0x1100));
	ck_assert_ptr_null(kmd_views_find(&views, LINEAR + 0xfff));
	ck_assert_ptr_null(kmd_views_find(&views, 0));
	ck_assert_ptr_null(kmd_views_find(&views, UINT64_MAX));
}
END_TEST

/* Memory that was not captured is in no view. */
START_TEST(cut_regions)
{
	struct kmd_region_entry *row;

	add(PHYS + 0x1000, IMAGE + 0x1000, 0x100);
	row = &regions.rows[0];
	row->pub.captured = 0x40;
	row->pub.state = KMD_REGION_CUT;
	build();
	expect_view(IMAGE + 0x1000, PHYS + 0x1000, 0x40, KMD_VIEW_IMAGE);
	expect_view(LINEAR + 0x1000, PHYS + 0x1000, 0x40, KMD_VIEW_LINEAR);
}
END_TEST

START_TEST(page_tables)
{
	add(PHYS + 0x200000, VMALLOC, 0x1000);
	add(PHYS + 0x300000, 0, 0x3000);
	/* The page tables map the region, more of it, the linear map, and pages that were not
	 * captured. */
	map(LINEAR + 0x300000, PHYS + 0x300000, 0x1000);
	map(VMALLOC, PHYS + 0x200000, 0x1000);
	map(VMALLOC + 0x1000, PHYS + 0x302000, 0x1000);
	map(VMALLOC + 0x2000, PHYS + 0x301000, 0x800);
	map(VMALLOC + 0x8000, PHYS + 0x302000, 0x1000);
	map(VMALLOC + 0x9000, PHYS + 0x303000, 0x1000);
	build();
	expect_no_messages();
	ck_assert_uint_eq(views.n, 6);
	expect_view(LINEAR + 0x300000, PHYS + 0x300000, 0x3000, KMD_VIEW_LINEAR);
	expect_view(VMALLOC, PHYS + 0x200000, 0x1000, KMD_VIEW_OTHER);
	expect_view(VMALLOC + 0x1000, PHYS + 0x302000, 0x1000, KMD_VIEW_OTHER);
	expect_view(VMALLOC + 0x2000, PHYS + 0x301000, 0x800, KMD_VIEW_OTHER);
	expect_view(VMALLOC + 0x8000, PHYS + 0x302000, 0x1000, KMD_VIEW_OTHER);
	ck_assert_ptr_null(kmd_views_find(&views, VMALLOC + 0x9000));
}
END_TEST

/* No note has the linear map of x86_64: page tables show what no region shows. */
START_TEST(page_tables_without_maps)
{
	memset(&facts.layout, 0, sizeof(facts.layout));
	add(PHYS, 0, 0x1000);
	map(LINEAR, PHYS, 0x1000);
	build();
	ck_assert_uint_eq(views.n, 1);
	expect_view(LINEAR, PHYS, 0x1000, KMD_VIEW_OTHER);
}
END_TEST

START_TEST(page_tables_contradict)
{
	add(PHYS + 0x200000, VMALLOC, 0x1000);
	add(PHYS + 0x300000, 0, 0x4000);
	add_virtual_row(&regions, "v", VMALLOC + 0x10000, "1234", 4);
	map(LINEAR + 0x301000, PHYS + 0x302000, 0x1000);
	/* The page of the region, and another. */
	map(VMALLOC, PHYS + 0x300000, 0x2000);
	map(VMALLOC + 0x10000, PHYS + 0x300000, 0x1000);
	build();
	expect_finding(KMD_FIND_DISAGREE, KMD_DAMAGE,
		       "page tables map virtual 0xffff000000301000 to physical 0x40302000, but "
		       "registered regions or the kernel's maps have 0x40301000; using the latter "
		       "(2 such places)");
	expect_view(LINEAR + 0x300000, PHYS + 0x300000, 0x4000, KMD_VIEW_LINEAR);
	expect_view(VMALLOC, PHYS + 0x200000, 0x1000, KMD_VIEW_OTHER);
	expect_view(VMALLOC + 0x1000, PHYS + 0x301000, 0x1000, KMD_VIEW_OTHER);
	/* Memory that was captured by virtual address only is unchanged. */
	expect_view(VMALLOC + 0x10000, 0, 4, KMD_VIEW_VIRTUAL);
	expect_view(VMALLOC + 0x10004, PHYS + 0x300004, 0xffc, KMD_VIEW_OTHER);
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, image_and_linear);
	tcase_add_test(tcase, borders_of_a_map);
	tcase_add_test(tcase, piece_larger_than_the_map);
	tcase_add_test(tcase, map_begins_below_physical_0);
	tcase_add_test(tcase, registered_behind_the_image);
	tcase_add_test(tcase, vmalloc);
	tcase_add_test(tcase, no_maps);
	tcase_add_test(tcase, virtual_only);
	tcase_add_test(tcase, collision);
	tcase_add_test(tcase, collision_of_regions);
	tcase_add_test(tcase, end_of_the_address_space);
	tcase_add_test(tcase, narrow);
	tcase_add_test(tcase, find);
	tcase_add_test(tcase, cut_regions);
	tcase_add_test(tcase, page_tables);
	tcase_add_test(tcase, page_tables_without_maps);
	tcase_add_test(tcase, page_tables_contradict);
	return kit_run("views", tcase);
}
