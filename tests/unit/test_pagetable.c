/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_pagetable.c - the shape of page tables, and their entries. */
#include "kernel/kernel.h"
#include "pagetable_kit.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

static struct kmd_vmcoreinfo info;
static struct kmd_kernel_facts facts;

static void arm64(uint64_t page, const char *text)
{
	info = (struct kmd_vmcoreinfo){ .text = (char *)text, .length = strlen(text) };
	memset(&facts, 0, sizeof(facts));
	facts.machine = EM_AARCH64;
	facts.arch = kmd_arch_by_machine(EM_AARCH64);
	facts.pub.page_size = page;
	facts.layout.image.known = true;
	facts.layout.image.delta = UINT64_C(0xffffd88716600000);
}

static void x86_64(const char *text)
{
	arm64(4096, text);
	facts.machine = EM_X86_64;
	facts.arch = kmd_arch_by_machine(EM_X86_64);
	facts.layout.image.delta = UINT64_C(0xffffffff80000000) + UINT64_C(662700032);
}

static void riscv64(unsigned int va_bits, uint64_t page)
{
	static char text[128];

	snprintf(text, sizeof(text),
		 "SYMBOL(swapper_pg_dir)=ffffffff81600000\nNUMBER(VA_BITS)=%u\n", va_bits);
	arm64(page, text);
	facts.machine = EM_RISCV;
	facts.arch = kmd_arch_by_machine(EM_RISCV);
	facts.layout.image.delta = UINT64_C(0xffffffff80000000) - 0x80200000;
}

static void expect_shape(unsigned int va_bits, unsigned int root_bits, unsigned int levels,
			 unsigned int pa_bits, enum kmd_pa_layout layout)
{
	ck_assert(kmd_kernel_paging(&info, &facts, &paging));
	ck_assert_uint_eq(paging.va_bits, va_bits);
	ck_assert_uint_eq(paging.root_bits, root_bits);
	ck_assert_uint_eq(paging.levels, levels);
	ck_assert_uint_eq(paging.pa_bits, pa_bits);
	ck_assert_int_eq(paging.layout, layout);
}

#define ARM_ROOT "SYMBOL(swapper_pg_dir)=ffffd88758564000\n"

START_TEST(arm64_shapes)
{
	/* Debian's 6.12 with pages of 16K, on a processor with LPA2. */
	arm64(16384, ARM_ROOT "NUMBER(VA_BITS)=52\nNUMBER(TCR_EL1_T1SZ)=0xc\n"
			      "NUMBER(MAX_PHYSMEM_BITS)=52\n");
	expect_shape(52, 52, 4, 52, KMD_PA_ARM64_L2);
	ck_assert_uint_eq(paging.root, 0x41f64000);
	ck_assert_uint_eq(paging.root_virt, UINT64_C(0xffffd88758564000));
	ck_assert_uint_eq(paging.page_shift, 14);
	/* The same kernel without LPA2 has one level less. */
	arm64(16384, ARM_ROOT "NUMBER(VA_BITS)=52\nNUMBER(TCR_EL1_T1SZ)=0x11\n"
			      "NUMBER(MAX_PHYSMEM_BITS)=52\n");
	expect_shape(47, 47, 3, 48, KMD_PA_ARM64);
	arm64(16384, ARM_ROOT "NUMBER(VA_BITS)=48\nNUMBER(TCR_EL1_T1SZ)=0x10\n");
	expect_shape(48, 48, 4, 48, KMD_PA_ARM64);
	arm64(4096, ARM_ROOT "NUMBER(VA_BITS)=52\nNUMBER(TCR_EL1_T1SZ)=0x10\n"
			     "NUMBER(MAX_PHYSMEM_BITS)=48\n");
	expect_shape(48, 48, 4, 48, KMD_PA_ARM64);
	arm64(4096, ARM_ROOT "NUMBER(VA_BITS)=52\nNUMBER(TCR_EL1_T1SZ)=0xc\n"
			     "NUMBER(MAX_PHYSMEM_BITS)=52\n");
	expect_shape(52, 52, 5, 52, KMD_PA_ARM64_L2);
	arm64(4096, ARM_ROOT "NUMBER(VA_BITS)=39\n");
	expect_shape(39, 39, 3, 48, KMD_PA_ARM64);
}
END_TEST

