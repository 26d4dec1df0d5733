/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_supply_sections.c - sections that vmlinux supplies: by proof, by request, or never. */
#include "supply_kit.h"

#include <string.h>

/* ------------------------------------------------------------ proof and request */

START_TEST(nothing_unasked)
{
	begin(EM_X86_64);
	complete(0);
	expect_no_messages();
	ck_assert_uint_eq(supplied(0, IMAGE_SIZE), 0);
	ck_assert_int_eq(part(".BTF")->state, KMD_COMPLETED_UNASKED);
	ck_assert_uint_eq(part(".BTF")->left_out, BTF_SIZE);
	ck_assert_uint_eq(part(".BTF")->phys, PHYS + AT_BTF);
	ck_assert_uint_eq(part(".BTF")->virt, base + AT_BTF + X86_KASLR);
	end();
}
END_TEST

START_TEST(asked)
{
	begin(EM_X86_64);
	complete(KMD_COMPLETE_BTF);
	expect_no_messages();
	ck_assert_uint_eq(supplied(0, IMAGE_SIZE), BTF_SIZE);
	ck_assert_uint_eq(supplied(AT_BTF, BTF_SIZE), BTF_SIZE);
	ck_assert_int_eq(part(".BTF")->state, KMD_COMPLETED_SUPPLIED);
	ck_assert_uint_eq(part(".BTF")->supplied, BTF_SIZE);
	ck_assert_uint_eq(part(".BTF")->left_out, 0);
	ck_assert_int_eq(part(".rodata")->state, KMD_COMPLETED_UNASKED);
	/* The bytes come directly from the file. */
	ck_assert_uint_eq(supply.n, 1);
	ck_assert_uint_eq(supply.n_sources, 0);
	end();
}
END_TEST

static void prove(size_t at, size_t size, const char *name, bool enough)
{
	begin(EM_X86_64);
	capture(at, size);
	complete(0);
	expect_no_messages();
	ck_assert_int_eq(part(name)->state,
			 enough ? KMD_COMPLETED_SUPPLIED : KMD_COMPLETED_UNASKED);
	ck_assert_int_eq(supplied(0, IMAGE_SIZE) > 0, enough);
	if (enough)
		ck_assert_uint_eq(part(name)->compared, size);
	end();
}

START_TEST(proved_table)
{
	prove(AT_BTF + 100, 4096, ".BTF", true);
}
END_TEST

START_TEST(not_proved_table)
{
	prove(AT_BTF + 100, 4095, ".BTF", false);
}
END_TEST

START_TEST(proved_rodata)
{
	prove(AT_RODATA, RODATA_SIZE / 4, ".rodata", true);
}
END_TEST

START_TEST(not_proved_rodata)
{
	prove(AT_RODATA, RODATA_SIZE / 4 - 1, ".rodata", false);
}
END_TEST

START_TEST(never_proved_text)
{
	prove(AT_TEXT, TEXT_SIZE - 8, ".text", false);
}
END_TEST

START_TEST(not_even_what_is_proved)
{
	begin(EM_X86_64);
	capture(AT_BTF, BTF_SIZE - 1);
	complete(KMD_COMPLETE_NONE);
	expect_no_messages();
	ck_assert_uint_eq(supply.n, 0);
	ck_assert_uint_eq(completion.n, 0);
	end();
}
END_TEST

/* ----------------------------------------------------- against what was captured */

static void one_byte_differs(unsigned int wanted)
{
	begin(EM_X86_64);
	running[AT_BTF + 0x6003] ^= 1;
	capture(AT_BTF + 0x6000, 16);
	capture(AT_BTF, 0x3000);
	complete(wanted);
	ck_assert_int_eq(part(".BTF")->state, KMD_COMPLETED_DIFFERENT);
	ck_assert_uint_eq(part(".BTF")->differing, 1);
	ck_assert_uint_eq(part(".BTF")->words, 0x600 + 2);
	ck_assert_uint_eq(part(".BTF")->first_differing, base + X86_KASLR + AT_BTF + 0x6000);
	ck_assert_uint_eq(supplied(AT_BTF, BTF_SIZE), 0);
}

START_TEST(different_unasked)
{
	one_byte_differs(0);
	expect_no_messages();
	end();
}
END_TEST

START_TEST(different_asked)
{
	one_byte_differs(KMD_COMPLETE_ALL & ~(unsigned int)KMD_COMPLETE_TEXT);
	expect_finding(KMD_FIND_KERNEL, KMD_NOTE,
		       ".BTF is not supplied: 1 of 1538 captured words differ, the first at "
		       "0xffffffff9d419000");
	/* Other sections are not affected. */
	ck_assert_int_eq(part(".rodata")->state, KMD_COMPLETED_SUPPLIED);
	end();
}
END_TEST

