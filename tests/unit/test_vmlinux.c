/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_vmlinux.c - one vmlinux: its machine, its symbols, its content by link address. */
#include "elf_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct kmd_vmlinux vmlinux;
static const struct kmd_vmlinux_options options = { .debug_root = "/nowhere" };

static enum kmd_status open_bytes(const void *bytes, size_t size)
{
	return kmd_vmlinux_open(file_with("vmlinux", bytes, size), &options, &diag, &vmlinux);
}

static void expect_unusable(const void *bytes, size_t size, const char *why)
{
	expect_error(open_bytes(bytes, size), KMD_ERR_FORMAT, "not a usable vmlinux");
	ck_assert_msg(strstr(diag.sentence, why), "'%s' lacks '%s'", diag.sentence, why);
	ck_assert_ptr_null(vmlinux.elf);
}

/* --------------------------------------------------------- what it is */

START_TEST(whole)
{
	struct bytes file = { 0 };

	kernel_make(&file, &(struct kernel_spec){ true, true, true, "\x01\xab\xff", NULL, 0 });
	expect_ok(open_bytes(file.at, file.size));
	ck_assert_uint_eq(vmlinux.machine, EM_X86_64);
	ck_assert_uint_eq(vmlinux.elf_class, ELFCLASS64);
	ck_assert(!vmlinux.big_endian);
	ck_assert_str_eq(vmlinux.build_id, "01abff");
	ck_assert_str_eq(vmlinux.banner, KERNEL_BANNER);
	ck_assert_uint_eq(vmlinux.n, 2);
	expect_no_messages();
	kmd_vmlinux_deinit(&vmlinux);
	bytes_free(&file);
}
END_TEST

static void set_at(unsigned char *bytes, size_t at, const char *mark, size_t length)
{
	memset(bytes, 'M', 600);
	memcpy(bytes, "MZ", 2);
	memcpy(bytes + at, mark, length);
}

START_TEST(other_files)
{
	static const char map[] = "ffffffff81000000 T _text\nffffffff81000000 T startup_64\n";
	unsigned char bytes[600];

	set_at(bytes, 0x202, "HdrS", 4);
	expect_unusable(bytes, sizeof(bytes),
			"this is a compressed boot image (vmlinuz); the ELF "
			"file with symbols is needed");
	set_at(bytes, 4, "zimg", 4);
	expect_unusable(bytes, sizeof(bytes), "compressed boot image (vmlinuz)");
	set_at(bytes, 0x38, "ARM\x64", 4);
	expect_unusable(bytes, sizeof(bytes), "arm64 Image");
	set_at(bytes, 2, "", 0);
	expect_unusable(bytes, sizeof(bytes), "EFI");
	expect_unusable("ANDROID!", 8, "Android boot image");
	expect_unusable(map, sizeof(map) - 1, "System.map");
	expect_unusable("just text", 9, "no ELF file");
	expect_unusable("\177ELF", 4, "no ELF file");
	expect_unusable("M", 1, "no ELF file");
	expect_unusable("", 0, "empty");
}
END_TEST

START_TEST(other_elf_files)
{
	struct bytes file = { 0 };

	kernel_make(&file, &(struct kernel_spec){ true, true, false, NULL, NULL, 0 });
	bytes_set(&file, 16, ET_CORE, 2);
	expect_unusable(file.at, file.size, "core dump");
	bytes_set(&file, 16, ET_REL, 2);
	expect_unusable(file.at, file.size, "module");
	bytes_set(&file, 16, 0x1234, 2);
	expect_unusable(file.at, file.size, "no executable");
	bytes_set(&file, 16, ET_DYN, 2);
	expect_ok(open_bytes(file.at, file.size));
	kmd_vmlinux_deinit(&vmlinux);
	bytes_free(&file);
	kernel_make(&file, &(struct kernel_spec){ true, false, true, "abcd", NULL, 0 });
	expect_unusable(file.at, file.size, "no symbol table");
	bytes_free(&file);
	expect_error(kmd_vmlinux_open(path_in_folder("none"), &options, &diag, &vmlinux),
		     KMD_ERR_IO, "none");
	expect_error(kmd_vmlinux_open(temporary_folder(), &options, &diag, &vmlinux),
		     KMD_ERR_FORMAT, "not a regular file");
}
END_TEST

