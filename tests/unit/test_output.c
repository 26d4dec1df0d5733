/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* test_output.c - the file appears whole or not at all, and replaces another only on request. */
#include "core_kit.h"

#include "vmcore/write.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct kmd_write_options options;

/* Large enough for several blocks of the writer. */
#define REGION (1u << 20)

static void plan_two(void)
{
	memset(&options, 0, sizeof(options));
	add_row(&regions, "one", 0x40000000, noise(REGION, 1), REGION);
	add_row(&regions, "two", 0x50000000, "2", 1);
	expect_ok(plan_core());
}

static enum kmd_status write_to(const char *name, bool overwrite)
{
	return kmd_write_path(&plan, &options, path_in_folder(name), overwrite, &diag);
}

static void put(const char *name, const char *text)
{
	int fd = open(path_in_folder(name), O_WRONLY | O_CREAT | O_TRUNC, 0644);

	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void expect_text(const char *name, const char *text)
{
	char got[64] = "";
	int fd = open(path_in_folder(name), O_RDONLY);

	ck_assert_int_ge(read(fd, got, sizeof(got) - 1), 0);
	ck_assert_str_eq(got, text);
	close(fd);
}

static void expect_core(const char *name)
{
	unsigned char got[4];
	struct stat st;
	int fd = open(path_in_folder(name), O_RDONLY);

	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_uint_eq((uint64_t)st.st_size, plan.file_size);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_uint_eq(st.st_nlink, 1);
	ck_assert_int_eq(read(fd, got, 4), 4);
	ck_assert_mem_eq(got, "\177ELF", 4);
	close(fd);
}

START_TEST(fresh)
{
	plan_two();
	umask(0);
	expect_ok(write_to("core", false));
	expect_core("core");
	ck_assert_uint_eq(files_in_folder(), 1);
}
END_TEST

START_TEST(existing)
{
	plan_two();
	put("core", "precious");
	expect_error(write_to("core", false), KMD_ERR_EXISTS, "core: the file exists");
	expect_text("core", "precious");
	ck_assert_uint_eq(files_in_folder(), 1);
	expect_ok(write_to("core", true));
	expect_core("core");
	ck_assert_uint_eq(files_in_folder(), 1);
}
END_TEST

/* The file is replaced, not overwritten: a process that has the old file open keeps it. */
START_TEST(replaced_as_a_whole)
{
	char got[16] = "";
	int fd;

	plan_two();
	put("core", "precious");
	fd = open(path_in_folder("core"), O_RDONLY);
	expect_ok(write_to("core", true));
	ck_assert_int_eq(read(fd, got, sizeof(got)), 8);
	ck_assert_str_eq(got, "precious");
	close(fd);
}
END_TEST

START_TEST(without_a_folder)
{
	plan_two();
	ck_assert_int_eq(chdir(temporary_folder()), 0);
	expect_ok(kmd_write_path(&plan, &options, "core", false, &diag));
	expect_core("core");
	ck_assert_int_eq(kmd_write_path(&plan, &options, "core", false, &diag), KMD_ERR_EXISTS);
	ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

START_TEST(folders_that_will_not_do)
{
	plan_two();
	ck_assert_int_eq(write_to("nowhere/core", false), KMD_ERR_IO);
	ck_assert(has_message("nowhere/core: cannot create it"));
	ck_assert_int_eq(kmd_write_path(&plan, &options, "/proc/kmd-core", false, &diag),
			 KMD_ERR_IO);
	ck_assert_int_eq(kmd_write_path(&plan, &options, temporary_folder(), true, &diag),
			 KMD_ERR_EXISTS);
	ck_assert_int_ne(kmd_write_path(&plan, &options, "", false, &diag), KMD_OK);
	put("file", "x");
	ck_assert_int_eq(write_to("file/core", true), KMD_ERR_IO);
	ck_assert_uint_eq(files_in_folder(), 1);
	/* Root may write to every folder. */
	if (geteuid()) {
		ck_assert_int_eq(chmod(temporary_folder(), 0500), 0);
		ck_assert_int_eq(write_to("core", false), KMD_ERR_IO);
		ck_assert_int_eq(chmod(temporary_folder(), 0700), 0);
	}
}
END_TEST

/* ---------------------------------------------------------------- canceled */

struct watch {
	unsigned int calls, cancel_at;
	uint64_t last;
};

static int watch(void *user, enum kmd_phase phase, uint64_t at, uint64_t total)
{
	struct watch *seen = user;

	ck_assert_int_eq(phase, KMD_PHASE_WRITE);
	ck_assert_uint_eq(total, plan.file_size);
	ck_assert_uint_gt(at, seen->last);
	ck_assert_uint_le(at, total);
	seen->last = at;
	return ++seen->calls == seen->cancel_at;
}

START_TEST(canceled)
{
	struct watch seen = { 0, 0, 0 };
	unsigned int calls;

	plan_two();
	put("old", "precious");
	options.progress = watch;
	options.progress_user = &seen;
	expect_ok(write_to("core", false));
	ck_assert_uint_eq(seen.last, plan.file_size);
	calls = seen.calls;
	ck_assert_uint_ge(calls, 4);
	for (unsigned int i = 1; i <= calls; i++) {
		seen = (struct watch){ 0, i, 0 };
		ck_assert_int_eq(write_to("other", false), KMD_ERR_CANCELED);
		seen = (struct watch){ 0, i, 0 };
		expect_error(write_to("old", true), KMD_ERR_CANCELED, "canceled");
	}
	expect_text("old", "precious");
	ck_assert_uint_eq(files_in_folder(), 2);
}
END_TEST

/* ------------------------------------------------------------ no more room */

START_TEST(full_device)
{
	int fd = open("/dev/full", O_WRONLY);

	plan_two();
	ck_assert_int_ge(fd, 0);
	expect_error(kmd_write_fd(&plan, &options, fd, "out", &diag), KMD_ERR_IO,
		     "out: cannot write: No space left on device");
	close(fd);
}
END_TEST

/* The disk becomes full at any point: no file is left. */
START_TEST(full_disk)
{
	struct rlimit limit;

	plan_two();
	signal(SIGXFSZ, SIG_IGN);
	put("old", "precious");
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	for (rlim_t size = 0; size < plan.file_size; size += 200000) {
		limit.rlim_cur = size;
		ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
		ck_assert_int_eq(write_to("core", false), KMD_ERR_IO);
		ck_assert_int_eq(write_to("old", true), KMD_ERR_IO);
	}
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	expect_text("old", "precious");
	ck_assert_uint_eq(files_in_folder(), 1);
	expect_ok(write_to("core", false));
}
END_TEST

START_TEST(bad_descriptors)
{
	int fd = open("/dev/null", O_RDONLY);

	plan_two();
	ck_assert_int_eq(kmd_write_fd(&plan, &options, -1, "out", &diag), KMD_ERR_IO);
	ck_assert_int_eq(kmd_write_fd(&plan, &options, fd, "out", &diag), KMD_ERR_IO);
	close(fd);
}
END_TEST

/* The input shrinks before its bytes are copied. */
START_TEST(input_shrinks)
{
	struct kmd_source *source;
	int fd;

	put("input", "1234567890");
	fd = open(path_in_folder("input"), O_RDONLY);
	expect_ok(kmd_source_from_fd(&diag, fd, "input", &source));
	add_row(&regions, "r", 0x40000000, "1234567890", 10)->source = source;
	expect_ok(plan_core());
	ck_assert_int_eq(truncate(path_in_folder("input"), 4), 0);
	expect_error(write_to("core", false), KMD_ERR_IO, "has become shorter");
	ck_assert_uint_eq(files_in_folder(), 1);
	kmd_source_free(source);
}
END_TEST

/* ------------------------------------------------------------------- pipes */

static void *drain(void *argument)
{
	uint64_t *got = argument;
	char bytes[4096];
	ssize_t part;
	int fd = (int)*got;

	*got = 0;
	while ((part = read(fd, bytes, sizeof(bytes))) > 0)
		*got += (uint64_t)part;
	return NULL;
}

START_TEST(through_a_pipe)
{
	uint64_t got;
	pthread_t thread;
	int ends[2];

	plan_two();
	ck_assert_int_eq(pipe(ends), 0);
	got = (uint64_t)ends[0];
	ck_assert_int_eq(pthread_create(&thread, NULL, drain, &got), 0);
	expect_ok(kmd_write_fd(&plan, &options, ends[1], "out", &diag));
	close(ends[1]);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(got, plan.file_size);
	close(ends[0]);
}
END_TEST

START_TEST(reader_is_gone)
{
	int ends[2];

	plan_two();
	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(pipe(ends), 0);
	close(ends[0]);
	expect_error(kmd_write_fd(&plan, &options, ends[1], "out", &diag), KMD_ERR_IO,
		     "Broken pipe");
	close(ends[1]);
}
END_TEST

/* A device is written to and never replaced.  For a link, its target is replaced. */
START_TEST(devices_and_links)
{
	struct stat st;

	plan_two();
	expect_ok(kmd_write_path(&plan, &options, "/dev/null", false, &diag));
	ck_assert_int_eq(stat("/dev/null", &st), 0);
	ck_assert(S_ISCHR(st.st_mode));
	put("target", "precious");
	ck_assert_int_eq(symlink("target", path_in_folder("link")), 0);
	ck_assert_int_eq(write_to("link", false), KMD_ERR_EXISTS);
	expect_ok(write_to("link", true));
	expect_core("target");
	ck_assert_int_eq(lstat(path_in_folder("link"), &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	ck_assert_uint_eq(files_in_folder(), 2);
}
END_TEST

int main(void)
{
	TCase *tcase = core_tcase();

	tcase_add_test(tcase, fresh);
	tcase_add_test(tcase, existing);
	tcase_add_test(tcase, replaced_as_a_whole);
	tcase_add_test(tcase, without_a_folder);
	tcase_add_test(tcase, folders_that_will_not_do);
	tcase_add_test(tcase, canceled);
	tcase_add_test(tcase, full_device);
	tcase_add_test(tcase, full_disk);
	tcase_add_test(tcase, bad_descriptors);
	tcase_add_test(tcase, input_shrinks);
	tcase_add_test(tcase, through_a_pipe);
	tcase_add_test(tcase, reader_is_gone);
	tcase_add_test(tcase, devices_and_links);
	return kit_run("output", tcase);
}