START_TEST(whole)
{
	begin(EM_X86_64);
	capture(0, IMAGE_SIZE);
	complete(KMD_COMPLETE_ALL);
	expect_no_messages();
	for (size_t i = 0; i < completion.n; i++) {
		ck_assert_int_eq(completion.items[i].state, KMD_COMPLETED_WHOLE);
		ck_assert_uint_eq(completion.items[i].left_out, 0);
	}
	ck_assert_uint_eq(supply.n, 0);
	end();
}
END_TEST

/* Two regions in a section leave three gaps. */
START_TEST(gaps)
{
	begin(EM_X86_64);
	capture(AT_BTF + 0x101, 0x33);
	capture(AT_BTF + 0x5ff9, 0x1007);
	complete(KMD_COMPLETE_BTF);
	ck_assert_uint_eq(supply.n, 3);
	ck_assert_uint_eq(supplied(AT_BTF, BTF_SIZE), BTF_SIZE - 0x33 - 0x1007);
	ck_assert_uint_eq(part(".BTF")->supplied, BTF_SIZE - 0x33 - 0x1007);
	end();
}
END_TEST

/* Memory with a virtual address only is compared, and is not replaced. */
START_TEST(virtual_memory)
{
	begin(EM_X86_64);
	add_virtual_row(&regions, "virtual", base + X86_KASLR + AT_BTF + 0x100,
			running + AT_BTF + 0x100, 0x2000);
	complete(0);
	ck_assert_int_eq(part(".BTF")->state, KMD_COMPLETED_SUPPLIED);
	ck_assert_uint_eq(supplied(AT_BTF + 0x100, 0x2000), 0);
	ck_assert_uint_eq(supplied(AT_BTF, BTF_SIZE), BTF_SIZE - 0x2000);
	end();
}
END_TEST

START_TEST(virtual_memory_differs)
{
	begin(EM_X86_64);
	running[AT_BTF + 0x1234] ^= 0x80;
	add_virtual_row(&regions, "virtual", base + X86_KASLR + AT_BTF, running + AT_BTF, 0x2000);
	complete(0);
	ck_assert_int_eq(part(".BTF")->state, KMD_COMPLETED_DIFFERENT);
	end();
}
END_TEST

/* -------------------------------------------------------------------- text */

START_TEST(text)
{
	begin(EM_X86_64);
	for (size_t i = 0; i < 0x40; i += 16)
		running[AT_TEXT + i + 3] ^= 0x40;
	capture(AT_TEXT, 0x140);
	complete(KMD_COMPLETE_TEXT);
	ck_assert_int_eq(part(".text")->state, KMD_COMPLETED_SUPPLIED);
	ck_assert_uint_eq(part(".text")->differing, 4);
	ck_assert_uint_eq(supplied(0, IMAGE_SIZE), TEXT_SIZE - 0x140);
	expect_finding(KMD_FIND_KERNEL, KMD_NOTE,
		       ".text is added from the vmlinux without run-time patches: 4 of 40 "
		       "captured words (10.0 %) differ");
	ck_assert_int_eq(supply.items[0].kind, KMD_SUPPLY_SIMILAR);
	end();
}
END_TEST

/* ------------------------------------------------------------------- never */

START_TEST(never)
{
	begin(EM_X86_64);
	complete(KMD_COMPLETE_ALL);
	ck_assert_uint_eq(supplied(AT_HEAD, AT_TEXT - AT_HEAD), 0);
	ck_assert_uint_eq(supplied(AT_VDSO, AT_RODATA + RODATA_SIZE - AT_VDSO), 0);
	ck_assert_uint_eq(supplied(AT_NOTES, NOTES_SIZE), 0);
	ck_assert_uint_eq(supplied(AT_DATA, DATA_SIZE), 0);
	ck_assert_uint_eq(supplied(AT_INIT, INIT_SIZE), 0);
	ck_assert_uint_eq(supplied(AT_RODATA, AT_VDSO - AT_RODATA), AT_VDSO - AT_RODATA);
	ck_assert_uint_eq(part(".rodata")->left_out, AT_RODATA + RODATA_SIZE - AT_VDSO);
	/* Padding is not part of a section: the kernel may have freed its pages. */
	ck_assert_uint_eq(supplied(AT_TEXT + TEXT_SIZE, AT_RODATA - AT_TEXT - TEXT_SIZE), 0);
	end();
}
END_TEST

/* Words that the kernel wrote during boot are not compared, so they do not prevent supplying the
 * rest. */