/* Each cut loses the section table, or more. */
START_TEST(cut)
{
	struct bytes file = { 0 };

	kernel_make(&file, &(struct kernel_spec){ true, true, true, "0123", NULL, 0 });
	expect_unusable(file.at, file.size - 7 * 64, "the file is truncated");
	for (size_t size = 0; size < file.size; size += 13)
		expect_error(open_bytes(file.at, size), KMD_ERR_FORMAT, "not a usable vmlinux");
	/* The size of the first section. */
	bytes_set(&file, file.size - 7 * 64 + 64 + 32, file.size, 8);
	expect_unusable(file.at, file.size, "past its end");
	bytes_free(&file);
}
END_TEST

/* ------------------------------------------------------------ symbols */

static const char names[] = "\0twice\0here\0$x\0file.c\0";
enum { TWICE = 1, HERE = 7, MAPPING = 12, FILE_NAME = 15 };

static void make_symbols(struct bytes *file, const struct bytes *symbols, const char *strings,
			 size_t strings_size)
{
	struct elf_section sections[] = {
		{ ".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 0x1000, "0123456789abcdef", 16,
		  0, 0 },
		{ ".symtab", SHT_SYMTAB, 0, 0, symbols->at, symbols->size, 3, 24 },
		{ ".strtab", SHT_STRTAB, 0, 0, strings, strings_size, 0, 0 },
	};

	elf_make(file, ET_EXEC, EM_AARCH64, sections, 3);
}

START_TEST(symbols)
{
	struct bytes table = { 0 }, file = { 0 };
	const struct kmd_elf_symbol *symbol;
	uint64_t value;

	elf_symbol(&table, 0, 0, 0, 0, 0);
	elf_symbol(&table, TWICE, ELF64_ST_INFO(STB_LOCAL, STT_OBJECT), 1, 0x1000, 1);
	elf_symbol(&table, TWICE, ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT), 1, 0x1008, 2);
	elf_symbol(&table, HERE, ELF64_ST_INFO(STB_LOCAL, STT_FUNC), 1, 0x100c, 4);
	elf_symbol(&table, HERE, ELF64_ST_INFO(STB_LOCAL, STT_FUNC), 1, 0x1004, 3);
	elf_symbol(&table, MAPPING, 0, 1, 0x1000, 0);
	elf_symbol(&table, FILE_NAME, ELF64_ST_INFO(STB_LOCAL, STT_FILE), SHN_ABS, 0, 0);
	elf_symbol(&table, FILE_NAME, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), SHN_UNDEF, 0x1000, 0);
	elf_symbol(&table, 0xffffff, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 1, 0x1000, 0);
	make_symbols(&file, &table, names, sizeof(names));
	expect_ok(open_bytes(file.at, file.size));
	ck_assert_uint_eq(vmlinux.n, 4);
	symbol = kmd_vmlinux_find(&vmlinux, "twice");
	ck_assert_uint_eq(symbol->value, 0x1008);
	ck_assert_uint_eq(symbol->size, 2);
	ck_assert(symbol->global);
	symbol = kmd_vmlinux_find(&vmlinux, "here");
	ck_assert_uint_eq(symbol->value, 0x1004);
	ck_assert(!symbol->global);
	ck_assert(kmd_vmlinux_symbol(&vmlinux, "twice", &value) && value == 0x1008);
	ck_assert(!kmd_vmlinux_symbol(&vmlinux, "twic", &value));
	ck_assert(!kmd_vmlinux_symbol(&vmlinux, "twice2", &value));
	ck_assert(!kmd_vmlinux_symbol(&vmlinux, "zzz", &value));
	ck_assert(!kmd_vmlinux_symbol(&vmlinux, "", &value));
	ck_assert_ptr_null(kmd_vmlinux_find(&vmlinux, "file.c"));
	ck_assert_ptr_null(vmlinux.banner);
	for (size_t i = 1; i < vmlinux.n; i++)
		ck_assert_uint_le(vmlinux.symbols[i - 1].value, vmlinux.symbols[i].value);
	kmd_vmlinux_deinit(&vmlinux);
	bytes_free(&table);
	bytes_free(&file);
}
END_TEST

