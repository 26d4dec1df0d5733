/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_join.c - blobs and claims made one region table: addresses, extents, states. */
#include "join_kit.h"

#include <string.h>

#define PHYS UINT64_C(0x80000000)
#define VIRT UINT64_C(0xffff800000000000)

/* --------------------------------------------------------------- addresses */

START_TEST(section_and_kelf)
{
	section("md_Kprb24.BIN", PHYS, noise(64, 1), 64);
	kelf("", PHYS, VIRT, 64);
	expect_ok(join());
	expect_no_messages();
	ck_assert_uint_eq(regions.n, 1);
	expect_region("Kprb24", KMD_REGION_OK, PHYS, 64);
	expect_virt("Kprb24", VIRT);
	ck_assert_uint_eq(region_named(&regions, "Kprb24")->origins,
			  KMD_FROM_SECTION | KMD_FROM_KELF);
}
END_TEST

/* Names and numbers in them decide nothing where addresses are known. */
START_TEST(address_before_name)
{
	section("md_KA.BIN", PHYS, noise(64, 1), 64);
	section("md_KB.BIN", PHYS + 0x1000, noise(64, 2), 64);
	kelf("KA", PHYS + 0x1000, VIRT + 0x1000, 64);
	kelf("KB", PHYS, VIRT, 64);
	expect_ok(join());
	expect_virt("KA", VIRT);
	expect_virt("KB", VIRT + 0x1000);
}
END_TEST

START_TEST(load_cmm_and_table_differ)
{
	section("md_KA.BIN", PHYS, noise(64, 1), 64);
	listed(KMD_FROM_LOAD_CMM, "md_KA.BIN", PHYS + 0x1000, 0);
	expect_ok(join());
	expect_region("KA", KMD_REGION_CONFLICT, PHYS + 0x1000, 64);
	expect_finding(KMD_FIND_DISAGREE, KMD_DAMAGE,
		       "load.cmm has physical 0x80001000, the section table 0x80000000; it is not "
		       "used");
}
END_TEST

START_TEST(load_cmm_and_dump_info_differ)
{
	file("md_KA.BIN", noise(64, 1), 64);
	listed(KMD_FROM_DUMP_INFO, "md_KA.BIN", PHYS, 64);
	listed(KMD_FROM_LOAD_CMM, "md_KA.BIN", PHYS + 0x1000, 0);
	expect_ok(join());
	expect_region("KA", KMD_REGION_CONFLICT, PHYS + 0x1000, 64);
	expect_finding(KMD_FIND_DISAGREE, KMD_DAMAGE, "load.cmm has physical 0x80001000");
}
END_TEST

/* Two of three agree: the address that KELF knows as well. */
START_TEST(kelf_decides)
{
	section("md_KA.BIN", PHYS, noise(64, 1), 64);
	listed(KMD_FROM_LOAD_CMM, "md_KA.BIN", PHYS + 0x1000, 0);
	kelf("", PHYS, VIRT, 64);
	expect_ok(join());
	expect_region("KA", KMD_REGION_OK, PHYS, 64);
	expect_virt("KA", VIRT);
	expect_finding(KMD_FIND_DISAGREE, KMD_DAMAGE,
		       "load.cmm has physical 0x80001000, the section table 0x80000000; using the "
		       "latter, which KELF has too");
}
END_TEST

/* 0 in a list is no address. */
START_TEST(zero_is_none)
{
	section("md_KA.BIN", PHYS, noise(64, 1), 64);
	listed(KMD_FROM_LOAD_CMM, "md_KA.BIN", 0, 0);
	expect_ok(join());
	expect_no_messages();
	expect_region("KA", KMD_REGION_OK, PHYS, 64);
}
END_TEST

START_TEST(addresses_that_no_machine_has)
{
	section("md_KA.BIN", UINT64_C(1) << 60, noise(64, 1), 64);
	section("md_KB.BIN", UINT64_MAX - 8, noise(64, 1), 64);
	expect_ok(join());
	expect_state("KA", KMD_REGION_CONFLICT);
	expect_state("KB", KMD_REGION_CONFLICT);
	ck_assert_uint_eq(findings_of(KMD_FIND_TABLE), 2);
	ck_assert(has_message("physical 0x1000000000000000, size 0x40 is not a possible address"));
}
END_TEST

/* ------------------------------------------------------------------ extents */

START_TEST(size_disagrees)
{
	section("md_KA.BIN", PHYS, noise(64, 1), 64);
	kelf("", PHYS, VIRT, 128);
	expect_ok(join());
	expect_region("KA", KMD_REGION_CONFLICT, PHYS, 64);
	expect_finding(KMD_FIND_DISAGREE, KMD_DAMAGE,
		       "the firmware's table has 0x40 bytes, KELF 0x80; it is not used");
}
END_TEST

