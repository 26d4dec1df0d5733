/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_raw_dump.c - the partition image: header, section table, and damage of both. */
#include "kit.h"

#include "image/image.h"

#include <kmemdump/minidump.h>
#include <stdlib.h>
#include <string.h>

#define SECTIONS 4u
#define DATA     (MD_RAW_HEADER_SIZE + SECTIONS * MD_RAW_SECTION_SIZE)
#define LENGTH   0x40u /* of every section */
#define END      (DATA + SECTIONS * LENGTH)
#define PHYS     0x80001000u /* of the first; the others follow 0x1000 apart */

static struct bytes dump;
static struct kmd_image image;
static struct kmd_image_options options;

static size_t section(unsigned int index, unsigned int field)
{
	return MD_RAW_HEADER_SIZE + index * MD_RAW_SECTION_SIZE + field;
}

static void put_section(unsigned int index, const char *name)
{
	bytes_set(&dump, section(index, MD_RAW_SECTION_FLAGS), MD_RAW_VALID, 4);
	bytes_set(&dump, section(index, MD_RAW_SECTION_VERSION), MD_RAW_VERSION_QCOM, 4);
	bytes_set(&dump, section(index, MD_RAW_SECTION_TYPE), MD_RAW_TYPE_DDR, 4);
	bytes_set(&dump, section(index, MD_RAW_SECTION_OFFSET), DATA + index * LENGTH, 8);
	bytes_set(&dump, section(index, MD_RAW_SECTION_LENGTH), LENGTH, 8);
	bytes_set(&dump, section(index, MD_RAW_SECTION_INFO), PHYS + index * 0x1000, 8);
	bytes_zero_until(&dump, section(index + 1, 0));
	memcpy(dump.at + section(index, MD_RAW_SECTION_NAME), name, strlen(name));
}

/* A good dump of four sections, which the tests change. */
static void build(void)
{
	static const char *const names[SECTIONS] = { "md_KELF.BIN", "md_Kprb.BIN", "load.cmm",
						     "md_twenty_letters_yy" };

	bytes_free(&dump);
	memset(&options, 0, sizeof(options));
	bytes_add(&dump, MD_RAW_SIGNATURE, MD_RAW_SIGNATURE_SIZE);
	bytes_set(&dump, MD_RAW_VERSION, MD_RAW_VERSION_QCOM, 4);
	bytes_set(&dump, MD_RAW_FLAGS, MD_RAW_VALID, 4);
	bytes_set(&dump, MD_RAW_DUMP_SIZE, END, 8);
	bytes_set(&dump, MD_RAW_REQUIRED_SIZE, END, 8);
	bytes_set(&dump, MD_RAW_SECTION_COUNT, SECTIONS, 4);
	for (unsigned int i = 0; i < SECTIONS; i++)
		put_section(i, names[i]);
	bytes_set(&dump, section(2, MD_RAW_SECTION_TYPE), MD_RAW_TYPE_SV, 4);
	bytes_set(&dump, section(2, MD_RAW_SECTION_INFO), 0, 8);
	bytes_add(&dump, noise(SECTIONS * LENGTH, 1), SECTIONS * LENGTH);
}

static enum kmd_status read_dump(void)
{
	struct kmd_source *source = (struct kmd_source *)source_of("f", dump.at, dump.size);
	struct kmd_member member = { .file_name = (char *)"f", .source = source };
	struct kmd_input input = { .name = (char *)"f", .members = &member, .n_members = 1 };
	enum kmd_status status;

	kmd_image_deinit(&image);
	kmd_diag_deinit(&diag);
	status = kmd_image_read(&input, &options, &diag, &image);
	if (status == KMD_OK)
		ck_assert_str_eq(image.form, "raw dump partition image");
	return status;
}

static void done(void)
{
	kmd_image_deinit(&image);
	bytes_free(&dump);
}

static void expect_blob(size_t index, uint64_t size)
{
	const struct kmd_blob *blob = &image.blobs[index];

	ck_assert_uint_eq(blob->offset, DATA + index * LENGTH);
	ck_assert_uint_eq(blob->size, size);
	ck_assert_uint_eq(blob->declared, LENGTH);
	ck_assert(!blob->conflict && !blob->invalid);
	ck_assert_int_eq(blob->kind, KMD_BLOB_REGION);
	ck_assert_int_eq(blob->origin, KMD_FROM_SECTION);
}

