/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_folder.c - folders of files, the texts that describe them, and files of other kinds. */
#include "region/claim.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct kmd_diag diag;
static struct kmd_input input;
static struct kmd_image image;
static struct kmd_claims claims;
static const struct kmd_image_options options;

static void setup(void)
{
	kmd_diag_init(&diag);
	memset(&input, 0, sizeof(input));
	memset(&image, 0, sizeof(image));
	memset(&claims, 0, sizeof(claims));
	input.folder = true;
	input.name = strdup("dump");
	input.members = calloc(16, sizeof(input.members[0]));
}

static void reset(void)
{
	kmd_claims_deinit(&claims);
	kmd_image_deinit(&image);
	kmd_input_deinit(&input);
	kmd_diag_deinit(&diag);
}

static void again(void)
{
	reset();
	setup();
}

/* A file; its bytes must be static or outlive the test. */
static void file(const char *name, const void *bytes, size_t size)
{
	struct kmd_member *member = &input.members[input.n_members++];

	member->file_name = strdup(name);
	ck_assert_int_eq(kmd_source_from_memory(&diag, bytes, size, name, &member->source), KMD_OK);
}

static void text_file(const char *name, const char *text)
{
	file(name, text, strlen(text));
}

static enum kmd_status read_image(void)
{
	return kmd_image_read(&input, &options, &diag, &image);
}

/* Call both readers of texts, as kmd_claims_read() does. */
static enum kmd_status read_claims(void)
{
	enum kmd_status status = read_image();

	if (status == KMD_OK)
		status = kmd_claims_dump_info.read(&image, &diag, &claims);
	if (status == KMD_OK)
		status = kmd_claims_load_cmm.read(&image, &diag, &claims);
	return status;
}

static void expect_claim(size_t index, const char *name, uint64_t phys, uint64_t size)
{
	const struct kmd_claim *claim = &claims.items[index];

	ck_assert_uint_lt(index, claims.n);
	ck_assert_str_eq(claim->file, name);
	ck_assert_str_eq(claim->name, "");
	ck_assert(claim->has_phys);
	ck_assert_uint_eq(claim->phys, phys);
	ck_assert_uint_eq(claim->size, size);
	ck_assert(claim->has_size == (claim->origin == KMD_FROM_DUMP_INFO));
}

static void expect_finding(size_t index, enum kmd_finding_code code, const char *part)
{
	ck_assert_uint_lt(index, diag.n_findings);
	ck_assert_msg(strstr(diag.findings[index]->text, part), "%s", diag.findings[index]->text);
	ck_assert_int_eq(diag.findings[index]->code, code);
}

/* ------------------------------------------------------------------ folder */

static const char core_header[64] = "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\4\0\xb7\0\1";
static const char vmlinux_header[64] = "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\xb7\0\1";
static const char memory[] = "\1\2\3\0\377\376 some memory";

START_TEST(folder_of_regions)
{
	file("MD_2D_kelf.bin", memory, sizeof(memory));
	text_file("README", "hello");
	ck_assert_int_eq(read_image(), KMD_OK);
	ck_assert_str_eq(image.form, "folder of region files");
	ck_assert_uint_eq(image.n_blobs, 2);
	ck_assert_str_eq(image.blobs[0].name, "MD_2D_kelf.bin");
	ck_assert_uint_eq(image.blobs[0].size, sizeof(memory));
	ck_assert_uint_eq(image.blobs[0].declared, sizeof(memory));
	ck_assert_int_eq(image.blobs[0].origin, KMD_FROM_FILE);
	ck_assert(!image.blobs[0].has_phys);
}
END_TEST

START_TEST(folder_by_content)
{
	/* Renamed files: a KELF and something that can be a region. */
	file("a", core_header, sizeof(core_header));
	file("b", memory, sizeof(memory));
	ck_assert_int_eq(read_image(), KMD_OK);
	again();
	text_file("info", "1 0x0000000000001000\t0000000000000004\tK\tx.BIN\r\n");
	file("x.BIN", memory, 4);
	ck_assert_int_eq(read_image(), KMD_OK);
	again();
	text_file("script", "D.LOAD.BINARY x.BIN 0x1000\n");
	ck_assert_int_eq(read_image(), KMD_OK);
}
END_TEST

