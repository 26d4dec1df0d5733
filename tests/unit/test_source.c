/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_source.c - the input of users becomes plain bytes: files, folders, streams, zstd. */
#include "kit.h"

#include "source/input.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

static struct kmd_input input;
static struct kmd_input_options options;

static void setup(void)
{
	memset(&input, 0, sizeof(input));
	memset(&options, 0, sizeof(options));
}

static void teardown(void)
{
	kmd_input_deinit(&input);
}

static void put(const char *name, const void *bytes, size_t size)
{
	FILE *file = fopen(path_in_folder(name), "wb");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
	ck_assert_int_eq(fclose(file), 0);
}

static void put_text(const char *name, const char *text)
{
	put(name, text, strlen(text));
}

static enum kmd_status open_path(const char *name)
{
	return kmd_input_from_path(&diag, &options,
				   name ? path_in_folder(name) : temporary_folder(), &input);
}

static void expect_bytes(size_t member, const void *bytes, size_t size)
{
	unsigned char *got = malloc(size + 1);

	ck_assert_uint_lt(member, input.n_members);
	ck_assert_uint_eq(input.members[member].source->size, size);
	ck_assert_int_eq(kmd_source_read(input.members[member].source, 0, got, size, &diag),
			 KMD_OK);
	ck_assert_mem_eq(got, bytes, size);
	free(got);
}

/* Bytes that do not compress well, with a hole of zeroes. */
static unsigned char *sample(size_t size)
{
	unsigned char *bytes = malloc(size);
	uint32_t x = 1;

	for (size_t i = 0; i < size; i++) {
		x = x * 1664525 + 1013904223;
		bytes[i] = i / 65536 % 3 == 1 ? 0 : (unsigned char)(x >> 24);
	}
	return bytes;
}

/* A frame with a checksum; freed by the caller. */
static size_t pack(const void *bytes, size_t size, bool with_size, int window, char **out)
{
	ZSTD_CCtx *zstd = ZSTD_createCCtx();
	size_t room = ZSTD_compressBound(size), packed;

	ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_contentSizeFlag, with_size);
	if (window)
		ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, window);
	*out = malloc(room);
	packed = ZSTD_compress2(zstd, *out, room, bytes, size);
	ck_assert(!ZSTD_isError(packed));
	ZSTD_freeCCtx(zstd);
	return packed;
}

static void put_packed(const char *name, const void *bytes, size_t size)
{
	char *packed;
	size_t length = pack(bytes, size, true, 0, &packed);

	put(name, packed, length);
	free(packed);
}

/* ------------------------------------------------------------------ single */

START_TEST(plain_file)
{
	put_text("dump.bin", "hello");
	ck_assert_int_eq(open_path("dump.bin"), KMD_OK);
	ck_assert(!input.folder);
	ck_assert_str_eq(input.members[0].file_name, "dump.bin");
	ck_assert_str_eq(input.members[0].source->name, path_in_folder("dump.bin"));
	expect_bytes(0, "hello", 5);
}
END_TEST

START_TEST(descriptor_keeps_its_position)
{
	int fd;

	put_text("dump.bin", "hello");
	fd = open(path_in_folder("dump.bin"), O_RDONLY);
	lseek(fd, 2, SEEK_SET);
	ck_assert_int_eq(kmd_input_from_fd(&diag, &options, fd, NULL, &input), KMD_OK);
	expect_bytes(0, "hello", 5);
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 2);
	close(fd);
	expect_bytes(0, "hello", 5);
	ck_assert_str_eq(input.name, "input");
}
END_TEST

START_TEST(memory)
{
	ck_assert_int_eq(kmd_input_from_memory(&diag, &options, "hello", 5, "m", &input), KMD_OK);
	expect_bytes(0, "hello", 5);
}
END_TEST

START_TEST(missing_and_odd_files)
{
	ck_assert_int_eq(open_path("a\nb"), KMD_ERR_IO);
	ck_assert_ptr_nonnull(strstr(diag.sentence, "a\\x0ab: cannot be opened: "));
	ck_assert_int_eq(kmd_input_from_path(&diag, &options, "/dev/null", &input), KMD_ERR_FORMAT);
	ck_assert_int_eq(kmd_input_from_fd(&diag, &options, -1, "x", &input), KMD_ERR_IO);
}
END_TEST

