/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_smem.c - RAM images: their SMEM area, item 602, the region array. */
#include "smem_kit.h"

#include "image/smem_find.h"

#include <kmemdump/minidump.h>

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---------------------------------------------------------------------- good */

START_TEST(test_uncached)
{
	struct built built = build(&usual);

	expect(&built, NULL);
}
END_TEST

START_TEST(test_layouts)
{
	for (unsigned int i = 0; i < 24; i++) {
		struct recipe recipe = usual;
		struct built built;

		recipe.cached = i & 1;
		recipe.before = (i >> 1) % 3 * 4;
		recipe.cacheline = i & 8 ? 64 : 32;
		recipe.subsystems = i & 16 ? 25 : 10;
		recipe.padding_hdr = i & 4 ? 16 : 0;
		recipe.padding_data = i & 2 ? 8 : 0;
		built = build(&recipe);
		expect(&built, NULL);
	}
}
END_TEST

START_TEST(test_area_facts)
{
	struct built built = build(&usual);
	struct result r = run(&built);

	ck_assert(r.image.smem.present && r.image.n_blobs == 1);
	ck_assert_uint_eq(r.image.smem.offset, SMEM);
	ck_assert_uint_eq(r.image.smem.size, SMEM_SIZE);
	ck_assert_uint_eq(r.image.smem.phys, RAM_BASE + SMEM);
	ck_assert_uint_eq(r.image.blobs[0].phys, RAM_BASE);
	ck_assert_int_eq(r.image.blobs[0].kind, KMD_BLOB_FLAT);
	ck_assert(has_message(&r, "not marked as valid: 1"));
	done(&r);
	free(built.ram);
}
END_TEST

START_TEST(test_no_info_needs_base)
{
	struct recipe recipe = usual;
	struct kmd_image_options options = { .has_ram_base = true, .ram_base = RAM_BASE };
	struct built built;
	struct result r;

	recipe.no_info = true;
	built = build(&recipe);
	r = run_on(built.ram, RAM_SIZE, &options, false);
	expect_usual_claims(&r);
	ck_assert(!r.degraded && has_message(&r, "no info block"));
	done(&r);
	options = (struct kmd_image_options){ .has_smem = true, .smem = RAM_BASE + SMEM };
	r = run_on(built.ram, RAM_SIZE, &options, false);
	expect_usual_claims(&r);
	done(&r);
	expect_failure(&built, &no_options, KMD_ERR_DAMAGED, "--ram-base");
}
END_TEST

START_TEST(test_options_win)
{
	struct kmd_image_options options = { .has_smem = true, .has_ram_base = true };
	struct built built = build(&usual);
	struct result r;

	/* The address in the area is too high by 0x1000. */
	put32(built.ram + TABLE + 128 + MD_SMEM_INFO_BASE_OFFSET, RAM_BASE + SMEM + 0x1000);
	options.smem = RAM_BASE + SMEM;
	options.ram_base = RAM_BASE;
	r = run_on(built.ram, RAM_SIZE, &options, false);
	expect_usual_claims(&r);
	ck_assert(has_message(&r, "the given one is used"));
	done(&r);
	options.smem = RAM_BASE + 0x1000;
	expect_failure(&built, &options, KMD_ERR_DAMAGED, "no SMEM area at physical 0x80001000");
}
END_TEST

/* Memory behind the area contains a copy of it. */
START_TEST(test_copy_behind)
{
	struct built built = build(&usual);
	unsigned char *ram = calloc(2, RAM_SIZE);
	struct result r;

	ck_assert_ptr_nonnull(ram);
	memcpy(ram, built.ram, RAM_SIZE);
	memcpy(ram + RAM_SIZE, built.ram + SMEM, SMEM_SIZE);
	r = run_on(ram, 2 * (size_t)RAM_SIZE, &no_options, false);
	expect_usual_claims(&r);
	ck_assert(!r.degraded);
	done(&r);
	free(ram);
	free(built.ram);
}
END_TEST