START_TEST(folder_of_other_things)
{
	static const char dump[64] = "Raw_Dmp!";

	text_file("README", "hello");
	file("vmlinux", vmlinux_header, sizeof(vmlinux_header));
	ck_assert_int_eq(read_image(), KMD_ERR_FORMAT);
	ck_assert_ptr_nonnull(strstr(diag.sentence, "dump: no region files in this folder"));
	/* A folder with a finished core and logs is not a folder of regions. */
	file("vmcore", core_header, sizeof(core_header));
	ck_assert_int_eq(kmd_image_folder.probe(&input, &options, &diag), false);
	again();
	text_file("README", "hello");
	file("rawdump.img", dump, sizeof(dump));
	/* The only dump of the folder is read; this one has no more than its mark. */
	ck_assert_int_eq(read_image(), KMD_ERR_DAMAGED);
	ck_assert_ptr_nonnull(strstr(diag.sentence, "rawdump.img"));
	file("second.img", dump, sizeof(dump));
	ck_assert_int_eq(read_image(), KMD_ERR_FORMAT);
	ck_assert_ptr_nonnull(strstr(diag.sentence, "several dumps"));
	again();
	ck_assert_int_eq(read_image(), KMD_ERR_FORMAT);
}
END_TEST

/* ----------------------------------------------------------------- foreign */

static const char *foreign(const void *bytes, size_t size)
{
	struct kmd_source *source;
	const char *what;

	ck_assert_int_eq(kmd_source_from_memory(&diag, bytes, size, "f", &source), KMD_OK);
	what = kmd_image_foreign(source, &diag);
	kmd_source_free(source);
	return what ? what : "?";
}

START_TEST(foreign_files)
{
	static const struct {
		size_t offset;
		const char *bytes;
		size_t size;
		const char *part;
	} cases[] = {
		{ 0, "MDMP\x93\xa7", 6, "minidump-stackwalk" },
		{ 0, "PAGEDU64", 8, "WinDbg" },
		{ 0, "Enc_Dmp!", 8, "encrypted" },
		{ 0, "\x3a\xff\x26\xed", 4, "simg2img" },
		{ 0, "QFI\xfb", 4, "qcow2" },
		{ 512, "EFI PART", 8, "whole disk" },
		{ 0, "#!/bin/sh\n", 10, "script" },
		{ 0, "[    0.000000] Linux version\n", 29, "kernel log" },
		{ 0, "OSRELEASE=6.1\nSYMBOL(x)=0\n", 26, "VMCOREINFO" },
		{ 0, "d.load.binary a 0x1\n", 20, "load.cmm" },
		{ 0, "", 0, "empty" },
	};
	char bytes[1024];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(bytes, 1, sizeof(bytes));
		memcpy(bytes + cases[i].offset, cases[i].bytes, cases[i].size);
		ck_assert_msg(
			strstr(foreign(bytes, cases[i].offset + cases[i].size), cases[i].part),
			"case %zu: %s", i, foreign(bytes, cases[i].offset + cases[i].size));
	}
	ck_assert_str_eq(foreign(memory, sizeof(memory)), "?");
	ck_assert_str_eq(foreign(core_header, sizeof(core_header)), "?");
	ck_assert_ptr_nonnull(strstr(foreign(vmlinux_header, sizeof(vmlinux_header)), "vmlinux"));
}
END_TEST

START_TEST(foreign_vmlinux_and_erased)
{
	unsigned char bytes[200000] = "\177ELF\2\1\1";

	bytes[16] = 3;
	bytes[32] = 64;
	bytes[56] = 1;
	bytes[64] = 1;
	memset(bytes + 80, 0xff, 8);
	ck_assert_ptr_nonnull(strstr(foreign(bytes, sizeof(bytes)), "a vmlinux, not a dump"));
	/* Program headers behind the end, or past the address space. */
	memset(bytes + 32, 0xff, 8);
	ck_assert_ptr_nonnull(strstr(foreign(bytes, sizeof(bytes)), "ELF program"));
	bytes[16] = 1;
	ck_assert_ptr_nonnull(strstr(foreign(bytes, sizeof(bytes)), "kernel module"));
	memset(bytes, 0, sizeof(bytes));
	ck_assert_ptr_nonnull(strstr(foreign(bytes, sizeof(bytes)), "zeroes"));
	bytes[sizeof(bytes) - 1] = 1;
	ck_assert_str_eq(foreign(bytes, sizeof(bytes)), "?");
	memset(bytes, 0xff, sizeof(bytes));
	ck_assert_ptr_nonnull(strstr(foreign(bytes, sizeof(bytes)), "0xff"));
}
END_TEST

