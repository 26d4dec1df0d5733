/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "api_kit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *real_dump;

struct small_core small;
struct kmd *kmd;
char folder[64];

static void setup(void)
{
	small_core_build(&small);
	kmd = kmd_new();
	ck_assert_ptr_nonnull(kmd);
	strcpy(folder, "/tmp/kmd-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

const char *path_to(const char *name)
{
	static char paths[2][512];
	static unsigned int next;
	char *path = paths[next++ % 2];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static void teardown(void)
{
	DIR *list = opendir(folder);
	struct dirent *entry;

	while ((entry = readdir(list)))
		unlink(path_to(entry->d_name));
	closedir(list);
	rmdir(folder);
	kmd_free(kmd);
}

void again(void)
{
	kmd_free(kmd);
	kmd = kmd_new();
}

void expect_ok(enum kmd_status status)
{
	ck_assert_msg(status == KMD_OK, "%s", kmd_error(kmd));
	ck_assert_ptr_null(kmd_error(kmd));
}

void expect_error(enum kmd_status status, enum kmd_status wanted, const char *text)
{
	ck_assert_int_eq(status, wanted);
	ck_assert_ptr_nonnull(kmd_error(kmd));
	ck_assert_msg(strstr(kmd_error(kmd), text), "\"%s\" has no \"%s\"", kmd_error(kmd), text);
	ck_assert_ptr_null(strchr(kmd_error(kmd), '\n'));
}

void open_small(void)
{
	expect_ok(kmd_open_memory(kmd, small.bytes, small.size, "small"));
}

int small_file(void)
{
	int fd = open(path_to("small"), O_RDWR | O_CREAT, 0600);

	ck_assert_int_eq(write(fd, small.bytes, small.size), (ssize_t)small.size);
	return fd;
}

static TCase *all_tests(void)
{
	TCase *tcase = tcase_create("api");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	add_handle_tests(tcase);
	add_work_tests(tcase);
	add_kernel_tests(tcase);
	add_word_tests(tcase);
	return tcase;
}

int main(int argc, char **argv)
{
	Suite *suite = suite_create("api");
	SRunner *runner = srunner_create(suite);
	int failed;

	if (argc != 2)
		return 64;
	real_dump = argv[1];
	suite_add_tcase(suite, all_tests());
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