/* With pages of 64K, the root keeps its shape if the processor has 48 bits. */
START_TEST(arm64_64k_shapes)
{
	static const char root[] = "SYMBOL(swapper_pg_dir)=ffffd88758560000\n";
	char text[256];

	snprintf(text, sizeof(text), "%sNUMBER(VA_BITS)=52\nNUMBER(TCR_EL1_T1SZ)=0x10\n", root);
	arm64(65536, text);
	expect_shape(48, 52, 3, 48, KMD_PA_ARM64_64);
	snprintf(text, sizeof(text),
		 "%sNUMBER(VA_BITS)=52\nNUMBER(TCR_EL1_T1SZ)=0xc\nNUMBER(MAX_PHYSMEM_BITS)=52\n",
		 root);
	arm64(65536, text);
	expect_shape(52, 52, 3, 52, KMD_PA_ARM64_64);
	snprintf(text, sizeof(text), "%sNUMBER(VA_BITS)=42\n", root);
	arm64(65536, text);
	expect_shape(42, 42, 2, 48, KMD_PA_ARM64_64);
}
END_TEST

#define X86_ROOT "SYMBOL(swapper_pg_dir)=ffffffffb4022000\nNUMBER(phys_base)=-662700032\n"

START_TEST(x86_64_shapes)
{
	x86_64(X86_ROOT "NUMBER(pgtable_l5_enabled)=1\nNUMBER(MAX_PHYSMEM_BITS)=52\n");
	expect_shape(57, 57, 5, 52, KMD_PA_X86_64);
	ck_assert_uint_eq(paging.root, UINT64_C(0x34022000) - UINT64_C(662700032));
	x86_64(X86_ROOT "NUMBER(pgtable_l5_enabled)=0\nNUMBER(sme_mask)=0\n");
	expect_shape(48, 48, 4, 46, KMD_PA_X86_64);
	ck_assert_uint_eq(paging.encrypted, 0);
	/* Before 4.17 this key does not exist. */
	x86_64(X86_ROOT);
	expect_shape(48, 48, 4, 46, KMD_PA_X86_64);
	x86_64(X86_ROOT "NUMBER(pgtable_l5_enabled)=1\nNUMBER(sme_mask)=140737488355328\n");
	expect_shape(57, 57, 5, 47, KMD_PA_X86_64);
	ck_assert_uint_eq(paging.encrypted, UINT64_C(1) << 47);
	/* This is not a valid mask of AMD. */
	x86_64(X86_ROOT "NUMBER(sme_mask)=-1\n");
	expect_shape(48, 48, 4, 46, KMD_PA_X86_64);
	ck_assert_uint_eq(paging.encrypted, 0);
	x86_64("SYMBOL(init_top_pgt)=ffffffffb4022000\n");
	expect_shape(48, 48, 4, 46, KMD_PA_X86_64);
}
END_TEST

START_TEST(riscv64_shapes)
{
	riscv64(39, 4096);
	expect_shape(39, 39, 3, 56, KMD_PA_RISCV);
	ck_assert_uint_eq(paging.root, 0x81800000);
	riscv64(48, 4096);
	expect_shape(48, 48, 4, 56, KMD_PA_RISCV);
	riscv64(57, 4096);
	expect_shape(57, 57, 5, 56, KMD_PA_RISCV);
}
END_TEST

static void expect_unknown(void)
{
	ck_assert(!kmd_kernel_paging(&info, &facts, &paging));
}

START_TEST(not_known)
{
	arm64(4096, "NUMBER(VA_BITS)=48\n");
	expect_unknown();
	arm64(4096, ARM_ROOT);
	expect_unknown();
	arm64(4096, ARM_ROOT "NUMBER(VA_BITS)=64\nNUMBER(TCR_EL1_T1SZ)=0\n");
	expect_unknown();
	arm64(8192, ARM_ROOT "NUMBER(VA_BITS)=48\n");
	expect_unknown();
	arm64(4095, ARM_ROOT "NUMBER(VA_BITS)=48\n");
	expect_unknown();
	arm64(4096, ARM_ROOT "NUMBER(VA_BITS)=48\n");
	facts.layout.image.known = false;
	expect_unknown();
	arm64(4096, ARM_ROOT "NUMBER(VA_BITS)=48\n");
	info.text = NULL;
	expect_unknown();
	arm64(4096, ARM_ROOT "NUMBER(VA_BITS)=48\n");
	facts.machine = EM_ARM;
	facts.arch = kmd_arch_by_machine(EM_ARM);
	expect_unknown();
	riscv64(39, 16384);
	expect_unknown();
	riscv64(40, 4096);
	expect_unknown();
	/* A root inside a page, or beyond memory. */
	arm64(65536, ARM_ROOT "NUMBER(VA_BITS)=48\n");
	expect_unknown();
	arm64(4096, "SYMBOL(swapper_pg_dir)=8000d88758564000\nNUMBER(VA_BITS)=48\n");
	expect_unknown();
	x86_64(X86_ROOT);
	facts.pub.page_size = 16384;
	expect_unknown();
}
END_TEST

