/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_match.c - which file belongs to which program header, where only KELF has addresses. */
#include "join_kit.h"

#include <stdio.h>
#include <string.h>

#define PHYS UINT64_C(0x80000000)
#define VIRT UINT64_C(0xffff800000000000)

/* The header of number @i, of @size bytes. */
static void head(unsigned int i, const char *name, uint64_t size)
{
	kelf(name, PHYS + i * 0x1000, VIRT + i * 0x1000, size);
}

static void expect_head(const char *region, unsigned int i)
{
	ck_assert(region_named(&regions, region)->has_phys);
	ck_assert_uint_eq(region_named(&regions, region)->phys, PHYS + i * 0x1000);
	expect_virt(region, VIRT + i * 0x1000);
	expect_state(region, KMD_REGION_OK);
}

START_TEST(by_name)
{
	file("md_KLOGBUF.BIN", noise(64, 1), 64);
	file("MD_kstack0.bin", noise(64, 2), 64);
	file("md_KFTRACE3.BIN", noise(64, 3), 64);
	head(0, "KSTACK0", 64);
	head(1, "KFTRACE", 64);
	head(2, "KLOGBUF", 64);
	expect_ok(join());
	expect_no_messages();
	expect_head("kstack0", 0);
	/* A sequence number behind the name is none of the name. */
	expect_head("KFTRACE3", 1);
	expect_head("KLOGBUF", 2);
}
END_TEST

START_TEST(by_symbol)
{
	file("md_Kinit_uts21.BIN", noise(64, 1), 64);
	file("md_Klinux_ba11.BIN", noise(64, 2), 64);
	head(0, "", 64);
	head(1, "", 64);
	hint(VIRT, "linux_banner");
	hint(VIRT + 0x1000, "init_uts_ns");
	expect_ok(join());
	expect_no_messages();
	expect_head("Klinux_ba11", 0);
	expect_head("Kinit_uts21", 1);
}
END_TEST

/* A name that was not cut must be the whole symbol's. */
START_TEST(by_symbol_not_by_its_beginning)
{
	file("md_Kprb24.BIN", noise(64, 1), 64);
	file("md_Kother5.BIN", noise(64, 2), 64);
	head(0, "", 64);
	head(1, "", 64);
	hint(VIRT, "prb_descs");
	hint(VIRT + 0x1000, "prb");
	expect_ok(join());
	expect_head("Kprb24", 1);
	expect_head("Kother5", 0);
}
END_TEST

START_TEST(by_size)
{
	file("md_Ka1.BIN", noise(128, 1), 128);
	file("md_Kb2.BIN", noise(61, 2), 61);
	file("md_Kc3.BIN", noise(256, 3), 256);
	head(0, "", 256);
	head(1, "", 64);
	head(2, "", 128);
	expect_ok(join());
	expect_head("Kc3", 0);
	/* Sizes as KELF keeps them: rounded up to 4. */
	expect_head("Kb2", 1);
	expect_head("Ka1", 2);
	ck_assert_uint_eq(damages(), 0);
}
END_TEST

/* They cannot be distinguished, but it makes no difference. */
START_TEST(by_identical_bytes)
{
	file("md_Kcpu_poss.BIN", noise(32, 7), 32);
	file("md_Kcpu_onli.BIN", noise(32, 7), 32);
	head(0, "", 32);
	head(1, "", 32);
	expect_ok(join());
	expect_no_messages();
	expect_state("Kcpu_poss", KMD_REGION_OK);
	expect_state("Kcpu_onli", KMD_REGION_OK);
	ck_assert_uint_ne(regions.rows[0].pub.phys, regions.rows[1].pub.phys);
}
END_TEST

START_TEST(ambiguous)
{
	file("md_Kone.BIN", noise(32, 1), 32);
	file("md_Ktwo.BIN", noise(32, 2), 32);
	head(0, "", 32);
	head(1, "", 32);
	expect_ok(join());
	expect_state("Kone", KMD_REGION_NO_ADDRESS);
	expect_state("Ktwo", KMD_REGION_NO_ADDRESS);
	expect_finding(KMD_FIND_AMBIGUOUS, KMD_DAMAGE, "(md_Kone.BIN, md_Ktwo.BIN)");
}
END_TEST

/* More files than headers: the one that is missing is not known. */
START_TEST(one_header_too_few)
{
	file("md_Kone.BIN", noise(32, 1), 32);
	file("md_Ktwo.BIN", noise(32, 2), 32);
	head(0, "", 32);
	expect_ok(join());
	ck_assert(!region_named(&regions, "Kone")->has_phys);
	ck_assert(!region_named(&regions, "Ktwo")->has_phys);
	ck_assert(diag.degraded);
}
END_TEST

/* Whatever has an address from elsewhere, or is no region, takes no header. */
START_TEST(files_that_take_no_header)
{
	file("notes.txt", noise(32, 1), 32);
	file("md_Kvmcorein2.BIN", "OSRELEASE=6.1.0\nPAGESIZE=4096\nSIZE(page)=64\n123", 48);
	file("md_Kreal.BIN", noise(32, 2), 32);
	head(0, "", 32);
	head(1, "", 48);
	expect_ok(join());
	expect_head("Kreal", 0);
	ck_assert(!region_named(&regions, "Kvmcorein2")->has_phys);
	expect_state("notes.txt", KMD_REGION_AUXILIARY);
}
END_TEST

int main(void)
{
	TCase *tcase = join_tcase();

	tcase_add_test(tcase, by_name);
	tcase_add_test(tcase, by_symbol);
	tcase_add_test(tcase, by_symbol_not_by_its_beginning);
	tcase_add_test(tcase, by_size);
	tcase_add_test(tcase, by_identical_bytes);
	tcase_add_test(tcase, ambiguous);
	tcase_add_test(tcase, one_header_too_few);
	tcase_add_test(tcase, files_that_take_no_header);
	return kit_run("match", tcase);
}
