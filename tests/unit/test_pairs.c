/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_pairs.c - physical and virtual addresses of one region that contradict each other. */
#include "kit.h"
#include "region/pairs.h"

#include <stdlib.h>
#include <string.h>

#define PHYS   UINT64_C(0x40000000)
#define LINEAR UINT64_C(0x80000000) /* virtual minus physical address of 32-bit arm */
#define MAPPED UINT64_C(0xd0000000)

static struct kmd_claims claims;

static void setup(void)
{
	memset(&claims, 0, sizeof(claims));
}

static void teardown(void)
{
	kmd_claims_deinit(&claims);
}

static void claim(uint64_t phys, uint64_t virt)
{
	struct kmd_claim *added = kmd_claims_add(&claims, KMD_FROM_KELF);

	ck_assert_ptr_nonnull(added);
	added->name = strdup("");
	added->file = strdup("");
	added->phys = phys;
	added->virt = virt;
	added->size = 0x1000;
	added->has_phys = added->has_virt = added->has_size = true;
}

static void linear_map(size_t n)
{
	for (size_t i = 0; i < n; i++)
		claim(PHYS + i * 0x40000, PHYS + i * 0x40000 + LINEAR);
}

static size_t conflicts(void)
{
	size_t n = 0;

	for (size_t i = 0; i < claims.n; i++)
		n += claims.items[i].conflict;
	return n;
}

START_TEST(one_bit_of_an_address)
{
	linear_map(20);
	claim(PHYS + 0x5000, PHYS + LINEAR + 0x5000 + 0x800000);
	expect_ok(kmd_pairs_check(&claims, 0, &diag));
	expect_finding(KMD_FIND_DISAGREE, KMD_DAMAGE, "inconsistent");
	ck_assert(claims.items[20].conflict);
	ck_assert_uint_eq(conflicts(), 1);
}
END_TEST

/*
 * 32-bit arm, 4 CPUs: two of some hundred mapped pages lay far apart and had one distance by
 * chance, and all others a page or two from it were refused.
 */
START_TEST(mapped_pages_of_one_distance_by_chance)
{
	linear_map(200);
	claim(PHYS + 0x1900000, MAPPED);
	claim(PHYS + 0x1900000 + 0x4a1000, MAPPED + 0x4a1000);
	for (uint64_t i = 1; i < 60; i++)
		claim(PHYS + 0x1900000 + i * 0x2000, MAPPED + i * 0x3000);
	expect_ok(kmd_pairs_check(&claims, 0, &diag));
	expect_no_messages();
	ck_assert_uint_eq(conflicts(), 0);
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, one_bit_of_an_address);
	tcase_add_test(tcase, mapped_pages_of_one_distance_by_chance);
	return kit_run("pairs", tcase);
}
