/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_supply_relocs.c - words that KASLR moves, with and without relocations. */
#include "supply_kit.h"

#include "elf/sections.h"

#include <string.h>

#ifndef SHT_RELR
#define SHT_RELR 19
#endif

#define POINTERS 8 /* offset in .rodata where the tests put some */

static struct bytes relocations, more;

static void done(void)
{
	bytes_free(&relocations);
	bytes_free(&more);
	end();
}

/* ------------------------------------------------- x86_64 without relocations */

START_TEST(left_out)
{
	begin(EM_X86_64);
	pointer(AT_RODATA + POINTERS, AT_TEXT);
	pointer(AT_RODATA + POINTERS + 8, IMAGE_SIZE);
	/* {u32, u32 -1} looks like a pointer but is none. */
	set_both(AT_RODATA + 0x100, UINT64_C(0xffffffff81000042), 8);
	/* One pointer is not aligned; one is just outside of the image. */
	set_both(AT_RODATA + 0x203, base + 0x40, 8);
	set_both(AT_RODATA + 0x300, base - 0x1000, 8);
	complete(KMD_COMPLETE_RODATA);
	ck_assert_uint_eq(supplied(AT_RODATA, AT_VDSO - AT_RODATA),
			  AT_VDSO - AT_RODATA - 16 - 8 - 8 - 8);
	ck_assert_uint_eq(supplied(AT_RODATA + POINTERS, 16), 0);
	ck_assert_uint_eq(supplied(AT_RODATA + 0x100, 8), 0);
	ck_assert_uint_eq(supplied(AT_RODATA + 0x203, 8), 0);
	ck_assert_uint_eq(supplied(AT_RODATA + 0x300, 8), 0);
	expect_no_messages();
	done();
}
END_TEST

/* A word is on the border of two chunks of work. */
START_TEST(left_out_at_a_border)
{
	begin(EM_X86_64);
	set_both(AT_RODATA + 0x4000 - 3, base + 0x40, 8);
	pointer(AT_RODATA + 0x8000, 0x50);
	pointer(AT_RODATA + 0x8000 - 8, 0x50);
	complete(KMD_COMPLETE_RODATA);
	ck_assert_uint_eq(supplied(AT_RODATA, AT_VDSO - AT_RODATA), AT_VDSO - AT_RODATA - 8 - 16);
	done();
}
END_TEST

/* The kernel source shows the content of some tables. */
START_TEST(known_table)
{
	begin(EM_X86_64);
	symbol("task_state_array", base + AT_RODATA + 0x400);
	pointer(AT_RODATA + 0x3f8, 1);
	pointer(AT_RODATA + 0x400, 2);
	pointer(AT_RODATA + 0x408, 3);
	pointer(AT_RODATA + 0x410, 4);
	vmlinux_write(ET_EXEC);
	bytes_set(&file, symbol_of("task_state_array") + 16, 16, 8); /* st_size */
	complete(KMD_COMPLETE_RODATA);
	ck_assert_uint_eq(supplied(AT_RODATA + 0x3f8, 8), 0);
	ck_assert_uint_eq(supplied(AT_RODATA + 0x400, 16), 16);
	ck_assert_uint_eq(supplied(AT_RODATA + 0x410, 8), 0);
	done();
}
END_TEST

/* Without KASLR nothing moves. */
START_TEST(no_kaslr)
{
	begin(EM_X86_64);
	kaslr = 0;
	pointer(AT_RODATA + POINTERS, AT_TEXT);
	complete(KMD_COMPLETE_RODATA);
	ck_assert_uint_eq(supplied(AT_RODATA, AT_VDSO - AT_RODATA), AT_VDSO - AT_RODATA);
	done();
}
END_TEST

/* @n captured pointers, and 16 that were not. */
static void learn(size_t n, bool odd_one)
{
	begin(EM_X86_64);
	for (size_t i = 0; i < n; i++)
		pointer(AT_RODATA + 8 * i, 8 * i);
	if (odd_one)
		set_both(AT_RODATA + 0x40, base + 0x40, 8);
	for (size_t i = 0; i < 16; i++)
		pointer(AT_RODATA + 0x5000 + 8 * i, i);
	capture(AT_RODATA, 8 * n);
	complete(KMD_COMPLETE_RODATA);
	ck_assert_int_eq(part(".rodata")->state, KMD_COMPLETED_SUPPLIED);
	supplied(0, IMAGE_SIZE);
}

START_TEST(learned)
{
	learn(1024, false);
	ck_assert_uint_eq(supplied(AT_RODATA + 0x5000, 128), 128);
	ck_assert_uint_eq(part(".rodata")->compared, 8192);
	done();
}
END_TEST