/* Memory before the area contains a copy of it, with or without its header. */
START_TEST(test_stale_copy_first)
{
	for (unsigned int i = 0; i < 4; i++) {
		struct kmd_image_options options = { .has_ram_base = i & 1, .ram_base = RAM_BASE };
		struct built built = build(&usual);
		struct result r;

		memcpy(built.ram + 0x18000, built.ram + SMEM, SMEM_SIZE);
		if (i & 2)
			memset(built.ram + 0x18000, 0xff, MD_SMEM_TOC_OFFSET);
		r = run_on(built.ram, RAM_SIZE, &options, false);
		expect_usual_claims(&r);
		ck_assert_uint_eq(r.image.smem.offset, SMEM);
		ck_assert(!r.degraded);
		done(&r);
		free(built.ram);
	}
}
END_TEST

/* --------------------------------------------------------------------- damage */

START_TEST(test_version_11)
{
	struct recipe recipe = usual;
	struct built built;

	recipe.version = MD_SMEM_GLOBAL_HEAP_VERSION;
	recipe.no_table = true;
	built = build(&recipe);
	expect_failure(&built, &no_options, KMD_ERR_UNSUPPORTED, "version 11");
	/* One damaged word must not change the version of the area. */
	recipe.no_table = false;
	built = build(&recipe);
	expect(&built, "header of the SMEM area is damaged");
}
END_TEST

START_TEST(test_no_item)
{
	struct recipe recipe = usual;
	struct built built;

	recipe.no_item = true;
	recipe.padding_hdr = 0;
	built = build(&recipe);
	put32(built.ram + PART + MD_SMEM_PART_FREE_UNCACHED, 32 + 16 + 64);
	expect_failure(&built, &no_options, KMD_ERR_FORMAT, "item 602 is missing");
}
END_TEST

START_TEST(test_area_alone)
{
	struct built built = build(&usual);
	struct result r = run_on(built.ram + SMEM, SMEM_SIZE, &no_options, false);

	ck_assert_int_eq(r.status, KMD_ERR_DAMAGED);
	ck_assert(has_message(&r, "use the whole RAM image or the md_*.BIN files"));
	done(&r);
	/* Cut before its table. */
	r = run_on(built.ram + SMEM, 0x3000, &no_options, false);
	ck_assert_int_eq(r.status, KMD_ERR_DAMAGED);
	ck_assert(has_message(&r, "no partition table"));
	done(&r);
	free(built.ram);
}
END_TEST

START_TEST(test_table_damage)
{
	struct built built = build(&usual);

	put32(built.ram + TABLE, 0);
	expect(&built, "$TOC");
	built = build(&usual);
	put32(built.ram + TABLE + MD_SMEM_PTABLE_COUNT_OFFSET, 0xffffffff);
	expect(&built, "info block follows entry 2");
	built = build(&usual);
	put32(built.ram + TABLE + 128, 0);
	expect(&built, "magic of the SMEM info block");
	built = build(&usual);
	put32(built.ram + TABLE + 128 + MD_SMEM_INFO_SIZE_OFFSET, SMEM_SIZE * 2);
	expect(&built, "info block gives 0x20000 bytes");
	built = build(&usual);
	put32(built.ram + TABLE + 128 + MD_SMEM_INFO_SIZE_OFFSET, 0);
	expect(&built, "info block gives 0x0 bytes");
	built = build(&usual);
	put16(built.ram + TABLE + 128 + MD_SMEM_INFO_ITEMS_OFFSET, 512);
	expect(&built, "too few for Minidump");
	built = build(&usual);
	put32(built.ram + TABLE + 80 + MD_SMEM_PTE_OFFSET, PART_OFFSET + 0x1000);
	expect(&built, "found by its mark");
	built = build(&usual);
	put16(built.ram + TABLE + 80 + MD_SMEM_PTE_HOST1, 0);
	expect(&built, "entry in the SMEM partition table is damaged");
}
END_TEST