/* Two registrations of one address, as _text and _stext may be. */
START_TEST(sizes_at_one_address)
{
	section("md_KA.BIN", PHYS, noise(8, 1), 8);
	section("md_KB.BIN", PHYS, noise(64, 1), 64);
	kelf("", PHYS, VIRT, 64);
	kelf("", PHYS, VIRT, 8);
	expect_ok(join());
	expect_no_messages();
	expect_virt("KA", VIRT);
	expect_virt("KB", VIRT);
}
END_TEST

START_TEST(short_and_long_files)
{
	file("md_KA.BIN", noise(61, 1), 61);
	file("md_KB.BIN", noise(60, 1), 60);
	file("md_KC.BIN", noise(67, 1), 67);
	listed(KMD_FROM_DUMP_INFO, "md_KA.BIN", PHYS, 64);
	listed(KMD_FROM_DUMP_INFO, "md_KB.BIN", PHYS + 0x1000, 64);
	listed(KMD_FROM_DUMP_INFO, "md_KC.BIN", PHYS + 0x2000, 64);
	expect_ok(join());
	/* Sizes are rounded up to 4. */
	expect_state("KA", KMD_REGION_OK);
	ck_assert_uint_eq(region_named(&regions, "KA")->captured, 61);
	expect_state("KB", KMD_REGION_CUT);
	ck_assert_uint_eq(region_named(&regions, "KB")->captured, 60);
	expect_region("KC", KMD_REGION_OK, PHYS + 0x2000, 64);
	ck_assert_uint_eq(findings_of(KMD_FIND_SHORT), 1);
	ck_assert(has_message("only 0x3c of its 0x40 bytes"));
}
END_TEST

/* A file is longer than rounding explains, so a short one may have its name. */
START_TEST(long_file_makes_short_ones_doubtful)
{
	file("md_KA.BIN", noise(64, 1), 64);
	file("md_KB.BIN", noise(60, 1), 60);
	file("md_KD.BIN", noise(68, 1), 68);
	listed(KMD_FROM_DUMP_INFO, "md_KA.BIN", PHYS, 64);
	listed(KMD_FROM_DUMP_INFO, "md_KB.BIN", PHYS + 0x1000, 64);
	listed(KMD_FROM_DUMP_INFO, "md_KD.BIN", PHYS + 0x3000, 64);
	expect_ok(join());
	expect_state("KA", KMD_REGION_OK);
	expect_state("KB", KMD_REGION_CONFLICT);
	expect_state("KD", KMD_REGION_CONFLICT);
	ck_assert_uint_eq(findings_of(KMD_FIND_SHORT), 2);
	ck_assert(has_message("0x44 bytes are present, 0x40 are described"));
}
END_TEST

/* ------------------------------------------------------------------- states */

START_TEST(states_of_sections)
{
	section("md_empty.BIN", PHYS, "", 0);
	section("md_invalid.BIN", PHYS + 0x1000, noise(8, 1), 8)->invalid = true;
	section("md_conflict.BIN", PHYS + 0x2000, noise(8, 1), 8)->conflict = true;
	section("md_context.BIN", PHYS + 0x3000, noise(8, 1), 8)->kind = KMD_BLOB_AUXILIARY;
	section("md_nowhere.BIN", 0, noise(8, 1), 8)->has_phys = false;
	section("md_KCPU_CTX0.BIN", 0, noise(8, 1), 8)->has_phys = false;
	section("md_gone.BIN", PHYS + 0x5000, "", 0)->declared = 8;
	expect_ok(join());
	expect_state("empty", KMD_REGION_EMPTY);
	expect_state("invalid", KMD_REGION_INVALID);
	expect_state("conflict", KMD_REGION_CONFLICT);
	expect_state("context", KMD_REGION_AUXILIARY);
	expect_state("nowhere", KMD_REGION_NO_ADDRESS);
	expect_state("KCPU_CTX0", KMD_REGION_NO_ADDRESS);
	expect_state("gone", KMD_REGION_MISSING);
	/* Of these only "nowhere" is damage: the container has reported the others. */
	ck_assert_uint_eq(damages(), 1);
	ck_assert(has_message("\"nowhere\", size 0x8: its address is not known"));
}
END_TEST