START_TEST(not_enough_to_learn)
{
	learn(1023, false);
	ck_assert_uint_eq(supplied(AT_RODATA + 0x5000, 128), 0);
	done();
}
END_TEST

START_TEST(exception_to_learn)
{
	learn(1100, true);
	ck_assert_uint_eq(supplied(AT_RODATA + 0x5000, 128), 0);
	done();
}
END_TEST

/* Comparing is not learning: without a request, nothing is inferred. */
START_TEST(not_learned_unasked)
{
	begin(EM_X86_64);
	for (size_t i = 0; i < 2000; i++)
		pointer(AT_RODATA + 8 * i, 8 * i);
	pointer(AT_RODATA + 0x8800, 0);
	capture(AT_RODATA, 0x8000);
	complete(0);
	ck_assert_int_eq(part(".rodata")->state, KMD_COMPLETED_SUPPLIED);
	ck_assert_uint_eq(supplied(AT_RODATA + 0x8000, 0x1000), 0x1000 - 8);
	done();
}
END_TEST

/* Offsets of per-CPU variables, which are linked at 0 and do not move. */
static void distance(size_t at)
{
	uint64_t value = 0x88 - (base + at + 4);

	set_file(at, value, 4);
	set_running(at, value - X86_KASLR, 4);
}

START_TEST(percpu_left_out)
{
	begin(EM_X86_64);
	sections[n_sections++] = (struct elf_section){
		".data..percpu", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 0, image, 0x200, 0, 0
	};
	distance(AT_RODATA + 0x101);
	complete(KMD_COMPLETE_RODATA);
	ck_assert_uint_eq(supplied(AT_RODATA + 0x101, 4), 0);
	ck_assert_uint_eq(supplied(AT_RODATA, AT_VDSO - AT_RODATA), AT_VDSO - AT_RODATA - 4);
	done();
}
END_TEST

/* ----------------------------------------------- x86_64, ld --emit-relocs */

static void rela(size_t at, uint32_t type, uint32_t sym)
{
	bytes_number(&relocations, base + at, 8);
	bytes_number(&relocations, type, 4);
	bytes_number(&relocations, sym, 4);
	bytes_number(&relocations, 0, 8);
}

START_TEST(emitted)
{
	static const size_t at = AT_RODATA;
	uint32_t percpu;

	begin(EM_X86_64);
	sections[n_sections++] = (struct elf_section){
		".data..percpu", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 0, image, 0x200, 0, 0
	};
	percpu = (uint32_t)n_sections;
	symbol("a_percpu_variable", 0x88); /* the 15th; its section is set below */
	symbol("an_absolute", 0x1000);
	pointer(at + 0x10, AT_TEXT);
	rela(at + 0x10, R_X86_64_64, 1);
	set_both(at + 0x20, base + 0x40, 8); /* no relocation: a number */
	set_file(at + 0x31, 0x81000040, 4);
	set_running(at + 0x31, 0x81000040 + X86_KASLR, 4);
	rela(at + 0x31, R_X86_64_32S, 1);
	distance(at + 0x43);
	rela(at + 0x43, R_X86_64_PC32, 15);
	rela(at + 0x50, R_X86_64_PC32, 1);
	rela(at + 0x60, R_X86_64_64, 15);
	rela(at + 0x68, R_X86_64_64, 16);
	rela(at + RODATA_SIZE - 4, R_X86_64_64, 1); /* partly outside of the section */
	rela(at + 0x10, R_X86_64_64, 1);            /* a duplicate */
	add_section(".rela.text", SHT_RELA, 0, &relocations, (uint32_t)n_sections + 2, 24);
	vmlinux_write(ET_EXEC);
	bytes_set(&file, header_of(".rela.text") + 44, section_number(".text"), 4);
	bytes_set(&file, symbol_of("a_percpu_variable") + 6, percpu, 2); /* st_shndx */
	bytes_set(&file, symbol_of("an_absolute") + 6, SHN_ABS, 2);
	complete(KMD_COMPLETE_RODATA);
	ck_assert_uint_eq(supplied(AT_RODATA, AT_VDSO - AT_RODATA), AT_VDSO - AT_RODATA);
	expect_no_messages();
	done();
}
END_TEST

/* -------------------------------------------------------- arm64, .rela.dyn, .relr.dyn */

/* With relocations, the linker need not fill in the word itself. */
static void dynamic_pointer(size_t at, size_t to)
{
	pointer(at, to);
	set_file(at, 0, 8);
	elf_rela(&relocations, base + at, R_AARCH64_RELATIVE, base + to);
}