START_TEST(read_behind_the_end)
{
	char byte;

	put_text("dump.bin", "hello");
	ck_assert_int_eq(open_path("dump.bin"), KMD_OK);
	ck_assert_int_eq(kmd_source_read(input.members[0].source, 5, &byte, 1, &diag), KMD_ERR_IO);
	ck_assert_int_eq(kmd_source_read(input.members[0].source, UINT64_MAX, &byte, 2, &diag),
			 KMD_ERR_IO);
	ck_assert_int_eq(truncate(path_in_folder("dump.bin"), 2), 0);
	ck_assert_int_eq(kmd_source_read(input.members[0].source, 4, &byte, 1, &diag), KMD_ERR_IO);
}
END_TEST

/* ------------------------------------------------------------------ stream */

struct writer {
	int fd;
	const void *bytes;
	size_t size;
};

static void *write_all(void *argument)
{
	struct writer *writer = argument;
	const char *bytes = writer->bytes;
	size_t left = writer->size;

	while (left) {
		ssize_t put_now = write(writer->fd, bytes, left);

		if (put_now <= 0)
			break;
		bytes += put_now;
		left -= (size_t)put_now;
	}
	close(writer->fd);
	return NULL;
}

static enum kmd_status open_stream(const void *bytes, size_t size)
{
	struct writer writer = { -1, bytes, size };
	enum kmd_status status;
	pthread_t thread;
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	writer.fd = ends[1];
	ck_assert_int_eq(pthread_create(&thread, NULL, write_all, &writer), 0);
	status = kmd_input_from_fd(&diag, &options, ends[0], "-", &input);
	close(ends[0]);
	pthread_join(thread, NULL);
	return status;
}

START_TEST(stream_plain_and_packed)
{
	size_t size = 700001, length;
	unsigned char *bytes = sample(size);
	char *packed;

	length = pack(bytes, size, true, 0, &packed);
	ck_assert_int_eq(open_stream(bytes, size), KMD_OK);
	expect_bytes(0, bytes, size);
	kmd_input_deinit(&input);
	ck_assert_int_eq(open_stream(packed, length), KMD_OK);
	expect_bytes(0, bytes, size);
	kmd_input_deinit(&input);
	ck_assert_int_eq(open_stream("", 0), KMD_OK);
	ck_assert_uint_eq(input.members[0].source->size, 0);
	free(packed);
	free(bytes);
}
END_TEST

START_TEST(stream_over_the_limit)
{
	static const char text[64] = "some bytes";

	options.unpack_limit = 1000;
	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(open_stream(text, sizeof(text)), KMD_OK);
	kmd_input_deinit(&input);
	options.unpack_limit = 10;
	ck_assert_int_eq(open_stream(text, sizeof(text)), KMD_ERR_LIMIT);
}
END_TEST

static int cancel(void *user, enum kmd_phase phase, uint64_t done, uint64_t total)
{
	(void)user, (void)done, (void)total;
	return phase == KMD_PHASE_UNPACK;
}

START_TEST(fifo_without_writer_can_be_canceled)
{
	options.progress = cancel;
	ck_assert_int_eq(mkfifo(path_in_folder("fifo"), 0600), 0);
	ck_assert_int_eq(open_path("fifo"), KMD_ERR_CANCELED);
}
END_TEST

START_TEST(zstd_file)
{
	size_t size = 1000003;
	unsigned char *bytes = sample(size);
	struct stat st;

	put_packed("dump.bin.zst", bytes, size);
	ck_assert_int_eq(open_path("dump.bin.zst"), KMD_OK);
	ck_assert_str_eq(input.members[0].file_name, "dump.bin");
	expect_bytes(0, bytes, size);
	ck_assert_int_eq(fstat(input.scratch.fd, &st), 0);
	ck_assert_uint_eq((size_t)st.st_size, size);
	ck_assert_uint_eq(diag.n_findings, 0);
	free(bytes);
}
END_TEST

START_TEST(zstd_found_by_content_frames_joined)
{
	static const unsigned char skippable[] = { 0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3 };
	unsigned char *bytes = sample(300000), all[4096] = { 0 };
	char *one, *two;
	size_t a = pack(bytes, 200000, false, 0, &one),
	       b = pack(bytes + 200000, 100000, true, 0, &two);
	FILE *file = fopen(path_in_folder("dump"), "wb");

	fwrite(skippable, 1, sizeof(skippable), file);
	fwrite(one, 1, a, file);
	fwrite(skippable, 1, sizeof(skippable), file);
	fwrite(two, 1, b, file);
	fwrite(all, 1, sizeof(all), file);
	fclose(file);
	ck_assert_int_eq(open_path("dump"), KMD_OK);
	expect_bytes(0, bytes, 300000);
	ck_assert_uint_eq(diag.n_findings, 1);
	ck_assert_int_eq(diag.findings[0]->severity, KMD_NOTE);
	free(one);
	free(two);
	free(bytes);
}
END_TEST