/* An entry that leads out of the area is that of a partition that is not needed. */
START_TEST(test_private_outside)
{
	struct built built = build(&usual);
	unsigned char *entry = built.ram + TABLE + 32;

	put32(entry + MD_SMEM_PTE_OFFSET, 0x7fff0000);
	put32(entry + MD_SMEM_PTE_SIZE, 0x1000);
	put16(entry + MD_SMEM_PTE_HOST0, 0);
	put16(entry + MD_SMEM_PTE_HOST1, 1);
	expect(&built, NULL);
}
END_TEST

/* A hole ends between the places where areas begin: the area behind it is found all the same. */
START_TEST(test_hole)
{
	const off_t area = ((off_t)1 << 30) + (4 << 20), data = ((off_t)1 << 30) + (384 << 10);
	const struct kmd_image_options options = { .quick = true };
	struct built built = build(&usual);
	struct kmd_source *source;
	struct kmd_smem_site site;
	struct kmd_diag diag;
	FILE *file = tmpfile();
	bool found = false;

	ck_assert(file);
	kmd_diag_init(&diag);
	ck_assert_int_eq(ftruncate(fileno(file), (off_t)2 << 30), 0);
	ck_assert_int_eq(pwrite(fileno(file), "data", 4, data), 4);
	ck_assert_int_eq(pwrite(fileno(file), built.ram + SMEM, SMEM_SIZE, area), SMEM_SIZE);
	ck_assert_int_eq(kmd_source_from_fd(&diag, dup(fileno(file)), "ram", &source), KMD_OK);
	ck_assert_int_eq(kmd_smem_find(source, &options, false, &diag, &site, &found), KMD_OK);
	ck_assert(found);
	ck_assert_uint_eq(site.base, (uint64_t)area);
	kmd_source_free(source);
	kmd_diag_deinit(&diag);
	fclose(file);
	free(built.ram);
}
END_TEST

START_TEST(test_part_damage)
{
	struct built built = build(&usual);

	put32(built.ram + PART, 0);
	expect(&built, "global partition are damaged");
	built = build(&usual);
	put32(built.ram + PART + MD_SMEM_PART_SIZE, PART_SIZE / 2);
	expect(&built, "in one table");
	built = build(&usual);
	put32(built.ram + PART + MD_SMEM_PART_FREE_UNCACHED, 0xffffffff);
	expect(&built, "impossible list ends");
	built = build(&usual);
	put32(built.ram + PART + MD_SMEM_PART_FREE_UNCACHED, 32);
	expect(&built, "found here by its marks");
}
END_TEST

START_TEST(test_entry_damage)
{
	static const unsigned int fields[] = { MD_SMEM_ENTRY_CANARY, MD_SMEM_ENTRY_ITEM,
					       MD_SMEM_ENTRY_SIZE, MD_SMEM_ENTRY_PADDING_DATA };

	for (unsigned int i = 0; i < 8; i++) {
		struct recipe recipe = usual;
		struct built built;

		recipe.cached = i & 1;
		built = build(&recipe);
		put16(built.ram + built.entry + fields[i / 2], 0xffff);
		expect(&built, "found here by its marks");
	}
}
END_TEST