static void expect_all_rodata(void)
{
	complete(KMD_COMPLETE_RODATA);
	ck_assert_uint_eq(supplied(AT_RODATA, AT_VDSO - AT_RODATA), AT_VDSO - AT_RODATA);
	expect_no_messages();
	done();
}

static void add_rela_dyn(void)
{
	dynamic_pointer(AT_RODATA + 0x10, AT_TEXT);
	dynamic_pointer(AT_RODATA + 0x4000 - 4, AT_TEXT + 4); /* across a border */
	/* One word looks like an address but is none; the kernel does not apply the other one. */
	set_both(AT_RODATA + 0x20, base + 0x40, 8);
	elf_rela(&relocations, base + AT_RODATA + 0x30, R_AARCH64_ABS64, 0);
	add_section(".rela.dyn", SHT_RELA, SHF_ALLOC, &relocations, 0, 24);
	sections[n_sections - 1].addr = base + 0x31000;
}

START_TEST(rela_dyn)
{
	begin(EM_AARCH64);
	add_rela_dyn();
	expect_all_rodata();
}
END_TEST

/* Words that are absent from the file are filled in without KASLR too. */
START_TEST(rela_dyn_without_kaslr)
{
	begin(EM_AARCH64);
	kaslr = 0;
	add_rela_dyn();
	expect_all_rodata();
}
END_TEST

START_TEST(relr_dyn)
{
	begin(EM_AARCH64);
	pointer(AT_RODATA + 0x10, 0x1);
	pointer(AT_RODATA + 0x18, 0x2);
	pointer(AT_RODATA + 0x18 + 62 * 8, 0x3);
	pointer(AT_RODATA + 0x18 + 63 * 8, 0x4);
	bytes_number(&relocations, base + AT_RODATA + 0x10, 8);
	bytes_number(&relocations, UINT64_C(1) | 1u << 1 | UINT64_C(1) << 63, 8);
	bytes_number(&relocations, UINT64_C(1) | 1u << 1, 8);
	add_section(".relr.dyn", SHT_RELR, SHF_ALLOC, &relocations, 0, 8);
	sections[n_sections - 1].addr = base + 0x31000;
	expect_all_rodata();
}
END_TEST

/* The relocations were stripped: any word may be a pointer, so only sections without pointers can
 * be supplied. */
START_TEST(dynamic_without_relocations)
{
	begin(EM_AARCH64);
	pointer(AT_RODATA + 0x10, AT_TEXT);
	set_file(AT_RODATA + 0x10, 0, 8);
	complete(KMD_COMPLETE_RODATA | KMD_COMPLETE_BTF);
	ck_assert_uint_eq(supplied(AT_RODATA, RODATA_SIZE), 0);
	ck_assert_uint_eq(supplied(AT_BTF, BTF_SIZE), BTF_SIZE);
	done();
}
END_TEST

/* A few bytes of relocations describe more words than memory has. */
START_TEST(relr_bomb)
{
	struct kmd_vmlinux_layout layout;

	begin(EM_AARCH64);
	bytes_number(&relocations, base + AT_RODATA, 8);
	while (relocations.size < 8 * ((1u << 22) / 63 + 10))
		bytes_number(&relocations, UINT64_MAX, 8);
	add_section(".relr.dyn", SHT_RELR, SHF_ALLOC, &relocations, 0, 8);
	sections[n_sections - 1].addr = base + IMAGE_SIZE;
	complete(KMD_COMPLETE_RODATA);
	ck_assert_uint_eq(supplied(AT_RODATA, RODATA_SIZE), 0);
	expect_ok(kmd_vmlinux_layout_read(&vmlinux, &diag, &layout));
	expect_ok(kmd_vmlinux_layout_read_relocs(&vmlinux, &diag, &layout));
	ck_assert(!layout.relocs_complete);
	ck_assert_uint_le(layout.n_relocs, 1u << 22);
	kmd_vmlinux_layout_deinit(&layout);
	done();
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_test(tcase, left_out);
	tcase_add_test(tcase, left_out_at_a_border);
	tcase_add_test(tcase, known_table);
	tcase_add_test(tcase, no_kaslr);
	tcase_add_test(tcase, learned);
	tcase_add_test(tcase, not_enough_to_learn);
	tcase_add_test(tcase, exception_to_learn);
	tcase_add_test(tcase, not_learned_unasked);
	tcase_add_test(tcase, percpu_left_out);
	tcase_add_test(tcase, emitted);
	tcase_add_test(tcase, rela_dyn);
	tcase_add_test(tcase, rela_dyn_without_kaslr);
	tcase_add_test(tcase, relr_dyn);
	tcase_add_test(tcase, dynamic_without_relocations);
	tcase_add_test(tcase, relr_bomb);
	return kit_run("complete moves", tcase);
}