START_TEST(zstd_packed_twice)
{
	unsigned char *bytes = sample(1000);
	char *once, *twice;
	size_t length = pack(bytes, 1000, true, 0, &once);
	size_t outer = pack(once, length, true, 0, &twice);

	ck_assert_int_eq(kmd_input_from_memory(&diag, &options, twice, outer, "m", &input), KMD_OK);
	expect_bytes(0, bytes, 1000);
	free(once);
	free(twice);
	free(bytes);
}
END_TEST

/* A packed dump is cut at any place: the existing bytes are right, and a finding reports the cut.
 */
START_TEST(zstd_cut_anywhere)
{
	size_t size = 400000, length;
	unsigned char *bytes = sample(size);
	char *packed;

	length = pack(bytes, size, true, 0, &packed);
	for (size_t cut = 8; cut < length; cut += 4099) {
		enum kmd_status status =
			kmd_input_from_memory(&diag, &options, packed, cut, "m", &input);

		if (status == KMD_OK) {
			size_t got = (size_t)input.members[0].source->size;

			ck_assert_uint_lt(got, size);
			expect_bytes(0, bytes, got);
			ck_assert_int_eq(diag.findings[0]->code, KMD_FIND_TRUNCATED);
			ck_assert(diag.degraded);
		} else {
			ck_assert_int_eq(status, KMD_ERR_DAMAGED);
		}
		kmd_input_deinit(&input);
		kmd_diag_deinit(&diag);
	}
	free(packed);
	free(bytes);
}
END_TEST

START_TEST(zstd_damaged)
{
	size_t size = 400000, length;
	unsigned char *bytes = sample(size);
	char *packed;

	length = pack(bytes, size, true, 0, &packed);
	/* Only the checksum is damaged: all bytes are present, but a finding reports it. */
	packed[length - 1] ^= 1;
	ck_assert_int_eq(kmd_input_from_memory(&diag, &options, packed, length, "m", &input),
			 KMD_OK);
	expect_bytes(0, bytes, size);
	ck_assert_uint_eq(diag.n_findings, 1);
	ck_assert_int_eq(diag.findings[0]->code, KMD_FIND_DISAGREE);
	packed[length - 1] ^= 1;
	/* Any single bit is damaged: no crash, and each difference is reported. */
	for (size_t at = 4; at < length; at += 997) {
		kmd_input_deinit(&input);
		kmd_diag_deinit(&diag);
		packed[at] ^= 0x10;
		if (kmd_input_from_memory(&diag, &options, packed, length, "m", &input) == KMD_OK &&
		    !diag.degraded)
			expect_bytes(0, bytes, size);
		packed[at] ^= 0x10;
	}
	free(packed);
	free(bytes);
}
END_TEST

START_TEST(zstd_over_the_limit)
{
	size_t size = 32u << 20, length;
	unsigned char *zeroes = calloc(1, size);
	char *packed;

	options.unpack_limit = 1u << 20;
	length = pack(zeroes, size, true, 0, &packed);
	ck_assert_int_eq(kmd_input_from_memory(&diag, &options, packed, length, "m", &input),
			 KMD_ERR_LIMIT);
	ck_assert_str_eq(diag.sentence,
			 "m: unpacks to more than the limit of 1048576 bytes (--limit=size=N)");
	free(packed);
	/* The same if the frame does not have its size. */
	length = pack(zeroes, size, false, 0, &packed);
	ck_assert_int_eq(kmd_input_from_memory(&diag, &options, packed, length, "m", &input),
			 KMD_ERR_LIMIT);
	/* Zeroes take no room on the disk. */
	options.unpack_limit = size;
	ck_assert_int_eq(kmd_input_from_memory(&diag, &options, packed, length, "m", &input),
			 KMD_OK);
	expect_bytes(0, zeroes, size);
	free(packed);
	free(zeroes);
}
END_TEST