static void expect_entry(unsigned int level, uint64_t entry, enum kmd_entry_kind kind,
			 uint64_t wanted)
{
	uint64_t phys = 0;

	ck_assert_int_eq(kmd_entry_decode(&paging, level, entry, &phys), kind);
	if (kind != KMD_ENTRY_NONE)
		ck_assert_msg(phys == wanted, "0x%lx", (unsigned long)phys);
}

START_TEST(arm64_entries)
{
	use("4K 48");
	expect_entry(0, 0x1000000041fff003, KMD_ENTRY_TABLE, 0x41fff000);
	expect_entry(0, 0x0000000041fff001, KMD_ENTRY_NONE, 0); /* no block so high up */
	expect_entry(1, 0x0068000080000701, KMD_ENTRY_LEAF, 0x80000000);
	/* nT, and other bits below the size of a block */
	expect_entry(1, 0x0068000080010701, KMD_ENTRY_LEAF, 0x80000000);
	expect_entry(2, 0x0068000041e00701, KMD_ENTRY_LEAF, 0x41e00000);
	expect_entry(3, 0x0078000041e01703, KMD_ENTRY_LEAF, 0x41e01000); /* contiguous */
	expect_entry(3, 0xfffcffffffffffff, KMD_ENTRY_LEAF, 0xfffffffff000);
	expect_entry(3, 0x0068000041e01701, KMD_ENTRY_NONE, 0); /* reserved */
	expect_entry(3, 0x0468000041e01702, KMD_ENTRY_NONE, 0); /* PROT_NONE */
	expect_entry(2, 0, KMD_ENTRY_NONE, 0);
	use("16K 48");
	expect_entry(1, 0x0068000080000701, KMD_ENTRY_NONE, 0);
	expect_entry(2, 0x0068000082000701, KMD_ENTRY_LEAF, 0x82000000);
	expect_entry(3, 0x0068000041e0c703, KMD_ENTRY_LEAF, 0x41e0c000);
	expect_entry(3, 0x0068000041e0f703, KMD_ENTRY_LEAF, 0x41e0c000);
	/* The shareability bits are not part of the address. */
	expect_entry(3, 0x0068000041e0c303, KMD_ENTRY_LEAF, 0x41e0c000);
}
END_TEST

START_TEST(addresses_of_52_bits)
{
	use("64K 52");
	expect_entry(0, 0x123456783003, KMD_ENTRY_TABLE, UINT64_C(0x3123456780000));
	expect_entry(2, 0x006812345678f703, KMD_ENTRY_LEAF, UINT64_C(0xf123456780000));
	expect_entry(1, 0x006812346000a701, KMD_ENTRY_LEAF, UINT64_C(0xa123460000000));
	ck_assert_uint_eq(kmd_entry_leaf(&paging, 2, UINT64_C(0xf123456780000)),
			  0x006812345678f703);
	ck_assert_uint_eq(kmd_entry_table(&paging, UINT64_C(0x3123456780000)), 0x123456783003);
	use("4K 52");
	expect_entry(0, 0x3123456789003, KMD_ENTRY_TABLE, UINT64_C(0x3123456789000));
	expect_entry(3, 0x123456789303, KMD_ENTRY_TABLE, UINT64_C(0xc123456789000));
	expect_entry(4, 0x006b123456789603, KMD_ENTRY_LEAF, UINT64_C(0xb123456789000));
	expect_entry(4, 0x006b123456789403, KMD_ENTRY_LEAF, UINT64_C(0x3123456789000));
	ck_assert_uint_eq(kmd_entry_leaf(&paging, 4, UINT64_C(0xb123456789000)),
			  0x006b123456789603);
	use("16K 52");
	expect_entry(3, 0x006b12345678c703, KMD_ENTRY_LEAF, UINT64_C(0xf12345678c000));
}
END_TEST