START_TEST(missing_regions)
{
	file("md_KA.BIN", noise(64, 1), 64);
	listed(KMD_FROM_DUMP_INFO, "md_KA.BIN", PHYS, 64);
	listed(KMD_FROM_DUMP_INFO, "md_KB.BIN", PHYS + 0x1000, 32);
	kelf("", PHYS, VIRT, 64);
	kelf("", PHYS + 0x2000, VIRT + 0x2000, 16);
	expect_ok(join());
	ck_assert_uint_eq(regions.n, 3);
	expect_state("KB", KMD_REGION_MISSING);
	expect_state("", KMD_REGION_MISSING);
	ck_assert_uint_eq(findings_of(KMD_FIND_MISSING), 2);
	ck_assert(has_message("\"KB\" at physical 0x80001000, size 0x20: data is missing"));
	ck_assert(has_message("physical 0x80002000, size 0x10"));
}
END_TEST

/* A program header whose bytes are those of other regions is not missing. */
START_TEST(covered)
{
	section("md_KA.BIN", PHYS, noise(64, 1), 64);
	section("md_KB.BIN", PHYS + 64, noise(64, 2), 64);
	kelf("", PHYS, VIRT, 64);
	kelf("", PHYS + 64, VIRT + 64, 64);
	kelf("", PHYS + 32, VIRT + 32, 64);
	kelf("", PHYS + 96, VIRT + 96, 64);
	expect_ok(join());
	ck_assert_uint_eq(regions.n, 4);
	ck_assert_uint_eq(regions.rows[1].pub.phys, PHYS + 32);
	ck_assert_int_eq(regions.rows[1].pub.state, KMD_REGION_OK);
	ck_assert_uint_eq(regions.rows[1].pub.captured, 64);
	ck_assert_int_eq(regions.rows[3].pub.state, KMD_REGION_MISSING);
	ck_assert_uint_eq(findings_of(KMD_FIND_MISSING), 1);
}
END_TEST

/* --------------------------------------------------------- files and names */

START_TEST(names_in_another_case)
{
	file("MD_kprb.bin", noise(64, 1), 64);
	file("md_KX.BIN", noise(64, 1), 64);
	file("md_kx.BIN", noise(64, 2), 64);
	file("md_KY.BIN", noise(64, 1), 64);
	file("md_ky.BIN", noise(64, 2), 64);
	listed(KMD_FROM_DUMP_INFO, "md_Kprb.BIN", PHYS, 64);
	listed(KMD_FROM_DUMP_INFO, "md_kx.BIN", PHYS + 0x1000, 64);
	listed(KMD_FROM_DUMP_INFO, "MD_KY.BIN", PHYS + 0x2000, 64);
	expect_ok(join());
	expect_region("kprb", KMD_REGION_OK, PHYS, 64);
	/* The exact one of two; none where neither is exact. */
	expect_region("kx", KMD_REGION_OK, PHYS + 0x1000, 64);
	expect_state("KX", KMD_REGION_NO_ADDRESS);
	ck_assert(!region_named(&regions, "ky")->has_phys);
	expect_finding(KMD_FIND_NAME, KMD_DAMAGE,
		       "2 file names differ from \"MD_KY.BIN\" only in case");
}
END_TEST

START_TEST(strays)
{
	file("README", "hello", 5);
	file("renamed", noise(64, 1), 64);
	listed(KMD_FROM_DUMP_INFO, "renamed", PHYS, 64);
	expect_ok(join());
	expect_state("README", KMD_REGION_AUXILIARY);
	expect_region("renamed", KMD_REGION_OK, PHYS, 64);
	expect_finding(KMD_FIND_UNUSED, KMD_NOTE, "not a region's file");
}
END_TEST

START_TEST(odd_names_are_made_printable)
{
	section("md_K\n\xff.BIN", PHYS, noise(8, 1), 8);
	expect_ok(join());
	expect_region("K\\x0a\\xff", KMD_REGION_OK, PHYS, 8);
}
END_TEST

/* --------------------------------------------------------- virtual machines */

/* A KELF header's bytes, enough to be known as one. */
static const unsigned char header[64] = { 0x7f, 'E', 'L', 'F', 2, 1, 1, [16] = 4, [18] = 183 };

START_TEST(machines_are_kept_apart)
{
	file("md_KELF_HDR.BIN", header, sizeof(header));
	file("md_KLOG.BIN", noise(64, 1), 64);
	file("md_2d_KELF_HDR.BIN", header, sizeof(header));
	file("md_2D_KLOG.BIN", noise(64, 2), 64);
	file("md_0_wlan.BIN", noise(32, 3), 32);
	kelf("KLOG", PHYS, VIRT, 64);
	kelf("0_wlan", PHYS + 0x1000, VIRT + 0x1000, 32);
	expect_ok(join());
	expect_region("KLOG", KMD_REGION_OK, PHYS, 64);
	expect_state("2D_KLOG", KMD_REGION_OTHER_VM);
	expect_state("2d_KELF_HDR", KMD_REGION_OTHER_VM);
	/* A prefix that no KELF bears is part of the name. */
	expect_region("0_wlan", KMD_REGION_OK, PHYS + 0x1000, 32);
	ck_assert_uint_eq(damages(), 0);
	ck_assert(has_message("another virtual machine's"));
}
END_TEST