START_TEST(zstd_window_too_large)
{
	/* A frame header that asks for a window of 2 GiB. */
	static const unsigned char frame[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 1, 0, 0 };

	ck_assert_int_eq(kmd_input_from_memory(&diag, &options, frame, sizeof(frame), "m", &input),
			 KMD_ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(diag.sentence, "--long"));
}
END_TEST

START_TEST(zstd_strict)
{
	unsigned char *bytes = sample(400000);
	char *packed;
	size_t length = pack(bytes, 400000, true, 0, &packed);

	diag.strict = true;
	ck_assert_int_eq(kmd_input_from_memory(&diag, &options, packed, length - 9, "m", &input),
			 KMD_ERR_STRICT);
	free(packed);
	free(bytes);
}
END_TEST

/* ------------------------------------------------------------------ folder */

START_TEST(folder_sorted_without_hidden)
{
	put_text("md_b.BIN", "b");
	put_text("MD_A.BIN", "a");
	put_text(".md_c.BIN", "c");
	put_text("md_a.BIN", "aa");
	ck_assert_int_eq(mkdir(path_in_folder("sub"), 0700), 0);
	put_text("sub/md_d.BIN", "d");
	ck_assert_int_eq(symlink("md_b.BIN", path_in_folder("md_link.BIN")), 0);
	ck_assert_int_eq(mkfifo(path_in_folder("md_fifo.BIN"), 0600), 0);
	ck_assert_int_eq(open_path(NULL), KMD_OK);
	ck_assert(input.folder);
	ck_assert_uint_eq(input.n_members, 4);
	ck_assert_str_eq(input.members[0].file_name, "MD_A.BIN");
	ck_assert_str_eq(input.members[1].file_name, "md_a.BIN");
	ck_assert_str_eq(input.members[2].file_name, "md_b.BIN");
	ck_assert_str_eq(input.members[3].file_name, "md_link.BIN");
	expect_bytes(1, "aa", 2);
	expect_bytes(3, "b", 1);
	ck_assert_str_eq(input.members[1].source->name, path_in_folder("md_a.BIN"));
}
END_TEST

START_TEST(folder_by_descriptor)
{
	int fd;

	put_text("md_a\x01\xff.BIN", "a");
	fd = open(temporary_folder(), O_RDONLY | O_DIRECTORY);
	ck_assert_int_eq(kmd_input_from_fd(&diag, &options, fd, "d/", &input), KMD_OK);
	close(fd);
	ck_assert_str_eq(input.members[0].file_name, "md_a\x01\xff.BIN");
	ck_assert_str_eq(input.members[0].source->name, "d/md_a\\x01\\xff.BIN");
	expect_bytes(0, "a", 1);
}
END_TEST

START_TEST(folder_one_below)
{
	ck_assert_int_eq(mkdir(path_in_folder("md"), 0700), 0);
	ck_assert_int_eq(mkdir(path_in_folder("empty"), 0700), 0);
	put_text("md/md_a.BIN", "a");
	ck_assert_int_eq(open_path(NULL), KMD_OK);
	ck_assert_uint_eq(input.n_members, 1);
	expect_bytes(0, "a", 1);
	kmd_input_deinit(&input);
	put_text("empty/md_b.BIN", "b");
	ck_assert_int_eq(open_path(NULL), KMD_ERR_FORMAT);
}
END_TEST

START_TEST(folder_empty)
{
	ck_assert_int_eq(open_path(NULL), KMD_OK);
	ck_assert(input.folder);
	ck_assert_uint_eq(input.n_members, 0);
}
END_TEST

START_TEST(folder_unreadable_member)
{
	put_text("md_a.BIN", "a");
	ck_assert_int_eq(symlink("nowhere", path_in_folder("md_b.BIN")), 0);
	/* The other entries are used if one is bad. */
	ck_assert_int_eq(open_path(NULL), KMD_OK);
	ck_assert_uint_eq(input.n_members, 1);
	ck_assert_uint_eq(diag.n_findings, 1);
	ck_assert_int_eq(diag.findings[0]->severity, KMD_DAMAGE);
	ck_assert_ptr_nonnull(strstr(diag.findings[0]->text, "md_b.BIN: cannot be opened"));
}
END_TEST