START_TEST(test_toc_damage)
{
	struct built built = build(&usual);

	put32(built.ram + built.item + MD_GLOBAL_STATUS, 0);
	expect(&built, "not initialized by the firmware");
	built = build(&usual);
	put32(built.ram + built.item + 16 + MD_SS_STATUS, 0);
	expect(&built, "not ready");
	built = build(&usual);
	put32(built.ram + built.item + 16 + MD_SS_ENABLED, MD_SS_DISABLED_MAGIC);
	expect(&built, "not enabled");
	built = build(&usual);
	put32(built.ram + built.item + 16 + MD_SS_ENCRYPTION_REQUIRED, MD_SS_ENCR_REQUIRED);
	put32(built.ram + built.item + 16 + MD_SS_ENCRYPTION_STATUS, MD_SS_ENCR_START);
	expect(&built, "encrypted");
	built = build(&usual);
	put32(built.ram + built.item + 16 + MD_SS_ENCRYPTION_STATUS, 7);
	expect(&built, "invalid encryption words");
	built = build(&usual);
	put(built.ram + built.item + 16 + MD_SS_REGIONS_BASE, 0, 8);
	expect_failure(&built, &no_options, KMD_ERR_DAMAGED, "names no region array");
	built = build(&usual);
	put(built.ram + built.item + 16 + MD_SS_REGIONS_BASE, RAM_BASE + RAM_SIZE, 8);
	expect_failure(&built, &no_options, KMD_ERR_DAMAGED, "SMEM alone does not contain it");
	built = build(&usual);
	put(built.ram + built.item + 16 + MD_SS_REGIONS_BASE, RAM_BASE + 0x2000, 8);
	expect_failure(&built, &no_options, KMD_ERR_DAMAGED, "is valid");
}
END_TEST

static unsigned char *region(struct built *built, unsigned int index)
{
	return built->ram + ARRAY + index * MD_REGION_SIZE;
}

START_TEST(test_counts)
{
	struct built built = build(&usual);
	uint64_t count_at = built.item + MD_GLOBAL_SUBSYSTEMS + MD_SS_REGION_COUNT;
	struct result r;

	put32(built.ram + count_at, 0x10000 + REGIONS);
	expect(&built, "from entry 4 on there are none");
	built = build(&usual);
	put32(built.ram + count_at, UINT32_MAX);
	expect(&built, "should have 4294967295 entries, but from entry 4 on");
	/* The count is too small: valid entries that follow are used. */
	built = build(&usual);
	put32(built.ram + count_at, 1);
	r = run(&built);
	ck_assert_int_eq(r.status, KMD_OK);
	ck_assert_uint_eq(r.claims.n, 3);
	ck_assert(r.degraded && has_message(&r, "2 more valid entries follow"));
	done(&r);
	/* A removal was in progress: the last entry is present twice. */
	put32(built.ram + count_at, REGIONS);
	memcpy(region(&built, 3), region(&built, 0), MD_REGION_SIZE);
	memcpy(region(&built, 4), region(&built, 3), MD_REGION_SIZE);
	r = run(&built);
	ck_assert_uint_eq(r.claims.n, REGIONS);
	ck_assert(!r.degraded);
	done(&r);
	free(built.ram);
}
END_TEST

START_TEST(test_regions)
{
	struct built built = build(&usual);
	struct result r;

	put32(region(&built, 0) + MD_REGION_VALID, MD_INIT);
	put(region(&built, 1) + MD_REGION_ADDRESS, RAM_BASE + RAM_SIZE - 4, 8); /* cut */
	put(region(&built, 2) + MD_REGION_ADDRESS, 0x1000, 8);                  /* elsewhere */
	r = run(&built);
	ck_assert_int_eq(r.status, KMD_OK);
	ck_assert(!r.degraded && r.claims.items[0].invalid);
	ck_assert_uint_eq(r.claims.items[1].captured, 4);
	ck_assert_uint_eq(r.claims.items[1].size, 0x104);
	ck_assert(!r.claims.items[2].has_bytes && !r.claims.items[2].invalid);
	done(&r);
	put32(region(&built, 0) + MD_REGION_VALID, MD_VALID ^ 1);
	put(region(&built, 1) + MD_REGION_LENGTH, UINT64_MAX, 8);
	put(region(&built, 2) + MD_REGION_LENGTH, 0, 8);
	r = run(&built);
	ck_assert_int_eq(r.status, KMD_OK);
	ck_assert(has_message(&r, "\"KELF\" is neither valid nor invalid"));
	ck_assert(has_message(&r, "\"Kvmcorein\" extends past the end of the address space"));
	ck_assert(r.claims.items[0].invalid && r.claims.items[1].invalid);
	ck_assert_uint_eq(r.claims.items[2].size, 0);
	done(&r);
	free(built.ram);
}
END_TEST