static void expect_usual(void)
{
	expect_ok(read_dump());
	ck_assert_uint_eq(image.n_blobs, SECTIONS);
	for (size_t i = 0; i < SECTIONS; i++) {
		expect_blob(i, LENGTH);
		ck_assert(image.blobs[i].has_phys == (i != 2));
		if (i != 2)
			ck_assert_uint_eq(image.blobs[i].phys, PHYS + i * 0x1000);
	}
	ck_assert_str_eq(image.blobs[0].name, "md_KELF.BIN");
	/* A name that fills its field has no NUL. */
	ck_assert_str_eq(image.blobs[3].name, "md_twenty_letters_yy");
}

START_TEST(good)
{
	build();
	expect_usual();
	expect_no_messages();
	done();
}
END_TEST

START_TEST(markers)
{
	static const char *const marks[] = { MD_RAW_SIGNATURE_SEEN, MD_RAW_SIGNATURE_COPIED,
					     "\0\0\0\0\0\0\0\0" };

	for (size_t i = 0; i < 3; i++) {
		build();
		memcpy(dump.at, marks[i], MD_RAW_SIGNATURE_SIZE);
		options.accept_invalid = i == 2;
		expect_usual();
		expect_no_messages();
		/* An overwritten marker is accepted only if a section header is well-formed. */
		bytes_set(&dump, section(0, MD_RAW_SECTION_VERSION), 0, 4);
		ck_assert_int_eq(read_dump(), KMD_ERR_FORMAT);
	}
	build();
	memset(dump.at, 0, MD_RAW_SIGNATURE_SIZE);
	ck_assert_int_eq(read_dump(), KMD_ERR_FORMAT);
	memcpy(dump.at, MD_RAW_SIGNATURE_ENCRYPTED, MD_RAW_SIGNATURE_SIZE);
	expect_error(read_dump(), KMD_ERR_UNSUPPORTED, "encrypted");
	done();
}
END_TEST

START_TEST(validity)
{
	build();
	/* Bits are tested, not the whole word. */
	bytes_set(&dump, MD_RAW_FLAGS, MD_RAW_VALID | MD_RAW_CACHE_FLUSHED, 4);
	expect_usual();
	expect_no_messages();
	bytes_set(&dump, MD_RAW_FLAGS, MD_RAW_CACHE_FLUSHED, 4);
	expect_error(read_dump(), KMD_ERR_DAMAGED, "f: offset 0xc: the partition holds no valid");
	options.accept_invalid = true;
	expect_usual();
	expect_finding(KMD_FIND_HEADER, KMD_DAMAGE, "not marked as valid (flags 0x8)");
	options.accept_invalid = false;
	bytes_set(&dump, MD_RAW_FLAGS, MD_RAW_INSUFFICIENT, 4);
	bytes_set(&dump, MD_RAW_REQUIRED_SIZE, 0x123456, 8);
	expect_usual();
	expect_finding(KMD_FIND_STORAGE, KMD_DAMAGE, "needs 0x123456 bytes");
	done();
}
END_TEST

START_TEST(section_not_valid)
{
	build();
	bytes_set(&dump, section(1, MD_RAW_SECTION_FLAGS), 0, 4);
	expect_ok(read_dump());
	ck_assert(image.blobs[1].invalid && !image.blobs[0].invalid);
	done();
}
END_TEST

START_TEST(dump_size_bounds)
{
	build();
	/* Stale bytes behind the dump are never read. */
	bytes_add(&dump, noise(100, 9), 100);
	expect_usual();
	expect_no_messages();
	/* Rounded up beyond the file. */
	bytes_set(&dump, MD_RAW_DUMP_SIZE, 1 << 20, 8);
	expect_usual();
	expect_no_messages();
	/* The dump ends inside the last section, and then in the one before. */
	bytes_set(&dump, MD_RAW_DUMP_SIZE, END - 0x10, 8);
	expect_ok(read_dump());
	expect_blob(3, LENGTH - 0x10);
	expect_finding(KMD_FIND_TRUNCATED, KMD_DAMAGE, "but the dump ends at");
	bytes_set(&dump, MD_RAW_DUMP_SIZE, END - LENGTH - 1, 8);
	expect_ok(read_dump());
	expect_blob(2, LENGTH - 1);
	ck_assert_uint_eq(image.blobs[3].size, 0);
	ck_assert_uint_eq(findings_of(KMD_FIND_TRUNCATED), 2);
	/* An impossible size. */
	bytes_set(&dump, MD_RAW_DUMP_SIZE, 60, 8);
	bytes_set(&dump, MD_RAW_FLAGS, MD_RAW_VALID, 4);
	expect_usual();
	expect_finding(KMD_FIND_HEADER, KMD_DAMAGE, "invalid dump size 0x3c");
	bytes_set(&dump, MD_RAW_DUMP_SIZE, 0, 8);
	expect_usual();
	expect_finding(KMD_FIND_HEADER, KMD_NOTE, "invalid dump size 0x0");
	done();
}
END_TEST