START_TEST(refusals)
{
	static const char encrypted[64] = "Enc_Dmp!\x18";

	input.folder = false;
	file("x.bin", encrypted, sizeof(encrypted));
	ck_assert_int_eq(read_image(), KMD_ERR_UNSUPPORTED);
	again();
	input.folder = false;
	file("md_Kx.BIN", memory, sizeof(memory));
	ck_assert_int_eq(read_image(), KMD_ERR_FORMAT);
	ck_assert_ptr_nonnull(strstr(diag.sentence, "one region file alone"));
	again();
	input.folder = false;
	file("x.bin", "MDMP", 4);
	ck_assert_int_eq(read_image(), KMD_ERR_FORMAT);
	ck_assert_ptr_nonnull(strstr(diag.sentence, "not a kernel minidump: this is a Windows"));
}
END_TEST

/* --------------------------------------------------------------- dump_info */

START_TEST(dump_info_forms)
{
	text_file("DUMP_INFO.TXT",
		  "# comment\r\n\r\n"
		  "1 0x0000000042355000\t0000000000003464\tKvmcorein2          \tmd_Kvm.BIN\r\n"
		  "1 0x0000000000001000\t            0064\tK with blanks   \tmd_K x.BIN      \n"
		  "2 0x2000 0x40 some words here C:\\dump\\md_y.BIN\n"
		  "1 3000 010 K \"../md_z.BIN\"\n"
		  "1 0x4000 00 K md_empty.BIN\n");
	ck_assert_int_eq(read_claims(), KMD_OK);
	ck_assert_uint_eq(diag.n_findings, 0);
	ck_assert_uint_eq(claims.n, 5);
	expect_claim(0, "md_Kvm.BIN", 0x42355000, 3464);
	expect_claim(1, "md_K x.BIN", 0x1000, 64);
	expect_claim(2, "md_y.BIN", 0x2000, 64);
	expect_claim(3, "md_z.BIN", 0x3000, 10);
	expect_claim(4, "md_empty.BIN", 0x4000, 0);
	ck_assert_str_eq(claims.items[0].place.source, "DUMP_INFO.TXT");
	ck_assert_uint_eq(claims.items[0].place.offset, 13);
}
END_TEST

START_TEST(dump_info_bad_lines)
{
	text_file("dump_info.txt", "1 0x1000 16 a md_a.BIN\n"
				   "1 0xzz00 16 b md_b.BIN\n"
				   "1 0x1000\n"
				   "1 0xfffffffffffffff0 17 c md_c.BIN\n"
				   "1 0x1000 99999999999999999999 d md_d.BIN\n"
				   "\x1b[2J\x01 0x1000 16 e md_e.BIN\n"
				   "1 0x2000 16 f md_f.BIN\n");
	ck_assert_int_eq(read_claims(), KMD_OK);
	ck_assert_uint_eq(claims.n, 2);
	expect_claim(1, "md_f.BIN", 0x2000, 16);
	ck_assert_uint_eq(diag.n_findings, 5);
	expect_finding(0, KMD_FIND_TABLE, "dump_info.txt: offset 0x17: this line");
	expect_finding(2, KMD_FIND_TABLE, "beyond the address space");
	expect_finding(4, KMD_FIND_TABLE, "\\x1b[2J\\x01 0x1000");
	ck_assert(diag.degraded);
}
END_TEST