START_TEST(written_part_is_not_compared)
{
	begin(EM_X86_64);
	running[AT_WRITTEN + 5] ^= 1;
	running[AT_VDSO] ^= 1;
	capture(AT_RODATA + 0x6000, RODATA_SIZE - 0x6000);
	complete(0);
	ck_assert_int_eq(part(".rodata")->state, KMD_COMPLETED_SUPPLIED);
	ck_assert_uint_eq(part(".rodata")->compared, AT_VDSO - AT_RODATA - 0x6000);
	end();
}
END_TEST

/* ------------------------------------------------------------ what is not known */

START_TEST(no_place)
{
	begin(EM_X86_64);
	runtime.values[KMD_RUNTIME_PHYS_BASE].known = false;
	complete(KMD_COMPLETE_BTF);
	expect_finding(KMD_FIND_KERNEL, KMD_DAMAGE,
		       "nothing is supplied from it: the address of the kernel is not known");
	ck_assert_uint_eq(completion.n, 0);
	end();
}
END_TEST

START_TEST(no_place_unasked)
{
	begin(EM_X86_64);
	runtime.values[KMD_RUNTIME_KASLR].known = false;
	complete(0);
	expect_no_messages();
	end();
}
END_TEST

/* A debug file has only the headers of sections. */
START_TEST(debug_file)
{
	begin(EM_X86_64);
	for (size_t i = 0; i < n_sections; i++)
		sections[i].type = SHT_NOBITS;
	complete(KMD_COMPLETE_ALL);
	expect_finding(KMD_FIND_KERNEL, KMD_DAMAGE, "no such sections (a debug file?)");
	end();
}
END_TEST

/* ---------------------------------------------------------------- ORC tables */

/* Entry i is for text + 32 * i; the first and the last exist twice. */
static uint64_t orc_address(size_t i)
{
	return i ? base + AT_TEXT + 32 * (i < ORC_N - 1 ? i - 1 : i - 2) : base + AT_TEXT;
}

static void make_orc(void)
{
	for (size_t i = 0; i < ORC_N; i++)
		set_both(AT_ORC_IP + 4 * i, orc_address(i) - (base + AT_ORC_IP + 4 * i), 4);
	/* As in the kernel: the last entry that begins at or below each 256 bytes. */
	for (size_t block = 0; block < LOOKUP_N; block++) {
		uint64_t at = base + AT_TEXT + (block < LOOKUP_N - 1 ? 256 * block : TEXT_SIZE);
		size_t found = 0;

		for (size_t i = 0; i < ORC_N; i++)
			if (orc_address(i) <= at)
				found = i;
		set_running(AT_LOOKUP + 4 * block, found, 4);
	}
}

START_TEST(orc)
{
	begin(EM_X86_64);
	make_orc();
	symbol("lookup_num_blocks", base + AT_WRITTEN + 0x20);
	set_both(AT_WRITTEN + 0x20, 0, 4);
	set_running(AT_WRITTEN + 0x20, LOOKUP_N, 4);
	vmlinux_write(ET_EXEC);
	bytes_set(&file, symbol_of("lookup_num_blocks") + 16, 4, 8); /* st_size */
	complete(KMD_COMPLETE_ORC);
	expect_no_messages();
	ck_assert_uint_eq(supplied(AT_WRITTEN, 0x800), 4);
	ck_assert_uint_eq(supplied(AT_ORC_IP, 4 * ORC_N), 4 * ORC_N);
	ck_assert_uint_eq(supplied(AT_ORC, 6 * ORC_N), 6 * ORC_N);
	ck_assert_uint_eq(supplied(AT_LOOKUP, 4 * LOOKUP_N), 4 * LOOKUP_N);
	ck_assert_uint_eq(running[AT_LOOKUP], 1);
	ck_assert_uint_eq(running[AT_LOOKUP + 4 * (LOOKUP_N - 1)], (ORC_N - 1) & 0xff);
	end();
}
END_TEST

START_TEST(orc_lookup_differs)
{
	begin(EM_X86_64);
	make_orc();
	running[AT_LOOKUP + 8] ^= 1;
	capture(AT_LOOKUP, 12);
	complete(KMD_COMPLETE_ORC);
	expect_finding(KMD_FIND_KERNEL, KMD_NOTE, ".orc_lookup is not supplied: 1 of 2");
	ck_assert_uint_eq(supplied(AT_LOOKUP, 4 * LOOKUP_N), 0);
	end();
}
END_TEST

START_TEST(orc_unsorted)
{
	begin(EM_X86_64);
	make_orc();
	set_both(AT_ORC_IP + 40, 0x80000000, 4);
	complete(KMD_COMPLETE_ORC);
	for (size_t i = 0; i < completion.n; i++)
		ck_assert_str_ne(completion.items[i].name, ".orc_lookup");
	end();
}
END_TEST