START_TEST(file_is_cut)
{
	build();
	dump.size = END - LENGTH - 8;
	expect_ok(read_dump());
	expect_blob(1, LENGTH);
	expect_blob(2, LENGTH - 8);
	ck_assert_uint_eq(image.blobs[3].size, 0);
	ck_assert_uint_eq(findings_of(KMD_FIND_TRUNCATED), 2);
	/* The file ends in the table, and in the header. */
	dump.size = section(2, 10);
	expect_ok(read_dump());
	ck_assert_uint_eq(image.n_blobs, 2);
	expect_finding(KMD_FIND_TABLE, KMD_DAMAGE, "counts 4 sections, the table contains only 2");
	dump.size = MD_RAW_SECTION_COUNT;
	expect_error(read_dump(), KMD_ERR_DAMAGED, "header extends past the end of the input");
	done();
}
END_TEST

START_TEST(count_too_big)
{
	static const uint32_t counts[] = { SECTIONS + 1, 40, 0x10000, UINT32_MAX };

	for (size_t i = 0; i < 4; i++) {
		build();
		bytes_set(&dump, MD_RAW_SECTION_COUNT, counts[i], 4);
		expect_usual();
		expect_finding(KMD_FIND_TABLE, KMD_DAMAGE, "the table contains only 4");
	}
	done();
}
END_TEST

START_TEST(count_too_small)
{
	build();
	bytes_set(&dump, MD_RAW_SECTION_COUNT, 3, 4);
	expect_ok(read_dump());
	ck_assert_uint_eq(image.n_blobs, 4);
	ck_assert(!image.blobs[2].conflict);
	ck_assert(image.blobs[3].conflict);
	ck_assert_uint_eq(diag.n_findings, 1);
	expect_finding(KMD_FIND_TABLE, KMD_DAMAGE, "the table contains 4; the rest is ignored");
	bytes_set(&dump, MD_RAW_SECTION_COUNT, 0, 4);
	expect_error(read_dump(), KMD_ERR_DAMAGED, "contains no section");
	done();
}
END_TEST

/* Sections may be in any order, have gaps, and share bytes if their addresses match. */
START_TEST(layouts_that_are_good)
{
	build();
	bytes_set(&dump, section(0, MD_RAW_SECTION_OFFSET), DATA + LENGTH, 8);
	bytes_set(&dump, section(1, MD_RAW_SECTION_OFFSET), DATA, 8);
	expect_ok(read_dump());
	expect_no_messages();
	ck_assert_uint_eq(image.blobs[1].offset, DATA);
	/* The second is a part of the first, in memory as well. */
	build();
	bytes_set(&dump, section(1, MD_RAW_SECTION_OFFSET), DATA + 8, 8);
	bytes_set(&dump, section(1, MD_RAW_SECTION_LENGTH), 16, 8);
	bytes_set(&dump, section(1, MD_RAW_SECTION_INFO), PHYS + 8, 8);
	expect_ok(read_dump());
	expect_no_messages();
	/* 188 bytes behind the table, as in encrypted dumps. */
	build();
	for (unsigned int i = 0; i < SECTIONS; i++)
		bytes_set(&dump, section(i, MD_RAW_SECTION_OFFSET), DATA + 188 + i * LENGTH, 8);
	bytes_set(&dump, MD_RAW_DUMP_SIZE, END + 188, 8);
	bytes_zero_until(&dump, END + 188);
	expect_ok(read_dump());
	expect_no_messages();
	done();
}
END_TEST

/* If one word is damaged, only that section is not used. */
static void expect_conflict(unsigned int index)
{
	expect_ok(read_dump());
	ck_assert_uint_eq(image.n_blobs, SECTIONS);
	for (size_t i = 0; i < SECTIONS; i++)
		ck_assert_msg(image.blobs[i].conflict == (i == index), "section %zu", i);
	expect_finding(KMD_FIND_TABLE, KMD_DAMAGE, "contradicts the rest of the table");
}