START_TEST(symbols_damaged)
{
	struct bytes table = { 0 }, file = { 0 };

	elf_symbol(&table, 0, 0, 0, 0, 0);
	elf_symbol(&table, TWICE, ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT), 1, 0x1000, 1);
	make_symbols(&file, &table, "\0twice", 6); /* its end is missing */
	expect_unusable(file.at, file.size, "symbol table is empty or damaged");
	bytes_free(&file);
	make_symbols(&file, &table, "\0twice", 0);
	expect_unusable(file.at, file.size, "symbol table is empty or damaged");
	bytes_free(&table);
	bytes_free(&file);
}
END_TEST

/* ------------------------------------------------------------ content */

#define BASE KERNEL_TEXT

static void make_content(struct bytes *file, uint16_t machine, const struct bytes *relas)
{
	struct bytes table = { .big_endian = file->big_endian };
	struct elf_section sections[] = {
		{ ".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, BASE, "0123456789abcdef", 16, 0,
		  0 },
		{ ".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, BASE + 0x20,
		  "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345", 32, 0, 0 },
		{ ".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE, BASE + 0x40, NULL, 0x100, 0, 0 },
		{ ".rela.dyn", SHT_RELA, SHF_ALLOC, BASE + 0x2000, relas->at, relas->size, 0, 24 },
		{ ".symtab", SHT_SYMTAB, 0, 0, NULL, 0, 6, 24 },
		{ ".strtab", SHT_STRTAB, 0, 0, names, sizeof(names), 0, 0 },
	};

	elf_symbol(&table, 0, 0, 0, 0, 0);
	elf_symbol(&table, HERE, ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT), 1, BASE, 1);
	sections[4].data = table.at;
	sections[4].size = table.size;
	elf_make(file, ET_DYN, machine, sections, 6);
	bytes_free(&table);
	expect_ok(open_bytes(file->at, file->size));
}

static void expect_bytes(uint64_t link, const char *wanted, size_t size)
{
	char got[128];

	ck_assert(kmd_vmlinux_bytes(&vmlinux, link, got, size));
	ck_assert_mem_eq(got, wanted, size);
}

static void expect_no_bytes(uint64_t link, size_t size)
{
	char got[128];

	ck_assert(!kmd_vmlinux_bytes(&vmlinux, link, got, size));
}

START_TEST(content)
{
	struct bytes file = { 0 }, none = { 0 };

	make_content(&file, EM_AARCH64, &none);
	expect_bytes(BASE, "0123456789abcdef", 16);
	expect_bytes(BASE + 15, "f", 1);
	expect_bytes(BASE + 0x3f, "5", 1);
	/* Padding between sections is loaded with them. */
	expect_bytes(BASE + 14, "ef\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0AB", 20);
	expect_bytes(BASE, "", 0);
	expect_no_bytes(BASE - 1, 1);
	expect_no_bytes(BASE - 1, 2);
	expect_no_bytes(BASE + 0x3f, 2); /* into .bss */
	expect_no_bytes(BASE + 0x40, 1);
	expect_no_bytes(0, 1);
	expect_no_bytes(UINT64_MAX, 1);
	expect_no_bytes(UINT64_MAX - 3, 8);
	kmd_vmlinux_deinit(&vmlinux);
	bytes_free(&file);
}
END_TEST

