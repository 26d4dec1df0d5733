/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_vmlinux_files.c - a vmlinux that is compressed, or in several files. */
#include "elf_kit.h"
#include "types/types.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct kmd_vmlinux vmlinux;
static struct kmd_vmlinux_options options;
static char root[512];

static const struct kernel_spec stripped = { true, false, false, "\xab\xcd\xef\x01", NULL, 0 };
static const struct kernel_spec debug = { false, true, true, "\xab\xcd\xef\x01", NULL, 0 };

static void write_kernel(const char *name, const struct kernel_spec *spec)
{
	struct bytes file = { 0 };

	kernel_make(&file, spec);
	file_with(name, file.at, file.size);
	bytes_free(&file);
}

static enum kmd_status open_name(const char *name)
{
	snprintf(root, sizeof(root), "%s/root", temporary_folder());
	options.debug_root = root;
	return kmd_vmlinux_open(path_in_folder(name), &options, &diag, &vmlinux);
}

static bool has_types(void)
{
	struct kmd_type_query run_sources = { .kind = KMD_TYPE_SIZE, .type = "page" };

	return kmd_vmlinux_types(&vmlinux, &run_sources, 1, &diag) != KMD_ERR_NOT_FOUND;
}

/* Whether all three parts are present. */
static void expect_parts(const char *name, bool content, bool dwarf)
{
	char byte;

	expect_ok(open_name(name));
	ck_assert_uint_eq(vmlinux.n, 2);
	ck_assert_int_eq(kmd_vmlinux_bytes(&vmlinux, KERNEL_TEXT, &byte, 1), content);
	ck_assert_int_eq(vmlinux.banner != NULL, content);
	ck_assert_int_eq(has_types(), dwarf);
	kmd_vmlinux_deinit(&vmlinux);
}

static void expect_none(const char *name)
{
	expect_error(open_name(name), KMD_ERR_FORMAT, "no separate debug file of it was found");
}

/* -------------------------------------------------------------- search */

START_TEST(by_build_id)
{
	write_kernel("vmlinux", &stripped);
	expect_none("vmlinux");
	write_kernel("root/.build-id/ab/cdef01.debug", &debug);
	expect_parts("vmlinux", true, true);
	/* The debug file of another build. */
	write_kernel("root/.build-id/ab/cdef01.debug",
		     &(struct kernel_spec){ false, true, true, "\xab\xcd\xef\x02", NULL, 0 });
	expect_none("vmlinux");
	file_with("root/.build-id/ab/cdef01.debug", "rubbish", 7);
	expect_none("vmlinux");
}
END_TEST

START_TEST(debug_file_given)
{
	write_kernel("vmlinux.debug", &debug);
	expect_parts("vmlinux.debug", false, true);
	write_kernel("root/.build-id/ab/cdef01", &stripped);
	expect_parts("vmlinux.debug", true, true);
}
END_TEST

/* Symbols are present, but types are not. */
START_TEST(half_stripped)
{
	write_kernel("vmlinux",
		     &(struct kernel_spec){ true, true, false, "\xab\xcd\xef\x01", NULL, 0 });
	expect_parts("vmlinux", true, false);
	write_kernel("root/.build-id/ab/cdef01.debug", &debug);
	expect_parts("vmlinux", true, true);
}
END_TEST

static void try_link(const char *where)
{
	write_kernel(where, &debug);
	expect_parts("vmlinux", true, true);
	ck_assert_int_eq(unlink(path_in_folder(where)), 0);
	expect_none("vmlinux");
}

START_TEST(by_link)
{
	char mirror[600], *real;

	write_kernel("vmlinux",
		     &(struct kernel_spec){ true, false, false, "\xab\xcd\xef\x01", "v.debug", 7 });
	try_link("v.debug");
	try_link(".debug/v.debug");
	real = realpath(temporary_folder(), NULL);
	snprintf(mirror, sizeof(mirror), "root%s/v.debug", real);
	free(real);
	try_link(mirror);
	/* The build-id has precedence over the CRC. */
	write_kernel("v.debug",
		     &(struct kernel_spec){ false, true, true, "\xab\xcd\xef\x02", NULL, 0 });
	expect_none("vmlinux");
	/* The link is a name and never a path. */
	write_kernel("other/v.debug", &debug);
	write_kernel("vmlinux", &(struct kernel_spec){ true, false, false, "\xab\xcd\xef\x01",
						       "other/v.debug", 7 });
	expect_none("vmlinux");
}
END_TEST

static uint32_t slow_crc(const unsigned char *bytes, size_t size)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

START_TEST(by_link_and_crc)
{
	struct kernel_spec spec = { true, false, false, NULL, "v.debug", 0 };
	struct bytes file = { 0 };

	ck_assert_uint_eq(slow_crc((const unsigned char *)"123456789", 9), 0xcbf43926);
	kernel_make(&file, &(struct kernel_spec){ false, true, true, NULL, NULL, 0 });
	bytes_zero_until(&file, 70000); /* more than one block */
	file_with("v.debug", file.at, file.size);
	spec.debug_crc = slow_crc(file.at, file.size);
	write_kernel("vmlinux", &spec);
	expect_parts("vmlinux", true, true);
	spec.debug_crc ^= 1;
	write_kernel("vmlinux", &spec);
	expect_none("vmlinux");
	bytes_free(&file);
}
END_TEST