START_TEST(conflicts)
{
	build();
	/* The offset points to the bytes of another section. */
	bytes_set(&dump, section(1, MD_RAW_SECTION_OFFSET), DATA + 2 * LENGTH + 4, 8);
	expect_conflict(1);
	/* The offset points into the table. */
	bytes_set(&dump, section(1, MD_RAW_SECTION_OFFSET), MD_RAW_HEADER_SIZE + 4, 8);
	expect_conflict(1);
	/* The size covers the two sections that follow. */
	build();
	bytes_set(&dump, section(0, MD_RAW_SECTION_LENGTH), 2 * LENGTH + 0x20, 8);
	expect_conflict(0);
	/* Offset plus size wraps. */
	build();
	bytes_set(&dump, section(2, MD_RAW_SECTION_OFFSET), UINT64_MAX - 3, 8);
	expect_conflict(2);
	/* The version or the type is unknown. */
	build();
	bytes_set(&dump, section(1, MD_RAW_SECTION_TYPE), 0x12345678, 4);
	expect_conflict(1);
	done();
}
END_TEST

/* Two sections claim the same bytes for different addresses: neither is used. */
START_TEST(same_bytes_twice)
{
	build();
	bytes_set(&dump, section(1, MD_RAW_SECTION_OFFSET), DATA, 8);
	expect_ok(read_dump());
	ck_assert(image.blobs[0].conflict || image.blobs[1].conflict);
	ck_assert(!image.blobs[2].conflict && !image.blobs[3].conflict);
	ck_assert(diag.degraded);
	/* The section is a part of the next one, so at least one of them is wrong. */
	build();
	bytes_set(&dump, section(0, MD_RAW_SECTION_LENGTH), LENGTH + 0x20, 8);
	expect_ok(read_dump());
	ck_assert(image.blobs[0].conflict || image.blobs[1].conflict);
	ck_assert(findings_of(KMD_FIND_TABLE) > 0);
	done();
}
END_TEST

START_TEST(kinds_and_addresses)
{
	build();
	bytes_set(&dump, section(2, MD_RAW_SECTION_TYPE), MD_RAW_TYPE_CPU_CONTEXT, 4);
	bytes_set(&dump, section(1, MD_RAW_SECTION_TYPE), MD_RAW_TYPE_SV, 4);
	bytes_set(&dump, section(3, MD_RAW_SECTION_INFO), 0, 8);
	expect_ok(read_dump());
	ck_assert_int_eq(image.blobs[2].kind, KMD_BLOB_AUXILIARY);
	ck_assert_int_eq(image.blobs[1].kind, KMD_BLOB_REGION);
	ck_assert(image.blobs[1].has_phys);
	/* Firmware writes 0 for no address. */
	ck_assert(!image.blobs[3].has_phys);
	done();
}
END_TEST

/* With any single wrong word, no blob ends outside of the file and no two share bytes. */
START_TEST(every_word)
{
	static const uint64_t values[] = { 0, 1, 0x7fffffff, 0xffffffff, DATA, END };

	for (size_t at = 8; at + 4 <= DATA; at += 4)
		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
			build();
			options.accept_invalid = true;
			bytes_set(&dump, at, values[i], 4);
			if (read_dump() != KMD_OK)
				continue;
			for (size_t b = 0; b < image.n_blobs; b++) {
				const struct kmd_blob *blob = &image.blobs[b];

				ck_assert_uint_le(blob->offset, dump.size);
				ck_assert_uint_le(blob->size, dump.size - blob->offset);
				ck_assert_uint_le(blob->size, blob->declared);
			}
		}
	done();
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_test(tcase, good);
	tcase_add_test(tcase, markers);
	tcase_add_test(tcase, validity);
	tcase_add_test(tcase, section_not_valid);
	tcase_add_test(tcase, dump_size_bounds);
	tcase_add_test(tcase, file_is_cut);
	tcase_add_test(tcase, count_too_big);
	tcase_add_test(tcase, count_too_small);
	tcase_add_test(tcase, layouts_that_are_good);
	tcase_add_test(tcase, conflicts);
	tcase_add_test(tcase, same_bytes_twice);
	tcase_add_test(tcase, kinds_and_addresses);
	tcase_add_test(tcase, every_word);
	return kit_run("raw_dump", tcase);
}