START_TEST(dump_info_cut)
{
	text_file("dump_info.txt", "1 0x1000 16 a md_a.BIN\n1 0x2000 16 b md_b.BI");
	ck_assert_int_eq(read_claims(), KMD_OK);
	ck_assert_uint_eq(claims.n, 1);
	expect_finding(0, KMD_FIND_TRUNCATED, "offset 0x17: dump_info.txt ends in the middle");
	/* Only the newline is missing: the file of the last line exists. */
	again();
	text_file("dump_info.txt", "1 0x1000 16 a md_a.BIN\n1 0x2000 16 b md_b.BIN");
	file("MD_B.BIN", memory, 16);
	ck_assert_int_eq(read_claims(), KMD_OK);
	ck_assert_uint_eq(claims.n, 2);
	ck_assert_uint_eq(diag.n_findings, 0);
}
END_TEST

START_TEST(dump_info_twins)
{
	static const char text[] = "1 0x1000 16 a md_a.BIN\n"
				   "1 0x1000 16 a md_a.BIN\n"
				   "1 0x2000 16 a md_a.BIN\n"
				   "1 0x3000 16 b md_b.BIN\n";

	text_file("dump_info.txt", text);
	ck_assert_int_eq(read_claims(), KMD_OK);
	ck_assert_uint_eq(claims.n, 2);
	expect_claim(0, "md_a.BIN", 0x1000, 16);
	expect_claim(1, "md_b.BIN", 0x3000, 16);
	ck_assert_uint_eq(diag.n_findings, 1);
	expect_finding(0, KMD_FIND_DISAGREE, "offset 0x2e: dump_info.txt puts md_a.BIN at 0x2000");
	/* A second copy of the text adds nothing ... */
	again();
	text_file("dump_info (copy).txt", "1 0x3000 16 b md_b.BIN\n");
	text_file("dump_info.txt", "1 0x3000 16 b md_b.BIN\n");
	ck_assert_int_eq(read_claims(), KMD_OK);
	ck_assert_uint_eq(claims.n, 1);
	ck_assert_uint_eq(diag.n_findings, 0);
	/* ... and two files of one name may have one address each. */
	again();
	text_file("dump_info.txt", text);
	file("MD_A.BIN", memory, 16);
	file("md_a.BIN", memory, 16);
	ck_assert_int_eq(read_claims(), KMD_OK);
	ck_assert_uint_eq(claims.n, 3);
	ck_assert_uint_eq(diag.n_findings, 0);
}
END_TEST

START_TEST(dump_info_of_many_lines)
{
	size_t size = 0;
	char *text = malloc(70000 * 48);

	for (unsigned int i = 0; i < 70000; i++)
		size += (size_t)sprintf(text + size, "1 0x%x\t%u\tK%u\tmd_K%u.BIN\n", i * 16, 16, i,
					i % 60000);
	file("info.txt", text, size);
	ck_assert_int_eq(read_claims(), KMD_OK);
	ck_assert_uint_eq(claims.n, 60000);
	ck_assert(diag.degraded);
	again();
	memset(text, '\n', size);
	file("dump_info.txt", text, size);
	ck_assert_int_eq(read_claims(), KMD_OK);
	ck_assert_uint_eq(claims.n, 0);
	free(text);
}
END_TEST

START_TEST(no_dump_info)
{
	static const char *const texts[] = {
		"", "hello\n", "1 0x1000\n", "A readme.\nExample:\n1 0x1000 16 a md_a.BIN\nBye.\n"
	};
	struct kmd_blob blob = { .name = (char *)"info.txt" };
	struct kmd_source *source;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ck_assert_int_eq(
			kmd_source_from_memory(&diag, texts[i], strlen(texts[i]), "x", &source),
			KMD_OK);
		blob.source = source;
		blob.size = source->size;
		ck_assert(!kmd_is_dump_info(&blob, &diag));
		ck_assert(!kmd_is_load_cmm(&blob, &diag));
		kmd_source_free(source);
	}
	/* The usual name, but overwritten. */
	file("dump_info.txt", memory, sizeof(memory));
	ck_assert_int_eq(read_claims(), KMD_OK);
	expect_finding(0, KMD_FIND_TABLE, "is not text");
}
END_TEST

/* ---------------------------------------------------------------- load.cmm */

