/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_arm.c - 32-bit arm: where the linear map lies, by page tables of both formats. */
#include "evidence_kit.h"

#include "cpu/cpus.h"
#include "kernel/kernel.h"
#include "pagetable/walk.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define PHYS    UINT64_C(0x60000000)
#define BASE    UINT64_C(0xc0000000)
#define DELTA   (BASE - PHYS)
#define SIZE    0x400000u /* RAM, all of it in the linear map */
#define CLASSIC UINT64_C(0xc0204000)
#define LPAE    UINT64_C(0xc0203000)
/* A page of vmalloc's, and its table. */
#define VMALLOC UINT64_C(0xf0800000)
#define TABLE   UINT64_C(0x300400)
#define PAGE    UINT64_C(0x123000)

static struct bytes ram;
static struct kmd_kernel_facts facts;
static struct kmd_paging paging;
static struct kmd_mappings mappings;

static void set_info(const char *text)
{
	kmd_vmcoreinfo_deinit(&info);
	info.text = strdup(text);
	info.length = strlen(text);
}

static void put32(uint64_t offset, uint64_t value)
{
	bytes_set(&ram, (size_t)offset, value, 4);
}

static void put64(uint64_t offset, uint64_t value)
{
	bytes_set(&ram, (size_t)offset, value, 8);
}

/* The root that maps RAM by sections, from @phys on. */
static void make_classic(uint64_t phys)
{
	uint64_t root = CLASSIC - BASE;

	for (uint64_t at = 0; at < SIZE; at += 0x100000)
		put32(root + ((BASE + at) >> 20) * 4, (phys + at) | 0x1140e);
	put32(root + (VMALLOC >> 20) * 4, (phys + TABLE) | 0x11);
	put32(TABLE, (phys + PAGE) | 0x45f);
	put32(TABLE + 4, 0x200040 | 1);      /* a large page: not Linux */
	put32(root + 0xff0 * 4, 0x10040402); /* a supersection: a device */
	set_info("OSRELEASE=6.1.0\nPAGESIZE=4096\nSYMBOL(swapper_pg_dir)=c0204000\n"
		 "SYMBOL(_stext)=c0300000\n");
}

static void make_lpae(uint64_t phys)
{
	uint64_t root = LPAE - BASE, middle = root + 0x1000 + 3 * 0x1000;

	put64(root + 3 * 8, (phys + middle) | 3);
	for (uint64_t at = 0; at < SIZE; at += 0x200000)
		put64(middle + (at >> 21) * 8, (phys + at) | 0x40000000000711);
	put64(middle + ((VMALLOC - BASE) >> 21) * 8, (phys + 0x301000) | 3);
	put64(0x301000, (phys + PAGE) | 0x4000000000075f);
	set_info("OSRELEASE=6.1.0\nPAGESIZE=4096\nSYMBOL(swapper_pg_dir)=c0203000\n"
		 "SYMBOL(_stext)=c0300000\nCONFIG_ARM_LPAE=y\n");
}

static void capture(uint64_t phys)
{
	bytes_zero_until(&ram, SIZE);
	add_row(&regions, "ram", phys, ram.at, ram.size);
	bytes_free(&ram);
	infer();
}

static void read_kernel(void)
{
	struct kmd_claims claims = { 0 };

	expect_ok(kmd_kernel_read(&claims, &memory, &info, &runtime, NULL, false, &diag, &facts));
	ck_assert_ptr_eq(facts.arch, &kmd_arch_arm);
	ck_assert_int_eq(facts.elf_class, ELFCLASS32);
}

static void finish(void)
{
	kmd_mappings_deinit(&mappings);
	kmd_kernel_deinit(&facts);
	done();
}