START_TEST(machine_alone)
{
	file("md_2d_KELF_HDR.BIN", header, sizeof(header));
	file("md_2d_KLOG_x.BIN", noise(64, 1), 64);
	kelf("KLOG", PHYS, VIRT, 64);
	expect_ok(join());
	expect_region("2d_KLOG_x", KMD_REGION_OK, PHYS, 64);
	ck_assert_uint_eq(damages(), 0);
}
END_TEST

/* -------------------------------------------------------------- RAM, cores */

START_TEST(ram_image)
{
	const unsigned char *ram = noise(0x4000, 1);
	struct kmd_claim *claim;

	flat(PHYS, ram, 0x4000);
	claim = kmd_claims_add(&claims, KMD_FROM_SMEM);
	claim->name = strdup("KA");
	claim->file = strdup("");
	claim->phys = PHYS + 0x1000;
	claim->size = claim->captured = 64;
	claim->offset = 0x1000;
	claim->has_phys = claim->has_size = claim->has_bytes = true;
	kelf("", PHYS + 0x1000, VIRT + 0x1000, 64);
	/* Not listed, but there; and one that is not in this RAM. */
	kelf("", PHYS + 0x2000, VIRT + 0x2000, 16);
	kelf("", PHYS + 0x3ff8, VIRT + 0x3ff8, 16);
	expect_ok(join());
	ck_assert_uint_eq(regions.n, 3);
	expect_region("KA", KMD_REGION_OK, PHYS + 0x1000, 64);
	expect_virt("KA", VIRT + 0x1000);
	ck_assert_int_eq(regions.rows[1].pub.state, KMD_REGION_OK);
	ck_assert_uint_eq(regions.rows[1].offset, 0x2000);
	ck_assert_int_eq(regions.rows[2].pub.state, KMD_REGION_MISSING);
}
END_TEST

START_TEST(sorted_by_address)
{
	section("md_KC.BIN", PHYS + 0x3000, noise(8, 1), 8);
	section("md_none.BIN", 0, noise(8, 1), 8)->has_phys = false;
	section("md_KA.BIN", PHYS + 0x1000, noise(8, 1), 8);
	section("md_KB.BIN", PHYS + 0x2000, noise(8, 1), 8);
	expect_ok(join());
	ck_assert_str_eq(regions.rows[0].pub.name, "KA");
	ck_assert_str_eq(regions.rows[1].pub.name, "KB");
	ck_assert_str_eq(regions.rows[2].pub.name, "KC");
	ck_assert_str_eq(regions.rows[3].pub.name, "none");
}
END_TEST

START_TEST(strict)
{
	section("md_KA.BIN", PHYS, noise(64, 1), 64);
	listed(KMD_FROM_LOAD_CMM, "md_KA.BIN", PHYS + 0x1000, 0);
	diag.strict = true;
	expect_error(join(), KMD_ERR_STRICT, "it is not used");
	ck_assert_uint_eq(regions.n, 0);
}
END_TEST

int main(void)
{
	TCase *tcase = join_tcase();

	tcase_add_test(tcase, section_and_kelf);
	tcase_add_test(tcase, address_before_name);
	tcase_add_test(tcase, load_cmm_and_table_differ);
	tcase_add_test(tcase, load_cmm_and_dump_info_differ);
	tcase_add_test(tcase, kelf_decides);
	tcase_add_test(tcase, zero_is_none);
	tcase_add_test(tcase, addresses_that_no_machine_has);
	tcase_add_test(tcase, size_disagrees);
	tcase_add_test(tcase, sizes_at_one_address);
	tcase_add_test(tcase, short_and_long_files);
	tcase_add_test(tcase, long_file_makes_short_ones_doubtful);
	tcase_add_test(tcase, states_of_sections);
	tcase_add_test(tcase, missing_regions);
	tcase_add_test(tcase, covered);
	tcase_add_test(tcase, names_in_another_case);
	tcase_add_test(tcase, strays);
	tcase_add_test(tcase, odd_names_are_made_printable);
	tcase_add_test(tcase, machines_are_kept_apart);
	tcase_add_test(tcase, machine_alone);
	tcase_add_test(tcase, ram_image);
	tcase_add_test(tcase, sorted_by_address);
	tcase_add_test(tcase, strict);
	return kit_run("join", tcase);
}