START_TEST(load_cmm_forms)
{
	text_file("load.cmm", "; comment\r\n// d.load.binary no.BIN 0x1\r\n"
			      "SYStem.Up\r\n"
			      "d.load.binary md_a.BIN 0x42355000 /noclear\r\n"
			      "Data.LOAD.Binary \"C:\\my dump\\md_b c.BIN\" A:0x1000 /NoClear\n"
			      "\tD.LOAD.BINARY &dir/md_d.BIN EAN:2000--2fff\n"
			      "d.load.elf vmlinux /nocode\n"
			      "d.load.binary md_e.BIN\n"
			      "d.load.binary md_f.BIN &address\n"
			      "d.load.binary md_g.BIN 0x3000 /noclear");
	file("md_g.BIN", memory, sizeof(memory));
	ck_assert_int_eq(read_claims(), KMD_OK);
	ck_assert_uint_eq(claims.n, 4);
	expect_claim(0, "md_a.BIN", 0x42355000, 0);
	expect_claim(1, "md_b c.BIN", 0x1000, 0);
	expect_claim(2, "md_d.BIN", 0x2000, 0);
	expect_claim(3, "md_g.BIN", 0x3000, 0);
	ck_assert_uint_eq(diag.n_findings, 2);
	expect_finding(0, KMD_FIND_TABLE, "d.load.binary md_e.BIN");
}
END_TEST

/* Without its newline an address may have lost digits. */
START_TEST(load_cmm_cut_in_an_address)
{
	text_file("load.cmm", "d.load.binary md_a.BIN 0x42355000\nd.load.binary md_b.BIN 0x4235");
	file("md_b.BIN", memory, sizeof(memory));
	ck_assert_int_eq(read_claims(), KMD_OK);
	ck_assert_uint_eq(claims.n, 1);
	expect_finding(0, KMD_FIND_TRUNCATED, "load.cmm ends in the middle");
}
END_TEST

/* As a section of a partition image: some bytes into a source, padded behind. */
START_TEST(load_cmm_as_a_section)
{
	static const char bytes[] = "junkd.load.binary md_a.BIN 0x1000\r\n\0\0\0junk";
	struct kmd_source *source;
	struct kmd_blob *blob = kmd_image_add(&image);

	ck_assert_int_eq(kmd_source_from_memory(&diag, bytes, sizeof(bytes), "img", &source),
			 KMD_OK);
	blob->name = strdup("");
	blob->source = source;
	blob->offset = 4;
	blob->size = blob->declared = sizeof(bytes) - 1 - 8;
	ck_assert(kmd_is_load_cmm(blob, &diag));
	ck_assert_int_eq(kmd_claims_load_cmm.read(&image, &diag, &claims), KMD_OK);
	expect_claim(0, "md_a.BIN", 0x1000, 0);
	ck_assert_uint_eq(claims.items[0].place.offset, 4);
	ck_assert_uint_eq(diag.n_findings, 0);
	kmd_source_free(source);
}
END_TEST

/* Every single bit of a small table changed: no crash, no endless loop. */
START_TEST(texts_with_flipped_bits)
{
	char text[] = "1 0x1000\t0016\ta\tmd_a.BIN\r\nd.load.binary \"md_a.BIN\" A:0x1000 /x\r\n";
	size_t length = strlen(text);

	for (size_t bit = 0; bit < length * 8; bit++) {
		text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
		file("dump_info.txt", text, length);
		file("load.cmm", text, length);
		ck_assert_int_eq(read_claims(), KMD_OK);
		text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
		again();
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("folder");
	TCase *tcase = tcase_create("folder");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, setup, reset);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, folder_of_regions);
	tcase_add_test(tcase, folder_by_content);
	tcase_add_test(tcase, folder_of_other_things);
	tcase_add_test(tcase, foreign_files);
	tcase_add_test(tcase, foreign_vmlinux_and_erased);
	tcase_add_test(tcase, refusals);
	tcase_add_test(tcase, dump_info_forms);
	tcase_add_test(tcase, dump_info_bad_lines);
	tcase_add_test(tcase, dump_info_cut);
	tcase_add_test(tcase, dump_info_twins);
	tcase_add_test(tcase, dump_info_of_many_lines);
	tcase_add_test(tcase, no_dump_info);
	tcase_add_test(tcase, load_cmm_forms);
	tcase_add_test(tcase, load_cmm_cut_in_an_address);
	tcase_add_test(tcase, load_cmm_as_a_section);
	tcase_add_test(tcase, texts_with_flipped_bits);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