static void expect_map(enum kmd_pa_layout layout, uint64_t phys)
{
	expect_value(KMD_RUNTIME_KASLR, 0, 1, "a machine without KASLR");
	expect_value(KMD_RUNTIME_KIMAGE_VOFFSET, BASE - phys, 1, "page tables");
	expect_value(KMD_RUNTIME_LINEAR_END, BASE + SIZE, 1, "page tables");
	read_kernel();
	ck_assert(facts.layout.linear.known && facts.layout.image.known);
	ck_assert_uint_eq(facts.layout.linear.delta, BASE - phys);
	ck_assert_uint_eq(facts.layout.linear.low, BASE);
	ck_assert_uint_eq(facts.layout.linear.high, BASE + SIZE);
	ck_assert(kmd_kernel_paging(&info, &facts, &paging));
	ck_assert_int_eq(paging.layout, layout);
	expect_ok(kmd_paging_walk(&paging, &memory, &facts.layout, &diag, &mappings));
	ck_assert_uint_eq(mappings.n, 1);
	ck_assert_uint_eq(mappings.items[0].virt, VMALLOC);
	ck_assert_uint_eq(mappings.items[0].phys, phys + PAGE);
	ck_assert_uint_eq(mappings.items[0].size, 4096);
	expect_no_messages();
}

START_TEST(classic)
{
	make_classic(PHYS);
	capture(PHYS);
	expect_map(KMD_PA_ARM, PHYS);
	ck_assert(!kmd_paging_can_make(&paging));
	finish();
}
END_TEST

START_TEST(lpae)
{
	make_lpae(PHYS);
	capture(PHYS);
	expect_map(KMD_PA_ARM_LPAE, PHYS);
	finish();
}
END_TEST

/* CMA's memory at the end of RAM has a table of pages, which was not captured: it may be part of
 * the map. */
START_TEST(lpae_end_in_a_table_that_is_absent)
{
	make_lpae(PHYS);
	put64(LPAE - BASE + 0x4000 + (SIZE >> 21) * 8, (PHYS + 2 * SIZE) | 3);
	capture(PHYS);
	expect_value(KMD_RUNTIME_KIMAGE_VOFFSET, BASE - PHYS, 1, "page tables");
	expect_unknown(KMD_RUNTIME_LINEAR_END);
	done();
}
END_TEST

/* RAM above all virtual addresses, as Keystone has it. */
START_TEST(lpae_above_4_gib)
{
	make_lpae(UINT64_C(0x800000000));
	capture(UINT64_C(0x800000000));
	expect_map(KMD_PA_ARM_LPAE, UINT64_C(0x800000000));
	finish();
}
END_TEST

/* Tables of RAM that lies elsewhere, or none: nothing is known, and nothing is guessed. */
START_TEST(tables_of_another_place)
{
	make_classic(PHYS + 0x200000);
	capture(PHYS);
	expect_unknown(KMD_RUNTIME_KIMAGE_VOFFSET);
	expect_unknown(KMD_RUNTIME_LINEAR_END);
	read_kernel();
	ck_assert(!facts.layout.linear.known);
	ck_assert(!kmd_kernel_paging(&info, &facts, &paging));
	finish();
	set_info("OSRELEASE=6.1.0\nSYMBOL(swapper_pg_dir)=c0204000\nSYMBOL(_stext)=c0300000\n");
	capture(PHYS);
	expect_unknown(KMD_RUNTIME_KIMAGE_VOFFSET);
	finish();
}
END_TEST

/* Memory that is read at another place than where it was: the root shows where that is. */
static void expect_own_root(uint64_t root_virt)
{
	uint64_t here = UINT64_C(1) << 52, root;

	capture(here);
	ck_assert(kmd_paging_format(&info, &kmd_arch_arm, 4096, false, root_virt, &paging));
	ck_assert(kmd_paging_own_root(&paging, &memory, here + root_virt - BASE, &root, &diag));
	ck_assert_uint_eq(root, PHYS + root_virt - BASE);
	ck_assert(!kmd_paging_own_root(&paging, &memory, here, &root, &diag));
	ck_assert(!kmd_paging_own_root(&paging, &memory, here + SIZE - 8, &root, &diag));
	done();
}