/* libdebuginfod accepts file:// too; it is used only if the user allows it. */
START_TEST(by_debuginfod)
{
	char url[600], cache[600];

	snprintf(url, sizeof(url), "file://%s/server", temporary_folder());
	snprintf(cache, sizeof(cache), "%s/cache", temporary_folder());
	setenv("DEBUGINFOD_URLS", url, 1);
	setenv("DEBUGINFOD_CACHE_PATH", cache, 1);
	write_kernel("vmlinux", &stripped);
	write_kernel("vmlinux.debug", &debug);
	write_kernel("server/buildid/abcdef01/debuginfo", &debug);
	write_kernel("server/buildid/abcdef01/executable", &stripped);
	expect_none("vmlinux");
	expect_no_messages();
	options.debuginfod = true;
	if (open_name("vmlinux") != KMD_OK && has_message("cannot be loaded")) {
		options.debuginfod = false;
		return;
	}
	kmd_vmlinux_deinit(&vmlinux);
	expect_parts("vmlinux", true, true);
	expect_parts("vmlinux.debug", true, true);
	options.debuginfod = false;
}
END_TEST

/* ---------------------------------------------------------- compressed */

/* Compress with libarchive's filter; the size. */
static size_t pack(const struct bytes *file, const char *filter, unsigned char *out, size_t size)
{
	struct archive *archive = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	size_t used = 0;

	archive_write_set_format_raw(archive);
	ck_assert_int_eq(archive_write_add_filter_by_name(archive, filter), ARCHIVE_OK);
	archive_write_set_bytes_in_last_block(archive, 1);
	archive_write_open_memory(archive, out, size, &used);
	archive_entry_set_filetype(entry, AE_IFREG);
	ck_assert_int_eq(archive_write_header(archive, entry), ARCHIVE_OK);
	ck_assert_int_eq(archive_write_data(archive, file->at, file->size), (ssize_t)file->size);
	ck_assert_int_eq(archive_write_close(archive), ARCHIVE_OK);
	archive_write_free(archive);
	archive_entry_free(entry);
	return used;
}

static void try_filter(const char *filter)
{
	static unsigned char packed[1 << 20];
	struct bytes file = { 0 };
	size_t size;

	vmlinux_fixture_read("gcc-x86_64", &file);
	size = pack(&file, filter, packed, sizeof(packed));
	file_with("packed", packed, size);
	expect_ok(open_name("packed"));
	ck_assert_str_eq(vmlinux.banner, "Linux version 0.0.0-fixture (kmd) #1");
	ck_assert(has_types());
	kmd_vmlinux_deinit(&vmlinux);
	/* One byte less than the unpacked size. */
	options.unpack_limit = file.size - 1;
	expect_error(open_name("packed"), KMD_ERR_LIMIT, "limit");
	options.unpack_limit = file.size;
	expect_ok(open_name("packed"));
	kmd_vmlinux_deinit(&vmlinux);
	options.unpack_limit = 0;
	file_with("packed", packed, size / 2);
	ck_assert_int_ne(open_name("packed"), KMD_OK);
	ck_assert(strstr(diag.sentence, "truncated") ||
		  strstr(diag.sentence, "cannot be unpacked"));
	bytes_free(&file);
}

START_TEST(filters)
{
	try_filter("gzip");
	try_filter("xz");
	try_filter("zstd");
	try_filter("bzip2");
}
END_TEST

START_TEST(packed_other)
{
	unsigned char packed[4096], image[0x210] = { 'M', 'Z' };
	struct bytes file = { .at = image, .size = sizeof(image) };

	memcpy(image + 0x202, "HdrS", 4);
	file_with("packed", packed, pack(&file, "gzip", packed, sizeof(packed)));
	expect_error(open_name("packed"), KMD_ERR_FORMAT, "compressed boot image (vmlinuz)");
	ck_assert(has_message("(unpacked)"));
	file_with("packed", "\x1f\x8b", 2);
	expect_error(open_name("packed"), KMD_ERR_FORMAT, "");
	file_with("packed", "\x28\xb5\x2f\xfd", 4);
	expect_error(open_name("packed"), KMD_ERR_FORMAT, "");
}
END_TEST

/* The link points outside of the folder of the compressed file. */
START_TEST(packed_and_split)
{
	unsigned char packed[8192];
	struct bytes file = { 0 };

	kernel_make(&file,
		    &(struct kernel_spec){ true, false, false, "\xab\xcd\xef\x01", "v.debug", 7 });
	file_with("vmlinux.gz", packed, pack(&file, "gzip", packed, sizeof(packed)));
	bytes_free(&file);
	kernel_make(&file, &debug);
	file_with("v.debug", packed, pack(&file, "xz", packed, sizeof(packed)));
	bytes_free(&file);
	expect_parts("vmlinux.gz", true, true);
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_test(tcase, by_build_id);
	tcase_add_test(tcase, debug_file_given);
	tcase_add_test(tcase, half_stripped);
	tcase_add_test(tcase, by_link);
	tcase_add_test(tcase, by_link_and_crc);
	tcase_add_test(tcase, by_debuginfod);
	tcase_add_test(tcase, filters);
	tcase_add_test(tcase, packed_other);
	tcase_add_test(tcase, packed_and_split);
	return kit_run("vmlinux-files", tcase);
}