/* ------------------------------------------------------------------- hostile */

static void spoil(const char *name, size_t field, uint64_t value, size_t width)
{
	bytes_set(&file, header_of(name) + field, value, width);
}

START_TEST(hostile_headers)
{
	begin(EM_X86_64);
	vmlinux_write(ET_EXEC);
	spoil(".BTF", 16, UINT64_MAX - 4, 8);               /* wraps around */
	spoil(".rodata", 16, base - 0x1000, 8);             /* begins below the image */
	spoil(".orc_unwind", 16, base + AT_BTF + 0x100, 8); /* elsewhere in the image */
	spoil(".notes", 16, base + IMAGE_SIZE - 1, 8);
	spoil(".text", 56, 0, 8);
	complete(KMD_COMPLETE_ALL & ~(unsigned int)KMD_COMPLETE_TEXT);
	for (size_t i = 0; i < completion.n; i++) {
		ck_assert_uint_ge(completion.items[i].phys, PHYS);
		ck_assert_uint_le(completion.items[i].phys + completion.items[i].size,
				  PHYS + IMAGE_SIZE);
	}
	end();
}
END_TEST

/* Sections that overlap are read once. */
START_TEST(hostile_overlap)
{
	begin(EM_X86_64);
	vmlinux_write(ET_EXEC);
	spoil(".data", 16, base + AT_BTF + 0x10, 8);
	spoil(".notes", 16, base + AT_BTF, 8);
	spoil(".orc_unwind_ip", 16, base + AT_BTF + BTF_SIZE - 1, 8);
	complete(KMD_COMPLETE_BTF | KMD_COMPLETE_ORC);
	for (size_t i = 1; i < completion.n; i++)
		ck_assert_uint_ge(completion.items[i].phys,
				  completion.items[i - 1].phys + completion.items[i - 1].size);
	end();
}
END_TEST

START_TEST(hostile_extent)
{
	begin(EM_X86_64);
	vmlinux_write(ET_EXEC);
	bytes_set(&file, symbol_of("_end") + 8, base + (UINT64_C(1) << 30) + 1, 8);
	complete(KMD_COMPLETE_BTF);
	expect_finding(KMD_FIND_KERNEL, KMD_DAMAGE,
		       "its symbols do not give the extent of the image");
	end();
}
END_TEST

/* Without the symbols that mark data written during boot, .rodata is not supplied. */
static void without(const char *name, bool btf)
{
	begin(EM_X86_64);
	vmlinux_write(ET_EXEC);
	bytes_set(&file, symbol_of(name), 0, 4);
	complete(KMD_COMPLETE_RODATA | KMD_COMPLETE_BTF);
	ck_assert_uint_eq(supplied(AT_RODATA, RODATA_SIZE), 0);
	ck_assert_uint_eq(supplied(AT_BTF, BTF_SIZE), btf ? BTF_SIZE : 0);
	end();
}

START_TEST(no_symbols_of_written_data)
{
	without("__start_ro_after_init", true);
}
END_TEST

START_TEST(no_symbols_of_rodata)
{
	without("__end_rodata", true);
}
END_TEST

START_TEST(no_symbols_of_init)
{
	without("__init_end", false);
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_test(tcase, nothing_unasked);
	tcase_add_test(tcase, asked);
	tcase_add_test(tcase, proved_table);
	tcase_add_test(tcase, not_proved_table);
	tcase_add_test(tcase, proved_rodata);
	tcase_add_test(tcase, not_proved_rodata);
	tcase_add_test(tcase, never_proved_text);
	tcase_add_test(tcase, not_even_what_is_proved);
	tcase_add_test(tcase, different_unasked);
	tcase_add_test(tcase, different_asked);
	tcase_add_test(tcase, whole);
	tcase_add_test(tcase, gaps);
	tcase_add_test(tcase, virtual_memory);
	tcase_add_test(tcase, virtual_memory_differs);
	tcase_add_test(tcase, text);
	tcase_add_test(tcase, never);
	tcase_add_test(tcase, written_part_is_not_compared);
	tcase_add_test(tcase, no_place);
	tcase_add_test(tcase, no_place_unasked);
	tcase_add_test(tcase, debug_file);
	tcase_add_test(tcase, orc);
	tcase_add_test(tcase, orc_lookup_differs);
	tcase_add_test(tcase, orc_unsorted);
	tcase_add_test(tcase, hostile_headers);
	tcase_add_test(tcase, hostile_overlap);
	tcase_add_test(tcase, hostile_extent);
	tcase_add_test(tcase, no_symbols_of_written_data);
	tcase_add_test(tcase, no_symbols_of_rodata);
	tcase_add_test(tcase, no_symbols_of_init);
	return kit_run("complete", tcase);
}