START_TEST(x86_64_entries)
{
	use("x86 4");
	expect_entry(0, 0x0000000004c02067, KMD_ENTRY_TABLE, 0x4c02000);
	expect_entry(0, 0x0000000004c020e7, KMD_ENTRY_NONE, 0);
	/* XD, keys and ignored bits; PAT in a page, PAT in a large page. */
	expect_entry(3, 0xfff0000004c021e3, KMD_ENTRY_LEAF, 0x4c02000);
	expect_entry(2, 0x8000000004c011e3, KMD_ENTRY_LEAF, 0x4c00000);
	expect_entry(1, 0x80000000400011e3, KMD_ENTRY_LEAF, 0x40000000);
	expect_entry(3, 0x8000000004c02162, KMD_ENTRY_NONE, 0);
	ck_assert_uint_eq(kmd_entry_leaf(&paging, 3, 0x4c02000), 0x8000000004c02163);
	ck_assert_uint_eq(kmd_entry_leaf(&paging, 2, 0x4c00000), 0x8000000004c001e3);
	ck_assert_uint_eq(kmd_entry_table(&paging, 0x4c02000), 0x4c02067);
	use("x86 5");
	expect_entry(1, 0x0000000004c020e7, KMD_ENTRY_NONE, 0);
	expect_entry(2, 0x000fffffc00000e7, KMD_ENTRY_LEAF, UINT64_C(0xfffffc0000000));
	use("x86 SME");
	expect_entry(3, 0x8000800004c02163, KMD_ENTRY_LEAF, 0x4c02000);
}
END_TEST

/* Encoding and decoding match in every shape, up to the highest address. */
START_TEST(riscv64_entries)
{
	riscv64(39, 4096);
	ck_assert(kmd_kernel_paging(&info, &facts, &paging));
	expect_entry(0, 0x20600001, KMD_ENTRY_TABLE, 0x81800000);
	expect_entry(0, 0x200000e7, KMD_ENTRY_LEAF, 0x80000000);
	expect_entry(1, 0x200804ef, KMD_ENTRY_LEAF, 0x80200000);
	expect_entry(2, 0x206004e7, KMD_ENTRY_LEAF, 0x81801000);
	/* Pages of other memory types, a page that may only be run, one at the end of memory. */
	expect_entry(2, 0x40000000206004e7, KMD_ENTRY_LEAF, 0x81801000);
	expect_entry(2, 0x20600449, KMD_ENTRY_LEAF, 0x81801000);
	expect_entry(2, 0x003ffffffffffce7, KMD_ENTRY_LEAF, UINT64_C(0xfffffffffff000));
	/* PROT_NONE; a table where there is none below; one of a range (Svnapot). */
	expect_entry(2, 0x206004e6, KMD_ENTRY_NONE, 0);
	expect_entry(2, 0x20600401, KMD_ENTRY_NONE, 0);
	expect_entry(2, 0x80000000206020e7, KMD_ENTRY_NONE, 0);
	ck_assert_uint_eq(kmd_entry_table(&paging, 0x81800000), 0x20600001);
	ck_assert_uint_eq(kmd_entry_leaf(&paging, 2, 0x81801000), 0x206004e7);
}
END_TEST

START_TEST(entries_there_and_back)
{
	paging = shapes[_i].paging;
	for (unsigned int level = 0; level < paging.levels; level++) {
		uint64_t top = (UINT64_C(1) << paging.pa_bits) - 1;
		uint64_t leaf = top & ~((UINT64_C(1) << kmd_paging_shift(&paging, level)) - 1);

		if (level + 1 < paging.levels) {
			uint64_t table = top & ~(kmd_paging_page(&paging) - 1);

			expect_entry(level, kmd_entry_table(&paging, table), KMD_ENTRY_TABLE,
				     table);
		}
		if (kmd_entry_may_map(&paging, level))
			expect_entry(level, kmd_entry_leaf(&paging, level, leaf), KMD_ENTRY_LEAF,
				     leaf);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = pagetable_tcase();

	tcase_add_test(tcase, arm64_shapes);
	tcase_add_test(tcase, arm64_64k_shapes);
	tcase_add_test(tcase, x86_64_shapes);
	tcase_add_test(tcase, riscv64_shapes);
	tcase_add_test(tcase, riscv64_entries);
	tcase_add_test(tcase, not_known);
	tcase_add_test(tcase, arm64_entries);
	tcase_add_test(tcase, addresses_of_52_bits);
	tcase_add_test(tcase, x86_64_entries);
	tcase_add_loop_test(tcase, entries_there_and_back, 0, (int)n_shapes);
	return kit_run("pagetable", tcase);
}