START_TEST(test_other_subsystems)
{
	struct recipe recipe = usual;
	struct built built;
	struct result r;

	recipe.subsystems = 25;
	built = build(&recipe);
	put32(built.ram + built.item + 16 + 3 * MD_SS_SIZE + MD_SS_ENABLED, MD_SS_ENABLED_MAGIC);
	put32(built.ram + built.item + 16 + 24 * MD_SS_SIZE + MD_SS_ENABLED, MD_SS_ENABLED_MAGIC);
	r = run(&built);
	expect_usual_claims(&r);
	ck_assert(!r.degraded && has_message(&r, "2 other subsystems"));
	done(&r);
	free(built.ram);
}
END_TEST

START_TEST(test_strict)
{
	struct built built = build(&usual);
	struct result r = run_on(built.ram, RAM_SIZE, &no_options, true);

	expect_usual_claims(&r);
	done(&r);
	put16(built.ram + built.entry, 0);
	put32(built.ram + built.item + 16 + MD_SS_STATUS, 0);
	r = run_on(built.ram, RAM_SIZE, &no_options, true);
	ck_assert_int_eq(r.status, KMD_ERR_STRICT);
	ck_assert(has_message(&r, "canary")); /* the first one */
	done(&r);
	free(built.ram);
}
END_TEST

static int cancel(void *user, enum kmd_phase phase, uint64_t at, uint64_t total)
{
	(void)user;
	(void)at;
	ck_assert(phase == KMD_PHASE_SCAN && total == 0x200000);
	return 1;
}

START_TEST(test_not_ram)
{
	struct kmd_image_options options = { .progress = cancel };
	unsigned char *bytes = calloc(1, 0x200000);
	struct result r;

	ck_assert_ptr_nonnull(bytes);
	for (uint32_t i = 0, x = 1; i < 0x200000; i++, x = x * 1664525 + 1013904223)
		bytes[i] = (unsigned char)(x >> 24);
	r = run_on(bytes, 0x200000, &no_options, false);
	ck_assert(!r.probed && r.status == KMD_OK && !r.diag.n_findings);
	done(&r);
	r = run_on(bytes, 0x200000, &options, false);
	ck_assert(!r.probed && r.status == KMD_ERR_CANCELED);
	done(&r);
	free(bytes);
}
END_TEST

/* ---------------------------------------------------------------- every bit */

static bool usual_claims(const struct result *r, const struct result *good)
{
	if (r->claims.n != good->claims.n)
		return false;
	for (size_t i = 0; i < good->claims.n; i++) {
		const struct kmd_claim *a = &r->claims.items[i], *b = &good->claims.items[i];

		if (strcmp(a->name, b->name) || a->phys != b->phys || a->size != b->size ||
		    a->offset != b->offset || a->captured != b->captured ||
		    a->invalid != b->invalid)
			return false;
	}
	return true;
}

/* With damage at any place, the result is right, or an error or a finding reports the damage. */
static void check_damage(const struct built *built, const struct result *good, uint64_t at,
			 bool in_array)
{
	struct result r = run(built);
	bool same = r.status == KMD_OK && usual_claims(&r, good);

	if (r.probed && r.status != KMD_OK)
		ck_assert(r.status == KMD_ERR_DAMAGED || r.status == KMD_ERR_UNSUPPORTED ||
			  r.status == KMD_ERR_FORMAT);
	ck_assert_msg(!r.probed || same || r.status != KMD_OK || r.degraded || in_array,
		      "at 0x%" PRIx64, at);
	for (size_t i = 0; r.status == KMD_OK && i < r.claims.n; i++) {
		const struct kmd_claim *claim = &r.claims.items[i];

		ck_assert(!claim->has_bytes || (claim->offset <= RAM_SIZE &&
						claim->captured <= RAM_SIZE - claim->offset &&
						claim->captured <= claim->size));
	}
	/* With one bad bit outside of the array, the image is still recognised. */
	ck_assert_msg(in_array || r.probed, "at 0x%" PRIx64, at);
	done(&r);
}