START_TEST(relocations)
{
	struct bytes file = { 0 }, relas = { 0 };

	elf_rela(&relas, BASE + 0x38, R_AARCH64_RELATIVE, 0x6867666564636261); /* abcdefgh */
	elf_rela(&relas, BASE + 0x20, R_AARCH64_RELATIVE, 0x3837363534333231); /* 12345678 */
	elf_rela(&relas, BASE + 0x30, R_AARCH64_ABS64, 0x2020202020202020);
	elf_rela(&relas, UINT64_MAX - 3, R_AARCH64_RELATIVE, 1);
	elf_rela(&relas, 0, R_AARCH64_RELATIVE, 1);
	elf_rela(&relas, BASE + 0x100, R_AARCH64_RELATIVE, 1);
	make_content(&file, EM_AARCH64, &relas);
	expect_bytes(BASE + 0x20, "12345678IJKLMNOPQRSTUVWXabcdefgh", 32);
	expect_bytes(BASE + 0x20, "12345678", 8);
	expect_bytes(BASE + 0x21, "2345678I", 8);
	expect_bytes(BASE + 0x27, "8I", 2);
	expect_bytes(BASE + 0x28, "I", 1);
	expect_bytes(BASE + 0x1f, "\0001", 2);
	expect_bytes(BASE + 0x1c, "\0\0\0\0001234", 8);
	expect_bytes(BASE + 0x3e, "gh", 2);
	expect_bytes(BASE + 0x37, "Xabc", 4);
	kmd_vmlinux_deinit(&vmlinux);
	bytes_free(&file);
	/* The relocation type belongs to another machine. */
	make_content(&file, EM_RISCV, &relas);
	expect_bytes(BASE + 0x20, "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345", 32);
	kmd_vmlinux_deinit(&vmlinux);
	bytes_free(&file);
	bytes_free(&relas);
}
END_TEST

START_TEST(relocations_big_endian)
{
	struct bytes file = { .big_endian = true }, relas = { .big_endian = true };

	elf_rela(&relas, BASE + 0x20, R_AARCH64_RELATIVE, 0x3132333435363738); /* 12345678 */
	make_content(&file, EM_AARCH64, &relas);
	ck_assert(vmlinux.big_endian);
	expect_bytes(BASE + 0x20, "12345678I", 9);
	expect_bytes(BASE + 0x23, "45", 2);
	kmd_vmlinux_deinit(&vmlinux);
	bytes_free(&file);
	bytes_free(&relas);
}
END_TEST

/* ----------------------------------------------- what linkers really made */

static uint64_t word_at(uint64_t link)
{
	unsigned char bytes[8];
	uint64_t word = 0;

	ck_assert(kmd_vmlinux_bytes(&vmlinux, link, bytes, sizeof(bytes)));
	for (unsigned int i = 0; i < 8; i++)
		word |= (uint64_t)bytes[i] << 8 * (vmlinux.big_endian ? 7 - i : i);
	return word;
}

static void try_fixture(const char *name)
{
	const struct kmd_elf_symbol *task, *map;

	expect_ok(kmd_vmlinux_open(vmlinux_fixture(name), &options, &diag, &vmlinux));
	ck_assert_str_eq(vmlinux.build_id, "00112233445566778899aabbccddeeff01234567");
	ck_assert_str_eq(vmlinux.banner, "Linux version 0.0.0-fixture (kmd) #1");
	task = kmd_vmlinux_find(&vmlinux, "init_task");
	ck_assert_uint_eq(task->size, 120);
	/* .self and .parent: relocations, packed ones, or plain words. */
	ck_assert_uint_eq(word_at(task->value + 96), task->value);
	ck_assert_uint_eq(word_at(task->value + 104), task->value);
	ck_assert_uint_eq(word_at(kmd_vmlinux_find(&vmlinux, "banner_pointer")->value),
			  kmd_vmlinux_find(&vmlinux, "linux_banner")->value);
	map = kmd_vmlinux_find(&vmlinux, "mem_map");
	ck_assert_uint_eq(word_at(map->value), 0x1122334455667788);
	expect_no_bytes(kmd_vmlinux_find(&vmlinux, "contig_zone")->value, 8);
	expect_no_messages();
	kmd_vmlinux_deinit(&vmlinux);
}

START_TEST(linked)
{
	try_fixture("gcc-x86_64");
	try_fixture("clang-arm64");
	try_fixture("clang-arm64-relr");
	try_fixture("clang-powerpc64");
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_test(tcase, whole);
	tcase_add_test(tcase, other_files);
	tcase_add_test(tcase, other_elf_files);
	tcase_add_test(tcase, cut);
	tcase_add_test(tcase, symbols);
	tcase_add_test(tcase, symbols_damaged);
	tcase_add_test(tcase, content);
	tcase_add_test(tcase, relocations);
	tcase_add_test(tcase, relocations_big_endian);
	tcase_add_test(tcase, linked);
	return kit_run("vmlinux", tcase);
}