START_TEST(own_root)
{
	make_classic(PHYS);
	expect_own_root(CLASSIC);
	make_lpae(PHYS);
	expect_own_root(LPAE);
}
END_TEST

/* A hole that firmware keeps for itself does not end the map. */
START_TEST(hole_in_the_map)
{
	make_classic(PHYS);
	put32(CLASSIC - BASE + ((BASE + 0x100000) >> 20) * 4, 0);
	capture(PHYS);
	expect_value(KMD_RUNTIME_LINEAR_END, BASE + SIZE, 1, "page tables");
	finish();
}
END_TEST

/* Only the kernels of arm have their tables before the text. */
START_TEST(recognised)
{
	set_info("SYMBOL(swapper_pg_dir)=c1a04000\nSYMBOL(_stext)=c1000000\n");
	ck_assert_ptr_null(kmd_arch_by_vmcoreinfo(&info));
	set_info("SYMBOL(swapper_pg_dir)=80004000\nSYMBOL(_stext)=80100000\n");
	ck_assert_ptr_eq(kmd_arch_by_vmcoreinfo(&info), &kmd_arch_arm);
	set_info("SYMBOL(swapper_pg_dir)=ffffffff82610000\nSYMBOL(_stext)=ffffffff82700000\n");
	ck_assert_ptr_null(kmd_arch_by_vmcoreinfo(&info));
	done();
}
END_TEST

START_TEST(registers)
{
	static const char text[] =
		"CPU#0\nR00=00000001 R01=00000000 R02=00000001 R03=c140aeac\n"
		"R12=00000000 R13=c1401ea8 R14=c034e30c R15=c03110cc\n"
		"PSR=600001d3 -ZC- A svc32\ns00=2d717273 s01=67697274 d00=676972742d717273\n";
	const struct kmd_cpu_hints none = { 0 };
	struct kmd_cpus cpus = { 0 };
	unsigned char *notes = NULL;
	struct kmd_cpu cpu;
	size_t size = 0;

	expect_ok(kmd_cpus_from_text(text, strlen(text), "file", EM_ARM, &diag, &cpus));
	kmd_cpus_sort(&cpus, EM_ARM);
	ck_assert_uint_eq(cpus.n, 1);
	ck_assert_uint_eq(cpus.items[0].pub.pc, 0xc03110cc);
	ck_assert_uint_eq(cpus.items[0].pub.sp, 0xc1401ea8);
	expect_ok(kmd_cpus_notes(&cpus, EM_ARM, &none, &diag, &notes, &size));
	/* struct elf_prstatus of arm: 148 bytes, pr_pid at 24, the registers at 72. */
	ck_assert_uint_eq(size, 12 + 8 + 148);
	ck_assert_uint_eq(notes[4], 148);
	ck_assert_uint_eq(notes[20 + 24], 1);
	ck_assert_int_eq(memcmp(notes + 20 + 72 + 4 * 15, "\xcc\x10\x31\xc0\xd3\x01\x00\x60", 8),
			 0);
	ck_assert(kmd_cpu_from_note(notes, size, 20, kmd_cpu_layout(EM_ARM), &cpu));
	ck_assert_uint_eq(cpu.words[3], 0xc140aeac);
	free(notes);
	kmd_cpus_deinit(&cpus);
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_test(tcase, classic);
	tcase_add_test(tcase, lpae);
	tcase_add_test(tcase, lpae_end_in_a_table_that_is_absent);
	tcase_add_test(tcase, lpae_above_4_gib);
	tcase_add_test(tcase, tables_of_another_place);
	tcase_add_test(tcase, own_root);
	tcase_add_test(tcase, hole_in_the_map);
	tcase_add_test(tcase, recognised);
	tcase_add_test(tcase, registers);
	return kit_run("arm", tcase);
}