static void damage_span(struct built *built, const struct result *good, uint64_t from,
			uint64_t size)
{
	bool in_array = from == ARRAY;

	for (uint64_t bit = 0; bit < size * 8; bit++) {
		built->ram[from + bit / 8] ^= (unsigned char)(1u << bit % 8);
		check_damage(built, good, from + bit / 8, in_array);
		built->ram[from + bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
	for (uint64_t at = from; at + 4 <= from + size; at += 4) {
		unsigned char kept[4];

		memcpy(kept, built->ram + at, 4);
		memset(built->ram + at, 0xff, 4);
		check_damage(built, good, at, in_array);
		memset(built->ram + at, 0, 4);
		check_damage(built, good, at, in_array);
		memcpy(built->ram + at, kept, 4);
	}
}

START_TEST(test_every_bit)
{
	struct recipe recipe = usual;
	struct built built;
	struct result good;

	recipe.cached = _i;
	built = build(&recipe);
	good = run(&built);
	expect_usual_claims(&good);
	damage_span(&built, &good, SMEM + 64, 160);
	damage_span(&built, &good, TABLE, 32 + 2 * MD_SMEM_PTABLE_ENTRY_SIZE + 20);
	damage_span(&built, &good, PART, MD_SMEM_PART_HEADER_SIZE);
	damage_span(&built, &good, built.entry, MD_SMEM_ENTRY_HEADER_SIZE);
	damage_span(&built, &good, built.item, MD_GLOBAL_SUBSYSTEMS + MD_SS_SIZE);
	damage_span(&built, &good, ARRAY, (REGIONS + 1) * MD_REGION_SIZE);
	done(&good);
	free(built.ram);
}
END_TEST

START_TEST(test_every_length)
{
	struct built built = build(&usual);

	for (size_t size = 0; size <= RAM_SIZE; size += 1000) {
		unsigned char *copy = malloc(size ? size : 1);
		struct result r;

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, built.ram, size);
		r = run_on(copy, size, &no_options, false);
		done(&r);
		free(copy);
	}
	free(built.ram);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("smem");
	TCase *good = tcase_create("good"), *bad = tcase_create("bad");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, good);
	suite_add_tcase(suite, bad);
	tcase_set_timeout(bad, 120);
	tcase_add_test(good, test_uncached);
	tcase_add_test(good, test_layouts);
	tcase_add_test(good, test_area_facts);
	tcase_add_test(good, test_no_info_needs_base);
	tcase_add_test(good, test_options_win);
	tcase_add_test(good, test_copy_behind);
	tcase_add_test(good, test_stale_copy_first);
	tcase_add_test(good, test_other_subsystems);
	tcase_add_test(bad, test_version_11);
	tcase_add_test(bad, test_no_item);
	tcase_add_test(bad, test_area_alone);
	tcase_add_test(bad, test_table_damage);
	tcase_add_test(bad, test_private_outside);
	tcase_add_test(bad, test_hole);
	tcase_add_test(bad, test_part_damage);
	tcase_add_test(bad, test_entry_damage);
	tcase_add_test(bad, test_toc_damage);
	tcase_add_test(bad, test_counts);
	tcase_add_test(bad, test_regions);
	tcase_add_test(bad, test_strict);
	tcase_add_test(bad, test_not_ram);
	tcase_add_loop_test(bad, test_every_bit, 0, 2);
	tcase_add_test(bad, test_every_length);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