START_TEST(folder_zstd_members)
{
	unsigned char *bytes = sample(100000);

	put_packed("md_a.BIN.zst", bytes, 100000);
	put_packed("md_b.BIN.ZST", bytes, 5000);
	/* Memory that begins like a zstd frame by chance. */
	put_packed("md_c.BIN", bytes, 100);
	put_text("md_d.BIN.zst", "not packed");
	/* zstd keeps the file that it packs. */
	put_text("md_e.BIN", "e");
	put_packed("md_e.BIN.zst", "e", 1);
	ck_assert_int_eq(open_path(NULL), KMD_OK);
	ck_assert_uint_eq(input.n_members, 5);
	ck_assert_str_eq(input.members[0].file_name, "md_a.BIN");
	expect_bytes(0, bytes, 100000);
	ck_assert_str_eq(input.members[1].file_name, "md_b.BIN");
	expect_bytes(1, bytes, 5000);
	ck_assert_str_eq(input.members[2].file_name, "md_c.BIN");
	ck_assert_uint_ne(input.members[2].source->size, 100);
	ck_assert_str_eq(input.members[3].file_name, "md_d.BIN.zst");
	expect_bytes(3, "not packed", 10);
	ck_assert_str_eq(input.members[4].file_name, "md_e.BIN");
	ck_assert_uint_eq(diag.n_findings, 1);
	ck_assert_int_eq(diag.findings[0]->severity, KMD_NOTE);
	free(bytes);
}
END_TEST

START_TEST(folder_shares_the_limit)
{
	unsigned char *bytes = sample(10000);

	options.unpack_limit = 15000;
	put_packed("md_a.BIN.zst", bytes, 10000);
	ck_assert_int_eq(open_path(NULL), KMD_OK);
	kmd_input_deinit(&input);
	put_packed("md_b.BIN.zst", bytes, 10000);
	ck_assert_int_eq(open_path(NULL), KMD_ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(
		diag.sentence, "more than the 5000 bytes that are left of the limit of 15000"));
	free(bytes);
}
END_TEST

/* There are more files than descriptors; files that are opened again must be the same files. */
START_TEST(folder_of_many)
{
	struct rlimit limit = { 64, 64 };
	char name[32], other[512];
	char byte;

	for (unsigned int i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "md_%04u.BIN", i);
		put_text(name, name);
	}
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_int_eq(open_path(NULL), KMD_OK);
	ck_assert_uint_eq(input.n_members, 2000);
	for (unsigned int i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "md_%04u.BIN", i);
		expect_bytes(i, name, strlen(name));
	}
	put_text("other", "another file");
	snprintf(other, sizeof(other), "%s", path_in_folder("other"));
	ck_assert_int_eq(rename(other, path_in_folder("md_1999.BIN")), 0);
	ck_assert_int_eq(kmd_source_read(input.members[1999].source, 0, &byte, 1, &diag),
			 KMD_ERR_IO);
	ck_assert_ptr_nonnull(strstr(diag.sentence, "replaced"));
	ck_assert_int_eq(unlink(path_in_folder("md_1998.BIN")), 0);
	ck_assert_int_eq(kmd_source_read(input.members[1998].source, 0, &byte, 1, &diag),
			 KMD_ERR_IO);
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, plain_file);
	tcase_add_test(tcase, descriptor_keeps_its_position);
	tcase_add_test(tcase, memory);
	tcase_add_test(tcase, missing_and_odd_files);
	tcase_add_test(tcase, read_behind_the_end);
	tcase_add_test(tcase, stream_plain_and_packed);
	tcase_add_test(tcase, stream_over_the_limit);
	tcase_add_test(tcase, fifo_without_writer_can_be_canceled);
	tcase_add_test(tcase, zstd_file);
	tcase_add_test(tcase, zstd_found_by_content_frames_joined);
	tcase_add_test(tcase, zstd_packed_twice);
	tcase_add_test(tcase, zstd_cut_anywhere);
	tcase_add_test(tcase, zstd_damaged);
	tcase_add_test(tcase, zstd_over_the_limit);
	tcase_add_test(tcase, zstd_window_too_large);
	tcase_add_test(tcase, zstd_strict);
	tcase_add_test(tcase, folder_sorted_without_hidden);
	tcase_add_test(tcase, folder_by_descriptor);
	tcase_add_test(tcase, folder_one_below);
	tcase_add_test(tcase, folder_empty);
	tcase_add_test(tcase, folder_unreadable_member);
	tcase_add_test(tcase, folder_zstd_members);
	tcase_add_test(tcase, folder_shares_the_limit);
	tcase_add_test(tcase, folder_of_many);
	return kit_run("source", tcase);
}
